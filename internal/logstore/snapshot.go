package logstore

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"weir/flowlog"
)

// A Snapshot is the events of a group at one moment: each is in one of Files or in the tail. Its files stay
// in place until Close.
type Snapshot struct {
	// Group is the group's name.
	Group string
	// From and To bound the timestamp in milliseconds since the epoch, From inclusive, To exclusive, as was
	// asked for and as the group's retention leaves it. Files and tail have other events too.
	From, To int64
	// Files may hold events within the bounds.
	Files []*File

	store  *Store
	tail   []streamBlock
	number int64 // of the group's LogFormat
	format flowlog.Format
	once   sync.Once
}

// TailEvent is an event that is in no file yet, with its form as files have it.
type TailEvent struct {
	Event
	Form int32
}

// streamBlock is a block with the name of its stream.
type streamBlock struct {
	*block
	stream string
}

// Snapshot returns what a group has of a time, in milliseconds since the epoch, from inclusive, to
// exclusive; to 0 does not bound. The caller closes it. Errors: ErrNoGroup.
func (s *Store) Snapshot(_ context.Context, group string, from, to int64) (*Snapshot, error) {
	now := s.now()
	if to <= 0 {
		to = math.MaxInt64
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[group]
	if g == nil {
		return nil, ErrNoGroup
	}
	if g.retention > 0 {
		from = max(from, now.AddDate(0, 0, -g.retention).UnixMilli())
	}
	out := &Snapshot{Group: group, From: from, To: to, store: s}
	out.number, out.format = s.formatOf(g)
	for _, f := range g.files {
		if f.Last >= from && f.First < to {
			f.pins++
			out.Files = append(out.Files, f)
		}
	}
	for _, b := range g.blocks() {
		if b.last >= from && b.first < to {
			out.tail = append(out.tail, streamBlock{b, g.byID[b.stream].Name})
		}
	}
	return out, nil
}

// Close lets the files go.
func (p *Snapshot) Close() {
	p.once.Do(func() {
		p.store.mu.Lock()
		defer p.store.mu.Unlock()
		for _, f := range p.Files {
			f.pins--
			p.store.removeGone(f)
		}
	})
}

// Tail yields the events within the bounds that are in no file, Put by Put. Their forms are found with the first
// call, and kept for later ones and for files.
func (p *Snapshot) Tail() iter.Seq[TailEvent] {
	return func(yield func(TailEvent) bool) {
		forms := findForms(p.tail, p.number, p.format)
		for n, b := range p.tail {
			c := b.cursor()
			for i := 0; ; i++ {
				more, err := c.next()
				if !more || err != nil {
					break
				}
				if c.at < p.From || c.at >= p.To {
					continue
				}
				if !yield(TailEvent{b.event(p.Group, b.stream, &c), forms[n][i]}) {
					return
				}
			}
		}
	}
}

// event returns the event that a cursor is at.
func (b *block) event(group, stream string, c *blockCursor) Event {
	return Event{
		Group: group, Stream: stream, Timestamp: c.at, Ingestion: b.ingestion, Message: string(c.message),
		Ordinal: int(b.ordinal(c.duplicate)),
	}
}

// TailSize returns how many events the tail has, and how many bytes of messages: those of all Puts that
// have an event within the bounds.
func (p *Snapshot) TailSize() (events, bytes int64) {
	for _, b := range p.tail {
		events += int64(b.n)
		bytes += b.bytes
	}
	return events, bytes
}

// removeGone removes a file that counts no more and that nobody reads. What can't be removed goes with the
// next Open. The caller holds mu.
func (s *Store) removeGone(f *File) {
	if !f.gone || f.pins > 0 {
		return
	}
	if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Warn("a file of log events can't be removed", "error", err)
	}
}

// dropFiles takes files out of a group. The caller holds mu.
func (s *Store) dropFiles(g *group, files []*File) {
	gone := map[*File]bool{}
	for _, f := range files {
		gone[f] = true
		f.gone = true
		g.stored -= f.stored()
		s.removeGone(f)
	}
	g.files = slices.DeleteFunc(slices.Clone(g.files), func(f *File) bool { return gone[f] })
}

// addFiles adds files to a group. The caller holds mu.
func (s *Store) addFiles(g *group, files []*File) {
	for _, f := range files {
		g.stored += f.stored()
	}
	g.files = slices.Concat(g.files, files)
	sortFiles(g.files)
}

func sortFiles(files []*File) {
	slices.SortFunc(files, func(a, b *File) int { return cmp.Or(cmp.Compare(a.First, b.First), strings.Compare(a.Path, b.Path)) })
}

// relative returns a file's path as logs.db has it.
func (s *Store) relative(f *File) string {
	path, err := filepath.Rel(s.dirs.events, f.Path)
	if err != nil {
		return f.Path
	}
	return path
}
