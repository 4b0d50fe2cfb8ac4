package app

import (
	"context"
	"errors"
	"maps"
	"slices"

	"weir/internal/flowlogstore"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

// openFlowLogs opens the flow logs that clients make.
func (s *Local) openFlowLogs(ctx context.Context) (*flowlogstore.Store, error) {
	return flowlogstore.Open(ctx, s.lake.Data(), flowlogstore.Options{
		Place: flowlogstore.Place{Account: s.account, Region: s.region}, Missing: s.missingResources, Now: s.now,
	})
}

// missingResources returns which of some ids are no resources of the network definition that is in force. Where nothing was imported, or
// nothing of the type, nobody knows what there is, and none is missing.
func (s *Local) missingResources(ctx context.Context, t flowlogstore.ResourceType, ids []string) ([]string, error) {
	d, err := NetworkAt(ctx, s.lake.Data(), s.now())
	if errors.Is(err, versions.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	has, some := resourcesOf(d.Network, t)
	if !some {
		return nil, nil
	}
	return slices.DeleteFunc(slices.Clone(ids), has), nil
}

// resourcesOf returns whether an id is of a definition's resources of a type, and whether there are any.
func resourcesOf(n *netmodel.Network, t flowlogstore.ResourceType) (has func(id string) bool, some bool) {
	switch t {
	case flowlogstore.VPC:
		return hasID(n.VPCs)
	case flowlogstore.Subnet:
		return hasID(n.Subnets)
	case flowlogstore.NetworkInterface:
		return hasID(n.Interfaces)
	case flowlogstore.TransitGateway:
		return hasID(n.TransitGateways)
	case flowlogstore.TransitGatewayAttachment:
		return hasID(n.TransitGatewayAttachments)
	case flowlogstore.RegionalNATGateway:
		// A zonal one is none: its network interface has flow logs. Where a definition does not say which it is, it may be one.
		regional := maps.Clone(n.NATGateways)
		maps.DeleteFunc(regional, func(_ string, g *netmodel.NATGateway) bool { return g.Availability == "zonal" })
		return hasID(regional)
	}
	return nil, false
}

func hasID[T any](m map[string]T) (has func(id string) bool, some bool) {
	return func(id string) bool { _, ok := m[id]; return ok }, len(m) > 0
}
