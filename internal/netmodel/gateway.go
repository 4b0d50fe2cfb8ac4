package netmodel

import "net/netip"

// InternetGateway is an internet gateway, or an egress-only one.
type InternetGateway struct {
	ID, Name        string
	Account, Region string // of the owner; an egress-only one's account is nowhere said
	// VPC is the id of the one that it is attached to; "" where it is detached, or not
	// attached yet.
	VPC string
}

// VPNGateway is a virtual private gateway.
type VPNGateway struct {
	ID, Name, State string
	Region          string
	// VPC is as of [InternetGateway].
	VPC string
}

// NATGateway is a NAT gateway.
type NATGateway struct {
	ID, Name, VPC string
	Region        string
	// Subnet is that of a zonal one; a regional one has none.
	Subnet string
	// Connectivity is public or private; "" where neither the answer nor an Elastic IP says.
	Connectivity string
	// Availability is zonal or regional; "" where neither the answer nor a subnet says.
	Availability string
	// State is pending, failed, available, deleting or deleted.
	State string
	// RouteTable is the id of a regional one's own route table.
	RouteTable string
	// Addresses are in the order of the input, the primary one among them.
	Addresses []NATAddress
}

// NATAddress is an address of a NAT gateway.
type NATAddress struct {
	Interface       string // id; "" of a regional one
	Private, Public netip.Addr
	Allocation      string // id of the Elastic IP
	Primary         bool   // false too where the input does not say
	// Status is assigning, unassigning, associating, disassociating, succeeded or failed; ""
	// where the input does not say.
	Status   string
	AZ, AZID string
}

// ElasticIP is an Elastic IP address, or one that a service has for its resource.
type ElasticIP struct {
	ID, Name  string // the id is eipalloc-..., or the address itself where it has none
	Region    string
	Address   netip.Addr
	Private   netip.Addr // that it stands for; invalid where it is not associated
	Interface string     // id
	Instance  string     // id
	// InterfaceAccount is the owner of the ENI; the address's own account is nowhere said.
	InterfaceAccount string
	// Service is alb, nlb, rnat or rds where a service manages it.
	Service string
}
