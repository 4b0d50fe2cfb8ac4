// Package truth plays packets through random networks and tells which rule decided about
// each, to compare with what package attribute tells from the records alone.
//
// What comes in: a seed. What goes out: a [World]: the definition over some hours, the
// records that AWS would have made, and with each record the [Verdict] of every packet in it.
// Tests call it. It shares no code with package policy, nor with the packages that find pairs
// and directions: its evaluation is a walk over rules, packet by packet, with a connection
// table at each ENI.
//
// # What is played
//
// Conversations between ENIs, hosts outside and a NAT gateway: TCP from handshake to close, with
// segments that come again, late or never, scans, reused ports, servers that call back; UDP of one
// exchange, of many, of none; ICMP requests, replies and errors; protocols without ports. In the
// middle rules, groups of ENIs, prefix lists and entries of network ACLs change.
//
// # What AWS makes of it
//
// One record for each flow, direction and action in each of an ENI's windows of 60 or 600 s, which
// begin at a second of its own (VPC user guide, "Aggregation interval"). The ENI's end of a
// record is its primary address, whatever address the packets had; pkt-srcaddr and pkt-dstaddr say
// that, in formats that have them ("srcaddr", "dstaddr"). tcp-flags are those of all packets, ACK
// only beside SYN. Flow logs record one action or both; some records are lost, with SKIPDATA in their
// window, some are delivered later or twice, and in any order.
//
// # What AWS leaves open
//
// A world chooses one of what is not documented: how long TCP connections are kept that open or
// close, and whether packets after a close are refused where rules would allow them. What is exact
// must be so in all of them.
package truth
