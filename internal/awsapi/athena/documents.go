package athena

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"weir/internal/durable"
)

// documents are things of one kind, each kept as a file of a folder that is written whole. All of them are in memory too. The
// caller sees to it that one goroutine uses them at a time.
type documents[T any] struct {
	dir   string
	byKey map[string]T
}

// document is what a file has: names of files are hashes of keys, since keys can have signs that names can't.
type document[T any] struct {
	Key   string
	Value T
}

// openDocuments reads the documents of a folder, which is made. What is no document is an error: a half of one can't be there.
func openDocuments[T any](dir string) (*documents[T], error) {
	d := &documents[T]{dir: dir, byKey: map[string]T{}}
	if err := durable.MakeDir(dir); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if !strings.HasSuffix(f.Name(), ".json") {
			_ = os.Remove(path) // a part of one that was never finished
			continue
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var doc document[T]
		if err := json.Unmarshal(raw, &doc); err != nil {
			return nil, fmt.Errorf("%s is damaged: %w", path, err)
		}
		d.byKey[doc.Key] = doc.Value
	}
	return d, nil
}

func (d *documents[T]) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(d.dir, hex.EncodeToString(sum[:16])+".json")
}

// put keeps a document, synced.
func (d *documents[T]) put(key string, value T) error {
	raw, err := json.Marshal(document[T]{key, value})
	if err != nil {
		return err
	}
	if err := durable.WriteFile(d.path(key), raw, 0o600); err != nil {
		return err
	}
	d.byKey[key] = value
	return nil
}

// remove removes a document, where it is there.
func (d *documents[T]) remove(key string) error {
	if _, ok := d.byKey[key]; !ok {
		return nil
	}
	if err := os.Remove(d.path(key)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	delete(d.byKey, key)
	return nil
}
