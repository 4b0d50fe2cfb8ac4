package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"weir/internal/source"
)

// Source is a set of folders and files.
type Source struct {
	name  string
	roots []root
}

var _ source.Source = (*Source)(nil)

// root is one path that the caller named.
type root struct {
	path   string // absolute, links not resolved
	folder bool
}

// New returns the source of the given folders and files. Each must exist; links
// to them are followed. Errors are [*source.Fault].
func New(paths ...string) (*Source, error) {
	s := &Source{}
	names := make([]string, 0, len(paths))
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, fault("open", p, err)
		}
		info, err := os.Stat(abs)
		if err != nil {
			return nil, fault("open", abs, err)
		}
		if !info.IsDir() && !info.Mode().IsRegular() {
			return nil, &source.Fault{Op: "open", URL: abs, Code: source.Other, Err: errIrregular}
		}
		s.roots = append(s.roots, root{path: abs, folder: info.IsDir()})
		names = append(names, abs)
	}
	s.name = strings.Join(names, " ")
	return s, nil
}

var errIrregular = errors.New("is neither a folder nor a regular file")

// Name returns the absolute paths, with spaces between.
func (s *Source) Name() string { return s.name }

// List lists the files. Folders are pruned by AWS's layouts in the absolute
// path. It holds the whole listing and gives the objects in order. A file that
// is reached in two ways is given once, and links to folders are followed where
// they do not lead back.
func (s *Source) List(ctx context.Context, sel source.Selection, fn func(source.Object) error) (source.Listing, error) {
	sieve, err := source.NewSieve(sel, true, fn)
	if err != nil {
		return source.Listing{}, err
	}
	w := &walk{sieve: sieve, sel: sel, given: map[string]bool{}, entered: map[string]bool{}}
	for _, r := range s.roots {
		if err := w.root(ctx, r); err != nil {
			return sieve.Listing(), err
		}
	}
	return sieve.Finish()
}

// Open opens an object's file. The code is [source.Changed] where the file's size
// or modification time is not the listed one, or it is gone; the same can come
// from Read in place of io.EOF, and from Close, where the file changed while it
// was read.
func (s *Source) Open(_ context.Context, o source.Object) (source.Content, error) {
	f, err := os.Open(o.URL)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, changed(o, "it is gone")
	}
	if err != nil {
		return nil, fault("read", o.URL, err)
	}
	c := &content{file: f, object: o}
	if err := c.unchanged(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return c, nil
}

// fault names an error of the file system.
func fault(op, path string, err error) *source.Fault {
	f := &source.Fault{Op: op, URL: path, Code: source.Other, Err: err}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		f.Err = pathErr.Err // the path stands in URL already
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Code, f.Err = source.NoSuchKey, nil
		if strings.ContainsAny(path, "*?[") {
			f.Hint = "a pattern is expanded by the shell: write it without quotes, or name the folder"
		}
	case errors.Is(err, fs.ErrPermission):
		f.Code, f.Err = source.Denied, nil
		f.Hint = "look at who may read it: ls -ld " + quoted(path)
	case errors.Is(err, syscall.ENOSPC):
		f.Code = source.NoSpace
	}
	return f
}

// quoted returns a path as one word of a shell command.
func quoted(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

func changed(o source.Object, how string) *source.Fault {
	return &source.Fault{
		Op: "read", URL: o.URL, Code: source.Changed, Err: errors.New(how),
		Hint: "something else writes this file: run again when it is complete",
	}
}
