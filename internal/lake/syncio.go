package lake

import (
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"weir/internal/durable"

	icebergio "github.com/apache/iceberg-go/io"
)

// syncIO is Iceberg's access to local files, with one difference: what is
// written is on disk before the catalog can point at it. Iceberg's own does not
// sync, so a power failure could leave a catalog that names an empty file.
type syncIO struct{ icebergio.LocalFS }

// useSyncIO makes Iceberg use syncIO for file: locations in this process. The
// registry is the library's only way in.
var useSyncIO = sync.OnceFunc(func() {
	icebergio.Unregister("file")
	icebergio.Register("file", func(context.Context, *url.URL, map[string]string) (icebergio.IO, error) {
		return syncIO{}, nil
	})
})

// Create opens a file for writing, which Close makes durable.
func (syncIO) Create(name string) (icebergio.FileWriter, error) {
	path, err := uriPath(name)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &syncFile{f}, nil
}

// WriteFile writes a file durably.
func (s syncIO) WriteFile(name string, content []byte) error {
	f, err := s.Create(name)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// syncFile is a file whose Close makes it durable.
type syncFile struct{ f *os.File }

func (s *syncFile) Write(p []byte) (int, error)         { return s.f.Write(p) }
func (s *syncFile) ReadFrom(r io.Reader) (int64, error) { return s.f.ReadFrom(r) }

// Close syncs the file, closes it and syncs its folder.
func (s *syncFile) Close() error {
	if err := s.f.Sync(); err != nil {
		_ = s.f.Close()
		return err
	}
	if err := s.f.Close(); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(s.f.Name()))
}
