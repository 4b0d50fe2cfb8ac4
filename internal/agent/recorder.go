package agent

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"weir/internal/agent/config"
	"weir/internal/agent/spool"
	"weir/internal/aggregate"
)

const (
	// mostIdleWindows is how many windows without any packet are told one after the other: a day of minutes.
	mostIdleWindows = 24 * 60
	// mostRecords is how many records an object has at most: in text, some 15 MB. AWS's objects have 75 MB at most (spec c.2).
	mostRecords = 1 << 19
	// slotLength is what an object has records of: those that end within 5 minutes. Source: VPC user guide, "Flow log files"; spec c.1.
	slotLength = 5 * 60
	// mostFlows is how many flows may be open in windows of an interval: some 300 MB of memory.
	mostFlows = 1 << 20
	// readSlack is how late a read may be, in nanoseconds, that is still taken for one of the window that has just ended: what was lost since the read before was lost there.
	readSlack = int64(time.Second)
)

// recorder makes items for destinations of flows. It is not for concurrent use.
type recorder struct {
	network *network
	logs    []config.FlowLog
	log     *slog.Logger
	counted *Counters
	// mostFlows is how many flows may be open in windows of an interval: more are told before their window is over.
	mostFlows int
	// room is for what waits and what is in made.
	room room

	windows map[time.Duration]*aggregate.Windows // by interval
	by      map[string][]*aggregate.Windows      // by interface: those of the flow logs that cover it
	// owed are interfaces of which records were given up, by the id of the flow log: its next window has SKIPDATA of them.
	owed map[string]map[string]bool
	made []spool.Item
	// again: changes are done again, and what they make is kept already. by bases are then done with rebase.
	again  bool
	rebase func(basis []byte)
}

func newRecorder(c *config.Config, n *network, log *slog.Logger, counted *Counters) *recorder {
	r := &recorder{network: n, logs: c.FlowLogs, log: log, counted: counted, mostFlows: mostFlows, room: room{each: c.SpoolBytes, all: c.StateBytes, waiting: map[string]int64{}}, owed: map[string]map[string]bool{}}
	r.forgetAll()
	return r
}

// forgetAll begins with windows that have nothing.
func (r *recorder) forgetAll() {
	r.windows, r.by = map[time.Duration]*aggregate.Windows{}, map[string][]*aggregate.Windows{}
	for i := range r.logs {
		if l := &r.logs[i]; r.windows[l.Interval] == nil {
			r.windows[l.Interval] = aggregate.NewWindows(l.Interval)
		}
	}
}

// windowsOf returns the windows in which an interface counts.
func (r *recorder) windowsOf(id string) []*aggregate.Windows {
	known, ok := r.by[id]
	if ok {
		return known
	}
	for i := range r.logs {
		if l := &r.logs[i]; r.network.covers(l, id) && !slices.Contains(known, r.windows[l.Interval]) {
			known = append(known, r.windows[l.Interval])
		}
	}
	r.by[id] = known
	return known
}

// add adds counts to their flow.
func (r *recorder) add(f *aggregate.Flow, c aggregate.Counts) {
	for _, w := range r.windowsOf(f.Interface) {
		if w.Len() >= r.mostFlows {
			r.spill()
		}
		w.Add(f, c)
	}
}

// reload takes another definition.
func (r *recorder) reload(n *network) {
	r.network = n
	clear(r.by)
}

// apply does a change, and puts what it makes to r.made.
func (r *recorder) apply(c *change) {
	if c.Anew {
		r.forgetAll()
	}
	if c.Basis != nil && r.again {
		r.rebase(c.Basis)
	}
	if w := r.windows[c.Interval]; w != nil && c.State != nil {
		w.Restore(c.State)
	}
	if c.Stepped {
		r.spill()
	}
	for _, w := range r.windows {
		if c.Stepped || c.Missed {
			w.Restart(c.At)
		}
	}
	for i := range c.Rows {
		r.add(&c.Rows[i].Flow, c.Rows[i].Counts)
	}
	for _, id := range c.Skipped {
		for _, w := range r.windowsOf(id) {
			w.Skip(id, c.SkippedAt)
			w.Unsure(id, max(c.SkippedAt, c.At-readSlack))
		}
	}
	for _, id := range c.Forgotten {
		for _, w := range r.windowsOf(id) {
			w.Forget(id)
		}
	}
	for _, interval := range slices.Sorted(maps.Keys(r.windows)) {
		if w := r.windows[interval]; c.Close {
			over, _ := w.CloseUntil(c.At, mostIdleWindows, func(w *aggregate.Window) error { r.take(interval, w); return nil }) // taking does not fail
			if over > 0 && !r.again {
				r.log.Warn("windows without any packet are too many to be told as NODATA", "windows", over, "interval", interval)
			}
		}
	}
	if c.Spill {
		r.spill()
	}
	for _, interval := range slices.Sorted(maps.Keys(c.Told)) {
		if w := r.windows[interval]; w != nil {
			is := func(id string) bool { return slices.Contains(c.Told[interval], id) }
			_ = w.SpillOf(is, func(w *aggregate.Window) error { r.take(interval, w); return nil }) // taking does not fail
		}
	}
}

