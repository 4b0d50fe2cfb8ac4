package lab

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/internal/netmodel"
)

// defaultLab reads the default definition as weir lab up does.
func defaultLab(t testing.TB) *Definition {
	t.Helper()
	dir := t.TempDir()
	if err := CopyDefinition("", dir); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDefinition(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDefaultDefinition(t *testing.T) {
	d := defaultLab(t)
	if got := slices.Sorted(maps.Keys(d.Hosts)); d.VPC != "vpc-lab" || !slices.Equal(got, []string{"alb", "app-a", "cache", "db-b", "files", "idle", "nat", "partner", "rds", "redshift", "shop-a", "shop-b", "web-a", "web-b", "workspace"}) || len(d.Internet) != 16 {
		t.Errorf("%s %v %v", d.VPC, got, d.Internet)
	}
	zones := map[string]bool{}
	for _, s := range d.Network.Subnets {
		zones[s.AZ] = true
	}
	if len(d.Network.Subnets) != 8 || len(zones) != 2 || !d.isNAT("eni-nat") || d.isNAT("eni-web-a") || d.internetGateway("vpc-lab") != "igw-lab" {
		t.Errorf("%d subnets in %v", len(d.Network.Subnets), zones)
	}
}

// TestCopyDefinition takes a definition from files that lie elsewhere and have other names.
func TestCopyDefinition(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	if err := CopyDefinition("", from); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(from, networkFile), filepath.Join(from, "net.yaml")); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(from, "own.yaml")
	if err := os.WriteFile(own, []byte("network: net.yaml\nhosts: {web-a: {eni: eni-web-a}}\nvpcs: {b: vpc-shared, c: vpc-partner}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CopyDefinition(own, to); err != nil {
		t.Fatal(err)
	}
	_, err := ReadDefinition(to)
	if !errors.Is(err, ErrDefinition) || !strings.Contains(err.Error(), "no host has eni-alb of its network") {
		t.Error(err)
	}
}

// TestCopyNothing has definitions that are no files, or name none.
func TestCopyNothing(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"none.yaml": "hosts: {}", "lost.yaml": "network: lost-network.yaml", "list.yaml": "- network", "json.yaml": "network: vpcs.json", "folder.yaml": "network: net"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name string
		want error
	}{{"none.yaml", ErrDefinition}, {"list.yaml", ErrDefinition}, {"json.yaml", ErrDefinition}, {"folder.yaml", ErrDefinition}, {"lost.yaml", os.ErrNotExist}, {"other.yaml", os.ErrNotExist}} {
		if err := CopyDefinition(filepath.Join(dir, tc.name), t.TempDir()); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// TestRefusedDefinitions has definitions that a lab does not build, each by one change of the default one.
func TestRefusedDefinitions(t *testing.T) {
	lab, err := defaults.ReadFile("default/lab.yaml")
	if err != nil {
		t.Fatal(err)
	}
	network, err := defaults.ReadFile("default/network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ in, from, to, want string }{
		{"lab", "web-a:", "Web:", `"Web" is no name of a host`},
		{"lab", "web-a:", "a-name-of-many-letters:", "is no name of a host"},
		{"lab", "web-a:", "vpc:", "vpc is the name of a namespace that each lab has"},
		{"lab", "eni: eni-web-a", "eni: eni-9", `its network has no network interface "eni-9"`},
		{"lab", "eni: eni-web-b", "eni: eni-web-a", "hosts web-a and web-b have both eni-web-a"},
		{"lab", "  db-b: {eni: eni-db-b, serves: [5432]}\n", "", "no host has eni-db-b"},
		{"lab", "client: {address: 203.0.113.10,", "client: {address: 10.0.9.9,", "10.0.9.9 is not of the internet"},
		{"lab", "client: {address: 203.0.113.10,", "client: {address: 169.254.77.1,", "169.254.77.1 is not of the internet"},
		{"lab", "client: {address: 203.0.113.10,", "client: {address: 198.51.100.10,", "198.51.100.10 is that of eni-web-a"},
		{"lab", "client: {address: 203.0.113.10,", "client: {address: 203.0.113.66,", "203.0.113.66 is that of client"},
		{"lab", "client: {address: 203.0.113.10,", "client: {address: '2001:db8::1',", "is no IPv4 address"},
		{"lab", "client: {address: 203.0.113.10,", "web-a: {address: 203.0.113.10,", "web-a is there twice"},
		{"lab", "serves: [80]", "serve: [80]", "line 7, column 27: no key serve; there are eni, serves, runs, port, listeners, database"},
		{"lab", "serves: [80]", "serves: [70000]", "70000 where a port from 0 to 65535 is expected"},
		{"lab", "ipv6: \"2001:db8:ffff::10\"", "ipv6: 192.0.2.1", "client: its ipv6 is no IPv6 address"},
		{"lab", "ipv6: \"2001:db8:ffff::10\"", "ipv6: \"2001:db8:ffff::66\"", "2001:db8:ffff::66 is that of client"},
		{"lab", "ipv6: \"2001:db8:ffff::10\"", "ipv6: \"2001:db8:1::66\"", "client: 2001:db8:1::66 is not of the internet"},
		{"lab", "ipv6: \"2001:db8:ffff::10\"", "ipv6: \"fd00::1\"", "client: fd00::1 is not of the internet"},
		{"lab", "vpc-shared: vpc-shared, ", "", "vpc-lab and vpc-shared have no router: vpcs names those of all VPCs but one"},
		{"lab", "vpc-shared: vpc-shared", "vpc-shared: vpc-none", "its network has no vpc-none"},
		{"lab", "vpc-shared: vpc-shared", "vpc-shared: vpc-partner", "vpc-partner and vpc-shared are both routers of vpc-partner"},
		{"lab", "vpc-shared: vpc-shared", "tgw: vpc-shared", "tgw is the name of a namespace that each lab has"},
		{"lab", "vpc-shared: vpc-shared", "VPC: vpc-shared", `"VPC" is no name of a VPC's router`},
		{"lab", "vpc-shared: vpc-shared", "vpc-shared: vpc-shared, more: vpc-lab", "vpcs names the routers of all: that of one is vpc"},
		{"lab", "  files: ", "  tgw: ", "tgw is the name of a namespace that each lab has"},
		{"network", "addresses: [10.0.4.10]", "addresses: ['2001:db8:1:4::1']", "eni-db-b: a lab builds interfaces whose first address is an IPv4 address"},
		{"network", "addresses: [10.0.4.10]", "addresses: [10.0.4.20]", "10.0.4.20 is that of eni-db-b and of eni-idle"},
		{"network", "addresses: [10.0.4.10]", "addresses: [10.0.4.10, 10.0.4.10]", "10.0.4.10 is that of eni-db-b and of eni-db-b"},
		{"network", "addresses: [10.0.4.10]", "addresses: [10.0.9.10]", "eni-db-b: 10.0.9.10 lies outside of subnet-private-b"},
		{"network", "addresses: [10.0.4.10]", "addresses: [10.0.4.1]", "eni-db-b: 10.0.4.1 is not for network interfaces"},
		{"network", "addresses: [10.0.4.10]", "addresses: [10.0.4.3]", "eni-db-b: 10.0.4.3 is not for network interfaces"},
		{"network", "addresses: [10.0.4.10]", "addresses: [10.0.4.255]", "the first four addresses and the last one of 10.0.4.0/24"},
		{"network", `"2001:db8:1:2::10"]`, `"2001:db8:1:2::3"]`, "eni-app-a: 2001:db8:1:2::3 is not for network interfaces"},
		{"network", "public: {10.0.3.10: 198.51.100.20}", "public: {10.0.3.10: 198.51.100.10}", "198.51.100.10 is that of eni-web-a and of eni-web-b"},
		{"network", "public: {10.0.3.10: 198.51.100.20}", "public: {10.0.3.10: 10.0.9.9}", "eni-web-b: 10.0.9.9 is no public address"},
		{"network", "public: {10.0.3.10: 198.51.100.20}", "public: {10.0.3.10: 169.254.77.2}", "eni-web-b: 169.254.77.2 is no public address"},
		{"network", "cidrs: [10.2.0.0/16,", "cidrs: [169.254.0.0/20, 10.2.0.0/16,", "vpc-partner: 169.254.0.0/20 overlaps 169.254.0.0/16"},
		{"network", "addresses: [10.0.4.10]", "prefixes: [10.0.4.16/28], addresses: [10.0.4.10]", "eni-db-b: delegated prefixes are not built"},
		{"network", "addresses: [10.0.4.10]", "addresses: [10.0.4.0]", "eni-db-b: 10.0.4.0 is not for network interfaces: AWS keeps the first four addresses and the last one of 10.0.4.0/24"},
		{"network", "{tcp: 8080, from: 10.0.0.0/16}", "{tcp: 8080, from: sg-app}", "references to groups of other VPCs are not built"},
		{"network", "via: tgw-lab", "via: tgw-1", "rtb-private: the route to 10.1.0.0/16: vpc-lab has no attachment to tgw-1"},
		{"network", "via: pcx-partner", "via: pcx-1", "rtb-private: the route to 10.2.0.0/16: its network has no pcx-1"},
		{"network", "accepter: {vpc: vpc-partner}", "accepter: {vpc: vpc-9}", "pcx-partner is of vpc-lab and vpc-9, which are not both in its network"},
		{"network", "accepter: {vpc: vpc-partner}", "accepter: {vpc: vpc-shared}", "rtb-partner: the route to 10.0.0.0/16: vpc-partner is no side of pcx-partner"},
		{"network", "  tgw-lab: {}", "  tgw-lab: {}\n  tgw-2: {}", "its network has tgw-2 and tgw-lab; a lab builds one transit gateway"},
		{"network", "resource: vpc-shared, subnets", "kind: vpn, resource: vpn-1, subnets", "tgw-attach-shared: an attachment of kind vpn is not built"},
		{"network", "resource: vpc-shared, subnets: [subnet-shared]", "resource: vpc-lab, subnets: [subnet-tgw-a]", "tgw-attach-lab and tgw-attach-shared are both attachments of vpc-lab"},
		{"network", "subnets: [subnet-shared], ", "", "tgw-attach-shared says no subnets"},
		{"network", "subnets: [subnet-shared]", "subnets: [subnet-partner]", `tgw-attach-shared: vpc-shared has no subnet "subnet-partner"`},
		{"network", "subnets: [subnet-tgw-a, subnet-tgw-b], route-table", "subnets: [subnet-tgw-a, subnet-public-b], route-table", "tgw-attach-lab: its subnets subnet-tgw-a and subnet-public-b have not the same route table"},
		{"network", "subnets: [subnet-tgw-a, subnet-tgw-b], route-table", "subnets: [subnet-public-a], route-table", "acl-open of its subnet subnet-public-a denies by entry 50, and no agent enforces there"},
		{"network", "subnets: [subnet-tgw-a, subnet-tgw-b]\n    ingress:\n      - {number: 100, action: allow, protocol: all,", "subnets: [subnet-tgw-a, subnet-tgw-b]\n    ingress:\n      - {number: 100, action: allow, tcp: all,", "acl-tgw of its subnet subnet-tgw-a does not let all in"},
		{"network", "      - {number: 101, action: allow, protocol: all, from: \"::/0\"}\n    egress:\n      - {number: 100, action: allow, protocol: all, to: 0.0.0.0/0}\n      - {number: 101, action: allow, protocol: all, to: \"::/0\"}\n  acl-shared", "    egress:\n      - {number: 100, action: allow, protocol: all, to: 0.0.0.0/0}\n  acl-shared", "acl-tgw of its subnet subnet-tgw-a does not let all in"},
		{"network", "route-table: tgw-rtb-lab, ipv6: enable}\n  tgw-attach-shared", "ipv6: enable}\n  tgw-attach-shared", "tgw-attach-lab is associated with no route table"},
		{"network", "route-table: tgw-rtb-lab, ipv6: enable}\n  tgw-attach-shared", "route-table: tgw-rtb-1, ipv6: enable}\n  tgw-attach-shared", "tgw-attach-lab: its network has no tgw-rtb-1"},
		{"network", "    routes-known: static\n", "    routes-known: some\n", "tgw-rtb-lab"},
		{"network", "    routes: []\n    routes-known", "    routes: [{to: 10.9.0.0/16, via: [tgw-attach-lab, tgw-attach-shared]}]\n    routes-known", "leads to 2 attachments; a lab builds routes to one"},
		{"network", "    routes: []\n    routes-known", "    routes: [{to: 10.9.0.0/16, via: [tgw-attach-9]}]\n    routes-known", "tgw-rtb-lab: the route to 10.9.0.0/16 leads to tgw-attach-9, by which nothing passes"},
		{"network", "    routes: []\n    routes-known", "    routes: [{to: '2001:db8:3::/56', via: [tgw-attach-partner]}]\n    routes-known", "leads to tgw-attach-partner, which does not pass IPv6"},
		{"network", "vpc-shared: {name: shared, cidrs: [10.1.0.0/16,", "vpc-shared: {name: shared, cidrs: [10.1.0.0/16, 10.0.0.0/16,", "tgw-rtb-lab has two routes to 10.0.0.0/16, and AWS does not say which it takes"},
		{"network", "to: 0.0.0.0/0, via: nat-a", "to: '2001:db8:9::/64', via: nat-a", "rtb-private: the route to 2001:db8:9::/64: a route of IPv6 to nat-a is not built"},
		{"network", "to: 0.0.0.0/0, via: nat-a", "to: '2001:db8:9::/64', via: eigw-1", "rtb-private: the route to 2001:db8:9::/64: eigw-1 is not attached to vpc-lab"},
		{"network", "to: 0.0.0.0/0, via: nat-a", "to: 0.0.0.0/0, via: eigw-lab", "egress-only internet gateways pass IPv6 only"},
		{"network", "to: 0.0.0.0/0, via: nat-a", "to: 0.0.0.0/0, via: vgw-1", "rtb-private: the route to 0.0.0.0/0: a route to a vpn-gateway is not built"},
		{"network", "to: 0.0.0.0/0, via: nat-a", "to: 0.0.0.0/0, via: nat-b", "no host has the network interface of nat-b"},
		{"lab", "serves: [80]", "serves: [0]", "host web-b: 0 is no port that it can serve"},
		{"lab", "serves-udp: [53]", "serves-udp: [0]", "resolver: 0 is no port that it can serve"},
		{"lab", "idle: {eni: eni-idle}", "idle:", "line 9, column 3: host idle: it has no eni"},
		{"lab", "address: 203.0.113.10,", "address: 127.0.0.5,", "line 21, column 3: client: 127.0.0.5 is not of the internet"},
		{"lab", "address: 203.0.113.10,", "address: 224.0.0.1,", "client: 224.0.0.1 is not of the internet"},
		{"lab", "address: 203.0.113.10,", "address: 0.0.0.0,", "client: 0.0.0.0 is not of the internet"},
		{"lab", "address: 203.0.113.10,", "address: 10.99.0.1,", "client: 10.99.0.1 is not of the internet"},
		{"lab", "address: 203.0.113.10,", "address: 100.64.0.1,", "client: 100.64.0.1 is not of the internet"},
		{"lab", "ipv6: \"2001:db8:ffff::10\"", "ipv6: '::1'", "client: ::1 is not of the internet"},
		{"network", "public: {10.0.3.10: 198.51.100.20}", "public: {10.0.3.10: 192.168.7.7}", "eni-web-b: 192.168.7.7 is no public address"},
		{"network", "vpc-partner: {name: partner, cidrs: [10.2.0.0/16,", "vpc-partner: {name: partner, cidrs: [127.0.0.0/16, 10.2.0.0/16,", "network.yaml: line 7, column 32: vpc-partner: 127.0.0.0/16 overlaps 127.0.0.0/8, which the kernel does not route"},
		{"network", "vpc-partner: {name: partner,", "vpc-partner: {block-public-access: block-ingress, name: partner,", "line 7, column 17: vpc-partner: VPC Block Public Access is not built"},
		{"network", "subnet-shared: {vpc: vpc-shared,", "subnet-shared: {block-public-access: block-ingress, vpc: vpc-shared,", "subnet-shared: VPC Block Public Access is not built"},
		{"network", "eni-idle: {", "eni-idle: {deny-internet-gateways: true, ", "eni-idle: VPC Block Public Access is not built"},
		{"network", "internet-gateways:\n", "block-public-access:\n  111122223333/eu-west-1: {mode: block-bidirectional}\ninternet-gateways:\n", "111122223333/eu-west-1: VPC Block Public Access is not built"},
		{"network", "  rtb-shared:\n    vpc: vpc-shared\n", "  rtb-edge: {vpc: vpc-lab, gateways: [igw-lab], routes: []}\n  rtb-shared:\n    vpc: vpc-shared\n", "rtb-edge: a route table of a gateway is not built"},
		{"network", "nat-a: {subnet: subnet-public-a, connectivity: public", "nat-a: {state: deleted, subnet: subnet-public-a, connectivity: public", "nat-a: a NAT gateway that is deleted is not built"},
		{"network", "nat-a: {subnet: subnet-public-a, connectivity: public", "nat-a: {subnet: subnet-public-a, connectivity: private", "nat-a: it is private, and eni-nat has a public address"},
		{"network", "private: 10.0.1.5, public: 198.51.100.5", "private: 10.0.1.5, public: 198.51.100.6", "nat-a: its public address is 198.51.100.6, and eni-nat has 198.51.100.5"},
		{"network", "private: 10.0.1.5, public: 198.51.100.5", "private: 10.0.1.6, public: 198.51.100.5", "nat-a: eni-nat has no address 10.0.1.6"},
		{"network", "addresses: [{interface: eni-nat,", "addresses: [{interface: eni-nut,", `nat-a: its network has no network interface "eni-nut"`},
		{"network", "{to: 0.0.0.0/0, via: igw-lab}", "{to: 0.0.0.0/0, via: igw-1}", "network.yaml: line 173, column 9: rtb-public: the route to 0.0.0.0/0: its network has no igw-1"},
		{"network", "groups: [sg-files]", "groups: [sg-filed]", "can't decide at eni-files: its security group sg-filed is not in the input"},
		{"network", ", groups: [sg-files]", "", "can't decide at eni-files"},
		{"network", "{tcp: 7000, from: 10.0.0.0/8}", "{tcp: 7000, from: pl-1}", "refers to pl-1, which is not in the input"},
		{"network", "    main: true\n", "", "no route table is of subnet-public-"},
	} {
		files := map[string]string{"lab": string(lab), "network": string(network)}
		changed := strings.Replace(files[tc.in], tc.from, tc.to, 1)
		if changed == files[tc.in] {
			t.Errorf("%s has no %q", tc.in, tc.from)
			continue
		}
		files[tc.in] = changed
		loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "network.yaml", Data: []byte(files["network"])}})
		if err != nil || len(loaded.Problems) > 0 {
			t.Errorf("%s: %v %v", tc.to, err, loaded.Problems)
			continue
		}
		d, err := parse(yamlText{"lab.yaml", []byte(files["lab"])}, yamlText{"network.yaml", []byte(files["network"])}, loaded.Network)
		if err == nil {
			_, err = planOf(d)
		}
		if !errors.Is(err, ErrDefinition) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.to, err, tc.want)
		}
	}
}

