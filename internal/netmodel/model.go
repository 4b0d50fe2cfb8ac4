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
//
// Accounts and regions are "" where the input does not say. A region is said by the name
// of an Availability Zone, by an ARN, or by something else in the same VPC.
type Network struct {
	VPCs           map[string]*VPC
	Subnets        map[string]*Subnet
	Interfaces     map[string]*Interface
	SecurityGroups map[string]*SecurityGroup
	NetworkACLs    map[string]*NetworkACL
	PrefixLists    map[string]*PrefixList

	RouteTables                map[string]*RouteTable
	InternetGateways           map[string]*InternetGateway
	EgressOnlyInternetGateways map[string]*InternetGateway
	NATGateways                map[string]*NATGateway
	VPNGateways                map[string]*VPNGateway
	ElasticIPs                 map[string]*ElasticIP // by allocation id
	PeeringConnections         map[string]*PeeringConnection
	VPCEndpoints               map[string]*VPCEndpoint
	EndpointServices           map[string]*EndpointService

	TransitGateways           map[string]*TransitGateway
	TransitGatewayAttachments map[string]*TransitGatewayAttachment
	TransitGatewayRouteTables map[string]*TransitGatewayRouteTable

	LoadBalancers map[string]*LoadBalancer // by ARN, classic ones by DNS name
	Listeners     map[string]*Listener     // by ARN, as rules and target groups
	ListenerRules map[string]*ListenerRule
	TargetGroups  map[string]*TargetGroup
	Resources     map[string]*Resource // of services of AWS
	SubnetGroups  map[string]*SubnetGroup
	FlowLogs      map[string]*FlowLog

	BlockPublicAccess           map[string]*BlockPublicAccess // by account and region, as "111122223333/eu-west-1"
	BlockPublicAccessExclusions map[string]*BlockPublicAccessExclusion
}

// VPC is a virtual private cloud.
type VPC struct {
	ID, Name        string
	Account, Region string // of the owner
	// CIDRs are its associated IPv4 and IPv6 networks, the primary IPv4 one before other
	// IPv4 ones: the Amazon DNS server is at its base plus two.
	CIDRs []netip.Prefix
	// MainRouteTable is the id of the route table of all its subnets that none is associated
	// with by name; "" where no route table of the input says so.
	MainRouteTable string
	// BlockPublicAccess is the mode of VPC Block Public Access that holds for it: off,
	// block-bidirectional or block-ingress.
	BlockPublicAccess string
}

// Subnet is a subnet.
type Subnet struct {
	ID, Name, VPC   string
	Account, Region string // of the owner
	AZ, AZID        string
	CIDRs           []netip.Prefix
	// RouteTable is the id of the one that is associated with it by name, else of its VPC's
	// main one; "" where no route table of the input says so. A part of a VPC's route tables
	// is not told from all of them.
	RouteTable string
	// BlockPublicAccess is as of [VPC].
	BlockPublicAccess string
	// NetworkACL is the id of the one that is associated with it; "" where no network ACL
	// of the input says so.
	NetworkACL string
}

// Interface is a network interface (ENI).
type Interface struct {
	ID, Name, VPC, Subnet string
	Account, Region, AZ   string // the account is the owner's
	Description           string
	// Status is available, in-use...
	Status string
	// Type is as EC2 names it: interface, nat_gateway, network_load_balancer...
	Type string
	// Requester is the id of who made a requester-managed interface, else "".
	Requester string
	// Managed says that it is requester-managed.
	Managed  bool
	Instance string // id
	// Primary says that it is its instance's primary ENI; false where the input does not say.
	Primary bool
	// Role is what it is for, and Resource the id or name of what it is of, where the input
	// says so: an instance's id, app/name/id of a load balancer as in its ARN, a classic one's
	// name, the function that a Lambda ENI was made for, though others may share it.
	Role     Role
	Resource string
	// AttachedBy is the account, or the name of AWS's service, whose instance or resource it
	// is attached to: 111122223333, amazon-elb, amazon-rds, amazon-aws.
	AttachedBy string
	// SourceDestCheck says whether it refuses what is not from or to itself; nil where the
	// input does not say.
	SourceDestCheck *bool
	// DenyInternetGateways says that VPC Block Public Access cuts it off from internet
	// gateways.
	DenyInternetGateways bool
	// ConnectionTracking are its timeouts, in seconds; 0: the default.
	ConnectionTracking ConnectionTracking
	// Addresses are its private IPv4 and its IPv6 addresses, the primary one first.
	Addresses []netip.Addr
	// Public are the public IPv4 addresses by the private ones that they stand for.
	Public map[netip.Addr]netip.Addr
	// Prefixes are the networks that are delegated to it.
	Prefixes []netip.Prefix
	// MAC is its MAC address, as 02:00:00:00:00:0a.
	MAC string
	// Groups are the ids of its security groups.
	Groups []string
}

// ConnectionTracking are the idle timeouts of an ENI's tracked connections, in seconds; 0
// where the default holds.
//
// Source: EC2 user guide, "Idle connection tracking timeout".
type ConnectionTracking struct {
	TCPEstablished, UDP, UDPStream int
}

// SecurityGroup is a security group.
type SecurityGroup struct {
	ID, Name, VPC   string
	Account, Region string // of the owner
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
	Account, Region string
	Default         bool
	Ingress, Egress []ACLEntry
	// Subnets are the ids of those that are associated with it, in order, as it says itself.
	Subnets []string
	// Associations are the ids of the associations, by subnet, where it says them. A subnet that
	// gets another network ACL gets a new association.
	Associations map[string]string
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
