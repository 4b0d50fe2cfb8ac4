// Package rowfile writes the rows of a query as files: CSV and Parquet, and single
// values as text and JSON.
//
// In come [query.Rows], out go bytes to a writer. The command line prints with it, and the
// console exports with it, so that both give the same numbers. Nothing is rounded: what a
// form can't hold exactly is an error.
package rowfile
