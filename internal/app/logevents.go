package app

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"time"

	"weir/flowlog"
	"weir/internal/intake"
	"weir/internal/logstore"
	"weir/internal/source"
)

// TakeEvents takes the flow log records among the events of log groups into the lake: those that the store has
// made objects of. Each is taken once, also where weir dies in the middle: the ledger knows an object by its
// name, which no other has, and the object is removed once it does. What could not be taken stays and is tried
// again with the next call; the report has why.
func (s *Local) TakeEvents(ctx context.Context, store *logstore.Store) (intake.Report, error) {
	objects, err := store.Objects(ctx)
	if err != nil {
		return intake.Report{}, err
	}
	var report intake.Report
	for len(objects) > 0 {
		// An object does not say its format, so those of one format are taken together.
		src := &storedEvents{store: store, objects: map[string]logstore.Object{}}
		format := objects[0].Format
		var others []logstore.Object
		for _, o := range objects {
			if !o.Format.Equal(format) {
				others = append(others, o)
				continue
			}
			src.objects[o.Name] = o
		}
		objects = others
		taken, err := s.takeStored(ctx, src, format)
		report = joined(report, taken)
		if err != nil {
			return report, explain(err)
		}
	}
	return report, nil
}

// takeStored takes objects of one format, and removes them.
func (s *Local) takeStored(ctx context.Context, src *storedEvents, format flowlog.Format) (intake.Report, error) {
	r := intake.Request{Sources: []source.Source{src}, Format: &format, Live: true}
	listing, err := intake.List(ctx, r)
	if err != nil {
		return intake.Report{}, err
	}
	report, err := intake.Take(ctx, s.lake, r, listing, nil)
	if err != nil {
		return report, err // what is in the lake by now, the ledger knows with the next call
	}
	inLake := map[string]bool{}
	for _, url := range report.URLs {
		inLake[url] = true
	}
	for _, o := range src.objects {
		if inLake[storedURL(o)] {
			if err := src.store.RemoveObject(ctx, o.Name); err != nil {
				return report, err
			}
		}
	}
	return report, nil
}

// storedEvents is objects of the store as a source.
type storedEvents struct {
	store   *logstore.Store
	objects map[string]logstore.Object // by name
}

var _ source.Source = (*storedEvents)(nil)

// StoredOrigin and the name of a log group of the store is what the URLs of its objects begin with.
const StoredOrigin = "log-group:"

func storedOrigin(group string) string { return StoredOrigin + group }

func storedURL(o logstore.Object) string { return storedOrigin(o.Group) + "/" + o.Name }

// Name returns what the source is.
func (*storedEvents) Name() string { return "log groups" }

// List gives all objects.
func (e *storedEvents) List(_ context.Context, sel source.Selection, fn func(source.Object) error) (source.Listing, error) {
	sieve, err := source.NewSieve(sel, false, fn)
	if err != nil {
		return source.Listing{}, err
	}
	for _, o := range e.objects {
		err := sieve.Put(source.Object{
			Source: storedOrigin(o.Group), Key: o.Name, URL: storedURL(o), Size: o.Size, ETag: o.SHA256, ModTime: time.UnixMilli(o.Last).UTC(),
			Info: source.Key{FolderFrom: time.UnixMilli(o.First).UTC(), FolderTo: time.UnixMilli(o.Last + 1).UTC()},
		})
		if err != nil {
			return sieve.Listing(), err
		}
	}
	return sieve.Finish()
}

// Open opens an object.
func (e *storedEvents) Open(_ context.Context, o source.Object) (source.Content, error) {
	text, err := e.store.ReadObject(e.objects[o.Key])
	if err != nil {
		fault := &source.Fault{
			Op: "read", URL: o.URL, Code: source.Other, Err: err,
			Hint: "its records are missing in the lake, while its events are in their log group: put the file back from a backup",
		}
		if errors.Is(err, logstore.ErrChanged) || errors.Is(err, fs.ErrNotExist) {
			fault.Code = source.Changed
		}
		return nil, fault
	}
	return storedContent{bytes.NewReader(text)}, nil
}

// storedContent is an object in memory.
type storedContent struct{ *bytes.Reader }

// Close does nothing.
func (storedContent) Close() error { return nil }
