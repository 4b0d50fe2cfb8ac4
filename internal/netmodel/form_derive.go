package netmodel

import (
	"maps"
	"net/netip"
	"slices"
)

// formPlace is a form's network with whose it is.
type formPlace struct {
	*Network
	account, region string
}

// derived returns what a form need not say of a thing, by fields: whose it is and where, what
// is said by what it is in, and the state in which such things work. What is returned for a
// field depends on no field that is returned.
func (d *formPlace) derived(thing any) map[string]any {
	out := map[string]any{}
	switch v := thing.(type) {
	case *Interface:
		out["VPC"], out["AZ"] = "", ""
		if s := d.Subnets[v.Subnet]; s != nil {
			out["VPC"], out["AZ"] = s.VPC, s.AZ
		}
	case *NATGateway:
		out["State"] = "available"
		if s := d.Subnets[v.Subnet]; s != nil {
			out["VPC"] = s.VPC
		}
		if v.Subnet != "" {
			out["Availability"] = "zonal"
		}
		if slices.ContainsFunc(v.Addresses, func(a NATAddress) bool { return a.Allocation != "" }) {
			out["Connectivity"] = "public"
		}
	case *EndpointService:
		out["State"] = "Available"
	case *VPNGateway, *TransitGateway, *VPCEndpoint, *TransitGatewayRouteTable:
		out["State"] = "available"
	case *TransitGatewayAttachment:
		out["State"] = "available"
		if d.VPCs[v.Resource] != nil {
			out["Kind"] = "vpc"
		}
		if v.RouteTable != "" {
			out["Association"] = "associated"
		}
	case *Propagation:
		out["State"] = "enabled"
		if a := d.TransitGatewayAttachments[v.Attachment]; a != nil {
			out["Kind"], out["Resource"] = a.Kind, a.Resource
		}
	case *PeeringConnection:
		out["Status"] = "active"
	case *PeeringSide:
		if vpc := d.VPCs[v.VPC]; vpc != nil {
			out["Account"], out["Region"], out["CIDRs"] = vpc.Account, vpc.Region, vpc.CIDRs
		}
		return out
	case *Route:
		out["State"], out["Origin"] = "active", "CreateRoute"
		if v.Target.Kind == TargetLocal {
			out["Origin"] = "CreateRouteTable"
		}
	case *TransitGatewayRoute:
		out["Type"], out["State"] = "static", "active"
		if len(v.Attachments) == 0 {
			out["State"] = "blackhole"
		}
	case *GroupReference:
		out["Account"] = d.account
		return out
	case *FlowLog:
		out["Status"] = "ACTIVE"
	case *LoadBalancer:
		if v.Kind != "classic" && v.Kind != "" {
			out["State"] = "active"
		}
	case *TransitGatewaySide:
		return out
	case *TransitGatewayHalf:
		out["State"] = "available"
		if v.RouteTable != "" {
			out["Association"] = "associated"
		}
		return out
	}
	out["Account"], out["Region"] = d.account, d.region
	return out
}

// localRoutes returns the routes that AWS makes in each route table of a VPC, which nobody
// can remove: one for each of its networks.
//
// Source: VPC user guide, "Route table concepts" (local route).
func (d *formPlace) localRoutes(vpc string) []Route {
	v := d.VPCs[vpc]
	if v == nil {
		return nil
	}
	var out []Route
	for _, c := range v.CIDRs {
		out = append(out, Route{CIDR: c, Target: Target{Kind: TargetLocal}, State: "active", Origin: "CreateRouteTable"})
	}
	return out
}

// addLocalRoutes adds those local routes in whose place no other route is.
func (d *formPlace) addLocalRoutes(t *RouteTable) {
	var out []Route
	for _, local := range d.localRoutes(t.VPC) {
		if !slices.ContainsFunc(t.Routes, func(r Route) bool { return r.CIDR == local.CIDR }) {
			out = append(out, local)
		}
	}
	t.Routes = append(out, t.Routes...)
}

// withoutLocalRoutes returns the routes that a form must say so that addLocalRoutes makes the
// table's of them, and whether it can.
func (d *formPlace) withoutLocalRoutes(t *RouteTable) ([]Route, bool) {
	local := d.localRoutes(t.VPC)
	there := map[netip.Prefix]bool{}
	for _, r := range t.Routes {
		there[r.CIDR] = true
	}
	var out []Route
	said := map[netip.Prefix]bool{}
	for _, r := range t.Routes {
		if slices.Contains(local, r) && !said[r.CIDR] {
			said[r.CIDR] = true
			continue
		}
		out = append(out, r)
	}
	for _, r := range local {
		if !there[r.CIDR] || said[r.CIDR] && slices.ContainsFunc(out, func(o Route) bool { return o.CIDR == r.CIDR }) {
			return t.Routes, false
		}
	}
	return out, true
}

// defaultACLs associates the subnets of a VPC that no network ACL names with its default one,
// as AWS does, if that is among those that say no subnets.
//
// Source: VPC user guide, "Default network ACL".
func (d *formPlace) defaultACLs(open map[string]bool) {
	named := map[string]bool{}
	for _, a := range d.NetworkACLs {
		for _, s := range a.Subnets {
			named[s] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(open)) {
		a := d.NetworkACLs[id]
		for _, s := range slices.Sorted(maps.Keys(d.Subnets)) {
			if d.Subnets[s].VPC == a.VPC && !named[s] && a.VPC != "" {
				a.Subnets = append(a.Subnets, s)
				named[s] = true
			}
		}
	}
}
