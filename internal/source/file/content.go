package file

import (
	"fmt"
	"io"
	"os"

	"weir/internal/source"
)

// content is an open file that is checked against what was listed. The checks
// see what changes size or modification time; a writer that restores both is
// not seen.
type content struct {
	file   *os.File
	object source.Object
	at     int64 // next byte of Read
}

// Read reads on. In place of io.EOF it returns a fault where the file has
// changed since it was listed.
func (c *content) Read(p []byte) (int, error) {
	n, err := c.ReadAt(p, c.at)
	c.at += int64(n)
	if err == io.EOF && n > 0 {
		err = nil // the next call tells
	}
	if err == io.EOF {
		if cerr := c.unchanged(); cerr != nil {
			return n, cerr
		}
	}
	return n, err
}

// ReadAt reads at any place of the listed size: what was appended since is not
// part of the object.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	if off >= c.object.Size {
		return 0, io.EOF
	}
	short := false
	if rest := c.object.Size - off; int64(len(p)) > rest {
		p, short = p[:rest], true
	}
	n, err := c.file.ReadAt(p, off)
	switch {
	case err == io.EOF && n < len(p):
		return n, changed(c.object, fmt.Sprintf("it has shrunk to %d bytes from %d", off+int64(n), c.object.Size))
	case err != nil && err != io.EOF:
		return n, fault("read", c.object.URL, err)
	case short:
		return n, io.EOF
	}
	return n, nil
}

// Size returns the listed size, which is the file's.
func (c *content) Size() int64 { return c.object.Size }

// Close closes the file. It fails where the file has changed, so that a reader
// by ReadAt learns of it too.
func (c *content) Close() error {
	err := c.unchanged()
	if cerr := c.file.Close(); cerr != nil && err == nil {
		return fault("read", c.object.URL, cerr)
	}
	return err
}

// unchanged compares the file with what was listed.
func (c *content) unchanged() error {
	info, err := c.file.Stat()
	switch {
	case err != nil:
		return fault("read", c.object.URL, err)
	case info.Size() != c.object.Size:
		return changed(c.object, fmt.Sprintf("it has %d bytes, listed were %d", info.Size(), c.object.Size))
	case !info.ModTime().Equal(c.object.ModTime):
		return changed(c.object, "it was written at "+info.ModTime().UTC().Format("2006-01-02T15:04:05Z"))
	}
	return nil
}
