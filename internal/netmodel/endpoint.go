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

// vpcEndpoint adds an endpoint. EC2 describes no kind of those before interface endpoints.
func (p *part) vpcEndpoint(at string, v *struct {
	VpcEndpointId, VpcEndpointType, VpcId, OwnerId, ServiceName, ServiceRegion, State string

	RouteTableIds, SubnetIds, NetworkInterfaceIds []string
	Groups                                        []struct{ GroupId string }
	PrivateDnsEnabled, RequesterManaged           bool
	Tags                                          tags
},
) error {
	out := &VPCEndpoint{
		ID: v.VpcEndpointId, Name: v.Tags.name(), VPC: v.VpcId, Account: v.OwnerId, Kind: v.VpcEndpointType, Service: v.ServiceName,
		ServiceRegion: v.ServiceRegion, State: lowerFirst(v.State), RouteTables: v.RouteTableIds, Subnets: v.SubnetIds,
		Interfaces: v.NetworkInterfaceIds, PrivateDNS: v.PrivateDnsEnabled, Managed: v.RequesterManaged,
	}
	for _, g := range v.Groups {
		out.Groups = append(out.Groups, g.GroupId)
	}
	return put(p, at, "VpcEndpointId", p.VPCEndpoints, out.ID, out, same)
}
