package netmodel

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlain(t *testing.T) {
	group := `{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1", "IpPermissions": [
		{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "PrefixListIds": [{"PrefixListId": "pl-1"}]},
		{"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "all"}]}], "IpPermissionsEgress": []}]}`
	n := loadOf(t, vpcs, subnets, enis, group, acls)
	for id, want := range map[string]string{
		"vpc-1":    `{"id": "vpc-1", "name": "one", "account": "111122223333", "cidrs": ["10.0.0.0/16"]}`,
		"subnet-1": `{"id": "subnet-1", "vpc": "vpc-1", "azid": "use1-az1", "cidrs": ["10.0.1.0/24"], "network_acl": "acl-1"}`,
		"eni-1": `{"id": "eni-1", "vpc": "vpc-1", "subnet": "subnet-1", "addresses": ["10.0.1.5", "10.0.1.9", "2001:db8::5"],
			"public": {"10.0.1.5": "198.51.100.7"}, "prefixes": ["10.0.1.16/28"], "groups": ["sg-1"]}`,
		"acl-1": `{"id": "acl-1", "vpc": "vpc-1", "default": false,
			"ingress": [{"number": 100, "allow": true, "traffic": "tcp:443", "cidr": "0.0.0.0/0"}, {"number": 32767, "allow": false, "traffic": "all", "cidr": "0.0.0.0/0"}],
			"egress": [{"number": 90, "allow": true, "traffic": "icmp:8", "cidr": "0.0.0.0/0"}]}`,
		"sg-1": `{"id": "sg-1", "name": "web", "vpc": "vpc-1", "ingress": [{"traffic": "tcp:443", "peer": {"cidr": "10.0.0.0/8"}},
			{"traffic": "tcp:443", "peer": {"prefix_list": "pl-1"}}, {"traffic": "all", "peer": {"cidr": "::/0"}, "description": "all"}]}`,
	} {
		_, thing := n.Kind(id)
		data, err := json.Marshal(Plain(thing))
		if err != nil {
			t.Fatal(err)
		}
		var got, expected map[string]any
		for text, into := range map[string]*map[string]any{string(data): &got, want: &expected} {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				t.Fatal(err)
			}
		}
		for name, want := range expected {
			if diff := cmp.Diff(want, got[name]); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", name, id, diff)
			}
		}
	}
	if v := Plain(nil); v != nil {
		t.Errorf("nothing is %v", v)
	}
}

func TestMembers(t *testing.T) {
	n := loadOf(t, enis)
	want := []Member{
		{"ID", []string{"eni-1"}},
		{"VPC", []string{"vpc-1"}},
		{"subnet", []string{"subnet-1"}},
		{"addresses", []string{"10.0.1.5", "10.0.1.9", "2001:db8::5"}},
		{"public", []string{"10.0.1.5 = 198.51.100.7"}},
		{"prefixes", []string{"10.0.1.16/28"}},
		{"groups", []string{"sg-1"}},
	}
	if diff := cmp.Diff(want, Members(n.Interfaces["eni-1"])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
