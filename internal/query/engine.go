package query

import (
	"context"
	"errors"
	"time"
)

// Errors that engines give; ask with [errors.Is].
var (
	// ErrRefused says that a query is not allowed or not supported; the text
	// says what and where.
	ErrRefused = errors.New("query refused")
	// ErrLimit says that a limit ended the query: time, memory, rows or bytes.
	ErrLimit = errors.New("query limit reached")
)

// Limits bounds what one query may use. Zero members do not bound.
type Limits struct {
	Timeout time.Duration
	// MaxRows bounds the rows of the result: one row more is ErrLimit, never a
	// shorter result.
	MaxRows int64
	// MaxBytes bounds the bytes of lake files that will be read (see Cost); a
	// query above it is refused before it runs.
	MaxBytes int64
	// Counted says that a result of SQL counts for the memory of queries, and goes to the spill where that has no room, rather than being held whole beside it: for
	// those who ask over a network. It costs a query some milliseconds.
	Counted bool
}

// An Engine runs plans over weir's tables. It is safe for concurrent use. The
// result is of one moment: commits to the lake while the query runs do not
// change it.
type Engine interface {
	// Run checks the plan and runs it. The caller closes the rows.
	Run(ctx context.Context, p Plan, l Limits) (Rows, error)
	// Explain says what Run would read, without running it. It ends with ctx;
	// an engine may end it earlier, with ErrLimit.
	Explain(ctx context.Context, p Plan) (Cost, error)
}

// An SQLEngine runs SQL text besides plans. One SELECT over weir's tables is
// taken; everything else is refused with its place.
type SQLEngine interface {
	Engine
	RunSQL(ctx context.Context, sql string, s Scope, l Limits) (Rows, error)
	// ExplainSQL says what RunSQL would read, as Explain does.
	ExplainSQL(ctx context.Context, sql string, s Scope) (Cost, error)
}

// Rows is the result of a query. It is not safe for concurrent use.
type Rows interface {
	// Columns returns the result's columns in order.
	Columns() []Column
	// Next returns the next row, one value for each column, of the types that
	// [Type] says. The row is valid until the next call. It returns io.EOF
	// after the last row.
	Next() ([]any, error)
	// Close ends the query and frees what it holds. It may be called twice.
	Close() error
}

// Cost is what a query will read.
type Cost struct {
	// Files are the lake files that will be opened: those whose statistics may
	// match. FilesTotal counts all of the tables in question.
	Files      []FileCost
	FilesTotal int
	// Bytes is what of Files will be read at most (the columns in question);
	// BytesTotal is the size of all files of the tables in question.
	Bytes, BytesTotal int64
	// Records is how many records Files hold.
	Records int64
	// Columns are the columns that will be read, in the table's order.
	Columns []string
}

// FileCost is one file of a Cost.
type FileCost struct {
	Path    string `json:"path"` // relative to the lake's folder
	Records int64  `json:"records"`
	Size    int64  `json:"size"`  // bytes
	Bytes   int64  `json:"bytes"` // bytes of the columns in question
}
