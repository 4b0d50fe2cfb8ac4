package synth

import "fmt"

// vpcs answers DescribeVpcs.
func (d *describer) vpcs() any {
	type association struct {
		ID    string `json:"AssociationId"`
		CIDR  string `json:"CidrBlock"`
		State state  `json:"CidrBlockState"`
	}
	type association6 struct {
		ID    string `json:"AssociationId"`
		CIDR  string `json:"Ipv6CidrBlock"`
		State state  `json:"Ipv6CidrBlockState"`
	}
	type entry struct {
		OwnerID         string         `json:"OwnerId"`
		InstanceTenancy string         `json:"InstanceTenancy"`
		CIDRs6          []association6 `json:"Ipv6CidrBlockAssociationSet,omitempty"`
		CIDRs           []association  `json:"CidrBlockAssociationSet"`
		IsDefault       bool
		Tags            []tag
		ID              string `json:"VpcId"`
		State           string
		CIDR            string `json:"CidrBlock"`
		DHCPOptionsID   string `json:"DhcpOptionsId"`
	}
	var out struct{ Vpcs []entry }
	for i, v := range d.w.vpcs {
		e := entry{
			OwnerID: d.cfg.LogOwner, InstanceTenancy: "default", Tags: named(v.name), ID: v.id, State: "available",
			CIDR: v.cidr.String(), DHCPOptionsID: d.id("dopt", 0),
		}
		e.CIDRs = []association{{d.id("vpc-cidr-assoc", i), e.CIDR, state{"associated"}}}
		if i == 0 {
			e.CIDRs6 = []association6{{d.id("vpc-cidr-assoc", 100), vpcCIDR6.String(), state{"associated"}}}
		}
		out.Vpcs = append(out.Vpcs, e)
	}
	return out
}

// subnets answers DescribeSubnets.
func (d *describer) subnets() any {
	type association6 struct {
		ID    string `json:"AssociationId"`
		CIDR  string `json:"Ipv6CidrBlock"`
		State state  `json:"Ipv6CidrBlockState"`
	}
	type entry struct {
		Zone      string         `json:"AvailabilityZone"`
		ZoneID    string         `json:"AvailabilityZoneId"`
		Free      int            `json:"AvailableIpAddressCount"`
		CIDRs6    []association6 `json:"Ipv6CidrBlockAssociationSet"`
		OwnerID   string         `json:"OwnerId"`
		Tags      []tag
		ARN       string `json:"SubnetArn"`
		ID        string `json:"SubnetId"`
		State     string
		VPCID     string `json:"VpcId"`
		CIDR      string `json:"CidrBlock"`
		IsDefault bool   `json:"DefaultForAz"`
		Public    bool   `json:"MapPublicIpOnLaunch"`
	}
	var out struct{ Subnets []entry }
	for i, s := range d.w.subnets {
		e := entry{
			Zone: d.zone(s.zone), ZoneID: zoneID(d.cfg.Region, s.zone), CIDRs6: []association6{}, OwnerID: d.cfg.LogOwner,
			Free: 256 - 5, // AWS keeps five addresses of each subnet
			Tags: named(s.name), ARN: d.arn("subnet/" + s.id), ID: s.id, State: "available", VPCID: s.vpc.id, CIDR: s.cidr.String(),
		}
		if s.v6.IsValid() {
			e.CIDRs6 = []association6{{d.id("subnet-cidr-assoc", i), s.v6.String(), state{"associated"}}}
		}
		for _, n := range d.w.enis {
			if n.subnet == s {
				e.Free--
			}
		}
		out.Subnets = append(out.Subnets, e)
	}
	return out
}

// The parts of a network interface in the answers.
type (
	publicAddress struct {
		// Only DescribeNetworkInterfaces says it.
		AllocationID string `json:"AllocationId,omitempty"`
		OwnerID      string `json:"IpOwnerId"`
		IP           string `json:"PublicIp"`
	}
	privateAddress struct {
		Association *publicAddress `json:",omitempty"`
		Primary     bool
		IP          string `json:"PrivateIpAddress"`
	}
	address6   struct{ Ipv6Address string }
	attachment struct {
		AttachTime  string
		ID          string `json:"AttachmentId"`
		DeleteOn    bool   `json:"DeleteOnTermination"`
		DeviceIndex int
		InstanceID  string `json:"InstanceId,omitempty"`
		OwnerID     string `json:"InstanceOwnerId"`
		Status      string
	}
	networkInterface struct {
		Association      *publicAddress `json:",omitempty"`
		Attachment       attachment
		Zone             string `json:"AvailabilityZone"`
		Description      string
		Groups           []groupReference
		InterfaceType    string
		Addresses6       []address6       `json:"Ipv6Addresses"`
		MAC              string           `json:"MacAddress"`
		ID               string           `json:"NetworkInterfaceId"`
		OwnerID          string           `json:"OwnerId"`
		IP               string           `json:"PrivateIpAddress"`
		Addresses        []privateAddress `json:"PrivateIpAddresses"`
		RequesterID      string           `json:"RequesterId,omitempty"`
		RequesterManaged bool
		SourceDestCheck  bool
		Status           string
		SubnetID         string `json:"SubnetId"`
		Tags             []tag  `json:"TagSet"`
		VPCID            string `json:"VpcId"`
	}
	groupReference struct {
		GroupName string
		GroupID   string `json:"GroupId"`
	}
)

