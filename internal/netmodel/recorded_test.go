package netmodel

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// recordedCalls are the numbers of recorded answers by call that hold something, of those
// services that netmodel reads.
var recordedCalls = map[string]int{
	"ec2.DescribeAddresses": 9, "ec2.DescribeFlowLogs": 14, "ec2.DescribeInstances": 93, "ec2.DescribeInternetGateways": 4,
	"ec2.DescribeNatGateways": 3, "ec2.DescribeNetworkAcls": 2, "ec2.DescribeNetworkInterfaces": 9, "ec2.DescribePrefixLists": 1,
	"ec2.DescribeRouteTables": 6, "ec2.DescribeSecurityGroups": 73, "ec2.DescribeSubnets": 42, "ec2.DescribeTransitGatewayAttachments": 7,
	"ec2.DescribeTransitGateways": 3, "ec2.DescribeVpcEndpoints": 10, "ec2.DescribeVpcPeeringConnections": 3, "ec2.DescribeVpcs": 31,
	"elasticache.DescribeCacheClusters": 10, "elasticloadbalancing.DescribeLoadBalancers": 51, "rds.DescribeDBInstances": 41,
	"redshift.DescribeClusters": 21, "workspaces.DescribeWorkspaces": 2,
}

// oddRecorded are answers that somebody changed so that they describe one thing twice.
var oddRecorded = map[string]string{
	"test_vpc_flow_logs_misconfigured/ec2.DescribeFlowLogs_1.json": "FlowLogs[1]: fl-84d63aed is described before, and otherwise",
}

