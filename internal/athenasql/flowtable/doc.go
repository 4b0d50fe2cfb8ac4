// Package flowtable writes the statements that make Athena's tables over delivered flow logs.
//
// What comes in are [Stream] values: which objects lie where, and in which format their records are. What goes out are [Table] values
// whose Statements have the columns in the order of the objects, the storage and the partitions that these have. Package app lists and
// opens the objects; weir athena ddl shows the statements.
//
// Sources: Athena User Guide, "Create a table for Amazon VPC flow logs and query it", "Create tables for flow logs in Apache Parquet
// format", "Create and query a table for Amazon VPC flow logs using partition projection", "Create tables for flow logs in Apache
// Parquet format using partition projection", "Supported types for partition projection", "Reserved keywords".
package flowtable
