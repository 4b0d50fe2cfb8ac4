package lab

import (
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// transit is the namespace of the transit gateway, and the name of a VPC's link to it in the VPC's router.
const transit = "tgw"

// attachment returns the attachment of a VPC to the transit gateway; nil: there is none by which traffic passes.
func (d *Definition) attachment(vpc string) *netmodel.TransitGatewayAttachment {
	for _, id := range slices.Sorted(maps.Keys(d.Network.TransitGatewayAttachments)) {
		if a := d.Network.TransitGatewayAttachments[id]; a.Resource == vpc && (a.State == "available" || a.State == "modifying") {
			return a
		}
	}
	return nil
}

// attached are the VPCs with attachments.
func (d *Definition) attached() (out []string) {
	for _, vpc := range d.vpcs() {
		if d.attachment(vpc) != nil {
			out = append(out, vpc)
		}
	}
	return out
}

// checkTransit refuses attachments that a lab does not build.
func (d *Definition) checkTransit() error {
	of := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(d.Network.TransitGatewayAttachments)) {
		a, where := d.Network.TransitGatewayAttachments[id], inNetwork("transit-gateway-attachments", id)
		switch {
		case a.Kind != "vpc":
			return d.refuse(where, "%s: an attachment of kind %s is not built", id, a.Kind)
		case a.TransitGateway != d.Transit:
			return d.refuse(where, "%s: its network has no %s", id, a.TransitGateway)
		case d.Network.VPCs[a.Resource] == nil:
			return d.refuse(where, "%s: its network has no %s", id, a.Resource)
		case of[a.Resource] != "":
			return d.refuse(where, "%s and %s are both attachments of %s", of[a.Resource], id, a.Resource)
		case len(a.Subnets) == 0:
			return d.refuse(where, "%s says no subnets", id)
		}
		of[a.Resource] = id
		for _, s := range a.Subnets {
			if err := d.checkAttachmentSubnet(a, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkAttachmentSubnet refuses what the attachment's network interfaces would decide or route in AWS, where the lab has a link.
func (d *Definition) checkAttachmentSubnet(a *netmodel.TransitGatewayAttachment, id string) error {
	s, where := d.Network.Subnets[id], inNetwork("transit-gateway-attachments", a.ID, "subnets")
	switch {
	case s == nil || s.VPC != a.Resource:
		return d.refuse(where, "%s: %s has no subnet %q", a.ID, a.Resource, id)
	case d.tableOf(s) != d.tableOf(d.Network.Subnets[a.Subnets[0]]):
		return d.refuse(where, "%s: its subnets %s and %s have not the same route table", a.ID, a.Subnets[0], id)
	}
	acl := d.Network.NetworkACLs[s.NetworkACL]
	if acl == nil {
		return d.refuse(where, "%s: its subnet %s has no network ACL", a.ID, id)
	}
	families := map[bool]bool{}
	for _, e := range acl.Ingress {
		if e.Number > netmodel.LastNumber {
			continue
		}
		if !e.Allow {
			return d.refuse(where, "%s: the network ACL %s of its subnet %s denies by entry %d, and no agent enforces there", a.ID, acl.ID, id, e.Number)
		}
		if e.Protocol == netmodel.AllProtocols && e.CIDR.Bits() == 0 {
			families[e.CIDR.Addr().Is4()] = true
		}
	}
	if !families[true] || a.IPv6 == "enable" && !families[false] {
		return d.refuse(where, "%s: the network ACL %s of its subnet %s does not let all in, and no agent enforces there", a.ID, acl.ID, id)
	}
	return nil
}

// transitLink has the addresses of the link between a VPC's router and the transit gateway: the router's, and the gateway's.
func transitLink(n int) (near, far netip.Addr) {
	near = netip.AddrFrom4([4]byte{169, 254, 78, byte(4*n + 1)})
	return near, near.Next()
}

// attachmentDevice names the transit gateway's end of the link to a VPC.
func (d *Definition) attachmentDevice(vpc string) string { return "tgw-" + d.Routers[vpc] }

// transit builds the transit gateway: a link for each attachment, and the route table that it is associated with for what comes out of it.
func (p *plan) transit(d *Definition) error {
	if d.Transit == "" {
		return nil
	}
	p.forwards(transit)
	// Its host is a router that nobody is told about: it answers no ping and sends no ICMP message.
	p.nft[transit] = `table ip tgw {
	chain input { type filter hook input priority filter; policy drop; iifname "lo" accept; }
	chain output { type filter hook output priority filter; policy drop; oifname "lo" accept; }
}
`
	if p.six {
		p.nft[transit] += `table ip6 tgw {
	chain input { type filter hook input priority filter; policy drop; iifname "lo" accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; }
	chain output { type filter hook output priority filter; policy drop; oifname "lo" accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; }
}
`
	}
	tables := slices.Sorted(maps.Keys(d.Network.TransitGatewayRouteTables))
	for i, vpc := range d.attached() {
		a, near, device := d.attachment(vpc), d.Routers[vpc], d.attachmentDevice(vpc)
		own, gateway := transitLink(i)
		p.link(near, transit, transit, device)
		p.add(transit, "addr add %s/30 dev %s", gateway, device)
		p.add(near, "addr add %s/30 dev %s", own, transit)
		p.add6(transit, "addr add %s/64 dev %s nodad", gateway6, device)
		p.add6(near, "addr add %s/64 dev %s nodad", far6, transit)
		p.arrive(near, transit, arrivalTable)
		if err := p.table(d, way{vpc, arrivalTable, ""}, d.tableOf(d.Network.Subnets[a.Subnets[0]])); err != nil {
			return err
		}
		number := slices.Index(tables, a.RouteTable)
		switch {
		case a.RouteTable == "" || a.Association != "associated":
			return d.refuse(inNetwork("transit-gateway-attachments", a.ID), "%s is associated with no route table", a.ID)
		case number < 0:
			return d.refuse(inNetwork("transit-gateway-attachments", a.ID, "route-table"), "%s: its network has no %s", a.ID, a.RouteTable)
		}
		p.arrive(transit, device, firstTable+number)
	}
	for i, id := range tables {
		if err := p.transitTable(d, id, firstTable+i); err != nil {
			return err
		}
	}
	return nil
}

// transitTable builds a route table of the transit gateway. What it has no route to is lost as the kernel loses what no route is of: the agent tells that from a blackhole.
func (p *plan) transitTable(d *Definition, id string, number int) error {
	routes, err := policy.New(d.Network).TransitRoutes(id)
	if err != nil {
		return d.refuse(inNetwork("transit-gateway-route-tables", id), "%v", err)
	}
	best := map[netip.Prefix]netmodel.TransitGatewayRoute{}
	for _, r := range routes {
		if r.State != "active" && r.State != "blackhole" {
			continue
		}
		if !r.CIDR.IsValid() {
			return d.refuse(inNetwork("transit-gateway-route-tables", id), "%s: routes to prefix lists are not built", id)
		}
		was, twice := best[r.CIDR]
		if twice && was.Type == r.Type {
			return d.refuse(inNetwork("transit-gateway-route-tables", id), "%s has two routes to %s, and AWS does not say which it takes", id, r.CIDR)
		}
		if !twice || r.Type == "static" { // a static one is taken before a propagated one
			best[r.CIDR] = r
		}
	}
	for _, cidr := range slices.SortedFunc(maps.Keys(best), netip.Prefix.Compare) {
		if err := p.transitRoute(d, id, number, best[cidr]); err != nil {
			return err
		}
	}
	return nil
}

// transitRoute adds a route of a route table of the transit gateway.
func (p *plan) transitRoute(d *Definition, id string, number int, r netmodel.TransitGatewayRoute) error {
	if r.State == "blackhole" {
		p.addFor(transit, r.CIDR, "route add table %d blackhole %s", number, r.CIDR)
		return nil
	}
	if len(r.Attachments) != 1 {
		return d.refuse(inNetwork("transit-gateway-route-tables", id), "%s: the route to %s leads to %d attachments; a lab builds routes to one", id, r.CIDR, len(r.Attachments))
	}
	to := d.Network.TransitGatewayAttachments[r.Attachments[0]]
	if to == nil || d.attachment(to.Resource) != to {
		return d.refuse(inNetwork("transit-gateway-route-tables", id), "%s: the route to %s leads to %s, by which nothing passes", id, r.CIDR, r.Attachments[0])
	}
	if r.CIDR.Addr().Is6() && to.IPv6 != "enable" {
		return d.refuse(inNetwork("transit-gateway-route-tables", id), "%s: the route to %s leads to %s, which does not pass IPv6", id, r.CIDR, to.ID)
	}
	own, _ := transitLink(slices.Index(d.attached(), to.Resource))
	p.addFor(transit, r.CIDR, "route add table %d %s via %s dev %s", number, r.CIDR, hop(r.CIDR, own, far6), d.attachmentDevice(to.Resource))
	return nil
}
