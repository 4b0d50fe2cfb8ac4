package whatif

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// network returns a VPC of two subnets with an ENI each, of one group. The second subnet's network ACL
// is acl-1, which lets all pass.
func network(rules ...netmodel.GroupRule) *netmodel.Network {
	all := netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}
	allow := []netmodel.ACLEntry{{Number: 100, Allow: true, Traffic: all, CIDR: prefix("0.0.0.0/0")}}
	n := &netmodel.Network{
		VPCs: map[string]*netmodel.VPC{"vpc-1": {ID: "vpc-1", CIDRs: []netip.Prefix{prefix("10.0.0.0/16")}}},
		Subnets: map[string]*netmodel.Subnet{
			"subnet-1": {ID: "subnet-1", VPC: "vpc-1", CIDRs: []netip.Prefix{prefix("10.0.1.0/24")}, NetworkACL: "acl-0"},
			"subnet-2": {ID: "subnet-2", VPC: "vpc-1", CIDRs: []netip.Prefix{prefix("10.0.2.0/24")}, NetworkACL: "acl-1"},
		},
		Interfaces: map[string]*netmodel.Interface{
			"eni-1": {ID: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", Type: "interface", Groups: []string{"sg-1"}, Addresses: []netip.Addr{addr("10.0.1.5")}},
			"eni-2": {ID: "eni-2", VPC: "vpc-1", Subnet: "subnet-2", Type: "interface", Groups: []string{"sg-2"}, Addresses: []netip.Addr{addr("10.0.2.5")}},
		},
		SecurityGroups: map[string]*netmodel.SecurityGroup{
			"sg-1": {ID: "sg-1", VPC: "vpc-1", Egress: []netmodel.GroupRule{{ID: "sgr-out", Traffic: all, Peer: netmodel.Peer{CIDR: prefix("0.0.0.0/0")}}}},
			"sg-2": {ID: "sg-2", VPC: "vpc-1", Ingress: rules},
		},
		NetworkACLs: map[string]*netmodel.NetworkACL{
			"acl-0": {ID: "acl-0", VPC: "vpc-1", Ingress: allow, Egress: allow}, "acl-1": {ID: "acl-1", VPC: "vpc-1", Ingress: allow, Egress: allow},
		},
		PrefixLists: map[string]*netmodel.PrefixList{"pl-open": {ID: "pl-open", EntriesUnknown: true}},
	}
	return n
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }

func rule(id string, t netmodel.Traffic, peer netmodel.Peer) netmodel.GroupRule {
	return netmodel.GroupRule{ID: id, Traffic: t, Peer: peer}
}

var (
	https   = netmodel.Traffic{Protocol: netmodel.TCP, From: 443, To: 443, Type: -1, Code: -1}
	echo    = netmodel.Traffic{Protocol: netmodel.ICMP, Type: 8, Code: -1}
	anyICMP = netmodel.Traffic{Protocol: netmodel.ICMP, Type: -1, Code: -1}
)

