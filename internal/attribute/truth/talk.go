package truth

import (
	"net/netip"
	"slices"

	"weir/internal/netmodel"
)

// end is who sends and receives: an ENI, or somebody outside ("").
type end struct {
	eni  string
	addr netip.Addr
}

// talk is a conversation.
type talk struct {
	client, server end
	protocol       int
	sport, dport   uint16
	id             uint16
	nat            string // ENI of the NAT gateway on the way; "" for none
	natPort        uint16
	aside          string // ENI that answers leave by; "" for the server's
	got            uint8  // what of it has arrived
}

// turn is a packet of a conversation.
type turn struct {
	at    int64 // milliseconds since 1970
	back  bool  // from the server
	flags uint8
	kind  int // of ICMP
	error bool
	bytes int
	// It is sent if all of needs has arrived, and nothing of unless, and gives says what its own
	// arrival is.
	needs, unless, gives uint8
	of                   *talk
}

// What arrives.
const (
	requested = 1 << iota
	answered
)

// play lets all conversations run, packet by packet in the order of time.
func (w *World) play() {
	var turns []turn
	for range 700 + w.IntN(300) {
		turns = append(turns, w.converse()...)
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return int(a.at - b.at) })
	for i := range turns {
		t := &turns[i]
		if t.at >= w.To*1000 || t.of.got&t.needs != t.needs || t.of.got&t.unless != 0 {
			continue
		}
		w.now = w.at(t.at)
		if w.send(t) {
			t.of.got |= t.gives
		}
	}
}

// send lets a packet go its way, and reports whether it arrives.
func (w *World) send(t *turn) bool {
	k := t.of
	p := packet{
		src: k.client.addr, dst: k.server.addr, protocol: k.protocol, sport: k.sport, dport: k.dport, id: k.id,
		flags: t.flags, kind: t.kind, bytes: t.bytes,
	}
	quoted := p
	nat := end{}
	if k.nat != "" {
		nat = end{k.nat, w.now.Interfaces[k.nat].Addresses[0]}
	}
	outer := p // behind the NAT gateway
	outer.src, outer.sport = nat.addr, k.natPort
	if !t.back {
		return w.pass(k.client.eni, &p, netmodel.Egress, t.at) &&
			(k.nat == "" || w.pass(k.nat, &p, netmodel.Ingress, t.at) && w.pass(k.nat, &outer, netmodel.Egress, t.at)) &&
			w.pass(k.server.eni, &p, netmodel.Ingress, t.at)
	}
	if p = p.answer(); t.error {
		p.protocol, p.sport, p.dport, p.quoted = netmodel.ICMP, 0, 0, &quoted
		if p.kind = 3; p.src.Is6() {
			p.protocol, p.kind = netmodel.ICMPv6, 1
		}
	}
	p.answers = true
	outer = p
	outer.dst, outer.dport = nat.addr, k.natPort
	from := k.server.eni
	if k.aside != "" {
		from = k.aside
	}
	return w.pass(from, &p, netmodel.Egress, t.at) &&
		(k.nat == "" || w.pass(k.nat, &outer, netmodel.Ingress, t.at) && w.pass(k.nat, &p, netmodel.Egress, t.at)) &&
		w.pass(k.client.eni, &p, netmodel.Ingress, t.at)
}

// pass lets a packet pass an ENI, where it is recorded, and reports whether it does.
func (w *World) pass(id string, p *packet, way netmodel.Direction, ms int64) bool {
	if id == "" {
		return true
	}
	v := w.judge(id, p, way, ms)
	if _, unlogged := bypasses(p.far(way)); !unlogged {
		w.record(id, p, way, ms, v)
	}
	return v.Accept
}

// inside draws an ENI and one of its addresses of a family.
func (w *World) inside(v6 bool) end {
	for {
		id := w.ids[w.IntN(len(w.ids))]
		i := w.Versions[0].Network.Interfaces[id]
		if i.Type == "nat_gateway" {
			continue
		}
		a := i.Addresses[w.IntN(len(i.Addresses))]
		if w.IntN(3) > 0 && !v6 {
			a = i.Addresses[0]
		}
		if a.Is6() == v6 {
			return end{id, a}
		}
	}
}

func (w *World) outside(v6 bool) end {
	if v6 {
		return end{"", netip.MustParseAddr(pick(w.chance, outside6...))}
	}
	return end{"", netip.MustParseAddr(pick(w.chance, outside4...))}
}

