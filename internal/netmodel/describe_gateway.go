package netmodel

import (
	"cmp"
	"fmt"
	"slices"
)

type attachments []struct{ State, VpcId string }

// vpc returns the VPC of an attachment that holds. EC2 says available of an internet
// gateway that is attached.
//
// Source: EC2 API reference, InternetGatewayAttachment.
func (a attachments) vpc() string {
	for _, one := range a {
		if one.State == "" || one.State == "attached" || one.State == "available" {
			return one.VpcId
		}
	}
	return ""
}

func (p *part) internetGateway(at string, v *struct {
	InternetGatewayId, OwnerId string
	Attachments                attachments
	Tags                       tags
},
) error {
	out := &InternetGateway{ID: v.InternetGatewayId, Name: v.Tags.name(), Account: v.OwnerId, VPC: v.Attachments.vpc()}
	return put(p, at, "InternetGatewayId", p.InternetGateways, out.ID, out, same)
}

func (p *part) egressOnlyInternetGateway(at string, v *struct {
	EgressOnlyInternetGatewayId string
	Attachments                 attachments
	Tags                        tags
},
) error {
	out := &InternetGateway{ID: v.EgressOnlyInternetGatewayId, Name: v.Tags.name(), VPC: v.Attachments.vpc()}
	return put(p, at, "EgressOnlyInternetGatewayId", p.EgressOnlyInternetGateways, out.ID, out, same)
}

func (p *part) vpnGateway(at string, v *struct {
	VpnGatewayId, State, AvailabilityZone string
	VpcAttachments                        attachments
	Tags                                  tags
},
) error {
	out := &VPNGateway{ID: v.VpnGatewayId, Name: v.Tags.name(), State: v.State, Region: regionOf(v.AvailabilityZone), VPC: v.VpcAttachments.vpc()}
	return put(p, at, "VpnGatewayId", p.VPNGateways, out.ID, out, same)
}

func (p *part) natGateway(at string, v *struct {
	NatGatewayId, VpcId, SubnetId, State, RouteTableId string
	ConnectivityType, AvailabilityMode                 string
	NatGatewayAddresses                                []struct {
		AllocationId, NetworkInterfaceId, PrivateIp, PublicIp string
		IsPrimary                                             bool
		Status, AvailabilityZone, AvailabilityZoneId          string
	}
	Tags tags
},
) error {
	out := &NATGateway{
		ID: v.NatGatewayId, Name: v.Tags.name(), VPC: v.VpcId, Subnet: v.SubnetId, State: v.State, RouteTable: v.RouteTableId,
		Connectivity: v.ConnectivityType, Availability: v.AvailabilityMode,
	}
	if out.Subnet != "" {
		out.Availability = cmp.Or(out.Availability, "zonal")
	}
	for i, a := range v.NatGatewayAddresses {
		at := fmt.Sprintf("%s.NatGatewayAddresses[%d]", at, i)
		one := NATAddress{
			Interface: a.NetworkInterfaceId, Allocation: a.AllocationId, Primary: a.IsPrimary, Status: a.Status,
			AZ: a.AvailabilityZone, AZID: a.AvailabilityZoneId,
		}
		var err error
		if one.Private, err = optionalAddr(at+".PrivateIp", a.PrivateIp); err == nil {
			one.Public, err = optionalAddr(at+".PublicIp", a.PublicIp)
		}
		if err != nil {
			return err
		}
		// Only a public one has Elastic IPs (VPC user guide, "NAT gateways"); answers of before
		// June 2021 do not say what it is.
		if one.Allocation != "" {
			out.Connectivity = cmp.Or(out.Connectivity, "public")
		}
		out.Region = cmp.Or(out.Region, regionOf(one.AZ))
		out.Addresses = append(out.Addresses, one)
	}
	if !slices.Contains([]string{"", "public", "private"}, out.Connectivity) {
		return bad(at+".ConnectivityType", "%q is neither public nor private", out.Connectivity)
	}
	if !slices.Contains([]string{"", "zonal", "regional"}, out.Availability) {
		return bad(at+".AvailabilityMode", "%q is neither zonal nor regional", out.Availability)
	}
	return put(p, at, "NatGatewayId", p.NATGateways, out.ID, out, same)
}

func (p *part) elasticIP(at string, v *struct {
	AllocationId, PublicIp, PrivateIpAddress       string
	NetworkInterfaceId, NetworkInterfaceOwnerId    string
	InstanceId, NetworkBorderGroup, ServiceManaged string
	CarrierIp, CustomerOwnedIp                     string
	Tags                                           tags
},
) error {
	text := cmp.Or(v.PublicIp, v.CarrierIp, v.CustomerOwnedIp)
	out := &ElasticIP{
		ID: cmp.Or(v.AllocationId, text), Name: v.Tags.name(), Region: regionOf(v.NetworkBorderGroup), Interface: v.NetworkInterfaceId,
		Instance: v.InstanceId, InterfaceAccount: v.NetworkInterfaceOwnerId, Service: v.ServiceManaged,
	}
	var err error
	if out.Address, err = parseAddr(at+".PublicIp", text); err == nil {
		out.Private, err = optionalAddr(at+".PrivateIpAddress", v.PrivateIpAddress)
	}
	if err != nil {
		return err
	}
	return put(p, at, "AllocationId", p.ElasticIPs, out.ID, out, same)
}
