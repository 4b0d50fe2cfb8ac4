// Package source is the socket for delivered flow logs: where they lie, which of
// them are wanted, and what is wrong where one cannot be had.
//
// What comes in is a place, as a [Spec] spells it (a folder, a file, a bucket
// with a prefix), and a [Selection] (times, regions, log owners). What goes out
// is [Object] values, in which a [Key] holds what AWS's key layouts tell without
// a fetch (account, region, flow log, 5-minute slot), a [Listing] that accounts
// for everything that was seen, left out, skipped or denied, and the [Content] of
// one object. A [Fault] says what AWS or the file system refused, with a hint
// that a person can act on.
//
// Package source/file reads folders and files, source/s3 buckets, source/cwlogs log
// groups; source/sqs takes the events of a bucket from a queue, and source/ec2 asks
// EC2 for the formats of flow logs, which [FlowLog] describes. Package
// source/sourcetest is the suite that every source must pass. The commands that
// take logs into the lake call them; this package knows no AWS SDK and opens no
// connection.
package source
