package app

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

// WhyChange is a change of what decides about connections, between their first and their
// last record.
type WhyChange struct {
	// ID is the thing that changed.
	ID string `json:"id"`
	// After and Before bound the time of the change: equal where an event dates it.
	After  time.Time `json:"after"`
	Before time.Time `json:"before"`
	// Says is a sentence for people, in lower case and without a full stop.
	Says string `json:"says"`
}

// at returns the definition that was in force at a time, in seconds since the epoch. What it
// returns is shared, and not changed.
func (w *why) at(seconds int64) (*versions.Definition, error) { return w.moments.at(seconds) }

// changes finds what changed of what decides about connections of which some are refused and
// some are not, while they were recorded.
func (w *why) changes(c *WhyConnections, f *diagnose.Finding) error {
	first, last := f.Evidence[0].First, f.Evidence[0].Last
	for _, e := range f.Evidence {
		first, last = min(first, e.First), max(last, e.Last)
	}
	before, err := w.at(first)
	if err != nil {
		return err
	}
	after, err := w.at(last)
	if err != nil {
		return err
	}
	on, ok := w.dependsOn(c, f, after)
	if !ok {
		return nil
	}
	c.Changes = changesBetween(before, after, on)
	if len(c.Changes) == 0 {
		return nil
	}
	if c.Outcome == diagnose.ReplyRefused && slices.ContainsFunc(c.Changes, func(ch WhyChange) bool { return ofGroups(after.Network, ch.ID) }) {
		f.Assumes = append(f.Assumes, "the security group did not cut the connection when its rules changed, as it does with those that it does not track")
	}
	return nil
}

// ofGroups reports whether a thing is a security group, or has some.
func ofGroups(n *netmodel.Network, id string) bool {
	return n.SecurityGroups[id] != nil || n.Interfaces[id] != nil
}

// dependsOn returns what the verdict of a finding's proof depends on; false where the
// definition can't be asked.
func (w *why) dependsOn(c *WhyConnections, f *diagnose.Finding, d *versions.Definition) (*dependence, bool) {
	req, ok := w.checkOf(f, c)
	if !ok {
		return nil, false
	}
	r, err := checkLoaded(d.Loaded, nil, req)
	if err != nil && len(r.Forward) == 0 {
		return nil, false
	}
	return depends(d.Network, &r, r.From, r.To, req.From, req.To), true
}

// changesBetween returns what differs between two moments, of what a verdict depends on: as
// events date it, else as imports bound it; in the order of time.
func changesBetween(before, after *versions.Definition, on *dependence) []WhyChange {
	var out []WhyChange
	dated := map[string]bool{}
	for _, v := range slices.Concat(before.InForce, after.InForce) {
		for i := range v.Moments {
			m := &v.Moments[i]
			if m.At.Before(before.At.Truncate(time.Second)) || m.At.After(after.At) || !on.ids[m.ID] {
				continue
			}
			c := WhyChange{m.ID, m.At, m.At, m.String()}
			if dated[m.ID] = true; !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	for _, d := range netmodel.Diff(before.Network, after.Network) {
		if !on.on(d.ID) || dated[d.ID] {
			continue
		}
		c := WhyChange{ID: d.ID, After: before.At, Before: after.At}
		for _, v := range before.Holding(d.ID) { // when an import last found it so
			if v.Until.After(c.After) {
				c.After = v.Until
			}
		}
		for _, v := range after.Holding(d.ID) {
			if v.Since.Before(c.Before) {
				c.Before = v.Since
			}
		}
		c.Says = fmt.Sprintf("%s %s after %s and before %s", d.ID, d.What, c.After.UTC().Format(time.RFC3339), c.Before.UTC().Format(time.RFC3339))
		dated[d.ID] = true
		out = append(out, c)
	}
	for _, v := range after.InForce { // nobody knows whether it was as the next import found it
		for _, id := range v.Changed {
			if v.Next == nil || !on.on(id) || dated[id] || !v.Until.Before(after.At) || !before.At.Before(v.Next.Since) {
				continue
			}
			c := WhyChange{ID: id, After: v.Until, Before: v.Next.Since}
			c.Says = fmt.Sprintf("%s changed after %s and before %s", id, c.After.UTC().Format(time.RFC3339), c.Before.UTC().Format(time.RFC3339))
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b WhyChange) int { return cmp.Or(a.Before.Compare(b.Before), cmp.Compare(a.Says, b.Says)) })
	return out
}

// mixed reports whether some of a finding's records say ACCEPT and others REJECT.
func mixed(f *diagnose.Finding) bool {
	of := func(action string) bool {
		return slices.ContainsFunc(f.Evidence, func(e diagnose.Evidence) bool { return e.Action == action })
	}
	return of("ACCEPT") && of("REJECT")
}

// changed finds what changed, where a definition was imported and that may explain why not
// all is refused.
func (w *why) changed(c *WhyConnections) error {
	if c.Finding < 0 || !mixed(&c.Findings[c.Finding]) || c.Outcome == diagnose.AfterEnd {
		return nil
	}
	err := w.changes(c, &c.Findings[c.Finding])
	if errors.Is(err, versions.ErrNone) {
		return nil
	}
	return err
}
