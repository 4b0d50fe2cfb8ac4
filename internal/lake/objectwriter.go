package lake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"

	"weir/flowlog"
)

// Result is how the reading of an object ended.
type Result struct {
	// State is Taken, Empty, Foreign or Failed. An object that broke off after
	// good records is Taken, with its Problem.
	State ObjectState
	// Problem and Hint are for people; "" where all is well.
	Problem, Hint string
	// Stats are the decoder's.
	Stats flowlog.Stats
}

// Settle returns the result of an object that gave so many records: without any it
// is empty, or where something was wrong, failed.
func (r Result) Settle(records int64) Result {
	switch {
	case r.State != Taken || records > 0:
	case r.Problem != "":
		r.State = Failed
	case r.Stats.Bad > 0:
		r.State, r.Problem = Failed, "no good record in it"
	default:
		r.State = Empty
	}
	return r
}

// An ObjectWriter takes the records of one object. It is for one goroutine.
type ObjectWriter struct {
	im     *Import
	ref    ObjectRef
	sum    [sha256.Size]byte
	flight *flight
	prior  bool // the ledger may have a row of the same place
	copies bool // another object has the same bytes

	// Set when the object is committed:
	replaces int64         // id of the object at the same place that goes
	owner    int64         // of a copy: the id of the object that answers for its bytes,
	original *ObjectWriter // or the object itself, where it is committed together
	inherits int64         // id of an object that goes, whose records are this one's from then on (they keep their weir_hour)

	result  Result
	pieces  map[hourKey][]piece
	bytes   int64 // of pieces
	spilled map[flowlog.Kind][]string
	told    map[string]attributed // what was told of the records of these files, by path
	hours   map[hourKey]hourSum
	newest  map[flowlog.Kind]int64 // the newest weir_hour, in seconds since the epoch
	unknown map[unknownField]bool
	records int64
}

// Write takes a batch, which the writer owns from then on. Records without any
// time (no slot in the object's key, no end, no start, no event time) are
// refused with ErrNoTime; the batch is not taken then.
func (w *ObjectWriter) Write(ctx context.Context, b *flowlog.Batch) error {
	if !w.ref.Complete(b) {
		return ErrNoTime
	}
	return w.WriteComplete(ctx, b)
}

// WriteComplete takes a batch that has weir's own columns already, weir_hour in
// every record. The writer owns the batch from then on.
func (w *ObjectWriter) WriteComplete(ctx context.Context, b *flowlog.Batch) error {
	hashes := recordHashes(b)
	defer hashRooms.put(hashes)
	split := hoursOf(b)
	if w.pieces == nil {
		w.pieces = map[hourKey][]piece{}
	}
	for key, rows := range split {
		if len(split) == 1 {
			rows = nil
		}
		p := piece{b, rows}
		sum := w.hours[key]
		sum.records += int64(p.len())
		if rows == nil {
			for _, h := range hashes {
				sum.checksum += h
			}
		}
		for _, i := range rows {
			sum.checksum += hashes[i]
		}
		w.hours[key], w.pieces[key] = sum, append(w.pieces[key], p)
	}
	if t, filled := b.FilledNum(flowlog.WeirHour); filled {
		w.newest[b.Kind()] = max(w.newest[b.Kind()], t)
	} else if times := b.Nums(flowlog.WeirHour); len(times) > 0 {
		w.newest[b.Kind()] = max(w.newest[b.Kind()], slices.Max(times))
	}
	for _, u := range b.Unknown() {
		w.unknown[unknownField{b.Kind(), u.Name}] = true
	}
	w.records += int64(b.Len())
	w.bytes += batchBytes(b)
	if w.bytes > w.im.opts.Memory/3 {
		return w.spill(ctx)
	}
	return nil
}

// hoursOf returns the places of a batch's records by their hour; nil where it is the
// only one.
func hoursOf(b *flowlog.Batch) map[hourKey][]uint32 {
	times := b.Nums(flowlog.WeirHour)
	hour := func(t int64) hourKey { return hourKey{b.Kind(), floorDiv(t, 3600) * 3600} }
	if t, filled := b.FilledNum(flowlog.WeirHour); filled {
		return map[hourKey][]uint32{hour(t): nil}
	}
	if len(times) == 0 {
		return nil
	}
	if hour(slices.Min(times)) == hour(slices.Max(times)) {
		return map[hourKey][]uint32{hour(times[0]): nil}
	}
	split := map[hourKey][]uint32{}
	var rows []uint32
	key := hour(times[0])
	for i, t := range times { // records of an hour mostly follow each other
		if t < key.hour || t >= key.hour+3600 {
			split[key] = rows
			key = hour(t)
			rows = split[key]
		}
		rows = append(rows, uint32(i))
	}
	split[key] = rows
	return split
}

// ErrNoTime says that records have no time by which they could be kept.
var ErrNoTime = errors.New("records without any time: no slot in the object's name, no start, no end, no event time")

