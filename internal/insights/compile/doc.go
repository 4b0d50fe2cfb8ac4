// Package compile makes a Logs Insights query SQL for DuckDB, as far as it has a form there: the
// filters, the first stats with what can be left out behind it, and how many rows are enough. The
// reference evaluator does the whole query over the rows that are left, so what has no form in SQL
// costs time and never changes an answer.
//
// What comes in: a checked query, and the sources of rows with the SQL of their fields. What goes out:
// a [Plan]. Package duckdb runs it, and registers the functions that its SQL calls (named in
// [Functions]): they call package value, so that there is one meaning.
//
// # Kinds
//
// Each expression has a kind that is known before the query runs, so that comparisons of typed columns
// with constants are plain SQL, by which DuckDB passes files over. Where values of several kinds may
// occur it is [Tagged]: a text with a letter of the kind in front.
package compile
