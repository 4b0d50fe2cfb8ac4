package policy

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// twoSubnets returns a VPC with eni-1 in subnet-1 (10.0.1.10), eni-2 in subnet-2
// (10.0.2.10) and eni-3 in subnet-1 too (10.0.1.30). All carry sg-1; the network ACLs
// allow everything.
func twoSubnets() *netmodel.Network {
	n := network()
	n.Subnets["subnet-2"] = &netmodel.Subnet{ID: "subnet-2", VPC: "vpc-1", CIDRs: []netip.Prefix{cidr("10.0.2.0/24")}, NetworkACL: "acl-2"}
	other := *n.NetworkACLs["acl-1"]
	other.ID = "acl-2"
	n.NetworkACLs["acl-2"] = &other
	for id, at := range map[string]struct{ subnet, addr string }{"eni-2": {"subnet-2", "10.0.2.10"}, "eni-3": {"subnet-1", "10.0.1.30"}} {
		n.Interfaces[id] = &netmodel.Interface{
			ID: id, VPC: "vpc-1", Subnet: at.subnet, Type: "interface", Groups: []string{"sg-1"}, Addresses: []netip.Addr{addr(at.addr)},
		}
	}
	g := n.SecurityGroups["sg-1"]
	g.Ingress = []netmodel.GroupRule{from("sgr-in", ports(netmodel.TCP, 443, 443), "10.0.0.0/16")}
	g.Egress = []netmodel.GroupRule{from("sgr-out", all(), "10.0.0.0/8")}
	return n
}

// deny puts an entry before the others of a network ACL.
func deny(n *netmodel.Network, id string, d netmodel.Direction, t netmodel.Traffic) {
	entry := netmodel.ACLEntry{Number: 1, Traffic: t, CIDR: cidr("0.0.0.0/0")}
	a := n.NetworkACLs[id]
	if d == netmodel.Ingress {
		a.Ingress = append([]netmodel.ACLEntry{entry}, a.Ingress...)
	} else {
		a.Egress = append([]netmodel.ACLEntry{entry}, a.Egress...)
	}
}

