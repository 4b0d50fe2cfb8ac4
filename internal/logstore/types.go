package logstore

import (
	"context"
	"errors"
	"iter"
)

// Errors that stores give; ask with [errors.Is].
var (
	ErrNoGroup      = errors.New("the specified log group does not exist")
	ErrNoStream     = errors.New("the specified log stream does not exist")
	ErrGroupExists  = errors.New("the specified log group already exists")
	ErrStreamExists = errors.New("the specified log stream already exists")
	// ErrReadOnly says that a log group is what the lake has, and can't be written.
	ErrReadOnly = errors.New("the log group is read-only")
)

// A Group is a log group.
type Group struct {
	Name          string
	Created       int64 // milliseconds since the epoch
	RetentionDays int   // 0: for ever
	Class         string
	StoredBytes   int64
	Tags          map[string]string
	// Format is the LogFormat of the flow log whose records its events are, "" where none is known.
	Format string
	// ReadOnly says that its events are the records of the lake.
	ReadOnly bool
}

// A Stream is a log stream. Times are milliseconds since the epoch, 0 where there was no event.
type Stream struct {
	Name                                          string
	Created, FirstEvent, LastEvent, LastIngestion int64
}

// An Event is a log event. Times are milliseconds since the epoch.
type Event struct {
	Group, Stream        string
	Timestamp, Ingestion int64
	Message              string
	// Ordinal tells events of the same group, stream, time and message apart: later ones have greater
	// numbers. It never changes. What else it says is the reader's own.
	Ordinal int
}

// A ReadRequest asks for events of a group.
type ReadRequest struct {
	Group string
	// Streams are names, nil for all; Prefix begins names, "" for all.
	Streams []string
	Prefix  string
	// From and To bound the timestamp in milliseconds since the epoch: From inclusive, To exclusive;
	// To 0 does not bound.
	From, To int64
	// Ingested bounds the ingestion time from below in milliseconds since the epoch, inclusive; 0 does not
	// bound.
	Ingested int64
	// Backward reads from the newest.
	Backward bool
	// After is the event behind which reading begins, nil for the first.
	After *Event
}

// A Reader reads log groups. It is safe for concurrent use.
type Reader interface {
	// Groups returns all groups by name.
	Groups(ctx context.Context) ([]Group, error)
	// Streams returns the streams of a group by name. Errors: ErrNoGroup.
	Streams(ctx context.Context, group string) ([]Stream, error)
	// Read yields events by timestamp, ingestion time, stream, message and ordinal, or in the reverse of
	// that order. Errors: ErrNoGroup.
	Read(ctx context.Context, r ReadRequest) iter.Seq2[Event, error]
}
