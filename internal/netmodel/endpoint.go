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

// EndpointService is an endpoint service, as its provider describes it: load balancers to
// which VPC endpoints lead.
type EndpointService struct {
	ID, Name        string
	Account, Region string // of the provider
	// Service is the name that endpoints have it by: com.amazonaws.vpce.eu-west-1.vpce-svc-...
	Service string
	// State is Pending, Available, Deleting, Deleted or Failed.
	State string
	// LoadBalancers are the ARNs of network or of gateway load balancers.
	LoadBalancers []string
}
