package lab

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// peers returns the two VPCs of a peering connection, that which asked first, where both are in the network.
func (d *Definition) peers(c *netmodel.PeeringConnection) (near, far string, err error) {
	near, far = c.Requester.VPC, c.Accepter.VPC
	if d.Routers[near] == "" || d.Routers[far] == "" || near == far {
		return "", "", d.refuse(inNetwork("vpc-peering-connections", c.ID), "%s is of %s and %s, which are not both in its network", c.ID, near, far)
	}
	return near, far, nil
}

// peeringDevice names a router's end of the link to a peer VPC, of which it has one: AWS allows no second peering connection between two VPCs.
func (d *Definition) peeringDevice(to string) string { return "pcx-" + d.Routers[to] }

// peeringLink has the addresses of the link of a peering connection, that of the VPC which asked first.
func (d *Definition) peeringLink(id string) (near, far netip.Addr) {
	n := slices.Index(slices.Sorted(maps.Keys(d.Network.PeeringConnections)), id)
	near = netip.AddrFrom4([4]byte{169, 254, 79, byte(4*n + 1)})
	return near, near.Next()
}

// peerings link the routers of VPCs. What comes over one is delivered to the VPC's own addresses and goes no further, and what is of another VPC does not leave by it.
//
// Source: VPC peering guide, "How VPC peering connections work".
func (p *plan) peerings(d *Definition) error {
	for i, id := range slices.Sorted(maps.Keys(d.Network.PeeringConnections)) {
		near, far, err := d.peers(d.Network.PeeringConnections[id])
		if err != nil {
			return err
		}
		a, b := d.peeringLink(id)
		p.link(d.Routers[near], d.peeringDevice(far), d.Routers[far], d.peeringDevice(near))
		for _, end := range []struct {
			vpc, to, six string
			own          netip.Addr
		}{{near, far, gateway6, a}, {far, near, far6, b}} {
			name, device := d.Routers[end.vpc], d.peeringDevice(end.to)
			p.add(name, "addr add %s/30 dev %s", end.own, device)
			p.add6(name, "addr add %s/64 dev %s nodad", end.six, device)
			number := arrivalTable + 1 + i
			p.arrive(name, device, number)
			for _, c := range d.Network.VPCs[end.vpc].CIDRs {
				p.local(d, way{end.vpc, number, ""}, c)
			}
			p.drops[name] = append(p.drops[name], fmt.Sprintf("oifname %q ip saddr != { %s } drop", device, cidrs(d, end.vpc, true)))
			if six := cidrs(d, end.vpc, false); six != "" {
				p.drops6[name] = append(p.drops6[name], fmt.Sprintf("oifname %q ip6 saddr != { %s } drop", device, six))
			}
		}
	}
	return nil
}

// overPeering adds a route to a peering connection.
func (p *plan) overPeering(d *Definition, w way, r *netmodel.Route) (why string) {
	c := d.Network.PeeringConnections[r.Target.ID]
	if c == nil {
		return "its network has no " + r.Target.ID
	}
	near, far, err := d.peers(c)
	if err != nil {
		return err.Error()
	}
	a, b := d.peeringLink(c.ID)
	to, address, six := far, b, far6
	if w.vpc == far {
		to, address, six = near, a, gateway6
	} else if w.vpc != near {
		return w.vpc + " is no side of " + c.ID
	}
	if c.Status != "active" {
		p.addFor(d.Routers[w.vpc], r.CIDR, "route add table %d blackhole %s", w.number, r.CIDR)
		return ""
	}
	p.addFor(d.Routers[w.vpc], r.CIDR, "route add table %d %s via %s dev %s", w.number, r.CIDR, hop(r.CIDR, address, six), d.peeringDevice(to))
	return ""
}
