package truth

import (
	"net/netip"
	"slices"
	"testing"

	"weir/internal/netmodel"
)

// one returns a world with one ENI, whose group has the rules, in a subnet whose network ACL lets
// all pass; and a way to ask it.
func one(in, out []netmodel.GroupRule) (w *World, ask func(p packet, way netmodel.Direction, second int64) Verdict) {
	all := []netmodel.ACLEntry{{Number: 100, Allow: true, Traffic: netmodel.Traffic{Protocol: netmodel.AllProtocols}, CIDR: anywhere(false)}}
	n := &netmodel.Network{
		Interfaces: map[string]*netmodel.Interface{"eni-1": {
			ID: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", Groups: []string{"sg-1"}, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.5")},
		}},
		Subnets:        map[string]*netmodel.Subnet{"subnet-1": {ID: "subnet-1", NetworkACL: "acl-1", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}}},
		SecurityGroups: map[string]*netmodel.SecurityGroup{"sg-1": {ID: "sg-1", Ingress: in, Egress: out}},
		NetworkACLs:    map[string]*netmodel.NetworkACL{"acl-1": {ID: "acl-1", Ingress: all, Egress: all}},
	}
	w = &World{now: n, tables: map[string]*table{"eni-1": {open: map[tuple]*connection{}, ended: map[tuple]*connection{}}}, tcpEstablished: 432_000, tcpOther: 60}
	return w, func(p packet, way netmodel.Direction, second int64) Verdict {
		return w.judge("eni-1", &p, way, second*1000)
	}
}

func rule(id string, protocol int, from, to uint16, cidr string) netmodel.GroupRule {
	return netmodel.GroupRule{ID: id, Traffic: netmodel.Traffic{Protocol: protocol, From: from, To: to, Type: -1, Code: -1}, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix(cidr)}}
}

func from(host string, protocol int, sport, dport uint16, flags uint8) packet {
	return packet{src: netip.MustParseAddr(host), dst: netip.MustParseAddr("10.0.0.5"), protocol: protocol, sport: sport, dport: dport, flags: flags}
}

// TestTracking is the example of the EC2 user guide, "Untracked connections": SSH from one
// address and ICMP are tracked, HTTP from everywhere is not.
func TestTracking(t *testing.T) {
	in := []netmodel.GroupRule{
		rule("ssh", netmodel.TCP, 22, 22, "203.0.113.1/32"), rule("http", netmodel.TCP, 80, 80, "0.0.0.0/0"), rule("icmp", netmodel.ICMP, 0, 0, "0.0.0.0/0"),
	}
	everything := []netmodel.GroupRule{rule("all", netmodel.AllProtocols, 0, 0, "0.0.0.0/0")}
	for _, tt := range []struct {
		name    string
		first   packet
		after   int64 // seconds until the answer
		out     []netmodel.GroupRule
		survive bool // its answers pass when all rules are gone
	}{
		{"SSH", from("203.0.113.1", netmodel.TCP, 40000, 22, syn), 1, everything, true},
		{"SSH, which opens, after its timer", from("203.0.113.1", netmodel.TCP, 40000, 22, syn), 61, everything, false},
		{"HTTP", from("198.51.100.1", netmodel.TCP, 40000, 80, syn), 1, everything, false},
		{"HTTP without the rule outward", from("198.51.100.1", netmodel.TCP, 40000, 80, syn), 1, nil, true},
		{"ping", packet{src: netip.MustParseAddr("198.51.100.1"), dst: netip.MustParseAddr("10.0.0.5"), protocol: netmodel.ICMP, kind: 8}, 599, everything, true},
		{"ping after 600 s", packet{src: netip.MustParseAddr("198.51.100.1"), dst: netip.MustParseAddr("10.0.0.5"), protocol: netmodel.ICMP, kind: 8}, 601, everything, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, ask := one(in, tt.out)
			if v := ask(tt.first, netmodel.Ingress, 0); !v.Accept || v.Tracked || v.Entry != "acl-1:ingress:100" {
				t.Fatalf("the first packet: %+v", v)
			}
			w.now.SecurityGroups["sg-1"] = &netmodel.SecurityGroup{ID: "sg-1"}
			answer := tt.first.answer()
			if answer.kind == 8 {
				answer.kind = 0
			}
			if answer.protocol == netmodel.TCP {
				answer.flags = syn | ack
			}
			v := ask(answer, netmodel.Egress, tt.after)
			if v.Accept != tt.survive || v.Accept != v.Gone || !v.Accept && v.Rule != "sg-1:egress:implicit-deny" {
				t.Errorf("the answer: %+v", v)
			}
		})
	}
}

