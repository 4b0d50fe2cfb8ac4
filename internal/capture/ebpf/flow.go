package ebpf

import (
	"strings"

	"weir/internal/aggregate"
	"weir/internal/policy"
)

// Flow returns the row as records are made of it. The action says what happened: only what was dropped is REJECT, here or by the host's firewall. In mode
// Shadow, what would have been is its WouldAction, with stage and rule. In mode Forward losses are told, and what was lost is counted with the rest.
func (r *Row) Flow() (aggregate.Flow, aggregate.Counts) {
	f := aggregate.Flow{
		Interface: r.Interface, Egress: r.Egress, Directed: true, Src: r.Src, Dst: r.Dst, SrcPort: r.SrcPort, DstPort: r.DstPort, Protocol: r.Protocol,
		Judgement: aggregate.Judgement{Action: string(policy.Accept)},
	}
	if r.Dropped() {
		f.Action = string(policy.Reject)
	}
	if r.Mode == Shadow {
		f.WouldAction = string(policy.Accept)
		if r.Refused {
			f.WouldAction = string(policy.Reject)
		}
	}
	rules := strings.Join(r.Rules(), " ")
	switch {
	case !r.Refused:
		f.AllowRules = rules
	case r.host:
		f.Stage, f.RejectRule = "host", rules
	case r.Stage == policy.NetworkACL:
		f.Stage, f.RejectRule = "nacl", rules
	default:
		// Of all groups of the interface none allows it.
		f.Stage, f.RejectRule = "sg", strings.Replace(rules, "sg:", strings.Join(r.at.Groups, ",")+":", 1)
	}
	f.TellsLosses = r.Mode == Forward
	c := aggregate.Counts{Packets: r.Packets, Bytes: r.Bytes, First: r.First, Last: r.Last, Flags: r.Flags}
	if r.Lost {
		c.Lost[r.Loss] = r.Packets
	}
	return f, c
}
