package synth

import (
	"strings"

	"weir/flowlog"
)

// The parts of a route table in the answers.
type (
	route struct {
		CIDR         string `json:"DestinationCidrBlock,omitempty"`
		CIDR6        string `json:"DestinationIpv6CidrBlock,omitempty"`
		PrefixListID string `json:"DestinationPrefixListId,omitempty"`
		GatewayID    string `json:"GatewayId,omitempty"`
		NatGatewayID string `json:"NatGatewayId,omitempty"`
		TGWID        string `json:"TransitGatewayId,omitempty"`
		Origin       string
		State        string
	}
	routeAssociation struct {
		Main         bool
		ID           string `json:"RouteTableAssociationId"`
		RouteTableID string `json:"RouteTableId"`
		SubnetID     string `json:"SubnetId,omitempty"`
		State        state  `json:"AssociationState"`
	}
	routeTable struct {
		Associations    []routeAssociation
		PropagatingVgws []struct{}
		ID              string `json:"RouteTableId"`
		Routes          []route
		Tags            []tag
		VPCID           string `json:"VpcId"`
		OwnerID         string `json:"OwnerId"`
	}
)

// to returns a route that somebody made.
func to(r route) route {
	r.Origin, r.State = "CreateRoute", "active"
	return r
}

// routeTables answers DescribeRouteTables: a main one for each VPC, one for the
// public subnets, one for each NAT gateway's subnets.
func (d *describer) routeTables() any {
	var out struct{ RouteTables []routeTable }
	add := func(name string, v *vpc, main bool, subnets func(*subnet) bool, routes ...route) {
		n := len(out.RouteTables)
		t := routeTable{ID: d.id("rtb", n), PropagatingVgws: []struct{}{}, Tags: named(name), VPCID: v.id, OwnerID: d.cfg.LogOwner}
		t.Routes = append(t.Routes, route{CIDR: v.cidr.String(), GatewayID: "local", Origin: "CreateRouteTable", State: "active"})
		if v == d.w.vpcs[0] {
			t.Routes = append(t.Routes, route{CIDR6: vpcCIDR6.String(), GatewayID: "local", Origin: "CreateRouteTable", State: "active"})
		}
		t.Routes = append(t.Routes, routes...)
		if main {
			t.Associations = append(t.Associations, routeAssociation{true, d.id("rtbassoc", 100+n), t.ID, "", state{"associated"}})
		}
		for i, s := range d.w.subnets {
			if s.vpc == v && subnets(s) {
				t.Associations = append(t.Associations, routeAssociation{false, d.id("rtbassoc", i), t.ID, s.id, state{"associated"}})
			}
		}
		out.RouteTables = append(out.RouteTables, t)
	}
	none := func(*subnet) bool { return false }
	tier := func(s *subnet) string { return strings.TrimRight(s.name, "abc") }
	first, internet := d.w.vpcs[0], d.id("igw", 0)
	storage := to(route{PrefixListID: d.id("pl", 0), GatewayID: d.id("vpce", 0)})
	add("main", first, true, none)
	add("public", first, false, func(s *subnet) bool { return tier(s) == "public-" },
		to(route{CIDR: "0.0.0.0/0", GatewayID: internet}), to(route{CIDR6: "::/0", GatewayID: internet}))
	for z := range len(zones) {
		add("private-"+zones[z:z+1], first, false, func(s *subnet) bool {
			return s.zone == z && tier(s) != "public-" && tier(s) != "batch-"
		}, to(route{CIDR: "0.0.0.0/0", NatGatewayID: d.w.byRole[roleNAT][z].natID}), storage)
	}
	add("batch", first, false, func(s *subnet) bool { return tier(s) == "batch-" },
		to(route{CIDR: "0.0.0.0/0", NatGatewayID: d.w.byRole[roleNAT][3].natID}), storage)
	add("shared", d.w.vpcs[1], true, none,
		to(route{CIDR: "10.0.0.0/8", TGWID: d.w.gateway.id}))
	add("data", d.w.vpcs[2], true, none,
		to(route{CIDR: d.w.vpcs[1].cidr.String(), TGWID: d.w.gateway.id}))
	return out
}

// internetGateways answers DescribeInternetGateways.
func (d *describer) internetGateways() any {
	type attached struct {
		State string
		VPCID string `json:"VpcId"`
	}
	type entry struct {
		Attachments []attached
		ID          string `json:"InternetGatewayId"`
		OwnerID     string `json:"OwnerId"`
		Tags        []tag
	}
	return struct{ InternetGateways []entry }{[]entry{{
		[]attached{{"available", d.w.vpcs[0].id}}, d.id("igw", 0), d.cfg.LogOwner, named(d.w.vpcs[0].name),
	}}}
}