// clientPort draws a port that clients have: of Linux, Windows, a NAT gateway, or a low one.
func (w *World) clientPort() uint16 {
	switch w.IntN(8) {
	case 0:
		return uint16(49152 + w.IntN(65536-49152))
	case 1:
		return uint16(1024 + w.IntN(65536-1024))
	case 2:
		return pick(w.chance, services...)
	}
	return uint16(32768 + w.IntN(28232))
}

// ends draws who speaks to whom, and by which NAT gateway.
func (w *World) ends() *talk {
	v6 := w.oneIn(5)
	k := &talk{sport: w.clientPort(), dport: pick(w.chance, services...), id: uint16(1 + w.IntN(65535)), natPort: uint16(1024 + w.IntN(64512))}
	switch w.IntN(10) {
	case 0, 1, 2:
		k.client, k.server = w.outside(v6), w.inside(v6)
	case 3, 4:
		k.client, k.server = w.inside(v6), w.outside(v6)
		if !v6 && w.oneIn(2) {
			k.nat = "eni-" + k.client.eni[4:5] + "0"
		}
	case 5: // the internet knocks at a NAT gateway
		id := pick(w.chance, "eni-00", "eni-10")
		k.client, k.server = w.outside(false), end{id, w.Versions[0].Network.Interfaces[id].Addresses[0]}
	case 6: // a service beside the ENI, or task metadata
		k.client = w.inside(false)
		k.server = end{"", netip.MustParseAddr(pick(w.chance, "169.254.169.123", "169.254.170.2"))}
	default:
		k.client, k.server = w.inside(v6), w.inside(v6)
		for k.client.eni == k.server.eni {
			k.server = w.inside(v6)
		}
	}
	if w.oneIn(6) {
		k.dport = uint16(1 + w.IntN(65535))
	}
	return k
}

// converse draws a conversation.
func (w *World) converse() []turn {
	k := w.ends()
	at := w.From*1000 + int64(w.IntN(int(w.To-w.From)))*1000 + int64(w.IntN(1000))
	switch w.IntN(12) {
	case 0, 1, 2, 3, 4:
		return w.tcp(k, at)
	case 5:
		return w.scan(k, at)
	case 6, 7:
		return w.udp(k, at)
	case 8:
		k.protocol, k.dport = netmodel.UDP, pick[uint16](w.chance, 123, 500)
		k.sport = k.dport
		return w.udp(k, at)
	case 9, 10:
		return w.icmp(k, at)
	}
	k.protocol, k.sport, k.dport = 47, 0, 0
	return w.exchange(k, at)
}

// tcp is a connection, from handshake to close and after.
func (w *World) tcp(k *talk, at int64) []turn {
	k.protocol = netmodel.TCP
	switch w.IntN(14) {
	case 0: // a server that calls back, as of active FTP
		k.sport, k.dport = 20, w.clientPort()
	case 1: // answers go another way
		if k.server.eni != "" && k.nat == "" && k.client.addr.Is4() {
			if aside := w.inside(false); aside.eni != k.server.eni && aside.eni != k.client.eni && aside.eni[4] == k.server.eni[4] {
				k.aside = aside.eni
			}
		}
	}
	var out []turn
	add := func(t turn) { t.of = k; out = append(out, t) }
	for _, again := range []int64{0, 1000, 3000, 7000} {
		add(turn{at: at + again, flags: syn, bytes: 60, unless: answered, gives: requested})
		add(turn{at: at + again + 20, back: true, flags: syn | ack, bytes: 60, needs: requested, unless: answered, gives: answered})
	}
	refuses := w.oneIn(12)
	at += 7100
	if refuses {
		out = out[:0]
		add(turn{at: at, flags: syn, bytes: 60, gives: requested})
		add(turn{at: at + 5, back: true, flags: rst | ack, bytes: 40, needs: requested})
		return out
	}
	pause := pick(w.chance, int64(50), 200, 5_000, 40_000, 100_000, 400_000, 700_000)
	turns := 1 + w.IntN(5)
	if pause >= 5_000 {
		turns = 2 + w.IntN(20)
	}
	for range turns {
		add(turn{at: at, flags: ack, bytes: 500, needs: answered})
		add(turn{at: at + 10, back: true, flags: ack, bytes: 1500, needs: answered})
		at += pause
	}
	first := w.oneIn(2)
	switch w.IntN(6) {
	case 0: // it stays open
	case 1:
		add(turn{at: at, back: first, flags: rst, bytes: 40, needs: answered})
	default:
		add(turn{at: at, back: first, flags: fin | ack, bytes: 52, needs: answered})
		add(turn{at: at + 10, back: !first, flags: fin | ack, bytes: 52, needs: answered})
		add(turn{at: at + 20, back: first, flags: ack, bytes: 52, needs: answered})
	}
	if w.oneIn(4) { // late ones
		late := pick(w.chance, int64(100), 2_000, 30_000, 200_000, 600_000)
		add(turn{at: at + late, back: w.oneIn(2), flags: pick[uint8](w.chance, fin|ack, rst, ack), bytes: 40, needs: answered})
	}
	if w.oneIn(8) { // the same ports again
		again := at + pick(w.chance, int64(500), 20_000, 90_000)
		l := *k
		out = append(out, turn{at: again, flags: syn, bytes: 60, gives: requested, of: &l}, turn{at: again + 10, back: true, flags: syn | ack, bytes: 60, needs: requested, gives: answered, of: &l},
			turn{at: again + 20, flags: ack, bytes: 52, needs: answered, of: &l}, turn{at: again + 25, flags: fin | ack, bytes: 52, needs: answered, of: &l},
			turn{at: again + 30, back: true, flags: fin | ack, bytes: 52, needs: answered, of: &l})
	}
	return out
}

