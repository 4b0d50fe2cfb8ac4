package netmodel

import (
	"cmp"
	"net/netip"
	"slices"
)

// TransitGateway is a transit gateway.
type TransitGateway struct {
	ID, Name        string
	Account, Region string // of the owner
	// State is pending, available, modifying, deleting or deleted.
	State string
	// CIDRs are its own, of Connect peers.
	CIDRs []netip.Prefix
	// AssociationRouteTable and PropagationRouteTable are the ids of the route tables that new
	// attachments are associated with and propagate to; "" where they do not by default.
	AssociationRouteTable, PropagationRouteTable string
	// SecurityGroupReferencing is enable or disable, and ECMP too, of VPN connections; ""
	// where the input does not say.
	SecurityGroupReferencing, ECMP string
}

// TransitGatewayAttachment is an attachment to a transit gateway.
type TransitGatewayAttachment struct {
	ID, Name        string
	Account, Region string // of the resource's owner
	TransitGateway  string // id
	// Kind is as EC2 names resource types: vpc, vpn, vpn-concentrator,
	// direct-connect-gateway, connect, peering, tgw-peering, network-function, client-vpn.
	Kind string
	// Resource is the id of what is attached: a VPC, a VPN connection, a transit gateway...
	Resource string
	// State is available, modifying... ; traffic passes in these two.
	State string
	// RouteTable is the id of the one that it is associated with, which decides about what
	// comes out of it; "" where it is with none, or the input does not say. Association is
	// associating, associated, disassociating or disassociated.
	RouteTable, Association string
	// Subnets are those that have an ENI of a VPC's attachment.
	Subnets []string
	// ApplianceMode, IPv6 and SecurityGroupReferencing are options of a VPC's attachment:
	// enable or disable; "" where the input does not say.
	ApplianceMode, IPv6, SecurityGroupReferencing string
	// Requester and Accepter are the transit gateways of a peering.
	Requester, Accepter TransitGatewaySide
	// Transport is the id of the attachment below a Connect attachment.
	Transport string
	// Far is the other side of a peering that has one id at both transit gateways, where the
	// input describes both: of the two that with the higher id of a transit gateway.
	Far TransitGatewayHalf
}

// TransitGatewayHalf is what an attachment is at one of the two transit gateways of a peering:
// see the fields of the same names of [TransitGatewayAttachment].
type TransitGatewayHalf struct {
	Name, Account, TransitGateway, Resource, State, RouteTable, Association string
}

// Peers reports whether the attachment is of a peering with another transit gateway.
func (a *TransitGatewayAttachment) Peers() bool {
	return a.Kind == "peering" || a.Kind == "tgw-peering"
}

// half returns the attachment's first half.
func (a *TransitGatewayAttachment) half() TransitGatewayHalf {
	return TransitGatewayHalf{a.Name, a.Account, a.TransitGateway, a.Resource, a.State, a.RouteTable, a.Association}
}

func (a *TransitGatewayAttachment) setHalf(h TransitGatewayHalf) {
	a.Name, a.Account, a.TransitGateway, a.Resource = h.Name, h.Account, h.TransitGateway, h.Resource
	a.State, a.RouteTable, a.Association = h.State, h.RouteTable, h.Association
}

// SeenFrom returns the attachment as it is at a transit gateway: of a peering whose two sides
// are known the one that is there, with the other one as its far side.
func (a *TransitGatewayAttachment) SeenFrom(transitGateway string) *TransitGatewayAttachment {
	if transitGateway == "" || a.TransitGateway == transitGateway || a.Far.TransitGateway != transitGateway {
		return a
	}
	out := *a
	out.Far = a.half()
	out.setHalf(a.Far)
	return &out
}

