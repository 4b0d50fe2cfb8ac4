package netmodel

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

type state struct{ State string }

// gone reports whether a CIDR's association is no more, or not yet.
func (s state) gone() bool { return s.State != "" && s.State != "associated" }

func (p *part) vpc(at string, v *struct {
	VpcId, OwnerId, Region, CidrBlock string // collectors add the region
	CidrBlockAssociationSet           []struct {
		CidrBlock      string
		CidrBlockState state
	}
	Ipv6CidrBlockAssociationSet []struct {
		Ipv6CidrBlock      string
		Ipv6CidrBlockState state
	}
	BlockPublicAccessStates blocked
	Tags                    tags
},
) error {
	out := &VPC{ID: v.VpcId, Name: v.Tags.name(), Account: v.OwnerId, Region: v.Region, BlockPublicAccess: v.BlockPublicAccessStates.InternetGatewayBlockMode}
	add := func(at, text string, v6 bool) error {
		c, err := parseCIDR(at, text, v6)
		if err == nil && !slices.Contains(out.CIDRs, c) {
			out.CIDRs = append(out.CIDRs, c)
		}
		return err
	}
	if v.CidrBlock != "" {
		if err := add(at+".CidrBlock", v.CidrBlock, false); err != nil {
			return err
		}
	}
	for i, a := range v.CidrBlockAssociationSet {
		if a.CidrBlockState.gone() {
			continue
		}
		if err := add(fmt.Sprintf("%s.CidrBlockAssociationSet[%d].CidrBlock", at, i), a.CidrBlock, false); err != nil {
			return err
		}
	}
	for i, a := range v.Ipv6CidrBlockAssociationSet {
		if a.Ipv6CidrBlockState.gone() {
			continue
		}
		if err := add(fmt.Sprintf("%s.Ipv6CidrBlockAssociationSet[%d].Ipv6CidrBlock", at, i), a.Ipv6CidrBlock, true); err != nil {
			return err
		}
	}
	return put(p, at, "VpcId", p.VPCs, out.ID, out, same)
}

type blocked struct{ InternetGatewayBlockMode string }

func (p *part) subnet(at string, v *struct {
	SubnetId, SubnetArn, OwnerId, VpcId, CidrBlock string
	AvailabilityZone, AvailabilityZoneId           string
	Ipv6CidrBlockAssociationSet                    []struct {
		Ipv6CidrBlock      string
		Ipv6CidrBlockState state
	}
	BlockPublicAccessStates blocked
	Tags                    tags
},
) error {
	id := parseARN(v.SubnetArn)
	out := &Subnet{
		ID: v.SubnetId, Name: v.Tags.name(), VPC: v.VpcId, Account: cmp.Or(v.OwnerId, id.account), AZ: v.AvailabilityZone, AZID: v.AvailabilityZoneId,
		Region: cmp.Or(id.region, regionOf(v.AvailabilityZone)), BlockPublicAccess: v.BlockPublicAccessStates.InternetGatewayBlockMode,
	}
	if v.CidrBlock != "" { // a subnet may have IPv6 only
		c, err := parseCIDR(at+".CidrBlock", v.CidrBlock, false)
		if err != nil {
			return err
		}
		out.CIDRs = append(out.CIDRs, c)
	}
	for i, a := range v.Ipv6CidrBlockAssociationSet {
		if a.Ipv6CidrBlockState.gone() {
			continue
		}
		c, err := parseCIDR(fmt.Sprintf("%s.Ipv6CidrBlockAssociationSet[%d].Ipv6CidrBlock", at, i), a.Ipv6CidrBlock, true)
		if err != nil {
			return err
		}
		out.CIDRs = append(out.CIDRs, c)
	}
	return put(p, at, "SubnetId", p.Subnets, out.ID, out, same)
}

// describedInterface is an interface as describe-network-interfaces and describe-instances
// print it.
type describedInterface struct {
	NetworkInterfaceId, VpcId, SubnetId string
	OwnerId, AvailabilityZone, Status   string
	Description, InterfaceType          string
	RequesterId, MacAddress             string
	RequesterManaged                    bool
	SourceDestCheck                     *bool
	DenyAllIgwTraffic                   bool
	ConnectionTrackingConfiguration     *struct{ TcpEstablishedTimeout, UdpTimeout, UdpStreamTimeout int }
	PrivateIpAddress                    string
	Association                         struct{ PublicIp string }
	PrivateIpAddresses                  []describedAddress
	Ipv6Addresses                       []struct{ Ipv6Address string }
	Ipv4Prefixes                        []struct{ Ipv4Prefix string }
	Ipv6Prefixes                        []struct{ Ipv6Prefix string }
	Groups                              []struct{ GroupId string }
	Attachment                          *describedAttachment
	TagSet                              tags
}

// describedAttachment is an ENI's attachment. The primary ENI of an instance is the first of
// its first network card.
//
// Source: EC2 API reference, NetworkInterfaceAttachment.
type describedAttachment struct {
	InstanceId, InstanceOwnerId string
	DeviceIndex                 *int
	NetworkCardIndex            int
}

// first reports whether it is the first of the first network card.
func (a *describedAttachment) first() bool {
	return a.DeviceIndex != nil && *a.DeviceIndex == 0 && a.NetworkCardIndex == 0
}

