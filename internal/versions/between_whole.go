package versions

import (
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"weir/internal/netmodel"
)

// life is when a thing came and went by events, as far as these are in the window.
type life struct {
	came, went *dated
	// twice says that it came or went more than once, which nothing does.
	twice bool
	rest  []dated // what became of it between
}

// lifeOf sorts the effects on a security group or ENI.
func (w *window) lifeOf(id string) life {
	var out life
	list := w.effects[id]
	for i := range list {
		e := &list[i]
		switch {
		case !e.Whole:
			out.rest = append(out.rest, *e)
		case e.What == netmodel.Came:
			out.twice = out.twice || out.came != nil
			out.came = e
		default:
			out.twice = out.twice || out.went != nil
			out.went = e
		}
	}
	return out
}

// fate says what a thing was at the time that is asked for.
type fate int

const (
	nobodyKnows fate = iota
	absent
	present // and its members are to be found
)

// fateOf returns whether a thing was there, which a, or what was seen last, may have. What
// events say of its end must fit to that.
func (w *window) fateOf(l *life, inA, inB bool) fate {
	switch {
	case l.twice:
		return nobodyKnows
	case w.back: // inA and inB are one
		switch {
		case inB && l.went != nil:
			return nobodyKnows // unless that was in the second of the import, and after it
		case l.came != nil && l.came.at.After(w.at):
			return absent
		case !inB && l.went != nil && !l.went.at.After(w.at):
			return absent
		case !inB: // it may have gone with its instance
			return nobodyKnows
		}
		return present
	case inA && l.came != nil && !l.came.early, inB && w.b != nil && l.went != nil && !l.went.late:
		return nobodyKnows
	case inA && inB && w.b != nil:
		return present
	case inA && l.went != nil:
		if l.went.at.After(w.at) {
			return present
		}
		return absent
	case inA && w.b == nil:
		return present
	case !inA && l.came != nil:
		if l.came.at.After(w.at) || l.went != nil && !l.went.at.After(w.at) {
			return absent
		}
		if inB && w.b != nil {
			return present
		}
	case !inA && !inB && l.went != nil && !l.went.at.After(w.at):
		return absent
	}
	return nobodyKnows
}

// networkInterface finds whether an ENI was there and the groups that it had, and reports
// whether events tell it.
func (w *window) networkInterface(id string) bool {
	a, b := w.a.Interfaces[id], w.seen().Interfaces[id]
	l := w.lifeOf(id)
	switch w.fateOf(&l, a != nil, b != nil) {
	case nobodyKnows:
		return false
	case absent:
		if a != nil {
			w.edit(func(n *netmodel.Network) {
				if i := n.Interfaces[id]; i != nil && i.Account == a.Account && i.Subnet == a.Subnet {
					delete(n.Interfaces, id)
				}
			})
		}
		return true
	case present:
	}
	// What is not clear may be about other members, which are those of a, or of b where only
	// that has it.
	if a == nil && slices.ContainsFunc(w.unclear[id], w.at.Before) || !w.members(id, b != nil && w.b != nil) {
		return false
	}
	set := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	c := chain[[]string]{same: slices.Equal[[]string], meets: slices.Equal[[]string]}
	for _, e := range l.rest {
		now := set(e.Groups)
		shows := func(v []string) bool { return slices.Equal(v, now) }
		c.step = append(c.step, step[[]string]{
			e.at, e.early, e.late,
			func([]string) [][]string { return [][]string{now} },
			shows, func(v []string) ([][]string, bool) { return nil, !shows(v) }, &now,
		})
	}
	is := a
	switch {
	case a == nil: // what it came with is told
		is, c.from = b, set(l.came.Groups)
	case w.back && l.came != nil:
		c.from = set(l.came.Groups)
		c.step = slices.Insert(c.step, 0, step[[]string]{at: l.came.at, sets: &c.from}) // nothing is asked of before it
	default:
		c.from = set(a.Groups)
	}
	if b != nil && w.b != nil {
		to := set(b.Groups)
		c.to = &to
	}
	groups, ok := settle(w, id, &c)
	if !ok {
		return false
	}
	if a == nil {
		now := *is
		if !slices.Equal(set(is.Groups), groups) {
			now.Groups = groups
		}
		w.edit(func(n *netmodel.Network) {
			if n.Interfaces[id] == nil {
				n.Interfaces[id] = &now
			}
		})
		return true
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

// group finds whether a group was there and the rules that it had, and reports whether events
// tell it.
func (w *window) group(id string) bool {
	a, b := w.a.SecurityGroups[id], w.seen().SecurityGroups[id]
	l := w.lifeOf(id)
	switch w.fateOf(&l, a != nil, b != nil) {
	case nobodyKnows:
		return false
	case absent:
		if a != nil {
			w.edit(func(n *netmodel.Network) {
				if g := n.SecurityGroups[id]; g != nil && slices.Equal(g.Ingress, a.Ingress) && slices.Equal(g.Egress, a.Egress) {
					delete(n.SecurityGroups, id)
				}
			})
		}
		return true
	case present:
	}
	var then rules
	ok := false
	switch {
	case a == nil:
		then, ok = w.madeGroup(id, rulesOf(b), l.rest)
	case b == nil:
		then, ok = w.rulesBetween(id, rulesOf(a), nil, l.rest, false)
	default:
		then, ok = w.rulesBetween(id, rulesOf(a), rulesOf(b), l.rest, w.b != nil)
	}
	if !ok {
		return false
	}
	if a == nil {
		now := withRules(b, then)
		w.edit(func(n *netmodel.Network) {
			if n.SecurityGroups[id] == nil {
				n.SecurityGroups[id] = now
			}
		})
		return true
	}
	now := withRules(a, then)
	w.edit(func(n *netmodel.Network) {
		if g := n.SecurityGroups[id]; g != nil && slices.Equal(g.Ingress, a.Ingress) && slices.Equal(g.Egress, a.Egress) {
			changed := *g
			changed.Ingress, changed.Egress = now.Ingress, now.Egress
			n.SecurityGroups[id] = &changed
		}
	})
	return true
}

// madeGroup returns the rules of a group that came. AWS makes it with a rule that lets all
// IPv4 out, and with one for IPv6 where its VPC has IPv6 then, which nobody saw.
//
// Source: Amazon VPC user guide, "Default rules" of security groups that you create.
func (w *window) madeGroup(id string, after rules, list []dated) (rules, bool) {
	var found []rules
	for _, nets := range [][]string{{"0.0.0.0/0"}, {"0.0.0.0/0", "::/0"}} {
		var before rules
		for _, net := range nets {
			rule := netmodel.GroupRule{Traffic: netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix(net)}}
			before = append(before, directed{netmodel.Egress, rule})
		}
		then, ok := w.rulesBetween(id, before, after, list, true)
		if ok && !slices.ContainsFunc(found, func(o rules) bool { return slices.Equal(o, then) }) {
			found = append(found, then)
		}
	}
	if len(found) != 1 {
		return nil, false
	}
	return found[0], true
}

// passing returns the ENIs that no import around the time has, and that were there by events:
// nobody knows their addresses.
func (w *window) passing() []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(w.effects)) {
		if !strings.HasPrefix(id, "eni-") || w.a.Interfaces[id] != nil || w.seen().Interfaces[id] != nil {
			continue
		}
		l := w.lifeOf(id)
		if (l.came != nil || l.went != nil) && w.fateOf(&l, false, false) != absent {
			out = append(out, id)
		}
	}
	return out
}
