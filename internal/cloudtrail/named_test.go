package cloudtrail

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNotFollowed keeps of calls that are not followed what they can have changed.
func TestNotFollowed(t *testing.T) {
	for _, tt := range []struct {
		name, call, request, response string
		want                          []string
	}{
		{"routes", "ReplaceRoute", `{"routeTableId":"rtb-1","destinationCidrBlock":"0.0.0.0/0","natGatewayId":"nat-1"}`, done, []string{"nat-1", "rtb-1"}},
		{"an association", "ReplaceRouteTableAssociation", `{"associationId":"rtbassoc-1","routeTableId":"rtb-2"}`, `{"newAssociationId":"rtbassoc-2"}`, []string{"rtb-2", "rtbassoc-1", "rtbassoc-2"}},
		{
			"in a subnet", "CreateNatGateway", `{"CreateNatGatewayRequest":{"AllocationId":"eipalloc-1","SubnetId":"subnet-1"}}`,
			`{"CreateNatGatewayResponse":{"natGateway":{"vpcId":"vpc-1","natGatewayId":"nat-1","natGatewayAddressSet":{"item":{"allocationId":"eipalloc-1"}}}}}`,
			[]string{"eipalloc-1", "nat-1"},
		},
		{"a VPC's end", "DeleteVpc", `{"vpcId":"vpc-1"}`, done, []string{"vpc-1"}},
		{"instances", "TerminateInstances", `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`, `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`, []string{"i-1"}},
		{"what no instance's ENI hangs on", "AttachVolume", `{"instanceId":"i-1","volumeId":"vol-1"}`, done, nil},
		{"groups of an instance", "ModifyInstanceAttribute", `{"instanceId":"i-1","groupSet":{"items":[{"groupId":"sg-1"}]}}`, done, []string{"i-1", "sg-1"}},
		{"another attribute", "ModifyInstanceAttribute", `{"instanceId":"i-1","userData":"<sensitiveDataRemoved>"}`, done, nil},
		{"Block Public Access", "ModifyVpcBlockPublicAccessOptions", `{"ModifyVpcBlockPublicAccessOptionsRequest":{"InternetGatewayBlockMode":"off"}}`, "null", []string{"111122223333/eu-west-1"}},
		{"an address", "DisassociateAddress", `{"publicIp":"203.0.113.9"}`, done, []string{"203.0.113.9"}},
		{"an association alone", "DisassociateRouteTable", `{"associationId":"rtbassoc-1"}`, `{"associationState":{"state":"disassociating"}}`, []string{"rtbassoc-1"}},
		{"tags", "CreateTags", `{"resourcesSet":{"items":[{"resourceId":"eni-1"}]},"tagSet":{}}`, done, nil},
		{"members of other forms", "ModifySomething", `{"groupId":["sg-1"],"networkInterfaceSet":"eni-1"}`, `"text"`, []string{"eni-1", "sg-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read("f", records(event(tt.call, tt.request, tt.response, "")))
			if err != nil || len(got.Problems) > 0 {
				t.Fatal(err, got.Problems)
			}
			if len(tt.want) == 0 {
				if len(got.Changes) > 0 {
					t.Errorf("%+v", got.Changes)
				}
				return
			}
			if len(got.Changes) != 1 {
				t.Fatalf("%d changes", len(got.Changes))
			}
			c := got.Changes[0]
			if diff := cmp.Diff(tt.want, c.IDs); diff != "" || !c.NotFollowed || c.Unclear != "what "+tt.call+" does is not followed" || len(c.Effects) > 0 {
				t.Errorf("%+v (-want +got):\n%s", c, diff)
			}
		})
	}
	old := strings.Replace(event("DescribeVpcs", `{"vpcId":"vpc-1"}`, "null", ""), `"readOnly":false,`, "", 1)
	failed := event("DeleteVpc", `{"vpcId":"vpc-1"}`, "null", `,"errorCode":"Client.DependencyViolation"`)
	got, err := Read("f", records(old, failed))
	if err != nil || len(got.Changes) > 0 || got.Failed > 0 {
		t.Errorf("a call that reads, and one that failed: %+v, %v", got, err)
	}
}
