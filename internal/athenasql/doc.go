// Package athenasql is the SQL of Amazon Athena (engine version 3, which is Trino's) as text: lexer,
// parser, printer and syntax tree, for queries and for the statements of Hive that Athena takes.
//
// [Parse] reads one statement. What a name or a type means, and whether it is right, package compile says; the
// types are in package types and the functions in package function. The engine is not known here.
//
// Sources: Athena User Guide, "SQL reference for Athena", "DDL statements", "DML queries, functions, and operators";
// Trino documentation, "SQL language", "SQL statement syntax". What both leave open is decided in
// docs/decisions/0033-what-is-open-about-athenas-sql.md.
package athenasql