// scan are packets that begin nothing, or look for ports.
func (w *World) scan(k *talk, at int64) []turn {
	k.protocol = netmodel.TCP
	flags := pick[uint8](w.chance, syn, syn, ack, fin, fin|ack, rst, syn|ack)
	var out []turn
	for range 1 + w.IntN(6) {
		l := *k
		l.dport = uint16(1 + w.IntN(9000))
		out = append(out, turn{at: at, flags: flags, bytes: 44, of: &l, gives: requested}, turn{at: at + 3, back: true, flags: rst | ack, bytes: 40, needs: requested, of: &l})
		at += int64(w.IntN(3000))
	}
	return out
}

// udp is requests and answers, or none; either side may begin where both have one port.
func (w *World) udp(k *talk, at int64) []turn {
	k.protocol = netmodel.UDP
	if w.oneIn(4) { // nothing listens
		return []turn{{at: at, bytes: 80, gives: requested, of: k}, {at: at + 5, back: true, error: true, bytes: 108, needs: requested, of: k}}
	}
	return w.exchange(k, at)
}

// exchange is packets to and fro.
func (w *World) exchange(k *talk, at int64) []turn {
	silent := w.oneIn(5)
	pause := pick(w.chance, int64(20), 3_000, 25_000, 60_000, 170_000, 250_000)
	var out []turn
	turns := 1 + w.IntN(8)
	if pause > 3_000 && w.oneIn(3) { // of tunnels
		turns = 10 + w.IntN(30)
	}
	for range turns {
		out = append(out, turn{at: at, bytes: 90, gives: requested, of: k})
		if !silent {
			out = append(out, turn{at: at + int64(w.IntN(40)), back: true, bytes: 200, needs: requested, of: k})
		}
		at += pause
	}
	if w.oneIn(4) { // somebody speaks unasked, or late
		out = append(out, turn{at: at + pick(w.chance, int64(0), 20_000, 100_000), back: true, bytes: 90, of: k})
	}
	return out
}

// icmp is echoes, timestamps, and answers to nothing.
func (w *World) icmp(k *talk, at int64) []turn {
	k.protocol, k.sport, k.dport, k.natPort = netmodel.ICMP, 0, 0, 0
	ask, reply := 8, 0
	if w.oneIn(6) {
		ask, reply = 13, 14
	}
	if k.client.addr.Is6() {
		k.protocol, ask, reply = netmodel.ICMPv6, 128, 129
	}
	var out []turn
	unasked := w.oneIn(8)
	for range 1 + w.IntN(5) {
		if !unasked {
			out = append(out, turn{at: at, kind: ask, bytes: 84, gives: requested, of: k})
		}
		if unasked || !w.oneIn(4) {
			t := turn{at: at + 8, back: true, kind: reply, bytes: 84, of: k}
			if !unasked {
				t.needs = requested
			}
			out = append(out, t)
		}
		at += 1000
	}
	return out
}
