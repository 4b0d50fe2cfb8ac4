package netmodel

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	elbARN    = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:"
	balancers = `{"LoadBalancers": [{"LoadBalancerArn": "` + elbARN + `loadbalancer/net/one/50dc6c495c0c9188", "LoadBalancerName": "one", "Type": "network", "VpcId": "vpc-1",
			"DNSName": "one-50dc6c495c0c9188.elb.eu-west-1.amazonaws.com", "Scheme": "internet-facing", "State": {"Code": "active"}, "IpAddressType": "ipv4", "SecurityGroups": ["sg-1"],
			"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "off",
			"AvailabilityZones": [{"SubnetId": "subnet-1", "ZoneName": "eu-west-1a", "LoadBalancerAddresses": [{"IpAddress": "198.51.100.9", "AllocationId": "eipalloc-1", "PrivateIPv4Address": "10.0.1.20"}]}]}],
		"LoadBalancerDescriptions": [{"LoadBalancerName": "old", "DNSName": "old-1.eu-west-1.elb.amazonaws.com", "Scheme": "internal", "VPCId": "vpc-1", "Subnets": ["subnet-1"],
			"SecurityGroups": ["sg-1"], "AvailabilityZones": ["eu-west-1a"], "Instances": [{"InstanceId": "i-1"}], "HealthCheck": {"Target": "TCP:80"},
			"ListenerDescriptions": [{"Listener": {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 8080}, "PolicyNames": []}]}],
		"Listeners": [{"ListenerArn": "` + elbARN + `listener/app/two/50dc6c495c0c9188/f2f7dc8efc522ab2", "LoadBalancerArn": "` + elbARN + `loadbalancer/app/two/50dc6c495c0c9188",
			"Port": 443, "Protocol": "HTTPS", "DefaultActions": [{"Type": "authenticate-oidc", "Order": 1}, {"Type": "forward", "TargetGroupArn": "` + elbARN + `targetgroup/t/1",
				"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "` + elbARN + `targetgroup/t/1", "Weight": 1}]}}]}],
		"Rules": [{"RuleArn": "` + elbARN + `listener-rule/app/two/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee", "Priority": "10", "IsDefault": false,
			"Conditions": [{"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}}, {"Field": "path-pattern", "Values": ["/x"]}], "Actions": [{"Type": "fixed-response"}]}],
		"TargetGroups": [{"TargetGroupArn": "` + elbARN + `targetgroup/t/1", "TargetGroupName": "t", "Protocol": "TCP", "Port": 80, "VpcId": "vpc-1", "TargetType": "instance",
			"HealthCheckProtocol": "TCP", "HealthCheckPort": "traffic-port", "IpAddressType": "ipv4", "LoadBalancerArns": ["` + elbARN + `loadbalancer/net/one/50dc6c495c0c9188"]}]}`
	health = `{"TargetGroupArn": "` + elbARN + `targetgroup/t/1", "TargetHealthDescriptions": [
		{"HealthCheckPort": "80", "Target": {"Id": "i-9", "Port": 80}, "TargetHealth": {"State": "unhealthy", "Reason": "Target.Timeout"}}]}`
	groupAttributes    = `{"TargetGroupArn": "` + elbARN + `targetgroup/t/1", "Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "true"}]}`
	balancerAttributes = `{"LoadBalancerArn": "` + elbARN + `loadbalancer/net/one/50dc6c495c0c9188", "Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "false"}]}`
)

