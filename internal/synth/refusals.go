package synth

// scanPorts are what scanners of the internet knock at, the favourites several
// times.
var scanPorts = []uint16{
	22, 22, 22, 3389, 3389, 23, 23, 445, 445, 8080, 8443, 5900, 6379, 3306, 5432, 1433, 2375, 9200, 27017,
	21, 25, 81, 110, 139, 143, 389, 993, 1080, 1723, 2222, 2323, 5000, 5060, 5555, 7001, 8000, 8081, 8088, 8545,
	8888, 9000, 9090, 10000, 11211, 50050, 60001,
}

// deniedPorts are the ports that the public subnets' network ACL denies.
var deniedPorts = []uint16{23, 445}

// refusals makes n REJECT records with what belongs to them. Each sort has its
// cause in the network definition.
func (m *minute) refusals(n int64) {
	for range n {
		d := m.below(100)
		if m.left < 2 {
			d = 0 // only a scan needs no second record
		}
		switch {
		case d < 64:
			m.scan()
		case d < 74:
			m.denied()
		case d < 84:
			m.unreachedAgent()
		case d < 92:
			m.wrongTier()
		default:
			m.blockedOutward()
		}
	}
}

// knock returns a scanner's or a client's vain attempts: SYNs of a size that
// its system has.
func (m *minute) knock(client uint32, packets uint32) volume {
	size := [...]uint64{40, 44, 52, 60}[hash(m.w.cfg.Seed, 'k', uint64(client))%4]
	return volume{packets: packets, bytes: size * uint64(packets), flags: syn}
}

// scan is a scanner's packet at a load balancer or a public host, whose security
// group lets no such port in: one record.
func (m *minute) scan() {
	target := m.anyOf(roleELBPublic)
	if m.chance(300) {
		target = m.anyOf(roleEdge)
	}
	b := m.w.book
	scanner := b.scanners.at(m.skewed(b.scanners.n))
	port := scanPorts[m.below(uint32(len(scanPorts)))]
	if m.chance(250) {
		port = uint16(m.between(1024, 65535))
	}
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{scanner, m.elbPort()}, server: endpoint{target.v4, port}}
	c.up = m.knock(scanner, 1+m.few()/2)
	m.up(&c, target, nil, false, true)
}

// denied is a packet that the public subnets' network ACL denies, by port or by
// source: one record.
func (m *minute) denied() {
	target := m.anyOf(roleNAT)
	if m.chance(600) {
		target = m.anyOf(roleELBPublic)
	}
	b := m.w.book
	scanner := b.scanners.at(m.skewed(b.scanners.n))
	port := deniedPorts[m.below(uint32(len(deniedPorts)))]
	if m.chance(500) {
		scanner, port = b.blocked.at(m.skewed(b.blocked.n)), 443
	}
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{scanner, m.elbPort()}, server: endpoint{target.v4, port}}
	c.up = m.knock(scanner, 1+m.few()/2)
	m.up(&c, target, nil, false, true)
}

// unreachedAgent is the monitoring asking a batch host for its metrics, which
// the host's security group does not allow: an accepted record at the
// monitoring, a refused one at the host.
func (m *minute) unreachedAgent() {
	monitor, host := m.pick(roleMonitor), m.pick(roleBatch)
	if host == nil {
		m.scan()
		return
	}
	m.inVain(monitor, host, 9100)
}

// wrongTier is a web host asking a database directly, which the databases'
// network ACL does not allow: an accepted record at the web host, a refused one
// at the database.
func (m *minute) wrongTier() {
	web, db := m.pick(roleWeb), m.pick(roleDB)
	m.inVain(web, db, 5432)
}

// inVain is an attempt within the VPC that is refused where it arrives.
func (m *minute) inVain(client, server *eni, port uint16) {
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{client.v4, m.linuxPort()}, server: endpoint{server.v4, port}}
	c.up = volume{packets: 1 + m.few(), flags: syn}
	c.up.bytes = 60 * uint64(c.up.packets)
	mark := m.answers
	m.answers = 0
	m.up(&c, client, server, true, false)
	m.answers = mark
	m.up(&c, server, client, false, true)
}

// blockedOutward is a job sending mail itself, which its security group does not
// let out: one record at the host.
func (m *minute) blockedOutward() {
	host := m.pick(roleBatch)
	if host == nil {
		m.scan()
		return
	}
	b := m.w.book
	c := conn{at: m.clock(), protocol: tcp, client: endpoint{host.v4, m.linuxPort()}}
	c.server = endpoint{b.peers.at(m.below(20)), [...]uint16{25, 465, 587}[m.below(3)]}
	c.up = volume{packets: 1 + m.few(), flags: syn}
	c.up.bytes = 60 * uint64(c.up.packets)
	m.up(&c, host, m.w.nat(host), true, true)
}
