package synth

import (
	"fmt"

	"weir/flowlog"
)

// gateway is the transit gateway between the shared services' VPC and the data
// VPC.
type gateway struct {
	id, routes string // its id and its route table's
	records    []*eni // the places that record traffic, numbered behind the interfaces
	// toData and toShared hold, by zone, the two records of each direction: at
	// the attachment where the traffic comes in, and where it goes out.
	toData, toShared [len(zones)][2]*eni
	// lost holds, by zone, the record of traffic from the shared services' VPC
	// that goes nowhere.
	lost [len(zones)]*eni
}

// newGateway returns the transit gateway. Traffic stays in its zone, as it does
// without appliance mode.
func newGateway(w *world) *gateway {
	g := &gateway{id: awsID(w.cfg.Seed, "tgw", 0), routes: awsID(w.cfg.Seed, "tgw-rtb", 0)}
	for z := range len(zones) {
		shared, data := w.byRole[roleSharedAttach][z], w.byRole[roleDataAttach][z]
		for way, direction := range []string{"ingress", "egress"} {
			g.toData[z][way] = g.place(w, shared, data, direction)
			g.toShared[z][way] = g.place(w, data, shared, direction)
		}
		g.lost[z] = g.place(w, shared, nil, "ingress")
	}
	return g
}

// place adds a place that records the traffic between two attachments'
// interfaces in one direction; to is nil where it goes nowhere.
func (g *gateway) place(w *world, from, to *eni, direction string) *eni {
	at, pair := from, to
	if direction == "egress" {
		at, pair = to, from
	}
	e := &eni{index: len(w.enis) + len(g.records), phase: at.phase, subnet: at.subnet}
	g.records = append(g.records, e)
	s := &e.static
	s[flowlog.ResourceType] = "TransitGateway"
	s[flowlog.AccountID] = w.cfg.LogOwner
	s[flowlog.TGWID] = g.id
	s[flowlog.TGWAttachmentID] = at.subnet.vpc.attachment
	s[flowlog.Region] = w.cfg.Region
	s[flowlog.FlowDirection] = direction
	s[flowlog.TGWSrcVPCAccountID] = w.cfg.LogOwner
	s[flowlog.TGWSrcVPCID] = from.subnet.vpc.id
	s[flowlog.TGWSrcSubnetID] = from.subnet.id
	s[flowlog.TGWSrcENI] = from.id
	s[flowlog.TGWSrcAZID] = zoneID(w.cfg.Region, from.subnet.zone)
	if to != nil {
		s[flowlog.TGWDstVPCAccountID] = w.cfg.LogOwner
		s[flowlog.TGWDstVPCID] = to.subnet.vpc.id
		s[flowlog.TGWDstSubnetID] = to.subnet.id
		s[flowlog.TGWDstENI] = to.id
		s[flowlog.TGWDstAZID] = zoneID(w.cfg.Region, to.subnet.zone)
		s[flowlog.TGWPairAttachmentID] = pair.subnet.vpc.attachment
	}
	return e
}

// across records a connection of a host of the shared services' VPC to one of
// the data VPC: each direction where it enters and where it leaves the transit
// gateway, four records.
func (m *minute) across(c *conn, client, server *eni) {
	g := m.w.gateway
	for way, e := range g.toData[client.subnet.zone] {
		m.up(c, e, nil, way == 1, false)
	}
	for way, e := range g.toShared[server.subnet.zone] {
		m.down(c, e, nil, way == 1, false)
	}
}

// drop records packets that the transit gateway does not deliver: one record, at
// the attachment where they came in.
func (m *minute) drop(client *eni, server uint32, port uint16, blackhole bool) {
	e := m.w.gateway.lost[client.subnet.zone]
	tries := 2 + m.few()
	r := row{
		src: client.v4, dst: server, pktSrc: client.v4, pktDst: server,
		srcPort: m.linuxPort(), dstPort: port,
		packets: tries, bytes: 60 * uint64(tries), tcpFlags: syn,
	}
	if blackhole {
		r.blackhole = tries
	} else {
		r.noRoute = tries
	}
	m.record(&r, &conn{at: m.clock(), protocol: tcp}, e, nil)
}

// runGateway makes all records of the minute at the transit gateway. There are
// no REJECT and no NODATA ones, and no IPv6.
func (m *minute) runGateway() {
	m.plant()
	m.left = m.plan.total.at(m.n)
	ports := [...]uint16{5432, 5432, 9092, 9092, 6379, 443}
	for m.left >= 4 {
		client, server := m.pick(roleShared), m.pick(roleData)
		c := conn{at: m.clock(), protocol: tcp, client: endpoint{client.v4, m.linuxPort()}}
		c.server = endpoint{server.v4, ports[m.below(uint32(len(ports)))]}
		c.up, c.down = m.payload(300+m.magnitude(7, 14), 300+m.magnitude(7, 17))
		m.across(&c, client, server)
	}
	for m.left > 0 {
		m.drop(m.pick(roleShared), m.w.book.noHost, 443, false)
	}
}

// gatewayStories returns the stories of the transit gateway.
func gatewayStories(p *plan) []*planting { return []*planting{blackhole(p), copying(p)} }

// blackhole is hosts that still call one in a VPC whose attachment is gone.
func blackhole(p *plan) *planting {
	gone := p.w.book.goneHost
	return &planting{
		quota: p.over(p.part(2000), 0, 1000, even), records: 1,
		event: func(m *minute, _ int64) { m.drop(m.pick(roleShared), gone, 8080, true) },
		story: &Story{
			Name:  "blackhole-route",
			Title: "A route that leads nowhere",
			What: fmt.Sprintf("Hosts of the shared services' VPC still call %s, whose VPC is detached: the transit gateway's route is a blackhole.",
				p.addr(gone)),
			Question: "packets_lost_blackhole > 0",
		},
	}
}

// copying is a long copy of much data across the transit gateway.
func copying(p *plan) *planting {
	from, to := p.w.byRole[roleShared][2], p.w.byRole[roleData][1]
	n := min(90, p.minutes/8)
	return &planting{
		quota: newQuota(int64(n), p.minuteAt(90), n, flat), records: 4,
		event: func(m *minute, i int64) {
			c := conn{at: m.at + 11, protocol: tcp, client: endpoint{from.v4, 41873}, server: endpoint{to.v4, 873}, long: i > 0}
			c.up, c.down = m.stream(2_000_000_000+m.magnitude(24, 29), 90_000+uint64(m.below(20_000)))
			if i == 0 {
				c.up.flags, c.down.flags = syn, synAck
			}
			m.across(&c, from, to)
		},
		story: &Story{
			Name:  "large-copy",
			Title: "A large copy across the transit gateway",
			What: fmt.Sprintf("%s (%s) copies about two gigabytes a minute to %s (%s) for %d minutes.",
				from.name, p.addr(from.v4), to.name, p.addr(to.v4), n),
			Question: fmt.Sprintf("srcaddr = %s and dstaddr = %s and dstport = 873 and flow_direction = ingress", p.addr(from.v4), p.addr(to.v4)),
		},
	}
}