type describedAddress struct {
	PrivateIpAddress string
	Primary          bool
	Association      struct{ PublicIp string }
}

// parseMAC returns a MAC address as models have them: in lower case, with colons.
func parseMAC(at, text string) (string, error) {
	mac, err := net.ParseMAC(text)
	if err != nil || len(mac) != 6 {
		return "", bad(at, "%q is no MAC address", text)
	}
	return mac.String(), nil
}

func (p *part) networkInterface(at string, v *describedInterface) error {
	return p.addInterface(at, v, "", "")
}

func (p *part) addInterface(at string, v *describedInterface, instance, name string) error {
	out := &Interface{
		ID: v.NetworkInterfaceId, Name: cmp.Or(v.TagSet.name(), name), VPC: v.VpcId, Subnet: v.SubnetId,
		Description: v.Description, Type: v.InterfaceType, Instance: instance, Status: v.Status, Managed: v.RequesterManaged,
		Account: v.OwnerId, AZ: v.AvailabilityZone, Region: regionOf(v.AvailabilityZone),
		SourceDestCheck: v.SourceDestCheck, DenyInternetGateways: v.DenyAllIgwTraffic,
	}
	if c := v.ConnectionTrackingConfiguration; c != nil {
		out.ConnectionTracking = ConnectionTracking{c.TcpEstablishedTimeout, c.UdpTimeout, c.UdpStreamTimeout}
	}
	if v.RequesterManaged {
		out.Requester = v.RequesterId
	}
	if v.Attachment != nil {
		out.Instance, out.AttachedBy = cmp.Or(instance, v.Attachment.InstanceId), v.Attachment.InstanceOwnerId
		out.Primary = out.Instance != "" && v.Attachment.first()
	}
	if v.MacAddress != "" {
		mac, err := parseMAC(at+".MacAddress", v.MacAddress)
		if err != nil {
			return err
		}
		out.MAC = mac
	}
	if err := v.private(at, out); err != nil {
		return err
	}
	for i, a := range v.Ipv6Addresses {
		addr, err := parseAddr(fmt.Sprintf("%s.Ipv6Addresses[%d].Ipv6Address", at, i), a.Ipv6Address)
		if err != nil {
			return err
		}
		out.Addresses = append(out.Addresses, addr)
	}
	for i, a := range v.Ipv4Prefixes {
		c, err := parseCIDR(fmt.Sprintf("%s.Ipv4Prefixes[%d].Ipv4Prefix", at, i), a.Ipv4Prefix, false)
		if err != nil {
			return err
		}
		out.Prefixes = append(out.Prefixes, c)
	}
	for i, a := range v.Ipv6Prefixes {
		c, err := parseCIDR(fmt.Sprintf("%s.Ipv6Prefixes[%d].Ipv6Prefix", at, i), a.Ipv6Prefix, true)
		if err != nil {
			return err
		}
		out.Prefixes = append(out.Prefixes, c)
	}
	for _, g := range v.Groups {
		out.Groups = append(out.Groups, g.GroupId)
	}
	return put(p, at, "NetworkInterfaceId", p.Interfaces, out.ID, out, (*Interface).with)
}

// private adds the private IPv4 addresses, the primary one first, and the public ones that
// they stand for. An interface in which a collector left no list has the primary one alone.
func (v *describedInterface) private(at string, out *Interface) error {
	if len(v.PrivateIpAddresses) == 0 {
		return out.address(at, &describedAddress{v.PrivateIpAddress, true, v.Association})
	}
	for _, primary := range []bool{true, false} {
		for i := range v.PrivateIpAddresses {
			if a := &v.PrivateIpAddresses[i]; a.Primary == primary {
				if err := out.address(fmt.Sprintf("%s.PrivateIpAddresses[%d]", at, i), a); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (i *Interface) address(at string, a *describedAddress) error {
	if a.PrivateIpAddress == "" {
		return nil // where a record of an answer was made anonymous
	}
	private, err := parseAddr(at+".PrivateIpAddress", a.PrivateIpAddress)
	if err != nil {
		return err
	}
	i.Addresses = append(i.Addresses, private)
	public, err := optionalAddr(at+".Association.PublicIp", a.Association.PublicIp)
	if err != nil || !public.IsValid() {
		return err
	}
	if i.Public == nil {
		i.Public = map[netip.Addr]netip.Addr{}
	}
	i.Public[private] = public
	return nil
}

type describedInstance struct {
	InstanceId        string
	NetworkInterfaces []describedInterface
	Tags              tags
}

// instance adds the interfaces of an instance. Those of a terminated one are gone.
func (p *part) instance(at string, v *describedInstance) error {
	for i := range v.NetworkInterfaces {
		if err := p.addInterface(fmt.Sprintf("%s.NetworkInterfaces[%d]", at, i), &v.NetworkInterfaces[i], v.InstanceId, v.Tags.name()); err != nil {
			return err
		}
	}
	return nil
}

func (p *part) reservation(at string, v *struct{ Instances []describedInstance }) error {
	for i := range v.Instances {
		if err := p.instance(fmt.Sprintf("%s.Instances[%d]", at, i), &v.Instances[i]); err != nil {
			return err
		}
	}
	return nil
}
