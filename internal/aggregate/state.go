package aggregate

import (
	"iter"
	"maps"
	"slices"
)

// A State is a part of what windows have that are open, for whoever keeps it.
type State struct {
	// Newest is the end of the newest window, in nanoseconds since the epoch.
	Newest int64
	// Rows are flows, each of the window that its first packet is in.
	Rows []Row
	// Skipped are starts of windows, in nanoseconds since the epoch, of interfaces that flows were lost of.
	Skipped map[string][]int64
	// Gone are those of interfaces that were forgotten since.
	Gone map[string][]int64
	// Seen are the interfaces that had a flow, with the end of the last window that was closed for each, in nanoseconds since the epoch.
	Seen map[string]int64
	// Unsure are the interfaces with packets that nobody knows the windows of, with the end of the last window that may have some, in nanoseconds since the epoch.
	Unsure map[string]int64
}

// States returns what windows have that are open, in parts of so many rows at most. Windows to which all parts are given in their order by [Windows.Restore] go on as these.
func (w *Windows) States(most int) iter.Seq[*State] {
	return func(yield func(*State) bool) {
		out := &State{Newest: w.newest}
		for _, o := range w.open {
			for f, c := range o.flows {
				if len(out.Rows) == most {
					if !yield(out) {
						return
					}
					out = &State{Newest: w.newest}
				}
				out.Rows = append(out.Rows, Row{f, *c})
			}
		}
		out.Skipped, out.Gone, out.Seen = map[string][]int64{}, map[string][]int64{}, maps.Clone(w.seen)
		out.Unsure = maps.Clone(w.unsure)
		for start, o := range w.open {
			for id := range o.skipped {
				out.Skipped[id] = append(out.Skipped[id], start)
			}
			for id := range o.gone {
				out.Gone[id] = append(out.Gone[id], start)
			}
		}
		yield(out)
	}
}

// Restore adds what other windows of the same interval had.
func (w *Windows) Restore(s *State) {
	for i := range s.Rows {
		w.add(w.at(floor(s.Rows[i].First, w.interval)), &s.Rows[i].Flow, s.Rows[i].Counts)
	}
	for id, starts := range s.Skipped {
		for _, at := range starts {
			w.Skip(id, at)
		}
	}
	for id, starts := range s.Gone {
		for _, at := range starts {
			w.at(at).gone[id] = true
		}
	}
	for id, until := range s.Seen {
		w.seen[id] = max(w.seen[id], until)
	}
	for id, until := range s.Unsure {
		w.unsure[id] = max(w.unsure[id], until)
	}
	w.newest = max(w.newest, s.Newest)
}

// Known returns the interfaces that had a flow and are not forgotten, in order.
func (w *Windows) Known() []string {
	all := map[string]bool{}
	for id := range w.seen {
		all[id] = true
	}
	for _, o := range w.open {
		for id := range o.interfaces() {
			if !o.gone[id] {
				all[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Open returns the interfaces of which open windows have something, those that were forgotten since among them.
func (w *Windows) Open() map[string]bool {
	all := map[string]bool{}
	for _, o := range w.open {
		maps.Copy(all, o.interfaces())
	}
	return all
}

// interfaces returns those of which a window has something.
func (o *opened) interfaces() map[string]bool {
	all := maps.Clone(o.skipped)
	for f := range o.flows {
		all[f.Interface] = true
	}
	return all
}
