package policy

import (
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// drawn returns the network of routed with rules and routes of chance, and a packet through
// it.
func (c chance) drawn() (n *netmodel.Network, from string, p Packet) {
	n = routed()
	for _, id := range slices.Sorted(maps.Keys(n.NetworkACLs)) {
		a := n.NetworkACLs[id]
		for _, list := range []*[]netmodel.ACLEntry{&a.Ingress, &a.Egress} {
			if c.IntN(6) == 0 {
				entry := netmodel.ACLEntry{Number: 50, Allow: c.IntN(4) == 0, Traffic: c.traffic(), CIDR: cidr("0.0.0.0/0")}
				*list = append([]netmodel.ACLEntry{entry}, *list...)
			}
		}
	}
	if g := n.SecurityGroups["sg-1"]; c.IntN(2) == 0 {
		g.Ingress, g.Egress = c.some(), c.some()
	}
	for _, to := range []string{"10.0.0.0/8", "0.0.0.0/0", "10.3.1.0/24"} {
		target := pick(c, netmodel.Target{Kind: netmodel.TargetTransitGateway, ID: "tgw-1"}, netmodel.Target{Kind: netmodel.TargetPeeringConnection, ID: "pcx-1"},
			netmodel.Target{Kind: netmodel.TargetNATGateway, ID: "nat-1"}, netmodel.Target{Kind: netmodel.TargetInternetGateway, ID: "igw-1"}, netmodel.Target{Kind: netmodel.TargetVPNGateway, ID: "vgw-1"})
		if c.IntN(3) == 0 {
			route(n, pick(c, "rtb-1a", "rtb-1p", "rtb-1t", "rtb-2a", "rtb-3a", "rtb-3t"), to, target.Kind, target.ID)
		}
	}
	if c.IntN(3) == 0 {
		inspected(n)
		for range 1 + c.IntN(4) {
			route(n, pick(c, "rtb-1a", "rtb-1p", "rtb-1t"), pick(c, "10.1.1.0/24", "10.1.2.0/24", "10.0.0.0/8", "0.0.0.0/0"), netmodel.TargetVPCEndpoint, "vpce-1f")
		}
		route(n, "rtb-1f", "0.0.0.0/0", netmodel.TargetInternetGateway, "igw-1")
		route(n, "rtb-1f", "10.3.0.0/16", netmodel.TargetTransitGateway, "tgw-1")
		n.VPCEndpoints["vpce-1f"].Managed = c.IntN(4) == 0
	}
	ends := map[string]string{
		"eni-1a": "10.1.1.10", "eni-1p": "10.1.2.10", "eni-2a": "10.2.1.10", "eni-3a": "10.3.1.10",
		Internet: "198.51.100.7", "vgw-1": "192.168.1.1", "tgw-attach-vpn": "172.16.1.1",
	}
	from = pick(c, slices.Sorted(maps.Keys(ends))...)
	to := pick(c, "10.1.1.10", "10.1.2.10", "10.2.1.10", "10.3.1.10", "198.51.100.7", "192.168.1.1", "172.16.1.1", "203.0.113.10", "203.0.113.99", "10.1.2.99", "52.216.0.1")
	p = Packet{Src: addr(ends[from]), Dst: addr(to), Protocol: pick(c, netmodel.TCP, netmodel.TCP, netmodel.UDP, netmodel.ICMP, 47), SrcPort: 50000, DstPort: pick(c, 443, 443, c.port())}
	if p.Protocol == netmodel.ICMP {
		p.Type = 8
	}
	return n, from, p
}

// TestWalkHolds checks what holds of all paths: they are the same each time, end at the first
// step that refuses, change addresses only at gateways, and no denial makes one pass.
func TestWalkHolds(t *testing.T) {
	var accepted, refused, unknowns, longest, inspections int
	rounds(t, 4000, func(t *testing.T, c chance) {
		n, from, p := c.drawn()
		path, err := New(n).Path(from, "", &p)
		again, _ := New(n).Path(from, "", &p)
		if diff := gocmp.Diff(path, again, gocmp.Comparer(func(a, b Step) bool {
			return a.Interface == b.Interface && a.Subnet == b.Subnet && a.Gateway == b.Gateway && a.Src == b.Src && a.Dst == b.Dst && a.Rule == b.Rule && a.Action == b.Action
		})); diff != "" {
			t.Errorf("twice (-first +second):\n%s", diff)
		}
		if err != nil {
			unknowns++
			return
		}
		last := func(steps []Step) Action {
			for i, s := range steps {
				if s.Action == Reject && i < len(steps)-1 {
					t.Errorf("goes on after %+v", s)
				}
			}
			if len(steps) == 0 {
				return Accept
			}
			return steps[len(steps)-1].Action
		}
		forward, reply := last(path.Forward), last(path.Reply)
		if (forward == Reject) != (path.To == "") || forward == Reject && len(path.Reply) > 0 || (path.Action == Accept) != (forward == Accept && reply == Accept) {
			t.Errorf("%s to %q: %s, %s", path.Action, path.To, texts(path.Forward), texts(path.Reply))
		}
		for _, steps := range [][]Step{path.Forward, path.Reply} {
			for i, s := range steps {
				if i > 0 && steps[i-1].Stage != Gateway && (steps[i-1].Src != s.Src || steps[i-1].Dst != s.Dst) {
					t.Errorf("other addresses after %+v: %+v", steps[i-1], s)
				}
				if s.Gateway == "vpce-1f" && s.Stage == Gateway && s.Action == Accept {
					inspections++
				}
			}
			longest = max(longest, len(steps))
		}
		if path.Action == Accept {
			accepted++
			return
		}
		refused++
		id := pick(c, slices.Sorted(maps.Keys(n.NetworkACLs))...)
		a := n.NetworkACLs[id]
		a.Ingress = append([]netmodel.ACLEntry{{Number: 1, Traffic: c.traffic(), CIDR: cidr("0.0.0.0/0")}}, a.Ingress...)
		if more, err := New(n).Path(from, "", &p); err == nil && more.Action == Accept {
			t.Errorf("a denial in %s makes it pass: %s", id, texts(path.Forward))
		}
	})
	if accepted < 100 || refused < 100 || unknowns < 10 || longest < 10 || inspections < 50 {
		t.Errorf("%d accepted, %d refused, %d unknown, %d steps, %d inspections", accepted, refused, unknowns, longest, inspections)
	}
	t.Logf("%d accepted, %d refused, %d unknown, %d steps at most", accepted, refused, unknowns, longest)
}
