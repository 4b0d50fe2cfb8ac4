// Package synth makes synthetic VPC flow logs: a day (or any span) of a made-up
// company's VPC, with planted stories, in AWS's layout of S3 objects, and the
// network definition that belongs to it.
//
// What comes in is a [Config]. What goes out is, for each 5-minute slot, the
// objects that AWS would deliver: gzip text with a header or Parquet, under
// AWS's key. The same Config always gives the same plain text, on every machine:
// only integer arithmetic is used, and each minute of traffic has a random
// stream of its own, so that any slot can be made alone and slots can be made in
// parallel. [Summary] says what was planted, as questions with their exact
// answers, so that tests and the demo can check what weir finds.
//
// Callers are weir synth, the demo, the benchmarks and other rooms' tests.
//
// # The model
//
// The VPC 10.0.0.0/16 has 200 network interfaces in three Availability Zones:
// 4 NAT gateways, 12 load balancer nodes, 8 databases (4 of them standbys) and
// 176 instances. Internet clients come to the load balancers, those to the web
// tier, that through an inner load balancer to the app tier, that to databases
// and caches. Private hosts go out through the NAT gateways and to S3 through a
// gateway endpoint; they ask the VPC's own resolvers, since AWS does not log
// queries to Amazon's. Each connection leaves what a real one leaves: a record
// for each direction, at each interface that it passes, in that interface's own
// 60-second window, which is not aligned to the minute; a record's object is that
// of the slot that holds its end (VPC user guide, flow log files).
//
// About 4.1 % of the records are REJECT, 1 % NODATA or SKIPDATA and 4.8 % IPv6.
// Two things are less than real: with few records not every quiet window has
// its NODATA record (the share of 1 % is kept instead), and with far more than
// 10 million a day the share falls, since there are only so many windows.
//
// With a transit gateway format the records are those of a transit gateway
// between two further VPCs, which the VPC's flow log does not cover.
package synth
