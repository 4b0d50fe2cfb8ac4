package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"weir/internal/source"
)

const (
	// inMemory is up to which size, in bytes, an object is held in memory.
	inMemory = 64 << 20
	// fetchAttempts bounds how often a broken stream is taken up again. The SDK
	// repeats requests, but not what breaks after the header of the answer.
	fetchAttempts = 4
)

// Open fetches an object whole. The bytes are those of the listed ETag and size,
// or the error says that it has changed. Above 64 MiB they lie in a file of
// TempDir that has no name any more, so that nothing of it is left behind,
// however weir ends.
func (s *Source) Open(ctx context.Context, o source.Object) (source.Content, error) {
	if o.Size <= inMemory {
		buffer := bytes.NewBuffer(make([]byte, 0, o.Size))
		if err := s.fetch(ctx, o, buffer); err != nil {
			return nil, err
		}
		return memory{bytes.NewReader(buffer.Bytes())}, nil
	}
	file, err := os.CreateTemp(s.config.TempDir, "weir-object-*")
	if err != nil {
		return nil, s.localFault(o, err)
	}
	c := &spooled{file: file, size: o.Size}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close()
		return nil, s.localFault(o, err)
	}
	if err = s.fetch(ctx, o, file); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return c, nil
}

// memory is the content of an object in memory.
type memory struct{ *bytes.Reader }

// Close does nothing.
func (memory) Close() error { return nil }

// spooled is the content of an object in a file.
type spooled struct {
	file *os.File
	size int64
}

func (c *spooled) Read(p []byte) (int, error)              { return c.file.Read(p) }
func (c *spooled) ReadAt(p []byte, off int64) (int, error) { return c.file.ReadAt(p, off) }
func (c *spooled) Size() int64                             { return c.size }
func (c *spooled) Close() error                            { return c.file.Close() }

// fetch writes all bytes of an object to w, or returns an error.
func (s *Source) fetch(ctx context.Context, o source.Object, w io.Writer) error {
	to := &counted{w: w}
	for attempt := 1; ; attempt++ {
		err := s.fetchRest(ctx, o, to)
		var f *source.Fault
		switch {
		case to.err != nil:
			return s.localFault(o, to.err)
		case err == nil && to.n == o.Size:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &f):
			return err
		case to.n >= o.Size || attempt == fetchAttempts:
			return &source.Fault{
				Op: "read", URL: o.URL, Code: source.Unreachable,
				Err:  fmt.Errorf("the stream broke after %d of %d bytes: %w", to.n, o.Size, err),
				Hint: "run again; what was taken in is not fetched again",
			}
		}
	}
}

// errShort says that a stream ended without an error before its last byte.
var errShort = errors.New("it ended too early")

// fetchRest asks for what is missing in to. Errors of the stream are returned as
// they are; what the service refuses, and another state of the object, as
// faults.
func (s *Source) fetchRest(ctx context.Context, o source.Object, to *counted) error {
	in := &awss3.GetObjectInput{Bucket: &s.config.Bucket, Key: &o.Key, RequestPayer: s.payer()}
	if o.ETag != "" {
		in.IfMatch = aws.String(`"` + o.ETag + `"`)
	}
	if to.n > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", to.n))
	}
	out, err := s.client.GetObject(ctx, in)
	if err != nil {
		return s.fault(ctx, "read", o.URL, err)
	}
	defer out.Body.Close()
	// Not every service heeds If-Match, and some ignore ranges.
	if got := strings.Trim(aws.ToString(out.ETag), `"`); got != "" && o.ETag != "" && got != o.ETag {
		return s.changed(o, fmt.Errorf("its ETag is %s, listed was %s", got, o.ETag))
	}
	rest := o.Size - to.n
	sent, skip := rest, int64(0)
	if to.n > 0 && out.ContentRange == nil {
		sent, skip = o.Size, to.n
	}
	if out.ContentLength != nil && *out.ContentLength != sent {
		return s.changed(o, fmt.Errorf("%d bytes were sent where %d were listed", *out.ContentLength, sent))
	}
	if _, err := io.CopyN(io.Discard, out.Body, skip); err != nil {
		return err
	}
	n, err := io.Copy(to, io.LimitReader(out.Body, rest+1))
	switch {
	case n > rest:
		return s.changed(o, fmt.Errorf("it is longer than the %d bytes that were listed", o.Size))
	case err == nil && n < rest:
		return errShort
	}
	return err
}

// counted counts what was written and keeps the writer's own error apart.
type counted struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.err = err
	return n, err
}

func (s *Source) changed(o source.Object, err error) *source.Fault {
	return &source.Fault{
		Op: "read", URL: o.URL, Code: source.Changed, Err: err,
		Hint: "the object was written again after it was listed: run again",
	}
}

// localFault names an error of the temporary file.
func (s *Source) localFault(o source.Object, err error) *source.Fault {
	dir := s.config.TempDir
	if dir == "" {
		dir = os.TempDir()
	}
	f := &source.Fault{
		Op: "read", URL: o.URL, Code: source.Other,
		Err: fmt.Errorf("cannot hold its %d bytes in %s: %w", o.Size, dir, err),
	}
	if errors.Is(err, syscall.ENOSPC) {
		f.Code = source.NoSpace
		f.Hint = "make room in " + dir + " and run again; what was taken in is not fetched again"
	}
	return f
}