// with returns what two answers say of an attachment. Those of the two sides of a peering may
// have the same id, and say something else each: both are kept.
//
// Source: VPC Transit Gateways guide, "Transit gateway peering attachments" (who accepts one
// names it by the id that the requester has it by).
func (a *TransitGatewayAttachment) with(b *TransitGatewayAttachment) (*TransitGatewayAttachment, bool) {
	if !a.Peers() && !b.Peers() {
		return fill(a, b)
	}
	var halves []TransitGatewayHalf
	for _, h := range []TransitGatewayHalf{a.half(), a.Far, b.half(), b.Far} {
		if h == (TransitGatewayHalf{}) {
			continue
		}
		i := slices.IndexFunc(halves, h.sameSide)
		if i < 0 {
			halves = append(halves, h)
			continue
		}
		both, ok := fill(&halves[i], &h)
		if !ok {
			return nil, false
		}
		halves[i] = *both
	}
	if len(halves) > 2 {
		return nil, false
	}
	slices.SortFunc(halves, func(x, y TransitGatewayHalf) int {
		return cmp.Or(cmp.Compare(x.TransitGateway, y.TransitGateway), cmp.Compare(x.Resource, y.Resource))
	})
	halves = append(halves, TransitGatewayHalf{}, TransitGatewayHalf{})
	x, y := *a, *b
	for _, one := range []*TransitGatewayAttachment{&x, &y} {
		one.setHalf(TransitGatewayHalf{})
		one.Far = TransitGatewayHalf{}
	}
	out, ok := fill(&x, &y)
	if ok {
		out.setHalf(halves[0])
		out.Far = halves[1]
	}
	return out, ok
}

// sameSide reports whether two halves are of the same transit gateway, as far as they say.
func (h TransitGatewayHalf) sameSide(o TransitGatewayHalf) bool {
	switch {
	case h.TransitGateway != "" && o.TransitGateway != "":
		return h.TransitGateway == o.TransitGateway
	case h.Resource != "" && o.Resource != "":
		return h.Resource == o.Resource
	}
	return (h.TransitGateway == "" || h.TransitGateway != o.Resource) && (o.TransitGateway == "" || o.TransitGateway != h.Resource)
}

// TransitGatewaySide is a transit gateway of a peering.
type TransitGatewaySide struct{ TransitGateway, Account, Region string }

// TransitGatewayRouteTable is a route table of a transit gateway. The attachments know
// which are associated with it.
type TransitGatewayRouteTable struct {
	ID, Name       string
	TransitGateway string // id
	// State is pending, available, deleting or deleted.
	State string
	// DefaultAssociation and DefaultPropagation say that new attachments are associated with
	// it, and propagate to it.
	DefaultAssociation, DefaultPropagation bool
	// Routes are those of search-transit-gateway-routes, as far as RoutesKnown says.
	Routes      []TransitGatewayRoute
	RoutesKnown RoutesKnown
	// Propagations are the attachments whose routes come into it, if PropagationsKnown.
	Propagations      []Propagation
	PropagationsKnown bool
}

// RoutesKnown says what is known of a transit gateway route table's routes.
type RoutesKnown string

// What is known of routes.
const (
	NoRoutes RoutesKnown = "" // none was read: there may be any
	// StaticRoutes says that just the static ones were searched for.
	StaticRoutes RoutesKnown = "static"
	// SomeRoutes says that AWS had more than the answer holds.
	SomeRoutes RoutesKnown = "some"
	// SearchedRoutes says that the answer was whole; what the search's filter left out is not
	// to be seen.
	SearchedRoutes RoutesKnown = "searched"
)

// TransitGatewayRoute is a route of a transit gateway route table. Just one of CIDR and
// PrefixList is set.
type TransitGatewayRoute struct {
	CIDR       netip.Prefix
	PrefixList string // id
	// Type is static or propagated, and State pending, active, blackhole, deleting or deleted.
	Type, State string
	// Attachments are the ids of where it leads to: several with equal-cost multipath, none of
	// a blackhole.
	Attachments []string
}

// Propagation says that an attachment's routes come into a transit gateway route table.
type Propagation struct {
	Attachment, Kind, Resource string
	// State is enabling, enabled, disabling or disabled; collectors write not-enabled.
	State string
}
