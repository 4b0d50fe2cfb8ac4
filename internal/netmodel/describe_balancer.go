package netmodel

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
)

func (p *part) loadBalancer(at string, v *struct {
	LoadBalancerArn, LoadBalancerName, Type, VpcId, DNSName, Scheme, IpAddressType string

	State             struct{ Code string }
	SecurityGroups    []string
	AvailabilityZones []struct {
		SubnetId, ZoneName    string
		LoadBalancerAddresses []struct{ IpAddress, AllocationId, PrivateIPv4Address, IPv6Address string }
	}
	EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic string
},
) error {
	id := parseARN(v.LoadBalancerArn)
	out := &LoadBalancer{
		ID: v.LoadBalancerArn, Name: v.LoadBalancerName, Account: id.account, Region: id.region, VPC: v.VpcId, Kind: v.Type, DNSName: v.DNSName,
		Scheme: v.Scheme, State: v.State.Code, Groups: v.SecurityGroups, AddressType: v.IpAddressType,
		PrivateLinkRules: v.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic,
	}
	for i, z := range v.AvailabilityZones {
		out.Subnets = append(out.Subnets, z.SubnetId)
		out.Region = cmp.Or(out.Region, regionOf(z.ZoneName))
		for j, a := range z.LoadBalancerAddresses {
			one := BalancerAddress{Subnet: z.SubnetId, Allocation: a.AllocationId}
			for _, f := range []struct {
				to         *netip.Addr
				name, text string
			}{{&one.Public, "IpAddress", a.IpAddress}, {&one.Private, "PrivateIPv4Address", a.PrivateIPv4Address}, {&one.IPv6, "IPv6Address", a.IPv6Address}} {
				var err error
				if *f.to, err = optionalAddr(fmt.Sprintf("%s.AvailabilityZones[%d].LoadBalancerAddresses[%d].%s", at, i, j, f.name), f.text); err != nil {
					return err
				}
			}
			out.Addresses = append(out.Addresses, one)
		}
	}
	return p.putBalancer(at, out)
}

func (p *part) putBalancer(at string, out *LoadBalancer) error {
	return put(p, at, "LoadBalancerArn", p.LoadBalancers, out.ID, out, (*LoadBalancer).with)
}

// with returns what describe-load-balancers and the attributes say of a load balancer.
func (b *LoadBalancer) with(o *LoadBalancer) (*LoadBalancer, bool) {
	if b.Kind != "" && o.Kind != "" {
		x, y := *b, *o
		x.Attributes, y.Attributes = nil, nil
		if !reflect.DeepEqual(x, y) {
			return nil, false
		}
	}
	return fill(b, o)
}

func (p *part) classicLoadBalancer(at string, v *struct {
	LoadBalancerName, DNSName, Scheme, VPCId   string
	Subnets, SecurityGroups, AvailabilityZones []string
	Instances                                  []struct{ InstanceId string }
	HealthCheck                                struct{ Target string }
	ListenerDescriptions                       []struct {
		Listener struct {
			Protocol, InstanceProtocol     string
			LoadBalancerPort, InstancePort int
		}
	}
},
) error {
	out := &LoadBalancer{
		ID: v.DNSName, Name: v.LoadBalancerName, VPC: v.VPCId, Kind: "classic", DNSName: v.DNSName, Scheme: v.Scheme,
		Subnets: v.Subnets, Groups: v.SecurityGroups, HealthCheck: v.HealthCheck.Target,
	}
	for _, z := range v.AvailabilityZones {
		out.Region = cmp.Or(out.Region, regionOf(z))
	}
	for _, i := range v.Instances {
		out.Instances = append(out.Instances, i.InstanceId)
	}
	for _, l := range v.ListenerDescriptions {
		out.Listeners = append(out.Listeners, ClassicListener{
			Protocol: l.Listener.Protocol, InstanceProtocol: l.Listener.InstanceProtocol,
			Port: l.Listener.LoadBalancerPort, InstancePort: l.Listener.InstancePort,
		})
	}
	return put(p, at, "DNSName", p.LoadBalancers, out.ID, out, (*LoadBalancer).with)
}

