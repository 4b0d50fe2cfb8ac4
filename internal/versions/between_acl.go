package versions

import (
	"cmp"
	"reflect"
	"slices"

	"weir/internal/netmodel"
)

// numbered is the place of an entry of a network ACL: there is at most one.
type numbered struct {
	direction netmodel.Direction
	number    int
}

// entries is an entry, or none.
type entries []netmodel.ACLEntry

// networkACL finds the entries that a network ACL had, and reports whether events tell it.
func (w *window) networkACL(id string) bool {
	a, b := w.a.NetworkACLs[id], w.seen().NetworkACLs[id]
	if a == nil || b == nil {
		return false
	}
	chains := map[numbered]*chain[entries]{}
	at := func(d netmodel.Direction, number int) *chain[entries] {
		key := numbered{d, number}
		if chains[key] == nil {
			chains[key] = &chain[entries]{same: slices.Equal[entries], meets: slices.Equal[entries]}
			if w.b != nil {
				chains[key].to = &entries{}
			}
		}
		return chains[key]
	}
	for _, d := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
		for _, e := range a.Entries(d) {
			at(d, e.Number).from = entries{e}
		}
		for _, e := range b.Entries(d) {
			if c := at(d, e.Number); c.to != nil {
				*c.to = entries{e}
			}
		}
	}
	for _, e := range w.effects[id] {
		c := at(e.Direction, e.Entry.Number)
		was, now := 1, entries{*e.Entry} // how many entries there are before, and which after
		switch e.What {
		case netmodel.Came:
			was = 0
		case netmodel.Went:
			now = nil
		}
		c.step = append(c.step, step[entries]{e.at, e.early, e.late, func(v entries) []entries {
			if len(v) != was {
				return nil
			}
			return []entries{now}
		}, func(v entries) bool { return slices.Equal(v, now) }})
	}
	then := map[netmodel.Direction][]netmodel.ACLEntry{}
	for key, c := range chains {
		value, ok := c.at(w.at)
		if !ok {
			return false
		}
		then[key.direction] = append(then[key.direction], value...)
	}
	for _, list := range then {
		slices.SortFunc(list, func(x, y netmodel.ACLEntry) int { return cmp.Compare(x.Number, y.Number) })
	}
	w.edit(func(n *netmodel.Network) {
		if acl := n.NetworkACLs[id]; acl != nil && slices.Equal(acl.Ingress, a.Ingress) && slices.Equal(acl.Egress, a.Egress) {
			now := *acl
			now.Ingress, now.Egress = then[netmodel.Ingress], then[netmodel.Egress]
			n.NetworkACLs[id] = &now
		}
	})
	return true
}

// networkInterface finds the groups that an ENI had, and reports whether events tell it.
func (w *window) networkInterface(id string) bool {
	a, b := w.a.Interfaces[id], w.seen().Interfaces[id]
	if a == nil || b == nil {
		return false
	}
	set := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	c := chain[[]string]{from: set(a.Groups), same: slices.Equal[[]string], meets: slices.Equal[[]string]}
	if w.b != nil {
		to := set(b.Groups)
		c.to = &to
	}
	for _, e := range w.effects[id] {
		now := set(e.Groups)
		c.step = append(c.step, step[[]string]{
			e.at, e.early, e.late,
			func([]string) [][]string { return [][]string{now} },
			func(v []string) bool { return slices.Equal(v, now) },
		})
	}
	groups, ok := c.at(w.at)
	if !ok {
		return false
	}
	w.edit(func(n *netmodel.Network) {
		if i := n.Interfaces[id]; i != nil && reflect.DeepEqual(i.Groups, a.Groups) && !slices.Equal(set(i.Groups), groups) {
			now := *i
			now.Groups = groups
			n.Interfaces[id] = &now
		}
	})
	return true
}
