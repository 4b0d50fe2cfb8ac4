package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"weir/internal/athenasql"
	"weir/internal/source"
	"weir/internal/source/file"
	"weir/internal/source/s3"
	"weir/internal/tablefile"
)

// athenaStorage is what tables over objects read: buckets, by one login, and folders of this machine. It is safe for concurrent use, and for several
// queries of one caller.
type athenaStorage struct {
	options S3Options
	temp    string // for large objects while they are read

	mu      sync.Mutex
	buckets map[string]*openedBucket
}

// openedBucket is a bucket that is opened once.
type openedBucket struct {
	once   sync.Once
	source *s3.Source
	err    error
}

var _ tablefile.Storage = (*athenaStorage)(nil)

// newAthenaStorage returns a storage with a login; temp is the folder for large objects, "" the system's.
func newAthenaStorage(o S3Options, temp string) *athenaStorage {
	return &athenaStorage{options: o, temp: temp, buckets: map[string]*openedBucket{}}
}

// bucket logs in and finds a bucket.
func (s *athenaStorage) bucket(ctx context.Context, name string) (*s3.Source, error) {
	s.mu.Lock()
	b := s.buckets[name]
	if b == nil {
		b = &openedBucket{}
		s.buckets[name] = b
	}
	s.mu.Unlock()
	b.once.Do(func() {
		b.source, b.err = s3.New(ctx, s3.Config{
			Access: s3Access(s.options), Bucket: name, PathStyle: s.options.PathStyle, RequesterPays: s.options.RequesterPay, TempDir: s.temp,
		})
	})
	if b.err != nil {
		s.mu.Lock()
		if s.buckets[name] == b {
			delete(s.buckets, name) // the next query tries again
		}
		s.mu.Unlock()
	}
	return b.source, b.err
}

// List calls fn for each object below a location.
func (s *athenaStorage) List(ctx context.Context, location string, fn func(tablefile.Object) error) error {
	scheme, rest, _ := strings.Cut(location, "://")
	if scheme == "file" {
		return listFolder(ctx, location, fn)
	}
	name, prefix, _ := strings.Cut(rest, "/")
	b, err := s.bucket(ctx, name)
	if err != nil {
		return storageError(location, err)
	}
	listing, err := b.At(prefix).All(ctx, func(o source.Object) error {
		if o.StorageClass == "GLACIER" || o.StorageClass == "DEEP_ARCHIVE" {
			return nil // Athena passes them over (user guide, "Query restored Amazon S3 Glacier objects")
		}
		return fn(tablefile.Object{URL: o.URL, Size: o.Size, Revision: o.Revision(), Ref: o})
	})
	if err == nil && len(listing.Faults) > 0 {
		err = listing.Faults[0] // some of the rows would be missing
	}
	return storageError(location, err)
}

// Folders calls fn with the address of each object below a location.
func (s *athenaStorage) Folders(ctx context.Context, location string, fn func(url string) error) error {
	return s.List(ctx, location, func(o tablefile.Object) error { return fn(o.URL) })
}

// Open opens an object that List gave.
func (s *athenaStorage) Open(ctx context.Context, o tablefile.Object) (tablefile.Content, error) {
	so, ok := o.Ref.(source.Object)
	if !ok {
		return nil, errors.New("the object is of another storage: " + o.URL)
	}
	if strings.HasPrefix(o.URL, "file://") {
		c, err := (&file.Source{}).Open(ctx, so)
		return openedContent(o.URL, c, err)
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(o.URL, "s3://"), "/")
	b, err := s.bucket(ctx, name)
	if err != nil {
		return nil, storageError(o.URL, err)
	}
	c, err := b.Open(ctx, so)
	return openedContent(o.URL, c, err)
}

// tableContent is the bytes of an object, whose errors have Athena's names.
type tableContent struct {
	source.Content
	url string
}

// openedContent returns an opened object.
func openedContent(url string, c source.Content, err error) (tablefile.Content, error) {
	if err != nil {
		return nil, storageError(url, err)
	}
	return tableContent{c, url}, nil
}

// Read reads on.
func (c tableContent) Read(p []byte) (int, error) {
	n, err := c.Content.Read(p)
	return n, c.name(err)
}

// ReadAt reads at a place.
func (c tableContent) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Content.ReadAt(p, off)
	return n, c.name(err)
}

// Close ends the reading, and says where the object is not the one that was listed.
func (c tableContent) Close() error { return c.name(c.Content.Close()) }

func (c tableContent) name(err error) error {
	if err == io.EOF {
		return err
	}
	return storageError(c.url, err)
}

// listFolder lists the files below a folder of this machine. Links to files are followed; one to a folder is refused, since what lies below would be
// missing. A folder that is not there has no objects, as a prefix of a bucket.
func listFolder(ctx context.Context, location string, fn func(tablefile.Object) error) error {
	u, err := url.Parse(location)
	if err != nil {
		return storageError(location, err)
	}
	// The value of a partition key is part of a location, and whoever asks may choose it.
	if u.RawQuery != "" || u.Fragment != "" || slices.Contains(strings.Split(u.Path, "/"), "..") {
		return storageError(location, errors.New("it has parts that lead elsewhere"))
	}
	root := filepath.FromSlash(u.Path)
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.IsDir() {
			return nil
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return err
		case info.IsDir():
			return &fs.PathError{Op: "list", Path: path, Err: errors.New("is a link to a folder, which tables don't follow")}
		case !info.Mode().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		o := source.Object{Source: root, Key: filepath.ToSlash(rel), URL: path, Size: info.Size(), ModTime: info.ModTime().UTC()}
		return fn(tablefile.Object{URL: location + o.Key, Size: o.Size, Revision: o.Revision(), Ref: o})
	})
	return storageError(location, err)
}

// storageError names an error of listing or opening, as Athena names what it can't read in S3. Errors of the context and those that have a name already
// go on as they are.
func storageError(place string, err error) error {
	var own *athenasql.Error
	switch {
	case err == nil, errors.As(err, &own), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	e := &athenasql.Error{Code: codeFilesystem, Message: "Failed to read " + place + ": " + err.Error()}
	if fault, ok := errors.AsType[*source.Fault](err); ok {
		e.Hint = fault.Hint
		if fault.Code == source.Denied {
			e.Code = athenasql.CodePermission
		}
	}
	return e
}

// codeFilesystem is Trino's code of a storage that can't be read.
const codeFilesystem = "HIVE_FILESYSTEM_ERROR"
