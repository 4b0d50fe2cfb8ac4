package netmodel

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var compareCIDRs = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func editNetwork() *Network {
	n := newNetwork()
	n.SecurityGroups["sg-1"] = &SecurityGroup{ID: "sg-1", VPC: "vpc-1", Ingress: []GroupRule{
		{ID: "sgr-1", Traffic: Traffic{Protocol: TCP, From: 443, To: 443, Type: -1, Code: -1}, Peer: Peer{CIDR: netip.MustParsePrefix("10.0.0.0/8")}},
		{Traffic: Traffic{Protocol: AllProtocols, Type: -1, Code: -1}, Peer: Peer{Group: "sg-2"}},
	}}
	n.NetworkACLs["acl-1"] = &NetworkACL{ID: "acl-1", VPC: "vpc-1", Ingress: []ACLEntry{
		{Number: 100, Allow: true, Traffic: Traffic{Protocol: AllProtocols, Type: -1, Code: -1}, CIDR: netip.MustParsePrefix("0.0.0.0/0")},
		{Number: LastNumber + 1, Traffic: Traffic{Protocol: AllProtocols, Type: -1, Code: -1}, CIDR: netip.MustParsePrefix("0.0.0.0/0")},
	}}
	return &n
}

func TestEdits(t *testing.T) {
	for name, tt := range map[string]struct {
		kind EditKind
		text string
		want string // what Diff says, or the error
	}{
		"by id":               {Revoke, "sgr-1", "sg-1 ingress: - tcp:443 10.0.0.0/8 (sgr-1)"},
		"by name":             {Revoke, "sg-1:ingress:tcp:443:10.0.0.0/8", "sg-1 ingress: - tcp:443 10.0.0.0/8 (sgr-1)"},
		"without an id":       {Revoke, "sg-1:ingress:all:sg-2", "sg-1 ingress: - all sg-2"},
		"no such rule":        {Revoke, "sgr-2", "no security group of the definition has such a rule"},
		"no such name":        {Revoke, "sg-1:ingress:tcp:80:10.0.0.0/8", "those of sg-1 are sg-1:ingress:tcp:443:10.0.0.0/8, sg-1:ingress:all:sg-2"},
		"two rules":           {Revoke, "sgr-1 sgr-2", "one name is expected: it is written as sgr-0a1b2c3d4e5f60718"},
		"a new rule":          {Authorize, "sg-1 egress udp 1024-2000 pl-1", "sg-1 egress: + udp:1024-2000 pl-1"},
		"of ICMP":             {Authorize, "sg-1 ingress icmp 3/4 ::/0", "sg-1 ingress: + icmp:3/4 ::/0"},
		"of all":              {Authorize, " sg-1  ingress all sg-3 ", "sg-1 ingress: + all sg-3"},
		"there before":        {Authorize, "sg-1 ingress tcp 443 10.0.0.0/8", "it is there before: sgr-1"},
		"no ports":            {Authorize, "sg-1 ingress tcp 10.0.0.0/8", "tcp has ports or a type, or all, and then the other side"},
		"bad ports":           {Authorize, "sg-1 ingress tcp 9-1 10.0.0.0/8", "ports 9 to 1 are reversed: it is written as 'sg-1 ingress"},
		"no CIDR":             {Authorize, "sg-1 ingress tcp 9 10.0.0.1", "10.0.0.1/32"},
		"no way":              {Authorize, "sg-1 in tcp 9 10.0.0.1/32", `"in" is neither ingress nor egress`},
		"another group":       {Authorize, "sg-2 ingress all sg-3", "the definition has no security group sg-2: did you mean sg-1?"},
		"an entry before all": {AddEntry, "acl-1 ingress 90 deny tcp 22 0.0.0.0/0", "acl-1 ingress: + 90 deny tcp:22 0.0.0.0/0"},
		"an entry behind all": {AddEntry, "acl-1 ingress 32766 deny all 0.0.0.0/0", "acl-1 ingress: + 32766 deny all 0.0.0.0/0"},
		"an entry alone":      {AddEntry, "acl-1 egress 1 allow 47 ::/0", "acl-1 egress: + 1 allow 47 ::/0"},
		"a number twice":      {AddEntry, "acl-1 ingress 100 deny all 0.0.0.0/0", "acl-1:ingress:100 is there before: replace-entry changes it"},
		"the last entry":      {AddEntry, "acl-1 ingress 32767 deny all 0.0.0.0/0", `"32767" is no number of 1 to 32766`},
		"no action":           {AddEntry, "acl-1 ingress 90 tcp 22 0.0.0.0/0", "neither allow nor deny behind the number"},
		"a group as peer":     {AddEntry, "acl-1 ingress 90 deny tcp 22 sg-1", "sg-1"},
		"another entry":       {ReplaceEntry, "acl-1 ingress 100 deny all 0.0.0.0/0", "acl-1 ingress: - 100 allow all 0.0.0.0/0 + 100 deny all 0.0.0.0/0"},
		"nothing to replace":  {ReplaceEntry, "acl-1 egress 100 deny all 0.0.0.0/0", "there is no acl-1:egress:100"},
		"an entry less":       {DeleteEntry, "acl-1:ingress:100", "acl-1 ingress: - 100 allow all 0.0.0.0/0"},
		"no entry":            {DeleteEntry, "acl-1:ingress:*", `"*" is no number of 1 to 32766`},
		"no entry's name":     {DeleteEntry, "acl-1", "no name of an entry: it is written as acl-1:ingress:100"},
	} {
		t.Run(name, func(t *testing.T) {
			n := editNetwork()
			got := editedDiff(n, tt.kind, tt.text)
			if !strings.Contains(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if diff := cmp.Diff(editNetwork(), n, compareCIDRs); diff != "" {
				t.Errorf("the definition was changed:\n%s", diff)
			}
		})
	}
}

// editedDiff tells what an edit changes, or why it can't be made.
func editedDiff(n *Network, kind EditKind, text string) string {
	e, err := ParseEdit(kind, text)
	if err != nil {
		return err.Error()
	}
	edited, err := n.Edited([]Edit{e})
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, c := range Diff(n, edited) {
		for _, d := range c.Details {
			out = append(out, c.ID+" "+d.Member+":")
			for _, w := range d.Went {
				out = append(out, "- "+w)
			}
			for _, w := range d.Came {
				out = append(out, "+ "+w)
			}
		}
	}
	return strings.Join(out, " ")
}

// TestEditsUndo takes back what edits made.
func TestEditsUndo(t *testing.T) {
	n := editNetwork()
	edit := func(kind EditKind, text string) Edit {
		e, err := ParseEdit(kind, text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	with, err := n.Edited([]Edit{
		edit(Authorize, "sg-1 ingress tcp 22 10.0.0.0/8"), edit(AddEntry, "acl-1 ingress 90 deny tcp 22 0.0.0.0/0"), edit(ReplaceEntry, "acl-1 ingress 90 deny tcp 23 0.0.0.0/0"),
		edit(Revoke, "sg-1:ingress:tcp:22:10.0.0.0/8"), edit(DeleteEntry, "acl-1:ingress:90"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := Diff(n, with); len(diff) > 0 {
		t.Errorf("%+v", diff)
	}
}

// FuzzParseEdit reads what it prints as the same.
func FuzzParseEdit(f *testing.F) {
	kinds := []EditKind{Revoke, Authorize, AddEntry, DeleteEntry, ReplaceEntry}
	for i, text := range []string{"sgr-1", "sg-1 ingress icmp 8/0 10.0.0.0/8", "acl-1 egress 100 allow udp all ::/0", "acl-1:egress:7", "acl-1 ingress 1 deny 47 10.0.0.0/8", "sg-1 egress all pl-1"} {
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		e, err := ParseEdit(kinds[int(kind)%len(kinds)], text)
		if err != nil {
			return
		}
		again, err := ParseEdit(e.Kind, e.String())
		if err != nil || again != e {
			t.Fatalf("%+v is printed as %q, and read as %+v, %v", e, e, again, err)
		}
		if _, err := editNetwork().Edited([]Edit{e}); err != nil && !strings.Contains(err.Error(), string(e.Kind)) {
			t.Fatal(err)
		}
	})
}

func TestOverlaid(t *testing.T) {
	base := editNetwork()
	base.Subnets["subnet-1"] = &Subnet{ID: "subnet-1", VPC: "vpc-1", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}, NetworkACL: "acl-1"}
	base.Interfaces["eni-1"] = &Interface{ID: "eni-1", Name: "web", Subnet: "subnet-1", VPC: "vpc-1", Groups: []string{"sg-1"}, Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.5")}}
	base.PrefixLists["pl-1"] = &PrefixList{ID: "pl-1", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}}
	base.NATGateways["nat-1"] = &NATGateway{ID: "nat-1"}

	over := newNetwork()
	over.SecurityGroups["sg-1"] = &SecurityGroup{ID: "sg-1", Egress: []GroupRule{{ID: "sgr-9", Peer: Peer{Group: "sg-1"}}}}
	over.SecurityGroups["sg-new"] = &SecurityGroup{ID: "sg-new", VPC: "vpc-1"}
	over.NetworkACLs["acl-2"] = &NetworkACL{ID: "acl-2", Subnets: []string{"subnet-1", "subnet-elsewhere"}}
	over.Interfaces["eni-1"] = &Interface{ID: "eni-1", Groups: []string{"sg-new"}}
	over.PrefixLists["pl-1"] = &PrefixList{ID: "pl-1", EntriesUnknown: true}
	over.NATGateways["nat-2"] = &NATGateway{ID: "nat-2"}

	got := base.Overlaid(&over)
	if g := got.SecurityGroups["sg-1"]; g.VPC != "vpc-1" || len(g.Ingress) != 0 || len(g.Egress) != 1 {
		t.Errorf("rules are those of the part, the VPC stays: %+v", g)
	}
	if s := got.Subnets["subnet-1"]; s.NetworkACL != "acl-2" || len(s.CIDRs) != 1 {
		t.Errorf("the network ACL's association decides: %+v", s)
	}
	if i := got.Interfaces["eni-1"]; i.Name != "web" || i.Subnet != "subnet-1" || len(i.Addresses) != 1 || !slices.Equal(i.Groups, []string{"sg-new"}) {
		t.Errorf("%+v", i)
	}
	if l := got.PrefixLists["pl-1"]; l.EntriesUnknown || len(l.CIDRs) != 1 {
		t.Errorf("entries that were not asked for stay: %+v", l)
	}
	again := newNetwork()
	again.SecurityGroups["sg-1"] = &SecurityGroup{ID: "sg-1", Ingress: []GroupRule{{Traffic: base.SecurityGroups["sg-1"].Ingress[0].Traffic, Peer: base.SecurityGroups["sg-1"].Ingress[0].Peer}}}
	if rules := base.Overlaid(&again).SecurityGroups["sg-1"].Ingress; len(rules) != 1 || rules[0].ID != "sgr-1" {
		t.Errorf("what was there keeps its id: %+v", rules)
	}
	if got.NATGateways["nat-2"] != nil || got.SecurityGroups["sg-new"] == nil {
		t.Error("groups come, NAT gateways don't")
	}
	if base.Subnets["subnet-1"].NetworkACL != "acl-1" || len(base.SecurityGroups["sg-1"].Ingress) != 2 || len(slices.Collect(maps.Keys(base.SecurityGroups))) != 1 {
		t.Error("the base was changed")
	}
	if diff := Diff(base, base.Overlaid(base)); len(diff) > 0 {
		t.Errorf("over itself it differs: %+v", diff)
	}
}
