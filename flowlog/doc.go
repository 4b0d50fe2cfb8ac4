// Package flowlog reads and writes VPC flow log and transit gateway flow log
// records in every form in which AWS delivers them.
//
// One table, [Fields], describes each field of versions 2 to 11 of VPC flow
// logs, of transit gateway flow logs and of weir's own additions. The text
// parser, the Parquet schema, the SQL columns and the reference documentation
// derive from that table; nothing else in weir describes a field again.
//
// Records are held in a [Batch]: one column per field, text dictionary-coded.
// A [Record] is a view of one row of a batch. A [Decoder] reads an object
// (text, gzip, zstd, CloudWatch Logs documents, Firehose envelopes, Parquet),
// finds its format from evidence, and yields batches; it keeps the good
// records beside a bad one and reports the bad one with its place.
//
//	d, err := flowlog.NewDecoder(file, flowlog.Options{})
//	for err == nil {
//		var b *flowlog.Batch
//		if b, err = d.Next(); err != nil {
//			break // io.EOF at the end
//		}
//		for r := range b.Records() {
//			src, ok := r.Addr(flowlog.SrcAddr)
//			...
//		}
//	}
//
// The package is public: names and meanings stay stable. It imports nothing
// else of weir and needs no cgo.
package flowlog
