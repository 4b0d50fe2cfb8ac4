package netmodel

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loadOf loads documents by their texts.
func loadOf(t *testing.T, texts ...string) *Network {
	t.Helper()
	var docs []Document
	for _, text := range texts {
		docs = append(docs, doc("d.json", text))
	}
	loaded, err := LoadDocuments(docs)
	if err != nil || len(loaded.Problems) > 0 {
		t.Fatal(err, loaded.Problems)
	}
	return loaded.Network
}

func TestDiff(t *testing.T) {
	replace := func(text string, oldNew ...string) string { return strings.NewReplacer(oldNew...).Replace(text) }
	for _, c := range []struct {
		name          string
		before, after []string
		want          []Change
	}{
		{"the same", []string{vpcs, groups}, []string{groups, vpcs}, nil},
		{"came and went", []string{vpcs}, []string{lists}, []Change{
			{Kind: "VPCs", ID: "vpc-1", Name: "one", What: Went},
			{Kind: "prefix lists", ID: "pl-1", Name: "com.amazonaws.us-east-1.s3", What: Came},
		}},
		{
			"a group's rules, in another order",
			[]string{groups},
			[]string{replace(groups, `{"CidrIp": "10.1.2.3/8"}, {"CidrIp": "0.0.0.0/0"}`, `{"CidrIp": "192.168.0.0/16"}, {"CidrIp": "10.1.2.3/8"}`, `"GroupName": "web"`, `"GroupName": "www"`)},
			[]Change{{Kind: "security groups", ID: "sg-1", Name: "www", What: Changed, Details: []Detail{
				{Member: "name", Went: []string{"web"}, Came: []string{"www"}},
				{Member: "ingress", Went: []string{"tcp:443 0.0.0.0/0"}, Came: []string{"tcp:443 192.168.0.0/16"}},
			}}},
		},
		{
			"entries of a network ACL",
			[]string{acls, subnets},
			[]string{replace(acls, `"RuleNumber": 90`, `"RuleNumber": 91`, `"subnet-1"`, `"subnet-2"`), subnets},
			[]Change{
				{Kind: "subnets", ID: "subnet-1", What: Changed, Details: []Detail{{Member: "network ACL", Went: []string{"acl-1"}}}},
				{Kind: "network ACLs", ID: "acl-1", What: Changed, Details: []Detail{{Member: "egress", Went: []string{"90 allow icmp:8 0.0.0.0/0"}, Came: []string{"91 allow icmp:8 0.0.0.0/0"}}, {Member: "subnets", Went: []string{"subnet-1"}, Came: []string{"subnet-2"}}, {Member: "associations", Went: []string{"subnet-1 = aclassoc-1"}, Came: []string{"subnet-2 = aclassoc-1"}}}},
			},
		},
		{
			"an interface's groups, addresses and which is first",
			[]string{enis},
			[]string{replace(enis, `"sg-1"`, `"sg-2"`, `"Primary": true, `, "", `198.51.100.7`, `198.51.100.8`)},
			[]Change{{Kind: "interfaces", ID: "eni-1", What: Changed, Details: []Detail{
				{Member: "first of addresses", Went: []string{"10.0.1.5"}, Came: []string{"10.0.1.9"}},
				{Member: "public", Went: []string{"10.0.1.5 = 198.51.100.7"}, Came: []string{"10.0.1.5 = 198.51.100.8"}},
				{Member: "groups", Went: []string{"sg-1"}, Came: []string{"sg-2"}},
			}}},
		},
		{
			"ids of rules",
			[]string{groups},
			[]string{groups, rules},
			[]Change{{Kind: "security groups", ID: "sg-1", Name: "web", What: Changed, Details: []Detail{
				{Member: "ingress", Went: []string{"tcp:443 10.0.0.0/8", "icmp:8 sg-1"}, Came: []string{"tcp:443 10.0.0.0/8 (sgr-1)", "icmp:8 sg-1 (sgr-2)"}},
				{Member: "egress", Went: []string{"all 0.0.0.0/0"}, Came: []string{"all 0.0.0.0/0 (sgr-3)"}},
			}}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Diff(loadOf(t, c.before...), loadOf(t, c.after...))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDiffText checks that what the text of a thing does not tell is a difference too.
func TestDiffText(t *testing.T) {
	of := func(typ, code int) *Network {
		return &Network{SecurityGroups: map[string]*SecurityGroup{"sg-1": {ID: "sg-1", Egress: []GroupRule{{Traffic: Traffic{Protocol: TCP, Type: typ, Code: code}}}}}}
	}
	got := Diff(of(-1, -1), of(3, 4)) // a TCP rule's text has no ICMP type
	if len(got) != 1 || len(got[0].Details) != 1 {
		t.Errorf("%+v", got)
	}
	if got := Diff(of(3, 4), of(3, 4)); len(got) > 0 {
		t.Errorf("of the same: %+v", got)
	}
}

func TestKinds(t *testing.T) {
	for name, want := range map[string]string{
		"VPCs": "VPCs", "SecurityGroups": "security groups", "NetworkACLs": "network ACLs", "VPCEndpoints": "VPC endpoints",
		"AZID": "AZID", "ID": "ID", "Subnets": "subnets", "NATGateways": "NAT gateways", "CIDRs": "CIDRs", "A": "a",
	} {
		if got := words(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	n := loadOf(t, vpcs, subnets, enis, groups, acls, lists)
	if got, want := strings.Join(n.IDs(), " "), "acl-1 eni-1 pl-1 sg-1 subnet-1 vpc-1"; got != want {
		t.Errorf("ids %s, want %s", got, want)
	}
	one := []string{"VPCs", "subnets", "interfaces", "security groups", "network ACLs", "prefix lists"}
	for _, c := range n.Counts() {
		if want := map[bool]int{true: 1}[slices.Contains(one, c.Kind)]; c.N != want {
			t.Errorf("%d %s, want %d", c.N, c.Kind, want)
		}
	}
	if kind, v := n.Kind("sg-1"); kind != "security groups" || v != n.SecurityGroups["sg-1"] {
		t.Errorf("sg-1 is of %q: %v", kind, v)
	}
	if kind, v := n.Kind("sg-2"); kind != "" || v != nil {
		t.Errorf("sg-2 is of %q: %v", kind, v)
	}
	// What is no map by id would be neither counted nor compared.
	for f := range reflect.TypeFor[Network]().Fields() {
		if f.Type.Kind() != reflect.Map || f.Type.Key().Kind() != reflect.String {
			t.Errorf("Network.%s is no map by id", f.Name)
		}
	}
}
