package policy

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

const (
	in  = netmodel.Ingress
	out = netmodel.Egress
)

// icmpPacket returns an ICMP packet, of IPv4 or IPv6 as its addresses are.
func icmpPacket(src, dst string, kind, code int) Packet {
	p := Packet{Src: addr(src), Dst: addr(dst), Protocol: netmodel.ICMP, Type: kind, Code: code, ID: 7}
	if p.Src.Is6() {
		p.Protocol = netmodel.ICMPv6
	}
	return p
}

// asked is a packet and what is expected of it, as "ACCEPT security-group sgr-1".
type asked struct {
	name      string
	direction netmodel.Direction
	packet    Packet
	want      string
}

func verdicts(t *testing.T, i *Interface, cases []asked) {
	t.Helper()
	for _, c := range cases {
		if err := c.packet.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		v := i.Decide(&c.packet, c.direction).Verdict()
		if got := string(v.Action) + " " + string(v.Stage) + " " + v.Rule; got != c.want {
			t.Errorf("%s: %s, not %s (%s)", c.name, got, c.want, v.Why)
		}
	}
}

// open returns the network with a group that allows everything both ways, so that only the
// network ACL decides.
func open() *netmodel.Network {
	n := network()
	everything := []netmodel.GroupRule{from("sgr-4", all(), "0.0.0.0/0"), from("sgr-6", all(), "::/0")}
	n.SecurityGroups["sg-1"].Ingress, n.SecurityGroups["sg-1"].Egress = everything, everything
	return n
}

func entry(number int, t netmodel.Traffic, peer string) netmodel.ACLEntry {
	return netmodel.ACLEntry{Number: number, Allow: true, Traffic: t, CIDR: cidr(peer)}
}

