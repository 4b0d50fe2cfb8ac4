package netmodel

import "net/netip"

// RouteTable is a route table of a VPC.
type RouteTable struct {
	ID, Name, VPC   string
	Account, Region string // of the owner
	// Main says that it holds for all subnets of the VPC that none is associated with.
	Main bool
	// Subnets are the ids of those that it is associated with by name, and Gateways those of
	// the internet, virtual private and regional NAT gateways whose traffic into the VPC it
	// routes (edge associations). Pools are public IPv4 pools (of VPC route servers).
	Subnets, Gateways, Pools []string
	// PropagatingVPNGateways are those whose routes come into the table.
	PropagatingVPNGateways []string
	// Routes are in the order of the input. Those that a virtual private gateway propagates
	// are among them.
	Routes []Route
}

// Route is a route of a VPC's route table. Just one of CIDR and PrefixList is set.
type Route struct {
	CIDR       netip.Prefix
	PrefixList string // id
	Target     Target
	// State is active, blackhole (the target is not there any more) or filtered; "" where the
	// input does not say.
	State string
	// Origin is CreateRouteTable, CreateRoute, EnableVgwRoutePropagation or Advertisement; ""
	// where the input does not say.
	Origin string
}

// TargetKind is what a route leads to.
type TargetKind string

// The kinds of targets.
const (
	TargetLocal                     TargetKind = "local" // the VPC itself
	TargetInternetGateway           TargetKind = "internet-gateway"
	TargetEgressOnlyInternetGateway TargetKind = "egress-only-internet-gateway"
	TargetNATGateway                TargetKind = "nat-gateway"
	TargetVPNGateway                TargetKind = "vpn-gateway" // virtual private gateway
	TargetTransitGateway            TargetKind = "transit-gateway"
	TargetPeeringConnection         TargetKind = "vpc-peering-connection"
	// TargetVPCEndpoint is a gateway endpoint where the destination is a prefix list of AWS's,
	// else a Gateway Load Balancer endpoint: the endpoint's own kind says.
	TargetVPCEndpoint    TargetKind = "vpc-endpoint"
	TargetInterface      TargetKind = "network-interface"
	TargetInstance       TargetKind = "instance" // where the input names no ENI of it
	TargetCarrierGateway TargetKind = "carrier-gateway"
	TargetLocalGateway   TargetKind = "local-gateway" // of an Outpost
	TargetCoreNetwork    TargetKind = "core-network"  // of Cloud WAN
	TargetODBNetwork     TargetKind = "odb-network"   // of Oracle Database@AWS
	TargetAddress        TargetKind = "address"       // a next hop
	// TargetUnknown is a gateway whose id begins as none that is known.
	TargetUnknown TargetKind = "unknown"
	// TargetGone is that of a blackhole route which the input has no target of.
	TargetGone TargetKind = "gone"
)

// Target is what a route leads to.
type Target struct {
	Kind TargetKind
	// ID is an id, an ARN (core and ODB networks) or an address; "" of local and gone.
	ID string
	// Instance is the id of the instance that a network interface belongs to, if the route
	// says so.
	Instance string
}

// String returns the id, or the kind of a target that has none.
func (t Target) String() string {
	if t.ID == "" {
		return string(t.Kind)
	}
	return t.ID
}

// String returns the destination and the target, as "0.0.0.0/0 to igw-1".
func (r *Route) String() string {
	to := r.PrefixList
	if to == "" {
		to = r.CIDR.String()
	}
	return to + " to " + r.Target.String()
}
