package netmodel

import (
	"fmt"
	"maps"
	"slices"
)

// Missing names what the definition refers to and does not hold, each once, in order.
// Of transit gateways and peering connections only those that may pass traffic are looked at.
func (n *Network) Missing() []string {
	m := missing{Network: n, texts: map[string]bool{}}
	m.places()
	m.rules()
	m.routes()
	m.gateways()
	m.transit()
	m.balancers()
	m.services()
	return slices.Sorted(maps.Keys(m.texts))
}

type missing struct {
	*Network
	texts     map[string]bool
	instances map[string]bool // that have an ENI
}

// lacks says that who refers to an id which there is not, if there is an id.
func (m *missing) lacks(there bool, who, verb, id string) {
	if id != "" && !there {
		m.texts[fmt.Sprintf("%s %s %s, which is not in the input", who, verb, id)] = true
	}
}

func has[T any](all map[string]*T, id string) bool { return all[id] != nil }

func (m *missing) places() {
	for _, s := range m.Subnets {
		m.lacks(has(m.VPCs, s.VPC), s.ID, "is in", s.VPC)
		if s.NetworkACL == "" {
			m.texts["no network ACL of the input is associated with "+s.ID] = true
		}
		if s.RouteTable == "" && len(m.RouteTables) > 0 {
			m.texts["no route table of the input is associated with "+s.ID] = true
		}
	}
	for _, i := range m.Interfaces {
		m.lacks(has(m.Subnets, i.Subnet), i.ID, "is in", i.Subnet)
		for _, g := range i.Groups {
			m.lacks(has(m.SecurityGroups, g), i.ID, "has", g)
		}
	}
}

func (m *missing) rules() {
	for _, g := range m.SecurityGroups {
		for _, r := range slices.Concat(g.Ingress, g.Egress) {
			m.lacks(has(m.SecurityGroups, r.Peer.Group), g.ID, "references", r.Peer.Group)
			m.list(g.ID, "references", r.Peer.PrefixList)
		}
	}
}

// list says what is missing of a prefix list.
func (m *missing) list(who, verb, id string) {
	l := m.PrefixLists[id]
	m.lacks(l != nil, who, verb, id)
	if l != nil && l.EntriesUnknown {
		m.texts[fmt.Sprintf("%s %s %s, whose entries are not in the input", who, verb, id)] = true
	}
}

func (m *missing) routes() {
	for _, t := range m.RouteTables {
		m.lacks(has(m.VPCs, t.VPC), t.ID, "is in", t.VPC)
		for _, s := range t.Subnets {
			m.lacks(has(m.Subnets, s), t.ID, "is associated with", s)
		}
		for _, g := range t.Gateways {
			m.lacks(has(m.InternetGateways, g) || has(m.VPNGateways, g) || has(m.NATGateways, g), t.ID, "is associated with", g)
		}
		for _, g := range t.PropagatingVPNGateways {
			m.lacks(has(m.VPNGateways, g), t.ID, "gets routes from", g)
		}
		for _, r := range t.Routes {
			m.list(t.ID, "has a route to", r.PrefixList)
			if there, known := m.target(r.Target); known && r.State != "blackhole" {
				m.lacks(there, t.ID, "routes to", r.Target.ID)
			}
		}
	}
}

// target reports whether the target of a route is there, and whether weir has such things
// at all.
func (m *missing) target(t Target) (there, known bool) {
	switch t.Kind {
	case TargetInternetGateway:
		return has(m.InternetGateways, t.ID), true
	case TargetEgressOnlyInternetGateway:
		return has(m.EgressOnlyInternetGateways, t.ID), true
	case TargetNATGateway:
		return has(m.NATGateways, t.ID), true
	case TargetVPNGateway:
		return has(m.VPNGateways, t.ID), true
	case TargetTransitGateway:
		return has(m.TransitGateways, t.ID), true
	case TargetPeeringConnection:
		return has(m.PeeringConnections, t.ID), true
	case TargetVPCEndpoint:
		return has(m.VPCEndpoints, t.ID), true
	case TargetInterface:
		return has(m.Interfaces, t.ID), true
	}
	return false, false
}

