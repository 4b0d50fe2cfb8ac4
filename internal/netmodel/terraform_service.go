package netmodel

import (
	"cmp"
	"strings"
)

func (t *terraform) loadBalancer(r *terraformResource) {
	zones := []object{}
	seen := map[string]bool{}
	for _, m := range r.blocks("subnet_mapping") {
		z := object{"SubnetId": m.text("subnet_id")}
		seen[m.text("subnet_id")] = true
		address := object{}
		for to, from := range map[string]string{"AllocationId": "allocation_id", "PrivateIPv4Address": "private_ipv4_address", "IPv6Address": "ipv6_address"} {
			if text := m.text(from); text != "" {
				address[to] = text
			}
		}
		if len(address) > 0 {
			z["LoadBalancerAddresses"] = []object{address}
		}
		zones = append(zones, z)
	}
	for _, s := range r.texts("subnets") {
		if !seen[s] {
			zones = append(zones, object{"SubnetId": s})
		}
	}
	scheme := "internet-facing"
	if r.truth("internal") {
		scheme = "internal"
	}
	if r.text("load_balancer_type") == "gateway" {
		scheme = ""
	}
	t.add(r, "LoadBalancers", r.text("arn"), object{
		"LoadBalancerArn": r.text("arn"), "LoadBalancerName": r.text("name"), "Type": r.text("load_balancer_type"), "VpcId": r.text("vpc_id"),
		"DNSName": r.text("dns_name"), "Scheme": scheme, "IpAddressType": r.text("ip_address_type"), "State": object{"Code": "active"},
		"SecurityGroups": r.texts("security_groups"), "AvailabilityZones": zones,
		"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": r.text("enforce_security_group_inbound_rules_on_private_link_traffic"),
	})
}

func (t *terraform) classicLoadBalancer(r *terraformResource) {
	subnets := r.texts("subnets")
	vpc := ""
	for _, s := range subnets {
		of, _ := t.vpcOf(s)
		vpc = cmp.Or(vpc, of)
	}
	scheme := "internet-facing"
	if r.truth("internal") {
		scheme = "internal"
	}
	var listeners []object
	for _, l := range r.blocks("listener") {
		listeners = append(listeners, object{"Listener": object{
			"Protocol": strings.ToUpper(l.text("lb_protocol")), "InstanceProtocol": strings.ToUpper(l.text("instance_protocol")),
			"LoadBalancerPort": l.number("lb_port", l.get("lb_port")), "InstancePort": l.number("instance_port", l.get("instance_port")),
		}})
	}
	v := object{
		"LoadBalancerName": r.text("name"), "DNSName": r.text("dns_name"), "Scheme": scheme, "VPCId": vpc, "Subnets": subnets,
		"SecurityGroups": r.texts("security_groups"), "Instances": ids("InstanceId", r.texts("instances")), "ListenerDescriptions": listeners,
		"AvailabilityZones": r.texts("availability_zones"),
	}
	for _, h := range r.blocks("health_check") {
		v["HealthCheck"] = object{"Target": h.text("target")}
	}
	t.add(r, "LoadBalancerDescriptions", r.text("dns_name"), v)
}

// flowLog adds a flow log.
func (t *terraform) flowLog(r *terraformResource) {
	resource := ""
	for _, key := range []string{"vpc_id", "subnet_id", "eni_id", "transit_gateway_id", "transit_gateway_attachment_id"} {
		resource = cmp.Or(resource, r.text(key))
	}
	v := object{
		"FlowLogId": r.text("id"), "ResourceId": resource, "TrafficType": r.text("traffic_type"), "LogDestinationType": r.text("log_destination_type"),
		"LogDestination": r.text("log_destination"), "LogGroupName": r.text("log_group_name"), "LogFormat": r.text("log_format"),
		"MaxAggregationInterval": r.number("max_aggregation_interval", r.get("max_aggregation_interval")), "DeliverLogsPermissionArn": r.text("iam_role_arn"),
		"DeliverCrossAccountRole": r.text("deliver_cross_account_role"), "Tags": r.tags(),
	}
	for _, o := range r.blocks("destination_options") {
		v["DestinationOptions"] = object{
			"FileFormat": o.text("file_format"), "HiveCompatiblePartitions": o.truth("hive_compatible_partitions"), "PerHourPartition": o.truth("per_hour_partition"),
		}
	}
	t.add(r, "FlowLogs", r.text("id"), v)
}
