package netmodel

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// write writes files into a folder, which it returns.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	vpcs    = `{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "Name", "Value": "one"}]}]}`
	subnets = `{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZoneId": "use1-az1"}]}`
	enis    = `{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "Groups": [{"GroupId": "sg-1"}],
		"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.9"}, {"PrivateIpAddress": "10.0.1.5", "Primary": true, "Association": {"PublicIp": "198.51.100.7"}}],
		"Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}], "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}]}]}`
	groups = `{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1",
		"IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.1.2.3/8"}, {"CidrIp": "0.0.0.0/0"}],
			"Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": [{"PrefixListId": "pl-1"}], "UserIdGroupPairs": [{"GroupId": "sg-9", "UserId": "444455556666", "VpcId": "vpc-9", "VpcPeeringConnectionId": "pcx-1", "PeeringStatus": "active"}]},
			{"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": "sg-1"}]}],
		"IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]}`
	acls = `{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1", "NetworkAclAssociationId": "aclassoc-1"}], "Entries": [
		{"RuleNumber": 32767, "Egress": false, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"},
		{"RuleNumber": 100, "Egress": false, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 443, "To": 443}},
		{"RuleNumber": 90, "Egress": true, "Protocol": "1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {"Type": 8, "Code": -1}}]}]}`
	rules = `{"SecurityGroupRules": [
		{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "10.0.0.0/8"},
		{"SecurityGroupRuleId": "sgr-2", "GroupId": "sg-1", "IsEgress": false, "IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "ReferencedGroupInfo": {"GroupId": "sg-1"}},
		{"SecurityGroupRuleId": "sgr-3", "GroupId": "sg-1", "IsEgress": true, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}]}`
	lists = `{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["3.5.0.0/19"]}]}`
)

