package netmodel

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tfState returns a state of Terraform with resources, given as type, name and values.
func tfState(resources ...string) string {
	return `{"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [` + strings.Join(resources, ",") + `]}}}`
}

func tfResource(typ, name, values string) string {
	return fmt.Sprintf(`{"address": "%s.%s", "mode": "managed", "type": "%s", "name": "%s", "values": {%s}}`, typ, name, typ, name, values)
}

var (
	tfVPC   = tfResource("aws_vpc", "v", `"id": "vpc-1", "arn": "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1", "owner_id": "111122223333", "cidr_block": "10.0.0.0/16", "main_route_table_id": "rtb-1"`)
	tfGroup = tfResource("aws_security_group", "g", `"id": "sg-1", "name": "web", "vpc_id": "vpc-1", "owner_id": "111122223333", "ingress": [
		{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0", "10.0.0.0/8"], "security_groups": ["444455556666/sg-9"], "self": true, "description": "in"}], "egress": []`)
	tfACL   = tfResource("aws_network_acl", "a", `"id": "acl-1", "vpc_id": "vpc-1", "subnet_ids": ["subnet-1"], "ingress": [{"rule_no": 100, "action": "allow", "protocol": "6", "from_port": 443, "to_port": 443, "cidr_block": "10.0.0.0/8"}], "egress": []`)
	tfTable = tfResource("aws_route_table", "r", `"id": "rtb-1", "vpc_id": "vpc-1", "route": [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "nat_gateway_id": ""}]`)
)

