package policy

import (
	"net/netip"
	"strings"
)

// Leg is what a load balancer does with a connection that came to it: a connection of its
// own to one target, or the client's, passed on; or its health check of the target, without
// which the target gets none.
type Leg struct {
	// LoadBalancer is its ARN; of a classic one the DNS name.
	LoadBalancer string `json:"load_balancer"`
	// TargetGroup is the ARN, "" of a classic one.
	TargetGroup string `json:"target_group,omitempty"`
	// Target is an instance's id, an address, or the ARN of an Application Load Balancer or a
	// Lambda function.
	Target string `json:"target"`
	// State is the target's health as the definition has it, "" where it does not.
	State string `json:"state,omitempty"`
	// Purpose is what it carries.
	Purpose Purpose `json:"purpose"`
	// From is the id of the load balancer's ENI, and To where it ends, as of [Path].
	From string `json:"from"`
	To   string `json:"to"`
	// The packet as it leaves the load balancer. The source port is 0 where it is any of 1024
	// to 65535.
	Src      netip.Addr `json:"srcaddr,omitzero"`
	Dst      netip.Addr `json:"dstaddr,omitzero"`
	SrcPort  uint16     `json:"srcport,omitempty"`
	DstPort  uint16     `json:"dstport,omitempty"`
	Protocol int        `json:"protocol"`
	// Action is "" where it is not known, which Why then says.
	Action Action `json:"action,omitempty"`
	// Why is the reason of what refuses it, or of what is not known.
	Why     string   `json:"why,omitempty"`
	Forward []Step   `json:"forward"`
	Reply   []Step   `json:"reply"`
	Notes   []string `json:"notes,omitempty"`
}

// Purpose is what a [Leg] carries.
type Purpose string

// The purposes.
const (
	Traffic     Purpose = "traffic"
	HealthCheck Purpose = "health check"
	// Both: the health check asks as the traffic does.
	Both Purpose = "traffic and health check"
)

// take enters what was found of a leg's way.
func (l *Leg) take(p *Path, err error) {
	l.Action, l.To, l.Forward, l.Reply, l.Notes = p.Action, p.To, p.Forward, p.Reply, p.Notes
	if err != nil {
		l.Action, l.Why = "", strings.TrimPrefix(err.Error(), ErrNoPath.Error()+": ")
		return
	}
	for _, way := range [][]Step{p.Forward, p.Reply} {
		for _, s := range way {
			if s.Action == Reject {
				l.Why = s.Why
			}
		}
	}
}
