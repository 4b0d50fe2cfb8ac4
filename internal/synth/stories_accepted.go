package synth

import "fmt"

// unsolicited is traffic from the internet to a NAT gateway that nobody asked
// for: accepted, since the network ACL allows it and a NAT gateway has no
// security group, and then dropped inside (document, D20 to D23).
func unsolicited(p *plan) *planting {
	nat := p.w.byRole[roleNAT][0]
	ports := []uint16{22, 25, 53, 80, 110, 111, 123, 139, 143, 161, 389, 443, 465, 502, 554, 587, 631, 636, 873, 993}
	return &planting{
		quota: p.over(p.part(1500), 0, 1000, even), records: 1,
		event: func(m *minute, _ int64) {
			b := m.w.book
			scanner := b.scanners.at(m.skewed(b.scanners.n))
			c := conn{at: m.clock(), protocol: tcp, client: endpoint{scanner, m.elbPort()}}
			c.server = endpoint{nat.v4, ports[m.below(uint32(len(ports)))]}
			c.up = m.knock(scanner, 1+m.few()/2)
			m.up(&c, nat, nil, false, false)
		},
		story: &Story{
			Name:  "nat-gateway-unsolicited",
			Title: "The internet knocks at a NAT gateway, and it says ACCEPT",
			What: fmt.Sprintf("Scanners reach the NAT gateway %s (%s). The records say ACCEPT because the network ACL lets the packets to the interface; the gateway drops them, and nothing of them is seen further inside.",
				nat.name, p.addr(nat.v4)),
			Question: fmt.Sprintf("dstaddr = %s and srcaddr not in %s and dstport < 1024 and action = ACCEPT", p.addr(nat.v4), p.w.vpcs[0].cidr),
		},
	}
}

// upload is one host that sends very much to one address outside.
func upload(p *plan) *planting {
	host := p.w.byRole[roleApp][5]
	drop := p.w.book.dropHost
	n := int(min(max(p.w.cfg.Records/2_000, 15), 90))
	n = min(n, p.minutes/8)
	lanes := min(max(p.w.cfg.Records/2_000_000, 1), 8) // connections at once
	return &planting{
		quota: newQuota(int64(n)*lanes, p.minuteAt(115), n, flat), records: 6,
		event: func(m *minute, i int64) {
			lane := uint64(i % lanes)
			c := conn{at: m.at + 7 + uint32(lane), protocol: tcp, server: endpoint{drop, 443}, long: i >= lanes}
			c.client = endpoint{host.v4, uint16(33017 + 977*lane)}
			c.up, c.down = m.stream(900_000_000+m.magnitude(24, 28), 60_000+uint64(m.below(20_000)))
			if !c.long {
				c.up.flags, c.down.flags = syn, synAck
			}
			m.throughNAT(&c, host)
		},
		story: &Story{
			Name:  "large-upload",
			Title: "One host uploads a great deal",
			What: fmt.Sprintf("%s (%s) sends about a gigabyte a minute on each of %d connections to %s, which no other host talks to.",
				host.name, p.addr(host.v4), lanes, p.addr(drop)),
			Question: fmt.Sprintf("srcaddr = %s and dstaddr = %s", p.addr(host.v4), p.addr(drop)),
		},
	}
}

// export is what a job does once a month: of the rule that lets it in nothing is seen on
// all other days, nor in all other hours of this one.
func export(p *plan) *planting {
	host, cache := p.w.byRole[roleBastion][0], p.w.byRole[roleCache][1]
	return &planting{
		quota: p.over(p.part(60), 90, 100, even), records: 4,
		event: func(m *minute, _ int64) {
			c := conn{at: m.clock(), protocol: tcp, client: endpoint{host.v4, m.linuxPort()}, server: endpoint{cache.v4, 6379}}
			c.up, c.down = m.payload(800+uint64(m.below(400)), m.magnitude(16, 21))
			m.inside(&c, host, cache)
		},
		story: &Story{
			Name:  "monthly-export",
			Title: "A rule that a monthly job needs",
			What: fmt.Sprintf("%s (%s) reads %s (%s) for a quarter of an hour, as it does once a month. Whoever looks at the other hours takes the rule that lets it in for unused.",
				host.name, p.addr(host.v4), cache.name, p.addr(cache.v4)),
			Question: fmt.Sprintf("interface_id = %s and srcaddr = %s and dstport = 6379", host.id, p.addr(host.v4)),
		},
	}
}

// lostRecords is a time in which AWS lost records of the busiest interfaces.
func lostRecords(p *plan) *planting {
	nodes := p.w.byRole[roleELBPublic][:6]
	minutes := int(min(max(p.w.cfg.Records/20_000, 3), 20))
	return &planting{
		quota: newQuota(int64(minutes*len(nodes)), p.minuteAt(520), minutes, flat), records: 1, quiet: 1,
		event: func(m *minute, n int64) { m.silence(nodes[n%int64(len(nodes))], statusSkipData) },
		story: &Story{
			Name:  "lost-records",
			Title: "A burst of SKIPDATA",
			What: fmt.Sprintf("For %d minutes AWS lost records of %d load balancer nodes: each SKIPDATA record stands for an unknown number of flows.",
				minutes, len(nodes)),
			Question: "log_status = SKIPDATA",
		},
	}
}

// silence is a web host without any traffic for hours.
func silence(p *plan) *planting {
	host := p.w.byRole[roleWeb][6]
	n := int(min(max(p.w.cfg.Records/400, 30), 240))
	n = min(n, p.minutes/6)
	p.silent, p.silentFrom = host, p.minuteAt(200)
	p.silentTo = p.silentFrom + n + 1
	return &planting{
		// The first minute's window began with traffic.
		quota: newQuota(int64(n), p.silentFrom+1, n, flat), records: 1, quiet: 1,
		event: func(m *minute, _ int64) { m.silence(host, statusNoData) },
		story: &Story{
			Name:  "silent-interface",
			Title: "An interface falls silent",
			What: fmt.Sprintf("%s (%s), otherwise busy, has no traffic for %d minutes: one NODATA record for each window.",
				host.name, host.id, n),
			Question: fmt.Sprintf("interface_id = %s and log_status = NODATA", host.id),
		},
	}
}

// devices is a fleet of devices that report over IPv6.
func devices(p *plan) *planting {
	return &planting{
		quota: p.over(p.part(2500), 700, 900, triangle), records: 2, v6: 2,
		event: func(m *minute, n int64) {
			b := m.w.book
			device := b.fleet6.at(uint32(n % int64(b.fleet6.n)))
			elb := m.w.byRole[roleELBPublic][uint64(n)%uint64(len(m.w.byRole[roleELBPublic]))]
			c := conn{at: m.clock(), protocol: tcp, client: endpoint{device, uint16(m.between(49152, 65535))}, server: endpoint{elb.v6, 443}}
			c.up, c.down = m.payload(2900+uint64(m.below(9000)), 4600)
			m.both(&c, sides{server: elb})
		},
		story: &Story{
			Name:  "ipv6-devices",
			Title: "A fleet of devices reports over IPv6",
			What: fmt.Sprintf("%d devices of one network send their readings to the public load balancer over IPv6, in one wave.",
				p.w.book.fleet6.n),
			Question: "srcaddr in 2001:db8:f1ee::/48 and dstport = 443 and action = ACCEPT",
		},
	}
}
