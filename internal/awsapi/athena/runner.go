package athena

import (
	"context"
	"errors"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// A Request is a statement to be run.
type Request struct {
	// ID is the id of the query execution; Check has none.
	ID string
	// Text is the statement.
	Text string
	// Database is that of names without one, "" where the client named none. The catalog is AwsDataCatalog.
	Database string
	// Parameters are the values of ?, as the client gave them (ExecutionParameters).
	Parameters []string
	// MaxBytes bounds what the statement may scan; 0 does not. A statement that would scan more must not begin: [ErrCutoff].
	MaxBytes int64
	// WorkGroup is the name of the workgroup, User the access key that sent the request.
	WorkGroup, User string
	// Prepared are the prepared statements of the workgroup, for PREPARE, EXECUTE and DEALLOCATE PREPARE.
	Prepared PreparedStatements
}

// A Statement is what is known of a statement by its text alone.
type Statement struct {
	Kind athenasql.Kind
	// SubStatement is such as SELECT, SHOW_TABLES or CREATE_TABLE_AS_SELECT.
	SubStatement string
}

// ErrCutoff says that a statement would scan more than its MaxBytes; ask with [errors.Is].
var ErrCutoff = errors.New("bytes scanned limit was exceeded")

// A Runner checks and runs statements. It is safe for concurrent use.
type Runner interface {
	// Check reads a statement, without asking for what its names mean; of EXECUTE it tells what the prepared statement is. Errors:
	// *athenasql.Error where it can't be parsed, or is of a kind that is not supported.
	Check(ctx context.Context, r Request) (Statement, error)
	// Run begins a statement that was checked. Errors, also those of the rows: *athenasql.Error where the statement is wrong, ErrCutoff,
	// ctx's; others are the server's fault.
	Run(ctx context.Context, r Request) (Rows, error)
}

// Rows is the result of a statement. It is used by one goroutine at a time.
type Rows interface {
	// Columns are the columns of the result; none for statements without any, such as CREATE TABLE.
	Columns() []Column
	// Next returns the next row, io.EOF behind the last. Its values are those that [types.Text] takes, or texts; the slice is valid until the next
	// call.
	Next() ([]any, error)
	// Statistics returns what it cost; it is complete behind the last row.
	Statistics() Statistics
	Close() error
}

// Column is a column of a result.
type Column struct {
	Name string
	Type types.Type
}

// Statistics is what a statement cost.
type Statistics struct {
	// BytesScanned and RowsScanned are what was read of tables.
	BytesScanned, RowsScanned int64
	// Planning and Execution are parts of the time.
	Planning, Execution time.Duration
	// Updated is the number of rows that CREATE TABLE AS wrote.
	Updated int64
	// Written are the addresses of the objects that UNLOAD wrote. They are not kept: what lists them is written beside the results.
	Written []string `json:"-"`
}

// PreparedStatements are those of one workgroup.
type PreparedStatements interface {
	// PreparedStatement returns the text of a statement, false where there is none of the name.
	PreparedStatement(name string) (text string, ok bool)
	// Prepare keeps a statement, in place of one of its name.
	Prepare(name, text string) error
	// Deallocate removes a statement, and says whether there was one.
	Deallocate(name string) (bool, error)
}
