package cwlogs

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"weir/internal/durable"
	"weir/internal/source"
)

// A Tail is a folder that holds what was read of a log group, as objects that are
// never written again, until [Tail.Drop] removes them. It is for one process, and safe for concurrent use there.
type Tail struct {
	dir  string
	turn chan struct{} // who has it may write

	files []tailFile
	floor int64 // events before are not read any more, in milliseconds since the epoch
	// known are the events of the files that are loaded, by their ids, with the place
	// in files.
	known map[eventID]int
}

// tailFile is an object of the tail.
type tailFile struct {
	name        string
	hash        string
	first, last int64 // times of events, in milliseconds since the epoch
	size        int64 // bytes
	loaded      bool  // its ids are in known
}

// eventID is the SHA-256 of an eventId, which has about 56 digits.
type eventID [sha256.Size]byte

// event is an event of a log group, with the names that it has in a subscription
// document.
type event struct {
	stream    string
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"` // milliseconds since the epoch
	Message   string `json:"message"`
}

// document is a subscription document of CloudWatch Logs, as package flowlog reads
// it.
type document struct {
	MessageType         string   `json:"messageType"`
	Owner               string   `json:"owner"`
	LogGroup            string   `json:"logGroup"`
	LogStream           string   `json:"logStream"`
	SubscriptionFilters []string `json:"subscriptionFilters"`
	LogEvents           []event  `json:"logEvents"`
}

const (
	// objectEvents and objectBytes bound the events of one object and their text.
	objectEvents = 100_000
	objectBytes  = 16 << 20
	// documentEvents and documentBytes bound those of one of its documents, far below
	// the 64 MiB that package flowlog reads.
	documentEvents = 10_000
	documentBytes  = 4 << 20
	// mostKnown is how many ids are held before those that are not needed are let go.
	mostKnown = 2_000_000
)

// partial begins the names of files that are not written to their end.
const partial = "part-"

// OpenTail opens a folder, which need not exist. What a process that died left there
// half-written is removed. The error is a [*source.Fault].
func OpenTail(dir string) (*Tail, error) {
	t := &Tail{dir: dir, turn: make(chan struct{}, 1), known: map[eventID]int{}}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, t.fault(dir, err)
	}
	if err := t.readFloor(); err != nil {
		return nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), partial) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, t.fault(filepath.Join(dir, e.Name()), err)
			}
			continue
		}
		f, ok := parseName(e.Name())
		if !ok {
			continue // somebody else's
		}
		info, err := e.Info()
		if err != nil {
			return nil, t.fault(filepath.Join(dir, e.Name()), err)
		}
		f.size = info.Size()
		t.files = append(t.files, f)
	}
	return t, nil
}

// Has reports whether the tail has an object of this name, or does not need it any
// more, since no event of its time is read.
func (t *Tail) Has(name string) bool {
	if f, ok := parseName(name); ok && f.last < t.floor {
		return true
	}
	return slices.ContainsFunc(t.files, func(f tailFile) bool { return f.name == name })
}

// nameTime is the layout of the times in the names of objects.
const nameTime = "20060102T150405.000Z"

// suffix ends the names of objects.
const suffix = ".json.gz"

// hashDigits is how much of the SHA-256 of an object's bytes stands in its name.
const hashDigits = 32

// nameOf returns the name of an object: the times of its first and last event, and
// a part of the SHA-256 of its bytes.
func nameOf(first, last int64, hash string) string {
	return time.UnixMilli(first).UTC().Format(nameTime) + "-" + time.UnixMilli(last).UTC().Format(nameTime) + "-" + hash + suffix
}

// IsObject reports whether a file of a tail's folder is an object, by its name.
func IsObject(name string) bool {
	_, ok := parseName(name)
	return ok
}

// parseName reads the name of an object.
func parseName(name string) (tailFile, bool) {
	base, ok := strings.CutSuffix(name, suffix)
	parts := strings.Split(base, "-")
	if !ok || len(parts) != 3 || len(parts[2]) != hashDigits {
		return tailFile{}, false
	}
	first, err1 := time.Parse(nameTime, parts[0])
	last, err2 := time.Parse(nameTime, parts[1])
	return tailFile{name: name, hash: parts[2], first: first.UnixMilli(), last: last.UnixMilli()}, err1 == nil && err2 == nil
}

