package hygiene

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// chance draws networks and connections of few values, so that they meet often.
type chance struct{ *rand.Rand }

func pick[T any](c chance, of ...T) T { return of[c.IntN(len(of))] }

func (c chance) traffic() netmodel.Traffic {
	t := netmodel.Traffic{Protocol: pick(c, netmodel.TCP, netmodel.TCP, netmodel.UDP, netmodel.ICMP, netmodel.AllProtocols), Type: -1, Code: -1}
	switch t.Protocol {
	case netmodel.TCP, netmodel.UDP:
		from := pick[uint16](c, 0, 22, 53, 443, 1024, 1500, 5432, 32768)
		t.From, t.To = from, pick[uint16](c, from, from, max(from, 8080), 65535)
	case netmodel.ICMP:
		t.Type = pick(c, -1, -1, 0, 3, 8)
	}
	return t
}

func (c chance) cidr() netip.Prefix {
	return netip.PrefixFrom(c.peer(), pick(c, 0, 8, 16, 24, 31, 32)).Masked()
}

func (c chance) peer() netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, byte(1 + c.IntN(3)), byte(10 + c.IntN(4))})
}

// network draws the rules of the network of the other tests.
func (c chance) network() *netmodel.Network {
	n := network()
	for _, id := range slices.Sorted(maps.Keys(n.SecurityGroups)) {
		g := n.SecurityGroups[id]
		g.Ingress, g.Egress = nil, nil
		for i := range 1 + c.IntN(5) {
			r := netmodel.GroupRule{ID: fmt.Sprintf("sgr-%s-in-%d", id, i), Traffic: c.traffic()}
			if r.Peer.Group = pick(c, "", "", "sg-app", "sg-web"); r.Peer.Group == "" {
				r.Peer.CIDR = c.cidr()
			}
			g.Ingress = append(g.Ingress, r)
			r = netmodel.GroupRule{ID: fmt.Sprintf("sgr-%s-out-%d", id, i), Traffic: c.traffic(), Peer: netmodel.Peer{CIDR: c.cidr()}}
			g.Egress = append(g.Egress, r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.NetworkACLs)) {
		a := n.NetworkACLs[id]
		a.Ingress, a.Egress = c.entries(), c.entries()
	}
	return n
}

func (c chance) entries() []netmodel.ACLEntry {
	var out []netmodel.ACLEntry
	for i := range c.IntN(6) {
		out = append(out, netmodel.ACLEntry{Number: 10 * (i + 1), Allow: c.IntN(3) > 0, Traffic: c.traffic(), CIDR: c.cidr()})
	}
	return append(out, entry(900, true, "0.0.0.0/0", all()))
}

// truth is a connection at an ENI, and what a definition does with it.
type truth struct {
	eni      string
	inbound  bool
	request  policy.Packet
	accepted bool
	replied  bool // the reply was accepted
}

func (c chance) connection(n *netmodel.Network) truth {
	t := truth{eni: pick(c, "eni-1", "eni-2", "eni-a", "eni-b"), inbound: c.IntN(2) == 0}
	t.request = policy.Packet{Src: c.peer(), Dst: n.Interfaces[t.eni].Addresses[0], Protocol: pick(c, netmodel.TCP, netmodel.TCP, netmodel.UDP, netmodel.ICMP)}
	switch t.request.Protocol {
	case netmodel.TCP, netmodel.UDP:
		t.request.SrcPort, t.request.DstPort = pick[uint16](c, 1500, 40000, 60000), pick[uint16](c, 22, 53, 443, 5432, 8080)
		if t.request.Protocol == netmodel.UDP && c.IntN(4) == 0 {
			t.request.SrcPort, t.request.DstPort = 53, 53
		}
	case netmodel.ICMP:
		t.request.Type = 8
	}
	if !t.inbound {
		t.request.Src, t.request.Dst = t.request.Dst, t.request.Src
	}
	return t
}

// definition is one whose network ACLs can be asked alone.
type definition struct{ whole, open *policy.Definition }

func defined(n *netmodel.Network) definition {
	open := network()
	open.NetworkACLs = n.NetworkACLs
	for _, g := range open.SecurityGroups {
		g.Ingress = []netmodel.GroupRule{from("sgr-all", "0.0.0.0/0", all())}
		g.Egress = g.Ingress
	}
	return definition{policy.New(n), policy.New(open)}
}

// decide says what a definition does with the connection. The groups know the reply, so that
// just the network ACL can refuse it.
func (t *truth) decide(d definition) error {
	at, err := d.whole.At(t.eni)
	if err != nil {
		return err
	}
	open, err := d.open.At(t.eni)
	if err != nil {
		return err
	}
	way, back := netmodel.Egress, netmodel.Ingress
	if t.inbound {
		way, back = back, way
	}
	p := t.request
	reply := policy.Packet{Src: p.Dst, Dst: p.Src, Protocol: p.Protocol, SrcPort: p.DstPort, DstPort: p.SrcPort}
	t.accepted = at.Decide(&p, way).Action == policy.Accept
	t.replied = t.accepted && open.Decide(&reply, back).Action == policy.Accept
	return nil
}

// shown returns the connection as records show it: by flags, or with a guess by the lower port.
func (t *truth) shown(c chance, borders []int) Connection {
	far := t.request.Src
	if !t.inbound {
		far = t.request.Dst
	}
	out := Connection{
		Interface: t.eni, Inbound: t.inbound, Protocol: t.request.Protocol, Far: far, Port: -1, ClientFrom: -1, ClientTo: -1,
		Connections: 1, First: begin, Last: begin + 60, Bytes: 1,
	}
	port, client := t.request.DstPort, t.request.SrcPort
	turned := false
	if t.request.Protocol != netmodel.TCP || c.IntN(2) == 0 {
		out.Guessed = 1
		turned = client < port || t.request.Protocol == netmodel.ICMP && c.IntN(2) == 0 || client == port && c.IntN(2) == 0
	}
	if turned {
		out.Inbound = !out.Inbound
		port, client = client, port
	}
	if t.request.Protocol != netmodel.ICMP {
		out.Port, out.ClientFrom, out.ClientTo = int(port), 0, 65535
		for _, b := range borders {
			if b <= int(client) {
				out.ClientFrom = b
			} else if b-1 < out.ClientTo {
				out.ClientTo = b - 1
			}
		}
	}
	requests, replies := t.accepted, t.replied
	if turned {
		requests, replies = replies, requests
	}
	if requests {
		out.Requests = 1
	}
	if replies {
		out.Replies = 1
	}
	if t.accepted {
		out.Passed = 1
	}
	switch {
	case !t.accepted && turned:
		out.ReplyDenied = 1
	case !t.accepted:
		out.RequestDenied = 1
	case !t.replied && turned:
		out.RequestDenied = 1
	case !t.replied:
		out.ReplyDenied = 1
	}
	return out
}

// without returns a network without rules.
func without(n *netmodel.Network, names map[string]bool) *netmodel.Network {
	out := *n
	out.SecurityGroups, out.NetworkACLs = map[string]*netmodel.SecurityGroup{}, map[string]*netmodel.NetworkACL{}
	for id, g := range n.SecurityGroups {
		c := *g
		c.Ingress = slices.DeleteFunc(slices.Clone(g.Ingress), func(r netmodel.GroupRule) bool { return names[g.RuleName(netmodel.Ingress, &r)] })
		c.Egress = slices.DeleteFunc(slices.Clone(g.Egress), func(r netmodel.GroupRule) bool { return names[g.RuleName(netmodel.Egress, &r)] })
		out.SecurityGroups[id] = &c
	}
	for id, a := range n.NetworkACLs {
		c := *a
		c.Ingress = slices.DeleteFunc(slices.Clone(a.Ingress), func(e netmodel.ACLEntry) bool { return names[a.EntryName(netmodel.Ingress, &e)] })
		c.Egress = slices.DeleteFunc(slices.Clone(a.Egress), func(e netmodel.ACLEntry) bool { return names[a.EntryName(netmodel.Egress, &e)] })
		out.NetworkACLs[id] = &c
	}
	return &out
}

// TestUnusedFlipsNothing removes all rules that are called unused, of random networks: no
// connection that was shown is decided otherwise, whoever began it.
func TestUnusedFlipsNothing(t *testing.T) {
	removed, accepted := 0, 0
	for seed := range 400 {
		c := chance{rand.New(rand.NewPCG(uint64(seed), 7))}
		n := c.network()
		d := defined(n)
		u := NewUses(n, day(n, Accepts|Rejects))
		u.Span(n, begin, begin+24*hour, false)
		var list []truth
		borders := ClientBorders(n)
		for range 25 {
			one := c.connection(n)
			if err := one.decide(d); err != nil {
				t.Fatal(err)
			}
			shown := one.shown(c, borders)
			u.Add(&shown)
			list = append(list, one)
		}
		unused := map[string]bool{}
		for _, r := range u.Rules(0.95) {
			if r.Verdict == Unused {
				unused[r.Name] = true
			}
		}
		removed += len(unused)
		less := defined(without(n, unused))
		for _, one := range list {
			then := one
			if err := then.decide(less); err != nil {
				t.Fatal(err)
			}
			if one.accepted {
				accepted++
			}
			if one != then {
				t.Fatalf("seed %d: %+v is then %+v, without %v", seed, one, then, slices.Sorted(maps.Keys(unused)))
			}
		}
	}
	if removed < 1000 || accepted < 1000 {
		t.Errorf("%d rules removed, %d connections accepted", removed, accepted)
	}
}

// TestSoleFlips removes one rule of random networks: just the connections that it alone
// allowed are refused then.
func TestSoleFlips(t *testing.T) {
	flips := int64(0)
	for seed := range 200 {
		c := chance{rand.New(rand.NewPCG(uint64(seed), 8))}
		n := c.network()
		d := defined(n)
		u := NewUses(n, day(n, Accepts|Rejects))
		u.Span(n, begin, begin+24*hour, false)
		var list []truth
		borders := ClientBorders(n)
		for range 25 {
			one := c.connection(n)
			if one.request.Protocol == netmodel.ICMP {
				continue
			}
			if err := one.decide(d); err != nil {
				t.Fatal(err)
			}
			shown := one.shown(c, borders)
			if shown.Guessed > 0 {
				continue
			}
			u.Add(&shown)
			list = append(list, one)
		}
		for _, r := range u.Rules(0.95) {
			less := defined(without(n, map[string]bool{r.Name: true}))
			flipped := int64(0)
			for _, one := range list {
				then := one
				if err := then.decide(less); err != nil {
					t.Fatal(err)
				}
				if one.accepted != then.accepted || one.accepted && r.Control == policy.NetworkACL && one.replied != then.replied {
					flipped++
				}
			}
			if r.Control == policy.SecurityGroup && flipped != r.Sole {
				t.Fatalf("seed %d: %s flips %d, and is the sole one of %d", seed, r.Name, flipped, r.Sole)
			}
			if r.Control == policy.NetworkACL && r.Allows && flipped > 0 && r.Sole == 0 {
				t.Fatalf("seed %d: %s flips %d, and is no sole one", seed, r.Name, flipped)
			}
			flips += flipped
		}
	}
	if flips < 300 {
		t.Errorf("only %d flips", flips)
	}
}

// TestTightenHolds puts proposals in force, of random networks: what was learnt is accepted still,
// and nothing is that was not before.
func TestTightenHolds(t *testing.T) {
	proposals := 0
	for seed := range 400 {
		c := chance{rand.New(rand.NewPCG(uint64(seed), 9))}
		n := c.network()
		d := defined(n)
		u := NewUses(n, day(n, Accepts|Rejects))
		var names []string
		for _, r := range u.Rules(0.95) {
			if r.Control == policy.SecurityGroup {
				u.Follow(r.Name)
				names = append(names, r.Name)
			}
		}
		u.Span(n, begin, begin+24*hour, false)
		var list []truth
		borders := ClientBorders(n)
		for range 25 {
			one := c.connection(n)
			if err := one.decide(d); err != nil {
				t.Fatal(err)
			}
			if shown := one.shown(c, borders); shown.Guessed == 0 {
				u.Add(&shown)
				list = append(list, one)
			}
		}
		for _, name := range names {
			most := 1 + c.IntN(4)
			p, err := u.Tighten(name, most, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Rules) == 0 {
				continue
			}
			proposals++
			if needs := 2; p.LearntDenied > 0 || len(p.Rules) > most+needs { // needs: path MTU discovery's, of both families
				t.Fatalf("seed %d: %s in place of %s refuses %d, by %d rules", seed, p.Texts, name, p.LearntDenied, most)
			}
			with := without(n, map[string]bool{name: true})
			g := with.SecurityGroups[p.Rule.Object]
			if p.Rule.Direction == netmodel.Ingress {
				g.Ingress = append(g.Ingress, p.Rules...)
			} else {
				g.Egress = append(g.Egress, p.Rules...)
			}
			then := defined(with)
			for _, one := range list {
				now := one
				if err := now.decide(then); err != nil {
					t.Fatal(err)
				}
				if now != one {
					t.Fatalf("seed %d: %+v is %+v with %s in place of %s %s", seed, one, now, p.Texts, name, p.Rule.Text)
				}
			}
			for range 30 {
				one := c.connection(n)
				if c.IntN(2) == 0 {
					one.request.DstPort = uint16(c.IntN(65536))
				}
				now := one
				if err := now.decide(then); err != nil {
					t.Fatal(err)
				}
				if err := one.decide(d); err != nil {
					t.Fatal(err)
				}
				if now.accepted && !one.accepted {
					t.Fatalf("seed %d: %+v is let in by %s in place of %s %s", seed, one, p.Texts, name, p.Rule.Text)
				}
			}
		}
	}
	if proposals < 300 {
		t.Errorf("only %d proposals", proposals)
	}
}
