package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/internal/agent/config"
	"weir/internal/agent/spool"
	"weir/internal/aggregate"
	"weir/internal/capture/ebpf"
)

// progress is the note of a step: what is kept with the rows of an epoch, so that they are kept once.
type progress struct {
	// Step numbers steps.
	Step uint64
	// Epoch is the last one whose rows are kept, which were read at At, in nanoseconds since the epoch.
	Epoch ebpf.Epoch
	At    int64
	// Tallies are those that SKIPDATA has been told of, by interface.
	Tallies map[string]tallies
	// Owed are interfaces whose SKIPDATA is still to be told, by flow log.
	Owed map[string][]string
	// Ended: the agent has read all that its tables counted, which ended with it.
	Ended bool
}

// unkept is a step that is not known to be on disk.
type unkept struct {
	step *spool.Step
	next progress
}

const (
	// mostEntries is how many entries there are before a snapshot takes their place: some thousand reads, which are done again in a second.
	mostEntries = 1 << 10
	// mostEntryBytes is how large they are then, if the snapshot before was not larger.
	mostEntryBytes = 16 << 20
)

// restore makes windows of what the spool has, and settles the epoch that is kept and was not known to be.
func (a *agent) restore(ctx context.Context) error {
	a.recorder.again, a.recorder.rebase = true, a.rebase
	defer func() { a.recorder.again = false }()
	note, err := a.spool.Restore(ctx, func(entry []byte) error {
		c, err := readChange(entry)
		if err == nil {
			a.recorder.apply(c)
		}
		return err
	})
	if err != nil || note == nil {
		return err
	}
	if err := json.Unmarshal(note, &a.kept); err != nil {
		return fmt.Errorf("the spool is of another build of the agent: %w", err)
	}
	a.recorder.owed = map[string]map[string]bool{}
	for id, owed := range a.kept.Owed {
		a.recorder.owed[id] = map[string]bool{}
		for _, eni := range owed {
			a.recorder.owed[id][eni] = true
		}
	}
	if e, ok := a.program.Closed(); ok && e == a.kept.Epoch {
		return a.program.Settle()
	}
	return nil
}

// turn reads what was counted, keeps it, and has what is over delivered. It reports false where it could not: then the counts stay in the kernel's tables, and are read
// the next time.
func (a *agent) turn() bool {
	if a.unkept != nil && !a.keep() {
		return false
	}
	at := a.Clock()
	c := &change{At: at.Wall.UnixNano(), Close: true, Missed: !a.began}
	if a.began && a.last.step(at) != 0 {
		a.translated.restart()
	}
	strange, around := map[string]int64{}, map[way]int64{}
	epoch, err := a.rows(c, strange, around)
	a.counted.read(at, err)
	if err != nil {
		a.Log.Error("what the kernel counted can't be read; it is tried again", "error", err)
		return false
	}
	next := a.kept
	next.Epoch, next.At, next.Tallies, next.Ended = epoch, c.At, maps.Clone(a.kept.Tallies), false
	if next.Tallies == nil {
		next.Tallies = map[string]tallies{}
	}
	c.SkippedAt = a.kept.At
	if step := a.last.step(at); a.began && step != 0 {
		a.Log.Warn("the clock was set", "by", step)
		a.counted.stepped()
		c.Stepped, c.SkippedAt = true, c.At
	}
	if a.kept.At == 0 {
		c.SkippedAt = c.At
	}
	a.last, a.began = at, true
	if a.kept.Step > 0 && epoch.Tables != a.kept.Epoch.Tables {
		c.Forgotten = a.recorder.known()
		if !a.kept.Ended { // what the tables of before had counted since they were last read is gone with them
			c.Skipped = c.Forgotten
		}
		clear(next.Tallies)
	}
	a.tallies(c, next.Tallies)
	c.Skipped, a.lost = append(c.Skipped, a.lost...), nil
	for device, packets := range strange {
		a.counted.sawStrange(device, packets)
	}
	a.counted.sawAround(around)
	for _, id := range a.forgotten {
		c.Forgotten = append(c.Forgotten, id)
		delete(next.Tallies, id)
		if device, ok := strings.CutPrefix(id, strangers); ok {
			a.counted.forget(device)
		}
	}
	a.forgotten = nil
	for i := range c.Rows {
		a.counted.saw(&c.Rows[i].Flow, &c.Rows[i].Counts)
	}
	return a.apply(c, next)
}

// rows reads the closed epoch, and returns its name. What no flow log has is counted alone.
func (a *agent) rows(c *change, strange map[string]int64, around map[way]int64) (epoch ebpf.Epoch, err error) {
	epoch, err = a.program.Turn()
	if err == nil && epoch == a.kept.Epoch { // it is kept, and could not be settled then
		if err = a.program.Settle(); err == nil {
			epoch, err = a.program.Turn()
		}
	}
	if err != nil {
		return epoch, err
	}
	a.beginRead()
	return epoch, a.program.Rows(func(f *aggregate.Flow, n aggregate.Counts) error {
		if device, ok := strings.CutPrefix(f.Interface, strangers); ok {
			strange[device] += n.Packets
			return nil
		}
		if a.recorder.network.goesAround(f) {
			around[way{f.Interface, f.Egress}] += n.Packets
			return nil
		}
		a.translated.behind(f, n.First)
		c.Rows = append(c.Rows, aggregate.Row{Flow: *f, Counts: n})
		return nil
	})
}

