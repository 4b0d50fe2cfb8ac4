package hygiene

import (
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// Connection is what some connections at one interface have in common, and how many they are.
type Connection struct {
	Interface string
	// Inbound says that the far end began them.
	Inbound  bool
	Protocol int
	// Far is the address of the other end.
	Far netip.Addr
	// Port is the one that was called, and ClientFrom to ClientTo bound those that they came
	// from; -1 where the protocol has none.
	Port, ClientFrom, ClientTo int
	// Connections counts them. Guessed are those of which no record says who began. Passed
	// are those whose request was accepted, RequestDenied and ReplyDenied those of which it, or a
	// reply, was refused by rules.
	Connections, Guessed, Passed, RequestDenied, ReplyDenied int64
	// Requests and Replies count accepted records.
	Requests, Replies int64
	Bytes             int64
	First, Last       int64 // seconds since the epoch
}

// request returns the packets that begin the connections, as rules see them.
func (c *Connection) request() policy.Packets {
	p := policy.Packets{Direction: netmodel.Egress, Far: c.Far, Protocol: c.Protocol}
	if c.Inbound {
		p.Direction = netmodel.Ingress
	}
	if c.Port >= 0 {
		p.From, p.To = uint16(c.Port), uint16(c.Port)
	}
	return p
}

// reply returns the packets that answer them.
func (c *Connection) reply() policy.Packets {
	p := policy.Packets{Direction: netmodel.Ingress, Far: c.Far, Protocol: c.Protocol}
	if c.Inbound {
		p.Direction = netmodel.Egress
	}
	if c.ClientFrom >= 0 {
		p.From, p.To = uint16(c.ClientFrom), uint16(c.ClientTo)
	}
	return p
}

// The lowest ports that clients use: AWS's own, and those of Linux.
const lowestClient, lowestLinux = 1024, 32768

// ClientBorders returns the ports at which a bucket of clients' ports must begin, so that all of
// it is one to entries of network ACLs and to rules that name ports, and that it can be told
// whether a guess is doubtful. In order.
func ClientBorders(n *netmodel.Network) []int {
	ports := map[int]bool{lowestClient: true, lowestLinux: true}
	add := func(t netmodel.Traffic) {
		ports[int(t.From)] = true
		ports[int(t.To)+1] = true
	}
	for _, a := range n.NetworkACLs {
		for _, e := range slices.Concat(a.Ingress, a.Egress) {
			if ported(e.Traffic) {
				add(e.Traffic)
			}
		}
	}
	for _, g := range n.SecurityGroups {
		for _, r := range slices.Concat(g.Ingress, g.Egress) {
			if named(r.Traffic) {
				add(r.Traffic)
			}
		}
	}
	return slices.Sorted(maps.Keys(ports))
}

// named reports whether traffic is to few ports: somebody will listen there.
func named(t netmodel.Traffic) bool { return ported(t) && t.To-t.From < 100 }

// doubtful reports whether the other end may as well have begun.
func (c *Connection) doubtful() bool {
	switch {
	case c.Guessed == 0:
		return false
	case c.Port < 0:
		return true
	}
	return (c.Port >= lowestClient || c.ClientFrom < lowestClient) && (c.Port >= lowestLinux || c.ClientFrom < lowestLinux)
}
