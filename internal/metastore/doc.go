// Package metastore keeps what Athena finds in the Glue Data Catalog: databases, tables over objects that lie elsewhere, views, and partitions, and
// carries out the statements that make, change, show and remove them.
//
// What comes in are parsed statements ([Store.Execute]) and names ([Store.Table]); what goes out are lines of text, as Athena's utility
// statements have them, tables for the compiler, and partitions ([Store.Partitions]). It knows no engine: package app gives it what lists
// objects and what compiles views, and brings the tables' files to the engine.
//
// State is DATA/metastore.db, one SQLite database. A statement that was answered is on the disk.
//
// Sources: Athena User Guide, "DDL statements", "Partition your data", "Use partition projection with Amazon Athena"; the texts of errors are those that
// Athena takes from Hive.
package metastore