// tallies asks what of interfaces is in no flow. What was lost since the last read is SKIPDATA.
func (a *agent) tallies(c *change, known map[string]tallies) {
	missed := a.missed()
	for _, m := range a.attached {
		id := m.id()
		t, err := a.program.Tallies(id)
		if err != nil {
			a.Log.Error("what is in no flow can't be read", "interface", id, "error", err)
			c.Skipped = append(c.Skipped, id)
			continue
		}
		was := known[id]
		if lostSince(&was, &t) > 0 || missed && (m.Mode == observing || a.tellsLosses(m)) {
			c.Skipped = append(c.Skipped, id)
		}
		known[id] = t
		a.counted.tally(id, &t)
	}
}

// farewell asks for the last time what of an interface is in no flow: when other policies are in force, nobody can.
func (a *agent) farewell(id string) {
	t, err := a.program.Tallies(id)
	was := a.kept.Tallies[id]
	if err != nil || lostSince(&was, &t) > 0 {
		a.lost = append(a.lost, id)
	}
	if err != nil {
		a.Log.Error("what is in no flow can't be read", "interface", id, "error", err)
		return
	}
	a.counted.tally(id, &t)
}

// missing forgets the interfaces that an agent before counted and whose devices went before this one looked. Where they come again, they are new.
func (a *agent) missing() {
	there := map[string]bool{}
	for _, m := range a.attached {
		there[m.id()] = true
	}
	known := slices.AppendSeq(a.recorder.known(), maps.Keys(a.kept.Tallies))
	slices.Sort(known)
	for _, id := range slices.Compact(known) {
		if !there[id] {
			a.forgotten = append(a.forgotten, id)
			a.farewell(id)
		}
	}
}

// apply does a change to the windows, and keeps it with what it makes.
func (a *agent) apply(c *change, next progress) bool {
	a.recorder.room.begin(a.spool)
	a.recorder.made = nil
	later := a.later(c)
	changes := c.split(mostRows)
	for _, part := range changes {
		a.recorder.apply(part)
	}
	if !a.based {
		changes = append([]*change{{Basis: a.basis()}}, changes...)
	}
	if c.Close {
		changes = append(changes, a.goOn(later)...)
	}
	size := a.spool.Entries()
	whole := size.Count > mostEntries || size.Bytes > max(mostEntryBytes, 4*a.snapshot)
	if whole {
		changes = a.recorder.snapshot()
		changes[0].Basis = a.basis()
	}
	a.based = true
	next.Step++
	next.Owed = map[string][]string{}
	for id, owed := range a.recorder.owed {
		next.Owed[id] = slices.Sorted(maps.Keys(owed))
	}
	step := &spool.Step{Items: a.recorder.made, Snapshot: whole}
	var err error
	if step.Note, err = json.Marshal(next); err == nil {
		for _, part := range changes {
			var entry []byte
			if entry, err = part.entry(); err != nil {
				break
			}
			step.Entries = append(step.Entries, entry)
		}
	}
	if err != nil { // no input does this
		a.Log.Error("what was counted can't be written down", "error", err)
		return false
	}
	if whole {
		a.snapshot = int64(len(bytes.Join(step.Entries, nil)))
	}
	a.unkept = &unkept{step, next}
	return a.keep()
}

// keep keeps a step, and settles its epoch. Where the disk does not take it, it is tried again before the next read.
func (a *agent) keep() bool {
	err := a.spool.Append(context.Background(), a.unkept.step)
	if a.counted.kept(err) {
		if err != nil {
			a.Log.Error("what was counted stays in the kernel's tables until the disk takes it", "error", err)
		} else {
			a.Log.Info("what was counted is kept on disk again")
		}
	}
	if err != nil {
		return false
	}
	a.kept, a.unkept = a.unkept.next, nil
	if e, ok := a.program.Closed(); ok && e == a.kept.Epoch {
		if err := a.program.Settle(); err != nil {
			a.Log.Error("the kernel's tables do not know that their counts are kept; it is tried again", "error", err)
		}
	}
	a.deliverer.wake()
	a.forgetFlowLogs()
	return true
}

// forgetFlowLogs forgets the flow logs that are not made any more and of which nothing waits.
func (a *agent) forgetFlowLogs() {
	here, queues := map[string]bool{}, map[spool.Queue]bool{}
	for id := range a.spool.Waiting() {
		here[id] = true
	}
	for _, logs := range [][]config.FlowLog{a.recorder.logs, a.Config.FlowLogs} { // an agent that begins may go on by those of before
		for i := range logs {
			here[logs[i].ID] = true
			if q, err := queueOf(&logs[i]); err == nil {
				queues[q] = true
			}
		}
	}
	a.deliverer.forget(queues)
	a.counted.forgetFlowLogs(here, a.Clock().Mono)
}

// errUnkept says that an agent ends and the disk has not what it counted.
var errUnkept = errors.New("what was counted last is not on disk")

// end keeps and delivers what is left. Where what the kernel counts by ends with the agent, it is taken away before, so that nothing passes uncounted.
func (a *agent) end() error {
	var err error
	pinned := a.pinned()
	if !pinned {
		err = a.detach()
	}
	if !a.turn() {
		return errors.Join(err, errUnkept)
	}
	next := a.kept
	next.Ended = !pinned
	if !a.apply(&change{At: a.kept.At, Spill: true}, next) {
		return errors.Join(err, errUnkept)
	}
	if left := a.deliverer.end(); left > 0 {
		a.Log.Warn("records wait in the spool, and are delivered when an agent runs again", "records", left, "state", a.Config.State)
	} else if err == nil {
		a.Log.Info("wrote what was left")
	}
	if pinned && len(a.attached) > 0 {
		a.Log.Info("the kernel goes on counting and deciding; weir-agent detach --all ends that", "devices", len(a.attached))
	}
	return err
}
