package netmodel

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (t *terraform) internetGateway(r *terraformResource) {
	t.add(r, "InternetGateways", r.text("id"), object{"InternetGatewayId": r.text("id"), "OwnerId": r.owner(), "Tags": r.tags(), "Attachments": attached(r)})
}

// attached returns the attachment of a gateway to a VPC.
func attached(r *terraformResource) []object {
	if vpc := r.text("vpc_id"); vpc != "" {
		return []object{{"VpcId": vpc, "State": "attached"}}
	}
	return nil
}

func (t *terraform) egressOnlyInternetGateway(r *terraformResource) {
	t.add(r, "EgressOnlyInternetGateways", r.text("id"), object{"EgressOnlyInternetGatewayId": r.text("id"), "Tags": r.tags(), "Attachments": attached(r)})
}

func (t *terraform) vpnGateway(r *terraformResource) {
	t.add(r, "VpnGateways", r.text("id"), object{
		"VpnGatewayId": r.text("id"), "State": "available", "AvailabilityZone": r.text("availability_zone"), "Tags": r.tags(), "VpcAttachments": attached(r),
	})
}

// gatewayAttachment attaches a gateway by a resource of its own.
func (t *terraform) gatewayAttachment(r *terraformResource) {
	key, id, member := "InternetGateways", r.text("internet_gateway_id"), "Attachments"
	if r.Type == "aws_vpn_gateway_attachment" {
		key, id, member = "VpnGateways", r.text("vpn_gateway_id"), "VpcAttachments"
	}
	if v := t.of(r, key, id); v != nil {
		v[member] = attached(r)
	}
}

// natGateway adds a NAT gateway, which Terraform waits for until it is available.
func (t *terraform) natGateway(r *terraformResource) {
	vpc, _ := t.vpcOf(r.text("subnet_id"))
	v := object{
		"NatGatewayId": r.text("id"), "SubnetId": r.text("subnet_id"), "VpcId": cmp.Or(vpc, r.text("vpc_id")), "State": "available",
		"ConnectivityType": r.text("connectivity_type"), "AvailabilityMode": r.text("availability_mode"), "RouteTableId": r.text("route_table_id"), "Tags": r.tags(),
	}
	if private := r.text("private_ip"); private != "" {
		v["NatGatewayAddresses"] = []object{{
			"AllocationId": r.text("allocation_id"), "NetworkInterfaceId": r.text("network_interface_id"), "PrivateIp": private,
			"PublicIp": r.text("public_ip"), "IsPrimary": true,
		}}
	}
	t.add(r, "NatGateways", r.text("id"), v)
	for _, key := range []string{"secondary_allocation_ids", "secondary_private_ip_addresses"} {
		if len(r.texts(key)) > 0 {
			t.unused = append(t.unused, r.Address+"."+key)
		}
	}
	if len(r.blocks("regional_nat_gateway_address")) > 0 {
		t.unused = append(t.unused, r.Address+".regional_nat_gateway_address")
	}
}

// peeringSide returns a VPC of a peering connection with what the state has of it.
func (t *terraform) peeringSide(vpc, owner, region string, dns bool) object {
	out := object{"VpcId": vpc, "OwnerId": owner, "Region": region, "PeeringOptions": object{"AllowDnsResolutionFromRemoteVpc": dns}}
	v := t.things["Vpcs "+vpc]
	if v == nil {
		return out
	}
	out["OwnerId"], out["Region"], out["CidrBlock"] = v["OwnerId"], v["Region"], v["CidrBlock"]
	if more, ok := v["CidrBlockAssociationSet"].([]object); ok {
		out["CidrBlockSet"] = append([]object{{"CidrBlock": v["CidrBlock"]}}, more...)
	}
	if six, ok := v["Ipv6CidrBlockAssociationSet"].([]object); ok {
		out["Ipv6CidrBlockSet"] = six
	}
	return out
}

// resolves reports whether a side's names resolve to private addresses from the other side.
func resolves(r *terraformResource, side string) bool {
	return slices.ContainsFunc(r.blocks(side), func(b *terraformResource) bool { return b.truth("allow_remote_vpc_dns_resolution") })
}

func (t *terraform) peeringConnection(r *terraformResource) {
	t.add(r, "VpcPeeringConnections", r.text("id"), object{
		"VpcPeeringConnectionId": r.text("id"), "Status": object{"Code": r.text("accept_status")}, "Tags": r.tags(),
		"RequesterVpcInfo": t.peeringSide(r.text("vpc_id"), "", "", resolves(r, "requester")),
		"AccepterVpcInfo":  t.peeringSide(r.text("peer_vpc_id"), r.text("peer_owner_id"), r.text("peer_region"), resolves(r, "accepter")),
	})
}