func TestTerraform(t *testing.T) {
	// What was refreshed has inline what is a resource of its own.
	l, err := LoadDocuments([]Document{{Name: "state.json", Data: []byte(tfState(tfVPC, tfGroup, tfACL, tfTable,
		tfResource("aws_security_group", "o", `"id": "sg-2", "name": "own", "vpc_id": "vpc-1", "owner_id": "111122223333", "ingress": [
			{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}], "egress": []`),
		tfResource("aws_vpc_security_group_ingress_rule", "same", `"security_group_id": "sg-2", "security_group_rule_id": "sgr-1", "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.0.0.0/8"`),
		tfResource("aws_security_group_rule", "other", `"security_group_id": "sg-2", "type": "egress", "protocol": "all", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": ["::/0"]`),
		tfResource("aws_network_acl_rule", "same", `"network_acl_id": "acl-1", "rule_number": 100, "egress": false, "rule_action": "allow", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_block": "10.0.0.0/8"`),
		tfResource("aws_network_acl_rule", "icmp", `"network_acl_id": "acl-1", "rule_number": 90, "egress": true, "rule_action": "deny", "protocol": "icmp", "icmp_type": "8", "icmp_code": "-1", "ipv6_cidr_block": "::/0"`),
		tfResource("aws_route", "same", `"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"`),
		tfResource("aws_route", "elsewhere", `"route_table_id": "rtb-9", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"`),
		tfResource("aws_s3_bucket", "b", `"id": "b"`), tfResource("random_id", "x", `"id": "x"`),
	))}})
	if err != nil {
		t.Fatal(err)
	}
	cidr := netip.MustParsePrefix
	tcp := Traffic{Protocol: TCP, From: 443, To: 443, Type: -1, Code: -1}
	all := Traffic{Protocol: AllProtocols, Type: -1, Code: -1}
	home, region := "111122223333", "eu-west-1"
	want := map[string]any{
		"sg-1": &SecurityGroup{ID: "sg-1", Name: "web", VPC: "vpc-1", Account: home, Region: region, Ingress: []GroupRule{
			{Traffic: tcp, Peer: Peer{CIDR: cidr("0.0.0.0/0")}, Description: "in"},
			{Traffic: tcp, Peer: Peer{CIDR: cidr("10.0.0.0/8")}, Description: "in"},
			{Traffic: tcp, Peer: Peer{Group: "sg-9"}, Description: "in", Reference: GroupReference{Account: "444455556666"}},
			{Traffic: tcp, Peer: Peer{Group: "sg-1"}, Description: "in", Reference: GroupReference{Account: home}},
		}},
		"sg-2": &SecurityGroup{ID: "sg-2", Name: "own", VPC: "vpc-1", Account: home, Region: region, Ingress: []GroupRule{
			{Traffic: tcp, Peer: Peer{CIDR: cidr("10.0.0.0/8")}, ID: "sgr-1"},
		}, Egress: []GroupRule{{Traffic: all, Peer: Peer{CIDR: cidr("0.0.0.0/0")}}, {Traffic: all, Peer: Peer{CIDR: cidr("::/0")}}}},
		"acl-1": &NetworkACL{
			ID: "acl-1", VPC: "vpc-1", Region: region, Subnets: []string{"subnet-1"}, Ingress: []ACLEntry{{Number: 100, Allow: true, Traffic: tcp, CIDR: cidr("10.0.0.0/8")}},
			Egress: []ACLEntry{{Number: 90, Traffic: Traffic{Protocol: ICMP, Type: 8, Code: -1}, CIDR: cidr("::/0")}},
		},
		"rtb-1": &RouteTable{ID: "rtb-1", VPC: "vpc-1", Region: region, Main: true, Routes: []Route{
			{CIDR: cidr("0.0.0.0/0"), Target: Target{Kind: TargetInternetGateway, ID: "igw-1"}, State: "active", Origin: "CreateRoute"},
			{CIDR: cidr("10.0.0.0/16"), Target: Target{Kind: TargetLocal}, State: "active", Origin: "CreateRouteTable"},
		}},
	}
	for id, w := range want {
		if _, got := l.Kind(id); !cmp.Equal(w, got, addresses) {
			t.Errorf("%s (-want +got):\n%s", id, cmp.Diff(w, got, addresses))
		}
	}
	unused := []string{"aws_route.elsewhere (of rtb-9, which is not in the state)", "aws_s3_bucket"}
	if diff := cmp.Diff(unused, l.Unused); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
	missing := []string{"rtb-1 routes to igw-1, which is not in the input", "sg-1 references sg-9, which is not in the input"}
	if diff := cmp.Diff(missing, l.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

// TestTerraformProblems checks what is said of a state that is not right, and of which resource.
func TestTerraformProblems(t *testing.T) {
	rule := func(values string) string {
		bare := tfResource("aws_security_group", "g", `"id": "sg-1", "name": "web", "vpc_id": "vpc-1", "owner_id": "111122223333", "ingress": [], "egress": []`)
		return tfState(tfVPC, bare, tfResource("aws_security_group_rule", "r", `"security_group_id": "sg-1", "type": "ingress", `+values))
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":       {`{"format_version": "1.0"}`, "an empty state of Terraform"},
		"another":     {`{"format_version": "2.0", "values": {}}`, `format_version: "2.0" is no version of Terraform's format that is known: 1`},
		"the file":    {`{"version": 4, "terraform_version": "1.11.4", "serial": 3, "resources": []}`, "a state file of Terraform; what `terraform show -json` prints of it is read"},
		"nothing":     {tfState(tfResource("aws_s3_bucket", "b", `"id": "b"`)), "a state of Terraform with nothing of a network"},
		"no list":     {`{"format_version": "1.0", "values": {"root_module": {"resources": {}}}}`, "object where []netmodel.terraformResource is expected"},
		"reversed":    {rule(`"protocol": "tcp", "from_port": 443, "to_port": 80, "cidr_blocks": ["10.0.0.0/8"]`), "values.root_module.resources[2] (aws_security_group_rule.r): ports 443 to 80 are reversed"},
		"no CIDR":     {rule(`"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.0.0/40"]`), `values.root_module.resources[2] (aws_security_group_rule.r): "10.0.0.0/40" is no CIDR`},
		"no peer":     {rule(`"protocol": "tcp", "from_port": 80, "to_port": 80`), "values.root_module.resources[2] (aws_security_group_rule.r): a rule without a peer"},
		"no number":   {rule(`"protocol": "tcp", "from_port": "http", "to_port": 80`), "(aws_security_group_rule.r): from_port is no whole number"},
		"no text":     {tfState(tfResource("aws_vpc", "v", `"id": ["vpc-1"]`)), "(aws_vpc.v): id is no text"},
		"no id":       {tfState(tfResource("aws_vpc", "v", `"cidr_block": "10.0.0.0/16"`)), "(aws_vpc.v): no id"},
		"twice":       {tfState(tfVPC, tfVPC), "values.root_module.resources[1] (aws_vpc.v): vpc-1 is there before"},
		"other entry": {tfState(tfVPC, tfACL, tfResource("aws_network_acl_rule", "r", `"network_acl_id": "acl-1", "rule_number": 100, "rule_action": "deny", "protocol": "6", "from_port": 443, "to_port": 443, "cidr_block": "10.0.0.0/8"`)), "(aws_network_acl_rule.r): entry 100 of acl-1 is there before, and otherwise: terraform refresh"},
		"no type":     {tfState(tfVPC, tfACL, tfResource("aws_network_acl_rule", "r", `"network_acl_id": "acl-1", "rule_number": 1, "rule_action": "deny", "protocol": "icmp", "cidr_block": "10.0.0.0/8"`)), "(aws_network_acl_rule.r): an entry of icmp without icmp_type and icmp_code: terraform refresh"},
		"two ACLs":    {tfState(tfVPC, tfACL, tfResource("aws_network_acl", "b", `"id": "acl-2", "vpc_id": "vpc-1", "subnet_ids": ["subnet-1"]`)), "(aws_network_acl.b): subnet-1 is associated with acl-2, and with acl-1: terraform refresh"},
		"other route": {tfState(tfVPC, tfTable, tfResource("aws_route", "r", `"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": "nat-1"`)), "(aws_route.r): rtb-1 has a route to 0.0.0.0/0 before, via igw-1 and not nat-1: terraform refresh"},
		"old inline":  {tfState(tfVPC, tfGroup, tfResource("aws_security_group_rule", "r", `"security_group_id": "sg-1", "type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.0.0/8"]`)), "(aws_security_group.g): sg-1 has inline what none of its resources has: ingress 6 443 443 0.0.0.0/0; it is old, which terraform refresh mends, or somebody else made it"},
		"association": {
			`{"format_version": "1.2", "planned_values": {"root_module": {"resources": [` + tfVPC + `]}},
				"resource_changes": [{"address": "aws_network_acl_association.a", "type": "aws_network_acl_association", "change": {"actions": ["delete"], "before": {}}}]}`,
			"resource_changes (aws_network_acl_association.a): a plan that changes or removes this can't be read: apply it, and read the state",
		},
		"a plan": {
			`{"format_version": "1.2", "planned_values": {"root_module": {"resources": [` + tfResource("aws_subnet", "s", `"cidr_block": "10.0.0.0/24"`) + `]}},
				"resource_changes": [{"address": "aws_subnet.s", "change": {"after_unknown": {"id": true, "vpc_id": true, "arn": true, "owner_id": true}}}]}`,
			"a plan with values that are known after apply: aws_subnet.s.id, aws_subnet.s.vpc_id",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := LoadDocuments([]Document{{Name: "state.json", Data: []byte(c.text)}})
			if err == nil || len(l.Problems) != 1 {
				t.Fatalf("no problem, or several: %v, %v", err, l.Problems)
			}
			if got := l.Problems[0].String(); !strings.HasPrefix(got, "state.json: ") || !strings.Contains(got, c.want) {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestTerraformPlan checks that a plan is read where it says enough: a rule has no id yet.
func TestTerraformPlan(t *testing.T) {
	plan := `{"format_version": "1.2", "planned_values": {"root_module": {"resources": [` + tfVPC + `], "child_modules": [{"address": "module.m", "resources": [` + tfGroup + "," +
		tfResource("aws_vpc_security_group_ingress_rule", "new", `"security_group_id": "sg-1", "ip_protocol": "udp", "from_port": 53, "to_port": 53, "cidr_ipv4": "10.0.0.0/8"`) + `]}]}},
		"resource_changes": [{"address": "aws_vpc_security_group_ingress_rule.new", "change": {"actions": ["create"], "after_unknown": {"id": true, "arn": true, "security_group_rule_id": true}}},
			{"address": "aws_vpc_security_group_ingress_rule.old", "type": "aws_vpc_security_group_ingress_rule", "change": {"actions": ["delete"],
				"before": {"security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.0.0.0/8"}}}]}`
	l, err := LoadDocuments([]Document{{Name: "plan.json", Data: []byte(plan)}})
	if err != nil {
		t.Fatal(err)
	}
	rules := l.SecurityGroups["sg-1"].Ingress
	if got, want := l.SecurityGroups["sg-1"].RuleName(Ingress, &rules[len(rules)-1]), "sg-1:ingress:udp:53:10.0.0.0/8"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, r := range rules {
		if r.Protocol == TCP && r.Peer.String() == "10.0.0.0/8" {
			t.Errorf("the rule %s is there, which the plan removes", Text(r))
		}
	}
}

// TestTerraformState checks a state that Terraform made of testdata/terraform/main.tf, against
// what that file says, and that what is handed on to be kept is no state.
func TestTerraformState(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "terraform", "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	docs := []Document{{Name: "state.json", Data: data}}
	l, err := LoadDocuments(docs)
	if err != nil || len(l.Problems)+len(l.Unused)+len(l.Unknown) > 0 {
		t.Fatalf("%v %v %v %v", err, l.Problems, l.Unused, l.Unknown)
	}
	counts := map[string]int{}
	for _, c := range l.Counts() {
		if c.N > 0 {
			counts[c.Kind] = c.N
		}
	}
	want := map[string]int{
		"VPCs": 2, "subnets": 2, "interfaces": 2, "security groups": 3, "network ACLs": 3, "prefix lists": 1, "route tables": 2, "internet gateways": 1,
		"egress only internet gateways": 1, "NAT gateways": 1, "elastic IPs": 2, "peering connections": 1, "VPC endpoints": 1, "transit gateways": 1,
		"transit gateway attachments": 1, "transit gateway route tables": 1, "load balancers": 1,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	parts, err := Split(docs, nil)
	if err != nil || len(parts) != 1 || parts[0].Place != (Place{"123456789012", "eu-west-1"}) {
		t.Fatalf("%v %v", parts, err)
	}
	again, err := LoadDocuments(parts[0].Documents)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Change(nil), Diff(l.Network, again.Network)); diff != "" {
		t.Errorf("(-state +kept):\n%s", diff)
	}
	if kept := string(parts[0].Documents[0].Data); strings.Contains(kept, "root_block_device") || strings.Contains(kept, "terraform_version") {
		t.Errorf("the state itself is kept: %s", kept)
	}
}

// FuzzTerraform checks that whatever stands in a state, weir reads or refuses it, and that what
// it reads it reads again of what is kept.
func FuzzTerraform(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "terraform", "state.json"))
	if err != nil {
		f.Fatal(err)
	}
	var all struct {
		Values struct {
			RootModule struct{ Resources []json.RawMessage } `json:"root_module"`
		}
	}
	if err := json.Unmarshal(data, &all); err != nil {
		f.Fatal(err)
	}
	for _, r := range all.Values.RootModule.Resources {
		f.Add(tfVPC, string(r))
		f.Add(string(r), tfGroup)
	}
	f.Add(tfACL, tfTable)
	f.Add(tfResource("aws_lb_target_group", "g", `"arn": "`+tfTargets+`", "name": "g", "port": 443, "protocol": "TCP", "preserve_client_ip": "true"`),
		tfResource("aws_lb_listener", "l", `"arn": "`+tfListens+`", "load_balancer_arn": "`+tfBalancer+`", "default_action": [{"type": "forward", "target_group_arn": "`+tfTargets+`"}]`))
	f.Add(tfResource("aws_lb_target_group", "g", `"arn": "`+tfTargets+`", "name": "g"`), tfResource("aws_lb_target_group_attachment", "a", `"target_group_arn": "`+tfTargets+`", "target_id": "10.0.1.10"`))
	f.Add(tfResource("aws_db_subnet_group", "g", `"name": "g", "subnet_ids": ["subnet-1"], "vpc_id": "vpc-1"`), tfResource("aws_db_instance", "d", `"arn": "arn:aws:rds:eu-west-1:111122223333:db:d", "identifier": "d", "db_subnet_group_name": "g", "address": "d", "port": 1`))
	f.Add(tfResource("aws_elasticache_cluster", "c", `"arn": "arn:aws:elasticache:eu-west-1:111122223333:cluster:c", "cluster_id": "c", "configuration_endpoint": "c:1"`), tfResource("aws_redshift_cluster", "r", `"cluster_identifier": "r", "cluster_nodes": [{"private_ip_address": "10.0.1.20"}]`))
	f.Fuzz(func(t *testing.T, a, b string) {
		l, err := LoadDocuments([]Document{{Name: "state.json", Data: []byte(tfState(a, b))}})
		if err != nil || len(l.Problems) > 0 {
			return
		}
		docs, err := answersOfTerraform([]Document{{Name: "state.json", Data: []byte(tfState(a, b))}})
		if err != nil {
			t.Fatal(err)
		}
		again, err := LoadDocuments(docs)
		if err != nil || len(again.Problems) > 0 {
			t.Fatalf("%v %v", err, again.Problems)
		}
		if diff := cmp.Diff([]Change(nil), Diff(l.Network, again.Network)); diff != "" {
			t.Fatalf("(-state +kept):\n%s", diff)
		}
	})
}
