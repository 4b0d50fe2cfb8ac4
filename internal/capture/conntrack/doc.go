// Package conntrack knows the connections whose addresses the host translates (NAT), as the kernel's connection tracking has them, and tells where packets at
// a network device really come from or go to.
//
// What comes in are messages of ctnetlink: all connections at the start, and from then on those that begin and end. What goes out is the address on the other side of
// the translation ([Watch.Near]), or that it is not known. It never guesses: packets of which two connections may be, and those of a time of which messages were lost,
// are not known. Package agent asks.
//
// It is of the network namespace in which it was started, and of TCP and UDP: only there are a flow's addresses and ports one connection. Flows of ICMP have
// no identifiers, so that pings of several machines behind the same address can't be told apart.
package conntrack
