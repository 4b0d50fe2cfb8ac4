package versions

import (
	"reflect"
	"slices"

	"weir/internal/netmodel"
)

// routes is a route to a destination, or none.
type routes []netmodel.Route

// destination is what a route is to: a table has one route to each.
func destination(r *netmodel.Route) string {
	if r.PrefixList != "" {
		return r.PrefixList
	}
	return r.CIDR.String()
}

// routeTable finds the routes that a route table had, and reports whether events tell it.
func (w *window) routeTable(id string) bool {
	a, b := w.a.RouteTables[id], w.seen().RouteTables[id]
	if a == nil || b == nil || !w.members(id, w.b != nil) {
		return false
	}
	chains := map[string]*chain[routes]{}
	at := func(to string) *chain[routes] {
		if chains[to] == nil {
			chains[to] = &chain[routes]{same: slices.Equal[routes], meets: slices.Equal[routes]}
			if w.b != nil {
				chains[to].to = &routes{}
			}
		}
		return chains[to]
	}
	for i := range a.Routes {
		c := at(destination(&a.Routes[i]))
		c.from = append(c.from, a.Routes[i])
	}
	for i := range b.Routes {
		if c := at(destination(&b.Routes[i])); c.to != nil {
			*c.to = append(*c.to, b.Routes[i])
		}
	}
	for _, e := range w.effects[id] {
		c := at(destination(e.Route))
		c.step = append(c.step, routeStep(&e, c))
	}
	var then []netmodel.Route
	for _, c := range chains {
		value, ok := settle(w, id, c)
		if !ok {
			return false
		}
		then = append(then, value...)
	}
	slices.SortFunc(then, func(x, y netmodel.Route) int { return x.CIDR.Compare(y.CIDR) })
	w.edit(func(n *netmodel.Network) {
		t := n.RouteTables[id]
		if t == nil || !reflect.DeepEqual(t.Routes, a.Routes) {
			return
		}
		var ordered []netmodel.Route
		left := slices.Clone(then)
		for _, r := range t.Routes {
			if i := slices.Index(left, r); i >= 0 {
				ordered, left = append(ordered, r), slices.Delete(left, i, i+1)
			}
		}
		now := *t
		now.Routes = slices.Concat(ordered, left)
		n.RouteTables[id] = &now
	})
	return true
}

// routeStep returns what a call did to the route to its destination. Imports may say more of
// what it leads to.
func routeStep(e *dated, c *chain[routes]) step[routes] {
	out := step[routes]{at: e.at, early: e.early, late: e.late}
	if e.What == netmodel.Went {
		none := routes(nil)
		out.apply = func(v routes) []routes {
			if len(v) == 0 {
				return nil
			}
			return []routes{none}
		}
		out.shows = func(v routes) bool { return len(v) == 0 }
		out.undo = func(v routes) ([]routes, bool) { return nil, len(v) > 0 } // what it led to is not told
		out.sets = &none
		return out
	}
	now := routes{*e.Route}
	seen := c.from
	if c.to != nil {
		seen = slices.Concat(c.from, *c.to)
	}
	for _, r := range seen {
		if r.Target.ID == e.Route.Target.ID && r.State == e.Route.State {
			now = routes{r}
		}
	}
	out.shows = func(v routes) bool { return slices.Equal(v, now) }
	out.apply = func(v routes) []routes {
		if len(v) > 0 {
			return nil
		}
		return []routes{now}
	}
	out.undo = func(v routes) ([]routes, bool) {
		if !out.shows(v) {
			return nil, true
		}
		return []routes{nil}, true
	}
	out.sets = &now
	return out
}
