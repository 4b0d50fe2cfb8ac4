package netmodel

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Network is a definition. AWS's ids are unique over accounts and regions, so that each
// map is by id; a shared subnet or VPC is there once. It is not changed once loaded.
type Network struct {
	VPCs           map[string]*VPC
	Subnets        map[string]*Subnet
	Interfaces     map[string]*Interface
	SecurityGroups map[string]*SecurityGroup
	NetworkACLs    map[string]*NetworkACL
	PrefixLists    map[string]*PrefixList
}

// VPC is a virtual private cloud.
type VPC struct {
	ID, Name string
	Account  string // of the owner; "" where the input does not say
	// CIDRs are its associated IPv4 and IPv6 networks, the primary IPv4 one before other
	// IPv4 ones: the Amazon DNS server is at its base plus two.
	CIDRs []netip.Prefix
}

// Subnet is a subnet.
type Subnet struct {
	ID, Name, VPC string
	AZ, AZID      string
	CIDRs         []netip.Prefix
	// NetworkACL is the id of the one that is associated with it; "" where no network ACL
	// of the input says so.
	NetworkACL string
}

// Interface is a network interface (ENI).
type Interface struct {
	ID, Name, VPC, Subnet string
	Description           string
	// Type is as EC2 names it: interface, nat_gateway, network_load_balancer...
	Type string
	// Requester is the id of who made a requester-managed interface, else "".
	Requester string
	Instance  string // id
	// Addresses are its private IPv4 and its IPv6 addresses, the primary one first.
	Addresses []netip.Addr
	// Public are the public IPv4 addresses by the private ones that they stand for.
	Public map[netip.Addr]netip.Addr
	// Prefixes are the networks that are delegated to it.
	Prefixes []netip.Prefix
	// Groups are the ids of its security groups.
	Groups []string
}

// SecurityGroup is a security group.
type SecurityGroup struct {
	ID, Name, VPC   string
	Ingress, Egress []GroupRule
}

// GroupRule is a rule of a security group: it allows traffic from, or to, one peer.
type GroupRule struct {
	// ID is as sgr-..., or "" where only describe-security-groups was read, which has none.
	ID string
	Traffic
	Peer        Peer
	Description string
	// Reference says more of a peer that is a group.
	Reference GroupReference
}

// GroupReference is what a rule says of the group that it references. Account is that of
// the group; the others are of a group in a peer VPC, and "" of one in the same.
//
// Source: EC2 API reference, UserIdGroupPair.
type GroupReference struct {
	Account, VPC, PeeringConnection string
	// PeeringStatus is active, deleted...: a rule with another than active is stale.
	PeeringStatus string
}

// Peer is the other side of a security group's rule. Just one of its fields is set.
type Peer struct {
	CIDR       netip.Prefix
	PrefixList string // id
	Group      string // id
}

// NetworkACL is a network ACL. Its entries are in the order of their numbers.
type NetworkACL struct {
	ID, Name, VPC   string
	Default         bool
	Ingress, Egress []ACLEntry
	// Subnets are the ids of those that are associated with it, in order, as it says itself.
	Subnets []string
}

// ACLEntry is an entry of a network ACL. CIDR is the source of ingress and the
// destination of egress.
type ACLEntry struct {
	Number int
	Allow  bool
	Traffic
	CIDR netip.Prefix
}

// LastNumber is the highest number of an entry that somebody made. What AWS shows behind
// it is the entry "*", which denies what no other entry decides.
//
// Source: EC2 API reference, NetworkAclEntry.
const LastNumber = 32766

// PrefixList is a prefix list, a customer's or AWS's.
type PrefixList struct {
	ID, Name string
	CIDRs    []netip.Prefix
}

// Protocols by IANA's numbers, and AWS's number for all of them.
const (
	AllProtocols = -1
	ICMP         = 1
	TCP          = 6
	UDP          = 17
	ICMPv6       = 58
)

// Traffic is what a rule is about, but for addresses.
type Traffic struct {
	// Protocol is IANA's number, or AllProtocols.
	Protocol int
	// From and To bound the destination port, both inclusive, for TCP and UDP.
	From, To uint16
	// Type and Code are those of ICMP and ICMPv6, -1: any. A code of any type, which EC2
	// refuses, is met by nothing.
	Type, Code int
}

// protocolNames are AWS's names of protocols.
var protocolNames = map[int]string{AllProtocols: "all", ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPv6: "icmpv6"}

