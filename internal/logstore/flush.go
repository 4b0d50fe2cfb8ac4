package logstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"weir/flowlog"
	"weir/internal/sqlitedb"
)

// frozen is what a flush makes files of: the blocks in the segments before a number.
type frozen struct {
	before int64 // number of a segment
	began  time.Time
}

// dayMillis is the time that one file is of at most.
const dayMillis = 24 * 60 * 60 * 1000

// Flush makes files of all that is in the tail.
func (s *Store) Flush(ctx context.Context) error {
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	if s.pending != nil { // of a flush that failed
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	return s.flush(ctx)
}

// flush makes files of what is frozen, or freezes and then does. The caller holds flushMu.
func (s *Store) flush(ctx context.Context) error {
	err := s.flushFrozen(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushErr = err
	s.releaseLocked(0) // who waits looks at it
	return err
}

func (s *Store) flushFrozen(ctx context.Context) error {
	if s.pending == nil {
		if err := s.freeze(); err != nil {
			return err
		}
	} else if done, err := s.wasCommitted(ctx); err != nil || done {
		return err
	}
	if s.pending == nil {
		return nil
	}
	w := &flushWriter{store: s}
	if err := w.writeGroups(ctx); err != nil {
		w.abandon()
		return fmt.Errorf("cannot write log events as files: %w", err)
	}
	if err := s.commitFlush(ctx, w); err != nil {
		switch done, askErr := s.wasCommitted(ctx); {
		case done:
			return nil
		case askErr == nil:
			w.abandon()
		} // else it is asked again before the next try
		return fmt.Errorf("cannot note the files of log events: %w", err)
	}
	s.publish(w.files)
	return nil
}

// freeze begins another segment, so that what is in those before can become files. It leaves pending nil
// where that is nothing.
func (s *Store) freeze() error {
	s.mu.RLock()
	some := !s.oldest.IsZero()
	s.mu.RUnlock()
	if !some {
		return nil
	}
	s.segMu.Lock()
	defer s.segMu.Unlock()
	if err := s.rotate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = &frozen{before: s.seg.number, began: s.now()}
	for _, g := range s.groups {
		g.frozen, g.active = g.active, nil
	}
	s.oldest, s.fresh, s.full = time.Time{}, 0, false
	return nil
}

// wasCommitted looks after a flush that failed while it was committed. Where it was committed after all, the
// files are read from logs.db.
func (s *Store) wasCommitted(ctx context.Context) (bool, error) {
	s.metaMu.Lock() // logs.db and memory have the same files now
	defer s.metaMu.Unlock()
	var from int64
	if err := s.db.QueryRowContext(ctx, "SELECT tail_from FROM progress").Scan(&from); err != nil {
		return false, fmt.Errorf("cannot read which log events are in files: %w", err)
	}
	if from < s.pending.before {
		return false, nil
	}
	fresh := &Store{db: s.db, dirs: s.dirs, groups: map[string]*group{}}
	if err := fresh.load(ctx); err != nil {
		return false, err
	}
	files := map[*group][]*File{}
	s.mu.RLock()
	for name, g := range s.groups {
		have := map[string]bool{}
		for _, f := range g.files {
			have[f.Path] = true
		}
		if other := fresh.groups[name]; other != nil && other.id == g.id {
			for _, f := range other.files {
				if !have[f.Path] {
					files[g] = append(files[g], f)
				}
			}
		}
	}
	s.mu.RUnlock()
	s.publish(files)
	return true, nil
}

// publish lets the files take the place of the frozen blocks, and removes their segments.
func (s *Store) publish(files map[*group][]*File) {
	s.mu.Lock()
	for g, list := range files {
		s.addFiles(g, list)
	}
	for _, g := range s.groups {
		for _, b := range g.frozen {
			g.stored -= b.stored()
			s.tailBytes -= b.size()
		}
		g.frozen = nil
	}
	s.releaseLocked(0)
	s.mu.Unlock()
	s.removeSegments(s.pending.before)
	s.pending = nil
}

// removeSegments removes the segments before a number. What stays goes with the next Open.
func (s *Store) removeSegments(before int64) {
	entries, err := os.ReadDir(s.dirs.tail)
	for _, e := range entries {
		if number, ok := segmentNumber(e.Name()); ok && number < before {
			err = errors.Join(err, os.Remove(filepath.Join(s.dirs.tail, e.Name())))
		}
	}
	if err != nil {
		s.log.Warn("segments of log events that are in files can't be removed", "error", err)
	}
}

// commitFlush notes what a flush wrote.
func (s *Store) commitFlush(ctx context.Context, w *flushWriter) error {
	type times struct {
		id int64
		Stream
	}
	var changed []times
	s.mu.Lock()
	for _, g := range s.groups {
		for _, st := range g.streams {
			if st.dirty {
				changed = append(changed, times{st.id, st.Stream})
				st.dirty = false
			}
		}
	}
	s.mu.Unlock()
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		for g, files := range w.files {
			if err := s.insertFiles(ctx, tx, g, files); err != nil {
				return err
			}
		}
		if err := insertObjects(ctx, tx, w.objects); err != nil {
			return err
		}
		update, err := tx.PrepareContext(ctx, "UPDATE streams SET first_event = ?, last_event = ?, last_ingestion = ? WHERE id = ?")
		if err != nil {
			return err
		}
		defer update.Close()
		for _, c := range changed {
			if _, err := update.ExecContext(ctx, c.FirstEvent, c.LastEvent, c.LastIngestion, c.id); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "UPDATE progress SET tail_from = ?, seq = ?", s.pending.before, s.seq.Load())
		return err
	})
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, g := range s.groups {
			for _, st := range g.streams {
				st.dirty = true // more than need be: it is rare
			}
		}
	}
	return err
}

