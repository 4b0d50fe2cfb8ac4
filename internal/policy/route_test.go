package policy

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// TestLookup goes through AWS's rules of which route wins.
//
// Source: VPC user guide, "Route priority", whose examples these are in part.
func TestLookup(t *testing.T) {
	const vgw, pcx, igw, tgw = "vgw-1", "pcx-1", "igw-1", "tgw-1"
	kinds := map[string]netmodel.TargetKind{
		vgw: netmodel.TargetVPNGateway, pcx: netmodel.TargetPeeringConnection, igw: netmodel.TargetInternetGateway, tgw: netmodel.TargetTransitGateway,
		"vpce-1": netmodel.TargetVPCEndpoint, "vpce-9": netmodel.TargetVPCEndpoint, "local": netmodel.TargetLocal, "eni-1": netmodel.TargetInterface,
	}
	// A route is its destination and target, and how it came: "*" propagated, "!" a
	// blackhole, "-" filtered.
	routes := func(texts ...string) *netmodel.RouteTable {
		out := &netmodel.RouteTable{ID: "rtb-1"}
		for _, text := range texts {
			to, target, _ := strings.Cut(text, " ")
			r := netmodel.Route{State: "active", Origin: "CreateRoute"}
			switch target[len(target)-1] {
			case '*':
				r.Origin = "EnableVgwRoutePropagation"
			case '!':
				r.State = "blackhole"
			case '-':
				r.State = "filtered"
			}
			target = strings.TrimRight(target, "*!-")
			if r.Target = (netmodel.Target{Kind: kinds[target], ID: target}); strings.HasPrefix(to, "pl-") {
				r.PrefixList = to
			} else {
				r.CIDR = cidr(to)
			}
			out.Routes = append(out.Routes, r)
		}
		return out
	}
	n := &netmodel.Network{VPCEndpoints: map[string]*netmodel.VPCEndpoint{"vpce-1": {Kind: "Gateway"}}, PrefixLists: map[string]*netmodel.PrefixList{
		"pl-1": {ID: "pl-1", CIDRs: []netip.Prefix{cidr("172.31.0.0/24"), cidr("10.9.0.0/16")}},
		"pl-2": {ID: "pl-2", CIDRs: []netip.Prefix{cidr("172.31.0.0/24")}},
		"pl-3": {ID: "pl-3", EntriesUnknown: true},
	}}
	for name, tt := range map[string]struct {
		table     *netmodel.RouteTable
		dst, want string
		err       string
	}{
		"the most specific":               {routes("0.0.0.0/0 igw-1", "172.31.0.0/16 pcx-1", "10.0.0.0/16 local"), "172.31.9.9", "172.31.0.0/16 to pcx-1", ""},
		"all the rest":                    {routes("0.0.0.0/0 igw-1", "172.31.0.0/16 pcx-1", "10.0.0.0/16 local"), "172.32.9.9", "0.0.0.0/0 to igw-1", ""},
		"none":                            {routes("10.0.0.0/16 local"), "172.32.9.9", "", ""},
		"the families are apart":          {routes("0.0.0.0/0 igw-1", "2001:db8::/56 local"), "2001:db9::1", "", ""},
		"static before propagated":        {routes("172.31.0.0/24 vgw-1*", "172.31.0.0/24 igw-1"), "172.31.0.1", "172.31.0.0/24 to igw-1", ""},
		"specific before static":          {routes("172.31.0.0/24 vgw-1*", "172.31.0.0/16 igw-1"), "172.31.0.1", "172.31.0.0/24 to vgw-1", ""},
		"local before propagated":         {routes("10.0.0.0/16 local", "10.0.1.0/24 vgw-1*"), "10.0.1.1", "10.0.0.0/16 to local", ""},
		"static within local":             {routes("10.0.0.0/16 local", "10.0.1.0/24 eni-1"), "10.0.1.1", "10.0.1.0/24 to eni-1", ""},
		"a CIDR before a prefix list":     {routes("pl-1 tgw-1", "172.31.0.0/24 pcx-1"), "172.31.0.1", "172.31.0.0/24 to pcx-1", ""},
		"a prefix list before propagated": {routes("172.31.0.0/24 vgw-1*", "pl-1 tgw-1"), "172.31.0.1", "pl-1 to tgw-1", ""},
		"a prefix list's longest prefix":  {routes("10.0.0.0/8 pcx-1", "pl-1 tgw-1"), "10.9.1.1", "pl-1 to tgw-1", ""},
		"two prefix lists":                {routes("pl-1 tgw-1", "pl-2 pcx-1"), "172.31.0.1", "", "AWS does not say which"},
		"two prefix lists to one target":  {routes("pl-1 tgw-1", "pl-2 tgw-1"), "172.31.0.1", "pl-1 to tgw-1", ""},
		"a list that is not known":        {routes("0.0.0.0/0 igw-1", "pl-3 tgw-1"), "172.31.0.1", "", "pl-3, whose entries are not in the input"},
		"a list that is not there":        {routes("0.0.0.0/0 igw-1", "pl-4 tgw-1"), "172.31.0.1", "", "pl-4, whose entries are not in the input"},
		"a gateway endpoint's, private":   {routes("10.0.0.0/16 local", "pl-3 vpce-1"), "10.0.0.1", "10.0.0.0/16 to local", ""},
		"a gateway endpoint's, public":    {routes("0.0.0.0/0 igw-1", "pl-3 vpce-1"), "52.216.0.1", "", "pl-3, whose entries are not in the input"},
		"of an endpoint not there":        {routes("10.0.0.0/16 local", "pl-3 vpce-9"), "10.0.0.1", "", "pl-3, whose entries are not in the input"},
		"a blackhole keeps its place":     {routes("0.0.0.0/0 igw-1", "172.31.0.0/16 pcx-1!"), "172.31.0.1", "172.31.0.0/16 to pcx-1", ""},
		"a filtered route is not used":    {routes("0.0.0.0/0 igw-1", "172.31.0.0/16 pcx-1-"), "172.31.0.1", "0.0.0.0/0 to igw-1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := New(n).lookup(tt.table, addr(tt.dst))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			got := ""
			if r != nil {
				got = r.String()
			}
			if err != nil || got != tt.want {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

// TestLookupPlain compares the longest prefix with a search that goes from /32 up.
func TestLookupPlain(t *testing.T) {
	found := 0
	rounds(t, 3000, func(t *testing.T, c chance) {
		table := &netmodel.RouteTable{ID: "rtb-1"}
		by := map[netip.Prefix]string{}
		for range c.IntN(8) {
			p := c.prefix()
			if by[p] != "" {
				continue
			}
			by[p] = "tgw-" + p.String()
			table.Routes = append(table.Routes, netmodel.Route{CIDR: p, Target: netmodel.Target{Kind: netmodel.TargetTransitGateway, ID: by[p]}})
		}
		dst := c.address(c.IntN(2) == 0)
		want := ""
		for bits := dst.BitLen(); bits >= 0 && want == ""; bits-- {
			want = by[netip.PrefixFrom(dst, bits).Masked()]
		}
		r, err := New(&netmodel.Network{}).lookup(table, dst)
		got := ""
		if r != nil {
			got = r.Target.ID
			found++
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", dst, got, want, err)
		}
	})
	if found == 0 {
		t.Error("no route was ever found")
	}
}

// TestWithin checks that within a VPC the path decides what both ENIs do, asked one after
// the other, with and without route tables.
func TestWithin(t *testing.T) {
	accepted, refused := 0, 0
	rounds(t, 2000, func(t *testing.T, c chance) {
		n := twoSubnets()
		for _, id := range []string{"sg-1", "sg-2"} {
			n.SecurityGroups[id] = &netmodel.SecurityGroup{ID: id, Ingress: c.some(), Egress: c.some()}
		}
		for _, id := range []string{"acl-1", "acl-2"} {
			a := n.NetworkACLs[id]
			a.Ingress, a.Egress = c.entries(), c.entries()
		}
		n.Interfaces["eni-2"].Groups = []string{"sg-2"}
		if c.IntN(2) == 0 {
			n.RouteTables = map[string]*netmodel.RouteTable{"rtb-1": {ID: "rtb-1", Routes: []netmodel.Route{{CIDR: cidr("10.0.0.0/16"), Target: netmodel.Target{Kind: netmodel.TargetLocal}}}}}
			n.Subnets["subnet-1"].RouteTable, n.Subnets["subnet-2"].RouteTable = "rtb-1", "rtb-1"
		}
		to := pick(c, "eni-2", "eni-3")
		p := Packet{Src: addr(own4), Dst: n.Interfaces[to].Addresses[0], Protocol: c.protocol(), SrcPort: c.port(), DstPort: c.port(), Type: pick(c, 0, 3, 8)}
		if p.Protocol == netmodel.ICMPv6 {
			return
		}
		d := New(n)
		path, err := d.Path("eni-1", to, &p)
		if err != nil {
			t.Fatal(err)
		}
		forward, reply := d.plainWithin(t, "eni-1", to, &p)
		rules := func(steps []Step) []Step {
			out := []Step{}
			for _, s := range steps {
				if s.Src, s.Dst = (netip.Addr{}), (netip.Addr{}); s.Stage != Route {
					out = append(out, s)
				}
			}
			return out
		}
		equal := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
		if diff := cmp.Diff([][]Step{forward, reply}, [][]Step{rules(path.Forward), rules(path.Reply)}, equal); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", p, diff)
		}
		if path.Action == Accept {
			accepted++
		} else {
			refused++
		}
	})
	if accepted < 10 || refused < 10 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
}

// some returns rules, or one that allows everything, so that packets come further.
func (c chance) some() []netmodel.GroupRule {
	if c.IntN(2) == 0 {
		return []netmodel.GroupRule{from("sgr-any", all(), "0.0.0.0/0")}
	}
	out := c.rules()
	for i := range out {
		if out[i].Peer.PrefixList != "" {
			out[i].Peer = netmodel.Peer{CIDR: cidr("10.0.0.0/8")}
		}
	}
	return out
}

// plainWithin asks both ENIs, with the connections that they know.
func (d *Definition) plainWithin(t *testing.T, from, to string, p *Packet) (forward, reply []Step) {
	t.Helper()
	forward, reply = []Step{}, []Step{}
	var ends [2]*Connections
	for i, id := range []string{from, to} {
		at, err := d.At(id)
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = NewConnections(at, DefaultTimeouts())
	}
	ids := []string{from, to}
	pass := func(steps *[]Step, i int, p *Packet, way netmodel.Direction) bool {
		decision := ends[i].Decide(p, way, time.Time{})
		*steps = append(*steps, decision.steps(d.network.Interfaces[ids[i]])...)
		return decision.Action == Accept
	}
	if !pass(&forward, 0, p, netmodel.Egress) || !pass(&forward, 1, p, netmodel.Ingress) {
		return forward, reply
	}
	if back, ok := p.reply(); ok && pass(&reply, 1, &back, netmodel.Egress) {
		pass(&reply, 0, &back, netmodel.Ingress)
	}
	return forward, reply
}
