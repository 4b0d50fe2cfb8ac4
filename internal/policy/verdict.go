package policy

import (
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// Verdict is a decision with its reasons.
type Verdict struct {
	Action Action `json:"action"`
	// Stage is what decided: for what is accepted, the security groups, or the network ACL
	// where no group filters.
	Stage Stage `json:"stage"`
	// Rule is the name of the rule that decided (netmodel's RuleName or EntryName), the first
	// of Rules if there are several. What no rule allows is "sg:ingress:implicit-deny", or the
	// network ACL's entry "*". For what nothing filters it is "".
	Rule string `json:"rule"`
	// Rules are all rules of all groups of the ENI that allow the packet, or the first one of
	// its connection: by group and name, each once. None where a network ACL decided or
	// nothing allows.
	Rules []string `json:"rules"`
	// Groups are the groups that Rules are of; where the groups refuse, those of the ENI.
	Groups []string `json:"groups"`
	// Why is a sentence for people, in lower case and without a full stop.
	Why string `json:"why"`
}

// Verdict returns a decision with its reasons.
func (d Decision) Verdict() Verdict {
	v := Verdict{Action: d.Action, Stage: d.Stage, Rules: []string{}, Groups: []string{}}
	way := d.asked.way.name()
	switch {
	case d.Stage == Bypass && d.service != nil:
		v.Why = "security groups and network ACLs do not filter traffic of " + d.service.name
	case d.Stage == Bypass:
		v.Why = d.at.id + " has no security group, and the packet stays in the subnet"
	case d.Stage == NetworkACL:
		v.Rule = d.entryName()
		v.Why = v.Rule + " denies it"
		if d.Action == Accept {
			v.Why = v.Rule + " allows it, and " + d.at.id + " has no security group"
		}
	case d.Action == Reject:
		v.Rule = "sg:" + string(way) + ":implicit-deny"
		v.Groups = slices.Clone(d.at.groups.ids)
		v.Why = "no " + string(way) + " rule of " + strings.Join(v.Groups, ", ") + " allows it"
	default:
		v.Rules, v.Groups = d.allowing()
		v.Rule = v.Rules[0]
		v.Why = d.whyAccepted(v.Rule)
	}
	return v
}

// allowing returns the names of the rules that allow what opened the connection, and their
// groups.
func (d *Decision) allowing() (rules, groups []string) {
	way := d.opening.way
	g := d.opener.groups
	list := g.tables[way].list(&d.opening)
	for n := range list {
		if list[n].matches(&d.opening) {
			r := g.rules[way][list[n].number]
			rules, groups = append(rules, r.name), append(groups, r.group)
		}
	}
	return slices.Compact(rules), slices.Compact(groups)
}

// whyAccepted says why groups accept, given the rule that allows.
func (d *Decision) whyAccepted(rule string) string {
	why := rule + " allows it"
	switch {
	case d.Known && d.opening.way == d.asked.way:
		why = "its connection is open: " + rule + " allowed it"
	case d.Known:
		why = "it answers a connection that is open: " + rule + " allowed that " + string(d.opening.way.name())
	}
	switch {
	case d.entry == notAsked:
		return why + ", and it stays in the subnet"
	case d.asked.way == ingress:
		return why + ", and " + d.entryName() + " lets it into the subnet"
	}
	return why + ", and " + d.entryName() + " lets it out of the subnet"
}

// entryName names the network ACL's entry that decided.
func (d *Decision) entryName() string {
	of, way := d.at.acl.of, d.asked.way.name()
	var e *netmodel.ACLEntry
	if d.entry >= 0 {
		e = &of.Entries(way)[d.entry]
	}
	return of.EntryName(way, e)
}

// Entry returns the name of the network ACL's entry that was asked, also where groups decided
// after it; "" where the packet stays in the subnet.
func (d Decision) Entry() string {
	if d.entry == notAsked {
		return ""
	}
	return d.entryName()
}
