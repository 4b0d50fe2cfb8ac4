package logstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"

	"weir/internal/sqlitedb"
)

// Files below smallFile are put together once there are severalFiles of a group and a day, or, of a day that
// is over, fewFiles; so that each event is written few times, and questions open few files. mostMerged bounds
// the bytes of one merge.
const (
	smallFile    = 64 << 20
	severalFiles = 8
	fewFiles     = 4
	mostMerged   = 256 << 20
)

// Compact puts small files together.
func (s *Store) Compact(ctx context.Context) error {
	for {
		s.maint.Lock()
		g, files := s.toMerge()
		var err error
		if g != nil {
			var f *File
			if f, err = s.mergeFiles(ctx, g, files, ""); err == nil {
				err = s.replace(ctx, g, files, []*File{f}, nil, nil)
			}
		}
		s.maint.Unlock()
		if err != nil {
			return fmt.Errorf("cannot put files of log events together: %w", err)
		}
		if g == nil {
			return nil
		}
	}
}

// toMerge returns files that are worth to be put together, nil where there are none.
func (s *Store) toMerge() (*group, []*File) {
	yesterday := s.now().UnixMilli()/dayMillis - 1
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, g := range s.groups {
		days := map[int64][]*File{}
		for _, f := range g.files {
			if f.Size < smallFile {
				days[f.First/dayMillis] = append(days[f.First/dayMillis], f)
			}
		}
		for day, files := range days {
			enough := severalFiles
			if day < yesterday {
				enough = fewFiles
			}
			if len(files) < enough {
				continue
			}
			slices.SortFunc(files, func(a, b *File) int { return cmp.Compare(a.Size, b.Size) })
			size, n := int64(0), 0
			for n < len(files) && size+files[n].Size <= mostMerged {
				size += files[n].Size
				n++
			}
			// A file that is larger than all others together stays: else it would be written again and again.
			for n >= enough && files[n-1].Size > size-files[n-1].Size {
				n--
				size -= files[n].Size
			}
			if n >= enough {
				return g, files[:n]
			}
		}
	}
	return nil, nil
}

// replace lets fresh files of a group take the place of old ones. also, which may be nil, does more in the same
// transaction, and then, which may be nil, more behind it, with mu held. The caller holds maint.
func (s *Store) replace(ctx context.Context, g *group, old, fresh []*File, also func(*sql.Tx) error, then func()) error {
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		if err := s.deleteFiles(ctx, tx, old); err != nil {
			return err
		}
		if err := s.insertFiles(ctx, tx, g, fresh); err != nil {
			return err
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE progress SET seq = ?", s.seq.Load())
		return err
	})
	if err != nil {
		for _, f := range fresh {
			var named int
			if s.db.QueryRowContext(ctx, "SELECT count(*) FROM files WHERE path = ?", s.relative(f)).Scan(&named) == nil && named == 0 {
				os.Remove(f.Path)
			}
		}
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropFiles(g, old)
	s.addFiles(g, fresh)
	if then != nil {
		then()
	}
	return nil
}

// mergeFiles writes the events of files of a group and day as one file, but for those of the stream without,
// where that is not ""; nil where none is left. The caller holds maint.
func (s *Store) mergeFiles(ctx context.Context, g *group, files []*File, without string) (_ *File, err error) {
	var chunks []chunk
	first, last := files[0].First, files[0].Last
	for _, f := range files {
		chunks = append(chunks, fileChunk(f, 0))
		first, last = min(first, f.First), max(last, f.Last)
	}
	m := newMerge(chunks, first, last, false)
	defer m.close()
	var w *fileWriter
	defer func() {
		if err != nil && w != nil {
			w.abandon()
		}
	}()
	var out rows
	write := func() error {
		if err := ctx.Err(); err != nil || out.len() == 0 {
			return err
		}
		if w == nil {
			if w, err = createFile(s.newFilePath(g, first)); err != nil {
				return err
			}
		}
		err := w.write(&out)
		out.reset()
		return err
	}
	for {
		r, i, err := m.next()
		if err != nil {
			return nil, err
		}
		if r == nil {
			break
		}
		if without != "" && string(r.stream[i]) == without {
			continue
		}
		if out.full() {
			if err := write(); err != nil {
				return nil, err
			}
		}
		out.appendRow(r, i)
	}
	if err := write(); err != nil || w == nil {
		return nil, err
	}
	f, err := w.close()
	w = nil
	return f, err
}

// errNotNamed says that logs.db has other files than memory, as after a transaction that failed and was
// committed: the next Open puts it right, and until then nothing is taken twice.
var errNotNamed = errors.New("a file of log events is not the one that is noted")

// deleteFiles notes that files do not count any more.
func (s *Store) deleteFiles(ctx context.Context, tx *sql.Tx, files []*File) error {
	for _, f := range files {
		r, err := tx.ExecContext(ctx, "DELETE FROM files WHERE path = ?", s.relative(f))
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, errNotNamed)
		}
	}
	return nil
}

// Expire removes the files all of whose events are older than their group's retention. Readings leave out
// the older events of those that stay.
func (s *Store) Expire(ctx context.Context) error {
	s.maint.Lock()
	defer s.maint.Unlock()
	now := s.now()
	expired := map[*group][]*File{}
	s.mu.RLock()
	for _, g := range s.groups {
		if g.retention == 0 {
			continue
		}
		limit := now.AddDate(0, 0, -g.retention).UnixMilli()
		for _, f := range g.files {
			if f.Last < limit {
				expired[g] = append(expired[g], f)
			}
		}
	}
	s.mu.RUnlock()
	if len(expired) == 0 {
		return nil
	}
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		for _, files := range expired {
			if err := s.deleteFiles(ctx, tx, files); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cannot remove expired log events: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for g, files := range expired {
		s.dropFiles(g, files)
	}
	return nil
}

// DeleteStream removes a stream with its events. Files that have some are written anew. Errors: ErrNoGroup,
// ErrNoStream.
func (s *Store) DeleteStream(ctx context.Context, groupName, name string) error {
	s.maint.Lock()
	defer s.maint.Unlock()
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	s.mu.RLock()
	g := s.groups[groupName]
	var st *stream
	var touched []*File
	if g != nil {
		st = g.streams[name]
		for _, f := range g.files {
			if f.firstStream <= name && name <= f.lastStream {
				touched = append(touched, f)
			}
		}
	}
	s.mu.RUnlock()
	switch {
	case g == nil:
		return ErrNoGroup
	case st == nil:
		return ErrNoStream
	}
	var fresh []*File
	for _, f := range touched {
		left, err := s.mergeFiles(ctx, g, []*File{f}, name)
		if err != nil {
			return fmt.Errorf("cannot remove the events of a log stream: %w", err)
		}
		if left != nil {
			fresh = append(fresh, left)
		}
	}
	return s.replace(ctx, g, touched, fresh, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM streams WHERE id = ?", st.id)
		return err
	}, func() {
		delete(g.streams, name)
		delete(g.byID, st.id)
		s.dropBlocks(g, func(b *block) bool { return b.stream == st.id })
	})
}