// recorded calls f with each of AWS's recorded answers that is no error.
func recorded(t *testing.T, f func(name, call string, data []byte)) {
	root := sharedtest.Path(t, "data", "netdefs", "c7n-placebo")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var answer struct{ Data map[string]json.RawMessage }
		if err := json.Unmarshal(data, &answer); err != nil {
			return err
		}
		if answer.Data["Error"] != nil {
			return nil
		}
		inner, err := json.Marshal(answer.Data)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		f(filepath.ToSlash(name), strings.TrimRight(strings.TrimSuffix(d.Name(), ".json"), "_0123456789"), inner)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLoadRecorded checks that every member of AWS's recorded answers is read, or ignored
// by name, so that nothing is dropped that nobody knows of.
func TestLoadRecorded(t *testing.T) {
	services := []string{"ec2", "elasticloadbalancing", "rds", "redshift", "elasticache", "workspaces"}
	calls, odd := map[string]int{}, map[string]string{}
	recorded(t, func(name, call string, data []byte) {
		service, _, _ := strings.Cut(call, ".")
		if !slices.Contains(services, service) {
			return
		}
		calls[call]++
		f := readFile(name, data)
		if f.problem != nil {
			odd[name] = f.problem.Path + ": " + f.problem.Reason
		}
		if len(f.unknown)+len(f.unused) > 0 {
			t.Errorf("%s: members that are not known: %v, not read: %v", name, f.unknown, f.unused)
		}
		if _, problems := join([]*file{f}); f.problem == nil && len(problems) > 0 {
			t.Errorf("%v", problems)
		}
	})
	if diff := cmp.Diff(recordedCalls, calls); diff != "" {
		t.Errorf("answers by call (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(oddRecorded, odd); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// recordedRoles are the role and the resource of an ENI by its type, its description, and
// what it is attached to.
var recordedRoles = map[string]string{
	"efs|EFS mount target for fs-017557a9f00b1bec9 (fsmt-0fca46e06dcfff8e2)|amazon-aws|":                         "efs|fs-017557a9f00b1bec9",
	"efs|EFS mount target for fs-017557a9f00b1bec9 (fsmt-0fcbb40c868d404e8)|amazon-aws|":                         "efs|fs-017557a9f00b1bec9",
	"efs|EFS mount target for fs-028d2a86fa813320a (fsmt-07e238762319765b9)|amazon-aws|":                         "efs|fs-028d2a86fa813320a",
	"interface|AWS created network interface for directory d-90677cc91c|644160558196|":                           "directory-service|d-90677cc91c",
	"interface|RDSNetworkInterface|amazon-rds|":                                                                  "rds|",
	"interface|arn:aws:ecs:us-east-1:644160558196:attachment/c8773f8d-1317-457a-ba3c-b57775ac6a04|644160558196|": "ecs-task|arn:aws:ecs:us-east-1:644160558196:attachment/c8773f8d-1317-457a-ba3c-b57775ac6a04",
	"interface|test||": "|",
	"interface||644160558196|i-042c20d5454745bbe": "instance|i-042c20d5454745bbe",
	"interface||644160558196|i-05fccf7da99ad47f7": "instance|i-05fccf7da99ad47f7",
	"interface||644160558196|i-0f94b4d7343149de3": "instance|i-0f94b4d7343149de3",
	"interface|||": "|",
	"lambda|AWS Lambda VPC ENI-test-python-8c7ac78b-e11d-4dea-8a47-ab2bdeba9bf5|amazon-aws|":                    "lambda|test-python",
	"nat_gateway|Interface for NAT Gateway nat-001ede673d090598b|amazon-aws|":                                   "nat-gateway|nat-001ede673d090598b",
	"nat_gateway|Interface for NAT Gateway nat-00204b913229b9448|amazon-aws|":                                   "nat-gateway|nat-00204b913229b9448",
	"transit_gateway|Network Interface for Transit Gateway Attachment tgw-attach-063138e03e7866a3d|amazon-aws|": "transit-gateway|tgw-attach-063138e03e7866a3d",
	"vpc_endpoint|VPC Endpoint Interface vpce-0ae25b74ddcffae7b|amazon-aws|":                                    "vpc-endpoint|vpce-0ae25b74ddcffae7b",
	"|ELB test-load-balancer|amazon-elb|":                                                                       "classic-load-balancer|test-load-balancer",
	"|RDSNetworkInterface|amazon-rds|":                                                                          "rds|",
	"|||":                                                                                                       "|",
}

// TestRecordedRoles checks which roles the ENIs of recorded answers get: those of services
// by their description, the others by whether they are attached to an instance.
func TestRecordedRoles(t *testing.T) {
	got := map[string]string{}
	recorded(t, func(name, call string, data []byte) {
		if call != "ec2.DescribeNetworkInterfaces" {
			return
		}
		n, problems := join([]*file{readFile(name, data)})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, i := range n.Interfaces {
			got[strings.Join([]string{i.Type, i.Description, i.AttachedBy, i.Instance}, "|")] = string(i.Role) + "|" + i.Resource
		}
	})
	if diff := cmp.Diff(recordedRoles, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOthersRoles checks the roles of ENIs against the resources that the same networks
// hold.
func TestOthersRoles(t *testing.T) {
	seen := map[Role]int{}
	for _, dir := range []string{
		"test-load-balancer", "test-nat-gateway", "test-transit-gateway", "test-vpc-endpoint-interface", "test-vpc-peering", "networks/hybrid-cloud-aws/us-west-2",
	} {
		n, err := Load(sharedtest.Path(t, "data", "netdefs", "batfish", filepath.FromSlash(dir)))
		if err != nil {
			t.Fatal(err)
		}
		for id, i := range n.Interfaces {
			seen[i.Role]++
			found := false
			switch i.Role {
			case RoleInstance:
				found = i.Resource == i.Instance
			case RoleNLB:
				for arn := range n.LoadBalancers {
					found = found || strings.HasSuffix(arn, ":loadbalancer/"+i.Resource)
				}
			case RoleNATGateway:
				g := n.NATGateways[i.Resource]
				found = g != nil && slices.ContainsFunc(g.Addresses, func(a NATAddress) bool { return a.Interface == id })
			case RoleTransitGateway:
				a := n.TransitGatewayAttachments[i.Resource]
				found = a != nil && a.Resource == i.VPC && slices.Contains(a.Subnets, i.Subnet)
			case RoleVPCEndpoint:
				e := n.VPCEndpoints[i.Resource]
				found = e != nil && slices.Contains(e.Interfaces, id)
			case RoleUnknown:
				found = i.Instance == "" && i.AttachedBy == "" // nobody's
			}
			if !found {
				t.Errorf("%s: %s is %q of %q, which the network does not hold", dir, id, i.Role, i.Resource)
			}
		}
	}
	for _, role := range []Role{RoleInstance, RoleNLB, RoleNATGateway, RoleTransitGateway, RoleVPCEndpoint} {
		if seen[role] == 0 {
			t.Errorf("no ENI is %q", role)
		}
	}
}