// hold waits until nobody else reads the group into the tail. release lets go of it.
func (t *Tail) hold(ctx context.Context) (release func(), err error) {
	select {
	case t.turn <- struct{}{}:
		return func() { <-t.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// objects returns the objects of the tail. The caller holds it.
func (t *Tail) objects() []tailFile { return slices.Clone(t.files) }

// open opens an object.
func (t *Tail) open(o source.Object) (source.Content, error) {
	text, err := os.ReadFile(filepath.Join(t.dir, o.Key))
	if err != nil {
		return nil, t.fault(filepath.Join(t.dir, o.Key), err)
	}
	if hashOf(text) != o.ETag {
		return nil, t.broken(o.Key, errChanged)
	}
	return content{bytes.NewReader(text)}, nil
}

// content is an object in memory.
type content struct{ *bytes.Reader }

// Close does nothing.
func (content) Close() error { return nil }

// errChanged says that something else wrote an object of the tail.
var errChanged = errors.New("its bytes are not those that were written")

// hashOf returns the part of the SHA-256 that stands in a name.
func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:hashDigits]
}

// load makes the ids of the objects with events of a time known. Ids of others go
// where they have become too many.
func (t *Tail) load(first, last int64) error {
	for i := range t.files {
		f := &t.files[i]
		if f.loaded || f.last < first || f.first > last {
			continue
		}
		if len(t.known) > mostKnown {
			t.unload(first, last)
		}
		ids, err := t.ids(f)
		if err != nil {
			return err
		}
		for _, id := range ids {
			t.known[id] = i
		}
		f.loaded = true
	}
	return nil
}

// unload lets go of the ids of objects without events of a time.
func (t *Tail) unload(first, last int64) {
	away := func(f *tailFile) bool { return f.last < first || f.first > last }
	maps.DeleteFunc(t.known, func(_ eventID, i int) bool { return away(&t.files[i]) })
	for i := range t.files {
		if f := &t.files[i]; away(f) {
			f.loaded = false
		}
	}
}

// ids reads the ids of an object. Without them nobody can say which events are new.
func (t *Tail) ids(f *tailFile) ([]eventID, error) {
	text, err := os.ReadFile(filepath.Join(t.dir, f.name))
	if err != nil {
		return nil, t.fault(filepath.Join(t.dir, f.name), err)
	}
	if hashOf(text) != f.hash {
		return nil, t.broken(f.name, errChanged)
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, t.broken(f.name, err)
	}
	var out []eventID
	d := json.NewDecoder(z)
	for {
		var doc struct {
			LogEvents []struct {
				ID string `json:"id"`
			} `json:"logEvents"`
		}
		switch err := d.Decode(&doc); {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, t.broken(f.name, err)
		}
		for _, e := range doc.LogEvents {
			out = append(out, sha256.Sum256([]byte(e.ID)))
		}
	}
}

// writer takes events into a tail, some objects' worth.
type writer struct {
	tail  *Tail
	group source.Spec
	fresh map[eventID]bool // the ids of events
	next  []event          // of the object that is not written yet
	bytes int
}

// begin begins to take events of a group. The caller holds the tail.
func (t *Tail) begin(group source.Spec) *writer {
	return &writer{tail: t, group: group, fresh: map[eventID]bool{}}
}

// put takes those of a page's events that are new, and returns how many these are.
func (w *writer) put(page []event) (isNew int64, err error) {
	if len(page) == 0 {
		return 0, nil
	}
	first, last := bounds(page)
	if err := w.tail.load(first, last); err != nil {
		return 0, err
	}
	for _, e := range page {
		id := eventID(sha256.Sum256([]byte(e.ID)))
		if _, known := w.tail.known[id]; known || w.fresh[id] {
			continue
		}
		w.fresh[id] = true
		w.next = append(w.next, e)
		isNew++
		if w.bytes += len(e.Message); len(w.next) >= objectEvents || w.bytes >= objectBytes {
			if err := w.flush(); err != nil {
				return isNew, err
			}
		}
	}
	return isNew, nil
}

// bounds returns the times of the first and the last event.
func bounds(events []event) (first, last int64) {
	first, last = events[0].Timestamp, events[0].Timestamp
	for _, e := range events {
		first, last = min(first, e.Timestamp), max(last, e.Timestamp)
	}
	return first, last
}

// flush writes the events so far as an object. What can't be written is not known
// and comes with the next reading.
func (w *writer) flush() error {
	if len(w.next) == 0 {
		return nil
	}
	events, fresh := w.next, w.fresh
	w.next, w.fresh, w.bytes = nil, map[eventID]bool{}, 0
	text, err := encode(w.group, events)
	if err != nil {
		return err
	}
	f := tailFile{hash: hashOf(text), size: int64(len(text)), loaded: true}
	f.first, f.last = bounds(events)
	f.name = nameOf(f.first, f.last, f.hash)
	there, err := w.tail.write(f.name, text)
	if there { // with an error too
		w.tail.files = append(w.tail.files, f)
		for id := range fresh {
			w.tail.known[id] = len(w.tail.files) - 1
		}
	}
	if err != nil {
		return w.tail.fault(filepath.Join(w.tail.dir, f.name), err)
	}
	return nil
}

// encode returns events as subscription documents, one a line and stream, packed.
func encode(group source.Spec, events []event) ([]byte, error) {
	streams := map[string][]event{}
	for _, e := range events {
		streams[e.stream] = append(streams[e.stream], e)
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	enc := json.NewEncoder(z)
	enc.SetEscapeHTML(false)
	for _, stream := range slices.Sorted(maps.Keys(streams)) {
		for _, part := range documents(streams[stream]) {
			if err := enc.Encode(document{
				MessageType: "DATA_MESSAGE", Owner: group.Account, LogGroup: group.Group, LogStream: stream,
				SubscriptionFilters: []string{}, LogEvents: part,
			}); err != nil {
				return nil, err
			}
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

// documents cuts the events of a stream into those of single documents.
func documents(events []event) [][]event {
	var out [][]event
	start, size := 0, 0
	for i, e := range events {
		if i > start && (i-start >= documentEvents || size+len(e.Message) > documentBytes) {
			out = append(out, events[start:i])
			start, size = i, 0
		}
		size += len(e.Message)
	}
	return append(out, events[start:])
}

// write writes an object: once it has its name it is whole. there says that it has,
// and without an error it is on disk.
func (t *Tail) write(name string, text []byte) (there bool, err error) {
	if err := durable.MakeDir(t.dir); err != nil {
		return false, err
	}
	f, err := os.CreateTemp(t.dir, partial+"*")
	if err != nil {
		return false, err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(t.dir, name))
	}
	if err != nil {
		_ = os.Remove(f.Name()) // else the next OpenTail does
		return false, err
	}
	return true, durable.SyncDir(t.dir)
}

// fault names an error of the tail's files.
func (t *Tail) fault(path string, err error) *source.Fault {
	f := &source.Fault{Op: "keep", URL: path, Code: source.Other, Err: err}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		f.Err = pathErr.Err
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		f.Code = source.NoSpace
		f.Hint = "make room and run again: what is not on disk is read again"
	case errors.Is(err, fs.ErrPermission):
		f.Code, f.Err = source.Denied, nil
	case errors.Is(err, fs.ErrNotExist):
		return t.broken(filepath.Base(path), errors.New("it is gone"))
	}
	return f
}

// broken says that an object of the tail is not what was written.
func (t *Tail) broken(name string, err error) *source.Fault {
	return &source.Fault{
		Op: "read", URL: filepath.Join(t.dir, name), Code: source.Changed, Err: err,
		Hint: "it tells which events were taken: put it back from a backup; without it, 'weir lake forget' of the log group and " +
			"removing the folder begin anew",
	}
}
