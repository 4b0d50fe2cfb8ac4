package policy

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// chance makes networks and packets of few values, so that they meet often.
type chance struct{ *rand.Rand }

// rounds calls f with as many seeds, and says which one it was where a test fails.
func rounds(t *testing.T, n int, f func(t *testing.T, c chance)) {
	t.Helper()
	for seed := range n {
		if f(t, chance{rand.New(rand.NewPCG(uint64(seed), 1))}); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func pick[T any](c chance, of ...T) T { return of[c.IntN(len(of))] }

func (c chance) address(v6 bool) netip.Addr {
	if v6 {
		b := netip.MustParseAddr("2001:db8::").As16()
		b[7], b[8], b[15] = byte(c.IntN(2)), byte(pick(c, 0, 0, 128)), byte(c.IntN(24))
		return netip.AddrFrom16(b)
	}
	return netip.AddrFrom4([4]byte{10, 0, byte(c.IntN(3)), byte(c.IntN(24))})
}

func (c chance) prefix() netip.Prefix {
	v6 := c.IntN(3) == 0
	bits := pick(c, 0, 8, 23, 24, 28, 30, 31, 32)
	if v6 {
		bits = pick(c, 0, 32, 56, 63, 64, 65, 124, 127, 128)
	}
	return netip.PrefixFrom(c.address(v6), bits).Masked()
}

func (c chance) port() uint16 { return pick[uint16](c, 0, 22, 80, 443, 1024, 40000, 65535) }
func (c chance) protocol() int {
	return pick(c, netmodel.TCP, netmodel.TCP, netmodel.UDP, netmodel.ICMP, netmodel.ICMPv6, 47)
}

func (c chance) traffic() netmodel.Traffic {
	t := netmodel.Traffic{Protocol: c.protocol(), Type: -1, Code: -1}
	if c.IntN(6) == 0 {
		t.Protocol = netmodel.AllProtocols
	}
	t.From, t.To = c.port(), c.port()
	t.From, t.To = min(t.From, t.To), max(t.From, t.To)
	if c.IntN(3) > 0 {
		if t.Type = pick(c, 0, 3, 8, 128, 255); c.IntN(2) == 0 {
			t.Code = pick(c, 0, 4, 255)
		}
	}
	return t
}

func (c chance) rules() []netmodel.GroupRule {
	out := make([]netmodel.GroupRule, c.IntN(6))
	for n := range out {
		out[n].Traffic = c.traffic()
		switch c.IntN(4) {
		case 0:
			out[n].Peer.Group = pick(c, "sg-1", "sg-2", "sg-3", "sg-gone")
		case 1:
			out[n].Peer.PrefixList = pick(c, "pl-1", "pl-2")
		default:
			out[n].Peer.CIDR = c.prefix()
		}
		if c.IntN(2) == 0 {
			out[n].ID = fmt.Sprint("sgr-", c.Uint32())
		}
	}
	return out
}

func (c chance) entries() []netmodel.ACLEntry {
	out := make([]netmodel.ACLEntry, c.IntN(8))
	for n := range out {
		out[n] = netmodel.ACLEntry{Number: 10 * (n + 1), Allow: c.IntN(3) > 0, Traffic: c.traffic(), CIDR: c.prefix()}
	}
	return out
}

// network returns a network with three groups; eni-1 has two of them.
func (c chance) network() *netmodel.Network {
	n := network()
	for _, id := range []string{"sg-1", "sg-2", "sg-3"} {
		n.SecurityGroups[id] = &netmodel.SecurityGroup{ID: id, VPC: "vpc-1", Ingress: c.rules(), Egress: c.rules()}
	}
	for _, id := range []string{"pl-1", "pl-2"} {
		l := &netmodel.PrefixList{ID: id}
		for range c.IntN(4) {
			l.CIDRs = append(l.CIDRs, c.prefix())
		}
		n.PrefixLists[id] = l
	}
	n.NetworkACLs["acl-1"].Ingress, n.NetworkACLs["acl-1"].Egress = c.entries(), c.entries()
	n.Interfaces["eni-1"].Groups = []string{"sg-2", "sg-1"}
	for k := range 6 {
		i := &netmodel.Interface{
			ID: fmt.Sprint("eni-", k+2), VPC: pick(c, "vpc-1", "vpc-1", "vpc-2"), Groups: []string{pick(c, "sg-1", "sg-2", "sg-3")},
			Addresses: []netip.Addr{c.address(false), c.address(true)},
		}
		if c.IntN(3) == 0 {
			i.Prefixes = []netip.Prefix{netip.PrefixFrom(c.address(false), 28).Masked()}
		}
		n.Interfaces[i.ID] = i
	}
	return n
}

func (c chance) packet(d netmodel.Direction) Packet {
	v6 := c.IntN(3) == 0
	p := Packet{Src: c.address(v6), Dst: addr(own4), Protocol: c.protocol(), SrcPort: c.port(), DstPort: c.port()}
	if v6 {
		p.Dst = addr(own6)
	}
	if d == netmodel.Egress {
		p.Src, p.Dst = p.Dst, p.Src
	}
	if p.icmp() {
		p.SrcPort, p.DstPort = 0, 0
		p.Type, p.Code, p.ID = pick(c, 0, 3, 8, 128, 255), pick(c, 0, 4, 255), uint16(c.IntN(2))
	}
	return p
}

func (c chance) direction() netmodel.Direction { return pick(c, netmodel.Ingress, netmodel.Egress) }

// covers is the plain reading of a rule's traffic.
func covers(t netmodel.Traffic, p Packet) bool {
	switch {
	case t.Protocol == netmodel.AllProtocols:
		return true
	case t.Protocol != p.Protocol:
		return false
	case p.Protocol == netmodel.TCP || p.Protocol == netmodel.UDP:
		return t.From <= p.DstPort && p.DstPort <= t.To
	case p.Protocol == netmodel.ICMP || p.Protocol == netmodel.ICMPv6:
		return t.Type == -1 || t.Type == p.Type && (t.Code == -1 || t.Code == p.Code)
	}
	return true
}

func other(p Packet, d netmodel.Direction) netip.Addr {
	if d == netmodel.Ingress {
		return p.Src
	}
	return p.Dst
}

// plainRules is the plain reading of eni-1's groups: the names of all rules that allow.
func plainRules(n *netmodel.Network, p Packet, d netmodel.Direction) []string {
	out := []string{}
	far := other(p, d)
	for _, id := range slices.Sorted(slices.Values(n.Interfaces["eni-1"].Groups)) {
		var names []string
		g := n.SecurityGroups[id]
		for _, r := range g.Rules(d) {
			matches := r.Peer.CIDR.Contains(far)
			if list := n.PrefixLists[r.Peer.PrefixList]; list != nil {
				matches = slices.ContainsFunc(list.CIDRs, func(p netip.Prefix) bool { return p.Contains(far) })
			}
			for _, i := range n.Interfaces {
				if i.VPC == "vpc-1" && slices.Contains(i.Groups, r.Peer.Group) {
					matches = matches || i.Has(far)
				}
			}
			if name := g.RuleName(d, &r); matches && covers(r.Traffic, p) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		out = append(out, names...)
	}
	return out
}

// plainEntry is the plain reading of acl-1: the name of the entry that decides.
func plainEntry(n *netmodel.Network, p Packet, d netmodel.Direction) (string, bool) {
	a := n.NetworkACLs["acl-1"]
	for _, e := range a.Entries(d) {
		t := e.Traffic
		if t.Protocol == netmodel.ICMPv6 && e.CIDR.Addr().Is4() {
			t.Type, t.Code = -1, -1
		}
		if e.CIDR.Contains(other(p, d)) && covers(t, p) {
			return a.EntryName(d, &e), e.Allow
		}
	}
	return a.EntryName(d, nil), false
}

// plain is the plain reading of everything at eni-1, but for bypasses.
func plain(n *netmodel.Network, p Packet, d netmodel.Direction) Verdict {
	rules := plainRules(n, p, d)
	entry, allowed := plainEntry(n, p, d)
	if cidr(subnet4).Contains(other(p, d)) || cidr(subnet6).Contains(other(p, d)) {
		entry, allowed = "", true
	}
	denied := Verdict{Action: Reject, Stage: NetworkACL, Rule: entry, Rules: []string{}, Groups: []string{}}
	switch {
	case d == netmodel.Ingress && !allowed:
		return denied
	case len(rules) == 0:
		name := "sg:" + string(d) + ":implicit-deny"
		return Verdict{Action: Reject, Stage: SecurityGroup, Rule: name, Rules: rules, Groups: []string{"sg-1", "sg-2"}}
	case !allowed:
		return denied
	}
	return Verdict{Action: Accept, Stage: SecurityGroup, Rule: rules[0], Rules: rules}
}

// TestPlain compares verdicts with the plain reading of random definitions.
func TestPlain(t *testing.T) {
	seen := map[string]int{}
	rounds(t, 1500, func(t *testing.T, c chance) {
		n := c.network()
		i := at(t, n)
		for range 40 {
			d := c.direction()
			p := c.packet(d)
			got := i.Decide(&p, d).Verdict()
			if got.Stage == Bypass {
				continue // the router's address
			}
			want := plain(n, p, d)
			seen[string(got.Action)+" "+string(got.Stage)]++
			want.Why = got.Why
			if want.Action == Accept {
				want.Groups = got.Groups // the reading does not tell them
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %+v (-want +got):\n%s", d, p, diff)
			}
		}
	})
	for _, what := range []string{"ACCEPT security-group", "REJECT security-group", "REJECT network-acl"} {
		if seen[what] < 1000 {
			t.Errorf("%s only %d times", what, seen[what])
		}
	}
}

// TestOrder checks that the order of a group's rules, and of an ENI's groups, says nothing.
func TestOrder(t *testing.T) {
	rounds(t, 300, func(t *testing.T, c chance) {
		n := c.network()
		i := at(t, n)
		type asked struct {
			packet    Packet
			direction netmodel.Direction
			verdict   Verdict
		}
		var before []asked
		for range 40 {
			d := c.direction()
			p := c.packet(d)
			before = append(before, asked{p, d, i.Decide(&p, d).Verdict()})
		}
		for _, g := range n.SecurityGroups {
			c.Shuffle(len(g.Ingress), func(a, b int) { g.Ingress[a], g.Ingress[b] = g.Ingress[b], g.Ingress[a] })
			c.Shuffle(len(g.Egress), func(a, b int) { g.Egress[a], g.Egress[b] = g.Egress[b], g.Egress[a] })
		}
		slices.Reverse(n.Interfaces["eni-1"].Groups)
		i = at(t, n)
		for _, b := range before {
			if diff := cmp.Diff(b.verdict, i.Decide(&b.packet, b.direction).Verdict()); diff != "" {
				t.Errorf("%s %+v (-before +after):\n%s", b.direction, b.packet, diff)
			}
		}
	})
}

// TestMoreAllows checks that another rule of a group, or another group, never makes a
// refusal of what was accepted.
func TestMoreAllows(t *testing.T) {
	rounds(t, 300, func(t *testing.T, c chance) {
		n := c.network()
		before := at(t, n)
		if c.IntN(2) == 0 {
			g := n.SecurityGroups[pick(c, "sg-1", "sg-2")]
			more := netmodel.GroupRule{Traffic: c.traffic(), Peer: netmodel.Peer{CIDR: c.prefix()}}
			g.Ingress = append(slices.Clone(g.Ingress), more)
			g.Egress = append(slices.Clone(g.Egress), more)
		} else {
			i := n.Interfaces["eni-1"]
			i.Groups = append(i.Groups, "sg-3")
		}
		after := at(t, n)
		for range 60 {
			d := c.direction()
			p := c.packet(d)
			if before.Decide(&p, d).Action == Accept && after.Decide(&p, d).Action == Reject {
				t.Errorf("%s %+v: accepted before, refused after", d, p)
			}
		}
	})
}

// TestReplies plays random packets and checks that no group refuses a reply of what was
// accepted, within the shortest time-out that its protocol has; and that state allows
// nothing else: what is accepted without a rule is of a connection.
func TestReplies(t *testing.T) {
	shortest := func(p Packet) time.Duration {
		switch p.Protocol {
		case netmodel.TCP:
			return 120 * time.Second
		case netmodel.UDP:
			return 30 * time.Second
		}
		return 600 * time.Second
	}
	replies, known := 0, 0
	rounds(t, 400, func(t *testing.T, c chance) {
		i := at(t, c.network())
		conns := NewConnections(i, DefaultTimeouts())
		now := time.Unix(1_700_000_000, 0)
		type passed struct {
			packet    Packet
			direction netmodel.Direction
			at        time.Time
		}
		var accepted []passed
		for range 200 {
			now = now.Add(time.Duration(c.IntN(20)) * time.Second)
			d := c.direction()
			p, answers := c.packet(d), false
			if len(accepted) > 0 && c.IntN(2) == 0 {
				a := accepted[len(accepted)-1-c.IntN(min(len(accepted), 5))]
				p, d, answers = back(a.packet), opposite(a.direction), now.Sub(a.at) <= shortest(a.packet)
			}
			got, bare := conns.Decide(&p, d, now), i.Decide(&p, d)
			what := fmt.Sprintf("%s %+v: %+v", d, p, got.Verdict())
			switch {
			case answers && got.Action == Reject && got.Stage == SecurityGroup:
				t.Errorf("%s: answers what was accepted", what)
			case bare.Action == Accept && got.Action == Reject:
				t.Errorf("%s: the rules allow it", what)
			case bare.Action == Reject && got.Action == Accept && !got.Known:
				t.Errorf("%s: no rule allows it and no connection is open", what)
			}
			if answers {
				replies++
			}
			if got.Known {
				known++
			}
			_, _, opens := flowOf(&p, directionOf(d))
			if opens && got.Action == Accept && got.Stage != Bypass {
				accepted = append(accepted, passed{p, d, now})
			}
		}
		if conns.Forget(now.Add(432_001 * time.Second)); conns.Len() != 0 {
			t.Errorf("%d connections are left after all time-outs", conns.Len())
		}
	})
	if replies < 10_000 || known < 10_000 {
		t.Errorf("only %d replies and %d packets of known connections", replies, known)
	}
}

// TestUnion compares joined spans with the prefixes that they are of.
func TestUnion(t *testing.T) {
	rounds(t, 2000, func(t *testing.T, c chance) {
		var prefixes []netip.Prefix
		var spans []span
		for range 1 + c.IntN(6) {
			p := c.prefix()
			prefixes, spans = append(prefixes, p), append(spans, spanOf(p))
		}
		joined := union(spans)
		for range 50 {
			a := c.address(c.IntN(2) == 0)
			want := slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
			had := 0
			for _, s := range joined {
				if s.family == familyOf(a) && s.has(addressOf(a)) {
					had++
				}
			}
			if want != (had == 1) || had > 1 {
				t.Errorf("%s in %v: %d of %v", a, prefixes, had, joined)
			}
		}
	})
	// The end of all addresses has none behind it.
	last := union([]span{spanOf(cidr("::/0")), spanOf(cidr("ffff::/16"))})
	if len(last) != 1 {
		t.Errorf("%v", last)
	}
	if got := spanOf(cidr("255.255.255.255/32")).last.lo; uint32(got) != binary.BigEndian.Uint32([]byte{255, 255, 255, 255}) {
		t.Errorf("%x", got)
	}
}
