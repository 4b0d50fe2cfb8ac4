package policy

import (
	"fmt"
	"net/netip"
	"strings"

	"weir/internal/netmodel"
)

// ARNs of the load balancers and target groups of balanced.
const (
	elb     = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:"
	nlbARN  = elb + "loadbalancer/net/n/1"
	albARN  = elb + "loadbalancer/app/a/1"
	nlbTG   = elb + "targetgroup/tg-n/1"
	albTG   = elb + "targetgroup/tg-a/1"
	someFun = "arn:aws:lambda:eu-west-1:111122223333:function:f"
)

// balanced returns the network of routed with load balancers in subnet-1p, which all listen at
// port 443 and send to the instance i-1 at eni-1a, port 8443, and check its health at port 8080:
// the network one n (eni-n, 10.1.2.50, group sg-n), the application one a (eni-a, 10.1.2.60,
// sg-a), and the classic one c (eni-c, 10.1.2.70, sg-c). Groups of load balancers let in port
// 443 and out all; eni-1a carries sg-t, which lets in what the tests say.
func balanced(ingress ...netmodel.GroupRule) *netmodel.Network {
	n := routed()
	n.LoadBalancers = map[string]*netmodel.LoadBalancer{
		nlbARN: {ID: nlbARN, Name: "n", VPC: "vpc-1", Kind: "network", Subnets: []string{"subnet-1p"}, Groups: []string{"sg-n"}},
		albARN: {ID: albARN, Name: "a", VPC: "vpc-1", Kind: "application", Subnets: []string{"subnet-1p"}, Groups: []string{"sg-a"}},
		"c.elb": {
			ID: "c.elb", Name: "c", VPC: "vpc-1", Kind: "classic", Subnets: []string{"subnet-1p"}, Groups: []string{"sg-c"}, Instances: []string{"i-1"},
			Listeners: []netmodel.ClassicListener{{Protocol: "TCP", Port: 443, InstanceProtocol: "TCP", InstancePort: 8443}}, HealthCheck: "HTTP:8080/up",
		},
	}
	n.Listeners, n.ListenerRules, n.TargetGroups = map[string]*netmodel.Listener{}, map[string]*netmodel.ListenerRule{}, map[string]*netmodel.TargetGroup{}
	for _, b := range []struct{ arn, group, protocol, of string }{{nlbARN, nlbTG, "TCP", "TCP"}, {albARN, albTG, "HTTPS", "HTTPS"}} {
		forward := []netmodel.ListenerAction{{Kind: "forward", TargetGroups: []string{b.group}}}
		listener := strings.Replace(b.arn, "loadbalancer", "listener", 1) + "/443"
		n.Listeners[listener] = &netmodel.Listener{ID: listener, LoadBalancer: b.arn, Protocol: b.protocol, Port: 443, Actions: forward}
		rule := strings.Replace(listener, "listener", "listener-rule", 1) + "/d"
		if b.arn == albARN {
			n.ListenerRules[rule] = &netmodel.ListenerRule{ID: rule, Listener: listener, Priority: "default", Actions: forward}
		}
		n.TargetGroups[b.group] = &netmodel.TargetGroup{
			ID: b.group, Name: shortName(b.group), VPC: "vpc-1", Protocol: b.of, Port: 8443, TargetKind: "instance", AddressType: "ipv4",
			HealthCheckProtocol: "HTTP", HealthCheckPort: "8080", LoadBalancers: []string{b.arn}, TargetsKnown: true,
			Targets: []netmodel.BalancerTarget{{ID: "i-1", Port: 8443, State: "healthy"}},
		}
	}
	for id, b := range map[string]struct {
		addr, kind, group string
		role              netmodel.Role
		resource          string
	}{
		"eni-n": {"10.1.2.50", "network_load_balancer", "sg-n", netmodel.RoleNLB, "net/n/1"},
		"eni-a": {"10.1.2.60", "interface", "sg-a", netmodel.RoleALB, "app/a/1"},
		"eni-c": {"10.1.2.70", "interface", "sg-c", netmodel.RoleClassicBalancer, "c"},
	} {
		n.Interfaces[id] = &netmodel.Interface{
			ID: id, VPC: "vpc-1", Subnet: "subnet-1p", Type: b.kind, Role: b.role, Resource: b.resource, Groups: []string{b.group}, Addresses: []netip.Addr{addr(b.addr)},
		}
		n.SecurityGroups[b.group] = &netmodel.SecurityGroup{
			ID:      b.group,
			Ingress: []netmodel.GroupRule{from("sgr-443-"+b.group, ports(netmodel.TCP, 443, 443), "0.0.0.0/0"), from("sgr-443u-"+b.group, ports(netmodel.UDP, 443, 443), "0.0.0.0/0")},
			Egress:  []netmodel.GroupRule{from("sgr-out-"+b.group, all(), "0.0.0.0/0")},
		}
	}
	n.Interfaces["eni-1a"].Instance, n.Interfaces["eni-1a"].Groups = "i-1", []string{"sg-t"}
	n.SecurityGroups["sg-t"] = &netmodel.SecurityGroup{ID: "sg-t", Ingress: ingress}
	return n
}

// referring returns the rule sgr-ref, whose peer is a group.
func referring(t netmodel.Traffic, group string) netmodel.GroupRule {
	return netmodel.GroupRule{ID: "sgr-ref", Traffic: t, Peer: netmodel.Peer{Group: group}}
}

// legTexts returns each leg in a line: what it carries to whom, from which address to which,
// and what became of it, with what decided last.
func legTexts(legs []Leg) []string {
	out := []string{}
	for _, l := range legs {
		action := string(l.Action)
		if action == "" {
			action = "unknown"
		}
		last := ""
		for _, s := range append(l.Forward, l.Reply...) {
			if s.Stage == SecurityGroup && l.Action == Accept && s.Direction == netmodel.Ingress && s.Interface == l.To && last == "" {
				last = " by " + s.Rule
			}
			if s.Action == Reject {
				last = " by " + s.Rule + s.Gateway
			}
		}
		if last == "" && l.Why != "" {
			last = ": " + l.Why
		}
		id := l.Target
		if strings.HasPrefix(id, elb) {
			id = id[strings.LastIndex(id, ":")+1:]
		}
		out = append(out, fmt.Sprintf("%s %s %s>%s:%d %s%s", id, l.Purpose, l.Src, l.Dst, l.DstPort, action, last))
	}
	return out
}