// interfaces answers DescribeNetworkInterfaces.
func (d *describer) interfaces() any {
	var out struct{ NetworkInterfaces []networkInterface }
	for _, e := range d.w.enis {
		out.NetworkInterfaces = append(out.NetworkInterfaces, d.networkInterface(e))
	}
	return out
}

// networkInterface describes an interface.
func (d *describer) networkInterface(e *eni) networkInterface {
	book := d.w.book.entries
	mac := hash(d.cfg.Seed, 'M', uint64(e.index))
	n := networkInterface{
		Zone: d.zone(e.subnet.zone), Groups: []groupReference{}, InterfaceType: "interface", Addresses6: []address6{},
		MAC: fmt.Sprintf("0a:%02x:%02x:%02x:%02x:%02x", byte(mac), byte(mac>>8), byte(mac>>16), byte(mac>>24), byte(mac>>32)),
		ID:  e.id, OwnerID: d.cfg.LogOwner, IP: book[e.v4].text, RequesterManaged: e.managed, SourceDestCheck: true,
		Status: "in-use", SubnetID: e.subnet.id, Tags: append(named(e.name), tag{"tier", e.fleet.name}), VPCID: e.subnet.vpc.id,
	}
	n.Attachment = attachment{
		AttachTime: d.made, ID: d.id("eni-attach", e.index), DeleteOn: !e.managed,
		InstanceID: e.inst, OwnerID: d.cfg.LogOwner, Status: "attached",
	}
	vpc := int(e.subnet.cidr.Addr().As4()[1])
	for _, name := range e.fleet.groups {
		n.Groups = append(n.Groups, groupReference{name, d.groupID(vpc, name)})
	}
	if e.public != "" {
		n.Association = &publicAddress{d.id("eipalloc", e.index), d.cfg.LogOwner, e.public}
	}
	n.Addresses = []privateAddress{{n.Association, true, n.IP}}
	if e.v6 != 0 {
		n.Addresses6 = append(n.Addresses6, address6{book[e.v6].text})
	}
	if e.managed {
		n.Attachment.OwnerID, n.Attachment.DeviceIndex = "amazon-aws", 1
		d.managed(e, &n)
	}
	return n
}

// managed completes the description of an interface that an AWS service made.
func (d *describer) managed(e *eni, n *networkInterface) {
	switch e.role {
	case roleNAT:
		n.InterfaceType, n.SourceDestCheck, n.RequesterID = "nat_gateway", false, "amazon-nat"
		n.Description = "Interface for NAT Gateway " + e.natID
	case roleELBPublic:
		balancer := []string{"app/web/", "app/api/"}[e.index%2]
		n.Description, n.RequesterID = "ELB "+balancer+d.id("lb", e.index%2)[3:19], "amazon-elb"
	case roleELBInner:
		n.Description, n.RequesterID = "ELB app/app/"+d.id("lb", 2)[3:19], "amazon-elb"
	case roleDB, roleDBStandby:
		n.Description, n.RequesterID = "RDSNetworkInterface", "amazon-rds"
	case roleSharedAttach, roleDataAttach:
		n.InterfaceType, n.SourceDestCheck, n.RequesterID = "transit_gateway", false, "amazon-tgw"
		n.Description = "Network Interface for Transit Gateway Attachment " + e.subnet.vpc.attachment
	default: // all others belong to instances
	}
}

// instances answers DescribeInstances, with what belongs to the network only.
func (d *describer) instances() any {
	type placement struct {
		AvailabilityZone string
		Tenancy          string
	}
	type instanceState struct {
		Code int
		Name string
	}
	type instance struct {
		ID             string `json:"InstanceId"`
		ImageID        string `json:"ImageId"`
		InstanceType   string
		LaunchTime     string
		Placement      placement
		IP             string             `json:"PrivateIpAddress"`
		PublicIP       string             `json:"PublicIpAddress,omitempty"`
		State          instanceState      `json:"State"`
		SubnetID       string             `json:"SubnetId"`
		VPCID          string             `json:"VpcId"`
		Interfaces     []networkInterface `json:"NetworkInterfaces"`
		SecurityGroups []groupReference
		Tags           []tag
	}
	type reservation struct {
		Groups    []struct{}
		Instances []instance
		OwnerID   string `json:"OwnerId"`
		ID        string `json:"ReservationId"`
	}
	var out struct{ Reservations []reservation }
	for _, e := range d.w.enis {
		if e.inst == "" {
			continue
		}
		n := d.networkInterface(e)
		if n.Association != nil {
			n.Association.AllocationID = ""
		}
		out.Reservations = append(out.Reservations, reservation{
			Groups: []struct{}{}, OwnerID: d.cfg.LogOwner, ID: d.id("r", e.index),
			Instances: []instance{{
				ID: e.inst, ImageID: d.id("ami", 0), InstanceType: "m7g.large", LaunchTime: d.made,
				Placement: placement{n.Zone, "default"}, IP: n.IP, PublicIP: e.public, State: instanceState{16, "running"},
				SubnetID: n.SubnetID, VPCID: n.VPCID, Interfaces: []networkInterface{n}, SecurityGroups: n.Groups,
				Tags: d.instanceTags(e),
			}},
		})
	}
	return out
}

// instanceTags returns an instance's tags, those that the flow log names among
// them.
func (d *describer) instanceTags(e *eni) []tag {
	tags := append(named(e.name), tag{"environment", "production"})
	if e.fleet.asg {
		tags = append(tags, tag{"aws:autoscaling:groupName", e.fleet.name})
	}
	return tags
}
