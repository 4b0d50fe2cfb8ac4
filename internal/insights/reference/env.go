package reference

import (
	"context"
	"time"

	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/lookup"
	"weir/internal/insights/value"
)

// Env is what a query runs in.
type Env struct {
	// Query is the time range, both ends inclusive, and when the query started; milliseconds since the epoch.
	Query value.Context
	// Fields say how fields of events are found.
	Fields discover.Options
	// Limit is the limit of the request, which counts where the query has none; 0 is the default of 10,000.
	Limit int64
	// MaxRows is how many rows a command may make of fewer; 0 is DefaultMaxRows.
	MaxRows int
	// MaxBytes bounds about how much memory the columns take that commands make; 0 is DefaultMaxBytes.
	MaxBytes int64
	// Events gives the events of log groups in a time range, both ends inclusive, in any order. A source that
	// is nil stands for the log groups of the request. nil: there are none.
	Events func(ctx context.Context, source *insights.Source, start, end int64) ([]discover.Event, error)
	// Table gives a lookup table by its name. nil: there are none.
	Table func(ctx context.Context, name string) (*lookup.Table, error)
	// Prefix, for Continue, gives the rows for another time range that the ones given to it are for the query's.
	// Only diff, logcompare and stats with an offset need it.
	Prefix func(ctx context.Context, start, end int64) (*Rows, error)

	made *int64 // bytes of columns so far, of the queries in the query too
}

// Window returns the time range of a source, both ends inclusive: its own where it has one, else the query's.
func Window(s *insights.Source, c value.Context) (start, end int64) {
	start, end = c.Start, c.End
	if s == nil {
		return start, end
	}
	at := func(t *insights.SourceTime) int64 {
		if t.Relative {
			return c.Now + t.Millis
		}
		return t.Millis
	}
	if s.Start != nil {
		start = at(s.Start)
		if s.End == nil {
			end = max(end, start)
		}
	}
	if s.End != nil {
		end = at(s.End)
	}
	return start, end
}

// within returns the environment of another time range, without a limit.
func (e *Env) within(start, end int64) *Env {
	inner := *e
	inner.Query.Start, inner.Query.End = start, end
	inner.Limit = 0
	inner.Prefix = nil
	return &inner
}

// length of a day; the months of diff are the calendar's.
const day = int64(24 * time.Hour / time.Millisecond)
