package app

import (
	"cmp"
	"context"
	"fmt"

	"weir/internal/agentapi"
	"weir/internal/flowlogstore"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

// agentNetwork is a definition as agents get it.
type agentNetwork struct {
	network *netmodel.Network
	yaml    string
}

// network returns the definition that is in force. One that can't be told whole is refused: who decides by a part of the rules decides wrongly.
func (a *agents) network(ctx context.Context, s *versions.Store) (*agentNetwork, error) {
	d, err := s.At(ctx, a.s.now())
	if err != nil {
		return nil, err
	}
	if len(d.Problems) > 0 {
		return nil, fmt.Errorf("the network definition has a document that this weir can't read: %s", d.Problems[0])
	}
	text, err := d.YAML()
	if err != nil {
		return nil, fmt.Errorf("the network definition can't be told to agents: %w", err)
	}
	return &agentNetwork{d.Network, string(text)}, nil
}

// policy returns the policy of flow logs, and those of which agents make nothing, by id, with why.
func (n *agentNetwork) policy(all []flowlogstore.FlowLog, s *Local) (p *agentapi.Policy, skipped map[string]string) {
	p, skipped = &agentapi.Policy{Network: n.yaml, FlowLogs: []agentapi.FlowLog{}}, map[string]string{}
	for i := range all {
		f := &all[i]
		place, why := s.placeOf(n.network, f)
		if why != "" {
			skipped[f.ID] = why
			continue
		}
		l := agentapi.FlowLog{
			ID: f.ID, Resource: f.ResourceID, Account: place.Account, Region: place.Region, Traffic: f.TrafficType, DestinationType: f.DestinationType, Destination: f.Destination,
			DeliverLogsPermissionARN: f.DeliverLogsPermissionARN, DeliverCrossAccountRole: f.DeliverCrossAccountRole, Format: f.LogFormat, Interval: f.MaxAggregationInterval,
			FileFormat: f.FileFormat, Hive: f.Hive, Hourly: f.PerHour,
		}
		for _, t := range f.TagFields {
			l.TagFields = append(l.TagFields, agentapi.TagField(t))
		}
		p.FlowLogs = append(p.FlowLogs, l)
	}
	return p, skipped
}

// placeOf returns account and region of the keys that a flow log's objects have: those of its resource, and the server's where the definition does not say them; or why agents
// make nothing of it.
func (s *Local) placeOf(n *netmodel.Network, f *flowlogstore.FlowLog) (place flowlogstore.Place, why string) {
	account, region, why := ownerOf(n, f)
	return flowlogstore.Place{Account: cmp.Or(account, s.account), Region: cmp.Or(region, s.region)}, why
}

// ownerOf returns whose the resource of a flow log is, and where, "" where the definition does not say; or why agents make nothing of it.
func ownerOf(n *netmodel.Network, f *flowlogstore.FlowLog) (account, region, why string) {
	switch f.ResourceType {
	case flowlogstore.VPC:
		if v := n.VPCs[f.ResourceID]; v != nil {
			return v.Account, v.Region, ""
		}
	case flowlogstore.Subnet:
		if v := n.Subnets[f.ResourceID]; v != nil {
			return v.Account, v.Region, ""
		}
	case flowlogstore.NetworkInterface:
		if v := n.Interfaces[f.ResourceID]; v != nil {
			return v.Account, v.Region, ""
		}
	case flowlogstore.TransitGateway, flowlogstore.TransitGatewayAttachment:
		id := f.ResourceID
		a := n.TransitGatewayAttachments[id]
		if (a != nil) != (f.ResourceType == flowlogstore.TransitGatewayAttachment) {
			break
		}
		if a != nil {
			if a.Kind == "connect" {
				return "", "", fmt.Sprintf("%s is a Connect attachment: flow logs have its traffic at the transport attachment", id)
			}
			id = a.TransitGateway
		}
		if g := n.TransitGateways[id]; g != nil {
			return g.Account, g.Region, ""
		}
	default:
		return "", "", fmt.Sprintf("agents make no flow logs of the resource type %s", f.ResourceType)
	}
	return "", "", fmt.Sprintf("there is no %s in the network definition that is in force", f.ResourceID)
}
