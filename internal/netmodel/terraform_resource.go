package netmodel

import (
	"cmp"
	"strings"
)

// terraformSubnetGroup returns what adds a subnet group of a service: the answer's key, and its
// members for name and ARN.
func terraformSubnetGroup(key, name, arn string) func(t *terraform, r *terraformResource) {
	return func(t *terraform, r *terraformResource) {
		if t.later(r, "name", "subnet_ids") {
			return
		}
		vpc := r.known("vpc_id")
		var subnets []object
		for _, s := range r.texts("subnet_ids") {
			of, zone := t.vpcOf(s)
			vpc = cmp.Or(vpc, of)
			subnets = append(subnets, object{"SubnetIdentifier": s, "SubnetAvailabilityZone": object{"Name": zone}})
		}
		v := object{name: r.text("name"), "VpcId": vpc, "Subnets": subnets}
		if arn != "" {
			v[arn] = r.known("arn")
		}
		t.add(r, key, cmp.Or(r.known("arn"), r.text("name")), v)
	}
}

// subnetGroup returns the subnet group of a resource, which names it: names are unique within
// an account and region, which ARNs say. It is nil where the state has it not, or several.
func (t *terraform) subnetGroup(r *terraformResource, key, member, name string) object {
	var found object
	n := 0
	for id, v := range t.things {
		arn, ok := strings.CutPrefix(id, key+" ")
		if !ok || v[member] != name || name == "" {
			continue
		}
		here, there := parseARN(r.known("arn")), parseARN(arn)
		if here.region == "" || there.region == "" || here.region == there.region && here.account == there.account {
			found, n = v, n+1
		}
	}
	if n != 1 {
		return nil
	}
	return found
}

// endpoint returns a resource's endpoint from its host and port; what Terraform has as one text is
// taken apart.
func (r *terraformResource) endpoint(address string) object {
	host := r.known(address)
	out := object{}
	if before, after, ok := strings.Cut(host, ":"); ok {
		host = before
		if out["Port"] = r.number(address, after); out["Port"] == nil {
			return object{}
		}
	} else if v := r.Values["port"]; v != nil {
		out["Port"] = r.number("port", v)
	}
	if host == "" {
		return object{}
	}
	out["Address"] = host
	return out
}

func (t *terraform) dbInstance(r *terraformResource) {
	if t.later(r, "arn", "identifier") {
		return
	}
	group := t.subnetGroup(r, "DBSubnetGroups", "DBSubnetGroupName", r.known("db_subnet_group_name"))
	if group == nil {
		group = object{"DBSubnetGroupName": r.known("db_subnet_group_name")}
	}
	address := "address"
	if r.Type == "aws_rds_cluster_instance" {
		address = "endpoint"
	}
	t.add(r, "DBInstances", r.text("arn"), object{
		"DBInstanceIdentifier": r.text("identifier"), "DBInstanceArn": r.text("arn"), "DBInstanceStatus": cmp.Or(r.known("status"), "available"),
		"Engine": r.known("engine"), "AvailabilityZone": r.known("availability_zone"), "DBClusterIdentifier": r.known("cluster_identifier"),
		"PubliclyAccessible": r.Values["publicly_accessible"] == true, "Endpoint": r.endpoint(address), "DBSubnetGroup": group,
		"VpcSecurityGroups": ids("VpcSecurityGroupId", r.knownTexts("vpc_security_group_ids")),
	})
}

func (t *terraform) dbCluster(r *terraformResource) {
	if t.later(r, "arn", "cluster_identifier") {
		return
	}
	v := object{
		"DBClusterIdentifier": r.text("cluster_identifier"), "DBClusterArn": r.text("arn"), "Status": "available", "Engine": r.known("engine"),
		"DBSubnetGroup": r.known("db_subnet_group_name"), "Endpoint": r.known("endpoint"), "ReaderEndpoint": r.known("reader_endpoint"),
		"AvailabilityZones": r.knownTexts("availability_zones"), "VpcSecurityGroups": ids("VpcSecurityGroupId", r.knownTexts("vpc_security_group_ids")),
	}
	if port := r.Values["port"]; port != nil {
		v["Port"] = r.number("port", port)
	}
	t.add(r, "DBClusters", r.text("arn"), v)
}

func (t *terraform) cacheCluster(r *terraformResource) {
	if t.later(r, "arn", "cluster_id") {
		return
	}
	var nodes []object
	for _, n := range r.nested("cache_nodes") {
		nodes = append(nodes, object{"Endpoint": n.endpoint("address"), "CustomerAvailabilityZone": n.known("availability_zone")})
	}
	t.add(r, "CacheClusters", r.text("arn"), object{
		"CacheClusterId": r.text("cluster_id"), "ARN": r.text("arn"), "CacheClusterStatus": "available", "Engine": r.known("engine"),
		"ReplicationGroupId": r.known("replication_group_id"), "CacheSubnetGroupName": r.known("subnet_group_name"),
		"PreferredAvailabilityZone": r.known("availability_zone"), "ConfigurationEndpoint": r.endpoint("configuration_endpoint"),
		"CacheNodes": nodes, "SecurityGroups": ids("SecurityGroupId", r.knownTexts("security_group_ids")),
	})
}

func (t *terraform) replicationGroup(r *terraformResource) {
	if t.later(r, "arn", "replication_group_id") {
		return
	}
	t.add(r, "ReplicationGroups", r.text("arn"), object{
		"ReplicationGroupId": r.text("replication_group_id"), "ARN": r.text("arn"), "Status": "available", "Engine": r.known("engine"),
		"MemberClusters": r.knownTexts("member_clusters"), "ConfigurationEndpoint": r.endpoint("configuration_endpoint_address"),
		"NodeGroups": []object{{"PrimaryEndpoint": r.endpoint("primary_endpoint_address"), "ReaderEndpoint": r.endpoint("reader_endpoint_address")}},
	})
}

func (t *terraform) redshiftCluster(r *terraformResource) {
	if t.later(r, "cluster_identifier") {
		return
	}
	vpc := ""
	if g := t.subnetGroup(r, "ClusterSubnetGroups", "ClusterSubnetGroupName", r.known("cluster_subnet_group_name")); g != nil {
		vpc, _ = g["VpcId"].(string)
	}
	var nodes []object
	for _, n := range r.nested("cluster_nodes") {
		if a := n.known("private_ip_address"); a != "" {
			nodes = append(nodes, object{"PrivateIPAddress": a})
		}
	}
	t.add(r, "Clusters", cmp.Or(r.known("arn"), r.text("cluster_identifier")), object{
		"ClusterIdentifier": r.text("cluster_identifier"), "ClusterNamespaceArn": r.known("cluster_namespace_arn"), "ClusterStatus": "available",
		"ClusterSubnetGroupName": r.known("cluster_subnet_group_name"), "VpcId": vpc, "AvailabilityZone": r.known("availability_zone"),
		"PubliclyAccessible": r.Values["publicly_accessible"] == true, "Endpoint": r.endpoint("dns_name"), "ClusterNodes": nodes,
		"VpcSecurityGroups": ids("VpcSecurityGroupId", r.knownTexts("vpc_security_group_ids")),
	})
}

// nested returns the elements of a list that a plan may not know yet: none then.
func (r *terraformResource) nested(key string) []*terraformResource {
	if unknownYet(r.unknown[key]) {
		return nil
	}
	return r.blocks(key)
}

// knownTexts returns a list of texts that a plan may not know yet: none then.
func (r *terraformResource) knownTexts(key string) []string {
	if unknownYet(r.unknown[key]) {
		return nil
	}
	return r.texts(key)
}