// describedAction is an action of a listener or a rule. AWS names the target group of a
// plain forward twice.
type describedAction struct {
	Type, TargetGroupArn string
	ForwardConfig        struct {
		TargetGroups []struct{ TargetGroupArn string }
	}
}

func actions(described []describedAction) []ListenerAction {
	var out []ListenerAction
	for _, a := range described {
		one := ListenerAction{Kind: a.Type}
		if a.TargetGroupArn != "" {
			one.TargetGroups = append(one.TargetGroups, a.TargetGroupArn)
		}
		for _, g := range a.ForwardConfig.TargetGroups {
			one.TargetGroups = append(one.TargetGroups, g.TargetGroupArn)
		}
		one.TargetGroups = set(one.TargetGroups)
		out = append(out, one)
	}
	return out
}

type describedListener struct {
	ListenerArn, LoadBalancerArn, Protocol string
	Port                                   int
	DefaultActions                         []describedAction
}

func (p *part) listener(at string, v *describedListener) error {
	out := &Listener{ID: v.ListenerArn, LoadBalancer: v.LoadBalancerArn, Protocol: v.Protocol, Port: v.Port, Actions: actions(v.DefaultActions)}
	return put(p, at, "ListenerArn", p.Listeners, out.ID, out, same)
}

// listeners adds answers of describe-listeners with the load balancer beside them, as
// collectors write them.
func (p *part) listeners(at string, v *struct {
	LoadBalancerArn string
	Listeners       []describedListener
},
) error {
	for i := range v.Listeners {
		at := fmt.Sprintf("%s.Listeners[%d]", at, i)
		if l := &v.Listeners[i]; l.LoadBalancerArn != v.LoadBalancerArn {
			return bad(at+".LoadBalancerArn", "%q, and %q beside the list", l.LoadBalancerArn, v.LoadBalancerArn)
		}
		if err := p.listener(at, &v.Listeners[i]); err != nil {
			return err
		}
	}
	return nil
}

// listenerRule adds a rule, whose ARN is its listener's and one part more.
//
// Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS
// Elastic Load Balancing V2".
func (p *part) listenerRule(at string, v *struct {
	RuleArn, Priority string
	Conditions        []struct {
		Field          string
		SourceIpConfig struct{ Values []string }
	}
	Actions []describedAction
},
) error {
	out := &ListenerRule{ID: v.RuleArn, Priority: v.Priority, Actions: actions(v.Actions)}
	if of, ok := strings.CutPrefix(parseARN(v.RuleArn).resource, "listener-rule/"); ok {
		listener := strings.TrimSuffix(v.RuleArn, "listener-rule/"+of) + "listener/" + of
		out.Listener = listener[:strings.LastIndexByte(listener, '/')]
	} else {
		return bad(at+".RuleArn", "%q is no ARN of a rule of a listener", v.RuleArn)
	}
	for i, c := range v.Conditions {
		for j, text := range c.SourceIpConfig.Values {
			one, err := parseAnyCIDR(fmt.Sprintf("%s.Conditions[%d].SourceIpConfig.Values[%d]", at, i, j), text)
			if err != nil {
				return err
			}
			out.Sources = append(out.Sources, one)
		}
	}
	return put(p, at, "RuleArn", p.ListenerRules, out.ID, out, same)
}

func (p *part) targetGroup(at string, v *struct {
	TargetGroupArn, TargetGroupName, VpcId, Protocol, TargetType, IpAddressType string

	Port                                 int
	LoadBalancerArns                     []string
	HealthCheckProtocol, HealthCheckPort string
},
) error {
	id := parseARN(v.TargetGroupArn)
	return p.putTargetGroup(at, &TargetGroup{
		ID: v.TargetGroupArn, Name: v.TargetGroupName, Account: id.account, Region: id.region, VPC: v.VpcId, Protocol: v.Protocol, Port: v.Port,
		TargetKind: v.TargetType, AddressType: v.IpAddressType, LoadBalancers: v.LoadBalancerArns,
		HealthCheckProtocol: v.HealthCheckProtocol, HealthCheckPort: v.HealthCheckPort,
	})
}

