package netmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// account returns the describe-* answers of an account's VPC in a zone, in which ids end in a
// word. The ids, not the networks, tell accounts apart.
func account(owner, zone, word string) []Document {
	r := strings.NewReplacer("OWNER", owner, "ZONE", zone, "ID", word)
	var docs []Document
	for name, text := range map[string]string{
		"vpcs":    `{"Vpcs": [{"VpcId": "vpc-ID", "OwnerId": "OWNER", "CidrBlock": "10.0.0.0/16"}]}`,
		"subnets": `{"Subnets": [{"SubnetId": "subnet-ID", "VpcId": "vpc-ID", "OwnerId": "OWNER", "AvailabilityZone": "ZONE", "CidrBlock": "10.0.1.0/24"}]}`,
		"enis": `{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-ID", "OwnerId": "OWNER", "VpcId": "vpc-ID", "SubnetId": "subnet-ID", "AvailabilityZone": "ZONE",
			"Groups": [{"GroupId": "sg-ID"}], "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.5", "Primary": true}]}]}`,
		"groups": `{"SecurityGroups": [{"GroupId": "sg-ID", "OwnerId": "OWNER", "VpcId": "vpc-ID", "IpPermissions": [], "IpPermissionsEgress": []}]}`,
		"acls":   `{"NetworkAcls": [{"NetworkAclId": "acl-ID", "OwnerId": "OWNER", "VpcId": "vpc-ID", "Associations": [{"SubnetId": "subnet-ID"}], "Entries": []}]}`,
	} {
		docs = append(docs, Document{Name: word + "-" + name + ".json", Data: []byte(r.Replace(text))})
	}
	slices.SortFunc(docs, func(a, b Document) int { return strings.Compare(a.Name, b.Name) })
	return docs
}

// merged puts documents into one, as `jq` would.
func merged(t *testing.T, docs ...Document) Document {
	t.Helper()
	all := map[string][]json.RawMessage{}
	for _, d := range docs {
		var lists map[string][]json.RawMessage
		if err := json.Unmarshal(d.Data, &lists); err != nil {
			t.Fatal(err)
		}
		for key, list := range lists {
			all[key] = append(all[key], list...)
		}
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return Document{Name: "merged.json", Data: data}
}

func doc(name, text string) Document { return Document{Name: name, Data: []byte(text)} }

// of returns documents that were asked of an account in a region.
func of(account, region string, docs ...Document) []Document {
	out := slices.Clone(docs)
	for i := range out {
		out[i].Account, out[i].Region = account, region
	}
	return out
}

// contents returns the ids of each part by its place.
func contents(t *testing.T, parts []Part) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, p := range parts {
		entries, err := readEntries(p.Documents)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, e := range entries {
			ids = append(ids, e.id)
		}
		slices.Sort(ids)
		out[p.String()] = strings.Join(ids, " ")
	}
	return out
}

