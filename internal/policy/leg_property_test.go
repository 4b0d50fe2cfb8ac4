package policy

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"weir/internal/netmodel"
)

// TestLegsHold checks what holds of all legs. One that the load balancer makes itself passes
// just where a packet from its ENI does, whatever port of 1024 to 65535 it comes from. One that
// keeps the client's address passes the target's groups as a packet with that source does, or,
// where they reference the load balancer's group, as any. No rule that is added makes one fail.
func TestLegsHold(t *testing.T) {
	var own, kept, accepted, refused int
	rounds(t, 3000, func(t *testing.T, c chance) {
		n := balanced()
		for _, id := range slices.Sorted(maps.Keys(n.NetworkACLs)) {
			a := n.NetworkACLs[id]
			for _, list := range []*[]netmodel.ACLEntry{&a.Ingress, &a.Egress} {
				if c.IntN(5) == 0 {
					port := pick[uint16](c, 1024, 1025, 8080, 8443, 50000, 65535)
					*list = append([]netmodel.ACLEntry{{Number: 50, Allow: c.IntN(5) == 0, Traffic: ports(netmodel.TCP, port, port), CIDR: cidr("0.0.0.0/0")}}, *list...)
				}
			}
		}
		rule := func(id int) netmodel.GroupRule {
			r := from(fmt.Sprint("sgr-", id), ports(netmodel.TCP, pick[uint16](c, 0, 8443), pick[uint16](c, 8443, 65535)), pick(c, "10.2.1.10/32", "10.1.2.0/24", "10.1.2.50/32", "192.0.2.0/24"))
			if c.IntN(3) == 0 {
				r.Peer = netmodel.Peer{Group: pick(c, "sg-n", "sg-a", "sg-1")}
			}
			return r
		}
		for i := range c.IntN(3) {
			n.SecurityGroups["sg-t"].Ingress = append(n.SecurityGroups["sg-t"].Ingress, rule(i))
		}
		n.TargetGroups[nlbTG].Attributes = map[string]string{preserve: pick(c, "true", "false")}
		client := pick(c, "eni-2a", "eni-1p")
		p := tcp(n.Interfaces[client].Addresses[0].String(), 50000, pick(c, "10.1.2.50", "10.1.2.60", "10.1.2.70"), 443)
		path, err := New(n).Path(client, "", &p)
		if err != nil || len(path.Legs) == 0 {
			return
		}
		l := path.Legs[0]
		switch l.Action {
		case Accept:
			accepted++
		case Reject:
			refused++
		default:
			return
		}
		if l.Src == p.Src {
			kept++
			n2 := *n.SecurityGroups["sg-t"]
			want := slices.ContainsFunc(n2.Ingress, func(r netmodel.GroupRule) bool {
				return covers(r.Traffic, Packet{Protocol: netmodel.TCP, DstPort: 8443}) && (r.Peer.Group == "sg-n" || r.Peer.CIDR.IsValid() && r.Peer.CIDR.Contains(p.Src))
			})
			for _, s := range l.Forward {
				if s.Stage == SecurityGroup && s.Direction == netmodel.Ingress && (s.Action == Accept) != want {
					t.Errorf("%+v, and a rule admits it: %v", s, want)
				}
			}
		} else {
			own++
			want := Accept
			for _, port := range []uint16{1024, 1025, 1026, 8080, 8081, 8443, 8444, 50000, 50001, 65534, 65535} {
				q := Packet{Src: l.Src, Dst: l.Dst, Protocol: l.Protocol, SrcPort: port, DstPort: l.DstPort}
				one, err := New(n).Path(l.From, l.To, &q)
				if err != nil {
					t.Fatal(err)
				}
				if one.Action == Reject {
					want = Reject
				}
			}
			if l.Action != want {
				t.Errorf("%s, and from the ports one by one %s: %+v", l.Action, want, l)
			}
		}
		n.SecurityGroups["sg-t"].Ingress = append(n.SecurityGroups["sg-t"].Ingress, rule(9))
		if more, err := New(n).Path(client, "", &p); l.Action == Accept && (err != nil || more.Legs[0].Action != Accept) {
			t.Errorf("a rule more makes it fail: %v %+v", err, more.Legs)
		}
	})
	if own < 300 || kept < 300 || accepted < 300 || refused < 300 {
		t.Errorf("%d of their own, %d kept, %d accepted, %d refused", own, kept, accepted, refused)
	}
	t.Logf("%d of their own, %d kept, %d accepted, %d refused", own, kept, accepted, refused)
}
