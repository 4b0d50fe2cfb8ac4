package compile

import (
	"context"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// Catalog finds tables by their names, which are in lower case.
type Catalog interface {
	// Table returns a table or view; nil where there is none. A name that ends in "$partitions" is asked for as such.
	Table(ctx context.Context, database, name string) (*Table, error)
	// Tables returns the names of a database's tables, for "did you mean"; nil where there is no such database.
	Tables(ctx context.Context, database string) ([]string, error)
}

// Table is what can stand behind FROM.
type Table struct {
	Database, Name string
	// Columns are in the order of SELECT *: the partition keys are last.
	Columns []Column
	// View is the query of a view, nil of tables; Columns are its result then. ViewDatabase is the database that its names are in.
	View         *athenasql.Query
	ViewText     string
	ViewDatabase string
	// Source is whatever the catalog needs to find the table's files.
	Source any
}

// Column is a column of a table.
type Column struct {
	Name string
	Type types.Type
	// Partition says that it is a key of the table's partitions.
	Partition bool
	// Hidden columns are found by their names, and are not of SELECT *.
	Hidden bool
	// Object says that all rows of an object have the one value that its listing tells.
	Object bool
	// SQL is the column in DuckDB's SQL over the relation that the engine makes of the scan, "" for the column of the same name. It has
	// the type that Type says.
	SQL string
}

// Options says how a query is compiled.
type Options struct {
	Catalog Catalog
	// Database is the one of names without any.
	Database string
	// Now is the time of the statement: current_timestamp and the like.
	Now time.Time
	// Parameters are the texts of the values of ?, each an SQL literal as Athena takes them (ExecutionParameters).
	Parameters []string
	// User is what current_user says.
	User string
}

// Query is a compiled query.
type Query struct {
	// SQL is one SELECT of DuckDB over the relations of Scans.
	SQL string
	// Fast, where it is not "", gives the same rows, or fails with INVALID_CAST_ARGUMENT where SQL may not: a term of AND or OR that casts a column to ipaddress may fail
	// there for rows that terms before it leave out. It has conditions of one column where SQL has ones of several, which DuckDB does not bring down to the reading of files.
	Fast    string
	Columns []Result
	Scans   []Scan
}

// Result is a column of the result. Table is where it is from, "" where it is computed.
type Result struct {
	Name string
	Type types.Type
}

// Scan is one reading of a table.
type Scan struct {
	// Relation is the name in SQL, of a view that the engine makes.
	Relation string
	Table    *Table
	// Columns are the names of the table's columns that are read, in its order.
	Columns []string
	// Pinned are the constants that the conditions on partition keys give to keys by = or IN, as text, by the names of the keys. Not all of them need be met: Partitions decides.
	Pinned map[string][]string
	// Partitions is a condition of DuckDB over the partition keys (by their names, quoted) that every row which matters meets; "": all may.
	Partitions string
	// Objects is such a condition over columns of objects, with partition keys or without.
	Objects string
}
