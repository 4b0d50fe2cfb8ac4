package netmodel

import "net/netip"

// LoadBalancer is a load balancer of any kind.
type LoadBalancer struct {
	// ID is the ARN; a classic one has none, and its DNS name is unique.
	ID, Name             string
	Account, Region, VPC string
	// Kind is application, network, gateway or classic.
	Kind    string
	DNSName string
	// Scheme is internet-facing or internal; "" of a gateway one.
	Scheme string
	// State is active, provisioning, active_impaired or failed; "" of a classic one.
	State string
	// Subnets are those that it has ENIs in, and Groups its security groups: a network one may
	// have none.
	Subnets, Groups []string
	// Addresses are those that were chosen for a network one.
	Addresses []BalancerAddress
	// AddressType is ipv4, dualstack or dualstack-without-public-ipv4; "" where the input does
	// not say.
	AddressType string
	// PrivateLinkRules is on or off: whether a network one's groups filter what comes through
	// an endpoint service; "" where the input does not say.
	PrivateLinkRules string
	// Listeners and Instances are those of a classic one.
	Listeners []ClassicListener
	Instances []string
	// HealthCheck is what a classic one asks its instances for, as TCP:80 or HTTP:80/path.
	HealthCheck string
	// Attributes are as AWS names them: load_balancing.cross_zone.enabled...; nil where none
	// was read.
	Attributes map[string]string
}

// BalancerAddress is an address of a network load balancer in a subnet.
type BalancerAddress struct {
	Subnet                string
	Private, Public, IPv6 netip.Addr
	Allocation            string // id of the Elastic IP
}

// ClassicListener is a listener of a classic load balancer.
type ClassicListener struct {
	Protocol, InstanceProtocol string
	Port, InstancePort         int
}

// Listener is a listener of an application, network or gateway load balancer.
type Listener struct {
	ID           string // ARN
	LoadBalancer string // ARN
	Protocol     string // "" of a gateway one, which takes all
	Port         int    // 0 of a gateway one
	Actions      []ListenerAction
}

// ListenerRule is a rule of a listener of an application load balancer. Of its conditions
// only source addresses are here: the others are no matter of the network.
type ListenerRule struct {
	ID       string // ARN
	Listener string // ARN
	Priority string // a number, or default
	Sources  []netip.Prefix
	Actions  []ListenerAction
}

// ListenerAction is what a listener or a rule does.
type ListenerAction struct {
	// Kind is forward, redirect, fixed-response, authenticate-oidc...
	Kind         string
	TargetGroups []string // ARNs
}

// TargetGroup is a target group.
type TargetGroup struct {
	ID, Name             string // the id is the ARN
	Account, Region, VPC string
	Protocol             string
	Port                 int
	// TargetKind is instance, ip, lambda or alb.
	TargetKind    string
	AddressType   string // ipv4 or ipv6
	LoadBalancers []string
	// HealthCheckPort is a number or traffic-port.
	HealthCheckProtocol, HealthCheckPort string
	// Targets are those of describe-target-health, if TargetsKnown.
	Targets      []BalancerTarget
	TargetsKnown bool
	// Attributes are as AWS names them: preserve_client_ip.enabled...; nil where none was
	// read.
	Attributes map[string]string
}

// BalancerTarget is a target of a target group.
type BalancerTarget struct {
	ID   string // of an instance, an address, or an ARN
	Port int
	AZ   string
	// State is initial, healthy, unhealthy, unused, draining or unavailable.
	State, Reason   string
	HealthCheckPort string
}