// TestPath goes through the cases of the user's document, and through those within a
// subnet.
func TestPath(t *testing.T) {
	ephemeral := ports(netmodel.TCP, 1024, 65535)
	for name, tt := range map[string]struct {
		change         func(n *netmodel.Network)
		to, addr       string
		protocol       int
		forward, reply []string
	}{
		"accepted": {
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-1 acl-1:egress:100 ACCEPT", "eni-2 acl-2:ingress:100 ACCEPT", "eni-2 sgr-in ACCEPT"},
			reply:   []string{"eni-2 sgr-in ACCEPT", "eni-2 acl-2:egress:100 ACCEPT", "eni-1 acl-1:ingress:100 ACCEPT", "eni-1 sgr-out ACCEPT"},
		},
		"inbound REJECT by the network ACL": {
			change:  func(n *netmodel.Network) { deny(n, "acl-2", netmodel.Ingress, ports(netmodel.TCP, 443, 443)) },
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-1 acl-1:egress:100 ACCEPT", "eni-2 acl-2:ingress:1 REJECT"},
		},
		"inbound REJECT by the group": {
			change:  func(n *netmodel.Network) { n.SecurityGroups["sg-1"].Ingress = nil },
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-1 acl-1:egress:100 ACCEPT", "eni-2 acl-2:ingress:100 ACCEPT", "eni-2 sg:ingress:implicit-deny REJECT"},
		},
		"inbound ACCEPT, outbound REJECT": {
			change:  func(n *netmodel.Network) { deny(n, "acl-2", netmodel.Egress, ephemeral) },
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-1 acl-1:egress:100 ACCEPT", "eni-2 acl-2:ingress:100 ACCEPT", "eni-2 sgr-in ACCEPT"},
			reply:   []string{"eni-2 sgr-in ACCEPT", "eni-2 acl-2:egress:1 REJECT"},
		},
		"outbound REJECT by the group": {
			change:  func(n *netmodel.Network) { n.SecurityGroups["sg-1"].Egress = nil },
			forward: []string{"eni-1 sg:egress:implicit-deny REJECT"},
		},
		"outbound REJECT by the network ACL": {
			change:  func(n *netmodel.Network) { deny(n, "acl-1", netmodel.Egress, all()) },
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-1 acl-1:egress:1 REJECT"},
		},
		"outbound ACCEPT, inbound REJECT": {
			change:  func(n *netmodel.Network) { deny(n, "acl-1", netmodel.Ingress, ephemeral) },
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-1 acl-1:egress:100 ACCEPT", "eni-2 acl-2:ingress:100 ACCEPT", "eni-2 sgr-in ACCEPT"},
			reply:   []string{"eni-2 sgr-in ACCEPT", "eni-2 acl-2:egress:100 ACCEPT", "eni-1 acl-1:ingress:1 REJECT"},
		},
		"within the subnet no network ACL is asked": {
			change: func(n *netmodel.Network) {
				deny(n, "acl-1", netmodel.Egress, all())
				deny(n, "acl-1", netmodel.Ingress, all())
			},
			to: "eni-3", addr: "10.0.1.30",
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-3 sgr-in ACCEPT"},
			reply:   []string{"eni-3 sgr-in ACCEPT", "eni-1 sgr-out ACCEPT"},
		},
		"a group that lets nothing in is asked first on the way out": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Egress = nil
				deny(n, "acl-1", netmodel.Egress, all())
			},
			forward: []string{"eni-1 sg:egress:implicit-deny REJECT"},
		},
		"an echo request and its reply": {
			protocol: netmodel.ICMP,
			change: func(n *netmodel.Network) {
				g := n.SecurityGroups["sg-1"]
				g.Ingress = append(g.Ingress, from("sgr-ping", icmp(netmodel.ICMP, 8, -1), "10.0.1.0/24"))
				deny(n, "acl-1", netmodel.Ingress, icmp(netmodel.ICMP, 0, -1))
			},
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-1 acl-1:egress:100 ACCEPT", "eni-2 acl-2:ingress:100 ACCEPT", "eni-2 sgr-ping ACCEPT"},
			reply:   []string{"eni-2 sgr-ping ACCEPT", "eni-2 acl-2:egress:100 ACCEPT", "eni-1 acl-1:ingress:1 REJECT"},
		},
		"a balancer without groups": {
			change: func(n *netmodel.Network) {
				n.Interfaces["eni-2"].Type, n.Interfaces["eni-2"].Groups = "network_load_balancer", nil
			},
			forward: []string{"eni-1 sgr-out ACCEPT", "eni-1 acl-1:egress:100 ACCEPT", "eni-2 acl-2:ingress:100 ACCEPT"},
			reply:   []string{"eni-2 acl-2:egress:100 ACCEPT", "eni-1 acl-1:ingress:100 ACCEPT", "eni-1 sgr-out ACCEPT"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := twoSubnets()
			if tt.change != nil {
				tt.change(n)
			}
			to, at := "eni-2", "10.0.2.10"
			if tt.to != "" {
				to, at = tt.to, tt.addr
			}
			p := tcp(own4, 50000, at, 443)
			if tt.protocol != 0 {
				p = Packet{Src: p.Src, Dst: p.Dst, Protocol: tt.protocol, Type: 8}
			}
			got, err := New(n).Path("eni-1", to, &p)
			if err != nil {
				t.Fatal(err)
			}
			texts := func(steps []Step) (out []string) {
				for _, s := range steps {
					out = append(out, s.Interface+" "+s.Rule+" "+string(s.Action))
				}
				return out
			}
			if diff := cmp.Diff([][]string{tt.forward, tt.reply}, [][]string{texts(got.Forward), texts(got.Reply)}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			refused := false
			for _, steps := range [][]Step{got.Forward, got.Reply} {
				for _, s := range steps {
					refused = refused || s.Action == Reject
				}
			}
			if refused != (got.Action == Reject) {
				t.Errorf("%s, and a step refuses: %v", got.Action, refused)
			}
		})
	}
}

// TestPathUnknown checks that a way that is not known is refused.
func TestPathUnknown(t *testing.T) {
	n := twoSubnets()
	n.VPCs["vpc-2"] = &netmodel.VPC{ID: "vpc-2", CIDRs: []netip.Prefix{cidr("10.0.0.0/16")}}
	n.Subnets["subnet-2"].VPC, n.Interfaces["eni-2"].VPC = "vpc-2", "vpc-2"
	p := tcp(own4, 50000, "10.0.2.10", 443)
	if _, err := New(n).Path("eni-1", "eni-2", &p); !errors.Is(err, ErrNoPath) {
		t.Errorf("between VPCs: %v", err)
	}
	if _, err := New(n).Path("eni-1", "eni-9", &p); err == nil {
		t.Error("an ENI that is not there gives no error")
	}
	p.Dst = addr("2001:db8::1")
	if _, err := New(n).Path("eni-1", "eni-3", &p); err == nil {
		t.Error("two families give no error")
	}
}
