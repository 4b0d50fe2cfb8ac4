package netmodel

import (
	"slices"
)

func (t *terraform) vpc(r *terraformResource) {
	v := t.add(r, "Vpcs", r.text("id"), object{
		"VpcId": r.text("id"), "OwnerId": r.owner(), "Region": r.region(), "CidrBlock": r.text("cidr_block"), "Tags": r.tags(),
	})
	if c := r.text("ipv6_cidr_block"); c != "" {
		v["Ipv6CidrBlockAssociationSet"] = []object{{"Ipv6CidrBlock": c}}
	}
	t.told["main route table of "+r.text("id")] = r.known("main_route_table_id")
}

// vpcCIDR adds a network that is a resource of its own.
func (t *terraform) vpcCIDR(r *terraformResource) {
	id := r.text("vpc_id")
	v := t.of(r, "Vpcs", id)
	if v == nil {
		return
	}
	for _, f := range []struct{ from, set, member string }{
		{"cidr_block", "CidrBlockAssociationSet", "CidrBlock"}, {"ipv6_cidr_block", "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock"},
	} {
		if c := r.text(f.from); c != "" {
			t.push(r, "Vpcs", id, f.set, object{f.member: c})
		}
	}
}

func (t *terraform) subnet(r *terraformResource) {
	v := t.add(r, "Subnets", r.text("id"), object{
		"SubnetId": r.text("id"), "SubnetArn": r.known("arn"), "OwnerId": r.owner(), "VpcId": r.text("vpc_id"), "CidrBlock": r.text("cidr_block"),
		"AvailabilityZone": r.text("availability_zone"), "AvailabilityZoneId": r.text("availability_zone_id"), "Tags": r.tags(),
	})
	if c := r.text("ipv6_cidr_block"); c != "" {
		v["Ipv6CidrBlockAssociationSet"] = []object{{"Ipv6CidrBlock": c}}
	}
}

// vpcOf returns the VPC and the Availability Zone of a subnet, as far as the state has it.
func (t *terraform) vpcOf(subnet string) (vpc, zone string) {
	s := t.things["Subnets "+subnet]
	if s == nil {
		return "", ""
	}
	return s["VpcId"].(string), s["AvailabilityZone"].(string)
}

// addInterface adds an ENI with its private IPv4 addresses, the primary one first.
func (t *terraform) addInterface(r *terraformResource, id string, addresses []string, groups []string) object {
	vpc, zone := t.vpcOf(r.text("subnet_id"))
	v := t.add(r, "NetworkInterfaces", id, object{
		"NetworkInterfaceId": id, "SubnetId": r.text("subnet_id"), "VpcId": vpc, "AvailabilityZone": zone, "OwnerId": r.owner(),
		"SourceDestCheck": r.truth("source_dest_check"), "TagSet": r.tags(), "Groups": ids("GroupId", groups),
		"Ipv6Addresses": ids("Ipv6Address", r.texts("ipv6_addresses")),
	})
	var list []object
	for i, a := range addresses {
		if a != "" && !slices.Contains(addresses[:i], a) {
			list = append(list, object{"PrivateIpAddress": a, "Primary": i == 0})
		}
	}
	if list != nil {
		v["PrivateIpAddresses"] = list
	}
	return v
}

func (t *terraform) networkInterface(r *terraformResource) {
	v := t.addInterface(r, r.text("id"), append([]string{r.text("private_ip")}, r.texts("private_ips")...), r.texts("security_groups"))
	v["Description"], v["InterfaceType"], v["MacAddress"] = r.text("description"), r.text("interface_type"), r.text("mac_address")
	v["Ipv4Prefixes"], v["Ipv6Prefixes"] = ids("Ipv4Prefix", r.texts("ipv4_prefixes")), ids("Ipv6Prefix", r.texts("ipv6_prefixes"))
	for _, a := range r.blocks("attachment") {
		if i := a.text("instance"); i != "" {
			v["Attachment"] = object{"InstanceId": i}
		}
	}
}

// instance adds the primary ENI of an instance, where it is no resource of its own. The state
// has no ids of the others.
func (t *terraform) instance(r *terraformResource) {
	id, eni := r.text("id"), r.text("primary_network_interface_id")
	if r.text("instance_state") == "terminated" {
		return
	}
	for _, n := range r.blocks("network_interface") {
		if v := t.things["NetworkInterfaces "+n.text("network_interface_id")]; v != nil {
			v["Attachment"] = object{"InstanceId": id}
		}
	}
	v := t.things["NetworkInterfaces "+eni]
	if v == nil {
		v = t.addInterface(r, eni, append([]string{r.text("private_ip")}, r.texts("secondary_private_ips")...), r.texts("vpc_security_group_ids"))
		if v["AvailabilityZone"] == "" {
			v["AvailabilityZone"] = r.text("availability_zone")
		}
		v["InterfaceType"] = "interface"
	}
	v["Attachment"] = object{"InstanceId": id}
	if public := r.text("public_ip"); public != "" {
		t.public(eni, r.text("private_ip"), public)
	}
}

// public tells an ENI of the state a public address.
func (t *terraform) public(eni, private, public string) {
	v := t.things["NetworkInterfaces "+eni]
	if v == nil || public == "" {
		return
	}
	list, _ := v["PrivateIpAddresses"].([]object)
	for _, a := range list {
		if a["PrivateIpAddress"] == private {
			a["Association"] = object{"PublicIp": public}
		}
	}
}

func (t *terraform) interfaceAttachment(r *terraformResource) {
	if v := t.of(r, "NetworkInterfaces", r.text("network_interface_id")); v != nil {
		v["Attachment"] = object{"InstanceId": r.text("instance_id")}
	}
}

// interfaceGroup adds a group that is attached by a resource of its own.
func (t *terraform) interfaceGroup(r *terraformResource) {
	v := t.of(r, "NetworkInterfaces", r.text("network_interface_id"))
	if v == nil {
		return
	}
	groups := v["Groups"].([]object)
	id := r.text("security_group_id")
	if !slices.ContainsFunc(groups, func(g object) bool { return g["GroupId"] == id }) {
		v["Groups"] = append(groups, object{"GroupId": id})
	}
}

func (t *terraform) elasticIP(r *terraformResource) {
	t.add(r, "Addresses", r.text("id"), object{
		"AllocationId": r.text("allocation_id"), "PublicIp": r.text("public_ip"), "PrivateIpAddress": r.text("private_ip"),
		"NetworkInterfaceId": r.text("network_interface"), "InstanceId": r.text("instance"), "NetworkBorderGroup": r.text("network_border_group"),
		"Tags": r.tags(),
	})
	t.public(r.text("network_interface"), r.text("private_ip"), r.text("public_ip"))
}

func (t *terraform) elasticIPAssociation(r *terraformResource) {
	t.public(r.text("network_interface_id"), r.text("private_ip_address"), r.text("public_ip"))
	if v := t.of(r, "Addresses", r.text("allocation_id")); v != nil {
		v["PrivateIpAddress"], v["NetworkInterfaceId"], v["InstanceId"] = r.text("private_ip_address"), r.text("network_interface_id"), r.text("instance_id")
	}
}
