package aggregate

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"
)

// Windows adds up flows in windows of one length, which begin at multiples of it since the epoch. It is not for concurrent use.
//
// AWS's windows begin anywhere, at most a minute or ten long (spec b.2); ours can be told from their times.
type Windows struct {
	interval int64 // nanoseconds
	open     map[int64]*opened
	flows    int // that are open
	// newest is the end of the newest window, in nanoseconds since the epoch.
	newest int64
	// seen are the interfaces that had a flow, and the end of the last window that was closed for each.
	seen map[string]int64
	// unsure are interfaces with packets that nobody knows the windows of, and until when: the end of the last window that may have some.
	unsure map[string]int64
}

// opened is a window that is open.
type opened struct {
	flows   map[Flow]*Counts
	skipped map[string]bool // interfaces
	gone    map[string]bool // interfaces that were forgotten since
}

func newOpened() *opened {
	return &opened{flows: map[Flow]*Counts{}, skipped: map[string]bool{}, gone: map[string]bool{}}
}

// NewWindows returns windows of an aggregation interval, a second at least.
func NewWindows(interval time.Duration) *Windows {
	return &Windows{interval: max(int64(interval), int64(time.Second)), open: map[int64]*opened{}, seen: map[string]int64{}, unsure: map[string]int64{}}
}

// Add adds counts to the window of their first packet. Where the last is of another, nobody knows which windows the others are of: none up to that one is NODATA.
func (w *Windows) Add(f *Flow, c Counts) {
	start := floor(c.First, w.interval)
	if c.Last >= start+w.interval {
		w.Unsure(f.Interface, c.Last)
	}
	w.add(w.at(start), f, c)
}

func (w *Windows) add(o *opened, f *Flow, c Counts) {
	flows := o.flows
	if len(o.gone) > 0 {
		delete(o.gone, f.Interface)
	}
	if known := flows[*f]; known != nil {
		known.add(&c)
		return
	}
	flows[*f] = &c
	w.flows++
}

// Skip says that flows of an interface were lost, at a time in nanoseconds since the epoch: the window has SKIPDATA of it.
func (w *Windows) Skip(id string, at int64) {
	o := w.at(floor(at, w.interval))
	o.skipped[id] = true
	delete(o.gone, id)
}

// Unsure says that packets of an interface may have passed in any window up to that of a time, in nanoseconds since the epoch: those are no NODATA.
func (w *Windows) Unsure(id string, until int64) {
	w.unsure[id] = max(w.unsure[id], floor(until, w.interval)+w.interval)
}

// at returns the window that begins at a time.
func (w *Windows) at(start int64) *opened {
	o := w.open[start]
	if o == nil {
		o = newOpened()
		w.open[start] = o
		w.newest = max(w.newest, start+w.interval)
	}
	return o
}

// Len returns how many flows are open.
func (w *Windows) Len() int { return w.flows }

// Full reports whether there are windows that a packet late by one interval can't be of any more.
func (w *Windows) Full() bool { return len(w.open) > 2 }

// A Window is what passed in an aggregation interval.
type Window struct {
	// Start and End are in seconds since the epoch; End is not a part of it.
	Start, End int64
	// Rows are its flows, by time, then by what they are.
	Rows []Row
	// Skipped are the ids of interfaces that flows were lost of; Idle of those that had flows before, and none in this window.
	Skipped, Idle []string
}

// A Row is a flow with its counts.
type Row struct {
	Flow
	Counts
}

// Close ends the windows of which a later packet is by one interval at least, or with all, all of them, and calls do for each, in order. Something of
// the time of a window that has ended opens it again: there are several records of a flow then, as AWS has them at times.
//
// mostIdle bounds the windows without flows between two others that are told: where there are more, they are passed over, and Close returns how many were.
func (w *Windows) Close(all bool, mostIdle int, do func(*Window) error) (passedOver int64, err error) {
	return w.close(mostIdle, func(start int64) bool { return all || start+2*w.interval <= w.newest-w.interval }, do)
}

// CloseUntil ends the windows that are over at a time, in nanoseconds since the epoch, as Close does, but with NODATA for those after the last flow too. It
// is for flows that come with the clock, not with the packets of a file.
func (w *Windows) CloseUntil(at int64, mostIdle int, do func(*Window) error) (passedOver int64, err error) {
	end := floor(at, w.interval)
	passedOver, err = w.close(mostIdle, func(start int64) bool { return start < end }, do)
	if err != nil {
		return passedOver, err
	}
	n, err := w.idle(end, mostIdle, do)
	if n > 0 {
		w.Restart(at)
	}
	return passedOver + n, err
}

// Spill tells what open windows have so far, and forgets it; they stay open, and what comes later is in records of its own. There is no NODATA of them: they are not
// over.
func (w *Windows) Spill(do func(*Window) error) error {
	return w.SpillOf(func(string) bool { return true }, do)
}