// addresses compares addresses and networks.
var addresses = cmp.Options{
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

func TestLoad(t *testing.T) {
	dir := write(t, map[string]string{
		"vpcs.json": vpcs, "subnets.json": subnets, "enis.json": enis, "groups.json": groups, "acls.json": acls, "rules.json": rules,
		"lists.json": lists, "options.json": `{"DhcpOptions": []}`, "notes.txt": "none of it",
		"next.json": `{"RouteTables": [], "NextToken": "more"}`,
		"instances.json": `{"Reservations": [{"Instances": [{"InstanceId": "i-1", "Tags": [{"Key": "Name", "Value": "web-1"}], "NetworkInterfaces": [
			{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "Groups": [{"GroupId": "sg-1"}],
			"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.5", "Primary": true}, {"PrivateIpAddress": "10.0.1.9"}], "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}]}]}]}]}`,
	})
	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	cidr, addr := netip.MustParsePrefix, netip.MustParseAddr
	https, echo, all := Traffic{TCP, 443, 443, -1, -1}, Traffic{ICMP, 0, 0, 8, -1}, Traffic{AllProtocols, 0, 0, -1, -1}
	n := newNetwork()
	n.VPCs = map[string]*VPC{"vpc-1": {ID: "vpc-1", Name: "one", Account: "111122223333", CIDRs: []netip.Prefix{cidr("10.0.0.0/16")}}}
	n.Subnets = map[string]*Subnet{"subnet-1": {
		ID: "subnet-1", VPC: "vpc-1", AZID: "use1-az1", CIDRs: []netip.Prefix{cidr("10.0.1.0/24")}, NetworkACL: "acl-1",
	}}
	n.Interfaces = map[string]*Interface{"eni-1": {
		ID: "eni-1", Name: "web-1", VPC: "vpc-1", Subnet: "subnet-1", Instance: "i-1", Role: RoleInstance, Resource: "i-1",
		Addresses: []netip.Addr{addr("10.0.1.5"), addr("10.0.1.9"), addr("2001:db8::5")},
		Public:    map[netip.Addr]netip.Addr{addr("10.0.1.5"): addr("198.51.100.7")},
		Prefixes:  []netip.Prefix{cidr("10.0.1.16/28")}, Groups: []string{"sg-1"},
	}}
	n.SecurityGroups = map[string]*SecurityGroup{"sg-1": {
		ID: "sg-1", Name: "web", VPC: "vpc-1",
		Ingress: []GroupRule{
			{ID: "sgr-1", Traffic: https, Peer: Peer{CIDR: cidr("10.0.0.0/8")}},
			{Traffic: https, Peer: Peer{CIDR: cidr("0.0.0.0/0")}},
			{Traffic: https, Peer: Peer{CIDR: cidr("::/0")}},
			{Traffic: https, Peer: Peer{PrefixList: "pl-1"}},
			{Traffic: https, Peer: Peer{Group: "sg-9"}, Reference: GroupReference{"444455556666", "vpc-9", "pcx-1", "active"}},
			{ID: "sgr-2", Traffic: echo, Peer: Peer{Group: "sg-1"}},
		},
		Egress: []GroupRule{{ID: "sgr-3", Traffic: all, Peer: Peer{CIDR: cidr("0.0.0.0/0")}}},
	}}
	n.NetworkACLs = map[string]*NetworkACL{"acl-1": {
		ID: "acl-1", VPC: "vpc-1", Subnets: []string{"subnet-1"}, Associations: map[string]string{"subnet-1": "aclassoc-1"},
		Ingress: []ACLEntry{
			{Number: 100, Allow: true, Traffic: https, CIDR: cidr("0.0.0.0/0")},
			{Number: 32767, Traffic: all, CIDR: cidr("0.0.0.0/0")},
		},
		Egress: []ACLEntry{{Number: 90, Allow: true, Traffic: echo, CIDR: cidr("0.0.0.0/0")}},
	}}
	n.PrefixLists = map[string]*PrefixList{"pl-1": {ID: "pl-1", Name: "com.amazonaws.us-east-1.s3", CIDRs: []netip.Prefix{cidr("3.5.0.0/19")}}}
	answer := func(name, key string) Answer {
		return Answer{Key: key, File: filepath.Join(dir, name+".json"), Partial: name == "next"}
	}
	want := Loaded{
		Network: &n, Unused: []string{"DhcpOptions"}, Partial: []string{filepath.Join(dir, "next.json")},
		Answers: []Answer{
			answer("acls", "networkacls"), answer("enis", "networkinterfaces"), answer("groups", "securitygroups"),
			answer("instances", "reservations"), answer("lists", "prefixlists"), answer("next", "routetables"),
			answer("rules", "securitygrouprules"), answer("subnets", "subnets"), answer("vpcs", "vpcs"),
		},
	}
	if diff := cmp.Diff(want, got, addresses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sg-1 references sg-9, which is not in the input"}, got.Missing()); diff != "" {
		t.Error(diff)
	}
	g := got.SecurityGroups["sg-1"]
	a := got.NetworkACLs["acl-1"]
	names := []string{
		g.RuleName(Ingress, &g.Ingress[0]), g.RuleName(Ingress, &g.Ingress[1]), g.RuleName(Ingress, &g.Ingress[4]),
		a.EntryName(Ingress, &a.Ingress[0]), a.EntryName(Ingress, &a.Ingress[1]), a.EntryName(Egress, nil),
	}
	wantNames := []string{
		"sgr-1", "sg-1:ingress:tcp:443:0.0.0.0/0", "sg-1:ingress:tcp:443:sg-9", "acl-1:ingress:100", "acl-1:ingress:*", "acl-1:egress:*",
	}
	if diff := cmp.Diff(wantNames, names); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]bool{"10.0.1.5": true, "10.0.1.20": true, "198.51.100.7": true, "2001:db8::5": true, "10.0.1.6": false} {
		if at := got.At(addr(text)); (len(at) == 1) != want {
			t.Errorf("%d interfaces at %s", len(at), text)
		}
	}
}

