// Package compile gives the queries of Athena their meaning: it resolves names, checks types as Trino does, and says each query in DuckDB's SQL, exactly or not
// at all.
//
// What comes in is a tree of package athenasql and a [Catalog]; what goes out is one SELECT over the relations of its scans. Nothing in the SQL is left to
// a setting of DuckDB: names are quoted, the place of NULL in an order is written, every cast and operator has Trino's meaning or is refused.
//
// How it is said. Each relation has an alias of its own ("r0", "r1"...), and each column is read through it, so that no name of the query can be
// taken for another. A query that groups becomes two: the inner one has the keys and the aggregates as columns, the outer one computes with them; so HAVING
// is a WHERE, and windows over aggregates need nothing more. A CTE and a view are said anew at each place that reads them, as in Trino.
//
// Within the package an error travels as a panic of type bail, which [Compile] catches.
//
// Sources: Trino documentation, "SELECT", "Functions and operators"; Trino's analyzer for what the documentation leaves open (error codes and
// texts, coercions, the precision of decimals).
package compile
