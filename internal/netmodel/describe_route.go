package netmodel

import (
	"fmt"
	"slices"
	"strings"
)

func (p *part) routeTable(at string, v *struct {
	RouteTableId, VpcId, OwnerId string
	Associations                 []struct {
		Main                                bool
		SubnetId, GatewayId, PublicIpv4Pool string
		AssociationState                    state
	}
	PropagatingVgws []struct{ GatewayId string }
	Routes          []DescribedRoute
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
		r, err := v.Routes[i].Route(fmt.Sprintf("%s.Routes[%d]", at, i))
		if err != nil {
			return err
		}
		out.Routes = append(out.Routes, r)
	}
	return put(p, at, "RouteTableId", p.RouteTables, out.ID, out, same)
}

// DescribedRoute is a route as describe-route-tables prints it.
type DescribedRoute struct {
	DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListId string

	GatewayId, NatGatewayId, EgressOnlyInternetGatewayId string
	TransitGatewayId, VpcPeeringConnectionId             string
	CarrierGatewayId, LocalGatewayId                     string
	NetworkInterfaceId, InstanceId                       string
	CoreNetworkArn, OdbNetworkArn, IpAddress             string

	Origin, State string
}

// Route returns the route. at is its place, for errors.
//
// Source: EC2 API reference, Route.
func (v *DescribedRoute) Route(at string) (Route, error) {
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
func (v *DescribedRoute) target(at string) (Target, error) {
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
