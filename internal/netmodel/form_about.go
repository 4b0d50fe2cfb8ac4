package netmodel

import (
	"net/netip"
	"reflect"
)

// formAbout says what a key is for: by the type and the key, else by the key for all types
// that have it.
var formAbout = map[string]string{
	"vpcs": "VPCs", "subnets": "subnets", "network-interfaces": "network interfaces (ENIs)",
	"security-groups": "security groups", "network-acls": "network ACLs; what no entry decides is denied, by the entry *, which is not written",
	"prefix-lists": "prefix lists, customers' and AWS's", "route-tables": "route tables of VPCs", "internet-gateways": "internet gateways",
	"egress-only-internet-gateways": "egress-only internet gateways", "nat-gateways": "NAT gateways", "vpn-gateways": "virtual private gateways",
	"elastic-ips": "Elastic IP addresses, by allocation id", "vpc-peering-connections": "VPC peering connections", "vpc-endpoints": "VPC endpoints",
	"endpoint-services": "endpoint services, as their providers describe them",
	"transit-gateways":  "transit gateways", "transit-gateway-attachments": "attachments to transit gateways",
	"transit-gateway-route-tables": "route tables of transit gateways", "load-balancers": "load balancers, by ARN, classic ones by DNS name",
	"listeners": "listeners, by ARN", "listener-rules": "rules of listeners, by ARN", "target-groups": "target groups, by ARN",
	"resources": "resources of services that have ENIs: RDS, ElastiCache, Redshift, WorkSpaces, Lambda, EFS", "subnet-groups": "subnet groups of RDS, ElastiCache and Redshift",
	"flow-logs": "flow logs", "block-public-access": "VPC Block Public Access, by account and region as 111122223333/eu-west-1",
	"block-public-access-exclusions": "exclusions from VPC Block Public Access",

	"account": "owner, where that is another than the file's", "region": "region, where that is another than the file's",
	"name": "name, for people", "vpc": "id of the VPC", "subnet": "id of the subnet", "az": "Availability Zone, by name", "az-id": "id of the Availability Zone",
	"description": "description", "state": "state, where it is not the one in which such things work", "status": "status",
	"cidrs": "CIDRs", "groups": "ids of security groups", "attributes": "attributes, as AWS names them",

	"VPC.cidrs": "IPv4 and IPv6 CIDRs, the primary one first", "Subnet.cidrs": "IPv4 and IPv6 CIDRs",
	"VPC.block-public-access": "mode of VPC Block Public Access that holds for it", "Subnet.block-public-access": "mode of VPC Block Public Access that holds for it",
	"Interface.vpc": "id of the VPC, where the subnet is not in the file", "Interface.type": "as EC2 names it: interface, nat_gateway, network_load_balancer...",
	"Interface.addresses": "private IPv4 and IPv6 addresses, the primary one first", "Interface.public": "public IPv4 addresses by the private ones that they stand for",
	"Interface.prefixes": "delegated prefixes", "Interface.mac": "MAC address", "Interface.instance": "id of the instance", "Interface.managed": "requester-managed", "Interface.primary": "primary ENI of its instance",
	"Interface.requester": "who made a requester-managed ENI", "Interface.attached-by": "account or service that attached it, as amazon-elb",
	"Interface.source-dest-check": "whether it refuses what is not from or to itself", "Interface.deny-internet-gateways": "cut off from internet gateways by VPC Block Public Access",
	"Interface.connection-tracking": "idle timeouts of tracked connections, in seconds", "Interface.status": "available, in-use...",
	"SecurityGroup.ingress": "rules for what comes in", "SecurityGroup.egress": "rules for what goes out; [] for nothing",
	"NetworkACL.default": "the VPC's default network ACL: without subnets, it is that of all subnets that no other one names", "NetworkACL.subnets": "ids of associated subnets",
	"NetworkACL.ingress": "entries for what comes in", "NetworkACL.egress": "entries for what goes out",
	"PrefixList.cidrs": "entries; where the key is not there, they are unknown", "PrefixList.family": "IPv4 or IPv6", "PrefixList.max-entries": "what a rule with the list counts for",
	"RouteTable.main": "holds for all subnets of the VPC that no other one names", "RouteTable.subnets": "ids of associated subnets",
	"RouteTable.gateways": "ids of associated internet, virtual private and regional NAT gateways (edge associations)", "RouteTable.pools": "associated public IPv4 pools",
	"RouteTable.propagating-vpn-gateways": "ids of virtual private gateways whose routes come in", "RouteTable.routes": "routes; the local ones are made where no other one has their CIDR",
	"RouteTable.local-routes": "false: no local routes are made", "InternetGateway.vpc": "id of the VPC that it is attached to", "VPNGateway.vpc": "id of the VPC that it is attached to",
	"NATGateway.connectivity": "public or private", "NATGateway.availability": "zonal or regional", "NATGateway.route-table": "id of a regional one's own route table",
	"NATGateway.addresses": "its addresses", "NATAddress.allocation": "id of the Elastic IP", "ElasticIP.address": "the address", "ElasticIP.private": "private address that it stands for",
	"PeeringConnection.requester": "VPC that asked", "PeeringConnection.accepter": "VPC that accepted", "PeeringConnection.status": "status, where it is not active",
	"PeeringSide.cidrs": "CIDRs, where the VPC is not in the file", "PeeringSide.resolves-dns": "the other side's queries of its DNS names get private addresses",
	"VPCEndpoint.network-interfaces": "ids of its ENIs", "Resource.network-interfaces": "ids of its ENIs",
	"VPCEndpoint.service": "name of the service, as com.amazonaws.eu-west-1.s3", "VPCEndpoint.route-tables": "ids of route tables with a route to a gateway endpoint",
	"EndpointService.service": "name that endpoints have it by, as com.amazonaws.vpce.eu-west-1.vpce-svc-1", "EndpointService.load-balancers": "ARNs of network or gateway load balancers",
	"BalancerTarget.id": "id of an instance, an address, or an ARN", "TargetGroup.protocol": "TCP, TLS, UDP, TCP_UDP, HTTP, HTTPS, GENEVE...",
	"Listener.protocol": "TCP, TLS, UDP, TCP_UDP, HTTP, HTTPS...", "ClassicListener.protocol": "TCP, SSL, HTTP or HTTPS",
	"TransitGatewayAttachment.far": "other side of a peering that has one id at both transit gateways", "TransitGatewayHalf.route-table": "id of the route table that it is associated with",
	"TransitGatewayHalf.resource":   "id of the transit gateway on the first side",
	"TransitGatewayAttachment.kind": "vpc, vpn, peering, connect...", "TransitGatewayAttachment.resource": "id of what is attached",
	"TransitGatewayAttachment.route-table": "id of the route table that it is associated with", "TransitGatewayRouteTable.routes": "routes; where the key is not there, they are unknown",
	"TransitGatewayRouteTable.routes-known":  "static: just static ones are there; some: AWS had more; searched: all of a search",
	"TransitGatewayRouteTable.propagations":  "attachments whose routes come in; where the key is not there, they are unknown",
	"TransitGateway.association-route-table": "id of the route table that new attachments are associated with", "TransitGateway.propagation-route-table": "id of the route table that new attachments propagate to",
	"TargetGroup.targets": "targets; where the key is not there, they are unknown", "FlowLog.resource": "id of what it covers", "FlowLog.traffic": "ACCEPT, REJECT or ALL",
	"FlowLog.format": "LogFormat, as ${version} ${account-id}...", "FlowLog.interval": "maximum aggregation interval in seconds", "Listener.load-balancer": "ARN of the load balancer",

	"tcp": "port, ports as 1024-65535, or all", "udp": "port, ports as 1024-65535, or all", "icmp": "type as 8, type and code as 3/4, or all",
	"icmpv6": "type as 128, type and code as 1/4, or all", "protocol": "number of another protocol, or all for everything",
	"from": "where it comes from", "to": "where it goes to", "rule.peer": "a CIDR, or the id of a security group or prefix list", "id": "id of the rule, as sgr-...",
	"reference": "of a security group: its account, and where it is in a peer VPC, that and the peering connection",
	"number":    "number of the entry, the lowest decides first", "action": "allow or deny",
	"via":      "local, or the id of a gateway, transit gateway, peering connection, endpoint or ENI; gone where a blackhole has none",
	"via-kind": "kind of the target, where its id does not say it", "origin": "CreateRoute, CreateRouteTable, EnableVgwRoutePropagation or Advertisement",
	"transit.via": "ids of attachments; none of a blackhole", "type": "type",
}

