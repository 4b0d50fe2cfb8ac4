package lab

import (
	"errors"
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
	if got := slices.Sorted(maps.Keys(d.Hosts)); d.VPC != "vpc-lab" || !slices.Equal(got, []string{"app-a", "db-b", "idle", "nat", "web-a", "web-b"}) || len(d.Internet) != 4 {
		t.Errorf("%s %v %v", d.VPC, got, d.Internet)
	}
	zones := map[string]bool{}
	for _, s := range d.Network.Subnets {
		zones[s.AZ] = true
	}
	if len(d.Network.Subnets) != 4 || len(zones) != 2 || !d.isNAT("eni-nat") || d.isNAT("eni-web-a") || !d.hasInternetGateway() {
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
	if err := os.WriteFile(own, []byte("network: net.yaml\nhosts: {web-a: {eni: eni-web-a}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CopyDefinition(own, to); err != nil {
		t.Fatal(err)
	}
	_, err := ReadDefinition(to)
	if !errors.Is(err, ErrDefinition) || !strings.Contains(err.Error(), "no host has eni-app-a of its network") {
		t.Error(err)
	}
}

// TestCopyNothing has definitions that are no files, or name none.
func TestCopyNothing(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"none.yaml": "hosts: {}", "lost.yaml": "network: lost-network.yaml", "list.yaml": "- network"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name string
		want error
	}{{"none.yaml", ErrDefinition}, {"list.yaml", ErrDefinition}, {"lost.yaml", os.ErrNotExist}, {"other.yaml", os.ErrNotExist}} {
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
		{"lab", "client: {address: 203.0.113.10}", "client: {address: 10.0.9.9}", "10.0.9.9 is not of the internet"},
		{"lab", "client: {address: 203.0.113.10}", "client: {address: 169.254.77.1}", "169.254.77.1 is not of the internet"},
		{"lab", "client: {address: 203.0.113.10}", "client: {address: 198.51.100.10}", "198.51.100.10 is that of eni-web-a"},
		{"lab", "client: {address: 203.0.113.10}", "client: {address: 203.0.113.66}", "203.0.113.66 is that of client"},
		{"lab", "client: {address: 203.0.113.10}", "client: {address: '2001:db8::1'}", "is no IPv4 address"},
		{"lab", "client: {address: 203.0.113.10}", "web-a: {address: 203.0.113.10}", "web-a is there twice"},
		{"lab", "serves: [80]", "serve: [80]", "field serve not found"},
		{"lab", "serves: [80]", "serves: [70000]", "70000"},
		{"network", "addresses: [10.0.4.10]", "addresses: [10.0.4.10, 10.0.4.11]", "a lab builds interfaces with one IPv4 address"},
		{"network", "  vpc-lab: {name: lab, cidrs: [10.0.0.0/16]}", "  vpc-lab: {cidrs: [10.0.0.0/16]}\n  vpc-2: {cidrs: [10.1.0.0/16]}", "its network has 2 VPCs; a lab builds one"},
		{"network", "to: 0.0.0.0/0, via: igw-lab", "to: 10.9.0.0/16, via: tgw-1", "rtb-public: the route to 10.9.0.0/16: a route to a transit-gateway is not built"},
		{"network", "to: 0.0.0.0/0, via: nat-a", "to: '::/0', via: eigw-1", "rtb-private: the route to ::/0: IPv6 is not built"},
		{"network", "to: 0.0.0.0/0, via: nat-a", "to: 0.0.0.0/0, via: nat-b", "no host has the network interface of nat-b"},
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
		d, err := parse("lab.yaml", []byte(files["lab"]), loaded.Network)
		if err == nil {
			_, err = planOf(d)
		}
		if !errors.Is(err, ErrDefinition) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.to, err, tc.want)
		}
	}
}

// FuzzDefinition has files that are taken be planned for, and no more than that.
func FuzzDefinition(f *testing.F) {
	data, err := defaults.ReadFile("default/lab.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("hosts: {a: {eni: eni-nat}}\ninternet: {b: {address: 1.2.3.4, serves: [1]}}"))
	n := defaultLab(f).Network
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := parse("lab.yaml", data, n)
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
