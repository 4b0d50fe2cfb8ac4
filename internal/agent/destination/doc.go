// Package destination is where records of flow logs go, with AWS's rules of delivery: S3 and what speaks like it, CloudWatch Logs, Firehose, and folders.
//
// What comes in are batches of records: [Encode] makes bytes of one, which are kept until they are delivered, and [Open] a [Destination] that delivers them as
// [Item]s. What goes out is in the destination, once or at least once, and an [Outcome] or a [Failure] says so. Package agent calls it. Nothing here waits,
// tries again or runs on: who calls does, and with the same bytes.
//
// # What is there once, and what may be there twice
//
// The name of an object in S3 or a folder has a hash of its bytes, and is only taken where there is none: an object that may or may not have been taken is
// looked for by the next attempt. CloudWatch Logs and Firehose have no such write. A destination remembers how far an item came that failed, so that the next
// attempt goes on from there; what is sent again since the answer did not come may be there twice, and is counted as that. An agent that begins anew does
// not remember.
//
// Sources: VPC user guide, "Publish flow logs to Amazon S3", "... to CloudWatch Logs", "... to Amazon Data Firehose"; spec c.
package destination
