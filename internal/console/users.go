package console

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// users are the people of a users file: lines of NAME:HASH, with empty lines and
// lines that begin with # between them. The file is read again when it changes, so
// that a removed name is out at once.
type users struct {
	path string

	mu      sync.Mutex
	hashes  map[string]passwordHash
	size    int64
	changed time.Time
}

// openUsers reads a users file.
func openUsers(path string) (*users, error) {
	u := &users{path: path}
	_, err := u.current()
	return u, err
}

// current returns the hashes by name, as the file has them now. The map is not
// changed any more.
func (u *users) current() (map[string]passwordHash, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	info, err := os.Stat(u.path)
	if err != nil {
		return nil, fmt.Errorf("cannot read users: %w", err)
	}
	if u.hashes != nil && info.Size() == u.size && info.ModTime().Equal(u.changed) {
		return u.hashes, nil
	}
	text, err := os.ReadFile(u.path)
	if err != nil {
		return nil, fmt.Errorf("cannot read users: %w", err)
	}
	hashes, err := parseUsers(text)
	if err != nil {
		return nil, fmt.Errorf("cannot read users: %s: %w", u.path, err)
	}
	u.hashes, u.size, u.changed = hashes, info.Size(), info.ModTime()
	return hashes, nil
}

// parseUsers reads the lines of a users file.
func parseUsers(text []byte) (map[string]passwordHash, error) {
	hashes := map[string]passwordHash{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, hash, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("line %d: not NAME:HASH", n)
		}
		if _, ok := hashes[name]; ok {
			return nil, fmt.Errorf("line %d: the name %q stands there twice", n, name)
		}
		h, err := parseHash(hash)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		hashes[name] = h
	}
	return hashes, lines.Err()
}
