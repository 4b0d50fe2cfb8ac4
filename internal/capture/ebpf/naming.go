package ebpf

import (
	"net/netip"
	"slices"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// naming is what names what was decided at an interface: what of a policy.Interface a row needs. It is written down with the
// tables, so that a process that comes after knows what counts and connections refer to. Another build may compile
// policies otherwise, and must not be asked what this one's numbers mean.
type naming struct {
	Groups  []string    `json:"groups,omitempty"` // in order; nil: none filters it
	Entries [2][]string `json:"entries"`          // of the network ACL, by direction and number
	Last    [2]string   `json:"last"`             // the entry "*"
	Rules   [2][]rule   `json:"rules"`            // of the groups, by direction, in order
}

// rule is a line of a rule of security groups, with its name.
type rule struct {
	Name string `json:"name"`
	policy.Line
}

// namingOf returns what names what a policy decides; nil for none.
func namingOf(i *policy.Interface) *naming {
	if i == nil {
		return nil
	}
	n := &naming{Groups: i.Groups()}
	for way := range 2 {
		d := direction(way)
		n.Last[way] = i.EntryName(d, -1)
		for _, l := range i.Lines(policy.Entries, d) {
			for len(n.Entries[way]) <= l.Number {
				n.Entries[way] = append(n.Entries[way], "")
			}
			n.Entries[way][l.Number] = i.EntryName(d, l.Number)
		}
		for _, l := range i.Lines(policy.Rules, d) {
			n.Rules[way] = append(n.Rules[way], rule{i.RuleName(d, l.Number), l})
		}
	}
	return n
}

// allowing returns the names of the groups' rules that allow what opens a connection, as policy.Interface.Allowing does.
func (n *naming) allowing(far netip.Addr, protocol uint8, key uint16, way int) []string {
	var out []string
	for i := range n.Rules[way] {
		r := &n.Rules[way][i]
		if r.First.Compare(far) <= 0 && far.Compare(r.Last) <= 0 && r.First.Is4() == far.Is4() && r.From <= key && key <= r.To &&
			(r.Protocol == netmodel.AllProtocols || r.Protocol == int(protocol)) {
			out = append(out, r.Name)
		}
	}
	return slices.Compact(out)
}
