// Package tablefile makes Parquet files of the objects of tables, typed as the tables say, and keeps them: the engine reads these and nothing else
// (docs/decisions/0034-tables-over-objects-are-read-from-parquet-files.md).
//
// What comes in is the [Layout] of a table and objects that a [Storage] lists; what goes out are files of a folder of the data directory, one for
// each object, or for some small ones. Text is read by the rules of Hive's LazySimpleSerDe as Trino follows them, or by those of OpenCSVSerde, RegexSerDe
// and the two JSON SerDes, Parquet by the names of its columns. A text whose header says another order of columns than the table is refused.
//
// Sources: Athena User Guide, "LazySimpleSerDe for CSV, TSV, and custom-delimited files", "Open CSV SerDe for processing CSV", "Hive JSON SerDe",
// "OpenX JSON SerDe", "Parquet SerDe"; Trino, lib/trino-hive-formats (what Trino's tests hold against Hive's own SerDe).
package tablefile
