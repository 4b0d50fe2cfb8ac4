package synth

import "fmt"

// bruteForce is SSH attempts from one address at the bastion, which lets only
// the office in.
func bruteForce(p *plan) *planting {
	bastion, attacker := p.w.byRole[roleBastion][0], p.w.book.bruteHost
	return &planting{
		quota: p.over(p.part(3000), 560, 623, triangle), records: 1, rejects: 1,
		event: func(m *minute, n int64) {
			c := conn{at: m.clock(), protocol: tcp, client: endpoint{attacker, uint16(32768 + n%28232)}, server: endpoint{bastion.v4, 22}}
			c.up = volume{packets: 1 + m.few(), flags: syn}
			c.up.bytes = 60 * uint64(c.up.packets)
			m.up(&c, bastion, nil, false, true)
		},
		story: &Story{
			Name:  "ssh-brute-force",
			Title: "SSH attempts from one address",
			What: fmt.Sprintf("%s tries SSH at %s (%s) again and again, more and more often and then less; the security group of %s lets only the office in.",
				p.addr(attacker), bastion.name, p.addr(bastion.v4), bastion.name),
			Question: fmt.Sprintf("srcaddr = %s and dstaddr = %s and dstport = 22 and action = REJECT", p.addr(attacker), p.addr(bastion.v4)),
		},
	}
}

// probe is a host of the VPC's own that looks for RDP on all others.
func probe(p *plan) *planting {
	source := p.w.byRole[roleEdge][2]
	var targets []*eni
	for _, r := range []role{roleWeb, roleApp, roleCache, roleResolver, roleMonitor, roleReports} {
		targets = append(targets, p.w.byRole[r]...)
	}
	return &planting{
		quota: p.over(p.part(1000), 300, 425, even), records: 2, rejects: 1,
		event: func(m *minute, n int64) {
			target := m.activeFrom(targets, uint32(n%int64(len(targets))))
			m.inVain(source, target, 3389)
		},
		story: &Story{
			Name:  "rdp-probing",
			Title: "A host looks for RDP on its neighbours",
			What: fmt.Sprintf("%s (%s) tries port 3389 on up to %d hosts in turn, as a host does that is no longer its owner's; no security group allows it.",
				source.name, p.addr(source.v4), len(targets)),
			Question: fmt.Sprintf("srcaddr = %s and dstport = 3389 and action = REJECT", p.addr(source.v4)),
		},
	}
}

// portScan is one internet address that goes through the ports of a host.
func portScan(p *plan) *planting {
	target, scanner := p.w.byRole[roleEdge][0], p.w.book.scanHost
	ports := min(p.part(600), 20_000)
	return &planting{
		quota: p.over(ports, 420, 434, even), records: 1, rejects: 1,
		event: func(m *minute, n int64) {
			port := uint16(1 + n)
			if port >= 443 {
				port++ // the one open port is left out
			}
			c := conn{at: m.clock(), protocol: tcp, client: endpoint{scanner, 41022}, server: endpoint{target.v4, port}}
			c.up = volume{packets: 1, bytes: 44, flags: syn}
			m.up(&c, target, nil, false, true)
		},
		story: &Story{
			Name:  "port-scan",
			Title: "A port scan of one host",
			What: fmt.Sprintf("%s tries %d ports of %s (%s) one after the other; its security group has only 443 open.",
				p.addr(scanner), ports, target.name, p.addr(target.v4)),
			Question: fmt.Sprintf("srcaddr = %s and dstaddr = %s and action = REJECT", p.addr(scanner), p.addr(target.v4)),
		},
	}
}