// natGateways answers DescribeNatGateways.
func (d *describer) natGateways() any {
	type gatewayAddress struct {
		AllocationID string `json:"AllocationId"`
		ENI          string `json:"NetworkInterfaceId"`
		PrivateIP    string `json:"PrivateIp"`
		PublicIP     string `json:"PublicIp"`
		IsPrimary    bool
		Status       string
	}
	type entry struct {
		CreateTime       string
		Addresses        []gatewayAddress `json:"NatGatewayAddresses"`
		ID               string           `json:"NatGatewayId"`
		State            string
		SubnetID         string `json:"SubnetId"`
		VPCID            string `json:"VpcId"`
		Tags             []tag
		ConnectivityType string
	}
	var out struct{ NatGateways []entry }
	for _, e := range d.w.byRole[roleNAT] {
		out.NatGateways = append(out.NatGateways, entry{
			CreateTime: d.made, ID: e.natID, State: "available", SubnetID: e.subnet.id, VPCID: e.subnet.vpc.id,
			Addresses: []gatewayAddress{{d.id("eipalloc", e.index), e.id, d.w.book.entries[e.v4].text, e.public, true, "succeeded"}},
			Tags:      named(e.name), ConnectivityType: "public",
		})
	}
	return out
}

// storageService is the name of S3's service in the region.
func (d *describer) storageService() string { return "com.amazonaws." + d.cfg.Region + ".s3" }

// endpoints answers DescribeVpcEndpoints: the gateway endpoint of S3.
func (d *describer) endpoints() any {
	type entry struct {
		ID            string `json:"VpcEndpointId"`
		Type          string `json:"VpcEndpointType"`
		VPCID         string `json:"VpcId"`
		ServiceName   string
		State         string
		RouteTableIDs []string `json:"RouteTableIds"`
		CreationTime  string   `json:"CreationTimestamp"`
		Tags          []tag
		OwnerID       string `json:"OwnerId"`
	}
	tables := []string{d.id("rtb", 2), d.id("rtb", 3), d.id("rtb", 4), d.id("rtb", 5)}
	return struct{ VpcEndpoints []entry }{[]entry{{
		d.id("vpce", 0), "Gateway", d.w.vpcs[0].id, d.storageService(), "available", tables, d.made, named("s3"), d.cfg.LogOwner,
	}}}
}

// prefixLists answers DescribePrefixLists.
func (d *describer) prefixLists() any {
	type entry struct {
		CIDRs []string `json:"Cidrs"`
		ID    string   `json:"PrefixListId"`
		Name  string   `json:"PrefixListName"`
	}
	return struct{ PrefixLists []entry }{[]entry{{[]string{storageCIDR.String()}, d.id("pl", 0), d.storageService()}}}
}

// flowLogs answers DescribeFlowLogs: the one flow log that made the records.
func (d *describer) flowLogs() any {
	type options struct {
		FileFormat string
		Hive       bool `json:"HiveCompatiblePartitions"`
		Hourly     bool `json:"PerHourPartition"`
	}
	type tagFields struct {
		ResourceType string
		TagKeys      []string
	}
	type entry struct {
		CreationTime    string
		DeliverStatus   string `json:"DeliverLogsStatus"`
		ID              string `json:"FlowLogId"`
		Status          string `json:"FlowLogStatus"`
		ResourceID      string `json:"ResourceId"`
		TrafficType     string `json:",omitempty"`
		DestinationType string `json:"LogDestinationType"`
		Destination     string `json:"LogDestination"`
		LogFormat       string
		Tags            []tag
		Interval        int         `json:"MaxAggregationInterval"`
		Options         options     `json:"DestinationOptions"`
		TagFields       []tagFields `json:"TagFieldSpecifications,omitempty"`
	}
	c := d.cfg
	e := entry{
		CreationTime: c.Start.Format("2006-01-02T15:04:05.000Z"), DeliverStatus: "SUCCESS", ID: c.flowLogID(), Status: "ACTIVE",
		ResourceID: d.w.vpcs[0].id, TrafficType: "ALL", DestinationType: "s3", Destination: "arn:aws:s3:::flow-logs-" + c.LogOwner,
		LogFormat: c.Format.String(), Tags: named("flow-log"), Interval: windowSeconds,
		Options: options{"plain-text", c.Hive, c.Hourly},
	}
	if c.Parquet {
		e.Options.FileFormat = "parquet"
	}
	if c.Format.Kind() == flowlog.KindTGW {
		e.ResourceID, e.TrafficType = d.w.gateway.id, ""
	}
	for _, t := range []struct {
		field flowlog.FieldID
		spec  tagFields
	}{
		{flowlog.InstanceTag, tagFields{"instance", []string{"Name", "environment"}}},
		{flowlog.InterfaceTag, tagFields{"network-interface", []string{"Name", "tier"}}},
		{flowlog.ASGTag, tagFields{"auto-scaling-group", []string{"Name"}}},
	} {
		if c.Format.Has(t.field) || c.Format.Has(t.field+1) {
			e.TagFields = append(e.TagFields, t.spec)
		}
	}
	return struct{ FlowLogs []entry }{[]entry{e}}
}

