package netmodel

import (
	"cmp"
	"slices"
)

// What Terraform makes of transit gateways it waits for until it is available.

func (t *terraform) transitGateway(r *terraformResource) {
	options := object{
		"TransitGatewayCidrBlocks": r.texts("transit_gateway_cidr_blocks"), "DefaultRouteTableAssociation": r.text("default_route_table_association"),
		"DefaultRouteTablePropagation": r.text("default_route_table_propagation"), "AssociationDefaultRouteTableId": r.text("association_default_route_table_id"),
		"PropagationDefaultRouteTableId": r.text("propagation_default_route_table_id"), "SecurityGroupReferencingSupport": r.text("security_group_referencing_support"),
		"VpnEcmpSupport": r.text("vpn_ecmp_support"),
	}
	t.add(r, "TransitGateways", r.text("id"), object{
		"TransitGatewayId": r.text("id"), "TransitGatewayArn": r.known("arn"), "OwnerId": r.owner(), "State": "available", "Options": options, "Tags": r.tags(),
	})
}

func (t *terraform) transitRouteTable(r *terraformResource) {
	id := r.text("id")
	t.add(r, "TransitGatewayRouteTables", id, object{
		"TransitGatewayRouteTableId": id, "TransitGatewayId": r.text("transit_gateway_id"), "State": "available", "Tags": r.tags(),
		"DefaultAssociationRouteTable": r.truth("default_association_route_table"), "DefaultPropagationRouteTable": r.truth("default_propagation_route_table"),
	})
	t.add(r, "TransitGatewayStaticRoutes", id, object{"TransitGatewayRouteTableId": id, "Routes": []object{}})
	t.add(r, "TransitGatewayPropagations", id, object{"TransitGatewayRouteTableId": id, "TransitGatewayRouteTablePropagations": []object{}})
}

// attachment adds an attachment, whose association may be a resource of its own, or the
// default one.
func (t *terraform) attachment(r *terraformResource, id, kind, resource, owner string) {
	v := t.add(r, "TransitGatewayAttachments", id, object{
		"TransitGatewayAttachmentId": id, "TransitGatewayId": r.text("transit_gateway_id"), "ResourceType": kind, "ResourceId": resource,
		"ResourceOwnerId": owner, "State": cmp.Or(r.text("state"), "available"),
	})
	tgw := t.things["TransitGateways "+r.text("transit_gateway_id")]
	if tgw == nil {
		return
	}
	options := tgw["Options"].(object)
	if r.truth("transit_gateway_default_route_table_association") {
		t.told["table of "+id] = options["AssociationDefaultRouteTableId"].(string)
	}
	if r.truth("transit_gateway_default_route_table_propagation") {
		t.propagate(r, options["PropagationDefaultRouteTableId"].(string), v)
	}
}

// propagate says that the routes of an attachment come into a route table, if the state has
// it.
func (t *terraform) propagate(r *terraformResource, table string, of object) {
	if t.things["TransitGatewayPropagations "+table] == nil {
		return
	}
	list, _ := t.things["TransitGatewayPropagations "+table]["TransitGatewayRouteTablePropagations"].([]object)
	id := of["TransitGatewayAttachmentId"]
	if !slices.ContainsFunc(list, func(p object) bool { return p["TransitGatewayAttachmentId"] == id }) {
		t.push(r, "TransitGatewayPropagations", table, "TransitGatewayRouteTablePropagations", object{
			"TransitGatewayAttachmentId": id, "ResourceType": of["ResourceType"], "ResourceId": of["ResourceId"], "State": "enabled",
		})
	}
}