// Complete fills weir's own columns of a batch that comes from the object. It
// reports false where a record has no time: neither has the object a slot, nor
// the record an end, a start or an event time.
func (r *ObjectRef) Complete(b *flowlog.Batch) bool {
	timed := true
	if !r.Slot.IsZero() {
		b.FillNum(flowlog.WeirHour, r.Slot.Unix())
	} else {
		hours := make([]int64, b.Len())
		end, start := b.Nums(flowlog.End), b.Nums(flowlog.Start)
		for i := range hours {
			hours[i] = firstPresent(i, end, start, b.EventTime)
			timed = timed && hours[i] != flowlog.Absent
		}
		b.SetNums(flowlog.WeirHour, hours)
	}
	b.FillText(flowlog.WeirObject, r.URL)
	b.FillText(flowlog.WeirFlowLogID, r.FlowLogID)
	b.FillText(flowlog.WeirLogOwner, r.LogOwner)
	b.FillText(flowlog.WeirRegion, r.Region)
	if own := b.Texts(flowlog.Region); own != nil {
		mixed := &flowlog.TextColumn{Codes: make([]uint32, b.Len())}
		for i := range mixed.Codes {
			region := r.Region
			if code := own.At(i); code != 0 {
				region = own.Dict[code]
			}
			mixed.Codes[i] = mixed.Code(region)
		}
		b.SetTexts(flowlog.WeirRegion, mixed)
	}
	return timed
}

// firstPresent returns the first number that is there at place i.
func firstPresent(i int, columns ...[]int64) int64 {
	for _, c := range columns {
		if i < len(c) && c[i] != flowlog.Absent {
			return c[i]
		}
	}
	return flowlog.Absent
}

// batchBytes estimates the memory that a batch holds.
func batchBytes(b *flowlog.Batch) int64 {
	n := int64(0)
	for _, f := range flowlog.Fields(b.Kind()) {
		if _, filled := b.FilledNum(f.ID); !filled {
			n += int64(8 * cap(b.Nums(f.ID)))
		}
		if c := b.Texts(f.ID); c != nil {
			n += textBytes(c)
		}
	}
	for _, u := range b.Unknown() {
		n += textBytes(u.Text)
	}
	return n
}

func textBytes(c *flowlog.TextColumn) int64 {
	// A dictionary entry: its header, some 16 bytes of text, what it had to grow.
	n := int64(48 * len(c.Dict))
	if !c.Filled() {
		n += int64(4 * cap(c.Codes))
	}
	return n
}

// spill writes what is held of the unfinished object to data files of its own.
func (w *ObjectWriter) spill(ctx context.Context) error {
	d := w.im.lake.definitionNow(ctx)
	for key, pieces := range w.pieces {
		f, err := w.im.lake.writeHour(ctx, key, pieces, nil, d)
		if err != nil {
			return err
		}
		if w.spilled == nil {
			w.spilled, w.told = map[flowlog.Kind][]string{}, map[string]attributed{}
		}
		w.spilled[key.kind] = append(w.spilled[key.kind], f.path)
		w.told[f.path] = f.told
		w.im.lake.setUncommitted([]string{f.path}, true)
	}
	w.release()
	w.bytes = 0
	return nil
}

// release lets go of the records that are held.
func (w *ObjectWriter) release() {
	for _, pieces := range w.pieces {
		for _, p := range pieces {
			p.batch.Release()
		}
	}
	w.pieces = nil
}

// Finish ends the object. Its records are committed with others soon, at the
// latest by [Import.Close].
func (w *ObjectWriter) Finish(ctx context.Context, r Result) error {
	r = r.Settle(w.records)
	if r.State != Taken {
		w.removeSpilled()
	}
	return w.finish(ctx, r)
}

// Abort drops the object: nothing of it is taken, and the ledger says nothing.
func (w *ObjectWriter) Abort() {
	w.removeSpilled()
	w.im.lake.flights.land(w.flight)
}

func (w *ObjectWriter) removeSpilled() {
	for _, paths := range w.spilled {
		for _, p := range paths {
			os.Remove(p)
		}
		w.im.lake.setUncommitted(paths, false)
	}
	w.spilled = nil
}

// finish hands the object to the import, and flushes where enough is held.
func (w *ObjectWriter) finish(ctx context.Context, r Result) error {
	w.result = r
	im := w.im
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.failed != nil {
		return fmt.Errorf("an earlier commit failed: %w", im.failed)
	}
	if len(im.waiting.objects) == 0 {
		im.since = im.lake.now()
	}
	im.waiting.add(w)
	im.held += w.bytes
	if im.waiting.bytes > im.opts.Memory/2 || im.lake.now().Sub(im.since) > im.opts.CommitEvery {
		im.flush(ctx, im.ripe(im.waiting.objects))
	}
	for im.held > im.opts.Memory && im.failed == nil {
		im.room.Wait()
	}
	return nil
}
