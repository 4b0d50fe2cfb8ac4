package synth

// pick returns an interface of a role that has traffic in this minute, the first
// ones far more often than the last, or nil where none has.
func (m *minute) pick(r role) *eni {
	list := m.w.byRole[r]
	i := m.skewed(uint32(len(list)))
	return m.activeFrom(list, i)
}

// anyOf returns an interface of a role that has traffic in this minute, each as
// often as the other.
func (m *minute) anyOf(r role) *eni {
	list := m.w.byRole[r]
	return m.activeFrom(list, m.below(uint32(len(list))))
}

// activeFrom returns the i-th interface of the list, or the first active one
// after it.
func (m *minute) activeFrom(list []*eni, i uint32) *eni {
	for j := range uint32(len(list)) {
		if e := list[(i+j)%uint32(len(list))]; m.plan.active(e, m.n) {
			return e
		}
	}
	return nil
}

// caller returns a private host that begins connections.
func (m *minute) caller() *eni {
	switch d := m.below(100); {
	case d < 40:
		return m.pick(roleWeb)
	case d < 41:
		return m.pick(roleCanary)
	case d < 75:
		return m.pick(roleApp)
	}
	if e := m.pick(roleBatch); e != nil {
		return e
	}
	return m.pick(roleApp)
}

// Ranges of client ports (VPC user guide, ephemeral ports).
func (m *minute) linuxPort() uint16 { return uint16(m.between(32768, 60999)) }
func (m *minute) otherPort() uint16 { return uint16(m.between(49152, 65535)) }
func (m *minute) elbPort() uint16   { return uint16(m.between(1024, 65535)) }

// clientPort returns a port of an internet client: its own system's, or one that
// its provider's address translation gave.
func (m *minute) clientPort(client uint32) uint16 {
	switch hash(m.w.cfg.Seed, 'o', uint64(client)) % 10 {
	case 0, 1, 2:
		return m.linuxPort()
	case 3, 4, 5, 6:
		return m.otherPort()
	}
	return m.elbPort()
}

// headers are the bytes of IP and TCP headers with timestamps in a packet.
const headers = 52

// payload returns the volumes of a TCP connection that carries the bytes up and
// down, both from its SYN to its end.
func (m *minute) payload(up, down uint64) (volume, volume) {
	d := volume{packets: uint32(down/1448) + 3 + m.few(), flags: synAck | fin}
	u := volume{packets: uint32(up/1448) + 3 + d.packets/2 + m.few(), flags: syn | fin}
	u.bytes = up + headers*uint64(u.packets) + 8
	d.bytes = down + headers*uint64(d.packets) + 8
	if m.chance(40) {
		u.flags |= rst
	}
	return u, d
}

// stream returns the volumes of a part of a connection that goes on.
func (m *minute) stream(up, down uint64) (volume, volume) {
	u, d := m.payload(up, down)
	u.bytes, d.bytes = u.bytes-8, d.bytes-8
	u.flags, d.flags = 0, 0
	return u, d
}

// page returns how many bytes of payload a client sends for a page or file, and
// how many it gets: many ask for the same few.
func (m *minute) page(client uint32) (up, down uint64) {
	const pages = 700
	n := m.skewed(pages)
	size := rng{hash(m.w.cfg.Seed, 'r', uint64(n))}
	up = 380 + hash(m.w.cfg.Seed, 'h', uint64(client))%420 + uint64(m.below(24))
	if m.chance(250) { // not modified
		return up, 230 + uint64(m.below(12))
	}
	return up, size.magnitude(9, 17) + uint64(m.below(60))
}

// session is one client at a load balancer, with one or several connections at
// once. It makes at most the given number of records and at least two.
func (m *minute) session(client, server uint32, elb *eni, most int64) {
	at := m.clock()
	port := m.clientPort(client)
	for range min(int64(1+m.few()), most/2, 6) {
		up, down := m.page(client)
		c := conn{at: at, protocol: tcp, client: endpoint{client, port}, server: endpoint{server, 443}}
		if m.chance(60) {
			c.server.port = 80
			down = min(down, 400) // sent on to HTTPS
		} else {
			up, down = up+580, down+3900 // TLS
		}
		c.up, c.down = m.payload(up, down)
		m.both(&c, sides{server: elb})
		port += uint16(1 + m.below(3))
		port = max(port, 1024)
		at = min(at+m.few(), m.at+59)
	}
}