// TestLoadBad checks that a file that can't be understood is left out whole, with its
// place, and that the others stay.
func TestLoadBad(t *testing.T) {
	group := func(permission string) string {
		return `{"SecurityGroups": [{"GroupId": "sg-2"}, {"GroupId": "sg-3", "IpPermissions": [` + permission + `]}]}`
	}
	acl := func(entry string) string {
		return `{"NetworkAcls": [{"NetworkAclId": "acl-2", "Entries": [` + entry + `]}]}`
	}
	for name, tt := range map[string]struct{ text, want string }{
		"no JSON":          {"{\n  \"Vpcs\": [x]}", `line 2, column 12: no JSON: invalid character 'x' looking for beginning of value`},
		"a list":           {`[]`, "no JSON object, as `aws ec2 describe-*` prints"},
		"something else":   {`{"Buckets": [], "Owner": {}}`, "no answer of describe-* that is known; its keys are Buckets, Owner"},
		"no list":          {`{"Vpcs": {}}`, "Vpcs: no list"},
		"no id":            {`{"Vpcs": [{"CidrBlock": "10.0.0.0/16"}]}`, "Vpcs[0]: no VpcId"},
		"a number":         {`{"Subnets": [{"SubnetId": 7}]}`, "Subnets[0].SubnetId: number where string is expected"},
		"IPv6 in IPv4":     {group(`{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "::/0"}]}`), "SecurityGroups[1].IpPermissions[0].IpRanges[0].CidrIp: ::/0 is not IPv4"},
		"IPv4 in IPv6":     {group(`{"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "0.0.0.0/0"}]}`), "SecurityGroups[1].IpPermissions[0].Ipv6Ranges[0].CidrIpv6: 0.0.0.0/0 is not IPv6"},
		"no CIDR":          {group(`{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/33"}]}`), `SecurityGroups[1].IpPermissions[0].IpRanges[0].CidrIp: "10.0.0.0/33" is no CIDR`},
		"reversed ports":   {group(`{"IpProtocol": "tcp", "FromPort": 90, "ToPort": 80}`), "SecurityGroups[1].IpPermissions[0]: ports 90 to 80 are reversed"},
		"ports too large":  {group(`{"IpProtocol": "udp", "FromPort": 90, "ToPort": 70000}`), "SecurityGroups[1].IpPermissions[0]: ports 90 to 70000 are beyond 0 to 65535"},
		"no ports":         {group(`{"IpProtocol": "tcp"}`), "SecurityGroups[1].IpPermissions[0]: tcp without FromPort and ToPort"},
		"unknown protocol": {group(`{"IpProtocol": "gre"}`), `SecurityGroups[1].IpPermissions[0].IpProtocol: "gre" is no protocol: tcp, udp, icmp, icmpv6, a number, or -1 for all`},
		"ICMP too large":   {group(`{"IpProtocol": "icmp", "FromPort": 300, "ToPort": -1}`), "SecurityGroups[1].IpPermissions[0]: ICMP type 300, code -1 are beyond 0 to 255"},
		"an unknown peer":  {group(`{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "NewRanges": [{}]}`), "SecurityGroups[1].IpPermissions[0].NewRanges: no member of a rule that is known"},
		"an unknown limit": {acl(`{"RuleNumber": 1, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0", "Until": 9}`), "NetworkAcls[0].Entries[0].Until: no member of a rule that is known"},
		"two CIDRs":        {acl(`{"RuleNumber": 1, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0", "Ipv6CidrBlock": "::/0"}`), "NetworkAcls[0].Entries[0]: just one of CidrBlock and Ipv6CidrBlock is expected"},
		"no action":        {acl(`{"RuleNumber": 1, "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}`), `NetworkAcls[0].Entries[0].RuleAction: "" is neither allow nor deny`},
		"the same number":  {acl(`{"RuleNumber": 1, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}, {"RuleNumber": 1, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}`), "NetworkAcls[0].Entries[1]: a second ingress entry with number 1"},
		"overlap":          {`{"Subnets": [{"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.0.1.128/25"}]}`, "Subnets[0]: 10.0.1.128/25 of subnet-2 overlaps subnet-1, which is in vpc-1 too"},
		"outside the VPC":  {`{"Subnets": [{"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.1.1.0/24"}]}`, "Subnets[0]: 10.1.1.0/24 of subnet-2 lies outside vpc-1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"a.json": vpcs, "b.json": subnets, "c.json": groups, "d.json": tt.text})
			got, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			var problems []string
			for _, p := range got.Problems {
				problems = append(problems, strings.TrimPrefix(p.String(), dir+string(filepath.Separator)))
			}
			if diff := cmp.Diff([]string{"d.json: " + tt.want}, problems); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(got.VPCs) != 1 || len(got.Subnets) != 1 || len(got.SecurityGroups) != 1 || len(got.NetworkACLs) != 0 {
				t.Errorf("the others are not as they were: %+v", got.Network)
			}
		})
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no file ends in .json, .yaml or .yml") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there gives no error")
	}
}

