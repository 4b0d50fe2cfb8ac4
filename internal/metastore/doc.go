// Package metastore keeps what Athena finds in the Glue Data Catalog: databases, tables over objects that lie elsewhere, views, and partitions, and
// carries out the statements that make, change, show and remove them.
//
// It knows no engine: package app gives it what lists and opens objects, and brings what it finds to the engine.
//
// Sources: Athena User Guide, "DDL statements", "Partition your data", "Use partition projection with Amazon Athena".
package metastore
