package policy

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// TestAppliances checks what a Gateway Load Balancer sends to its appliances: it is in
// subnet-3t with eni-g (10.3.3.50), and the appliance i-fw at eni-3a (10.3.1.10), group sg-fw.
func TestAppliances(t *testing.T) {
	const arn, tg, service = elb + "loadbalancer/gwy/g/1", elb + "targetgroup/tg-g/1", "com.amazonaws.vpce.eu-west-1.vpce-svc-1"
	udp := func(peer string) netmodel.GroupRule { return from("sgr-6081", ports(netmodel.UDP, 6081, 6081), peer) }
	http := from("sgr-80", ports(netmodel.TCP, 80, 80), "10.3.3.50/32")
	both := []string{"i-fw traffic 10.3.3.50>10.3.1.10:6081 ACCEPT by sgr-6081", "i-fw health check 10.3.3.50>10.3.1.10:80 ACCEPT by sgr-80"}
	for name, tt := range map[string]struct {
		ingress, egress []netmodel.GroupRule
		change          func(n *netmodel.Network)
		action          Action
		want            []string
		refused         string // by the endpoint
		note            string
	}{
		"GENEVE and health checks": {ingress: []netmodel.GroupRule{udp("10.3.3.50/32"), http}, egress: []netmodel.GroupRule{udp("10.3.3.50/32")}, action: Accept, want: both},
		"the port of the packet instead": {
			ingress: []netmodel.GroupRule{from("sgr-443", ports(netmodel.TCP, 443, 443), "0.0.0.0/0"), http}, egress: []netmodel.GroupRule{udp("0.0.0.0/0")}, action: Reject,
			want:    []string{"i-fw traffic 10.3.3.50>10.3.1.10:6081 REJECT by sg:ingress:implicit-deny", both[1]},
			refused: "no appliance of g can be reached by GENEVE, UDP port 6081",
		},
		"nothing out": {
			ingress: []netmodel.GroupRule{udp("0.0.0.0/0"), http}, action: Reject,
			want:    []string{"i-fw traffic 10.3.3.50>10.3.1.10:6081 REJECT by sg:egress:implicit-deny", both[1]},
			refused: "no appliance of g can be reached by GENEVE, UDP port 6081",
		},
		"no health checks": {
			ingress: []netmodel.GroupRule{udp("0.0.0.0/0")}, egress: []netmodel.GroupRule{udp("0.0.0.0/0")}, action: Accept,
			want: []string{both[0], "i-fw health check 10.3.3.50>10.3.1.10:80 REJECT by sg:ingress:implicit-deny"},
			note: "the load balancer takes i-fw for unhealthy",
		},
		"the network ACL of the load balancer's subnet, for what comes back": {
			ingress: []netmodel.GroupRule{udp("0.0.0.0/0"), http}, egress: []netmodel.GroupRule{udp("0.0.0.0/0")}, action: Reject,
			change:  func(n *netmodel.Network) { deny(n, "acl-3t", netmodel.Ingress, ports(netmodel.UDP, 6081, 6081)) },
			want:    []string{"i-fw traffic 10.3.3.50>10.3.1.10:6081 REJECT by acl-3t:ingress:1", both[1]},
			refused: "no appliance of g can be reached",
		},
		"an appliance in another Zone": {
			ingress: []netmodel.GroupRule{udp("0.0.0.0/0"), http}, egress: []netmodel.GroupRule{udp("0.0.0.0/0")}, action: Reject,
			change: func(n *netmodel.Network) {
				n.Subnets["subnet-3a"].AZ, n.Subnets["subnet-3a"].AZID = "eu-west-1b", "euw1-az2"
			},
			want:    []string{"i-fw traffic invalid IP>10.3.1.10:6081 REJECT: it is in eu-west-1b, this node in eu-west-1a, and cross-zone load balancing is off"},
			refused: "no appliance of g can be reached",
		},
		"appliances that were not described": {
			change: func(n *netmodel.Network) { n.TargetGroups[tg].Targets, n.TargetGroups[tg].TargetsKnown = nil, false }, action: Accept, want: []string{},
			note: "the targets of tg-g, behind vpce-1f, are not in the input",
		},
		"an appliance that is not there": {
			change: func(n *netmodel.Network) { n.TargetGroups[tg].Targets[0].ID = "i-9" }, action: Accept,
			want: []string{"i-9 traffic invalid IP>invalid IP:6081 unknown: no ENI of i-9 is in the input"},
		},
		"a service that was not described": {
			change: func(n *netmodel.Network) { n.EndpointServices = nil }, action: Accept, want: []string{},
			note: "which Gateway Load Balancer is behind vpce-1f is not in the input",
		},
		"no ENI in the Zone of the endpoint": {
			change: func(n *netmodel.Network) { n.Subnets["subnet-3t"].AZID = "euw1-az3" }, action: Accept, want: []string{},
			note: "no ENI of g in the Availability Zone of vpce-1f is in the input",
		},
		"a firewall of AWS": {change: func(n *netmodel.Network) { n.VPCEndpoints["vpce-1f"].Managed = true }, action: Accept, want: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			n := routed()
			inspected(n)
			route(n, "rtb-1a", "10.1.2.0/24", netmodel.TargetVPCEndpoint, "vpce-1f")
			route(n, "rtb-1p", "10.1.1.0/24", netmodel.TargetVPCEndpoint, "vpce-1f")
			n.VPCEndpoints["vpce-1f"].Service = service
			n.EndpointServices = map[string]*netmodel.EndpointService{"vpce-svc-1": {ID: "vpce-svc-1", Service: service, LoadBalancers: []string{arn}}}
			n.LoadBalancers = map[string]*netmodel.LoadBalancer{arn: {ID: arn, Name: "g", VPC: "vpc-3", Kind: "gateway", Subnets: []string{"subnet-3t"}}}
			n.Listeners = map[string]*netmodel.Listener{"l": {ID: "l", LoadBalancer: arn, Actions: []netmodel.ListenerAction{{Kind: "forward", TargetGroups: []string{tg}}}}}
			n.TargetGroups = map[string]*netmodel.TargetGroup{tg: {
				ID: tg, Name: "tg-g", VPC: "vpc-3", Protocol: "GENEVE", Port: 6081, TargetKind: "instance", HealthCheckPort: "80", TargetsKnown: true, Targets: []netmodel.BalancerTarget{{ID: "i-fw"}},
			}}
			n.Interfaces["eni-g"] = &netmodel.Interface{
				ID: "eni-g", VPC: "vpc-3", Subnet: "subnet-3t", Type: "gateway_load_balancer", Role: netmodel.RoleGWLB, Resource: "gwy/g/1", Addresses: []netip.Addr{addr("10.3.3.50")},
			}
			n.SecurityGroups["sg-fw"] = &netmodel.SecurityGroup{ID: "sg-fw", Ingress: tt.ingress, Egress: tt.egress}
			n.Interfaces["eni-3a"].Instance, n.Interfaces["eni-3a"].Groups = "i-fw", []string{"sg-fw"}
			if tt.change != nil {
				tt.change(n)
			}
			p := tcp("10.1.1.10", 50000, "10.1.2.10", 443)
			path, err := New(n).Path("eni-1a", "", &p)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, legTexts(path.Legs)); diff != "" || path.Action != tt.action {
				t.Errorf("%s, want %s (-want +got):\n%s", path.Action, tt.action, diff)
			}
			last := path.Forward[len(path.Forward)-1]
			if (tt.refused != "") != (last.Action == Reject) || !strings.Contains(last.Why, tt.refused) {
				t.Errorf("%+v, want %q", last, tt.refused)
			}
			notes := path.Notes
			for _, l := range path.Legs {
				notes = append(notes, l.Notes...)
			}
			if !slices.ContainsFunc(append(notes, ""), func(s string) bool { return strings.Contains(s, tt.note) }) {
				t.Errorf("no note %q in %q", tt.note, notes)
			}
		})
	}
}