// SpillOf does so with what windows have of some interfaces.
func (w *Windows) SpillOf(is func(id string) bool, do func(*Window) error) error {
	for _, start := range slices.Sorted(maps.Keys(w.open)) {
		part := w.open[start].takeOut(is)
		if len(part.flows)+len(part.skipped) == 0 {
			continue
		}
		out, _ := w.rows(start, part)
		if err := do(out); err != nil {
			return err
		}
	}
	return nil
}

// takeOut takes out what a window has of interfaces.
func (o *opened) takeOut(is func(id string) bool) *opened {
	part := newOpened()
	maps.Copy(part.gone, o.gone)
	for f, c := range o.flows {
		if is(f.Interface) {
			part.flows[f] = c
			delete(o.flows, f)
		}
	}
	for id := range o.skipped {
		if is(id) {
			part.skipped[id] = true
			delete(o.skipped, id)
		}
	}
	maps.DeleteFunc(o.gone, func(id string, _ bool) bool { return is(id) })
	return part
}

// Restart says that time goes on at another one, in nanoseconds since the epoch, as it does when a clock is set: between there are no windows to be told as
// NODATA. Windows that are open stay so.
func (w *Windows) Restart(at int64) {
	for id := range w.seen {
		w.seen[id] = floor(at, w.interval)
	}
	clear(w.unsure)
}

// Forget forgets an interface that is not there any more: it has no more NODATA. What it had in open windows is told.
func (w *Windows) Forget(id string) {
	delete(w.seen, id)
	delete(w.unsure, id)
	for _, o := range w.open {
		o.gone[id] = true
	}
}

// close closes the windows that are over, by their start.
func (w *Windows) close(mostIdle int, over func(start int64) bool, do func(*Window) error) (passedOver int64, err error) {
	for _, start := range slices.Sorted(maps.Keys(w.open)) {
		if !over(start) {
			break
		}
		o := w.open[start]
		delete(w.open, start)
		n, err := w.idle(start, mostIdle, do)
		if passedOver += n; err != nil {
			return passedOver, err
		}
		if err := do(w.window(start, o)); err != nil {
			return passedOver, err
		}
	}
	return passedOver, nil
}

// rows returns a window with its flows, and the interfaces that it tells something of.
func (w *Windows) rows(start int64, o *opened) (out *Window, had map[string]bool) {
	out = &Window{Start: start / int64(time.Second), End: (start + w.interval) / int64(time.Second), Skipped: slices.Sorted(maps.Keys(o.skipped))}
	out.Rows = slices.Grow(out.Rows, len(o.flows))
	had = map[string]bool{}
	maps.Copy(had, o.skipped)
	for f, c := range o.flows {
		out.Rows = append(out.Rows, Row{f, *c})
		had[f.Interface] = true
	}
	w.flows -= len(o.flows)
	slices.SortFunc(out.Rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.First, b.First), a.Flow.compare(&b.Flow)) })
	for id := range had {
		if id != "" && !o.gone[id] {
			w.seen[id] = max(w.seen[id], start+w.interval)
		}
	}
	return out, had
}

// window returns a window that is over.
func (w *Windows) window(start int64, o *opened) *Window {
	out, had := w.rows(start, o)
	for id, until := range w.seen {
		if had[id] || until >= start+w.interval {
			continue
		}
		w.seen[id] = start + w.interval
		if w.unsure[id] <= start {
			delete(w.unsure, id)
			out.Idle = append(out.Idle, id)
		}
	}
	slices.Sort(out.Idle)
	return out
}

// idle tells the windows without any flow before the one that begins at start.
func (w *Windows) idle(start int64, most int, do func(*Window) error) (passedOver int64, err error) {
	if len(w.seen) == 0 {
		return 0, nil
	}
	last := int64(0)
	for _, until := range w.seen {
		last = max(last, until)
	}
	missing := (start - last) / w.interval
	if missing > int64(most) {
		return missing, nil
	}
	for at := last; at < start; at += w.interval {
		if w.open[at] != nil {
			continue // it is closed by itself
		}
		if err := do(w.window(at, &opened{})); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// floor returns the greatest multiple of step that is not above v.
func floor(v, step int64) int64 {
	m := v % step
	if m < 0 {
		m += step
	}
	return v - m
}

// Parts returns the window in parts of so many rows at most; interfaces that were skipped and those without flows are in the last.
func (w *Window) Parts(most int) iter.Seq[*Window] {
	return func(yield func(*Window) bool) {
		rows := w.Rows
		for len(rows) > most {
			if !yield(&Window{Start: w.Start, End: w.End, Rows: rows[:most]}) {
				return
			}
			rows = rows[most:]
		}
		if len(rows)+len(w.Skipped)+len(w.Idle) > 0 {
			yield(&Window{Start: w.Start, End: w.End, Rows: rows, Skipped: w.Skipped, Idle: w.Idle})
		}
	}
}
