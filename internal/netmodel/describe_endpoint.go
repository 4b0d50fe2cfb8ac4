package netmodel

import (
	"slices"
	"strings"
)

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

// endpointService adds an endpoint service, whose region its name has, and whose account the
// ARNs of its load balancers.
//
// Source: EC2 API reference, ServiceConfiguration; PrivateLink guide, "Endpoint services" (the
// name is com.amazonaws.vpce.REGION.ID).
func (p *part) endpointService(at string, v *struct {
	ServiceId, ServiceName, ServiceState             string
	NetworkLoadBalancerArns, GatewayLoadBalancerArns []string

	Tags tags
},
) error {
	out := &EndpointService{
		ID: v.ServiceId, Name: v.Tags.name(), Service: v.ServiceName, State: v.ServiceState,
		LoadBalancers: slices.Concat(v.NetworkLoadBalancerArns, v.GatewayLoadBalancerArns),
	}
	if parts := strings.Split(v.ServiceName, "."); len(parts) > 3 && parts[2] == "vpce" {
		out.Region = parts[3]
	}
	for _, arn := range out.LoadBalancers {
		out.Account = parseARN(arn).account
	}
	return put(p, at, "ServiceId", p.EndpointServices, out.ID, out, same)
}
