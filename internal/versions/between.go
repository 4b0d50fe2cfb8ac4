package versions

import (
	"maps"
	"slices"
	"strings"
	"time"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// Moment is when something of a thing changed, as CloudTrail has it.
type Moment struct {
	// At is to the second.
	At time.Time `json:"at"`
	// ID is the security group, the network ACL, the route table, the ENI or the subnet, of
	// which Rule came or went, or which did itself.
	ID string `json:"id"`
	// Rule names the rule of a group or the entry of a network ACL as [netmodel] does, a route by
	// table and destination; "" of others.
	Rule string `json:"rule,omitempty"`
	// What is [netmodel.Came], [netmodel.Went] or [netmodel.Changed].
	What string `json:"what"`
	// Is is the rule, entry or route that came, or what it changed to, the groups that an ENI has from
	// then on, or the network ACL of a subnet; "" where the event does not say it, or where a
	// group itself came or went, or an ENI went.
	Is      string `json:"is,omitempty"`
	Event   string `json:"event"`
	EventID string `json:"event-id"`
	// By is the caller's ARN; "" where there is none.
	By string `json:"by,omitempty"`
}

// String returns the moment for people: "sgr-1 of sg-1 came at 2026-03-01T10:00:00Z (tcp:443
// 10.0.0.0/8), by arn:..., RevokeSecurityGroupIngress, event ...".
func (m *Moment) String() string {
	text := m.ID
	if m.Rule != "" {
		text = m.Rule
		if !strings.HasPrefix(m.Rule, m.ID+":") {
			text += " of " + m.ID
		}
	}
	text += " " + m.What + " at " + m.At.Format(time.RFC3339)
	if m.Is != "" {
		text += " (" + m.Is + ")"
	}
	if m.By != "" {
		text += ", by " + m.By
	}
	return text + ", " + m.Event + ", event " + m.EventID
}

// window is what is known of a place between two times at which it was seen.
type window struct {
	a, b *netmodel.Network // b is nil where nobody saw it later
	// back says that nobody saw it before: a is b, and events are undone from there.
	back        bool
	since, till time.Time // when a and b were seen
	at          time.Time // that is asked for
	reach       reach
	// effects are the known ones by the thing's id, in the order of their times; those of
	// associations are by the subnet. unclear are the times at which an event does not tell
	// what became of a thing.
	effects map[string][]dated
	unclear map[string][]time.Time

	edits []func(n *netmodel.Network)
}

// dated is an effect of a change.
type dated struct {
	cloudtrail.Effect
	change      *cloudtrail.Change
	at          time.Time // the beginning of the second
	early, late bool      // as of step
}

// between is what was found.
type between struct {
	// edits make of a definition that has the things as they were when they were seen first
	// one that has them as they were at the time that was asked for.
	edits   []func(n *netmodel.Network)
	moments []Moment // in the order of their times
	// unknown are the ids of what nobody knows, and differs whether anything does between the
	// two sightings.
	unknown []string
	differs bool
}

// read sorts changes, which are those that can have been in the window, in the order of their
// times.
func (w *window) read(changes []cloudtrail.Change) {
	w.effects, w.unclear = map[string][]dated{}, map[string][]time.Time{}
	var moved []dated
	of := associated(changes)
	for i := range changes {
		c := &changes[i]
		second := c.At.Truncate(time.Second)
		if c.Unclear != "" {
			about := map[string]bool{}
			for _, id := range c.IDs {
				for _, id := range w.standsFor(id, of) {
					about[id] = true
				}
			}
			for id := range about {
				w.unclear[id] = append(w.unclear[id], second)
			}
			continue
		}
		for _, e := range c.Effects {
			d := dated{e, c, second, !w.back && !second.After(w.since), w.b != nil && second.Add(time.Second).After(w.till)}
			if e.Association != nil {
				moved = append(moved, d)
			} else {
				w.effects[e.ID] = append(w.effects[e.ID], d)
			}
		}
	}
	w.subnetsOf(moved)
}

// seen is what was seen last.
func (w *window) seen() *netmodel.Network {
	if w.b == nil {
		return w.a
	}
	return w.b
}

func (w *window) edit(do func(n *netmodel.Network)) { w.edits = append(w.edits, do) }

// solve finds what there was at the time that is asked for.
func (w *window) solve() between {
	var out between
	solved := map[string]bool{}
	differ := map[string]bool{}
	for _, c := range netmodel.Diff(w.a, w.seen()) {
		out.differs, differ[c.ID] = true, true
		if w.explains(&c, solved) {
			solved[c.ID] = true
		} else {
			out.unknown = append(out.unknown, c.ID)
		}
	}
	// What differs not can have been otherwise between.
	subnets := associations(w.a)
	for _, id := range slices.Sorted(maps.Keys(w.about())) {
		if differ[id] {
			continue
		}
		if Loose(id) || strings.HasPrefix(id, "i-") {
			if !w.members(id, w.b != nil) {
				out.unknown = append(out.unknown, id)
			}
			continue
		}
		kind, _ := w.a.Kind(id)
		if _, ok := subnets[id]; ok {
			kind = "subnets" // an import need not have more of it than its association
		}
		if kind == "" {
			continue // no import has it
		}
		if w.thing(kind, id, solved) {
			solved[id] = true
		} else {
			out.unknown = append(out.unknown, id)
		}
	}
	out.unknown = append(out.unknown, w.passing()...)
	for _, id := range slices.Sorted(maps.Keys(solved)) {
		for i := range w.effects[id] {
			if e := &w.effects[id][i]; !w.back || e.at.After(w.at) {
				out.moments = append(out.moments, w.moment(id, e))
			}
		}
	}
	slices.SortStableFunc(out.moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	out.edits = w.edits
	return out
}

// about returns the ids of what events are about, and of the subnets that have a new
// association.
func (w *window) about() map[string]bool {
	out := map[string]bool{}
	for id := range w.unclear {
		out[id] = true
	}
	for id := range w.effects {
		out[id] = true
	}
	for _, id := range w.moved() {
		out[id] = true
	}
	return out
}

// explains reports whether events explain how a thing differs.
func (w *window) explains(c *netmodel.Change, solved map[string]bool) bool {
	if c.What != netmodel.Changed {
		return (c.Kind == "interfaces" || c.Kind == "security groups") && w.thing(c.Kind, c.ID, solved)
	}
	for _, d := range c.Details {
		switch {
		case c.Kind == "network ACLs" && (d.Member == "subnets" || d.Member == "associations"):
			before, after := associations(w.a), associations(w.seen())
			for _, subnet := range w.moved() {
				of := before[subnet].NetworkACL == c.ID || after[subnet].NetworkACL == c.ID
				if of && !w.thing("subnets", subnet, solved) {
					return false
				}
			}
		case !slices.Contains(told[c.Kind], d.Member):
			return false
		}
	}
	return w.thing(c.Kind, c.ID, solved)
}

// told are the members that events tell of, by kind.
var told = map[string][]string{
	"security groups": {"ingress", "egress"},
	"network ACLs":    {"ingress", "egress"},
	"interfaces":      {"groups"},
	"route tables":    {"routes"},
	"subnets":         {"network ACL"},
}

// thing finds how a thing was, and reports whether events tell it.
func (w *window) thing(kind, id string, solved map[string]bool) bool {
	if solved[id] {
		return true
	}
	switch kind {
	case "security groups":
		return w.group(id)
	case "network ACLs":
		return w.networkACL(id)
	case "route tables":
		return w.routeTable(id)
	case "interfaces":
		return w.networkInterface(id)
	case "subnets":
		ok := w.subnet(id)
		solved[id] = ok
		return ok
	}
	return w.members(id, w.b != nil) // nothing else is followed of the others
}

// members reports whether it is known which rules or entries a thing had, as far as events
// that are not clear go: one of those may have been about one that nothing else is.
func (w *window) members(id string, end bool) bool {
	same := func(struct{}, struct{}) bool { return true }
	c := chain[struct{}]{same: same, meets: same}
	if end {
		c.to = &struct{}{}
	}
	_, ok := settle(w, id, &c)
	return ok
}

// settle returns what a value of a thing was at the time that is asked for, and reports
// whether events tell it. An event that is not clear parts what is known before it, which
// begins with what was seen first, from what is known after it, which ends with what was seen
// last; there nothing shows a lost event, so that CloudTrail's files must reach all the way.
func settle[S any](w *window, id string, c *chain[S]) (S, bool) {
	unclear := w.unclear[id]
	if !w.back && len(unclear) == 0 {
		return c.at(w.at)
	}
	none := c.from
	var found []S
	add := func(v S) {
		if !slices.ContainsFunc(found, func(o S) bool { return c.same(o, v) }) {
			found = append(found, v)
		}
	}
	if !w.back && !slices.ContainsFunc(unclear, func(u time.Time) bool { return !u.After(w.at) }) && w.reach.covers(w.since, w.at) {
		forward := *c
		forward.to, forward.step = nil, slices.DeleteFunc(slices.Clone(c.step), func(s step[S]) bool { return s.at.After(w.at) })
		v, ok := forward.at(w.at)
		if !ok {
			return none, false
		}
		add(v)
	}
	if c.to != nil && !slices.ContainsFunc(unclear, w.at.Before) && w.reach.covers(w.at, w.till) {
		values, ok := c.back(w.at)
		if ok && len(values) != 1 {
			return none, false
		}
		for _, v := range values {
			add(v)
		}
	}
	if v, set, ok := c.set(w.at); ok && w.reach.covers(set, w.at) &&
		!slices.ContainsFunc(unclear, func(u time.Time) bool { return !u.Before(set) && !u.After(w.at) }) {
		add(v)
	}
	if len(found) != 1 {
		return none, false
	}
	return found[0], true
}

// moment returns an effect for people.
func (w *window) moment(id string, d *dated) Moment {
	out := Moment{At: d.at, ID: id, What: d.What, Event: d.change.Event, EventID: d.change.EventID, By: d.change.By}
	switch {
	case d.Rule != nil:
		g := netmodel.SecurityGroup{ID: id}
		rule := *d.Rule
		if out.Rule = g.RuleName(d.Direction, &rule); rule.Peer != (netmodel.Peer{}) {
			rule.ID = ""
			out.Is = netmodel.Text(rule)
		}
	case d.Entry != nil:
		acl := netmodel.NetworkACL{ID: id}
		if out.Rule = acl.EntryName(d.Direction, d.Entry); d.What != netmodel.Went {
			out.Is = netmodel.Text(*d.Entry)
		}
	case d.Route != nil:
		if out.Rule = id + ":" + destination(d.Route); d.What != netmodel.Went {
			out.Is = d.Route.String()
		}
	case d.Association != nil:
		out.Is = d.Association.NetworkACL
	case len(d.Groups) > 0:
		out.Is = netmodel.Text(d.Groups)
	}
	return out
}
