package policy

import (
	"net/netip"

	"weir/internal/netmodel"
)

// session is a connection that a NAT gateway knows.
type session struct {
	nat     string
	outer   netip.Addr // the source that it gave
	inner   netip.Addr
	port    uint16
	anyPort bool
}

// natPlace returns where a NAT gateway is: in its subnet, a regional one in its VPC.
func (w *walk) natPlace(g *netmodel.NATGateway) (place, error) {
	at := place{vpc: g.VPC, nat: g}
	switch g.Availability {
	case "regional":
		return at, nil
	case "zonal":
		at.subnet = w.d.network.Subnets[g.Subnet]
		if at.subnet == nil {
			return at, unknown("%s is in %s, which is not in the input", g.ID, g.Subnet)
		}
		return at, nil
	}
	return at, unknown("the input does not say whether %s is zonal or regional", g.ID)
}

// throughNAT sends the packet through a NAT gateway, which puts an address and a port of its
// own in place of its source. No security group is at it; the network ACL of its subnet is.
//
// Source: VPC user guide, "NAT gateways" and "NAT gateway basics".
func (w *walk) throughNAT(at place, g *netmodel.NATGateway) (end, error) {
	to, err := w.natPlace(g)
	if err != nil {
		return end{}, err
	}
	if ok, err := w.leave(at, crossing(at, to), scope{}); err != nil || !ok {
		return end{}, err
	}
	if g.VPC != at.vpc {
		w.refuseAt(g.ID, "%s is not in %s", g.ID, at.vpc)
		return end{}, nil
	}
	if over := crossing(at, to); to.subnet != nil && over == crossed {
		if ok, err := w.border(to, ingress); err != nil || !ok {
			return end{}, err
		}
	}
	switch {
	case w.replying:
		w.refuseAt(g.ID, "%s knows no connection that the reply is of", g.ID)
		return end{}, nil
	case g.State != "available":
		w.refuseAt(g.ID, "%s is %s", g.ID, orUnknown(g.State))
		return end{}, nil
	case w.p.Src.Is6():
		return end{}, unknown("%s would translate IPv6 to IPv4, which weir does not follow", g.ID)
	case w.p.Protocol != netmodel.TCP && w.p.Protocol != netmodel.UDP && w.p.Protocol != netmodel.ICMP:
		w.refuseAt(g.ID, "NAT gateways pass TCP, UDP and ICMP only")
		return end{}, nil
	case w.p.Protocol == netmodel.ICMP && w.p.Type != 8:
		return end{}, unknown("AWS does not say whether %s passes ICMP type %d that answers nothing", g.ID, w.p.Type)
	}
	outer, err := w.outer(g, at, to)
	if err != nil {
		return end{}, err
	}
	w.sessions = append(w.sessions, session{g.ID, outer, w.p.Src, w.p.SrcPort, w.anyPort})
	w.gateway(g.ID, "its source becomes %s, with another port", outer)
	w.p.Src, w.anyPort, w.scopes = outer, true, []scope{{}}
	return w.route(to)
}

func orUnknown(state string) string {
	if state == "" {
		return "in a state that the input does not say"
	}
	return state
}

// outer returns the source that a NAT gateway gives the packet: a private address of its
// own, for which the internet gateway puts the public one; a regional one has only these.
func (w *walk) outer(g *netmodel.NATGateway, at, to place) (netip.Addr, error) {
	var names []string
	var all []netip.Addr
	for _, a := range g.Addresses {
		if a.Status != "" && a.Status != "succeeded" {
			continue
		}
		one := a.Private
		if !one.IsValid() {
			one = a.Public
		}
		// A regional one uses those of the Zone (VPC user guide, "Regional NAT gateways").
		if to.subnet == nil && a.AZ != "" && at.subnet != nil && a.AZ != at.subnet.AZ {
			continue
		}
		if one.IsValid() {
			all, names = append(all, one), append(names, one.String())
		}
	}
	if len(all) == 0 {
		return netip.Addr{}, unknown("the input has no address of %s that it could give", g.ID)
	}
	return all[w.choose("the addresses of "+g.ID, names)], nil
}

// intoNAT brings the packet to a NAT gateway's own address. It takes only what answers a
// connection that passed it.
func (w *walk) intoNAT(at place, over border) (end, error) {
	if at.subnet != nil && over == crossed {
		if ok, err := w.border(at, ingress); err != nil || !ok {
			return end{}, err
		}
	}
	n := len(w.sessions) - 1
	if !w.replying || n < 0 || w.sessions[n].nat != at.nat.ID || w.sessions[n].outer != w.p.Dst {
		w.refuseAt(at.nat.ID, "%s takes no connections, and knows none that this is of", at.nat.ID)
		return end{}, nil
	}
	s := w.sessions[n]
	w.sessions = w.sessions[:n]
	w.gateway(at.nat.ID, "it answers %s, which becomes its destination", s.inner)
	w.p.Dst, w.anyPort = s.inner, s.anyPort
	if w.p.Protocol != netmodel.ICMP {
		w.p.DstPort = s.port
	}
	return w.route(at)
}
