package netmodel

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

func (p *part) transitGateway(at string, v *struct {
	TransitGatewayId, TransitGatewayArn, OwnerId, State string
	Options                                             struct {
		TransitGatewayCidrBlocks                                       []string
		DefaultRouteTableAssociation, DefaultRouteTablePropagation     string
		AssociationDefaultRouteTableId, PropagationDefaultRouteTableId string
		SecurityGroupReferencingSupport, VpnEcmpSupport                string
	}
	Tags tags
},
) error {
	id := parseARN(v.TransitGatewayArn)
	out := &TransitGateway{
		ID: v.TransitGatewayId, Name: v.Tags.name(), Account: cmp.Or(v.OwnerId, id.account), Region: id.region, State: v.State,
		SecurityGroupReferencing: v.Options.SecurityGroupReferencingSupport, ECMP: v.Options.VpnEcmpSupport,
	}
	if v.Options.DefaultRouteTableAssociation != "disable" {
		out.AssociationRouteTable = v.Options.AssociationDefaultRouteTableId
	}
	if v.Options.DefaultRouteTablePropagation != "disable" {
		out.PropagationRouteTable = v.Options.PropagationDefaultRouteTableId
	}
	for i, text := range v.Options.TransitGatewayCidrBlocks {
		c, err := parseAnyCIDR(fmt.Sprintf("%s.Options.TransitGatewayCidrBlocks[%d]", at, i), text)
		if err != nil {
			return err
		}
		out.CIDRs = append(out.CIDRs, c)
	}
	return put(p, at, "TransitGatewayId", p.TransitGateways, out.ID, out, same)
}

// putAttachment adds what one answer says of an attachment: describe-transit-gateway-*
// have several.
func (p *part) putAttachment(at string, out *TransitGatewayAttachment) error {
	return put(p, at, "TransitGatewayAttachmentId", p.TransitGatewayAttachments, out.ID, out, (*TransitGatewayAttachment).with)
}

func (p *part) transitGatewayAttachment(at string, v *struct {
	TransitGatewayAttachmentId, TransitGatewayId, ResourceType, ResourceId, ResourceOwnerId, State string

	Association *struct{ TransitGatewayRouteTableId, State string }
	Tags        tags
},
) error {
	out := &TransitGatewayAttachment{
		ID: v.TransitGatewayAttachmentId, Name: v.Tags.name(), Account: v.ResourceOwnerId, TransitGateway: v.TransitGatewayId,
		Kind: v.ResourceType, Resource: v.ResourceId, State: v.State,
	}
	if v.Association != nil {
		out.RouteTable, out.Association = v.Association.TransitGatewayRouteTableId, v.Association.State
	}
	return p.putAttachment(at, out)
}

func (p *part) transitGatewayVPCAttachment(at string, v *struct {
	TransitGatewayAttachmentId, TransitGatewayId, VpcId, VpcOwnerId, State string

	SubnetIds []string
	Options   struct{ ApplianceModeSupport, Ipv6Support, SecurityGroupReferencingSupport string }
	Tags      tags
},
) error {
	return p.putAttachment(at, &TransitGatewayAttachment{
		ID: v.TransitGatewayAttachmentId, Name: v.Tags.name(), Account: v.VpcOwnerId, TransitGateway: v.TransitGatewayId,
		Kind: "vpc", Resource: v.VpcId, State: v.State, Subnets: v.SubnetIds,
		ApplianceMode: v.Options.ApplianceModeSupport, IPv6: v.Options.Ipv6Support,
		SecurityGroupReferencing: v.Options.SecurityGroupReferencingSupport,
	})
}