func edited(t *testing.T, n *netmodel.Network, edits ...string) *netmodel.Network {
	t.Helper()
	var list []netmodel.Edit
	for i := 0; i < len(edits); i += 2 {
		e, err := netmodel.ParseEdit(netmodel.EditKind(edits[i]), edits[i+1])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	out, err := n.Edited(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// in are connections of 10.0.1.5 to port 443 at eni-2.
func in(c Connections) Connections {
	c.Interface, c.Inbound, c.Own = "eni-2", true, addr("10.0.2.5")
	if !c.Far.IsValid() {
		c.Far = addr("10.0.1.5")
	}
	if c.Protocol == 0 {
		c.Protocol, c.Port, c.Client = 6, 443, 40000
	}
	c.Bytes, c.First, c.Last = 1000, 100, 200
	return c
}

func TestReplay(t *testing.T) {
	web := rule("sgr-web", https, netmodel.Peer{CIDR: prefix("10.0.0.0/8")})
	group := rule("sgr-group", https, netmodel.Peer{Group: "sg-1"})
	listed := rule("sgr-list", https, netmodel.Peer{PrefixList: "pl-open"})
	ping := rule("sgr-ping", echo, netmodel.Peer{CIDR: prefix("10.0.0.0/8")})
	icmp := rule("sgr-icmp", anyICMP, netmodel.Peer{CIDR: prefix("10.0.0.0/8")})
	for name, tt := range map[string]struct {
		rules []netmodel.GroupRule
		edits []string
		c     Connections
		want  string
	}{
		"nothing changes":               {[]netmodel.GroupRule{web}, nil, Connections{Answered: 5, Refused: 1}, "explained 5 refused against 1"},
		"the only rule goes":            {[]netmodel.GroupRule{web}, []string{"revoke", "sgr-web"}, Connections{Answered: 5}, "explained 5 | breaks 5 [sgr-web] sg-2:ingress:implicit-deny"},
		"one of two goes":               {[]netmodel.GroupRule{web, group}, []string{"revoke", "sgr-web"}, Connections{Answered: 5}, "explained 5"},
		"the other one goes":            {[]netmodel.GroupRule{web, group}, []string{"revoke", "sgr-group"}, Connections{Answered: 5}, "explained 5"},
		"both go":                       {[]netmodel.GroupRule{web, group}, []string{"revoke", "sgr-group", "revoke", "sgr-web"}, Connections{Answered: 5}, "explained 5 | breaks 5 [sgr-group sgr-web] sg-2:ingress:implicit-deny"},
		"another one takes its place":   {[]netmodel.GroupRule{web}, []string{"revoke", "sgr-web", "authorize", "sg-2 ingress tcp 443 10.0.1.5/32"}, Connections{Answered: 5}, "explained 5"},
		"a rule for another port":       {[]netmodel.GroupRule{web}, []string{"authorize", "sg-2 ingress tcp 444 0.0.0.0/0"}, Connections{Refused: 5}, "refused against 5"},
		"it opens":                      {nil, []string{"authorize", "sg-2 ingress tcp 443 10.0.0.0/16"}, Connections{Refused: 5}, "explained 5 | opens 5 [sg-2:ingress:tcp:443:10.0.0.0/16] sg-2:ingress:implicit-deny"},
		"records say otherwise":         {nil, []string{"authorize", "sg-2 ingress tcp 443 10.0.0.0/16"}, Connections{Answered: 3, Refused: 5}, "explained 5 accepted against 3 | opens 8 (3 unexplained) [sg-2:ingress:tcp:443:10.0.0.0/16] sg-2:ingress:implicit-deny"},
		"an entry denies it":            {[]netmodel.GroupRule{web}, []string{"add-entry", "acl-1 ingress 90 deny tcp 443 10.0.1.0/24"}, Connections{Answered: 5}, "explained 5 | breaks 5 [acl-1:ingress:100] acl-1:ingress:90"},
		"the reply is denied":           {[]netmodel.GroupRule{web}, []string{"add-entry", "acl-1 egress 90 deny tcp 1024-50000 0.0.0.0/0"}, Connections{Answered: 4, Unanswered: 1}, "explained 5 | breaks reply 5 (1 unanswered) [acl-1:egress:100] acl-1:egress:90"},
		"other clients' replies":        {[]netmodel.GroupRule{web}, []string{"add-entry", "acl-1 egress 90 deny tcp 1024-39999 0.0.0.0/0"}, Connections{Answered: 4}, "explained 4"},
		"replies were denied":           {[]netmodel.GroupRule{web}, []string{"delete-entry", "acl-1:egress:100"}, Connections{ReplyRefused: 2}, "refused against 2 | breaks reply 2 (2 unexplained) [acl-1:egress:100] acl-1:egress:*"},
		"the network ACL of the subnet": {[]netmodel.GroupRule{web}, []string{"delete-entry", "acl-0:ingress:100"}, Connections{Answered: 4}, "explained 4"},
		"both groups and entry refuse":  {[]netmodel.GroupRule{web}, []string{"revoke", "sgr-web", "delete-entry", "acl-1:ingress:100"}, Connections{Answered: 4}, "explained 4 | breaks 4 [acl-1:ingress:100] acl-1:ingress:*"},
		"an unknown list goes":          {[]netmodel.GroupRule{listed}, []string{"revoke", "sgr-list"}, Connections{Answered: 4, Refused: 2}, "open 6 | breaks 4 [] sg-2:ingress:implicit-deny"},
		"an unknown list stays":         {[]netmodel.GroupRule{listed, web}, []string{"revoke", "sgr-web"}, Connections{Answered: 4}, "explained 4 | may-break 4 [sgr-web] "},
		"unknown, and nothing about it": {[]netmodel.GroupRule{listed}, []string{"authorize", "sg-2 ingress tcp 22 0.0.0.0/0"}, Connections{Answered: 4}, "open 4"},
		"unknown, and something new":    {[]netmodel.GroupRule{listed}, []string{"authorize", "sg-2 ingress tcp 443 0.0.0.0/0"}, Connections{Refused: 4}, "open 4 | opens 4 [sg-2:ingress:tcp:443:0.0.0.0/0] "},
		"pings":                         {[]netmodel.GroupRule{ping}, []string{"revoke", "sgr-ping"}, Connections{Protocol: 1, Answered: 4}, "explained 4 | breaks 4 [sgr-ping] sg-2:ingress:implicit-deny"},
		"pings that were refused":       {[]netmodel.GroupRule{ping}, []string{"revoke", "sgr-ping"}, Connections{Protocol: 1, Refused: 4}, "explained 4"},
		"ICMP of any type":              {[]netmodel.GroupRule{icmp}, []string{"revoke", "sgr-icmp", "authorize", "sg-2 ingress icmp 8 10.0.0.0/8"}, Connections{Protocol: 1, Answered: 4}, "explained 4 | may-break 4 [sgr-icmp] sg-2:ingress:implicit-deny"},
		"echo replies are denied":       {[]netmodel.GroupRule{ping}, []string{"add-entry", "acl-1 egress 90 deny icmp 0 0.0.0.0/0"}, Connections{Protocol: 1, Answered: 4}, "explained 4 | breaks reply 4 [acl-1:egress:100] acl-1:egress:90"},
		"GRE":                           {[]netmodel.GroupRule{web}, []string{"authorize", "sg-2 ingress 47 10.0.0.0/8"}, Connections{Protocol: 47, Refused: 4}, "explained 4 | opens 4 [sg-2:ingress:47:10.0.0.0/8] sg-2:ingress:implicit-deny"},
		"of another control":            {[]netmodel.GroupRule{web}, []string{"revoke", "sgr-web"}, Connections{Other: 4}, "not judged map[other-control-or-after-the-end:4]"},
		"both accepted and refused":     {[]netmodel.GroupRule{web}, []string{"revoke", "sgr-web"}, Connections{Mixed: 4}, "both 4 | breaks 4 (4 unexplained) [sgr-web] sg-2:ingress:implicit-deny"},
		"who began was guessed wrong":   {nil, []string{"add-entry", "acl-1 egress 90 deny tcp 40000 0.0.0.0/0"}, Connections{Answered: 1, Either: true}, "accepted against 1"},
		"a member of a group goes":      {[]netmodel.GroupRule{group}, []string{"revoke", "sgr-out"}, Connections{Answered: 4}, "explained 4"},
	} {
		t.Run(name, func(t *testing.T) {
			base := network(tt.rules...)
			r := New(base, edited(t, base, tt.edits...))
			c := in(tt.c)
			r.Add(&c)
			if got := describe(r.Report()); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

func describe(r Report) string {
	out := ""
	add := func(format string, args ...any) {
		if out != "" {
			out += " "
		}
		out += fmt.Sprintf(format, args...)
	}
	for _, n := range []struct {
		name string
		n    int64
	}{{"explained", r.Explained}, {"open", r.Open}, {"accepted against", r.AcceptedAgainst}, {"refused against", r.RefusedAgainst}, {"both", r.Both}} {
		if n.n > 0 {
			add("%s %d", n.name, n.n)
		}
	}
	if len(r.NotJudged) > 0 {
		add("not judged %v", r.NotJudged)
	}
	for i := range r.Flips {
		f := &r.Flips[i]
		add("| %s", f.Kind)
		if f.Reply {
			add("reply")
		}
		add("%d", f.Connections)
		if f.Unexplained > 0 {
			add("(%d unexplained)", f.Unexplained)
		}
		if f.Unanswered > 0 {
			add("(%d unanswered)", f.Unanswered)
		}
		add("%v %s", f.AllowedBy, f.RefusedBy)
	}
	return out
}

// TestMembersCount: who carries a group changes what a reference matches.
func TestMembersCount(t *testing.T) {
	base := network(rule("sgr-group", https, netmodel.Peer{Group: "sg-1"}))
	over := &netmodel.Network{Interfaces: map[string]*netmodel.Interface{"eni-1": {ID: "eni-1", Groups: []string{"sg-2"}}}}
	r := New(base, base.Overlaid(over))
	c := in(Connections{Answered: 7})
	r.Add(&c)
	if got := describe(r.Report()); got != "explained 7 | breaks 7 [sgr-group] sg-2:ingress:implicit-deny" {
		t.Error(got)
	}
}

// TestEither takes the other end for the one that began, where that explains it.
func TestEither(t *testing.T) {
	base := network()
	r := New(base, edited(t, base, "revoke", "sgr-out"))
	for _, either := range []bool{true, false} {
		c := Connections{Interface: "eni-1", Inbound: true, Protocol: 6, Far: addr("10.0.2.5"), Own: addr("10.0.1.5"), Port: 7000, Client: 8080, Either: either, Answered: 1}
		r.Add(&c)
	}
	if got := describe(r.Report()); got != "explained 1 accepted against 1 | breaks 1 [sgr-out] sg-1:egress:implicit-deny" {
		t.Error(got)
	}
	if f := r.Report().Flips[0]; f.Inbound || f.Port != 8080 {
		t.Errorf("%+v", f)
	}
}

// TestNotJudged counts what definitions can't be asked about.
func TestNotJudged(t *testing.T) {
	base := network()
	r := New(base, base)
	for _, c := range []Connections{
		{Interface: "eni-9", Far: addr("10.0.1.5"), Protocol: 6, Answered: 2, Other: 1},
		{Interface: "eni-1", Protocol: 6, Refused: 3},
	} {
		r.Add(&c)
	}
	want := map[NotJudged]int64{NoInterface: 2, NoPeer: 3, OtherReason: 1}
	if diff := cmp.Diff(want, r.Report().NotJudged); diff != "" {
		t.Error(diff)
	}
}

// randomNetwork returns a network of which all is known.
func randomNetwork(rng *rand.Rand) *netmodel.Network {
	n := network()
	peers := []netmodel.Peer{{CIDR: prefix("0.0.0.0/0")}, {CIDR: prefix("10.0.1.0/24")}, {CIDR: prefix("192.0.2.0/28")}, {Group: "sg-1"}, {Group: "sg-2"}, {PrefixList: "pl-1"}}
	n.PrefixLists["pl-1"] = &netmodel.PrefixList{ID: "pl-1", CIDRs: []netip.Prefix{prefix("10.0.2.0/30"), prefix("198.51.100.0/24")}}
	traffic := func() netmodel.Traffic {
		t := []netmodel.Traffic{{Protocol: netmodel.AllProtocols}, {Protocol: netmodel.TCP}, {Protocol: netmodel.UDP}, {Protocol: 47}}[rng.IntN(4)]
		t.Type, t.Code = -1, -1
		if ported(t.Protocol) {
			a, b := ports[rng.IntN(len(ports))], ports[rng.IntN(len(ports))]
			t.From, t.To = uint16(min(a, b)), uint16(max(a, b))
		}
		return t
	}
	for _, id := range []string{"sg-1", "sg-2"} {
		g := &netmodel.SecurityGroup{ID: id, VPC: "vpc-1"}
		for i := range rng.IntN(5) {
			g.Ingress = append(g.Ingress, rule(fmt.Sprintf("sgr-%s-i%d", id, i), traffic(), peers[rng.IntN(len(peers))]))
		}
		for i := range rng.IntN(5) {
			g.Egress = append(g.Egress, rule(fmt.Sprintf("sgr-%s-e%d", id, i), traffic(), peers[rng.IntN(len(peers))]))
		}
		n.SecurityGroups[id] = g
	}
	for _, id := range []string{"acl-0", "acl-1"} {
		a := &netmodel.NetworkACL{ID: id, VPC: "vpc-1"}
		for _, way := range []*[]netmodel.ACLEntry{&a.Ingress, &a.Egress} {
			for i := range rng.IntN(4) + 1 {
				*way = append(*way, netmodel.ACLEntry{Number: 100 * (i + 1), Allow: rng.IntN(3) > 0, Traffic: traffic(), CIDR: []netip.Prefix{prefix("0.0.0.0/0"), prefix("10.0.1.0/24"), prefix("192.0.2.0/25")}[rng.IntN(3)]})
			}
		}
		n.NetworkACLs[id] = a
	}
	return n
}

// farEnds are addresses of which it is known who has them, or that no rule's group can have: one of
// the VPC that no ENI has may be a member of any group.
var farEnds = []string{"10.0.1.5", "10.0.2.5", "10.1.0.9", "192.0.2.3", "192.0.2.99", "198.51.100.1", "8.8.8.8"}

var ports = []int{0, 22, 80, 443, 1023, 1024, 32768, 40000, 61000, 65535}

// changedNetwork returns a network that differs in some of what another one has.
func changedNetwork(rng *rand.Rand, n *netmodel.Network) *netmodel.Network {
	other := randomNetwork(rng)
	over := &netmodel.Network{SecurityGroups: map[string]*netmodel.SecurityGroup{}, NetworkACLs: map[string]*netmodel.NetworkACL{}, Interfaces: map[string]*netmodel.Interface{}}
	switch rng.IntN(5) {
	case 0:
		over.SecurityGroups["sg-1"] = other.SecurityGroups["sg-1"]
	case 1:
		over.NetworkACLs["acl-1"] = other.NetworkACLs["acl-1"]
	case 2:
		over.Interfaces["eni-1"] = &netmodel.Interface{ID: "eni-1", Groups: []string{"sg-1", "sg-2"}}
	case 3:
		over.NetworkACLs["acl-1"] = &netmodel.NetworkACL{ID: "acl-1", Subnets: []string{"subnet-1"}, Ingress: n.NetworkACLs["acl-1"].Ingress, Egress: n.NetworkACLs["acl-1"].Egress}
	default:
		over.PrefixLists = map[string]*netmodel.PrefixList{"pl-1": {ID: "pl-1", CIDRs: []netip.Prefix{prefix("10.0.1.0/30")}}}
	}
	return n.Overlaid(over)
}

// decided is what a definition makes of a connection, packet by packet with the state of the
// groups.
func decided(t *testing.T, d *policy.Definition, c *Connections) (request, reply policy.Action) {
	t.Helper()
	i, err := d.At(c.Interface)
	if err != nil {
		t.Fatal(err)
	}
	open := policy.NewConnections(i, policy.DefaultTimeouts())
	way, back := netmodel.Egress, netmodel.Ingress
	p := policy.Packet{Src: c.Own, Dst: c.Far, Protocol: c.Protocol}
	if ported(c.Protocol) {
		p.SrcPort, p.DstPort = uint16(c.Client), uint16(c.Port)
	}
	if c.Inbound {
		way, back, p.Src, p.Dst = back, way, p.Dst, p.Src
	}
	r := policy.Packet{Src: p.Dst, Dst: p.Src, Protocol: p.Protocol, SrcPort: p.DstPort, DstPort: p.SrcPort}
	now := time.Unix(1, 0)
	request = open.Decide(&p, way, now).Action
	return request, open.Decide(&r, back, now).Action
}

// TestReplayProperty compares with both definitions asked packet by packet.
func TestReplayProperty(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	counts := map[string]int{}
	for range 300 {
		base := randomNetwork(rng)
		changed := changedNetwork(rng, base)
		r, same := New(base, changed), New(base, base)
		db, dc := policy.New(base), policy.New(changed)
		want := map[string]int64{}
		var total, explained int64
		for range 200 {
			c := Connections{
				Interface: []string{"eni-1", "eni-2"}[rng.IntN(2)], Inbound: rng.IntN(2) == 0, Protocol: []int{6, 6, 17, 47, 50}[rng.IntN(5)],
				Far:  addr(farEnds[rng.IntN(len(farEnds))]),
				Port: ports[rng.IntN(len(ports))], Client: ports[rng.IntN(len(ports))], Answered: 1 + rng.Int64N(5),
			}
			c.Own = base.Interfaces[c.Interface].Addresses[0]
			if c.Own == c.Far {
				continue
			}
			r.Add(&c)
			same.Add(&c)
			total += c.Answered
			br, bp := decided(t, db, &c)
			cr, cp := decided(t, dc, &c)
			if br == policy.Accept && bp == policy.Accept {
				explained += c.Answered
			}
			kind := ""
			switch {
			case br != cr && cr == policy.Reject, br == policy.Accept && cr == policy.Accept && bp != cp && cp == policy.Reject:
				kind = string(Breaks)
			case br != cr, br == policy.Accept && bp != cp:
				kind = string(Opens)
			}
			counts[kind]++
			if kind != "" {
				p := -1
				if ported(c.Protocol) {
					p = c.Port
				}
				want[fmt.Sprint(kind, br == cr, c.Interface, c.Inbound, c.Far, c.Protocol, p)] += c.Answered
			}
		}
		report := r.Report()
		got := map[string]int64{}
		for i := range report.Flips {
			f := &report.Flips[i]
			got[fmt.Sprint(f.Kind, f.Reply, f.Interface, f.Inbound, f.Peer, f.Protocol, f.Port)] += f.Connections
			if len(f.AllowedBy) == 0 || f.RefusedBy == "" {
				t.Fatalf("names: %+v", f)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if report.Connections != total || report.Explained != explained || report.Explained+report.AcceptedAgainst != total {
			t.Fatalf("%+v, want %d of %d explained", report, explained, total)
		}
		if n := len(same.Report().Flips); n > 0 {
			t.Fatalf("the same definition flips %d", n)
		}
	}
	if counts[string(Breaks)] < 300 || counts[string(Opens)] < 300 || counts[""] < 10000 {
		t.Errorf("%v", counts)
	}
	t.Log(counts)
}
