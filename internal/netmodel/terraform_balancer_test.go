package netmodel

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	tfELB      = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:"
	tfBalancer = tfELB + "loadbalancer/net/front/1"
	tfTargets  = tfELB + "targetgroup/web/2"
	tfListens  = tfELB + "listener/net/front/1/3"
	tfRule     = tfELB + "listener-rule/net/front/1/3/4"
)

// tfLoad loads a state, or a plan.
func tfLoad(t *testing.T, text string) Loaded {
	t.Helper()
	l, err := LoadDocuments([]Document{{Name: "state.json", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestTerraformBalancer reads listeners, rules, target groups and targets.
func TestTerraformBalancer(t *testing.T) {
	lb := tfResource("aws_lb", "front", `"arn": "`+tfBalancer+`", "name": "front", "load_balancer_type": "network", "internal": true, "vpc_id": "vpc-1", "subnets": ["subnet-1"], "security_groups": ["sg-1"]`)
	group := tfResource("aws_lb_target_group", "web", `"arn": "`+tfTargets+`", "name": "web", "port": 8443, "protocol": "TCP", "vpc_id": "vpc-1", "target_type": "ip",
		"ip_address_type": "ipv4", "preserve_client_ip": "true", "load_balancer_arns": [], "health_check": [{"port": "traffic-port", "protocol": "TCP"}]`)
	listener := tfResource("aws_lb_listener", "in", `"arn": "`+tfListens+`", "load_balancer_arn": "`+tfBalancer+`", "port": 443, "protocol": "TCP",
		"default_action": [{"type": "forward", "target_group_arn": "", "forward": [{"target_group": [{"arn": "`+tfTargets+`", "weight": 1}]}]}]`)
	rule := tfResource("aws_alb_listener_rule", "r", `"arn": "`+tfRule+`", "listener_arn": "`+tfListens+`", "priority": 10, "action": [{"type": "forward", "target_group_arn": "`+tfTargets+`"}],
		"condition": [{"source_ip": [{"values": ["192.0.2.0/24"]}]}, {"host_header": [{"values": ["a.example"]}], "source_ip": []}]`)
	attached := func(values string) string {
		return tfResource("aws_lb_target_group_attachment", "a", `"target_group_arn": "`+tfTargets+`", `+values)
	}
	l := tfLoad(t, tfState(lb, group, listener, rule, attached(`"target_id": "10.0.1.10", "port": 9000, "availability_zone": "eu-west-1a"`), attached(`"target_id": "i-1", "port": null`),
		tfResource("aws_vpc_dhcp_options", "d", `"id": "dopt-1"`)))
	action := []ListenerAction{{Kind: "forward", TargetGroups: []string{tfTargets}}}
	if diff := cmp.Diff(&Listener{ID: tfListens, LoadBalancer: tfBalancer, Protocol: "TCP", Port: 443, Actions: action}, l.Listeners[tfListens]); diff != "" {
		t.Errorf("listener (-want +got):\n%s", diff)
	}
	want := &ListenerRule{ID: tfRule, Listener: tfListens, Priority: "10", Sources: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Actions: action}
	if diff := cmp.Diff(want, l.ListenerRules[tfRule], cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("rule (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&TargetGroup{
		ID: tfTargets, Name: "web", Account: "111122223333", Region: "eu-west-1", VPC: "vpc-1", Protocol: "TCP", Port: 8443, TargetKind: "ip", AddressType: "ipv4",
		LoadBalancers: []string{tfBalancer}, HealthCheckProtocol: "TCP", HealthCheckPort: "traffic-port", TargetsKnown: true,
		Targets: []BalancerTarget{{ID: "10.0.1.10", Port: 9000, AZ: "eu-west-1a"}, {ID: "i-1", Port: 8443}}, Attributes: map[string]string{"preserve_client_ip.enabled": "true"},
	}, l.TargetGroups[tfTargets]); diff != "" {
		t.Errorf("target group (-want +got):\n%s", diff)
	}
	if len(l.Problems)+len(l.Unused) > 0 {
		t.Errorf("left out %v, not read %v", l.Problems, l.Unused)
	}

	l = tfLoad(t, tfState(lb, group, attached(`"target_id": "10.0.1.10"`)))
	if g := l.TargetGroups[tfTargets]; len(g.LoadBalancers) > 0 || len(g.Targets) != 1 {
		t.Errorf("without a listener: %+v", g)
	}
	if l = tfLoad(t, tfState(lb, group)); l.TargetGroups[tfTargets].TargetsKnown {
		t.Error("targets that are no resources are taken for known")
	}
	l = tfLoad(t, tfState(lb, attached(`"target_id": "10.0.1.10"`)))
	if !slices.ContainsFunc(l.Unused, func(s string) bool { return strings.Contains(s, "which is not in the state") }) {
		t.Errorf("a target of nothing: %v", l.Unused)
	}
}

// TestTerraformLater reads plans that add what decides nothing yet.
func TestTerraformLater(t *testing.T) {
	plan := func(resource, address, unknown string) string {
		return `{"format_version": "1.2", "planned_values": {"root_module": {"resources": [` + tfVPC + "," + resource + `]}},
			"resource_changes": [{"address": "` + address + `", "change": {"actions": ["create"], "after_unknown": {` + unknown + `}}}]}`
	}
	for _, tt := range []struct{ typ, values, unknown, key string }{
		{"aws_lb_target_group", `"name": "web"`, `"id": true, "arn": true`, "arn"},
		{"aws_lb_listener", `"port": 443`, `"arn": true, "default_action": [{"target_group_arn": true}]`, "arn"},
		{"aws_lb_listener", `"arn": "` + tfListens + `", "load_balancer_arn": "x", "default_action": [{"type": "forward"}]`, `"default_action": [{"target_group_arn": true}]`, "default_action"},
		{"aws_lb_listener_rule", `"priority": 1`, `"arn": true`, "arn"},
		{"aws_lb_target_group_attachment", `"port": 443`, `"target_group_arn": true`, "target_group_arn"},
		{"aws_db_instance", `"identifier": "db"`, `"arn": true, "vpc_security_group_ids": true`, "arn"},
		{"aws_rds_cluster", `"cluster_identifier": "db"`, `"arn": true`, "arn"},
		{"aws_elasticache_cluster", `"cluster_id": "c"`, `"arn": true`, "arn"},
		{"aws_elasticache_replication_group", `"replication_group_id": "c"`, `"arn": true`, "arn"},
		{"aws_redshift_cluster", `"port": 5439`, `"cluster_identifier": true`, "cluster_identifier"},
		{"aws_db_subnet_group", `"name": "g"`, `"subnet_ids": true`, "subnet_ids"},
	} {
		t.Run(tt.typ+" "+tt.key, func(t *testing.T) {
			l := tfLoad(t, plan(tfResource(tt.typ, "x", tt.values), tt.typ+".x", tt.unknown))
			if diff := cmp.Diff([]string{tt.typ + ".x (" + tt.key + " is known after apply)"}, l.Unused); diff != "" || len(l.VPCs) != 1 || len(l.Problems) > 0 {
				t.Errorf("%v (-want +got):\n%s", l.Problems, diff)
			}
		})
	}
	// What is known of it is read, and the rest left open.
	l := tfLoad(t, plan(tfResource("aws_db_instance", "x", `"arn": "arn:aws:rds:eu-west-1:111122223333:db:x", "identifier": "x"`), "aws_db_instance.x", `"vpc_security_group_ids": [true], "address": true`))
	if r := l.Resources["arn:aws:rds:eu-west-1:111122223333:db:x"]; r == nil || len(r.Groups)+len(r.Endpoints) > 0 {
		t.Errorf("%+v, %v", r, l.Unused)
	}
}

// TestTerraformResources reads databases and caches.
func TestTerraformResources(t *testing.T) {
	subnet := tfResource("aws_subnet", "s", `"id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24", "availability_zone": "eu-west-1a", "owner_id": "111122223333"`)
	group := func(typ, name, arn string) string {
		return tfResource(typ, name, `"id": "`+name+`", "name": "`+name+`", "subnet_ids": ["subnet-1"], "arn": "`+arn+`"`)
	}
	arn := func(service, resource string) string {
		return "arn:aws:" + service + ":eu-west-1:111122223333:" + resource
	}
	l := tfLoad(t, tfState(tfVPC, subnet,
		group("aws_db_subnet_group", "dbs", arn("rds", "subgrp:dbs")), group("aws_elasticache_subnet_group", "caches", arn("elasticache", "subnetgroup:caches")),
		group("aws_redshift_subnet_group", "clusters", arn("redshift", "subnetgroup:clusters")),
		tfResource("aws_db_instance", "db", `"arn": "`+arn("rds", "db:db")+`", "identifier": "db", "engine": "postgres", "status": "available", "availability_zone": "eu-west-1a",
			"address": "db.example", "endpoint": "db.example:5432", "port": 5432, "db_subnet_group_name": "dbs", "vpc_security_group_ids": ["sg-1"], "publicly_accessible": true, "password": "secret"`),
		tfResource("aws_rds_cluster", "c", `"arn": "`+arn("rds", "cluster:c")+`", "cluster_identifier": "c", "engine": "aurora-mysql", "endpoint": "c.example", "reader_endpoint": "c-ro.example",
			"port": 3306, "db_subnet_group_name": "dbs", "availability_zones": ["eu-west-1a"], "vpc_security_group_ids": ["sg-1"]`),
		tfResource("aws_rds_cluster_instance", "ci", `"arn": "`+arn("rds", "db:ci")+`", "identifier": "ci", "cluster_identifier": "c", "engine": "aurora-mysql", "endpoint": "ci.example",
			"port": 3306, "db_subnet_group_name": "dbs", "publicly_accessible": false`),
		tfResource("aws_elasticache_cluster", "m", `"arn": "`+arn("elasticache", "cluster:m")+`", "cluster_id": "m", "engine": "memcached", "subnet_group_name": "caches",
			"configuration_endpoint": "m.example:11211", "port": 11211, "security_group_ids": ["sg-1"], "availability_zone": "eu-west-1a",
			"cache_nodes": [{"address": "m1.example", "port": 11211, "availability_zone": "eu-west-1a"}]`),
		tfResource("aws_elasticache_replication_group", "r", `"arn": "`+arn("elasticache", "replicationgroup:r")+`", "replication_group_id": "r", "engine": "redis", "port": 6379,
			"primary_endpoint_address": "r.example", "reader_endpoint_address": "r-ro.example", "configuration_endpoint_address": null, "member_clusters": ["r-1"]`),
		tfResource("aws_redshift_cluster", "w", `"cluster_identifier": "w", "cluster_namespace_arn": "`+arn("redshift", "namespace:n")+`", "dns_name": "w.example", "port": 5439,
			"cluster_subnet_group_name": "clusters", "vpc_security_group_ids": ["sg-1"], "cluster_nodes": [{"private_ip_address": "10.0.1.20"}, {"private_ip_address": ""}]`),
	))
	home := func(r *Resource) *Resource {
		r.Account, r.Region = "111122223333", "eu-west-1"
		return r
	}
	in := []string{"subnet-1"}
	for _, want := range []*Resource{
		home(&Resource{ID: arn("rds", "db:db"), Name: "db", Kind: DBInstance, VPC: "vpc-1", Engine: "postgres", Status: "available", SubnetGroup: "dbs", Subnets: in, Groups: []string{"sg-1"}, Endpoints: []Endpoint{{"db.example", 5432}}, Public: true}),
		home(&Resource{ID: arn("rds", "cluster:c"), Name: "c", Kind: DBCluster, VPC: "vpc-1", Engine: "aurora-mysql", Status: "available", SubnetGroup: "dbs", Subnets: in, Groups: []string{"sg-1"}, Endpoints: []Endpoint{{"c.example", 3306}, {"c-ro.example", 3306}}}),
		home(&Resource{ID: arn("rds", "db:ci"), Name: "ci", Kind: DBInstance, VPC: "vpc-1", Engine: "aurora-mysql", Status: "available", Parent: "c", SubnetGroup: "dbs", Subnets: in, Endpoints: []Endpoint{{"ci.example", 3306}}}),
		home(&Resource{ID: arn("elasticache", "cluster:m"), Name: "m", Kind: CacheCluster, VPC: "vpc-1", Engine: "memcached", Status: "available", SubnetGroup: "caches", Subnets: in, Groups: []string{"sg-1"}, Endpoints: []Endpoint{{"m.example", 11211}, {"m1.example", 11211}}}),
		home(&Resource{ID: arn("elasticache", "replicationgroup:r"), Name: "r", Kind: ReplicationGroup, Engine: "redis", Status: "available", Endpoints: []Endpoint{{"r.example", 6379}, {"r-ro.example", 6379}}}),
		home(&Resource{ID: "redshift-cluster w.example vpc-1 w", Name: "w", Kind: RedshiftCluster, VPC: "vpc-1", Status: "available", SubnetGroup: "clusters", Subnets: in, Groups: []string{"sg-1"}, Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.20")}, Endpoints: []Endpoint{{"w.example", 5439}}}),
	} {
		if diff := cmp.Diff(want, l.Resources[want.ID], cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Name, diff)
		}
	}
	// The same names in another region.
	there := strings.ReplaceAll(tfState(group("aws_db_subnet_group", "dbs", arn("rds", "subgrp:dbs")), strings.ReplaceAll(group("aws_db_subnet_group", "dbs", arn("rds", "subgrp:dbs")), "eu-west-1", "us-east-1"),
		tfResource("aws_db_instance", "db", `"arn": "`+arn("rds", "db:db")+`", "identifier": "db", "db_subnet_group_name": "dbs"`)), "subnet-1", "subnet-9")
	if r := tfLoad(t, there).Resources[arn("rds", "db:db")]; !slices.Equal(r.Subnets, []string{"subnet-9"}) {
		t.Errorf("beside the same names of another region: %+v", r)
	}
	if len(l.Problems)+len(l.Unused) > 0 || len(l.SubnetGroups) != 3 {
		t.Errorf("left out %v, not read %v, %d subnet groups", l.Problems, l.Unused, len(l.SubnetGroups))
	}
}
