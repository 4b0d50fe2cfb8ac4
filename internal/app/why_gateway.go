package app

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/diagnose"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// A NAT gateway makes a connection of its own of each that it passes on. Records of the inside
// have the client at one end, and the other end in pkt-srcaddr or pkt-dstaddr alone; those of the
// outside have the gateway's address, and nobody's port (VPC user guide, "Traffic through a NAT
// gateway").

// legOf returns the leg that records of an interface between the two ends are of: the inside,
// where it is a NAT gateway's.
func (w *why) legOf(id string, translated bool) diagnose.Leg {
	if strings.HasPrefix(id, "nat-") {
		return diagnose.Inside
	}
	if w.network != nil {
		if i := w.network.Interfaces[id]; i != nil {
			if i.Type == "nat_gateway" || i.Role == netmodel.RoleNATGateway {
				return diagnose.Inside
			}
			return diagnose.NoLeg
		}
	}
	// A packet to a public address is recorded with a private one by a gateway only: at an ENI
	// that has the public one, packets have the private one (VPC user guide, "dstaddr").
	if translated && slices.ContainsFunc(append(slices.Clone(w.report.Src.Addresses), w.report.Dst.Addresses...), policy.Public) {
		return diagnose.Inside
	}
	return diagnose.NoLeg
}

// gateways adds the records of the outside of NAT gateways that lead from one of the ends to the
// other.
func (w *why) gateways() error {
	src, dst := &w.report.Src, &w.report.Dst
	if w.network == nil || len(src.Addresses) == 0 || len(dst.Addresses) == 0 {
		return nil
	}
	if len(w.seen) == 0 && w.req.Port >= 0 && len(src.Interfaces) > 0 { // nothing was recorded between them
		protocol := w.req.Protocol
		if protocol < 0 {
			protocol = netmodel.TCP
		}
		c := connection{WhyConnections: WhyConnections{Protocol: protocol, Port: w.req.Port}, at: map[place][]diagnose.Evidence{}}
		if id := w.leadsTo(&c, src, dst); id != "" {
			return w.outside(id, dst, func(of *WhyConnections) bool { return of.Protocol == protocol && of.Port == w.req.Port })
		}
		return nil
	}
	asked := map[string]bool{}
	for i := range w.seen {
		c := &w.seen[i]
		client, far := src, dst
		if c.Backwards {
			client, far = dst, src
		}
		c.elsewhere = len(far.Interfaces) == 0 && !slices.ContainsFunc(far.Addresses, func(a netip.Addr) bool { return !policy.Public(a) })
		if c.gateway = w.leadsTo(c, client, far); c.gateway == "" || asked[c.gateway] {
			continue
		}
		asked[c.gateway] = true
		if err := w.outside(c.gateway, far, w.has(c.Backwards)); err != nil {
			return err
		}
	}
	return w.sharing(src, dst)
}

// has returns what tells whether some connections are among those that were seen.
func (w *why) has(backwards bool) func(*WhyConnections) bool {
	return func(of *WhyConnections) bool {
		of.Backwards = backwards
		return slices.ContainsFunc(w.seen, func(c connection) bool {
			return c.Backwards == backwards && c.Protocol == of.Protocol && c.Port == of.Port
		})
	}
}

// leadsTo returns the NAT gateway that the way from a client to the other end leads to, ""
// where the definition tells of none.
func (w *why) leadsTo(c *connection, client, far *WhyEnd) string {
	traffic := strconv.Itoa(c.Protocol)
	if c.Port >= 0 {
		name, ok := flowlog.ProtocolName(int64(c.Protocol))
		if !ok {
			return ""
		}
		traffic = strconv.Itoa(c.Port) + "/" + name
	}
	for _, id := range client.Interfaces {
		// The way is told as far as the definition does, and what refuses is no matter here.
		r, _ := checkLoaded(w.loaded, nil, CheckRequest{From: id, To: far.Addresses[0].String(), Traffic: traffic, SourcePort: clientPort})
		for _, s := range r.Forward {
			if w.network.NATGateways[s.Gateway] != nil {
				return s.Gateway
			}
		}
	}
	return ""
}

// clientPort stands for those that clients use.
const clientPort = 50000

// outside reads the records between a NAT gateway's own addresses and the other end, of
// the connections that are asked for.
func (w *why) outside(id string, far *WhyEnd, asked func(*WhyConnections) bool) error {
	addresses, places := w.gatewayAt(id)
	if len(addresses) == 0 {
		return nil
	}
	rows, where := w.between(addresses, far.Addresses)
	where += " AND recorder IN (" + strings.Join(places, ", ") + ")"
	var found []connection
	seen := w.seen
	w.seen = nil
	err := w.read(rows, where, func(e *diagnose.Evidence, _ bool) { e.Leg = diagnose.Outside })
	found, w.seen = w.seen, seen
	if err != nil {
		return err
	}
	for _, c := range found {
		of := c.WhyConnections
		if c.Backwards || !asked(&of) { // from outside nothing passes
			continue
		}
		for _, p := range c.order {
			for _, e := range c.at[p] {
				w.add(WhyConnections{Backwards: of.Backwards, Protocol: of.Protocol, Port: of.Port, Guessed: of.Guessed}, e)
			}
		}
		for i := range w.seen {
			if s := &w.seen[i]; s.Backwards == of.Backwards && s.Protocol == of.Protocol && s.Port == of.Port {
				s.gateway = id
			}
		}
	}
	return nil
}

// gatewayAt returns the addresses of a NAT gateway, and by what ids its records are known.
func (w *why) gatewayAt(id string) (addresses []netip.Addr, places []string) {
	places = []string{sqlText(id)}
	for _, a := range w.network.NATGateways[id].Addresses {
		for _, address := range []netip.Addr{a.Private, a.Public} {
			if address.IsValid() {
				addresses = append(addresses, address)
			}
		}
		if a.Interface != "" {
			places = append(places, sqlText(a.Interface))
		}
	}
	return addresses, places
}

// sharing finds which gateways are logged, and how many other clients asked the same by them.
func (w *why) sharing(src, dst *WhyEnd) error {
	for i := range w.seen {
		c := &w.seen[i]
		if c.gateway == "" {
			continue
		}
		client, far := src, dst
		if c.Backwards {
			client, far = dst, src
		}
		addresses, places := w.gatewayAt(c.gateway)
		port := ""
		if c.Port >= 0 {
			port = fmt.Sprintf(" AND dstport = %d", c.Port)
		}
		sql := fmt.Sprintf("SELECT coalesce(bool_or(coalesce(interface_id, resource_id) IN (%s)), FALSE), count(DISTINCT srcaddr) FILTER (protocol = %d%s AND %s AND NOT %s AND NOT %s) FROM vpc_flow_logs",
			strings.Join(places, ", "), c.Protocol, port, among(far.Addresses, "dstaddr"), among(client.Addresses, "srcaddr"), among(addresses, "srcaddr"))
		if err := w.rows(sql, func(row []any) {
			c.gatewayLogged, _ = row[0].(bool)
			c.others = integer(row[1])
		}); err != nil {
			return err
		}
	}
	return nil
}