// String returns the traffic as "tcp:443", "udp:1024-65535", "icmp:8/0", "all" or "47".
func (t Traffic) String() string {
	name := protocolNames[t.Protocol]
	switch t.Protocol {
	case TCP, UDP:
		if t.From == t.To {
			return name + ":" + strconv.Itoa(int(t.From))
		}
		return fmt.Sprintf("%s:%d-%d", name, t.From, t.To)
	case ICMP, ICMPv6:
		switch {
		case t.Type < 0:
			return name
		case t.Code < 0:
			return fmt.Sprintf("%s:%d", name, t.Type)
		}
		return fmt.Sprintf("%s:%d/%d", name, t.Type, t.Code)
	case AllProtocols:
		return name
	}
	return strconv.Itoa(t.Protocol)
}

// String returns the peer's CIDR or id.
func (p Peer) String() string {
	switch {
	case p.CIDR.IsValid():
		return p.CIDR.String()
	case p.PrefixList != "":
		return p.PrefixList
	}
	return p.Group
}

// Direction is a packet's, seen from an ENI.
type Direction string

// The directions.
const (
	Ingress Direction = "ingress"
	Egress  Direction = "egress"
)

// Rules returns the rules of a direction.
func (g *SecurityGroup) Rules(d Direction) []GroupRule {
	if d == Ingress {
		return g.Ingress
	}
	return g.Egress
}

// Entries returns the entries of a direction.
func (a *NetworkACL) Entries(d Direction) []ACLEntry {
	if d == Ingress {
		return a.Ingress
	}
	return a.Egress
}

// RuleName names a rule of the group: by its id, else by group, direction, traffic and
// peer: "sg-1:ingress:tcp:443:10.0.0.0/8".
func (g *SecurityGroup) RuleName(d Direction, r *GroupRule) string {
	if r.ID != "" {
		return r.ID
	}
	return strings.Join([]string{g.ID, string(d), r.Traffic.String(), r.Peer.String()}, ":")
}

// EntryName names an entry: "acl-1:egress:100", and "acl-1:egress:*" for none.
func (a *NetworkACL) EntryName(d Direction, e *ACLEntry) string {
	number := "*"
	if e != nil && e.Number <= LastNumber {
		number = strconv.Itoa(e.Number)
	}
	return a.ID + ":" + string(d) + ":" + number
}

// Has reports whether an address is one of the interface's own: a private or an IPv6
// address, or one in a delegated prefix.
func (i *Interface) Has(a netip.Addr) bool {
	return slices.Contains(i.Addresses, a) || slices.ContainsFunc(i.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// At returns the interfaces that have an address, in the order of their ids: more than
// one where VPCs have the same networks. A public address is that of the interface whose
// private one it stands for.
func (n *Network) At(a netip.Addr) []*Interface {
	var out []*Interface
	for _, i := range n.Interfaces {
		has := i.Has(a)
		for _, public := range i.Public {
			has = has || public == a
		}
		if has {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b *Interface) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Missing names what the definition refers to and does not hold, each once, in order.
func (n *Network) Missing() []string {
	missing := map[string]bool{}
	lacks := func(who, verb, id string) { missing[who+" "+verb+" "+id+", which is not in the input"] = true }
	for _, s := range n.Subnets {
		if n.VPCs[s.VPC] == nil {
			lacks(s.ID, "is in", s.VPC)
		}
		if s.NetworkACL == "" {
			missing["no network ACL of the input is associated with "+s.ID] = true
		}
	}
	for _, i := range n.Interfaces {
		if i.Subnet != "" && n.Subnets[i.Subnet] == nil {
			lacks(i.ID, "is in", i.Subnet)
		}
		for _, g := range i.Groups {
			if n.SecurityGroups[g] == nil {
				lacks(i.ID, "has", g)
			}
		}
	}
	for _, g := range n.SecurityGroups {
		for _, r := range slices.Concat(g.Ingress, g.Egress) {
			if id := r.Peer.Group; id != "" && n.SecurityGroups[id] == nil {
				lacks(g.ID, "references", id)
			}
			if id := r.Peer.PrefixList; id != "" && n.PrefixLists[id] == nil {
				lacks(g.ID, "references", id)
			}
		}
	}
	out := make([]string, 0, len(missing))
	for m := range missing {
		out = append(out, m)
	}
	slices.Sort(out)
	return out
}
