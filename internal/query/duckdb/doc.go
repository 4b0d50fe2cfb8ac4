// Package duckdb is the fast engine: it runs plans and SQL over the lake's Parquet
// files with DuckDB, in memory and in this process.
//
// What comes in: a [query.Plan], which becomes one SELECT, or the text of a
// SELECT. Each query pins a snapshot of the lake and sees its tables as views
// over just those files whose statistics may match. What goes out: rows. The room
// app opens the engine; the console and the commands use it through the interfaces
// of package query.
//
// # The sandbox
//
// DuckDB may read DATA/lake and nothing else, may load nothing, and its settings
// are locked. SQL passes a gate first (see gate.go): one SELECT over weir's tables
// and the few table functions that read no file. The gate matters, since a plain
// SELECT could read any file in the lake's folder, and COPY could write there.
package duckdb
