package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// Severity says how much a finding matters.
type Severity string

// The severities, in order.
const (
	High   Severity = "high"   // lets in whoever wants
	Medium Severity = "medium" // does something else than it says
	Low    Severity = "low"    // does nothing, or depends on what clients do
)

// Severities are all of them, the most severe first.
var Severities = []Severity{High, Medium, Low}

// Kind is what a finding is about.
type Kind string

// The kinds.
const (
	GroupOpenToWorld   Kind = "group-open-to-world"
	GroupOpensPort     Kind = "group-opens-port"
	GroupRuleNever     Kind = "group-rule-never-matches"
	GroupRuleImplied   Kind = "group-rule-implied"
	GroupRuleElsewhere Kind = "group-rule-implied-by-groups"
	GroupUnused        Kind = "group-unused"
	EntryShadowed      Kind = "acl-entry-shadowed"
	EntryRedundant     Kind = "acl-entry-redundant"
	EntryNever         Kind = "acl-entry-never-matches"
	BlocksReplies      Kind = "acl-blocks-replies"
	BlocksSomeReplies  Kind = "acl-blocks-some-replies"
	ACLUnused          Kind = "acl-unused"
	ReferenceStale     Kind = "reference-stale"
	ReferenceMissing   Kind = "reference-missing"
	ReferenceEmpty     Kind = "reference-without-members"
)

// Kinds are all kinds, with what each says.
var Kinds = []struct {
	Kind  Kind
	Means string
}{
	{GroupOpenToWorld, "all addresses are let in to all ports of TCP, of UDP, or to everything"},
	{GroupOpensPort, "all addresses are let in to TCP ports that AWS counts as risky"},
	{GroupRuleNever, "no packet can match the rule"},
	{GroupRuleImplied, "the group's other rules allow all that the rule does"},
	{GroupRuleElsewhere, "so do, at each ENI that carries the group, the rules of its groups"},
	{GroupUnused, "no ENI carries the group"},
	{EntryShadowed, "entries before it decide of all its packets, and some of them otherwise"},
	{EntryRedundant, "entries before it decide of all its packets, as it would"},
	{EntryNever, "no packet can match the entry"},
	{BlocksReplies, "connections that one direction lets pass get no replies by the other"},
	{BlocksSomeReplies, "some clients get no replies, by the ports that they use"},
	{ACLUnused, "no subnet is associated with the network ACL"},
	{ReferenceStale, "the rule's group is reached over a peering connection that is not active"},
	{ReferenceMissing, "the rule's group or prefix list is not in the input"},
	{ReferenceEmpty, "no ENI carries the rule's group"},
}

// Finding is something about a definition that can be proven from it.
type Finding struct {
	Kind     Kind     `json:"kind"`
	Severity Severity `json:"severity"`
	// Object is the id of the security group or network ACL, which is in VPC, and Name its name.
	Object string `json:"object"`
	Name   string `json:"name"`
	VPC    string `json:"vpc"`
	// Rules are the names of the rules that it is about (netmodel's RuleName and EntryName),
	// and By those of the rules that make it so. Either may be empty.
	Rules []string `json:"rules"`
	By    []string `json:"by"`
	// Protocol, Peers (CIDRs, or ranges as 10.0.0.1-10.0.0.9) and Ports (ports, or ranges) are
	// of the traffic that is open, or whose replies are denied: to these ports of these peers.
	Protocol string   `json:"protocol,omitempty"`
	Peers    []string `json:"peers,omitempty"`
	Ports    []string `json:"ports,omitempty"`
	// Reason is a sentence for people, in lower case and without a full stop.
	Reason string `json:"reason"`
}

// linter collects findings about a network.
type linter struct {
	network  *netmodel.Network
	unknowns map[string]int // numbers of groups, and of prefix lists without entries
	carriers map[string][]*netmodel.Interface
	lists    map[string][]span // entries of prefix lists
	findings []Finding
}

// Lint returns what can be said against the security groups and network ACLs of a network:
// the most severe first, then by object, kind and rules. Each finding is proven from the
// definition alone, which is taken for what it says:
//
//   - The entries of a prefix list are those of the input. The members of a group, and the
//     entries of a list that the input does not hold, may be any addresses: a rule with them
//     is implied only by a rule with the same peer, or by all addresses of both families.
//   - Who carries a group, and which groups there are, is as in the input, so that a partial
//     export has findings of what is not used or not there.
//   - Routes, and whether an ENI has a public address, are not looked at.
//
// It fails where a rule is none that AWS has, as [Definition.At] does.
func Lint(n *netmodel.Network) ([]Finding, error) {
	l := &linter{network: n, unknowns: map[string]int{}, carriers: map[string][]*netmodel.Interface{}, lists: map[string][]span{}}
	for id, list := range n.PrefixLists {
		if !list.EntriesUnknown {
			l.lists[id] = union(spansOf(list.CIDRs))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.Interfaces)) {
		i := n.Interfaces[id]
		for _, g := range i.Groups {
			l.carriers[g] = append(l.carriers[g], i)
		}
	}
	if err := l.groups(); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(n.NetworkACLs)) {
		if err := l.acl(n.NetworkACLs[id]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(l.findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(Severities, a.Severity), slices.Index(Severities, b.Severity)),
			cmp.Compare(a.Object, b.Object), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Rules, b.Rules),
		)
	})
	return l.findings, nil
}

func (l *linter) add(f Finding) {
	if g := l.network.SecurityGroups[f.Object]; g != nil {
		f.Name = g.Name
	}
	if a := l.network.NetworkACLs[f.Object]; a != nil {
		f.Name = a.Name
	}
	if f.Rules == nil {
		f.Rules = []string{}
	}
	if f.By == nil {
		f.By = []string{}
	}
	l.findings = append(l.findings, f)
}

// joined returns names for a sentence: "a", "a and b", "a, b and c".
func joined(names []string) string {
	last := len(names) - 1
	if last < 1 || last >= mostNamed {
		return listed(names)
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// form returns the form of a verb for as many things.
func form(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}
