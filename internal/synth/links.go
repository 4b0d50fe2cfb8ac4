package synth

// A link is a connection slot between two ends that talk all day: when one
// connection of it ends, the next begins, from another port. Links make the
// share of records that repeat their 5-tuple minute by minute.
//
// Nothing of a link is stored: all follows from its number, so that every minute
// can be made alone.

// linkPermille is the share of the accepted records that links make.
const linkPermille = 350

// linkKinds says how many of 100 links are of which kind.
var linkKinds = []struct {
	percent  uint64
	from, to role
	port     uint16
	elb      bool // the client is a load balancer, with its range of ports
}{
	{30, roleELBPublic, roleWeb, 8080, true},
	{14, roleWeb, roleELBInner, 80, false},
	{14, roleELBInner, roleApp, 8080, true},
	{22, roleApp, roleDB, 5432, false},
	{14, roleWeb, roleCache, 6379, false},
	{6, roleApp, roleMonitor, 4317, false},
}

// link records the n-th link's minute, if it has traffic in it: four records,
// or none.
func (m *minute) link(n uint64) {
	seed := m.w.cfg.Seed
	draw := rng{hash(seed, 'l', n)}
	kind, left := linkKinds[0], draw.next()%100
	for _, k := range linkKinds {
		if kind = k; left < k.percent {
			break
		}
		left -= k.percent
	}
	from, to := m.w.byRole[kind.from], m.w.byRole[kind.to]
	client := from[draw.skewed(uint32(len(from)))]
	server := to[draw.skewed(uint32(len(to)))]
	life := uint64(draw.between(4, 90)) // minutes
	offset := draw.next() % life
	second := draw.below(60)
	age := (uint64(m.n) + offset) % life
	run := rng{hash(seed, 'e'<<32|n, (uint64(m.n)+offset)/life)}
	port := uint16(run.between(32768, 60999))
	if kind.elb {
		port = uint16(run.between(1024, 65535))
	}
	c := conn{at: m.at + second, protocol: tcp, client: endpoint{client.v4, port}, server: endpoint{server.v4, kind.port}}
	c.up, c.down = m.linkVolume(n)
	c.long = age > 0
	if age == 0 {
		c.up.flags, c.down.flags = syn, synAck
	}
	if age == life-1 {
		c.up.flags |= fin
		c.down.flags |= fin
	}
	busy := !m.chance(150)
	if busy && m.plan.active(client, m.n) && m.plan.active(server, m.n) {
		m.inside(&c, client, server)
	}
}

// linkVolume returns what a link carries in a minute: some only keep their
// connection alive, most carry a number of like requests.
func (m *minute) linkVolume(n uint64) (volume, volume) {
	shape := rng{hash(m.w.cfg.Seed, 'v', n)}
	if shape.chance(150) {
		u := volume{packets: 4, bytes: 4 * headers}
		return u, u
	}
	request, answer := uint64(shape.between(80, 700)), shape.magnitude(7, 12)
	requests := uint64(1 + m.skewed(shape.between(4, 120)))
	return m.stream(requests*request, requests*answer+uint64(m.below(200)))
}
