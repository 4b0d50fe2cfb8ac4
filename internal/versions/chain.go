package versions

import (
	"slices"
	"time"
)

// step is something that an event says to have happened to a value of type S.
type step[S any] struct {
	at time.Time // to the second: it was then or within the second after it
	// early says that it may have been before the value was seen first, and late that it may
	// have been after it was seen last.
	early, late bool
	// apply returns what it can have made of a value; none where it can't have happened to it.
	apply func(S) []S
	// shows reports whether a value is as it is after the step.
	shows func(S) bool
	// undo is what the value can have been before the step; none where it can't have been
	// after it. It reports false where the step does not tell.
	undo func(S) ([]S, bool)
	// sets is what the value is after the step, whatever it was; nil where that is not told.
	sets *S
}

// chain is what is known of a value between two times at which it was seen.
type chain[S any] struct {
	from S
	to   *S        // nil: nobody saw it later
	step []step[S] // in the order of their times
	// same says that two values are equal, and meets that what steps lead to is what was seen.
	same, meets func(a, b S) bool
}

// most bounds how many steps of one second are tried in each order.
const most = 5

// path is a way that the value can have gone.
type path[S any] struct {
	now, then S // then is what it was at the time that is asked for, once passed
	passed    bool
}

// at returns what the value was at a time, steps of which are taken to have happened at the
// beginning of their second. It reports false where the steps do not lead from what was seen
// to what was seen, and where they do in several ways that differ at that time.
func (c *chain[S]) at(t time.Time) (S, bool) {
	paths := []path[S]{{now: c.from}}
	for i := 0; i < len(c.step); {
		n := i
		for n < len(c.step) && c.step[n].at.Equal(c.step[i].at) {
			n++
		}
		group := c.step[i:n]
		i = n
		if len(group) > most {
			return c.from, false
		}
		var next []path[S]
		for _, p := range paths {
			if !p.passed && group[0].at.After(t) {
				p.then, p.passed = p.now, true
			}
			for _, value := range c.after(p.now, group) {
				q := p
				q.now = value
				if !slices.ContainsFunc(next, func(o path[S]) bool { return c.equal(&o, &q) }) {
					next = append(next, q)
				}
			}
		}
		paths = next
	}
	var found []S
	for _, p := range paths {
		if c.to != nil && !c.meets(p.now, *c.to) {
			continue
		}
		if !p.passed {
			p.then = p.now
		}
		if !slices.ContainsFunc(found, func(v S) bool { return c.same(v, p.then) }) {
			found = append(found, p.then)
		}
	}
	if len(found) != 1 {
		return c.from, false
	}
	return found[0], true
}

func (c *chain[S]) equal(a, b *path[S]) bool {
	return a.passed == b.passed && c.same(a.now, b.now) && (!a.passed || c.same(a.then, b.then))
}

// after returns what steps of one second can have made of a value: in any order, and without
// those that were before the first sighting or after the last.
func (c *chain[S]) after(value S, group []step[S]) []S {
	var out []S
	for mask := range 1 << len(group) {
		var stay, left []step[S]
		for i := range group {
			if mask&(1<<i) != 0 {
				left = append(left, group[i])
			} else {
				stay = append(stay, group[i])
			}
		}
		if !c.outside(left) {
			continue
		}
		for _, v := range inAnyOrder(value, stay) {
			if !slices.ContainsFunc(out, func(o S) bool { return c.same(o, v) }) {
				out = append(out, v)
			}
		}
	}
	return out
}

// outside reports whether steps can have been before the first sighting, which shows the
// last of them, or after the last one, to which the first of them happened.
func (c *chain[S]) outside(steps []step[S]) bool {
	var early, late []step[S]
	for _, s := range steps {
		before, after := s.early && s.shows(c.from), s.late && c.to != nil && len(s.apply(*c.to)) > 0
		switch {
		case before:
			early = append(early, s)
		case after:
			late = append(late, s)
		case !s.early && !s.late:
			return false
		}
	}
	return len(steps) == 0 || len(early)+len(late) > 0
}

// back returns what the value can have been at a time before it was seen last, by undoing the
// steps since: none where they can't have led to what was seen. It reports false where one of
// them does not tell what was before it.
func (c *chain[S]) back(t time.Time) ([]S, bool) {
	values := []S{*c.to}
	for n := len(c.step); n > 0 && c.step[n-1].at.After(t); {
		i := n
		for i > 0 && c.step[i-1].at.Equal(c.step[n-1].at) {
			i--
		}
		group := c.step[i:n]
		if n = i; len(group) > most {
			return nil, false
		}
		var before []S
		for mask := range 1 << len(group) {
			var stay, left []step[S]
			for k := range group {
				if mask&(1<<k) != 0 {
					left = append(left, group[k])
				} else {
					stay = append(stay, group[k])
				}
			}
			if !c.outside(left) {
				continue
			}
			for _, v := range values {
				list, ok := undone(v, stay)
				if !ok {
					return nil, false
				}
				for _, u := range list {
					if !slices.ContainsFunc(before, func(o S) bool { return c.same(o, u) }) {
						before = append(before, u)
					}
				}
			}
		}
		values = before
	}
	return values, true
}

// undone returns what a value was before steps of one second, in any order. It reports false
// where one of them does not tell.
func undone[S any](value S, steps []step[S]) ([]S, bool) {
	if len(steps) == 0 {
		return []S{value}, true
	}
	var out []S
	for i := range steps {
		rest := slices.Delete(slices.Clone(steps), i, i+1)
		before, ok := steps[i].undo(value)
		if !ok {
			return nil, false
		}
		for _, v := range before {
			list, ok := undone(v, rest)
			if !ok {
				return nil, false
			}
			out = append(out, list...)
		}
	}
	return out, true
}

// set returns what the value was at a time by the steps before it alone: by the newest one
// that tells what it is after it, whatever it was, which must not be of one second with
// others, and those that follow. It returns that step's time.
func (c *chain[S]) set(t time.Time) (S, time.Time, bool) {
	var value S
	var since time.Time
	known := false
	for i := 0; i < len(c.step) && !c.step[i].at.After(t); {
		n := i
		for n < len(c.step) && c.step[n].at.Equal(c.step[i].at) {
			n++
		}
		group := c.step[i:n]
		i = n
		switch {
		case len(group) == 1 && group[0].sets != nil:
			value, since, known = *group[0].sets, group[0].at, true
			continue
		case !known || len(group) > most:
			known = false
			continue
		}
		var next []S
		for _, v := range inAnyOrder(value, group) {
			if !slices.ContainsFunc(next, func(o S) bool { return c.same(o, v) }) {
				next = append(next, v)
			}
		}
		if known = len(next) == 1; known {
			value = next[0]
		}
	}
	return value, since, known
}

func inAnyOrder[S any](value S, steps []step[S]) []S {
	if len(steps) == 0 {
		return []S{value}
	}
	var out []S
	for i := range steps {
		rest := slices.Delete(slices.Clone(steps), i, i+1)
		for _, next := range steps[i].apply(value) {
			out = append(out, inAnyOrder(next, rest)...)
		}
	}
	return out
}
