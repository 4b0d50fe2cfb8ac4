package policy

import (
	"cmp"
	"strings"
	"testing"

	"weir/internal/netmodel"
)

// TestReferences checks whose ENIs references to groups match, by the way that packets take.
func TestReferences(t *testing.T) {
	reference := func(id, group string) netmodel.GroupRule {
		return netmodel.GroupRule{ID: id, Traffic: all(), Peer: netmodel.Peer{Group: group}}
	}
	// Both ends carry a group of their own, which lets in and out only what carries the other's.
	setup := func(n *netmodel.Network, far string) {
		n.SecurityGroups["sg-near"] = &netmodel.SecurityGroup{ID: "sg-near", Egress: []netmodel.GroupRule{reference("sgr-near", "sg-far")}}
		n.SecurityGroups["sg-far"] = &netmodel.SecurityGroup{ID: "sg-far", Ingress: []netmodel.GroupRule{reference("sgr-far", "sg-near")}}
		n.Interfaces["eni-1a"].Groups, n.Interfaces[far].Groups = []string{"sg-near"}, []string{"sg-far"}
	}
	for name, tt := range map[string]struct {
		far    string
		dst    string // instead of its address
		change func(n *netmodel.Network)
		want   string // the last decision
		err    string
	}{
		"over peering": {far: "eni-2a", want: "sgr-far"},
		"over peering between regions": {
			far: "eni-2a", change: func(n *netmodel.Network) { n.PeeringConnections["pcx-1"].Accepter.Region = "us-east-1" },
			want: "sg:egress:implicit-deny!",
		},
		"over peering whose regions are not said": {
			far: "eni-2a", change: func(n *netmodel.Network) { n.PeeringConnections["pcx-1"].Accepter.Region = "" },
			err: "references to groups of vpc-2 at eni-1a",
		},
		"by a peering connection that is gone": {
			far: "eni-2a", change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-near"].Egress[0].Reference.PeeringStatus = "deleted"
			},
			want: "sg:egress:implicit-deny!",
		},
		"out over a transit gateway": {far: "eni-3a", want: "sg:egress:implicit-deny!"},
		"in over a transit gateway":  {far: "eni-3a", change: func(n *netmodel.Network) { n.Interfaces["eni-1a"].Groups = []string{"sg-near", "sg-1"} }, want: "sgr-far"},
		"in over a transit gateway, of a group that it does not carry": {
			far: "eni-3a", change: func(n *netmodel.Network) { n.Interfaces["eni-1a"].Groups = []string{"sg-1"} }, want: "sg:ingress:implicit-deny!",
		},
		"in over a transit gateway where an attachment disables it": {
			far: "eni-3a", change: func(n *netmodel.Network) {
				n.Interfaces["eni-1a"].Groups = []string{"sg-near", "sg-1"}
				n.TransitGatewayAttachments["tgw-attach-1"].SecurityGroupReferencing = "disable"
			},
			want: "sg:ingress:implicit-deny!",
		},
		"in over a transit gateway that does not say": {
			far: "eni-3a", change: func(n *netmodel.Network) {
				n.Interfaces["eni-1a"].Groups = []string{"sg-near", "sg-1"}
				n.TransitGateways["tgw-1"].SecurityGroupReferencing = ""
			},
			err: "references to groups of vpc-1 at eni-3a",
		},
		"within the VPC": {far: "eni-1p", want: "sgr-far"},
		"within the VPC, to the public address": {
			far: "eni-1p", dst: "203.0.113.10", change: func(n *netmodel.Network) {
				n.Interfaces["eni-1a"].Groups = []string{"sg-near", "sg-1"}
			},
			want: "sg:ingress:implicit-deny!",
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := routed()
			setup(n, tt.far)
			if tt.change != nil {
				tt.change(n)
			}
			p := tcp("10.1.1.10", 50000, cmp.Or(tt.dst, n.Interfaces[tt.far].Addresses[0].String()), 443)
			path, err := New(n).Path("eni-1a", tt.far, &p)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			last := path.Forward[len(path.Forward)-1]
			if last.Stage == NetworkACL { // groups are asked before
				last = path.Forward[len(path.Forward)-2]
			}
			if got := texts([]Step{last}); got != tt.want {
				t.Errorf("%s, want %s (%s)", got, tt.want, texts(path.Forward))
			}
		})
	}
}
