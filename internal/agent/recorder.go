package agent

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/aggregate"
)

const (
	// mostIdleWindows is how many windows without any packet are told one after the other: a day of minutes.
	mostIdleWindows = 24 * 60
	// mostRecords is how many records an object has at most: in text, some 15 MB. AWS's objects have 75 MB at most (spec c.2).
	mostRecords = 1 << 19
	// mostFlows is how many flows may be open in windows of an interval: some 300 MB of memory.
	mostFlows = 1 << 20
	// mostWaiting is how many records may wait to be written: some 400 MB of memory.
	mostWaiting = 1 << 21
)

// recorder makes objects of flows. It is not for concurrent use.
type recorder struct {
	network *network
	logs    []config.FlowLog
	log     *slog.Logger
	counted *Counters
	// most is mostWaiting, and mostFlows how many flows may be open in windows of an interval: more are written before their window is over.
	most, mostFlows int

	windows map[time.Duration]*aggregate.Windows // by interval
	by      map[string][]*aggregate.Windows      // by interface: those of the flow logs that cover it
	last    Moment
	began   bool
	waiting []delivery
	// owed are interfaces of which records were given up, by flow log: its next window has SKIPDATA of them.
	owed map[*config.FlowLog]map[string]bool
	// failing are the folders that could not be written to, with why.
	failing map[string]string
}

// delivery is an object that is to be written.
type delivery struct {
	log   *config.FlowLog
	slot  time.Time
	batch *flowlog.Batch
}

func newRecorder(c *config.Config, n *network, log *slog.Logger, counted *Counters) *recorder {
	r := &recorder{
		network: n, logs: c.FlowLogs, log: log, counted: counted, most: mostWaiting, mostFlows: mostFlows, windows: map[time.Duration]*aggregate.Windows{},
		by: map[string][]*aggregate.Windows{}, owed: map[*config.FlowLog]map[string]bool{}, failing: map[string]string{},
	}
	for i := range r.logs {
		if l := &r.logs[i]; r.windows[l.Interval] == nil {
			r.windows[l.Interval] = aggregate.NewWindows(l.Interval)
		}
	}
	return r
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

// skip says that flows of an interface were lost.
func (r *recorder) skip(id string, at time.Time) {
	for _, w := range r.windowsOf(id) {
		w.Skip(id, at.UnixNano())
	}
}

// forget says that an interface is gone.
func (r *recorder) forget(id string) {
	for _, w := range r.windowsOf(id) {
		w.Forget(id)
	}
}

// clock says what time it is, before what was counted until then is added. Where the wall's clock was set, what is open is written, and time goes on from there.
func (r *recorder) clock(at Moment) {
	if step := r.last.step(at); r.began && step != 0 {
		r.log.Warn("the clock was set", "by", step)
		r.counted.stepped()
		r.spill()
		for _, w := range r.windows {
			w.Restart(at.Wall.UnixNano())
		}
	}
	r.last, r.began = at, true
}

// spill makes records of what open windows have so far.
func (r *recorder) spill() {
	for interval, w := range r.windows {
		r.report(w.Spill(func(w *aggregate.Window) error { return r.take(interval, w) }))
	}
}

// close closes the windows that are over.
func (r *recorder) close() {
	for interval, w := range r.windows {
		_, err := w.CloseUntil(r.last.Wall.UnixNano(), mostIdleWindows, func(w *aggregate.Window) error { return r.take(interval, w) })
		r.report(err)
	}
}

// report says that a window's records could not be made, which no input should do.
func (r *recorder) report(err error) {
	if err != nil {
		r.log.Error("records can't be made", "error", err)
	}
}

// take makes the records of a window that each flow log of an interval wants, by the slots of their ends.
func (r *recorder) take(interval time.Duration, w *aggregate.Window) error {
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
			if r.network.covers(l, row.Interface) && (l.Traffic == "ALL" || l.Traffic == row.Action) {
				to := ending(row.Last / int64(time.Second))
				to.Rows = append(to.Rows, *row)
			}
		}
		skipped := maps.Clone(r.owed[l])
		if skipped == nil {
			skipped = map[string]bool{}
		}
		delete(r.owed, l)
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
				if err := r.deliver(l, time.Unix(at, 0).UTC(), part); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// deliver puts the records of a part of a window to those that wait.
func (r *recorder) deliver(l *config.FlowLog, slot time.Time, part *aggregate.Window) error {
	b := flowlog.NewBatch(flowlog.KindVPC)
	if err := aggregate.AppendRecords(b, part, l.Format.RecordVersion(), r.network.about); err != nil {
		return err
	}
	r.waiting = append(r.waiting, delivery{l, slot, b})
	return nil
}

// write writes what waits. A folder that can't be written to is tried again the next time; what is too much is given up, the oldest first.
func (r *recorder) write() {
	failed := map[string]string{}
	var left []delivery
	records := 0
	for _, d := range r.waiting {
		if _, ok := failed[d.log.Destination]; !ok {
			data, err := encode(d.log, d.batch)
			if err != nil { // it would fail each time
				r.report(err)
				r.giveUp(&d)
				continue
			}
			if err = r.store(&d, data); err == nil {
				continue
			}
			failed[d.log.Destination] = err.Error()
			if r.failing[d.log.Destination] == "" {
				r.log.Error("an object can't be written, and is tried again", "flow_log", d.log.ID, "error", err)
			}
		}
		left = append(left, d)
		records += d.batch.Len()
	}
	for dir := range r.failing {
		if failed[dir] == "" {
			r.log.Info("objects are written again", "folder", dir)
		}
	}
	for records > r.most {
		records -= left[0].batch.Len()
		r.giveUp(&left[0])
		left = left[1:]
	}
	r.waiting, r.failing = left, failed
	r.counted.waits(records, failed)
}

// store writes an object.
func (r *recorder) store(d *delivery, data []byte) error {
	name, err := store(d.log, d.slot, data)
	if err != nil {
		return err
	}
	r.log.Debug("wrote an object", "flow_log", d.log.ID, "path", name, "records", d.batch.Len())
	r.counted.wrote(d.log.ID, d.batch.Len())
	return nil
}

// giveUp counts records that are given up, and owes SKIPDATA of their interfaces.
func (r *recorder) giveUp(d *delivery) {
	r.log.Error("records are given up", "flow_log", d.log.ID, "records", d.batch.Len())
	r.counted.gaveUp(d.log.ID, d.batch.Len())
	if r.owed[d.log] == nil {
		r.owed[d.log] = map[string]bool{}
	}
	for record := range d.batch.Records() {
		if id, ok := record.Text(flowlog.InterfaceID); ok {
			r.owed[d.log][id] = true
		}
	}
}

// end writes all that is left, and returns how many records could not be.
func (r *recorder) end() (left int) {
	r.spill()
	r.write()
	for _, d := range r.waiting {
		left += d.batch.Len()
	}
	return left
}