// transitGatewayPeering adds a peering, which both sides may describe. Which of the transit
// gateways this attachment is of, and so whose name and state these are, this answer does not
// say: describe-transit-gateway-attachments does.
func (p *part) transitGatewayPeering(at string, v *struct {
	TransitGatewayAttachmentId        string
	RequesterTgwInfo, AccepterTgwInfo struct{ TransitGatewayId, OwnerId, Region string }
},
) error {
	if v.RequesterTgwInfo.TransitGatewayId == "" && v.AccepterTgwInfo.TransitGatewayId == "" {
		return nil // none, since one has two sides: moto prints every attachment here
	}
	return p.putAttachment(at, &TransitGatewayAttachment{
		ID: v.TransitGatewayAttachmentId, Kind: "peering",
		Requester: TransitGatewaySide{v.RequesterTgwInfo.TransitGatewayId, v.RequesterTgwInfo.OwnerId, v.RequesterTgwInfo.Region},
		Accepter:  TransitGatewaySide{v.AccepterTgwInfo.TransitGatewayId, v.AccepterTgwInfo.OwnerId, v.AccepterTgwInfo.Region},
	})
}

func (p *part) transitGatewayConnect(at string, v *struct {
	TransitGatewayAttachmentId, TransportTransitGatewayAttachmentId, TransitGatewayId, State string
	Tags                                                                                     tags
},
) error {
	return p.putAttachment(at, &TransitGatewayAttachment{
		ID: v.TransitGatewayAttachmentId, Name: v.Tags.name(), TransitGateway: v.TransitGatewayId, Kind: "connect", State: v.State,
		Transport: v.TransportTransitGatewayAttachmentId,
	})
}

func (p *part) transitGatewayRouteTable(at string, v *struct {
	TransitGatewayRouteTableId, TransitGatewayId, State        string
	DefaultAssociationRouteTable, DefaultPropagationRouteTable bool
	Tags                                                       tags
},
) error {
	return p.putTransitTable(at, &TransitGatewayRouteTable{
		ID: v.TransitGatewayRouteTableId, Name: v.Tags.name(), TransitGateway: v.TransitGatewayId, State: v.State,
		DefaultAssociation: v.DefaultAssociationRouteTable, DefaultPropagation: v.DefaultPropagationRouteTable,
	})
}

func (p *part) putTransitTable(at string, out *TransitGatewayRouteTable) error {
	return put(p, at, "TransitGatewayRouteTableId", p.TransitGatewayRouteTables, out.ID, out, (*TransitGatewayRouteTable).with)
}

type describedTransitRoute struct {
	DestinationCidrBlock, PrefixListId, Type, State string
	TransitGatewayAttachments                       []struct{ TransitGatewayAttachmentId string }
}

type describedPropagation struct {
	TransitGatewayAttachmentId, ResourceType, ResourceId, State string
}

// searchedRoutes adds the routes of search-transit-gateway-routes, which does not say of
// which route table they are: the file does.
func (p *part) searchedRoutes(at string, routes []describedTransitRoute) error {
	id, err := p.subject("TransitGatewayRouteTableId", "tgw-rtb-")
	if err != nil {
		return bad(at, "%w", err)
	}
	known := SearchedRoutes
	if p.isTrue("AdditionalRoutesAvailable") {
		known = SomeRoutes
	}
	return p.addTransitRoutes(at, id, known, routes)
}

// staticRoutes adds answers of search-transit-gateway-routes for static routes, each with
// the id of its route table beside it, as collectors write them.
func (p *part) staticRoutes(at string, v *struct {
	TransitGatewayRouteTableId string
	AdditionalRoutesAvailable  bool
	Routes                     []describedTransitRoute
},
) error {
	known := StaticRoutes
	if v.AdditionalRoutesAvailable {
		known = SomeRoutes
	}
	return p.addTransitRoutes(at+".Routes", v.TransitGatewayRouteTableId, known, v.Routes)
}

