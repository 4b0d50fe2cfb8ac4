package netmodel

// VPCEndpoint is a VPC endpoint.
type VPCEndpoint struct {
	ID, Name, VPC   string
	Account, Region string // of the owner
	// Kind is Interface, Gateway, GatewayLoadBalancer, Resource or ServiceNetwork.
	Kind string
	// Service is its name, as com.amazonaws.eu-west-1.s3, and ServiceRegion where it is; ""
	// where the input does not say.
	Service, ServiceRegion string
	// State is pendingAcceptance, pending, available, deleting, deleted, rejected, failed,
	// expired or partial.
	State string
	// RouteTables are the ids of those with a route to a gateway endpoint; the others have
	// Subnets, Interfaces and Groups.
	RouteTables, Subnets, Interfaces, Groups []string
	// PrivateDNS says that the service's own name leads to it.
	PrivateDNS bool
	// Managed says that a service of AWS made it.
	Managed bool
}
