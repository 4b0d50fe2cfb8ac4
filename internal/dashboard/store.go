package dashboard

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/internal/durable"
)

// MaxDocuments bounds how many documents a store keeps.
const MaxDocuments = 1000

// Errors of a store; ask with [errors.Is].
var (
	// ErrNotFound says that there is no such document.
	ErrNotFound = errors.New("there is no such document")
	// ErrConflict says that the document is of another version than the one that the writer has seen.
	ErrConflict = errors.New("the document was changed since it was read")
	// ErrReady says that a document comes with weir.
	ErrReady = errors.New("the document comes with weir and can't be changed")
	// ErrFull says that there are as many documents as a store keeps.
	ErrFull = errors.New("there are too many documents")
)

// A Store keeps the documents of one kind in a folder, one JSON file each, written whole. It
// is safe for concurrent use within one process; only the holder of the data directory may
// write. P is *T.
type Store[T any, P interface {
	*T
	Document
}] struct {
	dir   string
	now   func() time.Time
	ready []T

	mu sync.Mutex // held while the folder is changed
}

// NewStore returns the store of a folder, which need not be there yet. ready are documents
// that come with weir, each with an id that begins with "ready-"; they are listed first.
func NewStore[T any, P interface {
	*T
	Document
}](dir string, now func() time.Time, ready ...T) *Store[T, P] {
	for i := range ready {
		P(&ready[i]).Header().Ready = true
	}
	return &Store[T, P]{dir: dir, now: now, ready: ready}
}

// ids are what names of files can be.
var ids = regexp.MustCompile(`^[0-9a-z]{8,40}$`)

// List returns the heads of all documents: those that come with weir, then the others by name. A
// file that can't be read is passed over and told of in the error, beside the others.
func (s *Store[T, P]) List() ([]Head, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot list the documents: %w", err)
	}
	heads := []Head{}
	for i := range s.ready {
		heads = append(heads, *P(&s.ready[i]).Header())
	}
	own := len(heads)
	var errs []error
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !ids.MatchString(id) {
			continue
		}
		doc, err := s.Get(id)
		switch {
		case errors.Is(err, ErrNotFound): // it was removed meanwhile
		case err != nil:
			errs = append(errs, err)
		default:
			heads = append(heads, *doc.Header())
		}
	}
	slices.SortFunc(heads[own:], func(a, b Head) int {
		return strings.Compare(strings.ToLower(a.Name)+"\x00"+a.ID, strings.ToLower(b.Name)+"\x00"+b.ID)
	})
	return heads, errors.Join(errs...)
}

// Get returns a document.
func (s *Store[T, P]) Get(id string) (P, error) {
	if doc := s.readyOf(id); doc != nil {
		return doc, nil
	}
	if !ids.MatchString(id) {
		return nil, ErrNotFound
	}
	f, err := os.Open(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read a document: %w", err)
	}
	defer f.Close()
	doc := P(new(T))
	if err := Read(f, doc); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", s.path(id), err)
	}
	doc.Header().ID, doc.Header().Ready = id, false
	return doc, nil
}

// readyOf returns a copy of a document that comes with weir.
func (s *Store[T, P]) readyOf(id string) P {
	for i := range s.ready {
		if P(&s.ready[i]).Header().ID == id {
			doc := s.ready[i]
			return &doc
		}
	}
	return nil
}

// Create keeps a new document under a new id, which it sets, with version 1. by is who made
// it, or "".
func (s *Store[T, P]) Create(doc P, by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot keep a document: %w", err)
	}
	if len(entries) >= MaxDocuments {
		return fmt.Errorf("%w: the most is %d", ErrFull, MaxDocuments)
	}
	h := doc.Header()
	h.ID, h.Version = strings.ToLower(rand.Text()), 0
	return s.put(doc, by)
}

// Replace puts a document in the place of that with its id, whose version must be the
// document's. It sets the new version.
func (s *Store[T, P]) Replace(doc P, by string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.seen(doc.Header().ID, doc.Header().Version); err != nil {
		return err
	}
	return s.put(doc, by)
}

// Remove removes a document of a version.
func (s *Store[T, P]) Remove(id string, version int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.seen(id, version); err != nil {
		return err
	}
	if err := os.Remove(s.path(id)); err != nil {
		return fmt.Errorf("cannot remove a document: %w", err)
	}
	return nil
}

// seen fails where a document can't be changed by who has seen a version of it.
func (s *Store[T, P]) seen(id string, version int64) error {
	there, err := s.Get(id)
	switch {
	case err != nil:
		return err
	case there.Header().Ready:
		return ErrReady
	case there.Header().Version != version:
		return fmt.Errorf("%w: it is of version %d, not %d", ErrConflict, there.Header().Version, version)
	}
	return nil
}

// put checks a document and writes it.
func (s *Store[T, P]) put(doc P, by string) error {
	doc.fill()
	if err := doc.Check(); err != nil {
		return err
	}
	h := doc.Header()
	h.Version, h.Updated, h.By, h.Ready = h.Version+1, s.now().Unix(), by, false
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write a document: %w", err)
	}
	if len(text) > MaxDocument {
		return &Invalid{Member: "document", Message: fmt.Sprintf("it has %d bytes, the most is %d", len(text), MaxDocument)}
	}
	if err := durable.MakeDir(s.dir); err != nil {
		return fmt.Errorf("cannot keep a document: %w", err)
	}
	if err := durable.WriteFile(s.path(h.ID), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("cannot keep a document: %w", err)
	}
	return nil
}

func (s *Store[T, P]) path(id string) string { return filepath.Join(s.dir, id+".json") }

// Read reads one document from JSON and checks it. A member that it does not have is an error, as
// is anything behind the document. Errors are [*Invalid] where the text could be read.
func Read(r io.Reader, doc Document) error {
	text, err := io.ReadAll(io.LimitReader(r, MaxDocument+1))
	if err != nil {
		return err
	}
	if len(text) > MaxDocument {
		return &Invalid{Member: "document", Message: fmt.Sprintf("it has more than %d bytes", MaxDocument)}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(doc); err != nil {
		return &Invalid{Member: "document", Message: strings.TrimPrefix(err.Error(), "json: ")}
	}
	if _, err := d.Token(); err != io.EOF {
		return &Invalid{Member: "document", Message: "there is something behind it"}
	}
	doc.fill()
	return doc.Check()
}