// visit is a session of an internet client over IPv4.
func (m *minute) visit() {
	elb := m.anyOf(roleELBPublic)
	b := m.w.book
	m.session(b.clients.at(m.skewed(b.clients.n)), elb.v4, elb, m.left)
}

// visit6 is a session over IPv6 of at most the given number of records. It
// returns how many it made.
func (m *minute) visit6(most int64) int64 {
	elb := m.anyOf(roleELBPublic)
	b := m.w.book
	before := m.left
	m.session(b.clients6.at(m.skewed(b.clients6.n)), elb.v6, elb, most)
	return before - m.left
}

// forward is a new connection from a load balancer to the web tier.
func (m *minute) forward() {
	elb, web := m.anyOf(roleELBPublic), m.pick(roleWeb)
	up, down := m.page(elb.v4)
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{elb.v4, m.elbPort()}, server: endpoint{web.v4, 8080}}
	c.up, c.down = m.payload(up, down)
	m.inside(&c, elb, web)
}

// call is a request of the web tier to the app tier through the inner load
// balancer.
func (m *minute) call() {
	web, elb, app := m.pick(roleWeb), m.anyOf(roleELBInner), m.pick(roleApp)
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{web.v4, m.linuxPort()}, server: endpoint{elb.v4, 80}}
	up, down := uint64(240+m.below(900)), m.magnitude(8, 14)
	c.up, c.down = m.payload(up, down)
	m.inside(&c, web, elb)
	c.client, c.server = endpoint{elb.v4, m.elbPort()}, endpoint{app.v4, 8080}
	c.up, c.down = m.payload(up+90, down)
	m.inside(&c, elb, app)
}

// database is a short connection of the app tier or of a job to a database.
func (m *minute) database() {
	app, db := m.pick(roleApp), m.pick(roleDB)
	if m.chance(200) {
		if job := m.pick(roleBatch); job != nil {
			app = job
		}
	}
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{app.v4, m.linuxPort()}, server: endpoint{db.v4, 5432}}
	c.up, c.down = m.payload(300+m.magnitude(6, 11), 700+m.magnitude(7, 16))
	m.inside(&c, app, db)
}

// cache is a short connection of the web tier to a cache.
func (m *minute) cache() {
	web, cache := m.pick(roleWeb), m.pick(roleCache)
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{web.v4, m.linuxPort()}, server: endpoint{cache.v4, 6379}}
	c.up, c.down = m.payload(60+uint64(m.below(400)), m.magnitude(5, 13))
	m.inside(&c, web, cache)
}

// lookup is a DNS query to one of the VPC's own resolvers.
func (m *minute) lookup() {
	host, resolver := m.caller(), m.pick(roleResolver)
	queries := 1 + m.few()/2
	c := conn{at: m.clock(), protocol: udp, client: endpoint{host.v4, m.linuxPort()}, server: endpoint{resolver.v4, 53}}
	name := hash(m.w.cfg.Seed, 'n', uint64(m.skewed(300))) % 30
	c.up = volume{packets: queries, bytes: uint64(queries) * (55 + name)}
	c.down = volume{packets: queries, bytes: uint64(queries) * (71 + name + 16*uint64(m.few()))}
	m.inside(&c, host, resolver)
}

// outward is a connection of a private host to the internet through its NAT
// gateway: two records at the host, four at the NAT gateway.
func (m *minute) outward() {
	host := m.caller()
	b := m.w.book
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{host.v4, m.linuxPort()}}
	c.server = endpoint{b.peers.at(m.skewed(b.peers.n)), 443}
	if m.chance(30) {
		c.server.port = 80
	}
	c.up, c.down = m.payload(700+m.magnitude(7, 13), 3900+m.magnitude(7, 16))
	m.throughNAT(&c, host)
}

