package source

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Sieve is the part of a listing that all sources share: it lets through what a
// selection takes, holds back what must be compared or sorted, and keeps the
// accounts. It is safe for concurrent use; the caller's function is called one
// call at a time.
type Sieve struct {
	sel  Selection
	hold bool
	fn   func(Object) error

	mu      sync.Mutex
	listing Listing
	stopped error // fn's, after which it is not called again
	skipped map[string]bool
	held    []Object
	kept    int       // held after the last call of forget
	newest  time.Time // newest slot held
	written time.Time // newest modification time of held objects whose keys tell no time
}

// NewSieve returns a sieve that gives to fn what sel takes; sorted and all at
// the end where hold is true or sel asks for the newest only.
func NewSieve(sel Selection, hold bool, fn func(Object) error) (*Sieve, error) {
	if err := sel.Check(); err != nil {
		return nil, err
	}
	return &Sieve{sel: sel, hold: hold || sel.Newest > 0, fn: fn, skipped: map[string]bool{}}, nil
}

// Put judges one object and passes it on or holds it. It returns fn's error.
func (s *Sieve) Put(o Object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil {
		return s.stopped
	}
	l := &s.listing
	if strings.HasSuffix(o.Key, "/") && o.Size == 0 {
		l.Markers++
		return nil
	}
	if slot := o.Info.Slot; !slot.IsZero() {
		if l.First.IsZero() || slot.Before(l.First) {
			l.First = slot
		}
		if slot.After(l.Last) {
			l.Last = slot
		}
	}
	take, known := s.sel.Takes(o.Info)
	if !take {
		l.Pruned++
		l.PrunedBytes += o.Size
		return nil
	}
	if !known {
		l.Unjudged++
	}
	l.Objects++
	l.Bytes += o.Size
	if s.hold {
		s.keep(o)
		return nil
	}
	s.stopped = s.fn(o)
	return s.stopped
}

// keep holds an object until Finish, or until newer ones push it out.
func (s *Sieve) keep(o Object) {
	s.held = append(s.held, o)
	switch {
	case o.Info.Slot.After(s.newest):
		s.newest = o.Info.Slot
	case o.Info.Slot.IsZero() && o.ModTime.After(s.written):
		s.written = o.ModTime
	}
	if s.sel.Newest > 0 && len(s.held) > 2*s.kept+1024 {
		s.forget()
	}
}

// forget drops what is older than the newest, so that a bucket of years is not
// held in memory for its last day.
func (s *Sieve) forget() {
	kept := s.held[:0]
	for _, o := range s.held {
		if s.isNew(o) {
			kept = append(kept, o)
			continue
		}
		if _, known := s.sel.Takes(o.Info); !known {
			s.listing.Unjudged--
		}
		s.listing.Objects--
		s.listing.Bytes -= o.Size
		s.listing.Pruned++
		s.listing.PrunedBytes += o.Size
	}
	clear(s.held[len(kept):])
	s.held, s.kept = kept, len(kept)
}

// isNew reports whether an object is among the newest so many hours: 24 hours
// are 288 slots, the newest one among them.
func (s *Sieve) isNew(o Object) bool {
	switch k := o.Info; {
	case !k.Slot.IsZero():
		return k.Slot.After(s.newest.Add(-s.sel.Newest))
	case !s.newest.IsZero() && !k.FolderTo.IsZero():
		return k.FolderTo.After(s.newest.Add(-s.sel.Newest))
	}
	return o.ModTime.After(s.written.Add(-s.sel.Newest))
}

// Answered counts a request that was answered.
func (s *Sieve) Answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listing.Requests++
}

// Prune counts a folder that was not looked into.
func (s *Sieve) Prune() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listing.PrunedFolders++
}

// Skip notes, once, a place that was not looked into.
func (s *Sieve) Skip(url, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.skipped[url] {
		return
	}
	s.skipped[url] = true
	s.listing.Skipped = append(s.listing.Skipped, Skipped{URL: url, Reason: reason})
}

// Fail notes a folder that could not be listed.
func (s *Sieve) Fail(f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listing.Faults = append(s.listing.Faults, f)
}

// Finish gives out what was held and returns the accounts. It fails where there
// were faults and nothing was seen: then nobody can say that there is nothing.
func (s *Sieve) Finish() (Listing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sortNotes()
	if s.sel.Newest > 0 {
		s.forget()
	}
	Sort(s.held)
	for i, o := range s.held {
		if err := s.fn(o); err != nil {
			return s.listing, err
		}
		s.held[i] = Object{}
	}
	l := s.listing
	if len(l.Faults) == 0 || l.Objects+l.Pruned > 0 {
		return l, nil
	}
	if len(l.Faults) == 1 {
		return l, l.Faults[0]
	}
	return l, fmt.Errorf("%w (and %d more folders)", l.Faults[0], len(l.Faults)-1)
}

// Listing returns the accounts so far, for a listing that ends with an error.
func (s *Sieve) Listing() Listing {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sortNotes()
	return s.listing
}

// sortNotes puts skipped places and faults in the order of their URLs: they come
// from parallel requests.
func (s *Sieve) sortNotes() {
	slices.SortFunc(s.listing.Skipped, func(a, b Skipped) int { return strings.Compare(a.URL, b.URL) })
	slices.SortFunc(s.listing.Faults, func(a, b *Fault) int { return strings.Compare(a.URL, b.URL) })
}