// TestEntries is the VPC user guide's "Network ACL rules" example (spec e.4).
func TestEntries(t *testing.T) {
	n := open()
	n.NetworkACLs["acl-1"].Ingress = []netmodel.ACLEntry{
		entry(100, ports(netmodel.TCP, 80, 80), "0.0.0.0/0"),
		entry(105, ports(netmodel.TCP, 80, 80), "::/0"),
		entry(110, ports(netmodel.TCP, 443, 443), "0.0.0.0/0"),
		entry(115, ports(netmodel.TCP, 443, 443), "::/0"),
		entry(120, ports(netmodel.TCP, 22, 22), "192.0.2.0/24"),
		entry(140, ports(netmodel.TCP, 32768, 65535), "0.0.0.0/0"),
		entry(145, ports(netmodel.TCP, 32768, 65535), "::/0"),
		{Number: 32767, Traffic: all(), CIDR: cidr("0.0.0.0/0")},
		{Number: 32768, Traffic: all(), CIDR: cidr("::/0")},
	}
	verdicts(t, at(t, n), []asked{
		{"443", in, tcp("198.51.100.1", 5000, own4, 443), "ACCEPT security-group sgr-4"},
		{"443, IPv6", in, tcp("2001:db8:f::1", 5000, own6, 443), "ACCEPT security-group sgr-6"},
		{"139", in, tcp("198.51.100.1", 5000, own4, 139), "REJECT network-acl acl-1:ingress:*"},
		{"139, IPv6", in, tcp("2001:db8:f::1", 5000, own6, 139), "REJECT network-acl acl-1:ingress:*"},
		{"the source port is not asked", in, tcp("198.51.100.1", 443, own4, 139), "REJECT network-acl acl-1:ingress:*"},
		{"UDP to 443", in, udp("198.51.100.1", 5000, own4, 443), "REJECT network-acl acl-1:ingress:*"},
		{"SSH from its network", in, tcp("192.0.2.7", 5000, own4, 22), "ACCEPT security-group sgr-4"},
		{"SSH from elsewhere", in, tcp("192.0.3.7", 5000, own4, 22), "REJECT network-acl acl-1:ingress:*"},
		{"SSH from the subnet", in, tcp("10.0.1.77", 5000, own4, 22), "ACCEPT security-group sgr-4"},
		{"SSH from the link, IPv6", in, tcp("fe80::77", 5000, "fe80::1", 22), "ACCEPT security-group sgr-6"},
		{"SSH from the subnet, IPv6", in, tcp("2001:db8:0:1::77", 5000, own6, 22), "ACCEPT security-group sgr-6"},
	})
	i := at(t, n)
	p := tcp("198.51.100.1", 5000, own4, 443)
	if got, want := i.Decide(&p, in).Verdict().Why, "sgr-4 allows it, and acl-1:ingress:110 lets it into the subnet"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// TestOneHost is the VPC user guide's "Example: Control access to instances in a subnet"
// (spec e.4): the network ACL holds what the group leaves open.
func TestOneHost(t *testing.T) {
	n := open()
	n.NetworkACLs["acl-1"].Ingress = []netmodel.ACLEntry{entry(100, ports(netmodel.TCP, 22, 22), "172.31.1.2/32")}
	n.NetworkACLs["acl-1"].Egress = []netmodel.ACLEntry{entry(100, ports(netmodel.TCP, 1024, 65535), "172.31.1.2/32")}
	verdicts(t, at(t, n), []asked{
		{"the host", in, tcp("172.31.1.2", 5000, own4, 22), "ACCEPT security-group sgr-4"},
		{"its reply", out, tcp(own4, 22, "172.31.1.2", 5000), "ACCEPT security-group sgr-4"},
		{"a reply to a low port", out, tcp(own4, 22, "172.31.1.2", 1023), "REJECT network-acl acl-1:egress:*"},
		{"another host", in, tcp("172.31.1.3", 5000, own4, 22), "REJECT network-acl acl-1:ingress:*"},
		{"another host of the subnet", in, tcp("10.0.1.3", 5000, own4, 22), "ACCEPT security-group sgr-4"},
	})
}

// TestEntryKinds are the other rows of spec e.4.
func TestEntryKinds(t *testing.T) {
	n := open()
	deny := func(number int, t netmodel.Traffic, peer string) netmodel.ACLEntry {
		e := entry(number, t, peer)
		e.Allow = false
		return e
	}
	n.NetworkACLs["acl-1"].Egress = []netmodel.ACLEntry{
		deny(10, icmp(netmodel.ICMP, 8, -1), "0.0.0.0/0"),
		deny(20, icmp(netmodel.ICMP, 3, 4), "0.0.0.0/0"),
		entry(30, icmp(netmodel.ICMP, -1, -1), "0.0.0.0/0"),
		deny(40, icmp(netmodel.ICMPv6, 128, 0), "::/0"),
		entry(50, icmp(netmodel.ICMPv6, -1, -1), "::/0"),
		deny(60, icmp(netmodel.ICMPv6, 128, 0), "198.51.100.0/24"),
		deny(70, netmodel.Traffic{Protocol: 47, From: 5, To: 6, Type: 1, Code: 1}, "0.0.0.0/0"),
		entry(80, all(), "198.51.100.0/24"),
		deny(90, all(), "::/0"),
	}
	ping := icmpPacket(own4, "198.51.100.1", 8, 0)
	odd := icmpPacket(own4, "198.51.100.1", 1, 1)
	odd.Protocol = netmodel.ICMPv6
	gre := Packet{Src: addr(own4), Dst: addr("198.51.100.1"), Protocol: 47}
	esp := gre
	esp.Protocol = 50
	verdicts(t, at(t, n), []asked{
		{"any code of a type", out, ping, "REJECT network-acl acl-1:egress:10"},
		{"type and code", out, icmpPacket(own4, "198.51.100.1", 3, 4), "REJECT network-acl acl-1:egress:20"},
		{"another code", out, icmpPacket(own4, "198.51.100.1", 3, 3), "ACCEPT security-group sgr-4"},
		{"ICMPv6", out, icmpPacket(own6, "2001:db8:f::1", 128, 0), "REJECT network-acl acl-1:egress:40"},
		{"ICMPv6, another type", out, icmpPacket(own6, "2001:db8:f::1", 129, 0), "ACCEPT security-group sgr-6"},
		{"protocol 58 of IPv4: all types", out, odd, "REJECT network-acl acl-1:egress:60"},
		{"GRE: no ports", out, gre, "REJECT network-acl acl-1:egress:70"},
		{"ESP by all protocols", out, esp, "ACCEPT security-group sgr-4"},
		{"TCP by all protocols", out, tcp(own4, 1, "198.51.100.1", 2), "ACCEPT security-group sgr-4"},
		{"IPv6 by all protocols", out, tcp(own6, 1, "2001:db8:f::1", 2), "REJECT network-acl acl-1:egress:90"},
		{"the entry *", out, tcp(own4, 1, "203.0.113.1", 2), "REJECT network-acl acl-1:egress:*"},
	})
}

// TestGroups are the rows of spec e.2, and the names of a verdict.
func TestGroups(t *testing.T) {
	n := network()
	refer := func(id, group, list string) netmodel.GroupRule {
		return netmodel.GroupRule{ID: id, Traffic: ports(netmodel.TCP, 1, 100), Peer: netmodel.Peer{Group: group, PrefixList: list}}
	}
	n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{
		from("sgr-b", ports(netmodel.TCP, 22, 22), "198.51.100.0/24"),
		from("sgr-a", ports(netmodel.TCP, 20, 30), "198.51.0.0/16"),
		refer("sgr-self", "sg-1", ""), refer("sgr-2", "sg-2", ""), refer("sgr-gone", "sg-gone", ""), refer("sgr-list", "", "pl-1"),
		from("sgr-gre", netmodel.Traffic{Protocol: 47, From: 5, To: 6}, "198.51.100.0/24"),
	}
	n.SecurityGroups["sg-0"] = &netmodel.SecurityGroup{ID: "sg-0", VPC: "vpc-1", Ingress: []netmodel.GroupRule{
		from("", ports(netmodel.TCP, 22, 22), "198.51.100.7/32"),
	}}
	n.SecurityGroups["sg-2"] = &netmodel.SecurityGroup{ID: "sg-2", VPC: "vpc-1"}
	n.PrefixLists["pl-1"] = &netmodel.PrefixList{ID: "pl-1", CIDRs: []netip.Prefix{cidr("192.0.2.0/25"), cidr("192.0.2.192/26"), cidr("2001:db8:a::/48")}}
	n.Interfaces["eni-1"].Groups = []string{"sg-1", "sg-0"}
	n.Interfaces["eni-2"] = &netmodel.Interface{
		ID: "eni-2", VPC: "vpc-1", Groups: []string{"sg-2"}, Addresses: []netip.Addr{addr("10.0.2.2"), addr("2001:db8:0:2::2")},
		Public: map[netip.Addr]netip.Addr{addr("10.0.2.2"): addr("203.0.113.2")}, Prefixes: []netip.Prefix{cidr("10.0.2.16/28")},
	}
	n.Interfaces["eni-3"] = &netmodel.Interface{ID: "eni-3", VPC: "vpc-1", Groups: []string{"sg-1"}, Addresses: []netip.Addr{addr("10.0.3.3")}}
	n.Interfaces["eni-4"] = &netmodel.Interface{ID: "eni-4", VPC: "vpc-2", Groups: []string{"sg-2"}, Addresses: []netip.Addr{addr("10.9.0.4")}}
	i := at(t, n)
	const denied = "REJECT security-group sg:ingress:implicit-deny"
	verdicts(t, i, []asked{
		{"by self", in, tcp("10.0.3.3", 1, own4, 80), "ACCEPT security-group sgr-self"},
		{"another port", in, tcp("10.0.3.3", 1, own4, 101), denied},
		{"by a group", in, tcp("10.0.2.2", 1, own4, 80), "ACCEPT security-group sgr-2"},
		{"by a group, IPv6", in, tcp("2001:db8:0:2::2", 1, own6, 80), "ACCEPT security-group sgr-2"},
		{"by a group, delegated prefix", in, tcp("10.0.2.31", 1, own4, 80), "ACCEPT security-group sgr-2"},
		{"beside the prefix", in, tcp("10.0.2.32", 1, own4, 80), denied},
		{"the public address", in, tcp("203.0.113.2", 1, own4, 80), denied},
		{"in another VPC", in, tcp("10.9.0.4", 1, own4, 80), denied},
		{"by a prefix list", in, tcp("192.0.2.127", 1, own4, 80), "ACCEPT security-group sgr-list"},
		{"in a gap of it", in, tcp("192.0.2.128", 1, own4, 80), denied},
		{"the next one", in, tcp("192.0.2.192", 1, own4, 80), "ACCEPT security-group sgr-list"},
		{"its IPv6", in, tcp("2001:db8:a::1", 1, own6, 80), "ACCEPT security-group sgr-list"},
		{"a protocol without ports", in, Packet{Src: addr("198.51.100.7"), Dst: addr(own4), Protocol: 47}, "ACCEPT security-group sgr-gre"},
		{"no egress rule", out, tcp(own4, 22, "198.51.100.7", 5000), "REJECT security-group sg:egress:implicit-deny"},
	})
	if diff := cmp.Diff([]string{"sg-gone"}, i.Unresolved()); diff != "" {
		t.Error(diff)
	}
	p := tcp("198.51.100.7", 5000, own4, 22)
	b, err := json.Marshal(i.Decide(&p, in).Verdict())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"action":"ACCEPT","stage":"security-group","rule":"sg-0:ingress:tcp:22:198.51.100.7/32",` +
		`"rules":["sg-0:ingress:tcp:22:198.51.100.7/32","sgr-a","sgr-b"],"groups":["sg-0","sg-1"],` +
		`"why":"sg-0:ingress:tcp:22:198.51.100.7/32 allows it, and acl-1:ingress:100 lets it into the subnet"}`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Error(diff)
	}
	p.DstPort = 31
	b, err = json.Marshal(i.Decide(&p, in).Verdict())
	if err != nil {
		t.Fatal(err)
	}
	want = `{"action":"REJECT","stage":"security-group","rule":"sg:ingress:implicit-deny","rules":[],"groups":["sg-0","sg-1"],` +
		`"why":"no ingress rule of sg-0, sg-1 allows it"}`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Error(diff)
	}
}

// TestUnfiltered are the services of spec b.8 at an ENI whose group and network ACL allow
// nothing.
func TestUnfiltered(t *testing.T) {
	n := network()
	n.NetworkACLs["acl-1"].Ingress, n.NetworkACLs["acl-1"].Egress = nil, nil
	i := at(t, n)
	far := func(a string) Packet {
		p := udp(own4, 5000, a, 9)
		if p.Dst.Is6() {
			p.Src = addr(own6)
		}
		return p
	}
	lease := udp("0.0.0.0", 68, "255.255.255.255", 67)
	lease6 := udp("fe80::1", 546, "ff02::1:2", 547)
	for _, c := range []struct {
		packet         Packet
		bypass, logged bool
	}{
		{far("169.254.169.253"), true, false},
		{far("fd00:ec2::253"), true, false},
		{far("10.0.0.2"), true, false},
		{far("100.64.0.2"), false, true}, // not of the primary network
		{far("169.254.169.254"), true, false},
		{far("fd00:ec2::254"), true, false},
		{far("169.254.170.2"), true, true},
		{far("169.254.169.123"), true, false},
		{far("fd00:ec2::123"), true, false},
		{far("169.254.169.250"), true, false},
		{far("169.254.169.251"), true, false},
		{far("169.254.169.252"), false, true},
		{far("10.0.1.1"), true, false},
		{far("10.0.2.1"), false, true}, // the router of another subnet
		{lease, true, false},
		{lease6, true, false},
		{udp(own4, 68, "10.0.1.1", 67), true, false},
		{udp(own4, 68, "10.0.1.9", 67), false, true},     // somebody's own server
		{udp(own4, 68, "169.254.170.2", 67), true, true}, // not AWS's either
		{udp(own4, 67, "255.255.255.255", 66), false, true},
	} {
		for _, d := range []netmodel.Direction{out, in} {
			p := c.packet
			if d == in && p.Dst != addr("255.255.255.255") {
				p = back(p)
			}
			v := i.Decide(&p, d).Verdict()
			if got := v.Stage == Bypass; got != c.bypass || got != (v.Action == Accept) {
				t.Errorf("%s %+v: %+v", d, p, v)
			}
			if got, why := i.Logged(&p, d); got != c.logged || got != (why == "") {
				t.Errorf("%s %+v: logged: %v, %s", d, p, got, why)
			}
		}
	}
	p := far("10.0.0.2")
	want := Verdict{
		Action: Accept, Stage: Bypass, Rules: []string{}, Groups: []string{},
		Why: "security groups and network ACLs do not filter traffic of the Amazon DNS server",
	}
	if diff := cmp.Diff(want, i.Decide(&p, out).Verdict()); diff != "" {
		t.Error(diff)
	}
}

// TestNoGroup is a NAT gateway's interface, which only its subnet's network ACL filters.
func TestNoGroup(t *testing.T) {
	n := network()
	n.Interfaces["eni-1"].Groups, n.Interfaces["eni-1"].Type = nil, "nat_gateway"
	n.NetworkACLs["acl-1"].Ingress[0].Traffic = ports(netmodel.TCP, 1024, 65535)
	i := at(t, n)
	verdicts(t, i, []asked{
		{"allowed", in, tcp("198.51.100.1", 443, own4, 1024), "ACCEPT network-acl acl-1:ingress:100"},
		{"denied", in, tcp("198.51.100.1", 443, own4, 1023), "REJECT network-acl acl-1:ingress:*"},
		{"within the subnet", in, tcp("10.0.1.77", 443, own4, 1023), "ACCEPT bypass "},
	})
	if i.Unresolved() != nil {
		t.Error(i.Unresolved())
	}
}

// TestRefused are definitions that do not say enough, or say what AWS does not allow.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		change func(n *netmodel.Network)
		want   string
	}{
		{func(n *netmodel.Network) { delete(n.Interfaces, "eni-1") }, "it is not in the input"},
		{func(n *netmodel.Network) { delete(n.Subnets, "subnet-1") }, `its subnet "subnet-1" is not in the input`},
		{func(n *netmodel.Network) { delete(n.VPCs, "vpc-1") }, `its VPC "vpc-1" is not in the input`},
		{func(n *netmodel.Network) { n.Interfaces["eni-1"].VPC = "vpc-2" }, `it is in "vpc-2", and its subnet in vpc-1`},
		{func(n *netmodel.Network) { n.Subnets["subnet-1"].NetworkACL = "" }, `the network ACL "" of its subnet subnet-1 is not in the input`},
		{func(n *netmodel.Network) { delete(n.SecurityGroups, "sg-1") }, "its security group sg-1 is not in the input"},
		{func(n *netmodel.Network) { n.Interfaces["eni-1"].Groups = nil }, `it is of type "interface" and has no security group, which EC2 does not allow`},
		{func(n *netmodel.Network) {
			n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{{ID: "sgr-1", Traffic: all(), Peer: netmodel.Peer{PrefixList: "pl-1"}}}
		}, "sgr-1 refers to pl-1, which is not in the input"},
		{func(n *netmodel.Network) {
			n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{{ID: "sgr-1", Traffic: all()}}
		}, "sgr-1 has no peer"},
		{func(n *netmodel.Network) {
			n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{from("sgr-1", netmodel.Traffic{Protocol: 256}, "::/0")}
		}, "sgr-1 has protocol 256"},
		{func(n *netmodel.Network) { slices.Reverse(n.NetworkACLs["acl-1"].Egress) }, "acl-1:egress:100 does not stand in the order of the numbers"},
		{func(n *netmodel.Network) {
			n.NetworkACLs["acl-1"].Egress[0].Traffic = icmp(netmodel.ICMP, -1, 9)
		}, "acl-1:egress:100 can't match: icmp of 0.0.0.0/0"},
	} {
		n := network()
		c.change(n)
		_, err := New(n).At("eni-1")
		if want := "can't decide at eni-1: " + c.want; err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}

// TestCheck are packets that nothing can be said of.
func TestCheck(t *testing.T) {
	good := tcp("10.0.0.5", 1, "10.0.0.6", 2)
	for _, c := range []struct {
		change func(p *Packet)
		want   string
	}{
		{func(p *Packet) { p.Src = netip.Addr{} }, "a packet has no source or no destination address"},
		{func(p *Packet) { p.Src = addr("::1") }, "a packet from ::1 to 10.0.0.6 is of two address families"},
		{func(p *Packet) { p.Protocol = 256 }, "a packet can't have protocol 256"},
		{func(p *Packet) { p.Protocol, p.Type = netmodel.ICMP, -1 }, "a packet can't have ICMP type -1 and code 0"},
		{func(p *Packet) { p.Quoted = &Packet{} }, "quoted: a packet has no source or no destination address"},
	} {
		p := good
		c.change(&p)
		if err := p.Check(); err == nil || err.Error() != c.want {
			t.Errorf("%v, not %s", err, c.want)
		}
	}
}