// throughNAT records a connection of a private host to the internet: at the
// host, and twice at its NAT gateway, where the host talks to the gateway's
// address and the gateway, from a port of its own, to the internet (VPC user
// guide, traffic through a NAT gateway).
func (m *minute) throughNAT(c *conn, host *eni) {
	nat := m.w.nat(host)
	m.both(c, sides{client: host, beyondClient: nat})
	inner, outer := *c, *c
	inner.server.addr, inner.far = nat.v4, c.server.addr
	m.both(&inner, sides{server: nat, beyondServer: host})
	outer.client = endpoint{nat.v4, m.elbPort()}
	m.both(&outer, sides{client: nat})
}

// object is a request to S3 through the gateway endpoint.
func (m *minute) object() {
	host := m.caller()
	b := m.w.book
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{host.v4, m.linuxPort()}}
	c.server = endpoint{b.storage.at(m.below(b.storage.n)), 443}
	up, down := uint64(900+m.below(700)), m.magnitude(9, 22)
	if m.chance(400) {
		up, down = down, up
	}
	c.up, c.down = m.payload(up, down)
	m.both(&c, sides{client: host})
}

// report is a few datagrams of statistics or syslog, which nothing answers: two
// records.
func (m *minute) report() {
	host, monitor := m.caller(), m.pick(roleMonitor)
	port, packets := uint16(8125), 1+m.below(40)
	if m.chance(300) {
		port = 514
	}
	c := conn{at: m.clock(), protocol: udp, client: endpoint{host.v4, m.linuxPort()}, server: endpoint{monitor.v4, port}}
	c.up = volume{packets: packets, bytes: uint64(packets) * uint64(90+m.below(300))}
	m.up(&c, host, monitor, true, false)
	m.up(&c, monitor, host, false, false)
}

// ping is the monitoring's ping of a host: echo requests of 84 bytes, as in the
// VPC user guide's example. ICMP has no ports to tell two flows apart, so each
// pair has at most one in a minute, at a second of its own.
func (m *minute) ping() {
	monitors, hosts := m.w.byRole[roleMonitor], m.w.byRole[roleApp]
	if m.pings >= len(monitors)*len(hosts) {
		m.lookup()
		return
	}
	monitor, host := monitors[m.pings%len(monitors)], hosts[m.pings/len(monitors)]
	second := uint32(hash(m.w.cfg.Seed, 'i', uint64(m.pings)) % 60)
	m.pings++
	c := conn{at: m.at + second, protocol: icmp, client: endpoint{addr: monitor.v4}, server: endpoint{addr: host.v4}}
	n := m.between(1, 4)
	c.up = volume{packets: n, bytes: 84 * uint64(n)}
	c.down = c.up
	m.inside(&c, monitor, host)
}

// partner is a connection of an internet client to a host with a public address.
func (m *minute) partner() {
	edge := m.pick(roleEdge)
	b := m.w.book
	client := b.clients.at(m.below(80))
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{client, m.clientPort(client)}, server: endpoint{edge.v4, 443}}
	c.up, c.down = m.payload(1200+m.magnitude(7, 15), 4200+m.magnitude(7, 13))
	m.both(&c, sides{server: edge})
}

// shell is an administrator's SSH connection from the office to the bastion, and
// on to a host.
func (m *minute) shell() {
	bastion, host := m.pick(roleBastion), m.pick(roleApp)
	b := m.w.book
	client := b.office.at(m.below(b.office.n))
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{client, m.otherPort()}, server: endpoint{bastion.v4, 22}}
	up, down := 2400+m.magnitude(6, 12), 2600+m.magnitude(7, 15)
	c.up, c.down = m.payload(up, down)
	m.both(&c, sides{server: bastion})
	c.client, c.server = endpoint{bastion.v4, m.linuxPort()}, endpoint{host.v4, 22}
	m.inside(&c, bastion, host)
}

// lone is the last packet of a connection of which nothing else falls into the
// window: one record.
func (m *minute) lone() {
	elb := m.anyOf(roleELBPublic)
	b := m.w.book
	client := b.clients.at(m.skewed(b.clients.n))
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{client, m.clientPort(client)}, server: endpoint{elb.v4, 443}}
	c.up = volume{packets: 1, bytes: headers}
	m.up(&c, elb, nil, false, false)
}