// peeringAccepter adds a connection from the other side, which knows whether it was accepted.
func (t *terraform) peeringAccepter(r *terraformResource) {
	id := cmp.Or(r.text("vpc_peering_connection_id"), r.text("id"))
	if v := t.things["VpcPeeringConnections "+id]; v != nil {
		v["Status"] = object{"Code": r.text("accept_status")}
		return
	}
	t.add(r, "VpcPeeringConnections", id, object{
		"VpcPeeringConnectionId": id, "Status": object{"Code": r.text("accept_status")}, "Tags": r.tags(),
		"AccepterVpcInfo":  t.peeringSide(r.text("vpc_id"), "", "", resolves(r, "accepter")),
		"RequesterVpcInfo": t.peeringSide(r.text("peer_vpc_id"), r.text("peer_owner_id"), r.text("peer_region"), resolves(r, "requester")),
	})
}

func (t *terraform) routeTable(r *terraformResource) {
	id, vpc := r.text("id"), r.text("vpc_id")
	v := t.add(r, "RouteTables", id, object{"RouteTableId": id, "VpcId": vpc, "OwnerId": r.owner(), "Tags": r.tags()})
	if t.err != nil {
		return
	}
	v["Routes"], v["Associations"], v["PropagatingVgws"] = []object{}, []object{}, ids("GatewayId", r.texts("propagating_vgws"))
	for _, b := range r.blocks("route") {
		t.addRoute(b, id)
	}
}

func (t *terraform) route(r *terraformResource) {
	if id := r.text("route_table_id"); t.of(r, "RouteTables", id) != nil {
		t.addRoute(r, id)
	}
}

// terraformTargets are the members of answers by the attributes of routes.
var terraformTargets = map[string]string{
	"gateway_id": "GatewayId", "nat_gateway_id": "NatGatewayId", "egress_only_gateway_id": "EgressOnlyInternetGatewayId",
	"transit_gateway_id": "TransitGatewayId", "vpc_peering_connection_id": "VpcPeeringConnectionId", "carrier_gateway_id": "CarrierGatewayId",
	"local_gateway_id": "LocalGatewayId", "network_interface_id": "NetworkInterfaceId", "core_network_arn": "CoreNetworkArn",
	"odb_network_arn": "OdbNetworkArn", "vpc_endpoint_id": "GatewayId",
}

// destination returns where a route leads, and the member of answers for it.
func (r *terraformResource) destination() (member, to string) {
	for _, f := range []struct{ key, member string }{
		{"cidr_block", "DestinationCidrBlock"},
		{"destination_cidr_block", "DestinationCidrBlock"},
		{"ipv6_cidr_block", "DestinationIpv6CidrBlock"},
		{"destination_ipv6_cidr_block", "DestinationIpv6CidrBlock"},
		{"destination_prefix_list_id", "DestinationPrefixListId"},
	} {
		if text := r.text(f.key); text != "" {
			return f.member, text
		}
	}
	return "DestinationCidrBlock", ""
}

// addRoute adds a route. One that is there already must be the same: a table that was refreshed
// has inline what is a resource of its own.
func (t *terraform) addRoute(r *terraformResource, table string) {
	v := object{"Origin": "CreateRoute", "State": cmp.Or(r.known("state"), "active")}
	member, to := r.destination()
	v[member] = to
	key := table + " route " + to
	if r.Type == "aws_route" {
		t.owned(table, key)
	} else if !t.inlined(table, key) {
		return
	}
	var targets []string
	for _, key := range slices.Sorted(maps.Keys(terraformTargets)) {
		// A route's own resource has the ENI of an instance and more that follows of the target.
		if later, ok := r.unknown[key]; ok && later == true && (key == "network_interface_id") {
			continue
		}
		if text := r.text(key); text != "" {
			v[terraformTargets[key]] = text
			targets = append(targets, text)
		}
	}
	target := strings.Join(targets, " ")
	if was, ok := t.told[key]; ok {
		if was != target {
			r.fail("%s has a route to %s before, via %s and not %s: terraform refresh brings the state up to date", table, to, was, target)
		}
		return
	}
	t.told[key] = target
	if v["GatewayId"] == "local" {
		v["Origin"] = "CreateRouteTable"
	}
	t.push(r, "RouteTables", table, "Routes", v)
}