func (m *missing) gateways() {
	for _, all := range []map[string]*InternetGateway{m.InternetGateways, m.EgressOnlyInternetGateways} {
		for _, g := range all {
			m.lacks(has(m.VPCs, g.VPC), g.ID, "is attached to", g.VPC)
		}
	}
	for _, g := range m.VPNGateways {
		m.lacks(has(m.VPCs, g.VPC), g.ID, "is attached to", g.VPC)
	}
	for _, g := range m.NATGateways {
		if g.State == "deleted" || g.State == "failed" {
			continue
		}
		m.lacks(has(m.Subnets, g.Subnet), g.ID, "is in", g.Subnet)
		m.lacks(has(m.VPCs, g.VPC), g.ID, "is in", g.VPC)
		m.lacks(has(m.RouteTables, g.RouteTable), g.ID, "has", g.RouteTable)
		for _, a := range g.Addresses {
			m.lacks(has(m.Interfaces, a.Interface), g.ID, "has", a.Interface)
		}
	}
	for _, a := range m.ElasticIPs {
		m.lacks(has(m.Interfaces, a.Interface), a.ID, "is associated with", a.Interface)
	}
	for _, e := range m.VPCEndpoints {
		m.lacks(has(m.VPCs, e.VPC), e.ID, "is in", e.VPC)
		for _, t := range e.RouteTables {
			m.lacks(has(m.RouteTables, t), e.ID, "is routed to by", t)
		}
		for _, s := range e.Subnets {
			m.lacks(has(m.Subnets, s), e.ID, "is in", s)
		}
		for _, i := range e.Interfaces {
			m.lacks(has(m.Interfaces, i), e.ID, "has", i)
		}
		for _, g := range e.Groups {
			m.lacks(has(m.SecurityGroups, g), e.ID, "has", g)
		}
	}
	for _, s := range m.EndpointServices {
		for _, b := range s.LoadBalancers {
			m.lacks(has(m.LoadBalancers, b), s.ID, "is of", b)
		}
	}
	for _, c := range m.PeeringConnections {
		if c.Status == "active" {
			m.lacks(has(m.VPCs, c.Requester.VPC), c.ID, "connects", c.Requester.VPC)
			m.lacks(has(m.VPCs, c.Accepter.VPC), c.ID, "connects", c.Accepter.VPC)
		}
	}
	for _, x := range m.BlockPublicAccessExclusions {
		m.lacks(has(m.VPCs, x.Resource) || has(m.Subnets, x.Resource), x.ID, "excludes", x.Resource)
	}
}

func (m *missing) transit() {
	for _, t := range m.TransitGateways {
		m.lacks(has(m.TransitGatewayRouteTables, t.AssociationRouteTable), t.ID, "associates with", t.AssociationRouteTable)
		m.lacks(has(m.TransitGatewayRouteTables, t.PropagationRouteTable), t.ID, "propagates to", t.PropagationRouteTable)
	}
	for _, a := range m.TransitGatewayAttachments {
		if far := a.Far; far.State == "available" || far.State == "modifying" {
			m.lacks(has(m.TransitGateways, far.TransitGateway), a.ID, "is attached to", far.TransitGateway)
			m.lacks(has(m.TransitGatewayRouteTables, far.RouteTable), a.ID, "is associated with", far.RouteTable)
		}
		if a.State != "available" && a.State != "modifying" {
			continue
		}
		m.lacks(has(m.TransitGateways, a.TransitGateway), a.ID, "is attached to", a.TransitGateway)
		m.lacks(has(m.TransitGatewayRouteTables, a.RouteTable), a.ID, "is associated with", a.RouteTable)
		m.lacks(has(m.TransitGatewayAttachments, a.Transport), a.ID, "runs over", a.Transport)
		if a.Kind == "vpc" {
			m.lacks(has(m.VPCs, a.Resource), a.ID, "attaches", a.Resource)
		}
		for _, s := range a.Subnets {
			m.lacks(has(m.Subnets, s), a.ID, "is in", s)
		}
	}
	for _, t := range m.TransitGatewayRouteTables {
		m.lacks(has(m.TransitGateways, t.TransitGateway), t.ID, "is of", t.TransitGateway)
		for _, p := range t.Propagations {
			m.lacks(has(m.TransitGatewayAttachments, p.Attachment), t.ID, "gets routes from", p.Attachment)
		}
		for _, r := range t.Routes {
			m.list(t.ID, "has a route to", r.PrefixList)
			for _, a := range r.Attachments {
				m.lacks(has(m.TransitGatewayAttachments, a), t.ID, "routes to", a)
			}
		}
	}
}

