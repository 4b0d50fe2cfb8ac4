package accesskey

import (
	"os"
	"sync"
	"time"
)

// usedEvery is how often it is written when keys were used.
const usedEvery = time.Minute

// A Store has the keys of a data directory for a server. It sees within the same request what the command
// line changed. It is safe for concurrent use.
type Store struct {
	data string
	warn func(error)
	now  func() time.Time

	mu   sync.Mutex
	seen os.FileInfo // of the file that keys is of, nil for none
	keys map[string]Key

	used    map[string]time.Time
	changed bool      // used has more than the file
	written time.Time // when it was written
}

// Open returns the keys of a data directory. What is wrong with its files goes to warn, once for each
// change; keys that are right count all the same.
func Open(data string, warn func(error)) *Store {
	s := &Store{data: data, warn: warn, now: time.Now}
	used, err := readUsed(data)
	if err != nil {
		warn(err)
	}
	s.used = used
	return s
}

// Key returns a key by its id, false where there is none (any more).
func (s *Store) Key(id string) (Key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh()
	k, ok := s.keys[id]
	return k, ok
}

// Secret returns the secret of a key, as sigv4.Verifier asks for it.
func (s *Store) Secret(id string) (string, bool) {
	k, ok := s.Key(id)
	return k.Secret, ok
}

// Len returns how many keys there are.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh()
	return len(s.keys)
}

// refresh reads the file again where it is another one. It costs one stat.
func (s *Store) refresh() {
	path := File(s.data)
	info, err := os.Stat(path)
	if err != nil {
		info = nil
	}
	if s.keys != nil && same(s.seen, info) {
		return
	}
	keys, err := read(path)
	if err != nil {
		s.warn(err)
	}
	s.seen, s.keys = info, make(map[string]Key, len(keys))
	for _, k := range keys {
		s.keys[k.ID] = k
	}
}

// same reports whether a file is what it was. A change of its mode is one.
func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}

// Touch notes that a key is used, after its signature was verified. It is written every minute and by
// [Store.Close].
func (s *Store) Touch(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UTC()
	minute := now.Truncate(time.Minute)
	if s.used[id].Equal(minute) {
		return
	}
	s.used[id], s.changed = minute, true
	if now.Sub(s.written) >= usedEvery {
		s.write(now)
	}
}

// Close writes when keys were last used.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed {
		s.write(s.now().UTC())
	}
}

// write writes when keys were used, of those that still are. What can't be written is tried again a minute
// later.
func (s *Store) write(now time.Time) {
	s.refresh()
	for id := range s.used {
		if _, ok := s.keys[id]; !ok {
			delete(s.used, id)
		}
	}
	s.written, s.changed = now, false
	if err := writeUsed(s.data, s.used); err != nil {
		s.changed = true
		s.warn(err)
	}
}