// addTransitRoutes adds routes.
//
// Source: EC2 API reference, TransitGatewayRoute.
func (p *part) addTransitRoutes(at, table string, known RoutesKnown, routes []describedTransitRoute) error {
	out := &TransitGatewayRouteTable{ID: table, RoutesKnown: known}
	for i := range routes {
		v, at := &routes[i], fmt.Sprintf("%s[%d]", at, i)
		r := TransitGatewayRoute{PrefixList: v.PrefixListId, Type: v.Type, State: v.State}
		switch {
		case v.DestinationCidrBlock != "":
			var err error
			if r.CIDR, err = parseAnyCIDR(at+".DestinationCidrBlock", v.DestinationCidrBlock); err != nil {
				return err
			}
			r.PrefixList = "" // the CIDR is one of the list's
		case r.PrefixList == "":
			return bad(at, "neither DestinationCidrBlock nor PrefixListId")
		}
		if v.Type != "static" && v.Type != "propagated" {
			return bad(at+".Type", "%q is neither static nor propagated", v.Type)
		}
		for _, a := range v.TransitGatewayAttachments {
			r.Attachments = append(r.Attachments, a.TransitGatewayAttachmentId)
		}
		out.Routes = append(out.Routes, r)
	}
	return p.putTransitTable(at, out)
}

// routeTableAssociations adds the answer of get-transit-gateway-route-table-associations,
// which does not say of which route table: the file does.
func (p *part) routeTableAssociations(at string, associations []describedPropagation) error {
	id, err := p.subject("TransitGatewayRouteTableId", "tgw-rtb-")
	if err != nil {
		return bad(at, "%w", err)
	}
	for i, a := range associations {
		err := p.putAttachment(fmt.Sprintf("%s[%d]", at, i), &TransitGatewayAttachment{
			ID: a.TransitGatewayAttachmentId, Kind: a.ResourceType, Resource: a.ResourceId, RouteTable: id, Association: a.State,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// routeTablePropagations adds the answer of get-transit-gateway-route-table-propagations,
// which does not say of which route table: the file does.
func (p *part) routeTablePropagations(at string, propagations []describedPropagation) error {
	id, err := p.subject("TransitGatewayRouteTableId", "tgw-rtb-")
	if err != nil {
		return bad(at, "%w", err)
	}
	return p.addPropagations(at, id, propagations)
}

// propagations adds such answers with the id of their route table beside it, as collectors
// write them.
func (p *part) propagations(at string, v *struct {
	TransitGatewayRouteTableId           string
	TransitGatewayRouteTablePropagations []describedPropagation
},
) error {
	return p.addPropagations(at, v.TransitGatewayRouteTableId, v.TransitGatewayRouteTablePropagations)
}

func (p *part) addPropagations(at, table string, propagations []describedPropagation) error {
	out := &TransitGatewayRouteTable{ID: table, PropagationsKnown: true}
	for _, v := range propagations {
		out.Propagations = append(out.Propagations, Propagation{v.TransitGatewayAttachmentId, v.ResourceType, v.ResourceId, v.State})
	}
	return p.putTransitTable(at, out)
}

// with returns what two answers say of a route table: each has its own piece, but for
// routes, of which each search has some.
func (t *TransitGatewayRouteTable) with(o *TransitGatewayRouteTable) (*TransitGatewayRouteTable, bool) {
	x, y := *t, *o
	for _, r := range y.Routes {
		i := slices.IndexFunc(x.Routes, func(was TransitGatewayRoute) bool {
			return was.CIDR == r.CIDR && was.PrefixList == r.PrefixList && was.Type == r.Type
		})
		switch {
		case i < 0:
			x.Routes = append(slices.Clip(x.Routes), r)
		case !reflect.DeepEqual(x.Routes[i], r):
			return nil, false
		}
	}
	// Where one search was cut off, nobody knows whether the others have the rest.
	for _, known := range []RoutesKnown{SomeRoutes, SearchedRoutes, StaticRoutes} {
		if t.RoutesKnown == known || o.RoutesKnown == known {
			x.RoutesKnown = known
			break
		}
	}
	y.Routes, y.RoutesKnown = nil, ""
	if x.PropagationsKnown && y.PropagationsKnown && !reflect.DeepEqual(x.Propagations, y.Propagations) {
		return nil, false
	}
	return fill(&x, &y)
}
