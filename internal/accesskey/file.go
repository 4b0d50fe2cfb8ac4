package accesskey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"weir/internal/durable"
)

// Create makes a key, and returns it with its secret, which no list shows again. Errors: [*Error] where the
// name is taken or something is wrong with it or the patterns.
func Create(data, name, comment string, allow []string, now time.Time) (Key, error) {
	id, err := random(idLetters, idLength-len(idPrefix))
	if err != nil {
		return Key{}, err
	}
	secret, err := random(secretLetters, secretLength)
	if err != nil {
		return Key{}, err
	}
	k := Key{
		ID: idPrefix + id, Secret: secret, Name: name, Comment: comment,
		Allow: allow, Created: now.UTC().Truncate(time.Second),
	}
	if err := k.check(); err != nil {
		return Key{}, err
	}
	return k, change(data, func(keys []Key) ([]Key, error) {
		if slices.ContainsFunc(keys, func(o Key) bool { return o.Name == k.Name }) {
			return nil, &Error{Message: fmt.Sprintf("there is a key %q already", name), Hint: "'weir keys revoke " + name + "' takes it away; another name makes a second one"}
		}
		return append(keys, k), nil
	})
}

// Revoke takes a key away, by its name or its id, and returns what it was. Errors: [*Error] where there is
// none.
func Revoke(data, nameOrID string) (Key, error) {
	var gone Key
	err := change(data, func(keys []Key) ([]Key, error) {
		i := slices.IndexFunc(keys, func(k Key) bool { return k.ID == nameOrID })
		if i < 0 {
			i = slices.IndexFunc(keys, func(k Key) bool { return k.Name == nameOrID })
		}
		if i < 0 {
			return nil, &Error{Message: fmt.Sprintf("no key %q", nameOrID), Hint: "'weir keys list' names them"}
		}
		gone = keys[i]
		return slices.Delete(keys, i, i+1), nil
	})
	return gone, err
}

// A Listed is a key as lists show it, without its secret.
type Listed struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Comment string    `json:"comment"`
	Allow   []string  `json:"allow"`
	Created time.Time `json:"created"`
	// LastUsed is to the minute, nil for a key that was not used.
	LastUsed *time.Time `json:"last_used"`
}

// List returns the keys in the order in which they were made. Where some lines of the file are wrong it
// returns those of the others too, and an error.
func List(data string) ([]Listed, error) {
	keys, err := read(File(data))
	used, usedErr := readUsed(data)
	var out []Listed
	for _, k := range keys {
		l := Listed{ID: k.ID, Name: k.Name, Comment: k.Comment, Allow: k.Allow, Created: k.Created}
		if at, ok := used[k.ID]; ok {
			l.LastUsed = &at
		}
		out = append(out, l)
	}
	return out, errors.Join(err, usedErr)
}

// read returns the keys of a file, none where there is no file. Wrong lines are named in the error, and the
// others returned.
func read(path string) ([]Key, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the access keys: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot read the access keys: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the access keys are not used, since others can read or write the file (mode %04o): chmod 600 %s", mode, path)
	}
	text, err := readAll(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("cannot read the access keys: %w", err)
	}
	return parse(text, path)
}

// parse reads the lines of a file.
func parse(text []byte, path string) ([]Key, error) {
	var keys []Key
	var wrong []error
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		k, err := parseLine(line)
		if err == nil && slices.ContainsFunc(keys, func(o Key) bool { return o.Name == k.Name || o.ID == k.ID }) {
			err = fmt.Errorf("its name or id stands twice")
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %v", path, n, err))
			continue
		}
		keys = append(keys, k)
	}
	return keys, errors.Join(wrong...)
}

func parseLine(line []byte) (Key, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields() // a restriction that this weir does not know must not be passed over
	var k Key
	if err := d.Decode(&k); err != nil {
		// What json says of an error may quote the line, which has a secret.
		return k, errors.New("not the JSON object of a key")
	}
	if d.More() {
		return k, errors.New("more than one key in a line")
	}
	return k, k.check()
}

// head is the first line of the file.
const head = "# Access keys of weir's AWS API, one a line. They hold the secrets themselves: keep this file to yourself."

// change replaces the file in one step, one process at a time.
func change(data string, do func([]Key) ([]Key, error)) error {
	path := File(data)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("cannot make the folder of secrets: %w", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("cannot lock the access keys: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("cannot lock the access keys: %w", err)
	}
	keys, err := read(path)
	if err != nil {
		return err // what is not understood must not be lost
	}
	if keys, err = do(keys); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(head + "\n")
	for _, k := range keys {
		line, err := json.Marshal(k)
		if err != nil {
			return fmt.Errorf("cannot write the access keys: %w", err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	if err := durable.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write the access keys: %w", err)
	}
	return nil
}