// TestUDPTimers is of a request and its answer, which are kept 30 s, and a stream, 180 s.
func TestUDPTimers(t *testing.T) {
	request := from("203.0.113.1", netmodel.UDP, 40000, 53, 0)
	for _, exchanges := range []int{1, 2} {
		_, ask := one([]netmodel.GroupRule{rule("dns", netmodel.UDP, 53, 53, "203.0.113.1/32")}, nil)
		at := int64(0)
		for range exchanges {
			ask(request, netmodel.Ingress, at)
			ask(request.answer(), netmodel.Egress, at)
			at++
		}
		if v := ask(request.answer(), netmodel.Egress, at+100); v.Accept != (exchanges > 1) {
			t.Errorf("%d exchanges, 100 s later: %+v", exchanges, v)
		}
	}
}

// TestAfterClose is of what comes behind the last FIN.
func TestAfterClose(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		w, ask := one([]netmodel.GroupRule{rule("web", netmodel.TCP, 443, 443, "203.0.113.0/24")}, nil)
		w.refusesLate, w.forgetsAtClose = refuses, refuses
		p := from("203.0.113.1", netmodel.TCP, 40000, 443, syn)
		ask(p, netmodel.Ingress, 0)
		for _, flags := range []uint8{syn | ack, fin | ack} {
			answer := p.answer()
			answer.flags = flags
			ask(answer, netmodel.Egress, 0)
		}
		p.flags = fin | ack
		if v := ask(p, netmodel.Ingress, 1); !v.Accept || !v.Tracked {
			t.Fatalf("the FIN: %+v", v)
		}
		p.flags = rst
		v := ask(p, netmodel.Ingress, 200)
		if v.Accept == refuses || v.Accept && !slices.Equal(v.Groups, []string{"web"}) || !v.Accept && v.Stage != "late" {
			t.Errorf("a RST 200 s later, where such are refused: %v: %+v", refuses, v)
		}
		p.flags = syn
		if v := ask(p, netmodel.Ingress, 201); !v.Accept || v.Tracked {
			t.Errorf("a new connection: %+v", v)
		}
	}
}

// TestNetworkACL is the example of the VPC user guide, "Network ACL rules": the first entry that
// matches decides, for the port at the other end of the packet.
func TestNetworkACL(t *testing.T) {
	entry := func(number int, allow bool, from, to uint16, cidr string) netmodel.ACLEntry {
		return netmodel.ACLEntry{Number: number, Allow: allow, Traffic: netmodel.Traffic{Protocol: netmodel.TCP, From: from, To: to}, CIDR: netip.MustParsePrefix(cidr)}
	}
	for _, tt := range []struct {
		name, host string
		port       uint16
		stage      string
		rule       string
	}{
		{"443", "198.51.100.1", 443, "", "acl-1:ingress:110"},
		{"139", "198.51.100.1", 139, "nacl", "acl-1:ingress:*"},
		{"SSH from where it is allowed", "192.0.2.7", 22, "", "acl-1:ingress:120"},
		{"SSH from elsewhere", "198.51.100.1", 22, "nacl", "acl-1:ingress:*"},
		{"denied before it is allowed", "198.51.100.99", 443, "nacl", "acl-1:ingress:90"},
		{"within the subnet nothing is asked", "10.0.0.9", 139, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, ask := one([]netmodel.GroupRule{rule("all", netmodel.AllProtocols, 0, 0, "0.0.0.0/0")}, nil)
			w.now.NetworkACLs["acl-1"].Ingress = []netmodel.ACLEntry{
				entry(90, false, 0, 65535, "198.51.100.99/32"), entry(100, true, 80, 80, "0.0.0.0/0"), entry(110, true, 443, 443, "0.0.0.0/0"),
				entry(120, true, 22, 22, "192.0.2.0/24"), entry(140, true, 32768, 65535, "0.0.0.0/0"),
			}
			v := ask(from(tt.host, netmodel.TCP, 40000, tt.port, syn), netmodel.Ingress, 0)
			if v.Stage != tt.stage || v.Rule+v.Entry != tt.rule {
				t.Errorf("%+v", v)
			}
		})
	}
}