// aboutKey returns what a key of a type is for, "" where its name says it.
func aboutKey(t reflect.Type, key string) string {
	if about, ok := formAbout[t.Name()+"."+key]; ok {
		return about
	}
	if _, section := sectionOf(key); section {
		return "" // what things of the section are is said there
	}
	return formAbout[key]
}

// sectionOf returns the section of a key.
func sectionOf(key string) (formSection, bool) {
	for _, s := range formSections {
		if s.key == key {
			return s, true
		}
	}
	return formSection{}, false
}

// formNoun names one thing of a type.
func formNoun(t reflect.Type) string { return words(t.Name()) }

// formType names what a value is of.
func formType(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[netip.Addr]():
		return "address"
	case reflect.TypeFor[netip.Prefix]():
		return "CIDR"
	case reflect.TypeFor[GroupRule]():
		return "rule"
	case reflect.TypeFor[ACLEntry]():
		return "entry"
	case reflect.TypeFor[Route](), reflect.TypeFor[TransitGatewayRoute]():
		return "route"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return formType(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "number"
	case reflect.Slice:
		return "list of " + formType(t.Elem())
	case reflect.Map:
		return formType(t.Key()) + " to " + formType(t.Elem())
	case reflect.Struct:
		return "mapping: " + formNoun(t)
	}
	return "text"
}
