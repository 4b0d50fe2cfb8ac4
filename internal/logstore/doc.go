// Package logstore keeps log groups: their streams, events, retention and tags. An event is durable
// before it is acknowledged.
//
// What lies where in the data directory:
//
//	logs.db            groups, streams, tags, formats, documents, and which files count
//	tail/events/       segments: what was put and is in no file yet, as it came
//	lake/events/ID/    Parquet files of the events of a group
//	tail/records/      objects of flow log records that the lake has not taken yet
//
// A Put is one frame of a segment, synced, and a block in memory. A flush writes the blocks as files,
// sorted; the transaction of logs.db that names the files frees the segments. After a crash, segments
// that are not freed are read again, and files that nobody names are removed. So an event is in the tail
// or in a file, and never in both (docs/decisions/0031-where-log-events-lie.md).
//
// Package app opens the store beside the lake, whose lock makes it the only writer. It knows no engine.
//
// Source: AWS, CloudWatch Logs API Reference.
package logstore
