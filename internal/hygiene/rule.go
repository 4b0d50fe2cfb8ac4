package hygiene

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// Use is what used a rule.
type Use struct {
	Connections int64 `json:"connections"`
	// Sole are those that no other rule of the ENI's groups allows; of entries of network
	// ACLs, those that the entries behind it would decide otherwise about.
	Sole  int64 `json:"sole"`
	Bytes int64 `json:"bytes"`
	// Guessed are those of Connections of which no record says who began.
	Guessed int64 `json:"guessed"`
	// First and Last are the first start and the last end, in seconds since the epoch; 0 where
	// there is none.
	First int64 `json:"first,omitempty"`
	Last  int64 `json:"last,omitempty"`
}

// Verdict is what can be said of a rule.
type Verdict string

// The verdicts.
const (
	Used      Verdict = "used"
	Unused    Verdict = "unused"
	NotJudged Verdict = "not-judged" // it may have been used unseen
)

// Reason is why a rule is not judged, in a word.
type Reason string

// The reasons.
const (
	NoInterface  Reason = "no-interface"  // no ENI carries its group, or is in the network ACL's subnets
	NotRecorded  Reason = "not-recorded"  // AWS does not record its traffic
	ICMPType     Reason = "icmp-type"     // records carry no type
	WhoBegan     Reason = "who-began"     // connections would use it if the other end began them
	NotExplained Reason = "not-explained" // accepted connections that no rule allows may be its
	Incomplete   Reason = "incomplete"    // records of its interfaces, or what is defined of them, tell too little
	OtherAction  Reason = "other-action"  // flow logs show the other action only
	NotCovered   Reason = "not-covered"   // too many hours have no records
)

// Rule is a rule of a security group or an entry of a network ACL, what used it, and what can
// be said of it.
type Rule struct {
	Name       string             `json:"rule"`    // netmodel's RuleName or EntryName
	Control    policy.Stage       `json:"control"` // security-group or network-acl
	Object     string             `json:"object"`  // the id of the group or the network ACL
	ObjectName string             `json:"name,omitempty"`
	VPC        string             `json:"vpc"`
	Direction  netmodel.Direction `json:"direction"`
	Allows     bool               `json:"allows"`
	Text       string             `json:"text"` // as netmodel.Text says it
	Use
	// UsedAt counts the ENIs where it was used, of Interfaces, which carry the group, or are in
	// the subnets of the network ACL.
	UsedAt     int `json:"used_at"`
	Interfaces int `json:"interfaces"`
	// Possible are connections that may have used it.
	Possible int64 `json:"possible"`
	// Since and Until bound the time in which the definition has it as it is, as far as that
	// was looked at, in seconds since the epoch: what is told of is of that time.
	Since int64 `json:"since"`
	Until int64 `json:"until"`
	// Hours are the hours of its Interfaces in that time.
	Hours   Hours   `json:"hours"`
	Verdict Verdict `json:"verdict"`
	Reason  Reason  `json:"reason,omitempty"`
	// Why is a sentence for people, in lower case and without a full stop.
	Why string `json:"why,omitempty"`
	// Enable says what would tell more, likewise.
	Enable string `json:"enable,omitempty"`
}

// Rules returns all rules, by object, direction and the definition's order. A rule that was
// not used is called unused where a share of the hours of its interfaces is covered, of 0 to 1,
// and each of them is in some hours.
func (u *Uses) Rules(share float64) []Rule {
	out := make([]Rule, 0, len(u.order))
	for _, r := range u.order {
		out = append(out, u.tell(r, share))
	}
	return out
}

// tell returns a rule with what can be said of it.
func (u *Uses) tell(r *rule, share float64) Rule {
	out := r.Rule
	out.UsedAt, out.Possible = len(r.enis), r.possible+r.unexplained
	var enis map[string]Hours
	if r.since >= 0 {
		out.Since, out.Until = u.spans[r.since].from, u.spans[len(u.spans)-1].to
		enis = u.hours(r)
	}
	out.Interfaces = len(enis)
	for _, h := range enis {
		out.Hours.add(h)
	}
	out.Verdict, out.Reason = Used, ""
	if out.Connections > 0 {
		return out
	}
	if out.Reason, out.Why, out.Enable = u.unseen(r, &out, enis, share); out.Reason != "" {
		out.Verdict = NotJudged
		return out
	}
	out.Verdict = Unused
	out.Why = fmt.Sprintf("nothing used it in %d hours of %s, of which %d are covered", out.Hours.All(), several(out.Interfaces, "interface"), out.Hours.Covered())
	return out
}

// hoursKey is what rules share whose interfaces have the same hours.
type hoursKey struct {
	object string
	since  int
	action Seen
}

// hours returns the hours of each of a rule's interfaces. They are not to be changed.
func (u *Uses) hours(r *rule) map[string]Hours {
	key := hoursKey{r.Object, r.since, Accepts}
	if !r.Allows {
		key.action = Rejects
	}
	enis := u.known[key]
	if enis != nil {
		return enis
	}
	enis = map[string]Hours{}
	for _, s := range u.spans[r.since:] {
		for _, id := range s.enis[r.Object] {
			h := enis[id]
			h.add(u.log.Hours(id, s.counts, s.to, key.action))
			enis[id] = h
		}
	}
	u.known[key] = enis
	return enis
}

