package lab

import (
	"maps"
	"slices"

	"weir/internal/netmodel"
)

// attachmentType is the type of the network interfaces that a VPC's attachment to a transit gateway has. They are no hosts': the link between the two routers stands for them.
const attachmentType = "transit_gateway"

// mostLinks is how many VPCs and peering connections a lab builds: links of each kind have the addresses of a /24.
const mostLinks = 64

// checkRouters finds which namespace is the router of which VPC, and the transit gateway.
func (d *Definition) checkRouters(f *file) error {
	d.Routers = map[string]string{}
	if len(d.Network.VPCs) > mostLinks || len(d.Network.PeeringConnections) > mostLinks {
		return d.refuse(inNetwork("vpcs"), "its network has %d VPCs and %d peering connections; a lab builds %d of each", len(d.Network.VPCs), len(d.Network.PeeringConnections), mostLinks)
	}
	for _, id := range slices.Sorted(maps.Keys(d.Network.TransitGateways)) {
		if d.Transit != "" {
			return d.refuse(inNetwork("transit-gateways", id), "its network has %s and %s; a lab builds one transit gateway", d.Transit, id)
		}
		d.Transit = id
	}
	for _, name := range slices.Sorted(maps.Keys(f.VPCs)) {
		id, at := f.VPCs[name], inLab("vpcs", name)
		switch {
		case !hostName.MatchString(name):
			return d.refuse(at, "%q is no name of a VPC's router: 1 to 11 lower-case letters, digits and dashes", name)
		case name == router || name == internet || name == transit:
			return d.refuse(at, "%s is the name of a namespace that each lab has", name)
		case d.Network.VPCs[id] == nil:
			return d.refuse(at, "vpcs: its network has no %s", id)
		case d.Routers[id] != "":
			return d.refuse(at, "%s and %s are both routers of %s", d.Routers[id], name, id)
		}
		d.Routers[id] = name
	}
	for _, id := range slices.Sorted(maps.Keys(d.Network.VPCs)) {
		if d.Routers[id] != "" {
			continue
		}
		if d.VPC != "" {
			return d.refuse(inLab("vpcs"), "%s and %s have no router: vpcs names those of all VPCs but one", d.VPC, id)
		}
		d.VPC, d.Routers[id] = id, router
	}
	if d.VPC == "" {
		return d.refuse(inLab("vpcs"), "its network has %d VPCs, and vpcs names the routers of all: that of one is %s", len(d.Network.VPCs), router)
	}
	return nil
}

// vpcs are the ids of the VPCs, that of the router "vpc" first.
func (d *Definition) vpcs() []string {
	out := []string{d.VPC}
	for _, id := range slices.Sorted(maps.Keys(d.Routers)) {
		if id != d.VPC {
			out = append(out, id)
		}
	}
	return out
}

// namespaces are the names of those that are no host's, in the order in which they are made.
func (d *Definition) namespaces() []string {
	out := []string{router, internet}
	for _, id := range d.vpcs()[1:] {
		out = append(out, d.Routers[id])
	}
	if d.Transit != "" {
		out = append(out, transit)
	}
	return out
}

// routerOf names the router of a host's VPC.
func (d *Definition) routerOf(host string) string { return d.Routers[d.eni(host).VPC] }

// checkRules refuses what an agent does not enforce as AWS does: it knows the network interfaces of groups of the interface's own VPC.
func (d *Definition) checkRules() error {
	for _, id := range slices.Sorted(maps.Keys(d.Network.SecurityGroups)) {
		g := d.Network.SecurityGroups[id]
		for _, way := range []netmodel.Direction{netmodel.Ingress, netmodel.Egress} {
			for i, r := range g.Rules(way) {
				of, at := d.Network.SecurityGroups[r.Peer.Group], inNetwork("security-groups", id, "ingress", item{"from", r.Peer.Group})
				if way == netmodel.Egress {
					at = inNetwork("security-groups", id, "egress", item{"to", r.Peer.Group})
				}
				if r.Peer.Group != "" && of == nil {
					return d.refuse(at, "%s: its network has no security group %s", g.RuleName(way, &g.Rules(way)[i]), r.Peer.Group)
				}
				if r.Peer.Group != "" && of.VPC != g.VPC {
					return d.refuse(at, "%s: references to groups of other VPCs are not built, since the agent follows none", g.RuleName(way, &g.Rules(way)[i]))
				}
			}
		}
	}
	return nil
}

// hostsOf are the hosts of a VPC, by name.
func (d *Definition) hostsOf(vpc string) (out []string) {
	for _, host := range slices.Sorted(maps.Keys(d.Hosts)) {
		if d.eni(host).VPC == vpc {
			out = append(out, host)
		}
	}
	return out
}

// internetGateway returns the id of a VPC's internet gateway; "": it has none.
func (d *Definition) internetGateway(vpc string) string {
	for _, id := range slices.Sorted(maps.Keys(d.Network.InternetGateways)) {
		if d.Network.InternetGateways[id].VPC == vpc {
			return id
		}
	}
	return ""
}

// hasEgressOnly reports whether a VPC has an egress-only internet gateway.
func (d *Definition) hasEgressOnly(vpc string) bool {
	for _, g := range d.Network.EgressOnlyInternetGateways {
		if g.VPC == vpc {
			return true
		}
	}
	return false
}

// leavesByEgressOnly reports whether a route leads to an egress-only internet gateway.
func leavesByEgressOnly(r netmodel.Route) bool {
	return r.Target.Kind == netmodel.TargetEgressOnlyInternetGateway && r.State != "blackhole"
}