func (t *terraform) transitVPCAttachment(r *terraformResource) {
	id := r.text("id")
	if t.things["TransitGatewayVpcAttachments "+id] != nil { // the accepter's, of the same state
		return
	}
	t.add(r, "TransitGatewayVpcAttachments", id, object{
		"TransitGatewayAttachmentId": id, "TransitGatewayId": r.text("transit_gateway_id"), "VpcId": r.text("vpc_id"), "VpcOwnerId": r.text("vpc_owner_id"),
		"State": "available", "SubnetIds": r.texts("subnet_ids"), "Tags": r.tags(), "Options": object{
			"ApplianceModeSupport": r.text("appliance_mode_support"), "Ipv6Support": r.text("ipv6_support"),
			"SecurityGroupReferencingSupport": r.text("security_group_referencing_support"),
		},
	})
	t.attachment(r, id, "vpc", r.text("vpc_id"), r.text("vpc_owner_id"))
}

func (t *terraform) transitPeering(r *terraformResource) {
	id := r.text("id")
	own := object{"TransitGatewayId": r.text("transit_gateway_id")}
	if tgw := t.things["TransitGateways "+r.text("transit_gateway_id")]; tgw != nil {
		own["OwnerId"], own["Region"] = tgw["OwnerId"], parseARN(tgw["TransitGatewayArn"].(string)).region
	}
	t.add(r, "TransitGatewayPeeringAttachments", id, object{
		"TransitGatewayAttachmentId": id, "State": cmp.Or(r.text("state"), "available"), "Tags": r.tags(), "RequesterTgwInfo": own,
		"AccepterTgwInfo": object{"TransitGatewayId": r.text("peer_transit_gateway_id"), "OwnerId": r.text("peer_account_id"), "Region": r.text("peer_region")},
	})
	t.attachment(r, id, "peering", r.text("peer_transit_gateway_id"), r.text("peer_account_id"))
}

func (t *terraform) transitConnect(r *terraformResource) {
	id := r.text("id")
	t.add(r, "TransitGatewayConnects", id, object{
		"TransitGatewayAttachmentId": id, "TransportTransitGatewayAttachmentId": r.text("transport_attachment_id"),
		"TransitGatewayId": r.text("transit_gateway_id"), "State": "available", "Tags": r.tags(),
	})
	t.attachment(r, id, "connect", "", "")
}

func (t *terraform) transitAssociation(r *terraformResource) {
	id := r.text("transit_gateway_attachment_id")
	if t.of(r, "TransitGatewayAttachments", id) != nil {
		t.told["table of "+id] = r.text("transit_gateway_route_table_id")
	}
}

func (t *terraform) transitPropagation(r *terraformResource) {
	table, id := r.text("transit_gateway_route_table_id"), r.text("transit_gateway_attachment_id")
	if t.of(r, "TransitGatewayPropagations", table) != nil {
		t.propagate(r, table, object{"TransitGatewayAttachmentId": id, "ResourceType": r.text("resource_type"), "ResourceId": r.text("resource_id")})
	}
}

// transitRoute adds a static route. A blackhole has no attachment.
func (t *terraform) transitRoute(r *terraformResource) {
	table := r.text("transit_gateway_route_table_id")
	if t.of(r, "TransitGatewayStaticRoutes", table) == nil {
		return
	}
	v := object{"Type": "static", "State": "active"}
	for to, from := range map[string]string{"DestinationCidrBlock": "destination_cidr_block", "PrefixListId": "prefix_list_id"} {
		if text := r.text(from); text != "" {
			v[to] = text
		}
	}
	if r.truth("blackhole") {
		v["State"] = "blackhole"
	} else {
		v["TransitGatewayAttachments"] = []object{{"TransitGatewayAttachmentId": r.text("transit_gateway_attachment_id")}}
	}
	t.push(r, "TransitGatewayStaticRoutes", table, "Routes", v)
}

// finishTransit tells attachments their route tables.
func (t *terraform) finishTransit() {
	for _, v := range t.lists["TransitGatewayAttachments"] {
		if table := t.told["table of "+v["TransitGatewayAttachmentId"].(string)]; table != "" {
			v["Association"] = object{"TransitGatewayRouteTableId": table, "State": "associated"}
		}
	}
}