func (t *terraform) routeTableAssociation(r *terraformResource) {
	id := r.text("route_table_id")
	if t.of(r, "RouteTables", id) == nil {
		return
	}
	v := object{}
	for to, from := range map[string]string{"SubnetId": "subnet_id", "GatewayId": "gateway_id"} {
		if text := r.text(from); text != "" {
			v[to] = text
		}
	}
	t.push(r, "RouteTables", id, "Associations", v)
}

func (t *terraform) mainRouteTable(r *terraformResource) {
	t.told["main route table of "+r.text("vpc_id")] = r.text("route_table_id")
	t.of(r, "RouteTables", r.text("route_table_id"))
}

func (t *terraform) routePropagation(r *terraformResource) {
	if v := t.of(r, "RouteTables", r.text("route_table_id")); v != nil {
		v["PropagatingVgws"] = append(v["PropagatingVgws"].([]object), object{"GatewayId": r.text("vpn_gateway_id")})
	}
}

// endpointMembers are the members of an endpoint by the attributes that associate it.
var endpointMembers = map[string]string{"route_table_id": "RouteTableIds", "subnet_id": "SubnetIds", "security_group_id": "Groups"}

func (t *terraform) vpcEndpoint(r *terraformResource) {
	t.add(r, "VpcEndpoints", r.text("id"), object{
		"VpcEndpointId": r.text("id"), "VpcEndpointType": r.text("vpc_endpoint_type"), "VpcId": r.text("vpc_id"), "OwnerId": r.owner(),
		"ServiceName": r.text("service_name"), "ServiceRegion": r.text("service_region"), "State": r.text("state"),
		"RouteTableIds": set(r.texts("route_table_ids")), "SubnetIds": r.texts("subnet_ids"), "NetworkInterfaceIds": r.texts("network_interface_ids"),
		"Groups": ids("GroupId", r.texts("security_group_ids")), "PrivateDnsEnabled": r.truth("private_dns_enabled"), "RequesterManaged": r.truth("requester_managed"),
		"Tags": r.tags(),
	})
	t.told["prefix list of "+r.text("id")] = r.text("prefix_list_id")
}

// endpointAssociation adds a route table, a subnet or a group to an endpoint. One that was
// refreshed has it already.
func (t *terraform) endpointAssociation(r *terraformResource) {
	v := t.of(r, "VpcEndpoints", r.text("vpc_endpoint_id"))
	if v == nil {
		return
	}
	for from, to := range endpointMembers {
		id := r.text(from)
		switch list := v[to].(type) {
		case []string:
			if id != "" && !slices.Contains(list, id) {
				v[to] = append(list, id)
			}
		case []object:
			if id != "" && !slices.ContainsFunc(list, func(g object) bool { return g["GroupId"] == id }) {
				v[to] = append(list, object{"GroupId": id})
			}
		}
	}
}

// madeByAWS adds what AWS makes and Terraform does not keep: that a route table is a VPC's main
// one, its local routes, and the routes to gateway endpoints.
//
// Source: VPC user guide, "Route table concepts"; AWS PrivateLink guide, "Gateway endpoints".
func (t *terraform) madeByAWS() {
	for _, v := range t.lists["RouteTables"] {
		id, vpc := v["RouteTableId"].(string), v["VpcId"].(string)
		if t.told["main route table of "+vpc] == id {
			v["Associations"] = append(v["Associations"].([]object), object{"Main": true})
		}
		of := t.things["Vpcs "+vpc]
		if of == nil {
			continue
		}
		local := func(member, cidr string) {
			key := id + " route " + cidr
			if _, ok := t.told[key]; ok || cidr == "" {
				return
			}
			t.told[key] = "local"
			v["Routes"] = append(v["Routes"].([]object), object{member: cidr, "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable"})
		}
		local("DestinationCidrBlock", of["CidrBlock"].(string))
		for _, set := range []string{"CidrBlock", "Ipv6CidrBlock"} {
			all, _ := of[set+"AssociationSet"].([]object)
			for _, c := range all {
				local("Destination"+set, c[set].(string))
			}
		}
	}
	for _, e := range t.lists["VpcEndpoints"] {
		list := t.told["prefix list of "+fmt.Sprint(e["VpcEndpointId"])]
		tables, _ := e["RouteTableIds"].([]string)
		for _, id := range tables {
			v := t.things["RouteTables "+id]
			if v == nil || list == "" || e["VpcEndpointType"] != "Gateway" || t.told[id+" route "+list] != "" {
				continue
			}
			v["Routes"] = append(v["Routes"].([]object), object{"DestinationPrefixListId": list, "GatewayId": e["VpcEndpointId"], "State": "active", "Origin": "CreateRoute"})
		}
	}
	t.finishTransit()
}