func TestLoadBalancers(t *testing.T) {
	got, err := Load(write(t, map[string]string{
		"a.json": balancers, "b.json": health, "c.json": groupAttributes, "d.json": balancerAttributes, "vpcs.json": vpcs, "subnets.json": subnets,
	}))
	if err != nil || len(got.Problems)+len(got.Unknown)+len(got.Unused) > 0 {
		t.Fatalf("%v %+v", err, got)
	}
	want := newNetwork()
	want.VPCs, want.Subnets = got.VPCs, got.Subnets
	one, old := elbARN+"loadbalancer/net/one/50dc6c495c0c9188", "old-1.eu-west-1.elb.amazonaws.com"
	listener, rule, group := elbARN+"listener/app/two/50dc6c495c0c9188/f2f7dc8efc522ab2", elbARN+"listener-rule/app/two/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee", elbARN+"targetgroup/t/1"
	want.LoadBalancers = map[string]*LoadBalancer{
		one: {
			ID: one, Name: "one", Account: "111122223333", Region: "eu-west-1", VPC: "vpc-1", Kind: "network", DNSName: "one-50dc6c495c0c9188.elb.eu-west-1.amazonaws.com",
			Scheme: "internet-facing", State: "active", Subnets: []string{"subnet-1"}, Groups: []string{"sg-1"}, AddressType: "ipv4", PrivateLinkRules: "off",
			Addresses:  []BalancerAddress{{Subnet: "subnet-1", Private: netip.MustParseAddr("10.0.1.20"), Public: netip.MustParseAddr("198.51.100.9"), Allocation: "eipalloc-1"}},
			Attributes: map[string]string{"load_balancing.cross_zone.enabled": "false"},
		},
		old: {
			ID: old, Name: "old", Region: "eu-west-1", VPC: "vpc-1", Kind: "classic", DNSName: old, Scheme: "internal", Subnets: []string{"subnet-1"}, Groups: []string{"sg-1"},
			Listeners: []ClassicListener{{"HTTP", "HTTP", 80, 8080}}, Instances: []string{"i-1"}, HealthCheck: "TCP:80",
		},
	}
	want.Listeners = map[string]*Listener{listener: {
		ID: listener, LoadBalancer: elbARN + "loadbalancer/app/two/50dc6c495c0c9188", Protocol: "HTTPS", Port: 443,
		Actions: []ListenerAction{{Kind: "authenticate-oidc"}, {Kind: "forward", TargetGroups: []string{group}}},
	}}
	want.ListenerRules = map[string]*ListenerRule{rule: {
		ID: rule, Listener: listener, Priority: "10", Sources: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Actions: []ListenerAction{{Kind: "fixed-response"}},
	}}
	want.TargetGroups = map[string]*TargetGroup{group: {
		ID: group, Name: "t", Account: "111122223333", Region: "eu-west-1", VPC: "vpc-1", Protocol: "TCP", Port: 80, TargetKind: "instance", AddressType: "ipv4",
		LoadBalancers: []string{one}, HealthCheckProtocol: "TCP", HealthCheckPort: "traffic-port", TargetsKnown: true,
		Targets:    []BalancerTarget{{ID: "i-9", Port: 80, State: "unhealthy", Reason: "Target.Timeout", HealthCheckPort: "80"}},
		Attributes: map[string]string{"preserve_client_ip.enabled": "true"},
	}}
	if diff := cmp.Diff(&want, got.Network, addresses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantMissing := []string{
		one + " has sg-1, which is not in the input",
		listener + " is of " + elbARN + "loadbalancer/app/two/50dc6c495c0c9188, which is not in the input",
		group + " sends to i-9, which is not in the input",
		"no network ACL of the input is associated with subnet-1",
		old + " has sg-1, which is not in the input",
		old + " sends to i-1, which is not in the input",
	}
	if diff := cmp.Diff(set(wantMissing), got.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

const resources = `{
	"DBInstances": [{"DBInstanceIdentifier": "db-1", "DBInstanceArn": "arn:aws:rds:eu-west-1:111122223333:db:db-1", "DBInstanceStatus": "available", "Engine": "postgres",
		"DBClusterIdentifier": "cluster-1", "PubliclyAccessible": true, "Endpoint": {"Address": "db-1.example.eu-west-1.rds.amazonaws.com", "Port": 5432},
		"DBSubnetGroup": {"DBSubnetGroupName": "default", "VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": "subnet-1", "SubnetAvailabilityZone": {"Name": "eu-west-1a"}}]},
		"VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}]}],
	"DBClusters": [{"DBClusterIdentifier": "cluster-1", "DBClusterArn": "arn:aws:rds:eu-west-1:111122223333:cluster:cluster-1", "Status": "available", "Engine": "aurora-postgresql",
		"DBSubnetGroup": "default", "Endpoint": "w.example", "ReaderEndpoint": "r.example", "Port": 5432, "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}]}],
	"DBSubnetGroups": [{"DBSubnetGroupName": "default", "DBSubnetGroupArn": "arn:aws:rds:eu-west-1:111122223333:subgrp:default", "VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": "subnet-1"}]},
		{"DBSubnetGroupName": "default", "DBSubnetGroupArn": "arn:aws:rds:eu-west-2:111122223333:subgrp:default", "VpcId": "vpc-2", "Subnets": [{"SubnetIdentifier": "subnet-2"}]}],
	"CacheClusters": [{"CacheClusterId": "c-001", "CacheClusterStatus": "available", "Engine": "redis", "ReplicationGroupId": "c", "CacheSubnetGroupName": "caches",
		"PreferredAvailabilityZone": "eu-west-1b", "CacheNodes": [{"CacheNodeId": "0001", "Endpoint": {"Address": "c-001.example", "Port": 6379}}], "SecurityGroups": [{"SecurityGroupId": "sg-1"}]}],
	"ReplicationGroups": [{"ReplicationGroupId": "c", "ARN": "arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:c", "Status": "available",
		"NodeGroups": [{"PrimaryEndpoint": {"Address": "c.example", "Port": 6379}}]}],
	"Clusters": [{"ClusterIdentifier": "r-1", "ClusterNamespaceArn": "arn:aws:redshift:eu-west-1:111122223333:namespace:1", "ClusterStatus": "available", "VpcId": "vpc-1",
		"ClusterSubnetGroupName": "warehouse", "Endpoint": {"Address": "r-1.example", "Port": 5439}, "ClusterNodes": [{"NodeRole": "SHARED", "PrivateIPAddress": "10.0.1.30"}]}],
	"ClusterSubnetGroups": [{"ClusterSubnetGroupName": "warehouse", "VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": "subnet-1", "SubnetAvailabilityZone": {"Name": "eu-west-1a"}}]}],
	"Workspaces": [{"WorkspaceId": "ws-1", "DirectoryId": "d-1", "ComputerName": "DESK", "State": "AVAILABLE", "SubnetId": "subnet-1", "IpAddress": "10.0.1.40"}],
	"Functions": [{"FunctionName": "f", "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f", "VpcConfig": {"VpcId": "vpc-1", "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}],
	"MountTargets": [{"MountTargetId": "fsmt-1", "FileSystemId": "fs-1", "OwnerId": "111122223333", "LifeCycleState": "available", "VpcId": "vpc-1", "SubnetId": "subnet-1",
		"NetworkInterfaceId": "eni-4", "AvailabilityZoneName": "eu-west-1a", "IpAddress": "10.0.1.50"}],
	"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "TrafficType": "REJECT", "FlowLogStatus": "ACTIVE", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b/p",
		"TagFieldSpecifications": [{"ResourceType": "instance", "TagKeys": ["Name", "team"]}],
		"LogFormat": "${version}", "MaxAggregationInterval": 60, "DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Access error", "DeliverCrossAccountRole": "arn:aws:iam::1:role/x",
		"DestinationOptions": {"FileFormat": "parquet", "HiveCompatiblePartitions": true, "PerHourPartition": true}}]}`

func TestLoadResources(t *testing.T) {
	eni := func(id, address, more string) string {
		return `{"NetworkInterfaceId": "` + id + `", "VpcId": "vpc-1", "SubnetId": "subnet-1", "OwnerId": "111122223333", "RequesterManaged": true,
			"PrivateIpAddresses": [{"PrivateIpAddress": "` + address + `"}]` + more + `}`
	}
	got, err := Load(write(t, map[string]string{"resources.json": resources, "vpcs.json": vpcs, "subnets.json": subnets, "enis.json": `{"NetworkInterfaces": [` + strings.Join([]string{
		eni("eni-3", "10.0.1.30", ""), eni("eni-4", "10.0.1.50", ""), eni("eni-5", "10.0.1.40", ""), eni("eni-6", "10.0.1.41", ""),
	}, ",") + `]}`}))
	if err != nil || len(got.Problems)+len(got.Unknown)+len(got.Unused) > 0 {
		t.Fatalf("%v %+v", err, got)
	}
	addr, here, sg := netip.MustParseAddr, []string{"subnet-1"}, []string{"sg-1"}
	db, cluster, function := "arn:aws:rds:eu-west-1:111122223333:db:db-1", "arn:aws:rds:eu-west-1:111122223333:cluster:cluster-1", "arn:aws:lambda:eu-west-1:111122223333:function:f"
	group, cache, redshift := "arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:c", "cache-cluster c-001.example eu-west-1 sg-1 c-001", "redshift-cluster r-1.example vpc-1 r-1"
	account, region := "111122223333", "eu-west-1"
	want := map[string]*Resource{
		db: {
			ID: db, Name: "db-1", Kind: DBInstance, Account: account, Region: region, VPC: "vpc-1", Engine: "postgres", Status: "available", Parent: "cluster-1", SubnetGroup: "default",
			Subnets: here, Groups: sg, Endpoints: []Endpoint{{"db-1.example.eu-west-1.rds.amazonaws.com", 5432}}, Public: true,
		},
		cluster: {
			ID: cluster, Name: "cluster-1", Kind: DBCluster, Account: account, Region: region, VPC: "vpc-1", Engine: "aurora-postgresql", Status: "available", SubnetGroup: "default",
			Subnets: here, Groups: sg, Endpoints: []Endpoint{{"w.example", 5432}, {"r.example", 5432}},
		},
		cache: {
			ID: cache, Name: "c-001", Kind: CacheCluster, Region: region, Engine: "redis", Status: "available", Parent: "c", SubnetGroup: "caches", Groups: sg,
			Endpoints: []Endpoint{{"c-001.example", 6379}},
		},
		group: {ID: group, Name: "c", Kind: ReplicationGroup, Account: account, Region: region, Status: "available", Endpoints: []Endpoint{{"c.example", 6379}}},
		redshift: {
			ID: redshift, Name: "r-1", Kind: RedshiftCluster, Account: account, Region: region, VPC: "vpc-1", Status: "available", SubnetGroup: "warehouse", Subnets: here,
			Endpoints: []Endpoint{{"r-1.example", 5439}}, Addresses: []netip.Addr{addr("10.0.1.30")},
		},
		"ws-1":   {ID: "ws-1", Name: "DESK", Kind: WorkSpace, Status: "AVAILABLE", Parent: "d-1", Subnets: here, Addresses: []netip.Addr{addr("10.0.1.40")}},
		function: {ID: function, Name: "f", Kind: LambdaFunction, Account: account, Region: region, VPC: "vpc-1", Subnets: here, Groups: sg},
		"fsmt-1": {
			ID: "fsmt-1", Name: "fsmt-1", Kind: EFSMountTarget, Account: account, Region: region, VPC: "vpc-1", Status: "available", Parent: "fs-1", Subnets: here,
			Interfaces: []string{"eni-4"}, Addresses: []netip.Addr{addr("10.0.1.50")},
		},
	}
	if diff := cmp.Diff(want, got.Resources, addresses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantLogs := map[string]*FlowLog{"fl-1": {
		ID: "fl-1", Region: region, Resource: "vpc-1", Traffic: "REJECT", Status: "ACTIVE", DestinationType: "s3", Destination: "arn:aws:s3:::b/p", Format: "${version}", Interval: 60,
		DeliveryStatus: "FAILED", DeliveryError: "Access error", CrossAccountRole: "arn:aws:iam::1:role/x", FileFormat: "parquet", HivePartitions: true, HourlyPartitions: true,
		TagFields: []TagFields{{"instance", []string{"Name", "team"}}},
	}}
	if diff := cmp.Diff(wantLogs, got.FlowLogs); diff != "" {
		t.Errorf("flow logs (-want +got):\n%s", diff)
	}
	roles := map[string]string{}
	for id, i := range got.Interfaces {
		roles[id] = string(i.Role) + " " + i.Resource
	}
	if diff := cmp.Diff(map[string]string{"eni-3": "redshift r-1", "eni-4": "efs fs-1", "eni-5": "workspaces ws-1", "eni-6": " "}, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}

func TestRoles(t *testing.T) {
	service := func(typ, description string) Interface {
		return Interface{Type: typ, Description: description, Managed: true}
	}
	for name, tt := range map[string]struct {
		eni      Interface
		role     Role
		resource string
	}{
		"ALB":                         {service("interface", "ELB app/web/50dc6c495c0c9188"), RoleALB, "app/web/50dc6c495c0c9188"},
		"NLB":                         {service("network_load_balancer", "ELB net/web/50dc6c495c0c9188"), RoleNLB, "net/web/50dc6c495c0c9188"},
		"NLB, by its type alone":      {service("network_load_balancer", "x"), RoleNLB, ""},
		"GWLB":                        {service("gateway_load_balancer", "ELB gwy/fw/50dc6c495c0c9188"), RoleGWLB, "gwy/fw/50dc6c495c0c9188"},
		"ALB of a newer type":         {service("load_balancer", "ELB app/web/50dc6c495c0c9188"), RoleALB, "app/web/50dc6c495c0c9188"},
		"a balancer of any kind":      {service("load_balancer", ""), RoleUnknown, ""},
		"classic":                     {service("interface", "ELB old-web"), RoleClassicBalancer, "old-web"},
		"GWLB endpoint":               {service("gateway_load_balancer_endpoint", "VPC Endpoint Interface vpce-01"), RoleGWLBEndpoint, "vpce-01"},
		"ElastiCache":                 {service("interface", "ElastiCache my-cache-001"), RoleElastiCache, "my-cache-001"},
		"ElastiCache, with a plus":    {service("interface", "ElastiCache+my-cache-001"), RoleElastiCache, "my-cache-001"},
		"Redshift":                    {service("interface", "RedshiftNetworkInterface"), RoleRedshift, ""},
		"WorkSpaces":                  {service("interface", "Created By Amazon Workspaces for AWS Account ID 111122223333"), RoleWorkSpaces, ""},
		"EKS, by who is attached":     {Interface{Type: "interface", Description: "Amazon EKS prod", Account: "111122223333", AttachedBy: "444455556666"}, RoleEKS, "prod"},
		"a resolver":                  {service("interface", "Route 53 Resolver: rslvr-in-0a1b2c:rni-0d3e4f"), RoleResolver, "rslvr-in-0a1b2c"},
		"a function":                  {Interface{Type: "lambda", Description: "AWS Lambda VPC ENI-a-b-8c7ac78b-e11d-4dea-8a47-ab2bdeba9bf5"}, RoleLambda, "a-b"},
		"an instance":                 {Interface{Type: "interface", Instance: "i-1", Account: "1", AttachedBy: "1"}, RoleInstance, "i-1"},
		"an instance of a service":    {Interface{Type: "interface", Instance: "i-1", Account: "1", AttachedBy: "2"}, RoleUnknown, ""},
		"a description that lies":     {Interface{Type: "interface", Description: "RDSNetworkInterface"}, RoleUnknown, ""},
		"an instance that lies":       {Interface{Type: "interface", Description: "ELB app/web/50dc6c495c0c9188", Instance: "i-1"}, RoleInstance, "i-1"},
		"a service that is not known": {service("interface", "DMSNetworkInterface"), RoleUnknown, ""},
		"an unknown type":             {service("new_thing", ""), RoleUnknown, ""},
		"nothing known":               {Interface{}, RoleUnknown, ""},
		"a type and another's text":   {service("nat_gateway", "ELB web"), RoleNATGateway, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.eni.recognise()
			if tt.eni.Role != tt.role || tt.eni.Resource != tt.resource {
				t.Errorf("%q %q, want %q %q", tt.eni.Role, tt.eni.Resource, tt.role, tt.resource)
			}
		})
	}
}

func TestLoadServicesBad(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"health of none":        {`{"TargetHealthDescriptions": []}`, `TargetHealthDescriptions: the answer does not say of what it is: put "TargetGroupArn" beside it`},
		"attributes of none":    {`{"Attributes": []}`, `Attributes: the answer does not say of what it is: put one of "LoadBalancerArn" and "TargetGroupArn" beside it`},
		"attributes of two":     {`{"LoadBalancerAttributes": [{"LoadBalancerArn": "a", "TargetGroupArn": "b"}]}`, "LoadBalancerAttributes[0]: just one of LoadBalancerArn and TargetGroupArn is expected"},
		"a rule of nothing":     {`{"Rules": [{"RuleArn": "arn:aws:events:eu-west-1:1:rule/x"}]}`, `Rules[0].RuleArn: "arn:aws:events:eu-west-1:1:rule/x" is no ARN of a rule of a listener`},
		"a rule's source":       {`{"Rules": [{"RuleArn": "` + elbARN + `listener-rule/app/a/1/2/3", "Conditions": [{"SourceIpConfig": {"Values": ["x"]}}]}]}`, `Rules[0].Conditions[0].SourceIpConfig.Values[0]: "x" is no CIDR`},
		"another's listener":    {`{"LoadBalancerListeners": [{"LoadBalancerArn": "a", "Listeners": [{"ListenerArn": "l", "LoadBalancerArn": "b"}]}]}`, `LoadBalancerListeners[0].Listeners[0].LoadBalancerArn: "b", and "a" beside the list`},
		"a cluster of ECS":      {`{"Clusters": ["prod"]}`, "Clusters[0]: string where object is expected"},
		"no name":               {`{"DBInstances": [{"Engine": "mysql"}]}`, "DBInstances[0]: no DBInstanceIdentifier"},
		"a subnet group":        {`{"CacheSubnetGroups": [{}]}`, "CacheSubnetGroups[0]: no CacheSubnetGroupName"},
		"a balancer's address":  {`{"LoadBalancers": [{"LoadBalancerArn": "a", "AvailabilityZones": [{"LoadBalancerAddresses": [{"IpAddress": "x"}]}]}]}`, `LoadBalancers[0].AvailabilityZones[0].LoadBalancerAddresses[0].IpAddress: "x" is no address`},
		"a WorkSpace's address": {`{"Workspaces": [{"WorkspaceId": "ws-1", "IpAddress": "x"}]}`, `Workspaces[0].IpAddress: "x" is no address`},
		"two target lists":      {`{"TargetGroups": [{"TargetGroupArn": "t"}], "TargetGroupAttributes": [{"TargetGroupArn": "t", "Attributes": [{"Key": "a", "Value": "b"}]}, {"TargetGroupArn": "t", "Attributes": [{"Key": "a", "Value": "c"}]}]}`, "TargetGroupAttributes[1]: t is described before, and otherwise"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Load(write(t, map[string]string{"a.json": tt.text, "z.json": vpcs}))
			if len(got.Problems) != 1 || !strings.HasSuffix(got.Problems[0].String(), "a.json: "+tt.want) {
				t.Errorf("%v %v, want %s", err, got.Problems, tt.want)
			}
		})
	}
}

// TestLoadTwins loads two accounts with the same networks, addresses and names: each keeps
// its own.
func TestLoadTwins(t *testing.T) {
	files := map[string]string{}
	for _, account := range []string{"111122223333", "444455556666"} {
		id := account[:4]
		files[account+".json"] = `{"Vpcs": [{"VpcId": "vpc-` + id + `", "OwnerId": "` + account + `", "CidrBlock": "10.0.0.0/16"}],
			"Subnets": [{"SubnetId": "subnet-` + id + `", "VpcId": "vpc-` + id + `", "OwnerId": "` + account + `", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1a"}],
			"NetworkInterfaces": [{"NetworkInterfaceId": "eni-` + id + `", "VpcId": "vpc-` + id + `", "SubnetId": "subnet-` + id + `", "OwnerId": "` + account + `",
				"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.30", "Primary": true}], "RequesterManaged": true}],
			"Clusters": [{"ClusterIdentifier": "one", "VpcId": "vpc-` + id + `", "ClusterSubnetGroupName": "default", "ClusterNodes": [{"PrivateIPAddress": "10.0.1.30"}]}],
			"ClusterSubnetGroups": [{"ClusterSubnetGroupName": "default", "VpcId": "vpc-` + id + `", "Subnets": [{"SubnetIdentifier": "subnet-` + id + `"}]}],
			"CacheClusters": [{"CacheClusterId": "c", "SecurityGroups": [{"SecurityGroupId": "sg-` + id + `"}]}],
			"VpcBlockPublicAccessOptions": {"AwsAccountId": "` + account + `", "AwsRegion": "eu-west-1", "InternetGatewayBlockMode": "off"},
			"RouteTables": [{"RouteTableId": "rtb-` + id + `", "VpcId": "vpc-` + id + `", "Associations": [{"Main": true}]}]}`
	}
	got, err := Load(write(t, files))
	if err != nil || len(got.Problems) > 0 {
		t.Fatal(err, got.Problems)
	}
	for _, account := range []string{"111122223333", "444455556666"} {
		id := account[:4]
		s, i := got.Subnets["subnet-"+id], got.Interfaces["eni-"+id]
		if s == nil || s.Account != account || s.RouteTable != "rtb-"+id || s.Region != "eu-west-1" {
			t.Errorf("subnet of %s: %+v", account, s)
		}
		if i == nil || i.Account != account || i.Role != RoleRedshift || i.Region != "eu-west-1" {
			t.Errorf("ENI of %s: %+v", account, i)
		}
		r := got.Resources["redshift-cluster  vpc-"+id+" one"]
		if r == nil || r.Region != "eu-west-1" || cmp.Diff(r.Subnets, []string{"subnet-" + id}) != "" {
			t.Errorf("cluster of %s: %+v", account, r)
		}
		if b := got.BlockPublicAccess[account+"/eu-west-1"]; b == nil || b.Account != account {
			t.Errorf("block public access of %s: %+v", account, b)
		}
	}
	if len(got.Resources) != 4 || len(got.At(netip.MustParseAddr("10.0.1.30"))) != 2 {
		t.Errorf("%d resources, %d ENIs at the address", len(got.Resources), len(got.At(netip.MustParseAddr("10.0.1.30"))))
	}
}
