package logstore

import (
	"context"
	"iter"
)

// Settled returns the number of the last Put that is durable. No Put with this number or a smaller one can come any
// more: they have their numbers in the order in which they become durable, also over restarts. So who reads
// from one number to the next, and keeps the number with what it made of the events, sees each once.
func (s *Store) Settled() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.settled
}

// ReadPuts yields the events of a group whose Put has a number greater than after and not greater than to: first those
// that are in files, file by file, by their time, and then those of the tail, Put by Put. What was removed with
// its stream, or because it expired, is left out. A caller that follows gives for to what Settled said. Errors:
// ErrNoGroup, those of ctx and of the disk.
func (s *Store) ReadPuts(ctx context.Context, group string, after, to int64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := s.readPuts(ctx, group, after, to, func(e Event) bool { return yield(e, nil) }); err != nil {
			yield(Event{}, err)
		}
	}
}

// readPuts is ReadPuts with the error as its own; yield says whether to go on.
func (s *Store) readPuts(ctx context.Context, group string, after, to int64, yield func(Event) bool) error {
	snap, err := s.putsSnapshot(group, after, to)
	if err != nil {
		return err
	}
	defer snap.Close()
	for _, f := range snap.Files {
		if more, err := filePuts(ctx, f, group, after, to, yield); err != nil || !more {
			return err
		}
	}
	for _, b := range snap.tail {
		if err := ctx.Err(); err != nil {
			return err
		}
		c := b.cursor()
		for {
			more, err := c.next()
			if err != nil {
				return err
			}
			if !more {
				break
			}
			if !yield(b.event(group, b.stream, &c)) {
				return nil
			}
		}
	}
	return nil
}

// putsSnapshot is a snapshot of what may have events of Puts with some numbers, at any time.
func (s *Store) putsSnapshot(group string, after, to int64) (*Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[group]
	if g == nil {
		return nil, ErrNoGroup
	}
	out := &Snapshot{Group: group, store: s}
	for _, f := range g.files {
		if f.lastPut > after {
			f.pins++
			out.Files = append(out.Files, f)
		}
	}
	for _, b := range g.blocks() {
		if b.seq > after && b.seq <= to {
			out.tail = append(out.tail, streamBlock{b, g.byID[b.stream].Name})
		}
	}
	return out, nil
}

// filePuts yields the events of a file that are of Puts with some numbers; more says whether to go on.
func filePuts(ctx context.Context, f *File, group string, after, to int64, yield func(Event) bool) (more bool, err error) {
	r, err := openFile(f.Path)
	if err != nil {
		return false, err
	}
	defer r.close()
	for i := range r.left {
		if more, err := r.puts(ctx, i, group, after, to, yield); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// puts is filePuts for one group of rows.
func (f *fileReader) puts(ctx context.Context, i int, group string, after, to int64, yield func(Event) bool) (more bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if least, greatest, ok := f.bounds(i, columnOrdinal); ok && (greatest>>duplicateBits <= after || least>>duplicateBits > to) {
		return true, nil
	}
	r, err := f.read(i)
	if err != nil {
		return false, err
	}
	for n := range r.len() {
		if put := r.ordinal[n] >> duplicateBits; put <= after || put > to {
			continue
		}
		if !yield(Event{
			Group: group, Stream: string(r.stream[n]), Timestamp: r.ts[n], Ingestion: r.ingestion[n], Message: string(r.message[n]), Ordinal: int(r.ordinal[n]),
		}) {
			return false, nil
		}
	}
	return true, nil
}