// spill makes records of what open windows have so far.
func (r *recorder) spill() {
	for _, interval := range slices.Sorted(maps.Keys(r.windows)) {
		_ = r.windows[interval].Spill(func(w *aggregate.Window) error { r.take(interval, w); return nil }) // taking does not fail
	}
}

// snapshot returns changes that make the windows that there are.
func (r *recorder) snapshot() []*change {
	out := []*change{{Anew: true}}
	for interval, w := range r.windows {
		for s := range w.States(mostRows) {
			out = append(out, &change{Interval: interval, State: s})
		}
	}
	return out
}

// known returns the interfaces that windows tell something of, in order.
func (r *recorder) known() []string {
	all := map[string]bool{}
	for _, w := range r.windows {
		for _, id := range w.Known() {
			all[id] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// take makes the records of a window that each flow log of an interval wants, by the slots of their ends.
func (r *recorder) take(interval time.Duration, w *aggregate.Window) {
	var pairs *aggregate.Pairs
	if slices.ContainsFunc(r.logs, func(l config.FlowLog) bool { return l.Interval == interval && l.OfTransit() }) {
		pairs = aggregate.PairsOf(w, r.network.gatewayOf)
	}
	for i := range r.logs {
		l := &r.logs[i]
		if l.Interval != interval {
			continue
		}
		slots := map[int64]*aggregate.Window{}
		ending := func(end int64) *aggregate.Window {
			at := end - end%slotLength
			if slots[at] == nil {
				slots[at] = &aggregate.Window{Start: w.Start, End: w.End}
			}
			return slots[at]
		}
		for i := range w.Rows {
			row := &w.Rows[i]
			if r.network.covers(l, row.Interface) && (l.Traffic == "" || l.Traffic == "ALL" || l.Traffic == row.Action) {
				to := ending(row.Last / int64(time.Second))
				to.Rows = append(to.Rows, *row)
			}
		}
		skipped := maps.Clone(r.owed[l.ID])
		if skipped == nil {
			skipped = map[string]bool{}
		}
		delete(r.owed, l.ID)
		for _, id := range w.Skipped {
			if r.network.covers(l, id) {
				skipped[id] = true
			}
		}
		if len(skipped) > 0 {
			ending(w.End).Skipped = slices.Sorted(maps.Keys(skipped))
		}
		for _, id := range w.Idle {
			if r.network.covers(l, id) && !skipped[id] {
				to := ending(w.End)
				to.Idle = append(to.Idle, id)
			}
		}
		for _, at := range slices.Sorted(maps.Keys(slots)) {
			for part := range slots[at].Parts(mostRecords) {
				r.deliver(l, time.Unix(at, 0).UTC(), part, pairs)
			}
		}
	}
}

// deliver makes items of the records of a part of a window. Where too much waits, the records are given up: what waits is older, and was accepted. So are those that can't be
// made, which no input should do.
func (r *recorder) deliver(l *config.FlowLog, slot time.Time, part *aggregate.Window, pairs *aggregate.Pairs) {
	if r.again {
		return
	}
	var items []spool.Item
	b, err := r.recordsOf(l, part, pairs)
	if err == nil {
		items, err = itemsOf(l, slot, b)
	}
	var bytes int64
	for i := range items {
		bytes += int64(len(items[i].Header) + len(items[i].Data))
	}
	full := ""
	if err == nil {
		full = r.room.take(l.ID, bytes, r.logs)
	}
	r.counted.full(l.ID, full)
	if err != nil || full != "" {
		r.giveUp(l, part, full, err)
		return
	}
	r.made = append(r.made, items...)
}

// giveUp counts records that are given up, and owes SKIPDATA of their interfaces. An error says why they could not be made; nil: more waits than full, a key of the config, allows.
func (r *recorder) giveUp(l *config.FlowLog, part *aggregate.Window, full string, err error) {
	n := len(part.Rows) + len(part.Skipped) + len(part.Idle)
	if err != nil {
		r.log.Error("records can't be made, and are given up", "flow_log", l.ID, "records", n, "error", err)
	} else {
		r.log.Error("records are given up: more waits than the config allows", "flow_log", l.ID, "records", n, "bound", full)
	}
	r.counted.gaveUp(l.ID, n)
	owed := r.owed[l.ID]
	if owed == nil {
		owed = map[string]bool{}
		r.owed[l.ID] = owed
	}
	for i := range part.Rows {
		owed[part.Rows[i].Interface] = true
	}
	for _, id := range slices.Concat(part.Skipped, part.Idle) {
		owed[id] = true
	}
}