func (p *part) putTargetGroup(at string, out *TargetGroup) error {
	return put(p, at, "TargetGroupArn", p.TargetGroups, out.ID, out, (*TargetGroup).with)
}

type describedTarget struct {
	HealthCheckPort string
	Target          struct {
		Id, AvailabilityZone string
		Port                 int
	}
	TargetHealth struct{ State, Reason string }
}

// targetHealth adds the answer of describe-target-health, which does not say of which target
// group: the file does.
func (p *part) targetHealth(at string, targets []describedTarget) error {
	id := p.text("TargetGroupArn")
	if id == "" {
		return bad(at, `the answer does not say of what it is: put "TargetGroupArn" beside it`)
	}
	return p.addTargets(at, id, targets)
}

// targetsHealth adds such answers with the target group beside them, as collectors write
// them.
func (p *part) targetsHealth(at string, v *struct {
	TargetGroupArn           string
	TargetHealthDescriptions []describedTarget
},
) error {
	return p.addTargets(at, v.TargetGroupArn, v.TargetHealthDescriptions)
}

func (p *part) addTargets(at, group string, targets []describedTarget) error {
	out := &TargetGroup{ID: group, TargetsKnown: true}
	for _, v := range targets {
		out.Targets = append(out.Targets, BalancerTarget{
			ID: v.Target.Id, Port: v.Target.Port, AZ: v.Target.AvailabilityZone, State: v.TargetHealth.State, Reason: v.TargetHealth.Reason,
			HealthCheckPort: v.HealthCheckPort,
		})
	}
	return p.putTargetGroup(at, out)
}

// with returns what describe-target-groups, describe-target-health and the attributes say
// of a target group.
func (g *TargetGroup) with(o *TargetGroup) (*TargetGroup, bool) {
	x, y := *g, *o
	x.Attributes, y.Attributes = nil, nil
	if x.TargetsKnown && y.TargetsKnown && !reflect.DeepEqual(x.Targets, y.Targets) {
		return nil, false
	}
	x.Targets, y.Targets, x.TargetsKnown, y.TargetsKnown = nil, nil, false, false
	if x.TargetKind != "" && y.TargetKind != "" && !reflect.DeepEqual(x, y) {
		return nil, false
	}
	return fill(g, o)
}

type attribute struct{ Key, Value string }

// attributes adds the answer of describe-load-balancer-attributes or
// describe-target-group-attributes, which do not say of what: the file does.
func (p *part) attributes(at string, all []attribute) error {
	balancer, group := p.text("LoadBalancerArn"), p.text("TargetGroupArn")
	if (balancer == "") == (group == "") {
		return bad(at, `the answer does not say of what it is: put one of "LoadBalancerArn" and "TargetGroupArn" beside it`)
	}
	return p.addAttributes(at, balancer, group, all)
}

// balancerAttributes adds such answers with the load balancer or target group beside them,
// as collectors write them.
func (p *part) balancerAttributes(at string, v *struct {
	LoadBalancerArn, TargetGroupArn string
	Attributes                      []attribute
},
) error {
	if (v.LoadBalancerArn == "") == (v.TargetGroupArn == "") {
		return bad(at, "just one of LoadBalancerArn and TargetGroupArn is expected")
	}
	return p.addAttributes(at, v.LoadBalancerArn, v.TargetGroupArn, v.Attributes)
}

func (p *part) addAttributes(at, balancer, group string, all []attribute) error {
	named := map[string]string{}
	for _, a := range all {
		named[a.Key] = a.Value
	}
	if balancer != "" {
		return p.putBalancer(at, &LoadBalancer{ID: balancer, Attributes: named})
	}
	return p.putTargetGroup(at, &TargetGroup{ID: group, Attributes: named})
}