func TestSplit(t *testing.T) {
	const (
		one, two = "111111111111", "222222222222"
		all      = "acl-%[1]s eni-%[1]s sg-%[1]s subnet-%[1]s vpc-%[1]s"
	)
	ids := func(word string) string { return fmt.Sprintf(all, word) }
	a, b := account(one, "us-east-1a", "a"), account(two, "eu-west-1b", "b")
	shared := []Document{ // what two sees of a subnet of one
		doc("p/vpcs.json", `{"Vpcs": [{"VpcId": "vpc-a", "OwnerId": "111111111111", "CidrBlock": "10.0.0.0/16"}]}`),
		doc("p/subnets.json", `{"Subnets": [{"SubnetId": "subnet-a", "VpcId": "vpc-a", "OwnerId": "111111111111", "AvailabilityZone": "us-east-1a", "CidrBlock": "10.0.1.0/24"}]}`),
		doc("p/groups.json", `{"SecurityGroups": [{"GroupId": "sg-p", "OwnerId": "222222222222", "VpcId": "vpc-a"}]}`),
	}
	for _, c := range []struct {
		name string
		docs []Document
		want map[string]string
		err  string
	}{
		{"one", a, map[string]string{one + " us-east-1": ids("a")}, ""},
		{"two accounts, files side by side", append(slices.Clone(a), b...), map[string]string{one + " us-east-1": ids("a"), two + " eu-west-1": ids("b")}, ""},
		{
			"two accounts of one region in one file",
			[]Document{merged(t, append(slices.Clone(a), account(two, "us-east-1a", "b")...)...)},
			map[string]string{one + " us-east-1": ids("a"), two + " us-east-1": ids("b")},
			"",
		},
		{
			"a local zone, and two regions",
			append(account(one, "us-west-2-lax-1a", "a"), account(one, "us-gov-west-1c", "b")...),
			map[string]string{one + " us-west-2": ids("a"), one + " us-gov-west-1": ids("b")},
			"",
		},
		{
			"what has no owner is where its VPC is",
			append(append(slices.Clone(a), b...), doc("nat.json", `{"NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-a"}]}`), doc("igw.json", `{"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-b"}]}]}`)),
			map[string]string{one + " us-east-1": "acl-a eni-a nat-1 sg-a subnet-a vpc-a", two + " eu-west-1": "acl-b eni-b igw-1 sg-b subnet-b vpc-b"},
			"",
		},
		{
			"a prefix list beside one place",
			append(slices.Clone(a), doc("pl.json", `{"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": []}]}`)),
			map[string]string{one + " us-east-1": "acl-a eni-a pl-1 sg-a subnet-a vpc-a"},
			"",
		},
		{
			"a prefix list beside two",
			append(append(slices.Clone(a), b...), doc("lists/pl.json", `{"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": []}]}`)),
			nil,
			"lists/pl.json: PrefixLists[0]: nothing says the region of pl-1",
		},
		{
			"one of AWS's says its region",
			append(slices.Clone(a), doc("lists/pl.json", `{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.eu-west-1.s3", "Cidrs": []}]}`)),
			map[string]string{one + " us-east-1": ids("a"), one + " eu-west-1": "pl-1"},
			"",
		},
		{"no zone", a[:1], nil, "a-acls.json: NetworkAcls[0]: nothing says the region of acl-a"},
		{"no zone, but somebody says it", of("", "us-east-1", a[:1]...), map[string]string{one + " us-east-1": "acl-a"}, ""},
		{"another region", of("", "us-east-2", a...), nil, "a-acls.json: NetworkAcls[0]: acl-a is in us-east-1, not in us-east-2"},
		{
			"no owner",
			[]Document{doc("s.json", `{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a"}]}`)},
			nil,
			"s.json: Subnets[0]: nothing says whose subnet-1 is",
		},
		{"shared, and nobody says whom was asked", shared, nil, "p/groups.json: SecurityGroups[0]: sg-p is of 222222222222, and vpc-a, which it belongs to, of 111111111111: they share, and nothing says whose answers these are"},
		{"shared, and somebody does", of(two, "", shared...), map[string]string{two + " us-east-1": "sg-p subnet-a vpc-a"}, ""},
		{
			"shared with nothing in it yet",
			append(account(two, "us-east-1a", "b"), shared[:2]...),
			nil,
			"p/vpcs.json: Vpcs[0]: vpc-a is of 111111111111, of which there is only what it can share with others: nothing says whose answers these are",
		},
		{
			"asked of both, each sees it",
			append(of(one, "us-east-1", a...), of(two, "us-east-1", shared...)...),
			map[string]string{one + " us-east-1": ids("a"), two + " us-east-1": "sg-p subnet-a vpc-a"},
			"",
		},
		{
			"two regions of one VPC",
			append(slices.Clone(a), doc("x.json", `{"Subnets": [{"SubnetId": "subnet-x", "VpcId": "vpc-a", "OwnerId": "111111111111", "AvailabilityZone": "us-east-2a", "CidrBlock": "10.0.2.0/24"}]}`)),
			nil,
			"x.json: Subnets[0]: subnet-x is in us-east-2, and vpc-a, which it belongs to, in us-east-1",
		},
		{
			"nothing is left in a region", of(one, "eu-west-1", doc("none.json", `{"Vpcs": []}`)),
			map[string]string{one + " eu-west-1": ""},
			"",
		},
		{
			"a peering connection is where one of its sides is",
			append(append(slices.Clone(a), b...), doc("peer/p.json", `{"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1",
				"AccepterVpcInfo": {"OwnerId": "333333333333", "Region": "us-east-1", "VpcId": "vpc-9"}, "RequesterVpcInfo": {"OwnerId": "222222222222", "Region": "eu-west-1", "VpcId": "vpc-b"}}]}`)),
			map[string]string{one + " us-east-1": ids("a"), two + " eu-west-1": "acl-b eni-b pcx-1 sg-b subnet-b vpc-b"},
			"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			parts, err := Split(c.docs, nil)
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("error %v, want %s", err, c.err)
				}
				if _, ok := errors.AsType[*PlaceError](err); !ok {
					t.Errorf("%T is no PlaceError", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, contents(t, parts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSplitKnown checks that what was there before says the place of what belongs to it.
// TestSplitEmpty gives answers that hold nothing to the account of their folder.
func TestSplitEmpty(t *testing.T) {
	docs := []Document{doc("a/flow-logs.json", `{"FlowLogs": []}`), doc("b/flow-logs.json", `{"FlowLogs": []}`), doc("flow-logs.json", `{"FlowLogs": []}`)}
	for folder, d := range map[string][]Document{"a/": account("111111111111", "us-east-1a", "1"), "b/": account("222222222222", "us-east-1a", "2")} {
		for i := range d {
			d[i].Name = folder + d[i].Name
		}
		docs = append(docs, d...)
	}
	parts, err := Split(docs, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range parts {
		loaded, err := LoadDocuments(p.Documents)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range loaded.Answers {
			if a.Key == "flowlogs" {
				got[a.File] += p.Place.String()
			}
		}
	}
	// Nothing says whose the one beside the folders is.
	want := map[string]string{"a/flow-logs.json": "111111111111 us-east-1", "b/flow-logs.json": "222222222222 us-east-1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSplitKnown(t *testing.T) {
	docs := []Document{
		doc("g.json", `{"SecurityGroups": [{"GroupId": "sg-a", "OwnerId": "111111111111", "VpcId": "vpc-a"}]}`),
		doc("n.json", `{"NetworkAcls": [{"NetworkAclId": "acl-b", "VpcId": "vpc-b"}]}`),
	}
	parts, err := Split(docs, map[string]Place{"vpc-a": {"111111111111", "us-east-1"}, "vpc-b": {"222222222222", "eu-west-1"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"111111111111 us-east-1": "sg-a", "222222222222 eu-west-1": "acl-b"}, contents(t, parts)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSplitKeepsDocuments checks that a document of one place is handed on byte for byte.
func TestSplitKeepsDocuments(t *testing.T) {
	docs := append(account("111111111111", "us-east-1a", "a"), doc("token.json", "{ \"Tags\": [],\n \"NextToken\": \"x\" }"))
	parts, err := Split(docs, nil)
	if err != nil || len(parts) != 1 {
		t.Fatal(err, len(parts))
	}
	if diff := cmp.Diff(of("111111111111", "us-east-1", docs[:5]...), parts[0].Documents[:5]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(docs[5], parts[0].Documents[5]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCombine checks that what is shared is taken from its owner, and else from the first.
func TestCombine(t *testing.T) {
	const one, two = "111111111111", "222222222222"
	name := func(who, owner string) string {
		return fmt.Sprintf(`{"Vpcs": [{"VpcId": "vpc-a", "OwnerId": %q, "CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "Name", "Value": %q}]}]}`, owner, who)
	}
	part := func(account string, docs ...Document) Part {
		return Part{Place{account, "us-east-1"}, of(account, "us-east-1", docs...)}
	}
	list := func(cidr string) Document {
		return doc("l.json", `{"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": ["`+cidr+`"]}]}`)
	}
	group := doc("g.json", `{"SecurityGroups": [{"GroupId": "sg-1", "OwnerId": "111111111111", "VpcId": "vpc-a"}]}`)
	rule := doc("r.json", `{"SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-old", "GroupId": "sg-1", "GroupOwnerId": "111111111111", "IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}]}`)
	docs, err := Combine([]Part{
		part(two, doc("v.json", name("two's view", one)), list("3.0.0.0/8"), rule),
		part(one, doc("v.json", name("the owner's", one)), list("4.0.0.0/8"), group),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := LoadDocuments(docs)
	if err != nil || len(got.Problems) > 0 {
		t.Fatal(err, got.Problems)
	}
	if n := got.VPCs["vpc-a"].Name; n != "the owner's" {
		t.Errorf("the VPC is %s", n)
	}
	if c := got.PrefixLists["pl-1"].CIDRs; len(c) != 1 || c[0].String() != "3.0.0.0/8" {
		t.Errorf("the prefix list is %v", c)
	}
	docs, err = Combine([]Part{part("333333333333", doc("v.json", name("a view", one))), part(two, doc("v.json", name("another", one)))})
	if err != nil {
		t.Fatal(err)
	}
	if got, err = LoadDocuments(docs); err != nil || got.VPCs["vpc-a"].Name != "a view" {
		t.Error(err, got.VPCs["vpc-a"])
	}
}

// TestSplitBatfish checks the places of what batfish's authors exported.
func TestSplitBatfish(t *testing.T) {
	root := sharedtest.Path(t, "data", "netdefs", "batfish")
	for name, want := range map[string]string{
		"test-nat-gateway": "554773406868 us-east-2", "test-load-balancer": "554773406868 us-east-2", "test-public-private-subnet": "554773406868 us-east-2",
		"test-subnet": "554773406868 us-east-2", "test-transit-gateway": "554773406868 us-east-2", "test-vpc-endpoint-interface": "554773406868 us-east-1",
		"test-vpc-peering": "554773406868 us-east-2", "test-vpn-gateway": "554773406868 us-east-2",
	} {
		docs, err := ReadDocuments(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		parts, err := Split(docs, nil)
		var got []string
		for _, p := range parts {
			got = append(got, p.String())
		}
		if err != nil || strings.Join(got, ", ") != want {
			t.Errorf("%s is of %v (%v), want %s", name, got, err, want)
		}
	}
}

// FuzzSplit checks that no document breaks Split, and that it loses nothing.
func FuzzSplit(f *testing.F) {
	for _, d := range append(account("111111111111", "us-east-1a", "a"), doc("", rules), doc("", lists), doc("", `{"Vpcs": [1, null, "x"]}`)) {
		f.Add(d.Data)
	}
	if shared, ok := sharedtest.Find(f, "data", "netdefs", "np-guard-aws", "input", "input_aws_sg_1.json"); ok {
		data, err := os.ReadFile(shared)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := readEntries([]Document{doc("f.json", string(data))})
		if err != nil {
			return
		}
		parts, err := Split([]Document{doc("f.json", string(data))}, nil)
		if err != nil {
			if _, ok := errors.AsType[*PlaceError](err); !ok {
				t.Errorf("%v is no PlaceError", err)
			}
			return
		}
		n := 0
		for _, p := range parts {
			if p.Account == "" || p.Region == "" {
				t.Errorf("a part of %q", p)
			}
			again, err := readEntries(p.Documents)
			if err != nil {
				t.Fatal(err)
			}
			n += len(again)
		}
		if n != len(entries) {
			t.Errorf("%d of %d elements are left", n, len(entries))
		}
	})
}

// TestSplitSubject checks that what does not say what it is of goes where that is, and that
// what is no list goes where it says.
func TestSplitSubject(t *testing.T) {
	list := func(id, region string) string {
		return `{"ManagedPrefixLists": [{"PrefixListId": "` + id + `", "PrefixListArn": "arn:aws:ec2:` + region + `:111111111111:prefix-list/` + id + `", "OwnerId": "111111111111"}]}`
	}
	docs := []Document{
		doc("a.json", list("pl-a", "us-east-1")), doc("b.json", list("pl-b", "eu-west-1")),
		doc("pl-b.json", `{"Entries": [{"Cidr": "10.0.0.0/8"}]}`),
		doc("entries.json", `{"PrefixListId": "pl-a", "Entries": [{"Cidr": "10.0.0.0/8"}]}`),
		doc("block.json", `{"VpcBlockPublicAccessOptions": {"AwsAccountId": "111111111111", "AwsRegion": "ap-south-1", "State": "default-state"}}`),
	}
	parts, err := Split(docs, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range parts {
		for _, d := range p.Documents {
			got[p.String()] += d.Name + " "
		}
	}
	want := map[string]string{"111111111111 us-east-1": "a.json entries.json ", "111111111111 eu-west-1": "b.json pl-b.json ", "111111111111 ap-south-1": "block.json "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
