package policy

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"weir/internal/netmodel"
)

// large returns a network whose eni-1 has a group of 60 rules a direction and a network ACL
// of 40 entries a direction, and the first packets of connections into it, of which a half is
// accepted by a rule somewhere in the middle.
func large(connections int) (*netmodel.Network, []Packet) {
	c := chance{rand.New(rand.NewPCG(1, 2))}
	anywhere := func() netip.Addr {
		return netip.AddrFrom4([4]byte{byte(20 + c.IntN(60)), byte(c.IntN(256)), byte(c.IntN(256)), byte(c.IntN(256))})
	}
	n := network()
	g, a := n.SecurityGroups["sg-1"], n.NetworkACLs["acl-1"]
	a.Ingress, a.Egress = nil, nil
	for k := range 60 {
		r := from(fmt.Sprintf("sgr-%03d", k), ports(netmodel.TCP, uint16(k*1000), uint16(k*1000+1999)), fmt.Sprintf("%d.0.0.0/8", 20+k))
		switch {
		case k%20 == 7:
			r.Peer = netmodel.Peer{PrefixList: "pl-1"}
		case k%20 == 13:
			r.Peer = netmodel.Peer{Group: "sg-1"}
		case k%4 == 0:
			r.Peer.CIDR = cidr("16.0.0.0/4")
		}
		g.Ingress, g.Egress = append(g.Ingress, r), append(g.Egress, r)
	}
	list := &netmodel.PrefixList{ID: "pl-1"}
	for range 1000 {
		list.CIDRs = append(list.CIDRs, netip.PrefixFrom(anywhere(), 24).Masked())
	}
	n.PrefixLists["pl-1"] = list
	for k := range 39 {
		e := netmodel.ACLEntry{Number: 100 + k, Traffic: ports(netmodel.TCP, uint16(k), uint16(k+30)), CIDR: netip.PrefixFrom(anywhere(), 16).Masked()}
		a.Ingress, a.Egress = append(a.Ingress, e), append(a.Egress, e)
	}
	last := entry(200, all(), "0.0.0.0/0")
	a.Ingress, a.Egress = append(a.Ingress, last), append(a.Egress, last)
	packets := make([]Packet, connections)
	for k := range packets {
		p := Packet{Src: anywhere(), Dst: addr(own4), Protocol: netmodel.TCP, SrcPort: uint16(c.Uint32()), DstPort: uint16(c.IntN(60_000))}
		if k%4 > 0 { // by the rule of its network
			p.DstPort = uint16(p.Src.As4()[0]-20)*1000 + uint16(c.IntN(1000))
		}
		packets[k] = p
	}
	return n, packets
}

// many is how many connections the benchmarks have.
const many = 1 << 16

func report(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verdicts/s")
}

// BenchmarkDecide decides by rules alone.
func BenchmarkDecide(b *testing.B) {
	n, packets := large(many)
	i := at(b, n)
	accepted, k := 0, 0
	for b.Loop() {
		if i.Decide(&packets[k&(len(packets)-1)], in).Action == Accept {
			accepted++
		}
		k++
	}
	report(b)
	b.ReportMetric(100*float64(accepted)/float64(k), "accepted-%")
}

// BenchmarkNew decides of packets that open a connection, which grows the table anew each
// time that all have been.
func BenchmarkNew(b *testing.B) {
	n, packets := large(many)
	i := at(b, n)
	now := time.Unix(1_700_000_000, 0)
	c := NewConnections(i, DefaultTimeouts())
	k := 0
	for b.Loop() {
		if k&(len(packets)-1) == 0 {
			c = NewConnections(i, DefaultTimeouts())
		}
		c.Decide(&packets[k&(len(packets)-1)], in, now)
		k++
	}
	report(b)
}

// BenchmarkKnown decides of replies of connections that are open.
func BenchmarkKnown(b *testing.B) {
	n, packets := large(2 * many)
	c := NewConnections(at(b, n), DefaultTimeouts())
	now := time.Unix(1_700_000_000, 0)
	var replies []Packet
	for _, p := range packets {
		if len(replies) < many && c.Decide(&p, in, now).Action == Accept {
			replies = append(replies, back(p))
		}
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(replies), func(a, b int) { replies[a], replies[b] = replies[b], replies[a] })
	k := 0
	for b.Loop() {
		if d := c.Decide(&replies[k], out, now); !d.Known {
			b.Fatalf("%+v: %+v", replies[k], d.Verdict())
		}
		if k++; k == len(replies) {
			k = 0
		}
	}
	report(b)
	b.ReportMetric(float64(c.Len()), "connections")
}

// BenchmarkVerdict makes names and reasons.
func BenchmarkVerdict(b *testing.B) {
	n, packets := large(many)
	i := at(b, n)
	k := 0
	for b.Loop() {
		i.Decide(&packets[k&(len(packets)-1)], in).Verdict()
		k++
	}
	report(b)
}

// BenchmarkCompile prepares an ENI.
func BenchmarkCompile(b *testing.B) {
	n, _ := large(0)
	for b.Loop() {
		at(b, n)
	}
}
