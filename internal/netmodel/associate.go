package netmodel

import (
	"fmt"
	"maps"
	"slices"
)

// associate tells subnets and VPCs their route tables. It returns a route table that
// another one contradicts, and how.
func (p *part) associate() (string, error) {
	named, main := map[string]string{}, map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(p.RouteTables)) {
		t := p.RouteTables[id]
		for _, s := range t.Subnets {
			if was, ok := named[s]; ok && was != id {
				return id, fmt.Errorf("%s is associated with %s, and with %s too", s, id, was)
			}
			named[s] = id
		}
		if t.Main && t.VPC != "" {
			if was, ok := main[t.VPC]; ok {
				return id, fmt.Errorf("%s is the main route table of %s, and so is %s", id, t.VPC, was)
			}
			main[t.VPC] = id
		}
	}
	for id, v := range p.VPCs {
		v.MainRouteTable = main[id]
	}
	for id, s := range p.Subnets {
		s.RouteTable = named[id]
		if s.RouteTable == "" {
			s.RouteTable = main[s.VPC]
		}
	}
	return "", nil
}

// placed is something in a VPC, which is in one region.
type placed struct {
	vpc    string
	region *string
}

// regions tells the things of a VPC its region, if one of them says it. Where they say
// several, nobody is told.
func (p *part) regions() {
	var all []placed
	for _, v := range p.VPCs {
		all = append(all, placed{v.ID, &v.Region})
	}
	for _, v := range p.Subnets {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.Interfaces {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.SecurityGroups {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.NetworkACLs {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.RouteTables {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, gateways := range []map[string]*InternetGateway{p.InternetGateways, p.EgressOnlyInternetGateways} {
		for _, v := range gateways {
			all = append(all, placed{v.VPC, &v.Region})
		}
	}
	for _, v := range p.VPNGateways {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.NATGateways {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.VPCEndpoints {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.TransitGatewayAttachments {
		if v.Kind == "vpc" {
			all = append(all, placed{v.Resource, &v.Region})
		}
	}
	for _, v := range p.LoadBalancers {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.Resources {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.SubnetGroups {
		all = append(all, placed{v.VPC, &v.Region})
	}
	for _, v := range p.PeeringConnections {
		all = append(all, placed{v.Requester.VPC, &v.Requester.Region}, placed{v.Accepter.VPC, &v.Accepter.Region})
	}
	tell(all)
	for _, v := range p.FlowLogs {
		v.Region = p.regionOf(v.Resource)
	}
}

// regionOf returns the region of what a flow log may cover.
func (p *part) regionOf(id string) string {
	switch {
	case p.VPCs[id] != nil:
		return p.VPCs[id].Region
	case p.Subnets[id] != nil:
		return p.Subnets[id].Region
	case p.Interfaces[id] != nil:
		return p.Interfaces[id].Region
	case p.NATGateways[id] != nil:
		return p.NATGateways[id].Region
	case p.TransitGateways[id] != nil:
		return p.TransitGateways[id].Region
	case p.TransitGatewayAttachments[id] != nil:
		return p.TransitGatewayAttachments[id].Region
	}
	return ""
}

func tell(all []placed) {
	said := map[string]string{}
	several := map[string]bool{}
	for _, o := range all {
		if *o.region == "" || o.vpc == "" {
			continue
		}
		if was, ok := said[o.vpc]; ok && was != *o.region {
			several[o.vpc] = true
		}
		said[o.vpc] = *o.region
	}
	for _, o := range all {
		if *o.region == "" && !several[o.vpc] {
			*o.region = said[o.vpc]
		}
	}
}
