package netmodel

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

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

func (p *part) routeTable(at string, v *struct {
	RouteTableId, VpcId, OwnerId string
	Associations                 []struct {
		Main                                bool
		SubnetId, GatewayId, PublicIpv4Pool string
		AssociationState                    state
	}
	PropagatingVgws []struct{ GatewayId string }
	Routes          []describedRoute
	Tags            tags
},
) error {
	out := &RouteTable{ID: v.RouteTableId, Name: v.Tags.name(), VPC: v.VpcId, Account: v.OwnerId}
	for i, a := range v.Associations {
		switch {
		case a.AssociationState.gone():
		case a.Main:
			out.Main = true
		case a.SubnetId != "":
			out.Subnets = append(out.Subnets, a.SubnetId)
		case a.GatewayId != "":
			out.Gateways = append(out.Gateways, a.GatewayId)
		case a.PublicIpv4Pool != "":
			out.Pools = append(out.Pools, a.PublicIpv4Pool)
		default:
			return bad(fmt.Sprintf("%s.Associations[%d]", at, i), "an association that is not the main one has SubnetId, GatewayId or PublicIpv4Pool")
		}
	}
	for _, g := range v.PropagatingVgws {
		out.PropagatingVPNGateways = append(out.PropagatingVPNGateways, g.GatewayId)
	}
	for i := range v.Routes {
		r, err := v.Routes[i].route(fmt.Sprintf("%s.Routes[%d]", at, i))
		if err != nil {
			return err
		}
		out.Routes = append(out.Routes, r)
	}
	return put(p, at, "RouteTableId", p.RouteTables, out.ID, out, same)
}

type describedRoute struct {
	DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListId string

	GatewayId, NatGatewayId, EgressOnlyInternetGatewayId string
	TransitGatewayId, VpcPeeringConnectionId             string
	CarrierGatewayId, LocalGatewayId                     string
	NetworkInterfaceId, InstanceId                       string
	CoreNetworkArn, OdbNetworkArn, IpAddress             string

	Origin, State string
}

// route returns the route.
//
// Source: EC2 API reference, Route.
func (v *describedRoute) route(at string) (Route, error) {
	out := Route{PrefixList: v.DestinationPrefixListId, State: v.State, Origin: v.Origin}
	var err error
	switch {
	case v.DestinationCidrBlock != "" && v.DestinationIpv6CidrBlock == "" && out.PrefixList == "":
		out.CIDR, err = parseCIDR(at+".DestinationCidrBlock", v.DestinationCidrBlock, false)
	case v.DestinationIpv6CidrBlock != "" && v.DestinationCidrBlock == "" && out.PrefixList == "":
		out.CIDR, err = parseCIDR(at+".DestinationIpv6CidrBlock", v.DestinationIpv6CidrBlock, true)
	case out.PrefixList == "" || v.DestinationCidrBlock != "" || v.DestinationIpv6CidrBlock != "":
		err = bad(at, "just one of DestinationCidrBlock, DestinationIpv6CidrBlock and DestinationPrefixListId is expected")
	}
	if err != nil {
		return out, err
	}
	if !slices.Contains([]string{"", "active", "blackhole", "filtered"}, v.State) {
		return out, bad(at+".State", "%q is no state of a route that is known: active, blackhole, filtered", v.State)
	}
	out.Target, err = v.target(at)
	return out, err
}

// gatewayKinds are the kinds of GatewayId by how the id begins.
var gatewayKinds = map[string]TargetKind{
	"igw-": TargetInternetGateway, "vgw-": TargetVPNGateway, "vpce-": TargetVPCEndpoint, "eigw-": TargetEgressOnlyInternetGateway,
	"cagw-": TargetCarrierGateway, "lgw-": TargetLocalGateway, "nat-": TargetNATGateway, "tgw-": TargetTransitGateway,
}

// target returns what the route leads to. A route to an instance names its ENI too.
func (v *describedRoute) target(at string) (Target, error) {
	var found []Target
	add := func(kind TargetKind, id string) {
		if id != "" {
			found = append(found, Target{Kind: kind, ID: id})
		}
	}
	switch kind, ok := gatewayKinds[v.GatewayId[:strings.IndexByte(v.GatewayId, '-')+1]]; {
	case v.GatewayId == "local":
		found = append(found, Target{Kind: TargetLocal})
	case ok:
		add(kind, v.GatewayId)
	default:
		add(TargetUnknown, v.GatewayId)
	}
	add(TargetNATGateway, v.NatGatewayId)
	add(TargetEgressOnlyInternetGateway, v.EgressOnlyInternetGatewayId)
	add(TargetTransitGateway, v.TransitGatewayId)
	add(TargetPeeringConnection, v.VpcPeeringConnectionId)
	add(TargetCarrierGateway, v.CarrierGatewayId)
	add(TargetLocalGateway, v.LocalGatewayId)
	add(TargetCoreNetwork, v.CoreNetworkArn)
	add(TargetODBNetwork, v.OdbNetworkArn)
	add(TargetAddress, v.IpAddress)
	switch {
	case v.NetworkInterfaceId != "":
		found = append(found, Target{TargetInterface, v.NetworkInterfaceId, v.InstanceId})
	case v.InstanceId != "":
		found = append(found, Target{TargetInstance, v.InstanceId, v.InstanceId})
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Target{}, bad(at, "two targets, %s and %s", found[0], found[1])
	case v.State == "blackhole":
		return Target{Kind: TargetGone}, nil
	}
	return Target{}, bad(at, "no target that is known: GatewayId, NatGatewayId, TransitGatewayId, VpcPeeringConnectionId, NetworkInterfaceId...")
}
