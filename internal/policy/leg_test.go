package policy

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// TestLegs checks what load balancers make of a connection to port 443 of their ENI, from
// eni-2a over peering.
func TestLegs(t *testing.T) {
	lb, client := ports(netmodel.TCP, 8080, 8443), "10.2.1.10"
	in := func(peer string) netmodel.GroupRule { return from("sgr-t", lb, peer) }
	set := func(key, value string) func(n *netmodel.Network) {
		return func(n *netmodel.Network) { n.TargetGroups[nlbTG].Attributes = map[string]string{key: value} }
	}
	ipTarget := func(n *netmodel.Network) {
		g := n.TargetGroups[nlbTG]
		g.TargetKind, g.Targets = "ip", []netmodel.BalancerTarget{{ID: "10.1.1.10", Port: 8443}}
	}
	other := func(n *netmodel.Network) { // the target is in another Zone
		n.Subnets["subnet-1a"].AZ, n.Subnets["subnet-1a"].AZID = "eu-west-1b", "euw1-az2"
	}
	for name, tt := range map[string]struct {
		from   string // eni-2a if ""
		dst    string // of the load balancer; the network one if ""
		rules  []netmodel.GroupRule
		change []func(n *netmodel.Network)
		udp    bool
		action Action
		want   []string
		notes  []string
		err    string
	}{
		"an instance sees the client by default": {
			rules: []netmodel.GroupRule{in(client + "/32")}, action: Accept,
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-t",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 REJECT by sg:ingress:implicit-deny",
			},
			notes: []string{
				"preserve_client_ip.enabled of tg-n is not in the input: by AWS's default for targets of type instance client addresses are preserved",
				"the load balancer takes i-1 for unhealthy, and sends to it only where all targets are",
			},
		},
		"an instance sees the client, whom its group does not let in": {
			rules: []netmodel.GroupRule{in("10.1.2.50/32")}, action: Reject,
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 REJECT by sg:ingress:implicit-deny",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-t",
			},
		},
		"turned off": {
			rules: []netmodel.GroupRule{in("10.1.2.50/32")}, change: []func(n *netmodel.Network){set(preserve, "false")}, action: Accept,
			want: []string{
				"i-1 traffic 10.1.2.50>10.1.1.10:8443 ACCEPT by sgr-t",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-t",
			},
		},
		"an attribute that says neither": {
			rules: []netmodel.GroupRule{in("10.1.2.50/32")}, change: []func(n *netmodel.Network){set(preserve, "maybe")},
			err: "i-1 (the input does not say whether client addresses are preserved, and that decides)",
		},
		"an attribute that says neither, and both pass": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, change: []func(n *netmodel.Network){set(preserve, "maybe")}, action: Accept,
			want: []string{
				"i-1 traffic 10.1.2.50>10.1.1.10:8443 ACCEPT by sgr-t",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-t",
			},
		},
		"an address does not by default": {
			rules: []netmodel.GroupRule{in("10.1.2.50/32")}, change: []func(n *netmodel.Network){ipTarget}, action: Accept,
			want: []string{
				"10.1.1.10 traffic 10.1.2.50>10.1.1.10:8443 ACCEPT by sgr-t",
				"10.1.1.10 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-t",
			},
			notes: []string{"by AWS's default for targets of type ip client addresses are not preserved"},
		},
		"with UDP an address does, whatever the attribute says": {
			udp: true, rules: []netmodel.GroupRule{from("sgr-u", ports(netmodel.UDP, 8443, 8443), client+"/32")}, action: Accept,
			change: []func(n *netmodel.Network){ipTarget, set(preserve, "false"), func(n *netmodel.Network) {
				n.TargetGroups[nlbTG].Protocol, n.Listeners[strings.Replace(nlbARN, "loadbalancer", "listener", 1)+"/443"].Protocol = "UDP", "UDP"
				n.SecurityGroups["sg-1"].Egress[0].Traffic = all()
			}},
			want: []string{
				"10.1.1.10 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-u",
				"10.1.1.10 health check 10.1.2.50>10.1.1.10:8080 REJECT by sg:ingress:implicit-deny",
			},
		},
		"a reference to the load balancer's group admits its clients": {
			rules: []netmodel.GroupRule{referring(lb, "sg-n")}, action: Accept,
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-ref",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-ref",
			},
		},
		"and its own address": {
			rules: []netmodel.GroupRule{referring(lb, "sg-n")}, change: []func(n *netmodel.Network){set(preserve, "false")}, action: Accept,
			want: []string{
				"i-1 traffic 10.1.2.50>10.1.1.10:8443 ACCEPT by sgr-ref",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-ref",
			},
		},
		"a reference to the client's group does not": {
			rules: []netmodel.GroupRule{referring(lb, "sg-1")}, action: Reject,
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 REJECT by sg:ingress:implicit-deny",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 REJECT by sg:ingress:implicit-deny",
			},
		},
		"a load balancer without groups": {
			rules: []netmodel.GroupRule{referring(lb, "sg-n"), in(client + "/32")}, action: Accept,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				n.LoadBalancers[nlbARN].Groups, n.Interfaces["eni-n"].Groups = nil, nil
			}},
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-t",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 REJECT by sg:ingress:implicit-deny",
			},
		},
		"the load balancer's group lets nothing out": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, action: Reject,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) { n.SecurityGroups["sg-n"].Egress = nil }},
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 REJECT by sg:egress:implicit-deny",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 REJECT by sg:egress:implicit-deny",
			},
		},
		"the network ACL of the target's subnet blocks some of the ports of a reply": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, dst: "10.1.2.60", action: Reject,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) { deny(n, "acl-1a", netmodel.Egress, ports(netmodel.TCP, 1024, 2000)) }},
			want: []string{
				"i-1 traffic 10.1.2.60>10.1.1.10:8443 REJECT by acl-1a:egress:1",
				"i-1 health check 10.1.2.60>10.1.1.10:8080 REJECT by acl-1a:egress:1",
			},
		},
		"the network ACL of the load balancer's subnet, where that decides": {
			rules:  []netmodel.GroupRule{in("10.0.0.0/8")},
			change: []func(n *netmodel.Network){func(n *netmodel.Network) { deny(n, "acl-1p", netmodel.Egress, ports(netmodel.TCP, 8443, 8443)) }},
			err:    "whether the network ACL of subnet-1p is asked about what keeps the client's address",
		},
		"an application one": {
			rules: []netmodel.GroupRule{referring(lb, "sg-a")}, dst: "10.1.2.60", action: Accept,
			want: []string{
				"i-1 traffic 10.1.2.60>10.1.1.10:8443 ACCEPT by sgr-ref",
				"i-1 health check 10.1.2.60>10.1.1.10:8080 ACCEPT by sgr-ref",
			},
		},
		"a classic one": {
			rules: []netmodel.GroupRule{from("sgr-t", ports(netmodel.TCP, 8443, 8443), "10.1.2.70/32")}, dst: "10.1.2.70", action: Accept,
			want: []string{
				"i-1 traffic 10.1.2.70>10.1.1.10:8443 ACCEPT by sgr-t",
				"i-1 health check 10.1.2.70>10.1.1.10:8080 REJECT by sg:ingress:implicit-deny",
			},
			notes: []string{"the load balancer takes i-1 for out of service, and sends nothing to it"},
		},
		"the health check asks as the traffic does": {
			rules: []netmodel.GroupRule{in("10.1.2.60/32")}, dst: "10.1.2.60", action: Accept,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) { n.TargetGroups[albTG].HealthCheckPort = "traffic-port" }},
			want:   []string{"i-1 traffic and health check 10.1.2.60>10.1.1.10:8443 ACCEPT by sgr-t"},
		},
		"one target of two": {
			rules: []netmodel.GroupRule{in(client + "/32")}, action: Accept,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				n.TargetGroups[nlbTG].Targets = append(n.TargetGroups[nlbTG].Targets, netmodel.BalancerTarget{ID: "i-2", Port: 8443})
				n.Interfaces["eni-1p"].Instance = "i-2"
			}},
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-t",
				"i-1 health check 10.1.2.50>10.1.1.10:8080 REJECT by sg:ingress:implicit-deny",
				"i-2 traffic 10.2.1.10>10.1.2.10:8443 REJECT by sg:ingress:implicit-deny",
				"i-2 health check 10.1.2.50>10.1.2.10:8080 REJECT by sg:ingress:implicit-deny",
			},
		},
		"a target that is not there, and one that is reached": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, action: Accept,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				n.TargetGroups[nlbTG].Targets = append(n.TargetGroups[nlbTG].Targets, netmodel.BalancerTarget{ID: "i-9", Port: 8443})
			}},
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-t", "i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-t",
				"i-9 traffic invalid IP>invalid IP:8443 unknown: no ENI of i-9 is in the input",
			},
		},
		"a target that is not there, and one that is refused": {
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				n.TargetGroups[nlbTG].Targets = append(n.TargetGroups[nlbTG].Targets, netmodel.BalancerTarget{ID: "i-9", Port: 8443})
			}},
			err: "no target of n is known to be reached; of these it is not known: i-9 (no ENI of i-9 is in the input)",
		},
		"no targets": {
			action: Reject, change: []func(n *netmodel.Network){func(n *netmodel.Network) { n.TargetGroups[nlbTG].Targets = nil }},
			want: []string{}, notes: []string{"no target is registered with n for it"},
		},
		"targets that were not described": {
			action: Accept, change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				n.TargetGroups[nlbTG].Targets, n.TargetGroups[nlbTG].TargetsKnown = nil, false
			}},
			want: []string{}, notes: []string{"the targets of tg-n are not in the input (aws elbv2 describe-target-health)"},
		},
		"a target group that is not there": {
			action: Accept, change: []func(n *netmodel.Network){func(n *netmodel.Network) { delete(n.TargetGroups, nlbTG) }},
			want: []string{}, notes: []string{"the target group tg-n is not in the input"},
		},
		"an instance with two ENIs that decide alike": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, action: Accept,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				n.Interfaces["eni-1p"].Instance, n.Interfaces["eni-1p"].Groups = "i-1", []string{"sg-t"}
			}},
			want: []string{
				"i-1 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-t", "i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-t",
			},
			notes: []string{"which of the ENIs of i-1 (eni-1a, eni-1p) it takes"},
		},
		"the primary one of an instance's ENIs": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, action: Accept,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				n.Interfaces["eni-1p"].Instance, n.Interfaces["eni-1a"].Primary = "i-1", true
			}},
			want: []string{"i-1 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-t", "i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-t"},
		},
		"an instance with two ENIs that differ": {
			rules:  []netmodel.GroupRule{in("10.0.0.0/8")},
			change: []func(n *netmodel.Network){func(n *netmodel.Network) { n.Interfaces["eni-1p"].Instance = "i-1" }},
			err:    "which of the ENIs of i-1 (eni-1a, eni-1p) it takes",
		},
		"another Zone, by default": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, change: []func(n *netmodel.Network){other}, action: Reject,
			want:  []string{"i-1 traffic invalid IP>10.1.1.10:8443 REJECT: it is in eu-west-1b, this node in eu-west-1a, and cross-zone load balancing is off"},
			notes: []string{crossZone + " of tg-n and of the load balancer: not in the input, AWS's default was taken"},
		},
		"another Zone, which is not enabled": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, change: []func(n *netmodel.Network){other, set(crossZone, "true")}, action: Reject,
			want: []string{"i-1 traffic invalid IP>10.1.1.10:8443 REJECT: it is in eu-west-1b, which is not enabled for the load balancer"},
		},
		"another Zone, which is enabled": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, action: Accept,
			change: []func(n *netmodel.Network){other, func(n *netmodel.Network) {
				b := n.LoadBalancers[nlbARN]
				b.Attributes, b.Subnets = map[string]string{crossZone: "true"}, []string{"subnet-1p", "subnet-1a"}
			}},
			want: []string{"i-1 traffic 10.2.1.10>10.1.1.10:8443 ACCEPT by sgr-t", "i-1 health check 10.1.2.50>10.1.1.10:8080 ACCEPT by sgr-t"},
		},
		"another Zone, off for the target group": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, action: Reject,
			change: []func(n *netmodel.Network){other, set(crossZone, "false"), func(n *netmodel.Network) {
				n.LoadBalancers[nlbARN].Attributes = map[string]string{crossZone: "true"}
			}},
			want: []string{"i-1 traffic invalid IP>10.1.1.10:8443 REJECT: it is in eu-west-1b, this node in eu-west-1a, and cross-zone load balancing is off"},
		},
		"another Zone, of an application one": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, dst: "10.1.2.60", action: Accept,
			change: []func(n *netmodel.Network){other, func(n *netmodel.Network) { n.LoadBalancers[albARN].Subnets = []string{"subnet-1p", "subnet-1a"} }},
			want:   []string{"i-1 traffic 10.1.2.60>10.1.1.10:8443 ACCEPT by sgr-t", "i-1 health check 10.1.2.60>10.1.1.10:8080 ACCEPT by sgr-t"},
		},
		"another Zone, of a classic one": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, dst: "10.1.2.70", change: []func(n *netmodel.Network){other},
			err: "does not say whether cross-zone load balancing is on",
		},
		"the client itself, over peering": {
			action: Reject, change: []func(n *netmodel.Network){ipTarget, func(n *netmodel.Network) {
				g := n.TargetGroups[nlbTG]
				g.Targets, g.Attributes = []netmodel.BalancerTarget{{ID: "10.2.1.10", Port: 443, AZ: "all"}}, map[string]string{preserve: "true"}
				g.HealthCheckPort = "443"
			}},
			want: []string{
				"10.2.1.10 traffic 10.2.1.10>10.2.1.10:443 REJECT by eni-n", "10.2.1.10 health check 10.1.2.50>10.2.1.10:443 ACCEPT by sgr-in",
			},
		},
		"an address over peering": {
			from: "eni-1p", action: Accept, change: []func(n *netmodel.Network){ipTarget, set(preserve, "true"), func(n *netmodel.Network) {
				g := n.TargetGroups[nlbTG]
				g.Targets = []netmodel.BalancerTarget{{ID: "10.2.1.10", Port: 443, AZ: "all"}}
				g.HealthCheckPort = "traffic-port"
			}},
			want: []string{
				"10.2.1.10 traffic 10.1.2.10>10.2.1.10:443 ACCEPT by sgr-in", "10.2.1.10 health check 10.1.2.50>10.2.1.10:443 ACCEPT by sgr-in",
			},
		},
		"an address over peering between regions": {
			from: "eni-1p", change: []func(n *netmodel.Network){ipTarget, set(preserve, "true"), func(n *netmodel.Network) {
				n.TargetGroups[nlbTG].Targets = []netmodel.BalancerTarget{{ID: "10.2.1.10", Port: 443, AZ: "all"}}
				n.PeeringConnections["pcx-1"].Accepter.Region = "us-east-1"
			}},
			err: "pcx-1 is not known to be in one",
		},
		"an address over a transit gateway, which client addresses are not preserved to": {
			action: Accept, change: []func(n *netmodel.Network){ipTarget, func(n *netmodel.Network) {
				g := n.TargetGroups[nlbTG]
				g.Targets = []netmodel.BalancerTarget{{ID: "10.3.1.10", Port: 443, AZ: "all"}}
				g.HealthCheckPort = "traffic-port"
				route(n, "rtb-1p", "10.3.0.0/16", netmodel.TargetTransitGateway, "tgw-1")
			}},
			want: []string{"10.3.1.10 traffic and health check 10.1.2.50>10.3.1.10:443 ACCEPT by sgr-in"},
		},
		"an address over a transit gateway, which client addresses are preserved to": {
			change: []func(n *netmodel.Network){ipTarget, set(preserve, "true"), func(n *netmodel.Network) {
				n.TargetGroups[nlbTG].Targets = []netmodel.BalancerTarget{{ID: "10.3.1.10", Port: 443, AZ: "all"}}
				route(n, "rtb-1p", "10.3.0.0/16", netmodel.TargetTransitGateway, "tgw-1")
			}},
			err: "which AWS supports only where nothing lies between: its route leads to tgw-1",
		},
		"a Lambda function": {
			dst: "10.1.2.60", action: Accept, change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				g := n.TargetGroups[albTG]
				g.TargetKind, g.Protocol, g.Targets = "lambda", "", []netmodel.BalancerTarget{{ID: someFun}}
			}},
			want: []string{someFun + " traffic invalid IP>invalid IP:0 ACCEPT"}, notes: []string{"no rule of the network decides"},
		},
		"an application one behind a network one": {
			rules: []netmodel.GroupRule{referring(lb, "sg-a")}, action: Accept,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				g := n.TargetGroups[nlbTG]
				g.TargetKind, g.HealthCheckPort, g.Targets = "alb", "traffic-port", []netmodel.BalancerTarget{{ID: albARN, Port: 443}}
			}},
			want: []string{
				"loadbalancer/app/a/1 traffic 10.2.1.10>10.1.2.60:443 ACCEPT by sgr-443-sg-a",
				"loadbalancer/app/a/1 health check 10.1.2.50>10.1.2.60:443 ACCEPT by sgr-443-sg-a",
				"i-1 traffic 10.1.2.60>10.1.1.10:8443 ACCEPT by sgr-ref",
				"i-1 health check 10.1.2.60>10.1.1.10:8080 ACCEPT by sgr-ref",
			},
		},
		"an application one behind a network one, whose target refuses": {
			action: Reject, change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				g := n.TargetGroups[nlbTG]
				g.TargetKind, g.HealthCheckPort, g.Targets = "alb", "traffic-port", []netmodel.BalancerTarget{{ID: albARN, Port: 443}}
			}},
			want: []string{
				"loadbalancer/app/a/1 traffic 10.2.1.10>10.1.2.60:443 REJECT: none of its own targets can be reached",
				"loadbalancer/app/a/1 health check 10.1.2.50>10.1.2.60:443 REJECT: none of its own targets can be reached",
				"i-1 traffic 10.1.2.60>10.1.1.10:8443 REJECT by sg:ingress:implicit-deny",
				"i-1 health check 10.1.2.60>10.1.1.10:8080 REJECT by sg:ingress:implicit-deny",
			},
		},
		"rules that lead to several target groups": {
			rules: []netmodel.GroupRule{in("10.0.0.0/8")}, dst: "10.1.2.60", action: Accept,
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				g := *n.TargetGroups[albTG]
				g.ID, g.Name, g.HealthCheckPort = elb+"targetgroup/tg-b/1", "tg-b", "traffic-port"
				g.Targets = []netmodel.BalancerTarget{{ID: "i-1", Port: 8081}}
				n.TargetGroups[g.ID] = &g
				listener := strings.Replace(albARN, "loadbalancer", "listener", 1) + "/443"
				n.ListenerRules["r1"] = &netmodel.ListenerRule{ID: "r1", Listener: listener, Priority: "1", Actions: []netmodel.ListenerAction{{Kind: "forward", TargetGroups: []string{g.ID}}}}
				// This one is for other sources.
				n.ListenerRules["r2"] = &netmodel.ListenerRule{
					ID: "r2", Listener: listener, Priority: "2", Sources: []netip.Prefix{cidr("192.0.2.0/24")},
					Actions: []netmodel.ListenerAction{{Kind: "forward", TargetGroups: []string{elb + "targetgroup/tg-z/1"}}},
				}
				n.ListenerRules["r3"] = &netmodel.ListenerRule{ID: "r3", Listener: listener, Priority: "3", Actions: []netmodel.ListenerAction{{Kind: "redirect"}}}
			}},
			want: []string{
				"i-1 traffic 10.1.2.60>10.1.1.10:8443 ACCEPT by sgr-t", "i-1 health check 10.1.2.60>10.1.1.10:8080 ACCEPT by sgr-t",
				"i-1 traffic and health check 10.1.2.60>10.1.1.10:8081 ACCEPT by sgr-t",
			},
			notes: []string{
				"the listener HTTPS:443 leads to one of the target groups tg-a, tg-b: by host, path or weight, which a packet does not tell; all are shown",
				"the listener HTTPS:443 may answer itself, by redirect",
			},
		},
		"rules that were not described": {
			rules: []netmodel.GroupRule{}, dst: "10.1.2.60", change: []func(n *netmodel.Network){func(n *netmodel.Network) { n.ListenerRules = nil }},
			err: "no target of a that is in the input can be reached, and others may be",
		},
		"a listener that only answers itself": {
			dst: "10.1.2.60", action: Accept, want: []string{},
			change: []func(n *netmodel.Network){func(n *netmodel.Network) {
				for _, l := range n.Listeners {
					l.Actions = []netmodel.ListenerAction{{Kind: "fixed-response"}}
				}
				for _, r := range n.ListenerRules {
					r.Actions = []netmodel.ListenerAction{{Kind: "fixed-response"}}
				}
			}},
			notes: []string{"the listener HTTPS:443 may answer itself, by fixed-response"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := balanced(tt.rules...)
			for _, change := range tt.change {
				change(n)
			}
			if tt.dst == "" {
				tt.dst = "10.1.2.50"
			}
			if tt.from == "" {
				tt.from = "eni-2a"
			}
			p := tcp(n.Interfaces[tt.from].Addresses[0].String(), 50000, tt.dst, 443)
			if tt.udp {
				p.Protocol = netmodel.UDP
			}
			path, err := New(n).Path(tt.from, "", &p)
			if tt.err != "" {
				if !errors.Is(err, ErrNoPath) || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, legTexts(path.Legs)); diff != "" || path.Action != tt.action {
				t.Errorf("%s, want %s (-want +got):\n%s", path.Action, tt.action, diff)
			}
			notes := path.Notes
			for _, l := range path.Legs {
				notes = append(notes, l.Notes...)
			}
			for _, want := range tt.notes {
				if !slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, want) }) {
					t.Errorf("no note %q in %q", want, notes)
				}
			}
		})
	}
}