// missingRule is an app host that cannot reach the database because the
// database's security group does not name the host's group.
func missingRule(p *plan) *planting {
	app, db := p.w.byRole[roleCanary][0], p.w.byRole[roleDB][0]
	return &planting{
		quota: p.over(p.part(800), 0, 1000, even), records: 2, rejects: 1,
		event: func(m *minute, _ int64) { m.inVain(app, db, 5432) },
		story: &Story{
			Name:  "missing-security-group-rule",
			Title: "An app host cannot reach its database",
			What: fmt.Sprintf("%s (%s) asks %s (%s) in vain: accepted where it leaves, refused at the database, whose security group allows 5432 from the group app but not from app-canary.",
				app.name, p.addr(app.v4), db.name, p.addr(db.v4)),
			Question: fmt.Sprintf("srcaddr = %s and dstaddr = %s and dstport = 5432 and action = REJECT", p.addr(app.v4), p.addr(db.v4)),
		},
	}
}

// aclChange is when the reports subnets' network ACL is changed, in thousandths
// of the time.
const aclChange = 640

// reportsPort is where the report service listens.
const reportsPort = 8443

// ask returns a connection of an app host to the report service.
func (m *minute) ask() (c conn, app, reports *eni) {
	app, reports = m.pick(roleApp), m.pick(roleReports)
	c = conn{at: m.clock(), protocol: tcp, client: endpoint{app.v4, m.linuxPort()}, server: endpoint{reports.v4, reportsPort}}
	return c, app, reports
}

// workingReplies is the report service before the change.
func workingReplies(p *plan) *planting {
	return &planting{
		quota: p.over(p.part(2600), 0, aclChange, even), records: 4,
		event: func(m *minute, _ int64) {
			c, app, reports := m.ask()
			c.up, c.down = m.payload(500+uint64(m.below(300)), m.magnitude(11, 19))
			m.inside(&c, app, reports)
		},
	}
}

// brokenReplies is the report service after the change: the network ACL lets
// requests in, but no replies out to ephemeral ports.
func brokenReplies(p *plan) *planting {
	subnets := p.w.subnet("reports", 0).cidr.Masked()
	return &planting{
		quota: p.over(p.part(1500), aclChange, 1000, even), records: 3, rejects: 1,
		event: func(m *minute, _ int64) {
			mark := m.answers
			m.answers = 0
			c, app, reports := m.ask()
			tries := 2 + m.few()
			c.up = volume{packets: tries, bytes: 60 * uint64(tries), flags: syn}
			c.down = volume{packets: tries, bytes: 60 * uint64(tries), flags: synAck}
			m.up(&c, app, reports, true, false)
			m.up(&c, reports, app, false, false)
			m.answers = mark
			m.down(&c, reports, app, true, true)
		},
		story: &Story{
			Name:  "network-acl-blocks-replies",
			Title: "A network ACL blocks replies",
			What: fmt.Sprintf("From a change on, the network ACL of the reports subnets (%s and the next two) lets requests to %d in but no replies out to ephemeral ports: ACCEPT in, REJECT out.",
				subnets, reportsPort),
			Question: fmt.Sprintf("srcaddr in 10.0.60.0/22 and srcport = %d and action = REJECT", reportsPort),
		},
	}
}

// latePackets are packets of a client that arrive after their connection is
// closed: refused, though every rule allows them (VPC user guide, action).
func latePackets(p *plan) *planting {
	elb, client := p.w.byRole[roleELBPublic][0], p.w.book.lateHost
	return &planting{
		quota: p.over(p.part(200), 0, 1000, even), records: 1, rejects: 1,
		event: func(m *minute, n int64) {
			c := conn{at: m.clock(), protocol: tcp, client: endpoint{client, uint16(20000 + n%40000)}, server: endpoint{elb.v4, 443}}
			c.up = volume{packets: 1, bytes: headers, flags: [...]uint8{0, fin, rst}[n%3]}
			c.closed = true
			m.up(&c, elb, nil, false, true)
		},
		story: &Story{
			Name:  "packets-after-close",
			Title: "REJECT without a rule",
			What: fmt.Sprintf("Packets of %s reach %s (%s) after their connection was closed. They are refused although the security group and the network ACL allow port 443 to all.",
				p.addr(client), elb.name, p.addr(elb.v4)),
			Question: fmt.Sprintf("srcaddr = %s and dstport = 443 and action = REJECT", p.addr(client)),
		},
	}
}
