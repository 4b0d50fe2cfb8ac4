package versions

import (
	"cmp"
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
	if a == nil || b == nil || !w.members(id, w.b != nil) {
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
		shows := func(v entries) bool { return slices.Equal(v, now) }
		c.step = append(c.step, step[entries]{e.at, e.early, e.late, func(v entries) []entries {
			if len(v) != was {
				return nil
			}
			return []entries{now}
		}, shows, func(v entries) ([]entries, bool) {
			switch {
			case !shows(v):
				return nil, true
			case was > 0:
				return nil, false
			}
			return []entries{nil}, true
		}, &now})
	}
	then := map[netmodel.Direction][]netmodel.ACLEntry{}
	for key, c := range chains {
		value, ok := settle(w, id, c)
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
