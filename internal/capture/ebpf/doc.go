// Package ebpf counts what passes network interfaces in the kernel, and decides of each packet as the interface's security
// groups and network ACL do.
//
// What comes in are interfaces with their policies ([Program.Swap]) and the devices of the host that they are
// ([Program.Attach]); devices become other interfaces at once with the policies ([Change]). What goes out are flows with counts and verdict, epoch by epoch ([Program.Turn], [Program.Rows],
// [Program.Settle]).
// [Load] loads one program for each direction of a device; c/ has its source, which is compiled by clang 14 and committed,
// so that nobody needs clang to build weir.
//
// It decides as [policy.Connections] does and reads frames as package packet does; tests give all three the same. What is
// different here:
//
//   - Time has steps of 2^20 ns, a little more than a millisecond.
//   - An IPv6 packet with an address of ::ffff:0:0/96 is malformed where rules decide of it, and one with an address of
//     ::fffe:0:0/96 anywhere.
//   - Of an IPv4 network ACL 253 entries fit, and of all policies together 32,768 ranges of addresses.
//
// # Counting once
//
// A connection's entry has counts of two epochs. Turn closes one; Rows waits until no program runs that began before, and
// reads its counts. Nothing is deleted to be read, so no packet falls between. What is refused, and what has
// no connection, stands in a table of its own, so that a scan does not push connections out. Where a table is full, packets
// are counted for the interface alone ([Tallies.Lost]).
//
// # The host's own firewall
//
// In mode Observe a second program, at the tracepoint skb:kfree_skb, sees what the host's firewall drops: it counts that as refused ([Row.Dropped]), and
// takes back what the first one counted of it as accepted when it came in. Both are of the same epoch, so a packet is accepted or refused, in
// one read and once. [Tallies.Unattributed] and [Program.Missed] say what could not be told so.
//
// In mode Forward, of a router, it sees in the same way what the router can't forward, and why ([Row.Lost]): the packet's route has an error, or it has too many hops behind it, or is too
// large for the next device. [Program.Forwards] says whether the kernel tells it.
//
// # What outlives the process
//
// With [Options.Pin], tables and links stay in a BPF file system, and the program goes on by itself. Who loads it after a
// crash finds the epoch that was closed and not settled ([Program.Closed]): kept together with its name, each row is kept
// once. What names rules and interfaces lies beside the tables.
//
// Devices of other network namespaces, whose indexes mean others, are watched by [Program.In]: the same tables, with a
// table of devices for each.
//
//	last := ...                                  // the epoch that is kept, with its rows
//	p, err := ebpf.Load(ebpf.Options{Pin: "/sys/fs/bpf/weir"})
//	if e, ok := p.Closed(); ok && e == last {
//		err = p.Settle()                         // its rows are kept
//	}
//	for ... {
//		last, err = p.Turn()
//		err = p.Rows(add)
//		// keep the rows and last, in one step
//		err = p.Settle()
//	}
package ebpf
