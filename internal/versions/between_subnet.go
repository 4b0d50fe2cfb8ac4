package versions

import (
	"maps"
	"slices"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// association is a subnet's with a network ACL. The id is "" where an import does not know
// it.
type association cloudtrail.Association

// can reports whether two associations can be one.
func (a association) can(b association) bool {
	return a.NetworkACL == b.NetworkACL && (a.ID == b.ID || a.ID == "" || b.ID == "")
}

// associations returns the associations of a definition by subnet.
func associations(n *netmodel.Network) map[string]association {
	out := map[string]association{}
	for id, acl := range n.NetworkACLs {
		for _, subnet := range acl.Subnets {
			out[subnet] = association{ID: acl.Associations[subnet], NetworkACL: id}
		}
	}
	return out
}

// moved returns the subnets whose association differs between what was seen first and last,
// as far as both know ids. One that has the network ACL of before had another one between.
func (w *window) moved() []string {
	before, after := associations(w.a), associations(w.seen())
	var out []string
	for subnet, a := range before {
		if b, ok := after[subnet]; !ok || !a.can(b) {
			out = append(out, subnet)
		}
	}
	for subnet := range after {
		if _, ok := before[subnet]; !ok {
			out = append(out, subnet)
		}
	}
	return out
}

// subnetsOf gives effects on associations to the subnets that these are of. Events do not
// name them, but each the association before and after. Where no import has one of these,
// anything in the VPC can have been moved.
func (w *window) subnetsOf(moved []dated) {
	if len(moved) == 0 {
		return
	}
	parts := newParts()
	subnets := map[string]bool{}
	for _, n := range []*netmodel.Network{w.a, w.seen()} {
		for subnet, v := range associations(n) {
			if v.ID != "" {
				parts.connect(subnet, v.ID)
				subnets[subnet] = true
			}
		}
	}
	for _, e := range moved {
		parts.connect(e.ID, e.Association.ID)
	}
	of := map[string]string{}
	for subnet := range subnets {
		of[parts.of(subnet)] = subnet
	}
	for _, e := range moved {
		if subnet, ok := of[parts.of(e.ID)]; ok {
			w.effects[subnet] = append(w.effects[subnet], e)
			continue
		}
		acl := w.a.NetworkACLs[e.Association.NetworkACL]
		for id, other := range w.a.NetworkACLs {
			if acl == nil || other.VPC == acl.VPC {
				w.unclear[id] = append(w.unclear[id], e.at)
			}
		}
		for id, subnet := range w.a.Subnets {
			if acl == nil || subnet.VPC == acl.VPC {
				w.unclear[id] = append(w.unclear[id], e.at)
			}
		}
	}
}

// subnet finds the network ACL that a subnet was associated with, and reports whether events
// tell it.
func (w *window) subnet(id string) bool {
	a, known := associations(w.a)[id]
	b, seen := associations(w.seen())[id]
	switch {
	case !known && !seen && len(w.effects[id]) == 0: // the imports have no associations
		return w.members(id, w.b != nil)
	case !known || !seen:
		return false
	}
	c := chain[association]{from: a, same: func(x, y association) bool { return x == y }, meets: association.can}
	if w.b != nil {
		c.to = &b
	}
	for _, e := range w.effects[id] {
		now := association(*e.Association)
		c.step = append(c.step, step[association]{e.at, e.early, e.late, func(v association) []association {
			if v.ID != "" && v.ID != e.ID {
				return nil
			}
			return []association{now}
		}, now.can, func(v association) ([]association, bool) {
			return nil, !v.can(now) // which network ACL the one before was with is not told
		}, &now})
	}
	then, ok := settle(w, id, &c)
	if !ok {
		return false
	}
	w.edit(func(n *netmodel.Network) { associate(n, id, a, then) })
	return true
}

// associate gives a subnet another association.
func associate(n *netmodel.Network, id string, from, to association) {
	if from == to {
		return
	}
	if s := n.Subnets[id]; s != nil && s.NetworkACL == from.NetworkACL {
		now := *s
		now.NetworkACL = to.NetworkACL
		n.Subnets[id] = &now
	}
	if acl := n.NetworkACLs[from.NetworkACL]; acl != nil {
		now := *acl
		now.Subnets = slices.DeleteFunc(slices.Clone(acl.Subnets), func(s string) bool { return s == id })
		now.Associations = maps.Clone(acl.Associations)
		delete(now.Associations, id)
		n.NetworkACLs[now.ID] = &now
	}
	if acl := n.NetworkACLs[to.NetworkACL]; acl != nil {
		now := *acl
		now.Subnets = slices.Sorted(slices.Values(append(slices.Clone(acl.Subnets), id)))
		now.Associations = map[string]string{}
		maps.Copy(now.Associations, acl.Associations)
		now.Associations[id] = to.ID
		n.NetworkACLs[now.ID] = &now
	}
}
