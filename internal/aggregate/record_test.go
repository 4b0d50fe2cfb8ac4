package aggregate

import (
	"net/netip"
	"testing"
	"time"
)

// TestExamples has AWS's own records of NAT gateways, transit gateways and instances, from the packets as they are at the interface: no address is told from anywhere else.
//
// Source: VPC user guide, "Traffic through a NAT gateway" and "Traffic through a transit gateway"; spec f, records 16 to 21 and 27 to 30; b.6.
func TestExamples(t *testing.T) {
	for _, tc := range []struct {
		name, own string // the interface's primary private IPv4 address
		egress    bool
		src, dst  string // of the packet
		want      string
	}{
		{"a client's packets come to the NAT gateway", "10.0.0.220", false, "10.0.1.5", "203.0.113.5", "10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5"},
		{"they leave it for the internet", "10.0.0.220", true, "10.0.0.220", "203.0.113.5", "10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5"},
		{"the reply comes to it", "10.0.0.220", false, "203.0.113.5", "10.0.0.220", "203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220"},
		{"it leaves for the client", "10.0.0.220", true, "203.0.113.5", "10.0.1.5", "10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5"},
		{"the client sends", "10.0.1.5", true, "10.0.1.5", "203.0.113.5", "10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5"},
		{"the client gets the reply", "10.0.1.5", false, "203.0.113.5", "10.0.1.5", "203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5"},
		{"a request comes to a server over a transit gateway", "10.40.2.236", false, "10.20.33.164", "10.40.2.236", "10.20.33.164 10.40.2.236 10.20.33.164 10.40.2.236"},
		{"the server replies", "10.40.2.236", true, "10.40.2.236", "10.20.33.164", "10.40.2.236 10.20.33.164 10.40.2.236 10.20.33.164"},
		{"the request leaves the transit gateway's interface", "10.40.1.175", true, "10.20.33.164", "10.40.2.236", "10.40.1.175 10.40.2.236 10.20.33.164 10.40.2.236"},
		{"the reply comes to another of its interfaces", "10.40.2.31", false, "10.40.2.236", "10.20.33.164", "10.40.2.236 10.40.2.31 10.40.2.236 10.20.33.164"},
		{"from a pod with an address of its own", "10.0.1.5", true, "10.0.1.77", "10.0.2.9", "10.0.1.5 10.0.2.9 10.0.1.77 10.0.2.9"},
		{"to a pod with an address of its own", "10.0.1.5", false, "10.0.2.9", "10.0.1.77", "10.0.2.9 10.0.1.5 10.0.2.9 10.0.1.77"},
		{"from what is no address of the VPC", "10.0.1.5", false, "192.0.2.7", "10.0.1.5", "192.0.2.7 10.0.1.5 192.0.2.7 10.0.1.5"},
		{"IPv6 to another address of the interface", "10.0.1.5", false, "2001:db8::1", "2001:db8:1::77", "2001:db8::1 2001:db8:1::77 2001:db8::1 2001:db8:1::77"},
	} {
		w := NewWindows(time.Minute)
		f := Flow{Interface: "eni-a", Egress: tc.egress, Directed: true, Src: netip.MustParseAddr(tc.src), Dst: netip.MustParseAddr(tc.dst), Protocol: 6}
		w.Add(&f, packet(1, 84, 0))
		got := lines(t, w, true, "srcaddr dstaddr pkt-srcaddr pkt-dstaddr", func(string) *Interface { return &Interface{Address: netip.MustParseAddr(tc.own)} })
		if len(got) != 1 || got[0] != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestNext has where packets went and came from, and the services of AWS that have their addresses.
func TestNext(t *testing.T) {
	about := func(string) *Interface {
		return &Interface{
			Address: netip.MustParseAddr("10.0.1.20"),
			Next: func(egress bool, src, dst netip.Addr) Next {
				if egress {
					return Next{Path: 8}
				}
				return Next{Path: 9, Interface: "eni-b", Subnet: "subnet-b", AZID: "use1-az2", VPC: "vpc-1", Type: "nat_gateway"}
			},
			Service: func(a netip.Addr) string { return map[string]string{"52.95.128.179": "S3"}[a.String()] },
		}
	}
	for _, tc := range []struct {
		egress, directed bool
		action, want     string
	}{
		{true, true, "ACCEPT", "8 - - - - - - S3"},
		{true, true, "REJECT", "- - - - - - - S3"}, // it went nowhere
		{false, true, "ACCEPT", "- eni-b subnet-b use1-az2 vpc-1 nat_gateway S3 -"},
		{false, true, "REJECT", "- eni-b subnet-b use1-az2 vpc-1 nat_gateway S3 -"},
		{false, false, "", "- - - - - - S3 -"},
	} {
		w := NewWindows(time.Minute)
		f := Flow{Interface: "eni-a", Egress: tc.egress, Directed: tc.directed, Src: netip.MustParseAddr("52.95.128.179"), Dst: netip.MustParseAddr("10.0.1.20"), Protocol: 6, Judgement: Judgement{Action: tc.action}}
		if tc.egress {
			f.Src, f.Dst = f.Dst, f.Src
		}
		w.Add(&f, packet(1, 84, 0))
		got := lines(t, w, true, "traffic-path next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type pkt-src-aws-service pkt-dst-aws-service", about)
		if len(got) != 1 || got[0] != tc.want {
			t.Errorf("%+v: %q", tc, got)
		}
	}
}
