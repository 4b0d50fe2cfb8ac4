package netmodel

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/sharedtest"
)

// netdefs calls f with each definition that others wrote: the folders of the shared sets, and
// each recorded answer by itself.
func netdefs(t *testing.T, f func(name string, n *Network)) {
	t.Helper()
	root := sharedtest.Path(t, "data", "netdefs")
	for _, set := range []string{"batfish", "np-guard-aws"} {
		seen := map[string]bool{}
		err := filepath.WalkDir(filepath.Join(root, set), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
				return err
			}
			for _, of := range []string{path, filepath.Dir(path)} {
				if seen[of] {
					continue
				}
				seen[of] = true
				if l, err := Load(of); err == nil {
					name, _ := filepath.Rel(root, of)
					f(name, l.Network)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	recorded(t, func(name, _ string, data []byte) {
		if l, err := LoadDocuments([]Document{{Name: name, Data: data}}); err == nil {
			f("c7n-placebo/"+name, l.Network)
		}
	})
}

// TestFormOfOthers checks that each definition that others wrote is printed in YAML and read
// back as the same definition.
func TestFormOfOthers(t *testing.T) {
	same, things := 0, 0
	netdefs(t, func(name string, n *Network) {
		if len(n.IDs()) == 0 {
			return
		}
		text, err := n.YAML()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		l, err := LoadDocuments(Documents("net.yaml", text))
		if err != nil || len(l.Problems) > 0 {
			t.Errorf("%s: %v %v\n%s", name, err, l.Problems, text)
			return
		}
		if diff := cmp.Diff([]Change(nil), Diff(n, l.Network)); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", name, diff, text)
		}
		same++
		things += len(n.IDs())
	})
	t.Logf("%d definitions of %d things", same, things)
	if same < 500 {
		t.Errorf("only %d definitions", same)
	}
}

// byHand is a definition as people write it.
const byHand = `# Two subnets and what lies in them.
account: 111122223333
region: eu-west-1

vpcs:
  vpc-1: {name: main, cidrs: [10.0.0.0/16, "2001:db8::/56"]}
subnets:
  subnet-a: {vpc: vpc-1, az: eu-west-1a, cidrs: [10.0.1.0/24]}
  subnet-b: {vpc: vpc-1, az: eu-west-1b, cidrs: [10.0.2.0/24]}
network-interfaces:
  eni-web:
    subnet: subnet-a
    addresses: [10.0.1.10]
    public: {10.0.1.10: 198.51.100.7}
    groups: [web]
  eni-db: {subnet: subnet-b, addresses: [10.0.2.10, "2001:db8::10"], groups: [sg-db]}
security-groups:
  web:
    vpc: vpc-1
    ingress:
      - {tcp: 443, from: 0.0.0.0/0}
      - {tcp: 443, from: ::/0, description: everybody}
      - {icmp: 8/0, from: 10.0.0.0/8}
      - {protocol: 47, from: pl-offices}
    egress:
      - {tcp: 1024-65535, to: sg-db}
  sg-db:
    vpc: vpc-1
    ingress: [{tcp: all, from: web, id: sgr-1}]
    egress: []
network-acls:
  acl-default:
    vpc: vpc-1
    default: true
    ingress: [{number: 100, action: allow, protocol: all, from: 0.0.0.0/0}]
    egress: [{number: 200, action: deny, udp: 53, to: 0.0.0.0/0}, {number: 100, action: allow, icmpv6: all, to: ::/0}]
  acl-b: {vpc: vpc-1, subnets: [subnet-b]}
prefix-lists:
  pl-offices: {name: offices, cidrs: [192.0.2.0/24]}
  pl-open: {}
route-tables:
  rtb-main:
    vpc: vpc-1
    main: true
    routes:
      - {to: 0.0.0.0/0, via: igw}
      - {to: pl-offices, via: tgw-1}
      - {to: 10.9.0.0/16, via: pcx-1}
internet-gateways:
  igw: {vpc: vpc-1}
vpc-peering-connections:
  pcx-1: {requester: {vpc: vpc-1}, accepter: {vpc: vpc-9, account: "444455556666", region: us-east-1, cidrs: [10.9.0.0/16]}}
transit-gateways:
  tgw-1: {}
transit-gateway-attachments:
  tgw-attach-1: {transit-gateway: tgw-1, resource: vpc-1, route-table: tgw-rtb-1, subnets: [subnet-a]}
transit-gateway-route-tables:
  tgw-rtb-1:
    transit-gateway: tgw-1
    routes: [{to: 10.0.0.0/8, via: [tgw-attach-1]}, {to: 192.168.0.0/16}]
    propagations: [{attachment: tgw-attach-1}]
`

func TestForm(t *testing.T) {
	l, err := LoadDocuments([]Document{{Name: "net.yaml", Data: []byte(byHand)}})
	if err != nil {
		t.Fatal(err)
	}
	cidr, addr := netip.MustParsePrefix, netip.MustParseAddr
	any4 := Traffic{Protocol: AllProtocols, Type: -1, Code: -1}
	tcp := func(from, to uint16) Traffic { return Traffic{Protocol: TCP, From: from, To: to, Type: -1, Code: -1} }
	home, region := "111122223333", "eu-west-1"
	for id, want := range map[string]any{
		"vpc-1": &VPC{ID: "vpc-1", Name: "main", Account: home, Region: region, CIDRs: []netip.Prefix{cidr("10.0.0.0/16"), cidr("2001:db8::/56")}, MainRouteTable: "rtb-main"},
		"subnet-a": &Subnet{
			ID: "subnet-a", VPC: "vpc-1", Account: home, Region: region, AZ: "eu-west-1a", CIDRs: []netip.Prefix{cidr("10.0.1.0/24")},
			RouteTable: "rtb-main", NetworkACL: "acl-default",
		},
		"eni-web": &Interface{
			ID: "eni-web", VPC: "vpc-1", Subnet: "subnet-a", Account: home, Region: region, AZ: "eu-west-1a", Addresses: []netip.Addr{addr("10.0.1.10")},
			Public: map[netip.Addr]netip.Addr{addr("10.0.1.10"): addr("198.51.100.7")}, Groups: []string{"web"},
		},
		"web": &SecurityGroup{
			ID: "web", VPC: "vpc-1", Account: home, Region: region,
			Ingress: []GroupRule{
				{Traffic: tcp(443, 443), Peer: Peer{CIDR: cidr("0.0.0.0/0")}},
				{Traffic: tcp(443, 443), Peer: Peer{CIDR: cidr("::/0")}, Description: "everybody"},
				{Traffic: Traffic{Protocol: ICMP, Type: 8}, Peer: Peer{CIDR: cidr("10.0.0.0/8")}},
				{Traffic: Traffic{Protocol: 47, Type: -1, Code: -1}, Peer: Peer{PrefixList: "pl-offices"}},
			},
			Egress: []GroupRule{{Traffic: tcp(1024, 65535), Peer: Peer{Group: "sg-db"}, Reference: GroupReference{Account: home}}},
		},
		"sg-db": &SecurityGroup{
			ID: "sg-db", VPC: "vpc-1", Account: home, Region: region,
			Ingress: []GroupRule{{ID: "sgr-1", Traffic: tcp(0, 65535), Peer: Peer{Group: "web"}, Reference: GroupReference{Account: home}}},
		},
		"acl-default": &NetworkACL{
			ID: "acl-default", VPC: "vpc-1", Account: home, Region: region, Default: true, Subnets: []string{"subnet-a"},
			Ingress: []ACLEntry{{Number: 100, Allow: true, Traffic: any4, CIDR: cidr("0.0.0.0/0")}},
			Egress: []ACLEntry{
				{Number: 100, Allow: true, Traffic: Traffic{Protocol: ICMPv6, Type: -1, Code: -1}, CIDR: cidr("::/0")},
				{Number: 200, Traffic: Traffic{Protocol: UDP, From: 53, To: 53, Type: -1, Code: -1}, CIDR: cidr("0.0.0.0/0")},
			},
		},
		"pl-offices": &PrefixList{ID: "pl-offices", Name: "offices", Account: home, Region: region, CIDRs: []netip.Prefix{cidr("192.0.2.0/24")}},
		"pl-open":    &PrefixList{ID: "pl-open", Account: home, Region: region, EntriesUnknown: true},
		"rtb-main": &RouteTable{ID: "rtb-main", VPC: "vpc-1", Account: home, Region: region, Main: true, Routes: []Route{
			{CIDR: cidr("10.0.0.0/16"), Target: Target{Kind: TargetLocal}, State: "active", Origin: "CreateRouteTable"},
			{CIDR: cidr("2001:db8::/56"), Target: Target{Kind: TargetLocal}, State: "active", Origin: "CreateRouteTable"},
			{CIDR: cidr("0.0.0.0/0"), Target: Target{Kind: TargetInternetGateway, ID: "igw"}, State: "active", Origin: "CreateRoute"},
			{PrefixList: "pl-offices", Target: Target{Kind: TargetTransitGateway, ID: "tgw-1"}, State: "active", Origin: "CreateRoute"},
			{CIDR: cidr("10.9.0.0/16"), Target: Target{Kind: TargetPeeringConnection, ID: "pcx-1"}, State: "active", Origin: "CreateRoute"},
		}},
		"pcx-1": &PeeringConnection{
			ID: "pcx-1", Status: "active",
			Requester: PeeringSide{VPC: "vpc-1", Account: home, Region: region, CIDRs: []netip.Prefix{cidr("10.0.0.0/16"), cidr("2001:db8::/56")}},
			Accepter:  PeeringSide{VPC: "vpc-9", Account: "444455556666", Region: "us-east-1", CIDRs: []netip.Prefix{cidr("10.9.0.0/16")}},
		},
		"tgw-attach-1": &TransitGatewayAttachment{
			ID: "tgw-attach-1", Account: home, Region: region, TransitGateway: "tgw-1", Kind: "vpc", Resource: "vpc-1", State: "available",
			RouteTable: "tgw-rtb-1", Association: "associated", Subnets: []string{"subnet-a"},
		},
		"tgw-rtb-1": &TransitGatewayRouteTable{
			ID: "tgw-rtb-1", TransitGateway: "tgw-1", State: "available", RoutesKnown: SearchedRoutes, PropagationsKnown: true,
			Routes: []TransitGatewayRoute{
				{CIDR: cidr("10.0.0.0/8"), Type: "static", State: "active", Attachments: []string{"tgw-attach-1"}},
				{CIDR: cidr("192.168.0.0/16"), Type: "static", State: "blackhole"},
			},
			Propagations: []Propagation{{"tgw-attach-1", "vpc", "vpc-1", "enabled"}},
		},
	} {
		_, got := l.Kind(id)
		if diff := cmp.Diff(want, got, addresses); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	missing := []string{"pcx-1 connects vpc-9, which is not in the input"}
	if diff := cmp.Diff(missing, l.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	text, err := l.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadDocuments([]Document{{Name: "net.yaml", Data: text}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Change(nil), Diff(l.Network, again.Network)); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, text)
	}
}

// TestFormProblems checks what is said of a form that is not right, and where.
func TestFormProblems(t *testing.T) {
	group := func(rule string) string {
		return "vpcs: {vpc-1: {cidrs: [10.0.0.0/16]}}\nsecurity-groups:\n  sg-1:\n    vpc: vpc-1\n    egress: []\n    ingress:\n      - " + rule
	}
	acl := func(entry string) string {
		return "network-acls:\n  acl-1:\n    vpc: vpc-1\n    ingress:\n      - " + entry
	}
	route := func(route string) string {
		return "route-tables:\n  rtb-1:\n    vpc: vpc-1\n    routes:\n      - " + route
	}
	for name, c := range map[string]struct{ text, want string }{
		"no YAML":             {"vpcs: {", "line 2, column 1: no YAML: did not find expected node content"},
		"no YAML in a block":  {"vpcs:\n  vpc-1: {}\n   vpc-2: {}", "line 3, column 4: no YAML: did not find expected key"},
		"a tab":               {"vpcs:\n\tvpc-1: {}", "line 2, column 1: no YAML: found character that cannot start any token"},
		"empty":               {"# nothing\n", "an empty file"},
		"a list":              {"- a", "line 1, column 1: a list where the keys of a network definition are expected, such as vpcs"},
		"a text":              {"a", `line 1, column 1: "a" where the keys`},
		"unknown section":     {"vpc: {}", "line 1, column 1: no key vpc: did you mean vpcs?"},
		"far off":             {"services: {}", "line 1, column 1: no key services; there are account, region, vpcs"},
		"AWS's answer":        {"SecurityGroups: []", "line 1, column 1: SecurityGroups is a key of AWS's answers, which are read as JSON: --output json"},
		"unknown key":         {"vpcs:\n  vpc-1:\n    cidr: [10.0.0.0/16]", "line 3, column 5: no key cidr: did you mean cidrs?"},
		"key of another":      {"vpcs: {vpc-1: {cidrs: [], subnet: s}}", "line 1, column 27: no key subnet; there are name"},
		"twice":               {"vpcs: {}\nvpcs: {}", "line 2, column 1: vpcs is there before, in line 1"},
		"id twice":            {"vpcs: {a: {cidrs: []}}\nsubnets: {a: {vpc: b, cidrs: []}}", "line 2, column 11: a is one of the vpcs too, at line 1, column 8: ids are unique"},
		"a list of things":    {"vpcs: [a]", "line 1, column 7: a list where a mapping of ids to vpcs is expected"},
		"no value":            {"vpcs:", "line 1, column 6: no value where a mapping"},
		"no thing":            {"vpcs: {a: }", "no value where the keys of VPC is expected"},
		"alias":               {"vpcs: {a: &x {cidrs: []}, b: *x}", "aliases (*x) are not supported: write it out"},
		"merge":               {"vpcs: {a: {<<: {cidrs: []}}}", "merge keys (<<) are not supported: write it out"},
		"account":             {"account: 1111\nvpcs: {}", `line 1, column 10: "1111" is no account of 12 digits`},
		"region":              {"region: dublin\nvpcs: {}", `line 1, column 9: "dublin" is no region such as us-east-1`},
		"no cidrs":            {"vpcs: {a: {name: x}}", "line 1, column 11: no cidrs"},
		"no CIDR":             {"vpcs: {a: {cidrs: [10.0.0.0/33]}}", `line 1, column 20: "10.0.0.0/33" is no CIDR`},
		"an address":          {"vpcs: {a: {cidrs: [10.0.0.1]}}", "line 1, column 20: 10.0.0.1 is an address where a CIDR is expected: 10.0.0.1/32"},
		"no list":             {"vpcs: {a: {cidrs: 10.0.0.0/16}}", `line 1, column 19: "10.0.0.0/16" where a list is expected`},
		"no address":          {"network-interfaces: {a: {subnet: s, vpc: v, addresses: [x]}}", `line 1, column 57: "x" is no address`},
		"whose subnet":        {"network-interfaces: {a: {subnet: s}}", "line 1, column 25: no vpc: it is needed where the subnet (s) is not in this file"},
		"another region":      {"region: eu-west-1\nsubnets: {s: {vpc: v, cidrs: [], az: us-east-1a}}", "line 2, column 14: us-east-1a is not in eu-west-1"},
		"no egress":           {"security-groups: {g: {vpc: v}}", "line 1, column 22: no egress: AWS makes a new security group with {protocol: all, to: 0.0.0.0/0}; write that, or [] where nothing is allowed out"},
		"neither":             {"network-acls: {a: {vpc: v, default: 1}}", `line 1, column 37: "1" is neither true nor false`},
		"closed":              {"load-balancers: {a: {kind: web}}", `line 1, column 28: "web" is none of application, network, gateway, classic`},
		"outside":             {"vpcs: {v: {cidrs: [10.0.0.0/16]}}\nsubnets: {s: {vpc: v, cidrs: [10.1.0.0/24]}}", "line 2, column 11: 10.1.0.0/24 of s lies outside v"},
		"two ACLs":            {"network-acls: {a: {vpc: v, subnets: [s]}, b: {vpc: v, subnets: [s]}}", "s is associated with a, and with b"},
		"rule without peer":   {group("{tcp: 443}"), "line 7, column 9: a rule without from"},
		"rule without more":   {group("{from: 10.0.0.0/8}"), "line 7, column 9: a rule without one of tcp, udp, icmp, icmpv6, protocol; {protocol: all} is about everything"},
		"two protocols":       {group("{tcp: 443, udp: 443, from: 10.0.0.0/8}"), "line 7, column 20: udp beside tcp: a rule is about one of"},
		"other way":           {group("{tcp: 443, to: 10.0.0.0/8}"), "line 7, column 20: to in the other direction: ingress comes from, egress goes to"},
		"reversed":            {group("{tcp: 443-80, from: 10.0.0.0/8}"), "line 7, column 15: ports 443 to 80 are reversed"},
		"beyond":              {group("{tcp: 70000, from: 10.0.0.0/8}"), "line 7, column 15: ports 70000 to 70000 are beyond 0 to 65535"},
		"no port":             {group("{tcp: https, from: 10.0.0.0/8}"), `line 7, column 15: "https" is no port`},
		"no type":             {group("{icmp: echo, from: 10.0.0.0/8}"), `line 7, column 16: "echo" is no type`},
		"type beyond":         {group("{icmp: 300, from: 10.0.0.0/8}"), "line 7, column 16: ICMP type 300, code -1 are beyond 0 to 255"},
		"protocol by number":  {group("{protocol: 6, from: 10.0.0.0/8}"), "line 7, column 20: protocol 6 is tcp: write {tcp: ...}"},
		"protocol by name":    {group("{protocol: esp, from: 10.0.0.0/8}"), `line 7, column 20: "esp" is no protocol`},
		"nobody":              {group("{tcp: 443, from: everybody}"), `line 7, column 26: "everybody" is no CIDR, and no security group or prefix list of this file`},
		"peer of another":     {group("{tcp: 443, from: vpc-1}"), "line 7, column 26: vpc-1 is one of the vpcs, and not a security group or prefix list"},
		"reference of a CIDR": {group("{tcp: 443, from: 10.0.0.0/8, reference: {vpc: vpc-1}}"), "a reference, and 10.0.0.0/8 is no security group"},
		"unknown key of rule": {group("{port: 443, from: 10.0.0.0/8}"), "line 7, column 10: no key port; there are tcp, udp"},
		"no number":           {acl("{action: allow, tcp: 443, from: 10.0.0.0/8}"), "line 5, column 9: an entry without number"},
		"a number of letters": {acl("{number: first, action: allow, tcp: 443, from: 10.0.0.0/8}"), `line 5, column 18: "first" is no number`},
		"number 0":            {acl("{number: 0, action: allow, tcp: 443, from: 10.0.0.0/8}"), "line 5, column 18: an entry has a number of 1 to 32766, and not 0"},
		"number behind all":   {acl("{number: 32769, action: deny, protocol: all, from: 0.0.0.0/0}"), "line 5, column 18: an entry has a number of 1 to 32766, and not 32769"},
		"no action":           {acl("{number: 1, action: permit, tcp: 443, from: 10.0.0.0/8}"), `line 5, column 29: "permit" is neither allow nor deny`},
		"number twice":        {acl("{number: 1, action: allow, tcp: 443, from: 10.0.0.0/8}\n      - {number: 1, action: deny, tcp: 1, from: 10.0.0.0/8}"), "acl-1 has two ingress entries with number 1"},
		"no destination":      {route("{via: igw-1}"), "line 5, column 9: a route has to and via"},
		"no target":           {route("{to: 0.0.0.0/0, via: door}"), `line 5, column 30: "door" is nothing of this file that routes lead to`},
		"no kind":             {route("{to: 0.0.0.0/0, via: igw-1, via-kind: door}"), `"door" is none of local, internet-gateway`},
		"no state":            {route("{to: 0.0.0.0/0, via: igw-1, state: up}"), `"up" is none of active, blackhole, filtered`},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := LoadDocuments([]Document{{Name: "net.yaml", Data: []byte(c.text)}})
			if err == nil || len(l.Problems) != 1 {
				t.Fatalf("no problem, or several: %v, %v", err, l.Problems)
			}
			if got := l.Problems[0].String(); !strings.HasPrefix(got, "net.yaml: ") || !strings.Contains(got, c.want) {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestFormParts checks that a file of several documents becomes one part for each account and
// region, with the places of the file.
func TestFormParts(t *testing.T) {
	const two = `# both
account: "111122223333"
region: eu-west-1
vpcs: {vpc-1: {cidrs: [10.0.0.0/16]}}
subnets: {subnet-1: {vpc: vpc-1, cidrs: [10.0.1.0/24]}}
---
account: "444455556666"
region: us-east-1
vpcs: {vpc-2: {cidrs: [10.0.0.0/16]}}
subnets: {subnet-1: {vpc: vpc-1, cidrs: [10.0.1.0/24], account: "111122223333", region: eu-west-1}}
`
	docs := Documents("net.yaml", []byte(two))
	parts, err := Split(docs[:1], nil)
	if err != nil || len(parts) != 1 || parts[0].Place != (Place{"111122223333", "eu-west-1"}) {
		t.Fatalf("%v %v", parts, err)
	}
	if diff := cmp.Diff(docs[0].Data, parts[0].Documents[0].Data); diff != "" {
		t.Errorf("a document of one place is not as it was (-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct {
		docs []Document
		want string
	}{
		"another account": {[]Document{{Name: "a.yaml", Data: []byte("account: 111122223333\nvpcs: {v: {cidrs: []}}"), Account: "444455556666"}}, "a.yaml: line 1, column 10: account 111122223333, and not 444455556666"},
		"no account":      {[]Document{{Name: "a.yaml", Data: []byte("region: eu-west-1\nvpcs: {v: {cidrs: []}}")}}, "a.yaml: line 2, column 8: nothing says whose v is"},
		"no region":       {[]Document{{Name: "a.yaml", Data: []byte("account: 111122223333\nvpcs: {v: {cidrs: []}}")}}, "a.yaml: line 2, column 8: nothing says the region of v"},
		"two regions":     {docs[1:], "net.yaml#2: line 10, column 11: subnet-1 is in eu-west-1, not in us-east-1"},
	} {
		if _, err := Split(c.docs, nil); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	l, err := LoadDocuments([]Document{docs[0], {Name: "net.yaml#2", Data: append(slices.Clip(docs[1].Data), "\nx: 1\n"...)}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"net.yaml#2: line 12, column 1: no key x; there are "}
	if len(l.Problems) != 1 || !strings.HasPrefix(l.Problems[0].String(), want[0]) {
		t.Errorf("got %v, want %v", l.Problems, want)
	}
}

// TestFormCombined checks that what an account shares with another is taken from its own form.
func TestFormCombined(t *testing.T) {
	owner := Document{Name: "a.yaml", Data: []byte("vpcs: {vpc-1: {cidrs: [10.0.0.0/16]}}\nsubnets:\n  subnet-1: {vpc: vpc-1, name: ours, cidrs: [10.0.1.0/24]}\n")}
	other := Document{Name: "b.yaml", Data: []byte("subnets:\n  subnet-1: {vpc: vpc-1, cidrs: [10.0.1.0/24], account: \"111122223333\"}\nnetwork-interfaces: {eni-1: {subnet: subnet-1, addresses: [10.0.1.5]}}\n")}
	docs, err := Combine([]Part{{Place{"444455556666", "eu-west-1"}, []Document{other}}, {Place{"111122223333", "eu-west-1"}, []Document{owner}}})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(docs[0].Data), "vpc-1, cidrs") || !strings.Contains(string(docs[0].Data), "eni-1") {
		t.Errorf("the other's form is %s", docs[0].Data)
	}
}

// FuzzForm checks that whatever is read as a form is printed and read back as the same.
func FuzzForm(f *testing.F) {
	f.Add([]byte(byHand))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("vpcs: {v: {cidrs: [10.0.0.0/16]}}\n---\nvpcs: {}\n"))
	f.Add([]byte("load-balancers: {arn:aws:x: {kind: network, addresses: [{subnet: s, private: 10.0.0.1}], attributes: {a: b}}}"))
	f.Add([]byte("nat-gateways: {n: {subnet: s, addresses: [{private: 10.0.0.1, allocation: e, primary: true}]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := LoadDocuments(Documents("net.yaml", data))
		if err != nil || len(l.Problems) > 0 || len(l.IDs()) == 0 {
			return
		}
		text, err := l.YAML()
		if err != nil {
			return // named
		}
		again, err := LoadDocuments(Documents("net.yaml", text))
		if err != nil || len(again.Problems) > 0 {
			t.Fatalf("%v %v\n%s", err, again.Problems, text)
		}
		if diff := cmp.Diff([]Change(nil), Diff(l.Network, again.Network)); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%s", diff, text)
		}
	})
}
