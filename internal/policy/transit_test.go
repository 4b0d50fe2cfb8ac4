package policy

import (
	"strings"
	"testing"

	"weir/internal/netmodel"
)

// TestTransitPeering follows packets to vpc-3, which is at tgw-2, peered with tgw-1.
func TestTransitPeering(t *testing.T) {
	peer := func(n *netmodel.Network) {
		n.TransitGateways["tgw-2"] = &netmodel.TransitGateway{ID: "tgw-2"}
		far := func(cidrs map[string]string) []netmodel.TransitGatewayRoute {
			var out []netmodel.TransitGatewayRoute
			for to, a := range cidrs {
				out = append(out, netmodel.TransitGatewayRoute{CIDR: cidr(to), Type: "static", State: "active", Attachments: []string{a}})
			}
			return out
		}
		n.TransitGatewayRouteTables["tgw-rtb-1"].Routes = far(map[string]string{"10.1.0.0/16": "tgw-attach-1", "10.3.0.0/16": "tgw-attach-p1"})
		n.TransitGatewayRouteTables["tgw-rtb-2"] = &netmodel.TransitGatewayRouteTable{
			ID: "tgw-rtb-2", TransitGateway: "tgw-2", RoutesKnown: netmodel.SearchedRoutes, Routes: far(map[string]string{"10.1.0.0/16": "tgw-attach-p2", "10.3.0.0/16": "tgw-attach-3"}),
		}
		n.TransitGatewayAttachments["tgw-attach-3"].TransitGateway, n.TransitGatewayAttachments["tgw-attach-3"].RouteTable = "tgw-2", "tgw-rtb-2"
		for i, id := range []string{"tgw-attach-p1", "tgw-attach-p2"} {
			own, other := []string{"tgw-1", "tgw-2"}[i], []string{"tgw-2", "tgw-1"}[i]
			n.TransitGatewayAttachments[id] = &netmodel.TransitGatewayAttachment{
				ID: id, TransitGateway: own, Resource: other, Kind: "peering", State: "available", RouteTable: "tgw-rtb-" + own[4:], Association: "associated",
			}
		}
		route(n, "rtb-3a", "10.0.0.0/8", netmodel.TargetTransitGateway, "tgw-2")
	}
	const (
		there = intoTransit + " tgw-rtb-1:10.3.0.0/16>tgw-attach-p1 tgw-attach-p2 tgw-rtb-2:10.3.0.0/16>tgw-attach-3 rtb-3t:10.3.0.0/16>local acl-3t:egress:100 acl-3a:ingress:100 sgr-in"
		back  = "rtb-3a:10.0.0.0/8>tgw-2 sgr-out acl-3a:egress:100 acl-3t:ingress:100 tgw-rtb-2:10.1.0.0/16>tgw-attach-p2 tgw-attach-p1 tgw-rtb-1:10.1.0.0/16>tgw-attach-1 rtb-1t:10.1.0.0/16>local acl-1t:egress:100 acl-1a:ingress:100 sgr-out"
	)
	for name, tt := range map[string]walkCase{
		"both ways": {change: func(*netmodel.Network) {}, forward: there, reply: back, to: "eni-3a"},
		"no route back": {
			change: func(n *netmodel.Network) {
				n.TransitGatewayRouteTables["tgw-rtb-2"].Routes = n.TransitGatewayRouteTables["tgw-rtb-1"].Routes[:0]
			},
			forward: intoTransit + " tgw-rtb-1:10.3.0.0/16>tgw-attach-p1 tgw-attach-p2 tgw-rtb-2!",
		},
		"the other side is not there": {
			change: func(n *netmodel.Network) { delete(n.TransitGatewayAttachments, "tgw-attach-p2") },
			err:    "the peering tgw-attach-p1, whose attachment to tgw-2 is not in the input",
		},
		"two peerings": {
			change: func(n *netmodel.Network) {
				b := *n.TransitGatewayAttachments["tgw-attach-p2"]
				b.ID = "tgw-attach-p3"
				n.TransitGatewayAttachments[b.ID] = &b
			},
			err: "tgw-1 and tgw-2 have several peerings",
		},
		"the other side does not pass": {
			change:  func(n *netmodel.Network) { n.TransitGatewayAttachments["tgw-attach-p2"].State = "deleting" },
			forward: intoTransit + " tgw-rtb-1:10.3.0.0/16>tgw-attach-p1 tgw-attach-p2!",
		},
		"no reference to a group matches over it": {
			change: func(n *netmodel.Network) {
				n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{referring(all(), "sg-1")}
			},
			forward: strings.TrimSuffix(there, "sgr-in") + "sg:ingress:implicit-deny!",
		},
	} {
		t.Run(name, func(t *testing.T) {
			change := tt.change
			tt.change = func(n *netmodel.Network) { peer(n); change(n) }
			tt.from, tt.src, tt.dst = "eni-1a", "10.1.1.10", "10.3.1.10"
			tt.run(t)
		})
	}
}