// insertFiles notes files of a group.
func (s *Store) insertFiles(ctx context.Context, tx *sql.Tx, g *group, files []*File) error {
	for _, f := range files {
		_, err := tx.ExecContext(ctx, "INSERT INTO files (path, grp, first, last, first_stream, last_stream, events, bytes, size, last_put) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			s.relative(f), g.id, f.First, f.Last, f.firstStream, f.lastStream, f.Events, f.Bytes, f.Size, f.lastPut)
		if err != nil {
			return err
		}
	}
	return nil
}

// flushWriter writes the files of a flush.
type flushWriter struct {
	store   *Store
	files   map[*group][]*File
	objects []Object

	day    *fileWriter // the file that is written
	object *objectWriter
	rows   rows
}

// writeGroups writes the frozen blocks of all groups.
func (w *flushWriter) writeGroups(ctx context.Context) error {
	s := w.store
	w.files = map[*group][]*File{}
	type part struct {
		g      *group
		number int64
		format flowlog.Format
		blocks []streamBlock
	}
	var parts []part
	s.mu.RLock()
	for _, g := range s.groups {
		if len(g.frozen) == 0 {
			continue
		}
		p := part{g: g}
		p.number, p.format = s.formatOf(g)
		for _, b := range g.frozen {
			p.blocks = append(p.blocks, streamBlock{b, g.byID[b.stream].Name})
		}
		parts = append(parts, p)
	}
	s.mu.RUnlock()
	for _, p := range parts {
		if err := w.writeGroup(ctx, p.g, p.number, p.format, p.blocks); err != nil {
			return err
		}
	}
	return nil
}

// writeGroup writes blocks of a group as files, and what of them are flow log records as objects.
func (w *flushWriter) writeGroup(ctx context.Context, g *group, number int64, f flowlog.Format, blocks []streamBlock) error {
	n := 0
	for _, b := range blocks {
		n += b.n
	}
	refs := make([]ref, 0, n)
	for _, b := range blocks {
		refs = appendRefs(refs, b.block, b.stream, number)
	}
	sortRefs(refs)
	write := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.rows.fillForms(number, f)
		if err := w.writeObjects(g, number); err != nil {
			return err
		}
		err := w.day.write(&w.rows)
		w.rows.reset()
		return err
	}
	end := func() error {
		if w.day == nil {
			return nil
		}
		if err := write(); err != nil {
			return err
		}
		day := w.day
		w.day = nil
		file, err := day.close()
		if err == nil {
			w.files[g] = append(w.files[g], file)
		}
		return err
	}
	for i := range refs {
		e := &refs[i]
		var err error
		if w.day == nil || i > 0 && e.at/dayMillis != refs[i-1].at/dayMillis {
			if err = end(); err == nil {
				w.day, err = createFile(w.store.newFilePath(g, e.at))
			}
		} else if w.rows.full() {
			err = write()
		}
		if err != nil {
			return err
		}
		w.rows.append(e.at, e.block.ingestion, e.block.ordinal(e.duplicate), e.form, e.stream, e.message)
	}
	if err := end(); err != nil {
		return err
	}
	return w.endObject()
}

// newFilePath returns the path of another file of a group and the day of a time.
func (s *Store) newFilePath(g *group, at int64) string {
	day := time.UnixMilli(at).UTC().Format("2006-01-02")
	return filepath.Join(s.groupDir(g), fmt.Sprintf("%s-%d.parquet", day, s.seq.Add(1)))
}

// abandon removes what was written.
func (w *flushWriter) abandon() {
	if w.day != nil {
		w.day.abandon()
	}
	if w.object != nil {
		w.object.abandon()
	}
	for _, list := range w.files {
		for _, f := range list {
			os.Remove(f.Path)
		}
	}
	for _, o := range w.objects {
		os.Remove(filepath.Join(w.store.dirs.records, o.Name))
	}
}

// open returns a context that ends when the store is closed.
func (s *Store) open() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-s.closing
		cancel()
	}()
	return ctx, cancel
}

// flushInTime flushes what is old or much, until the store is closed.
func (s *Store) flushInTime() {
	ctx, cancel := s.open()
	defer cancel()
	every := s.flushAge
	if every < 0 {
		every = time.Hour
	}
	tick := time.NewTicker(max(every/4, time.Millisecond))
	defer tick.Stop()
	for {
		var err error
		select {
		case <-s.closing:
			return
		case <-s.kick:
			s.mu.RLock()
			due := s.fresh >= s.flushBytes || s.full
			s.mu.RUnlock()
			if due {
				err = s.flushOnce(ctx)
			}
		case <-tick.C:
			s.mu.RLock()
			due := s.flushAge > 0 && !s.oldest.IsZero() && s.now().Sub(s.oldest) >= s.flushAge
			s.mu.RUnlock()
			if due || s.failed() {
				err = s.flushOnce(ctx)
			}
		}
		if err != nil && ctx.Err() == nil {
			s.log.Error("log events stay in the tail", "error", err)
		}
	}
}

// failed reports whether the last flush failed.
func (s *Store) failed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.flushErr != nil
}

// flushOnce flushes, and lets the small files that it makes be put together.
func (s *Store) flushOnce(ctx context.Context) error {
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	err := s.flush(ctx)
	wakeUp(s.tidy)
	return err
}

// tidyInTime puts small files together and removes what is expired, until the store is closed.
func (s *Store) tidyInTime() {
	ctx, cancel := s.open()
	defer cancel()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-s.closing:
			return
		case <-s.tidy:
			err = s.Compact(ctx)
		case <-tick.C:
			err = errors.Join(s.Expire(ctx), s.Compact(ctx))
		}
		if err != nil && ctx.Err() == nil {
			s.log.Error("files of log events stay as they are", "error", err)
		}
	}
}
