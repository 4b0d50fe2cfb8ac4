// Package ebpf counts what passes network interfaces in the kernel, and decides of each packet as the interface's security
// groups and network ACL do.
//
// What comes in are interfaces with their policies ([Program.Swap]) and the devices of the host that they are
// ([Program.Watch]). What goes out are flows with counts and verdict, of the time since the last read ([Program.Read]).
// [Load] loads one program for each direction of a device; c/ has its source, which is compiled by clang 14 and committed,
// so that nobody needs clang to build weir.
//
// It decides as [policy.Connections] does and reads frames as package packet does; tests give all three the same. What is
// different here:
//
//   - Time has steps of 2^20 ns, a little more than a millisecond.
//   - An IPv6 packet with an address of ::ffff:0:0/96 is malformed.
//   - Of an IPv4 network ACL 253 entries fit, and of all policies together 32,768 ranges of addresses.
//
// # Counting once
//
// A connection's entry has counts of two epochs. Read turns the epoch, waits until no program runs that began before, and
// reads the counts of the old one. Nothing is deleted to be read, so no packet falls between. What is refused, and what has
// no connection, stands in a table of its own, so that a scan does not push connections out. Where a table is full, packets
// are counted for the interface alone ([Tallies.Lost]).
package ebpf