// unseen returns why a rule may have been used unseen, if it may.
func (u *Uses) unseen(r *rule, out *Rule, enis map[string]Hours, share float64) (reason Reason, why, enable string) {
	if len(enis) == 0 {
		return NoInterface, "no interface has " + r.Object, ""
	}
	if service := u.unrecorded(r); service != "" {
		return NotRecorded, "flow logs do not record traffic of " + service, ""
	}
	t := r.traffic()
	if (t.Protocol == netmodel.ICMP || t.Protocol == netmodel.ICMPv6) && t.Type >= 0 {
		return ICMPType, "records do not carry the type of ICMP", ""
	}
	if r.unexplained > 0 {
		return NotExplained, several(int(r.unexplained), "connection") + " may have used it: the definition does not explain what became of them", "import the definitions of that time, and of the networks that peer"
	}
	if r.possible > 0 {
		return WhoBegan, several(int(r.possible), "connection") + " would use it if the other end began them, which records do not tell", "a flow log with tcp-flags tells it of TCP"
	}
	var incomplete, other, none []string
	for id, h := range enis {
		switch {
		case u.log.Seen(id)&Undecided != 0 || u.unjudged[id]:
			incomplete = append(incomplete, id)
		case h.Covered() > 0:
		case h.Other > 0:
			other = append(other, id)
		default:
			none = append(none, id)
		}
	}
	action := "accepted"
	if !r.Allows {
		action = "refused"
	}
	switch {
	case len(incomplete) > 0:
		why = "records of " + some(incomplete) + " leave open a direction, address, port, protocol or time"
		if reason := u.counts.Interfaces[incomplete[0]]; reason != "" {
			why = reason
		}
		return Incomplete, why, "a flow log with flow-direction, addresses, ports and times, or all of the definition"
	case len(other) > 0:
		return OtherAction, "nothing shows that the flow logs of " + some(other) + " record " + action + " traffic", "a flow log of all traffic"
	case len(none) > 0:
		return NotCovered, some(none) + " have no record", "a flow log: 'weir network flowlogs' says what covers them"
	}
	if covered := out.Hours.Covered(); float64(covered) < share*float64(out.Hours.All()) {
		return NotCovered, fmt.Sprintf("%d of %d hours of its interfaces are covered", covered, out.Hours.All()), "a flow log of all its interfaces, or a time in which there was one"
	}
	return "", "", ""
}

func (r *rule) traffic() netmodel.Traffic {
	if r.group != nil {
		return r.group.Traffic
	}
	return r.entry.Traffic
}

// cidr returns the peer's network; it is not valid where that is none.
func (r *rule) cidr() netip.Prefix {
	if r.group != nil {
		return r.group.Peer.CIDR
	}
	return r.entry.CIDR
}

// linkLocal is where AWS's services are that each ENI reaches.
var linkLocal = netip.MustParsePrefix("169.254.0.0/16")

// unrecorded returns whose traffic a rule is for, where flow logs do not record that, else "".
//
// Source: VPC user guide, "Flow log limitations".
func (u *Uses) unrecorded(r *rule) string {
	t, peer := r.traffic(), r.cidr()
	if t.Protocol == netmodel.UDP && (t.From >= 67 && t.To <= 68 || t.From >= 546 && t.To <= 547) {
		return "DHCP"
	}
	if !peer.IsValid() {
		return ""
	}
	if peer.Addr().Is4() && peer.Bits() >= linkLocal.Bits() && linkLocal.Contains(peer.Addr()) {
		return "the services at " + linkLocal.String()
	}
	for _, a := range []string{"fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::123"} {
		if peer.Bits() >= 64 && peer.Contains(netip.MustParseAddr(a)) {
			return "the services at fd00:ec2::/64"
		}
	}
	if r.Direction == netmodel.Ingress {
		return "" // no service begins a connection
	}
	if t.Protocol == netmodel.UDP && t.From == 123 && t.To == 123 && peer.Contains(netip.MustParseAddr("169.254.169.123")) {
		return "the Amazon Time Sync Service, which it may be for"
	}
	vpc := u.last.VPCs[r.VPC]
	if vpc == nil {
		return ""
	}
	if n := slices.IndexFunc(vpc.CIDRs, func(p netip.Prefix) bool { return p.Addr().Is4() }); n >= 0 {
		resolver := vpc.CIDRs[n].Masked().Addr().Next().Next()
		dns := ported(t) && t.From == 53 && t.To == 53
		if peer == netip.PrefixFrom(resolver, 32) || dns && peer.Contains(resolver) {
			return "the Amazon DNS server, which it may be for"
		}
	}
	return ""
}

// several says how many things there are.
func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// some names things, not all of many.
func some(ids []string) string {
	slices.Sort(ids)
	if len(ids) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:3], ", "), len(ids)-3)
	}
	return strings.Join(ids, ", ")
}
