package cli

import (
	"context"
	"errors"
	"io"
	"time"
)

// patience is how long more is waited for behind a signal: who writes into the pipe got it too, and writes what it holds.
const patience = time.Second

// errSignal says that an input did not end after a signal.
var errSignal = errors.New("a signal came, and the input did not end; what is before was read")

// signalled is an input of which, once a context is done, only what comes without a longer pause is read.
type signalled struct {
	ctx      context.Context
	patience time.Duration
	chunks   chan chunk
	quit     chan struct{}
	rest     chunk // of the last chunk: what was not read yet
}

// chunk is what one read of an input gave.
type chunk struct {
	data []byte
	err  error
}

// untilSignal returns an input that ends with [errSignal] where ctx is done and nothing came for so long, whatever the one that it reads does. That one stays the caller's, and may be
// read once more after Close.
func untilSignal(ctx context.Context, in io.Reader, patience time.Duration) io.ReadCloser {
	s := &signalled{ctx, patience, make(chan chunk), make(chan struct{}), chunk{}}
	go func() {
		for {
			c := chunk{data: make([]byte, 64<<10)}
			var n int
			n, c.err = in.Read(c.data)
			c.data = c.data[:n]
			select {
			case s.chunks <- c:
			case <-s.quit:
				return
			}
			if c.err != nil {
				return
			}
		}
	}()
	return s
}

// Read reads what has come, or waits for it.
func (s *signalled) Read(p []byte) (int, error) {
	if len(s.rest.data) == 0 && s.rest.err == nil {
		s.rest = s.next()
	}
	n := copy(p, s.rest.data)
	if s.rest.data = s.rest.data[n:]; n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, s.rest.err
}

// next returns the next chunk.
func (s *signalled) next() chunk {
	select {
	case c := <-s.chunks:
		return c
	case <-s.ctx.Done():
	}
	late := time.NewTimer(s.patience)
	defer late.Stop()
	select {
	case c := <-s.chunks:
		return c
	case <-late.C:
		return chunk{err: errSignal}
	}
}

// Close lets go of the input.
func (s *signalled) Close() error {
	close(s.quit)
	return nil
}
