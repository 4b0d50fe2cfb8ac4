// Package pair tells, for the records of an hour, their direction at the interface
// and what became of the opposite direction of their flow: the fields
// weir-direction, weir-pair, weir-pair-gap and weir-repeat.
//
// What comes in: the records of one hour, batch by batch, and the [Edge] of each
// neighbouring hour. What goes out: one value of each field for each record, in the
// order in which they came. The lake calls it while it writes an hour's files. It
// reads nothing and keeps nothing.
//
// # Direction
//
// A record's direction is its flow-direction. Where it has none, the interface's
// own address tells: AWS writes the interface's primary address at one end of every
// record (VPC user guide, "srcaddr" and "dstaddr"), so that it is the one address
// that all records of the interface in the hour share, of IPv4 and of IPv6 each.
// While an interface talked to one peer only, both addresses could be it: there
// [Owners] tell its own addresses at the record's end, from a definition of the
// network. Where they do not, where neither or both ends are its own, and behind a
// regional NAT gateway, the direction is undecided.
//
// # Pairs
//
// A record's flow is the interface (of a regional NAT gateway: resource-id), the
// protocol, and both ends: address and port. The addresses are pkt-srcaddr and
// pkt-dstaddr where the record has both, else srcaddr and dstaddr. Protocols without
// ports have port 0.
//
// Two records of the same flow in opposite directions are a pair when both lie
// within one aggregation interval and 60 seconds: from the earlier start to the
// later end. The interval is 600 s where some record of the interface in the hour
// spans more than 60 s, else 60 s. (VPC user guide, "Aggregation interval": 600 s or
// 60 s, and at most 60 s at a Nitro instance whatever the flow log says, so that the
// records tell more than the flow log's definition.)
//
// The field weir-pair is "accepted" where a record that pairs says ACCEPT, else
// "rejected" where one says REJECT. Where none pairs it is "none", if the records
// could tell: the same flow log has records from before and after the time in which
// a pair could lie, and none there says SKIPDATA. Else it is "unknown". Records that
// do not say what a flow is made of are "unknown" too: those of TCP, UDP and their
// like without ports, and those whose two ends are the same. Records without traffic
// (NODATA, SKIPDATA) have none of the fields.
//
// A flow log of accepted or of rejected traffic only does not show the other; that
// cannot be seen in its records, and "none" means none in the log.
//
// # Repeats
//
// The same traffic is recorded more than once by several flow logs over one
// interface, at the interfaces of both its ends, and on its way through NAT and
// transit gateways. Of the records of the same traffic one counts; weir-repeat says
// of each other why it does not, and of none that could be the only one:
//
//   - "flow-log": another flow log recorded the interface at that time. Of the flow
//     logs that have records of an action in the hour one counts: one with both
//     actions before others, then that with more fields, with the shorter interval,
//     with the lower id. A record of another one repeats it where it has records of
//     the interface in the minute in which the record starts or in which it ends.
//   - "receiver": the interface of the sender, or of two of which neither is known to
//     send that with the lower digest, has a record of the same flow, direction and
//     action within one aggregation interval and 60 seconds (of the longer one). Two
//     that are known to send are of networks with the same addresses, and so are two
//     that are known to receive: where more receive than send, all of them count.
//   - "leg": the record was made on the way, by an interface that is at neither end
//     of the flow: its pkt-srcaddr or pkt-dstaddr is not the address beside it, or a
//     regional NAT gateway made it; and there is one of the ends, or of an interface
//     nearer to the sender. So is the outside of a NAT gateway, where srcaddr and
//     source port are the gateway's own: a record of the same interface, action and
//     far end whose inside was recorded in the same time. Interfaces that send for
//     further addresses of theirs look the same.
//
// The refusal of what the sender was allowed to send repeats nothing. Across the
// boundary of an hour, what is on the way or known to be the receiver's is found.
package pair
