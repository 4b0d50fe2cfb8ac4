// Package function is the functions of Trino's SQL as Athena has them, in one table: signatures, results and how each is said in
// DuckDB's SQL, exactly or not at all.
//
// Source of each function's meaning: Trino documentation, "Functions and operators", of the version that Athena engine version 3
// is based on; Athena User Guide, "Functions in Amazon Athena".
package function
