package netmodel

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