// TestLoadContradiction checks that files of different times are refused.
func TestLoadContradiction(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"another CIDR": {`{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/15"}]}`, "Vpcs[0]: vpc-1 is not as in another file"},
		"another subnet of an ENI": {
			`{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-2"}]}`,
			"NetworkInterfaces[0]: eni-1 is not as in another file",
		},
		"a rule of no group": {
			`{"SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-9", "GroupId": "sg-1", "IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIpv4": "10.0.0.0/8"}]}`,
			"SecurityGroupRules[0]: sgr-9 is no rule of sg-1 in another file",
		},
		"another network ACL": {
			`{"NetworkAcls": [{"NetworkAclId": "acl-2", "Associations": [{"SubnetId": "subnet-1"}]}]}`,
			"NetworkAcls[0]: subnet-1 is associated with acl-2, and with acl-1 in another file",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"a.json": vpcs, "b.json": subnets, "c.json": groups, "d.json": enis, "e.json": acls, "f.json": tt.text})
			_, err := Load(dir)
			if !errors.Is(err, ErrContradiction) || !strings.Contains(err.Error(), "f.json: "+tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestLoadAddresses reads the addresses of an ENI: the primary one is the first, and a
// problem stands where it does in the file.
func TestLoadAddresses(t *testing.T) {
	eni := func(text string) string {
		return `{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", ` + text + `}]}`
	}
	for name, tt := range map[string]struct {
		text, want, public, problem string
	}{
		"no list":            {`"PrivateIpAddress": "10.0.0.5", "Association": {"PublicIp": "198.51.100.7"}`, "[10.0.0.5]", "map[10.0.0.5:198.51.100.7]", ""},
		"a list":             {`"PrivateIpAddress": "10.0.0.5", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.6"}, {"PrivateIpAddress": "10.0.0.5", "Primary": true}]`, "[10.0.0.5 10.0.0.6]", "map[]", ""},
		"none":               {`"Status": "available"`, "[]", "map[]", ""},
		"no address":         {`"PrivateIpAddresses": [{"PrivateIpAddress": "x"}, {"PrivateIpAddress": "10.0.0.5", "Primary": true}]`, "", "", `NetworkInterfaces[0].PrivateIpAddresses[0].PrivateIpAddress: "x" is no address`},
		"no public address":  {`"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.5", "Association": {"PublicIp": "x"}}]`, "", "", `NetworkInterfaces[0].PrivateIpAddresses[0].Association.PublicIp: "x" is no address`},
		"no address, alone":  {`"PrivateIpAddress": "x"`, "", "", `NetworkInterfaces[0].PrivateIpAddress: "x" is no address`},
		"an address of IPv6": {`"Ipv6Addresses": [{"Ipv6Address": "2001:db8::/64"}]`, "", "", `NetworkInterfaces[0].Ipv6Addresses[0].Ipv6Address: "2001:db8::/64" is no address`},
	} {
		t.Run(name, func(t *testing.T) {
			f := readFile("a.json", []byte(eni(tt.text)))
			if f.problem != nil {
				if got := f.problem.Path + ": " + f.problem.Reason; got != tt.problem {
					t.Errorf("%s, want %s", got, tt.problem)
				}
				return
			}
			i := f.part.Interfaces["eni-1"]
			if got, public := fmt.Sprint(i.Addresses), fmt.Sprint(i.Public); got != tt.want || public != tt.public || tt.problem != "" {
				t.Errorf("%s, public %s; want %s, %s %s", got, public, tt.want, tt.public, tt.problem)
			}
		})
	}
}

// TestLoadOrder loads the same files in other orders: that makes no difference.
func TestLoadOrder(t *testing.T) {
	texts := []string{vpcs, subnets, enis, groups, acls, rules, lists, routeTables, gateways, peers, resources, balancers, health, groupAttributes, balancerAttributes}
	var files []*file
	for i, text := range texts {
		files = append(files, readFile(fmt.Sprint(i), []byte(text)))
	}
	for _, name := range []string{"tgw", "attachments", "vpc", "peering", "connects", "tables", "tgw-rtb-1", "associations", "propagations-of-tgw-rtb-0123456789abcdef0", "static"} {
		files = append(files, readFile(name+".json", []byte(transit[name+".json"])))
	}
	want, problems := join(files)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		got, problems := join(files)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if diff := cmp.Diff(want, got, addresses); diff != "" {
			t.Fatalf("another order (-want +got):\n%s", diff)
		}
	}
}