// TestTransitPeeringOfOneID follows packets over a peering that has one id at both transit
// gateways, as between regions.
func TestTransitPeeringOfOneID(t *testing.T) {
	static := func(to, attachment string) netmodel.TransitGatewayRoute {
		return netmodel.TransitGatewayRoute{CIDR: cidr(to), Type: "static", State: "active", Attachments: []string{attachment}}
	}
	peer := func(n *netmodel.Network) {
		n.TransitGateways["tgw-2"] = &netmodel.TransitGateway{ID: "tgw-2"}
		n.TransitGatewayRouteTables["tgw-rtb-1"].Routes = []netmodel.TransitGatewayRoute{static("10.1.0.0/16", "tgw-attach-1"), static("10.3.0.0/16", "tgw-attach-p")}
		n.TransitGatewayRouteTables["tgw-rtb-2"] = &netmodel.TransitGatewayRouteTable{
			ID: "tgw-rtb-2", TransitGateway: "tgw-2", RoutesKnown: netmodel.SearchedRoutes,
			Routes: []netmodel.TransitGatewayRoute{static("10.1.0.0/16", "tgw-attach-p"), static("10.3.0.0/16", "tgw-attach-3")},
		}
		n.TransitGatewayAttachments["tgw-attach-3"].TransitGateway, n.TransitGatewayAttachments["tgw-attach-3"].RouteTable = "tgw-2", "tgw-rtb-2"
		n.TransitGatewayAttachments["tgw-attach-p"] = &netmodel.TransitGatewayAttachment{
			ID: "tgw-attach-p", TransitGateway: "tgw-1", Resource: "tgw-2", Kind: "peering", State: "available", RouteTable: "tgw-rtb-1", Association: "associated",
			Far: netmodel.TransitGatewayHalf{TransitGateway: "tgw-2", Resource: "tgw-1", State: "available", RouteTable: "tgw-rtb-2", Association: "associated"},
		}
		route(n, "rtb-3a", "10.0.0.0/8", netmodel.TargetTransitGateway, "tgw-2")
	}
	const (
		there = intoTransit + " tgw-rtb-1:10.3.0.0/16>tgw-attach-p tgw-attach-p tgw-rtb-2:10.3.0.0/16>tgw-attach-3 rtb-3t:10.3.0.0/16>local acl-3t:egress:100 acl-3a:ingress:100 sgr-in"
		back  = "rtb-3a:10.0.0.0/8>tgw-2 sgr-out acl-3a:egress:100 acl-3t:ingress:100 tgw-rtb-2:10.1.0.0/16>tgw-attach-p tgw-attach-p tgw-rtb-1:10.1.0.0/16>tgw-attach-1 rtb-1t:10.1.0.0/16>local acl-1t:egress:100 acl-1a:ingress:100 sgr-out"
	)
	for name, tt := range map[string]walkCase{
		"both ways": {change: func(*netmodel.Network) {}, forward: there, reply: back, to: "eni-3a"},
		"the other side is not there": {
			change: func(n *netmodel.Network) {
				n.TransitGatewayAttachments["tgw-attach-p"].Far = netmodel.TransitGatewayHalf{}
			},
			err: "the peering tgw-attach-p, whose attachment to tgw-2 is not in the input",
		},
		"the other side does not pass": {
			change:  func(n *netmodel.Network) { n.TransitGatewayAttachments["tgw-attach-p"].Far.State = "deleting" },
			forward: intoTransit + " tgw-rtb-1:10.3.0.0/16>tgw-attach-p tgw-attach-p!",
		},
	} {
		t.Run(name, func(t *testing.T) {
			change := tt.change
			tt.change = func(n *netmodel.Network) { peer(n); change(n) }
			tt.from, tt.src, tt.dst = "eni-1a", "10.1.1.10", "10.3.1.10"
			tt.run(t)
		})
	}
}