// TestManyVPCs refuses more VPCs than there are addresses of links.
func TestManyVPCs(t *testing.T) {
	n := &netmodel.Network{VPCs: map[string]*netmodel.VPC{}}
	var text strings.Builder
	text.WriteString("vpcs: {")
	for i := range mostLinks + 1 {
		id := fmt.Sprint("vpc-", i)
		n.VPCs[id] = &netmodel.VPC{ID: id}
		if i > 0 {
			fmt.Fprintf(&text, "r%d: %s, ", i, id)
		}
	}
	if _, err := parse(yamlText{"many.yaml", []byte(text.String() + "}")}, yamlText{}, n); !errors.Is(err, ErrDefinition) || !strings.Contains(err.Error(), "its network has 65 VPCs") {
		t.Error(err)
	}
	delete(n.VPCs, "vpc-0")
	d, err := parse(yamlText{"many.yaml", []byte(strings.Replace(text.String()+"}", "r1: vpc-1, ", "", 1))}, yamlText{}, n)
	if err != nil {
		t.Fatal(err)
	}
	if near, far := transitLink(mostLinks - 1); near.String() != "169.254.78.253" || far.String() != "169.254.78.254" {
		t.Errorf("%s %s", near, far)
	}
	if got := d.internetLink(d.vpcs()[mostLinks-1]).String(); got != "169.254.77.253" {
		t.Error(got)
	}
}

// FuzzDefinition has files that are taken be planned for, and no more than that.
func FuzzDefinition(f *testing.F) {
	data, err := defaults.ReadFile("default/lab.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(strings.Replace(string(data), "vpcs: {vpc-shared: vpc-shared, ", "vpcs: {lab: vpc-lab, ", 1)))
	f.Add([]byte("hosts: {a: {eni: eni-nat}}\ninternet: {b: {address: 1.2.3.4, serves: [1]}}"))
	n := defaultLab(f).Network
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := parse(yamlText{"lab.yaml", data}, yamlText{}, n)
		if err != nil {
			if !errors.Is(err, ErrDefinition) {
				t.Error(err)
			}
			return
		}
		p, err := planOf(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range p.names {
			if len(deviceOf(name)) > 15 || strings.ContainsAny(name, " /\n") {
				t.Errorf("namespace %q", name)
			}
		}
	})
}