// TestLoadTwice loads the same group from two files, with the ids of its rules and a file
// that is left out only once all are joined.
func TestLoadTwice(t *testing.T) {
	dir := write(t, map[string]string{
		"a.json": groups, "b.json": groups, "c.json": rules, "d.json": vpcs, "e.json": subnets,
		"f.json": `{"Subnets": [{"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.1.1.0/24"}]}`,
	})
	got, err := Load(dir)
	if err != nil || len(got.Problems) != 1 {
		t.Fatal(err, got.Problems)
	}
	if id := got.SecurityGroups["sg-1"].Ingress[0].ID; id != "sgr-1" {
		t.Errorf("the first rule's id is %q", id)
	}
}

// fragments are files that hold pieces of answers.
var fragments = []string{"RoutePrefixListId.json", "DefaultAction.json"}

// oddOthers are the problems of definitions that others made up: EC2 has no subnet outside
// its VPC, and describes a thing once.
var oddOthers = map[string]string{
	"/batfish/SecurityGroupTest.json": "SecurityGroups[10]: sg-0de0ddfa8a5a12348 is described before, and otherwise",
	"/batfish/VpcEndpointTest.json":   "VpcEndpoints[2]: vpce-0d4dd62ef8577fa8e is described before, and otherwise",
	"/batfish/test":                   "Subnets[1]: 172.31.0.0/20 of subnet-1f315846 lies outside vpc-b390fad5",
}

// unknownOthers are the members that collectors add to AWS's answers.
var unknownOthers = map[string][]string{
	"/np-guard-aws/input/input_aws_sg_1.json":             collector,
	"/np-guard-aws/input/input_aws_acl_1.json":            collector,
	"/np-guard-aws/input/input_basic_config_with_sg.json": collector,
}

var collector = []string{"collector_version", "config-file-git-sha1", "provider"}

// TestLoadOthers loads the definitions that others tested with, a folder at once.
func TestLoadOthers(t *testing.T) {
	root := sharedtest.Path(t, "data", "netdefs")
	for _, set := range []string{"np-guard-aws/input", "batfish"} {
		dirs := map[string]bool{}
		err := filepath.WalkDir(filepath.Join(root, set), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Ext(path) == ".json" && !strings.HasPrefix(d.Name(), "expected_") && !slices.Contains(fragments, d.Name()) {
				if dir := filepath.Dir(path); strings.HasSuffix(dir, "batfish") || strings.HasSuffix(dir, "input") {
					dirs[path] = true // these are a network each
				} else {
					dirs[dir] = true
				}
			}
			return err
		})
		if err != nil || len(dirs) == 0 {
			t.Fatalf("%d definitions: %v", len(dirs), err)
		}
		for dir := range dirs {
			got, err := Load(dir)
			var problem strings.Builder
			for _, p := range got.Problems {
				problem.WriteString(p.Path + ": " + p.Reason)
			}
			name := strings.TrimPrefix(dir, root)
			if diff := cmp.Diff(unknownOthers[name], got.Unknown); diff != "" {
				t.Errorf("%s: members that are not known (-want +got):\n%s", name, diff)
			}
			if alone := strings.HasSuffix(name, ".json") && oddOthers[name] != ""; problem.String() != oddOthers[name] || (err != nil) != alone {
				t.Errorf("%s: %v %s", name, err, problem.String())
			}
		}
	}
}

// FuzzRead reads any bytes: they give a definition or a problem.
func FuzzRead(f *testing.F) {
	texts := []string{
		vpcs, subnets, enis, groups, acls, rules, lists, routeTables, gateways, peers, balancers, health, groupAttributes, balancerAttributes, resources,
		`{"Vpcs": [{}]}`, `{"instances": [null]}`, `[`, `{"PrefixListId": "pl-1", "Entries": [{"Cidr": "::/0"}]}`,
		`{"Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "Type": "static"}], "Associations": [{}], "TransitGatewayRouteTablePropagations": [{}]}`,
	}
	for _, text := range transit {
		texts = append(texts, text)
	}
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		one := readFile("pl-01234567-tgw-rtb-01234567.json", data)
		if one.problem != nil {
			if one.problem.Reason == "" {
				t.Error("a problem without a reason")
			}
			return
		}
		n, problems := join([]*file{one})
		if n == nil && len(problems) == 0 {
			t.Error("neither a definition nor a problem")
		}
		if again, _ := join([]*file{one}); !reflect.DeepEqual(n, again) {
			t.Error("joining the file again gives another definition")
		}
		if n != nil && !slices.IsSorted(n.Missing()) {
			t.Error("what is missing is in no order")
		}
	})
}