func (m *missing) balancers() {
	for _, b := range m.LoadBalancers {
		m.lacks(has(m.VPCs, b.VPC), b.ID, "is in", b.VPC)
		for _, s := range b.Subnets {
			m.lacks(has(m.Subnets, s), b.ID, "is in", s)
		}
		for _, g := range b.Groups {
			m.lacks(has(m.SecurityGroups, g), b.ID, "has", g)
		}
		for _, i := range b.Instances {
			m.lacks(m.hasInstance(i), b.ID, "sends to", i)
		}
	}
	to := func(who string, all []ListenerAction) {
		for _, a := range all {
			for _, g := range a.TargetGroups {
				m.lacks(has(m.TargetGroups, g), who, "forwards to", g)
			}
		}
	}
	for _, l := range m.Listeners {
		m.lacks(has(m.LoadBalancers, l.LoadBalancer), l.ID, "is of", l.LoadBalancer)
		to(l.ID, l.Actions)
	}
	for _, r := range m.ListenerRules {
		m.lacks(has(m.Listeners, r.Listener), r.ID, "is of", r.Listener)
		to(r.ID, r.Actions)
	}
	for _, g := range m.TargetGroups {
		m.lacks(has(m.VPCs, g.VPC), g.ID, "is in", g.VPC)
		for _, b := range g.LoadBalancers {
			m.lacks(has(m.LoadBalancers, b), g.ID, "is of", b)
		}
		for _, t := range g.Targets {
			switch g.TargetKind {
			case "instance":
				m.lacks(m.hasInstance(t.ID), g.ID, "sends to", t.ID)
			case "alb":
				m.lacks(has(m.LoadBalancers, t.ID), g.ID, "sends to", t.ID)
			}
		}
	}
}

// hasInstance reports whether an ENI of an instance is there.
func (m *missing) hasInstance(id string) bool {
	if m.instances == nil {
		m.instances = map[string]bool{}
		for _, i := range m.Interfaces {
			m.instances[i.Instance] = true
		}
	}
	return m.instances[id]
}

func (m *missing) services() {
	for _, r := range m.Resources {
		who := string(r.Kind) + " " + r.Name
		m.lacks(has(m.VPCs, r.VPC), who, "is in", r.VPC)
		for _, s := range r.Subnets {
			m.lacks(has(m.Subnets, s), who, "is in", s)
		}
		for _, g := range r.Groups {
			m.lacks(has(m.SecurityGroups, g), who, "has", g)
		}
		for _, i := range r.Interfaces {
			m.lacks(has(m.Interfaces, i), who, "has", i)
		}
	}
	for _, l := range m.FlowLogs {
		there := has(m.VPCs, l.Resource) || has(m.Subnets, l.Resource) || has(m.Interfaces, l.Resource) || has(m.NATGateways, l.Resource) ||
			has(m.TransitGateways, l.Resource) || has(m.TransitGatewayAttachments, l.Resource)
		m.lacks(there, l.ID, "covers", l.Resource)
	}
}