// transitGateways answers DescribeTransitGateways.
func (d *describer) transitGateways() any {
	type options struct {
		Association string `json:"AssociationDefaultRouteTableId"`
		Propagation string `json:"PropagationDefaultRouteTableId"`
	}
	type entry struct {
		ID           string `json:"TransitGatewayId"`
		ARN          string `json:"TransitGatewayArn"`
		State        string
		OwnerID      string `json:"OwnerId"`
		CreationTime string
		Options      options
		Tags         []tag
	}
	g := d.w.gateway
	return struct{ TransitGateways []entry }{[]entry{{
		g.id, d.arn("transit-gateway/" + g.id), "available", d.cfg.LogOwner, d.made, options{g.routes, g.routes}, named("hub"),
	}}}
}

// attachments answers DescribeTransitGatewayVpcAttachments.
func (d *describer) attachments() any {
	// Those that AWS sets where nobody sets any.
	type options struct {
		ApplianceMode string `json:"ApplianceModeSupport"`
		DNS           string `json:"DnsSupport"`
		IPv6          string `json:"Ipv6Support"`
		Referencing   string `json:"SecurityGroupReferencingSupport"`
	}
	type entry struct {
		ID           string `json:"TransitGatewayAttachmentId"`
		TGWID        string `json:"TransitGatewayId"`
		VPCID        string `json:"VpcId"`
		VPCOwnerID   string `json:"VpcOwnerId"`
		State        string
		SubnetIDs    []string `json:"SubnetIds"`
		CreationTime string
		Options      options
		Tags         []tag
	}
	var out struct{ TransitGatewayVpcAttachments []entry }
	for _, r := range []role{roleSharedAttach, roleDataAttach} {
		v := d.w.byRole[r][0].subnet.vpc
		e := entry{ID: v.attachment, TGWID: d.w.gateway.id, VPCID: v.id, VPCOwnerID: d.cfg.LogOwner, State: "available", CreationTime: d.made, Options: options{"disable", "enable", "disable", "enable"}, Tags: named(v.name)}
		for _, n := range d.w.byRole[r] {
			e.SubnetIDs = append(e.SubnetIDs, n.subnet.id)
		}
		out.TransitGatewayVpcAttachments = append(out.TransitGatewayVpcAttachments, e)
	}
	return out
}

// associations answers DescribeTransitGatewayAttachments: all are associated with the one
// route table.
func (d *describer) associations() any {
	type association struct {
		ID    string `json:"TransitGatewayRouteTableId"`
		State string
	}
	type entry struct {
		ID              string `json:"TransitGatewayAttachmentId"`
		TGWID           string `json:"TransitGatewayId"`
		TGWOwnerID      string `json:"TransitGatewayOwnerId"`
		ResourceOwnerID string `json:"ResourceOwnerId"`
		ResourceType    string
		ResourceID      string `json:"ResourceId"`
		State           string
		Association     association
		CreationTime    string
		Tags            []tag
	}
	var out struct{ TransitGatewayAttachments []entry }
	for _, v := range d.w.vpcs[1:] {
		out.TransitGatewayAttachments = append(out.TransitGatewayAttachments, entry{
			v.attachment, d.w.gateway.id, d.cfg.LogOwner, d.cfg.LogOwner, "vpc", v.id, "available",
			association{d.w.gateway.routes, "associated"},
			d.made, named(v.name),
		})
	}
	return out
}

// gatewayTables answers DescribeTransitGatewayRouteTables.
func (d *describer) gatewayTables() any {
	type entry struct {
		ID           string `json:"TransitGatewayRouteTableId"`
		TGWID        string `json:"TransitGatewayId"`
		State        string
		Association  bool `json:"DefaultAssociationRouteTable"`
		Propagation  bool `json:"DefaultPropagationRouteTable"`
		CreationTime string
		Tags         []tag
	}
	return struct{ TransitGatewayRouteTables []entry }{[]entry{{
		d.w.gateway.routes, d.w.gateway.id, "available", true, true, d.made, named("hub"),
	}}}
}

// gatewayRoutes answers SearchTransitGatewayRoutes.
func (d *describer) gatewayRoutes() Document {
	type attached struct {
		ResourceID   string `json:"ResourceId"`
		ID           string `json:"TransitGatewayAttachmentId"`
		ResourceType string
	}
	type entry struct {
		CIDR        string     `json:"DestinationCidrBlock"`
		Attachments []attached `json:"TransitGatewayAttachments,omitempty"`
		Type        string
		State       string
	}
	var out struct {
		Routes    []entry
		Truncated bool `json:"AdditionalRoutesAvailable"`
	}
	for _, v := range d.w.vpcs[1:] {
		out.Routes = append(out.Routes, entry{v.cidr.String(), []attached{{v.id, v.attachment, "vpc"}}, "propagated", "active"})
	}
	out.Routes = append(out.Routes, entry{CIDR: goneCIDR, Type: "static", State: "blackhole"})
	doc := document("search-transit-gateway-routes", out)
	doc.Of = d.w.gateway.routes
	return doc
}
