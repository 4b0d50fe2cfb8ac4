package duckdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"weir/internal/query"
)

// limit ends a query in time, and names what ended it.
type limit struct {
	ctx     context.Context
	cancel  context.CancelFunc
	timeout time.Duration
}

// newLimit begins a query's time.
func newLimit(ctx context.Context, l query.Limits) *limit {
	out := &limit{timeout: l.Timeout}
	if l.Timeout > 0 {
		out.ctx, out.cancel = context.WithTimeoutCause(ctx, l.Timeout, errTimeout)
	} else {
		out.ctx, out.cancel = context.WithCancel(ctx)
	}
	return out
}

var errTimeout = errors.New("timeout")

// close ends the query's time and returns its error by its right name.
func (l *limit) close(err error) error {
	err = l.name(err)
	l.cancel()
	return err
}

// name returns the error of a query by its right name: what came of the time's
// end is ErrLimit, what came of the caller's giving up is the context's error.
func (l *limit) name(err error) error {
	if err == nil || l.ctx.Err() == nil {
		return err
	}
	if context.Cause(l.ctx) == errTimeout {
		return fmt.Errorf("%w: it took longer than %v", query.ErrLimit, l.timeout)
	}
	return l.ctx.Err()
}
