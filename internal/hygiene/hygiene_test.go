package hygiene

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

const begin, hour = int64(1_780_000_000) / 3600 * 3600, int64(3600)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func tcp(from, to uint16) netmodel.Traffic {
	return netmodel.Traffic{Protocol: netmodel.TCP, From: from, To: to, Type: -1, Code: -1}
}

func udp(port uint16) netmodel.Traffic {
	return netmodel.Traffic{Protocol: netmodel.UDP, From: port, To: port, Type: -1, Code: -1}
}

func all() netmodel.Traffic {
	return netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}
}

// from returns a rule with a peer, a network or an id.
func from(id, peer string, t netmodel.Traffic) netmodel.GroupRule {
	r := netmodel.GroupRule{ID: id, Traffic: t}
	if p, err := netip.ParsePrefix(peer); err == nil {
		r.Peer.CIDR = p
	} else {
		r.Peer.Group = peer
	}
	return r
}

func entry(number int, allow bool, peer string, t netmodel.Traffic) netmodel.ACLEntry {
	return netmodel.ACLEntry{Number: number, Allow: allow, Traffic: t, CIDR: netip.MustParsePrefix(peer)}
}

// network returns a VPC with a subnet of servers, which all carry sg-web and one sg-more too, and
// one of clients with sg-app.
func network() *netmodel.Network {
	n := &netmodel.Network{
		VPCs: map[string]*netmodel.VPC{"vpc-1": {ID: "vpc-1", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}},
		Subnets: map[string]*netmodel.Subnet{
			"subnet-1": {ID: "subnet-1", VPC: "vpc-1", NetworkACL: "acl-1", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}},
			"subnet-2": {ID: "subnet-2", VPC: "vpc-1", NetworkACL: "acl-2", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.2.0/24")}},
		},
		NetworkACLs: map[string]*netmodel.NetworkACL{
			"acl-1": {
				ID: "acl-1", VPC: "vpc-1",
				Ingress: []netmodel.ACLEntry{entry(90, false, "10.0.2.13/32", all()), entry(100, true, "0.0.0.0/0", all())},
				Egress:  []netmodel.ACLEntry{entry(100, true, "0.0.0.0/0", tcp(32768, 65535)), entry(110, true, "0.0.0.0/0", tcp(1024, 32767)), entry(120, true, "0.0.0.0/0", udp(53))},
			},
			"acl-2": {ID: "acl-2", VPC: "vpc-1", Ingress: []netmodel.ACLEntry{entry(100, true, "0.0.0.0/0", all())}, Egress: []netmodel.ACLEntry{entry(100, true, "0.0.0.0/0", all())}},
		},
		SecurityGroups: map[string]*netmodel.SecurityGroup{
			"sg-web": {
				ID: "sg-web", VPC: "vpc-1", Name: "web",
				Ingress: []netmodel.GroupRule{
					from("sgr-https", "10.0.2.0/24", tcp(443, 443)), from("sgr-app", "sg-app", tcp(443, 443)),
					from("sgr-ssh", "192.0.2.0/24", tcp(22, 22)), from("sgr-ping", "10.0.0.0/16", netmodel.Traffic{Protocol: netmodel.ICMP, Type: 8, Code: -1}),
					from("sgr-dns", "10.0.2.0/24", udp(53)),
				},
				Egress: []netmodel.GroupRule{from("sgr-out", "0.0.0.0/0", all())},
			},
			"sg-more": {ID: "sg-more", VPC: "vpc-1", Name: "more", Ingress: []netmodel.GroupRule{from("sgr-more", "10.0.2.10/32", tcp(443, 443))}},
			"sg-app":  {ID: "sg-app", VPC: "vpc-1", Name: "app", Egress: []netmodel.GroupRule{from("sgr-app-out", "0.0.0.0/0", all())}},
			"sg-none": {ID: "sg-none", VPC: "vpc-1", Ingress: []netmodel.GroupRule{from("sgr-none", "10.0.0.0/8", tcp(1, 2))}},
		},
		Interfaces: map[string]*netmodel.Interface{},
	}
	for id, at := range map[string]string{"eni-1": "10.0.1.10", "eni-2": "10.0.1.11", "eni-a": "10.0.2.10", "eni-b": "10.0.2.11"} {
		i := &netmodel.Interface{ID: id, VPC: "vpc-1", Subnet: "subnet-1", Type: "interface", Groups: []string{"sg-web"}, Addresses: []netip.Addr{addr(at)}}
		if at[5] == '2' {
			i.Subnet, i.Groups = "subnet-2", []string{"sg-app"}
		}
		n.Interfaces[id] = i
	}
	n.Interfaces["eni-2"].Groups = []string{"sg-more", "sg-web"}
	return n
}

// day returns a log of 24 hours in which each ENI shows what is given.
func day(n *netmodel.Network, s Seen) *Log {
	log := NewLog(time.Unix(begin, 0), time.Unix(begin+24*hour, 0))
	for id := range n.Interfaces {
		for h := range int64(24) {
			log.Add(id, "fl-1", begin+h*hour, s)
		}
	}
	return log
}

// inbound returns connections from a client that were accepted both ways.
func inbound(id, far string, protocol, port int) Connection {
	return Connection{
		Interface: id, Inbound: true, Protocol: protocol, Far: addr(far), Port: port, ClientFrom: 32768, ClientTo: 65535,
		Connections: 10, Passed: 10, Requests: 10, Replies: 10, Bytes: 1000, First: begin + 60, Last: begin + 120,
	}
}

// refused returns connections whose requests were refused.
func refused(c Connection) Connection {
	c.Passed, c.Requests, c.Replies, c.RequestDenied = 0, 0, 0, c.Connections
	return c
}

// told returns the rules by name, after connections of a day.
func told(n *netmodel.Network, log *Log, list ...Connection) map[string]Rule {
	u := NewUses(n, log)
	u.Span(n, begin, begin+24*hour, false)
	for i := range list {
		u.Add(&list[i])
	}
	out := map[string]Rule{}
	for _, r := range u.Rules(0.95) {
		out[r.Name] = r
	}
	return out
}

// TestDefects are the defects of AWS's sample of stale rules, each: what it gets wrong is
// right here.
func TestDefects(t *testing.T) {
	n := network()
	log := day(n, Accepts|Rejects)
	t.Run("UDP is protocol 17", func(t *testing.T) {
		if r := told(n, log, inbound("eni-1", "10.0.2.10", netmodel.UDP, 53))["sgr-dns"]; r.Verdict != Used || r.Connections != 10 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("peers are compared", func(t *testing.T) {
		// The peer is no one's of the rules for 22: the definition does not explain it.
		if r := told(n, log, inbound("eni-1", "198.51.100.7", netmodel.TCP, 22))["sgr-ssh"]; r.Verdict != Unused || r.Connections != 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("all groups of an ENI are looked at", func(t *testing.T) {
		rules := told(n, log, inbound("eni-2", "10.0.2.10", netmodel.TCP, 443))
		for _, name := range []string{"sgr-https", "sgr-more", "sgr-app"} {
			if r := rules[name]; r.Connections != 10 || r.Sole != 0 || r.UsedAt != 1 {
				t.Errorf("%s: %+v", name, r)
			}
		}
	})
	t.Run("ports count where there is one rule", func(t *testing.T) {
		if r := told(n, log, inbound("eni-2", "10.0.2.10", netmodel.TCP, 80))["sgr-more"]; r.Verdict != Unused || r.Connections != 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("what is refused is no use", func(t *testing.T) {
		if r := told(n, log, refused(inbound("eni-1", "192.0.2.7", netmodel.TCP, 22)))["sgr-ssh"]; r.Verdict != Unused || r.Connections != 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("the definition is that of the time", func(t *testing.T) {
		// sg-more was another ENI's before: what eni-2 had then is none of its rule's.
		before := network()
		before.Interfaces["eni-2"].Groups = []string{"sg-web"}
		u := NewUses(n, log)
		c := inbound("eni-2", "10.0.2.10", netmodel.TCP, 443)
		u.Span(before, begin, begin+12*hour, false)
		u.Add(&c)
		u.Span(n, begin+12*hour, begin+24*hour, false)
		for _, r := range u.Rules(0.95) {
			switch r.Name {
			case "sgr-more":
				if r.Verdict != Unused || r.Hours.All() != 12 {
					t.Errorf("%+v", r)
				}
			case "sgr-https":
				if r.Connections != 10 || r.Hours.All() != 48 {
					t.Errorf("%+v", r)
				}
			}
		}
	})
}

// TestVerdicts says what each rule is called, and why.
func TestVerdicts(t *testing.T) {
	guessed := func(c Connection) Connection { c.Guessed = c.Connections; return c }
	both := day(network(), Accepts|Rejects)
	quiet := day(network(), NoData)
	quiet.Declare("fl-1", Accepts|Rejects)
	for name, tt := range map[string]struct {
		change  func(n *netmodel.Network)
		log     *Log
		list    []Connection
		rule    string
		verdict Verdict
		reason  Reason
	}{
		"used":                   {nil, both, []Connection{inbound("eni-1", "10.0.2.10", netmodel.TCP, 443)}, "sgr-https", Used, ""},
		"unused":                 {nil, both, nil, "sgr-https", Unused, ""},
		"no interface":           {nil, both, nil, "sgr-none", NotJudged, NoInterface},
		"a type of ICMP":         {nil, both, nil, "sgr-ping", NotJudged, ICMPType},
		"accepted traffic only":  {nil, day(network(), Accepts), nil, "sgr-https", Unused, ""},
		"refused traffic only":   {nil, day(network(), Rejects), nil, "sgr-https", NotJudged, OtherAction},
		"nothing denied is seen": {nil, day(network(), Accepts), nil, "acl-1:ingress:90", NotJudged, OtherAction},
		"nothing to deny":        {nil, both, nil, "acl-1:ingress:90", Unused, ""},
		"quiet, of all traffic":  {nil, quiet, nil, "sgr-https", Unused, ""},
		"quiet, of who knows":    {nil, day(network(), NoData), nil, "sgr-https", NotJudged, OtherAction},
		"no record":              {nil, day(network(), 0), nil, "sgr-https", NotJudged, NotCovered},
		"lost records":           {nil, day(network(), Accepts|SkipData), nil, "sgr-https", NotJudged, NotCovered},
		"no direction":           {nil, day(network(), Accepts|Undecided), nil, "sgr-https", NotJudged, Incomplete},
		"no peer":                {nil, both, []Connection{{Interface: "eni-1", Protocol: netmodel.TCP, Port: 443, ClientTo: 65535, Connections: 1, Passed: 1, Requests: 1}}, "sgr-https", NotJudged, Incomplete},
		"a prefix list that is not in the input": {func(n *netmodel.Network) {
			g := n.SecurityGroups["sg-web"]
			g.Ingress = append(g.Ingress, netmodel.GroupRule{ID: "sgr-list", Traffic: tcp(25, 25), Peer: netmodel.Peer{PrefixList: "pl-1"}})
		}, both, []Connection{inbound("eni-1", "10.0.2.10", netmodel.TCP, 443)}, "sgr-https", NotJudged, Incomplete},
		"who began is a guess": {
			nil, both, []Connection{guessed(Connection{
				Interface: "eni-1", Inbound: true, Protocol: netmodel.UDP, Far: addr("10.0.2.10"), Port: 53, ClientFrom: 53, ClientTo: 53,
				Connections: 1, Passed: 1, Requests: 1, First: begin, Last: begin + 1,
			})}, "sgr-out", NotJudged, WhoBegan,
		},
		"a guess that ports make sure": {nil, both, []Connection{guessed(inbound("eni-1", "10.0.2.10", netmodel.UDP, 53))}, "sgr-out", Unused, ""},
		"a rule names the other's port": {
			nil, both, []Connection{guessed(Connection{
				Interface: "eni-a", Inbound: true, Protocol: netmodel.TCP, Far: addr("10.0.1.10"), Port: 80, ClientFrom: 443, ClientTo: 443,
				Connections: 3, Passed: 3, Requests: 3, First: begin, Last: begin + 1,
			})}, "sgr-app-out", Used, "",
		},
		"a reference that may reach further": {nil, both, []Connection{inbound("eni-1", "172.16.0.9", netmodel.TCP, 443)}, "sgr-app", NotJudged, NotExplained},
		"a network that does not hold it":    {nil, both, []Connection{inbound("eni-1", "172.16.0.9", netmodel.TCP, 443)}, "sgr-https", Unused, ""},
		"Amazon's DNS server": {func(n *netmodel.Network) {
			n.SecurityGroups["sg-app"].Egress = []netmodel.GroupRule{from("sgr-resolve", "10.0.0.0/16", udp(53))}
		}, both, nil, "sgr-resolve", NotJudged, NotRecorded},
		"instance metadata": {func(n *netmodel.Network) {
			n.SecurityGroups["sg-app"].Egress = []netmodel.GroupRule{from("sgr-imds", "169.254.169.254/32", tcp(80, 80))}
		}, both, nil, "sgr-imds", NotJudged, NotRecorded},
		"time": {func(n *netmodel.Network) {
			n.SecurityGroups["sg-app"].Egress = []netmodel.GroupRule{from("sgr-time", "0.0.0.0/0", udp(123))}
		}, both, nil, "sgr-time", NotJudged, NotRecorded},
		"DHCP": {func(n *netmodel.Network) {
			n.SecurityGroups["sg-app"].Egress = []netmodel.GroupRule{from("sgr-dhcp", "0.0.0.0/0", udp(67))}
		}, both, nil, "sgr-dhcp", NotJudged, NotRecorded},
		"an ENI that is attached to nothing": {func(n *netmodel.Network) {
			n.Interfaces["eni-9"] = &netmodel.Interface{ID: "eni-9", VPC: "vpc-1", Subnet: "subnet-1", Status: "available", Groups: []string{"sg-web"}, Addresses: []netip.Addr{addr("10.0.1.99")}}
		}, both, nil, "sgr-https", Unused, ""},
		"an ENI that is not logged": {func(n *netmodel.Network) {
			n.Interfaces["eni-9"] = &netmodel.Interface{ID: "eni-9", VPC: "vpc-1", Subnet: "subnet-1", Status: "in-use", Groups: []string{"sg-web"}, Addresses: []netip.Addr{addr("10.0.1.99")}}
		}, both, nil, "sgr-https", NotJudged, NotCovered},
		"the request's entry":             {nil, both, []Connection{inbound("eni-1", "10.0.2.10", netmodel.TCP, 443)}, "acl-1:ingress:100", Used, ""},
		"the reply's entry":               {nil, both, []Connection{inbound("eni-1", "10.0.2.10", netmodel.TCP, 443)}, "acl-1:egress:100", Used, ""},
		"not the entry of other clients":  {nil, both, []Connection{inbound("eni-1", "10.0.2.10", netmodel.TCP, 443)}, "acl-1:egress:110", Unused, ""},
		"an entry that denied":            {nil, both, []Connection{refused(inbound("eni-1", "10.0.2.13", netmodel.TCP, 443))}, "acl-1:ingress:90", Used, ""},
		"an entry that had to deny":       {nil, both, []Connection{inbound("eni-1", "10.0.2.13", netmodel.TCP, 443)}, "acl-1:ingress:100", NotJudged, NotExplained},
		"refused by the group":            {nil, both, []Connection{refused(inbound("eni-1", "10.0.2.10", netmodel.TCP, 444))}, "acl-1:ingress:100", Unused, ""},
		"within the subnet no entry does": {nil, both, []Connection{inbound("eni-1", "10.0.1.11", netmodel.TCP, 443)}, "acl-1:ingress:100", Unused, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := network()
			if tt.change != nil {
				tt.change(n)
			}
			r, ok := told(n, tt.log, tt.list...)[tt.rule]
			if !ok || r.Verdict != tt.verdict || r.Reason != tt.reason {
				t.Errorf("%+v", r)
			}
			if (r.Verdict == Used) == (r.Why != "") {
				t.Errorf("%s because %q", r.Verdict, r.Why)
			}
		})
	}
}

// TestSole counts what one rule alone allows, or one entry.
func TestSole(t *testing.T) {
	n := network()
	rules := told(n, day(n, Accepts), inbound("eni-2", "10.0.2.10", netmodel.TCP, 443), inbound("eni-1", "10.0.2.50", netmodel.TCP, 443))
	got := map[string][2]int64{}
	for name, r := range rules {
		if r.Connections > 0 {
			got[name] = [2]int64{r.Connections, r.Sole}
		}
	}
	want := map[string][2]int64{
		"sgr-https": {20, 10}, "sgr-app": {10, 0}, "sgr-more": {10, 0},
		"acl-1:ingress:100": {20, 20}, "acl-1:egress:100": {20, 20},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestChanged tells of a rule since it is as it is.
func TestChanged(t *testing.T) {
	before, now := network(), network()
	before.SecurityGroups["sg-web"].Ingress[0].To = 8443
	u := NewUses(now, day(now, Accepts))
	c := inbound("eni-1", "10.0.2.50", netmodel.TCP, 443)
	u.Span(before, begin, begin+6*hour, false)
	u.Add(&c)
	u.Span(now, begin+6*hour, begin+24*hour, false)
	for _, r := range u.Rules(0.95) {
		if r.Name == "sgr-https" && (r.Verdict != Unused || r.Since != begin+6*hour || r.Hours.All() != 36) {
			t.Errorf("%+v", r)
		}
		if r.Name == "sgr-ssh" && (r.Since != begin || r.Hours.All() != 48) {
			t.Errorf("%+v", r)
		}
	}
}

// TestHours reads a log hour by hour.
func TestHours(t *testing.T) {
	log := NewLog(time.Unix(begin+600, 0), time.Unix(begin+7*hour+1, 0))
	for h, s := range []Seen{Accepts, Rejects, NoData, SkipData, Accepts | SkipData} {
		log.Add("eni-1", "", begin+int64(h)*hour, s)
		log.Add("eni-1", "", begin+100*hour, s) // outside
	}
	log.Add("eni-1", "fl-refused", begin+5*hour, Rejects)
	for action, want := range map[Seen]Hours{
		Accepts: {OK: 2, NoData: 1, SkipData: 2, Other: 1, None: 2},
		Rejects: {OK: 3, NoData: 1, SkipData: 2, None: 2},
	} {
		if diff := cmp.Diff(want, log.Hours("eni-1", begin, begin+8*hour, action)); diff != "" {
			t.Errorf("%d (-want +got):\n%s", action, diff)
		}
	}
	if got := log.Hours("eni-1", begin+hour, begin+3*hour, Accepts); got != (Hours{OK: 1, NoData: 1}) {
		t.Errorf("%+v", got)
	}
	if got := log.Hours("eni-2", begin, begin+2*hour, Accepts); got != (Hours{None: 2}) {
		t.Errorf("%+v", got)
	}
}

// TestCover compares covers with all that there are.
func TestCover(t *testing.T) {
	c := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var networks []netip.Prefix
		for range 1 + c.IntN(7) {
			bits := 32
			if c.IntN(4) == 0 {
				bits = 30
			}
			networks = append(networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(c.IntN(32))}), bits).Masked())
		}
		most := 1 + c.IntN(4)
		cover := newCover(networks, most)
		for k := 1; k <= most; k++ {
			got := cover.prefixes(k)
			sum := 0.0
			for _, p := range got {
				sum += addressesIn(p)
			}
			if len(got) > k || sum != cover.size(k) {
				t.Fatalf("%v of %v by %d: %v", got, networks, k, cover.size(k))
			}
			for _, n := range networks {
				held := false
				for _, p := range got {
					held = held || p.Bits() <= n.Bits() && p.Contains(n.Addr())
				}
				if !held {
					t.Fatalf("%v does not hold %s", got, n)
				}
			}
			if best := fewest(networks, k); best != sum {
				t.Fatalf("%v by %d: %v has %v, and the best %v", networks, k, got, sum, best)
			}
		}
	}
}

// fewest tries all partitions of networks into parts, each with its smallest prefix.
func fewest(networks []netip.Prefix, k int) float64 {
	if len(networks) == 0 {
		return 0
	}
	if k == 0 {
		return 1e300
	}
	best := 1e300
	rest := networks[1:]
	for mask := range 1 << len(rest) {
		p, left := networks[0], []netip.Prefix(nil)
		for i, n := range rest {
			if mask>>i&1 == 0 {
				left = append(left, n)
				continue
			}
			bits := min(n.Bits(), p.Bits())
			for !netip.PrefixFrom(p.Addr(), bits).Masked().Contains(n.Addr()) {
				bits--
			}
			p = netip.PrefixFrom(p.Addr(), bits).Masked()
		}
		best = min(best, addressesIn(p)+fewest(left, k-1))
	}
	return best
}

// tightened returns the proposal for a rule, after connections that are learnt, and others that
// are replayed.
func tightened(t *testing.T, n *netmodel.Network, name string, most int, learnt, replayed []Connection) Proposal {
	t.Helper()
	u := NewUses(n, day(n, Accepts))
	if !u.Follow(name) {
		t.Fatalf("there is no %s", name)
	}
	u.Span(n, begin, begin+18*hour, false)
	for i := range learnt {
		u.Add(&learnt[i])
	}
	u.Span(n, begin+18*hour, begin+24*hour, true)
	for i := range replayed {
		u.Add(&replayed[i])
	}
	p, err := u.Tighten(name, most, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTighten proposes narrower rules.
func TestTighten(t *testing.T) {
	wide := func(traffic netmodel.Traffic, peer string) func() *netmodel.Network {
		return func() *netmodel.Network {
			n := network()
			n.SecurityGroups["sg-web"].Ingress = []netmodel.GroupRule{from("sgr-wide", peer, traffic)}
			return n
		}
	}
	app := []Connection{inbound("eni-1", "10.0.2.10", netmodel.TCP, 443), inbound("eni-2", "10.0.2.11", netmodel.TCP, 443)}
	for name, tt := range map[string]struct {
		network  func() *netmodel.Network
		most     int
		learnt   []Connection
		replayed []Connection
		texts    string
		denied   [2]int64
		why      string
	}{
		"peers with one group": {wide(tcp(0, 65535), "10.0.0.0/8"), 10, app, app, "tcp:443 sg-app", [2]int64{}, ""},
		"a peer that came later": {
			wide(tcp(0, 65535), "10.0.0.0/8"), 10, app,
			[]Connection{inbound("eni-1", "10.0.3.9", netmodel.TCP, 443)},
			"tcp:443 sg-app",
			[2]int64{0, 10},
			"",
		},
		"a group with members that the rule refuses": {func() *netmodel.Network {
			n := wide(tcp(0, 65535), "10.0.2.10/31")()
			n.Interfaces["eni-c"] = &netmodel.Interface{ID: "eni-c", VPC: "vpc-1", Subnet: "subnet-2", Type: "interface", Groups: []string{"sg-app"}, Addresses: []netip.Addr{addr("10.0.2.12")}}
			return n
		}, 1, app, nil, "tcp:443 10.0.2.10/31", [2]int64{}, ""},
		"peers elsewhere": {
			wide(tcp(0, 65535), "0.0.0.0/0"), 2,
			[]Connection{inbound("eni-1", "192.0.2.1", netmodel.TCP, 443), inbound("eni-1", "192.0.2.2", netmodel.TCP, 443), inbound("eni-1", "198.18.0.7", netmodel.TCP, 443)},
			nil, "tcp:443 192.0.2.0/30, tcp:443 198.18.0.7/32",
			[2]int64{},
			"",
		},
		"all of the internet": {
			wide(tcp(0, 65535), "0.0.0.0/0"), 2,
			[]Connection{inbound("eni-1", "9.9.9.9", netmodel.TCP, 443), inbound("eni-1", "52.1.2.3", netmodel.TCP, 443), inbound("eni-1", "120.1.2.3", netmodel.TCP, 443), inbound("eni-1", "200.1.2.3", netmodel.TCP, 443)},
			nil, "tcp:443 0.0.0.0/0",
			[2]int64{},
			"",
		},
		"ports": {
			wide(tcp(0, 65535), "192.0.2.0/24"), 10,
			[]Connection{inbound("eni-1", "192.0.2.1", netmodel.TCP, 80), inbound("eni-1", "192.0.2.1", netmodel.TCP, 81), inbound("eni-1", "192.0.2.1", netmodel.TCP, 443)},
			nil, "tcp:80-81 192.0.2.1/32, tcp:443 192.0.2.1/32",
			[2]int64{},
			"",
		},
		"ports by few rules": {
			wide(tcp(0, 65535), "192.0.2.0/24"), 2,
			[]Connection{inbound("eni-1", "192.0.2.1", netmodel.TCP, 80), inbound("eni-1", "192.0.2.1", netmodel.TCP, 84), inbound("eni-1", "192.0.2.1", netmodel.TCP, 443)},
			nil, "tcp:80-84 192.0.2.1/32, tcp:443 192.0.2.1/32",
			[2]int64{},
			"",
		},
		"path MTU discovery stays": {
			wide(all(), "192.0.2.0/24"), 10,
			[]Connection{inbound("eni-1", "192.0.2.1", netmodel.UDP, 53)},
			nil,
			"udp:53 192.0.2.1/32, icmp:3/4 192.0.2.0/24",
			[2]int64{},
			"",
		},
		"as narrow as it gets":      {wide(tcp(443, 443), "sg-app"), 10, app, app, "", [2]int64{}, "as narrow"},
		"the ports of a group's":    {wide(all(), "sg-app"), 10, app, app, "tcp:443 sg-app, icmp:3/4 sg-app, icmpv6:2/0 sg-app", [2]int64{}, ""},
		"nothing that was learnt":   {wide(all(), "10.0.0.0/8"), 10, nil, app, "", [2]int64{}, "nothing used it"},
		"a type of ICMP stays, too": {wide(netmodel.Traffic{Protocol: netmodel.ICMP, Type: 8, Code: -1}, "192.0.2.0/24"), 10, []Connection{ping("eni-1", "192.0.2.1")}, nil, "icmp:8 192.0.2.1/32", [2]int64{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := tightened(t, tt.network(), "sgr-wide", tt.most, tt.learnt, tt.replayed)
			if got := strings.Join(p.Texts, ", "); got != tt.texts || p.LearntDenied != tt.denied[0] || p.ReplayDenied != tt.denied[1] || !strings.Contains(p.Why, tt.why) || (p.Why == "") != (tt.why == "") {
				t.Errorf("%q, %d and %d refused, because %q", got, p.LearntDenied, p.ReplayDenied, p.Why)
			}
			if len(p.Texts) > 0 && (p.Share <= 0 || p.Share >= 1 || len(p.CLI) != len(p.Texts)+1) {
				t.Errorf("it allows %v of it, by %q", p.Share, p.CLI)
			}
		})
	}
}

// ping returns echo requests and replies, whose type records do not carry.
func ping(id, far string) Connection {
	c := inbound(id, far, netmodel.ICMP, -1)
	c.ClientFrom, c.ClientTo, c.Guessed = -1, -1, c.Connections
	return c
}

// TestForms writes rules as the AWS CLI and Terraform read them.
func TestForms(t *testing.T) {
	n := network()
	n.SecurityGroups["sg-web"].Ingress = []netmodel.GroupRule{from("", "192.0.2.0/24", all())}
	name := n.SecurityGroups["sg-web"].RuleName(netmodel.Ingress, &n.SecurityGroups["sg-web"].Ingress[0])
	p := tightened(t, n, name, 5, []Connection{inbound("eni-1", "192.0.2.1", netmodel.TCP, 443)}, nil)
	want := []string{
		"aws ec2 authorize-security-group-ingress --group-id sg-web --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{CidrIp=192.0.2.1/32}]'",
		"aws ec2 authorize-security-group-ingress --group-id sg-web --ip-permissions 'IpProtocol=icmp,FromPort=3,ToPort=4,IpRanges=[{CidrIp=192.0.2.0/24}]'",
		"aws ec2 revoke-security-group-ingress --group-id sg-web --ip-permissions 'IpProtocol=-1,IpRanges=[{CidrIp=192.0.2.0/24}]'",
	}
	if diff := cmp.Diff(want, p.CLI); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	terraform := `resource "aws_vpc_security_group_ingress_rule" "tight_1" {
  security_group_id = "sg-web"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "192.0.2.1/32"
}

resource "aws_vpc_security_group_ingress_rule" "tight_2" {
  security_group_id = "sg-web"
  ip_protocol       = "icmp"
  from_port         = 3
  to_port           = 4
  cidr_ipv4         = "192.0.2.0/24"
}
`
	if diff := cmp.Diff(terraform, p.Terraform); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	u := NewUses(n, day(n, Accepts))
	if got, want := u.RevokeCLI("acl-1:egress:110"), "aws ec2 delete-network-acl-entry --network-acl-id acl-1 --egress --rule-number 110"; got != want {
		t.Errorf("got %s", got)
	}
}

// TestManyPorts proposes for a rule whose ports somebody scanned: few rules, and none of what was
// learnt is refused.
func TestManyPorts(t *testing.T) {
	n := network()
	n.SecurityGroups["sg-web"].Ingress = []netmodel.GroupRule{from("sgr-wide", "192.0.2.0/24", all())}
	var learnt []Connection
	for port := 1; port < 60000; port += 7 {
		learnt = append(learnt, inbound("eni-1", "192.0.2.66", netmodel.TCP, port))
	}
	for _, port := range []int{80, 443, 60001} {
		learnt = append(learnt, inbound("eni-1", "192.0.2.1", netmodel.TCP, port))
	}
	for protocol := range 256 {
		if protocol != netmodel.TCP && protocol != netmodel.UDP {
			c := inbound("eni-1", "192.0.2.2", protocol, -1)
			c.ClientFrom, c.ClientTo = -1, -1
			learnt = append(learnt, c)
		}
	}
	p := tightened(t, n, "sgr-wide", 5, learnt, nil)
	if len(p.Rules) > 0 || p.Why != "it is used by 255 protocols, which are more than 5 rules" {
		t.Errorf("%q: %s", p.Why, p.Texts)
	}
	n.SecurityGroups["sg-web"].Ingress = []netmodel.GroupRule{from("sgr-wide", "192.0.2.0/24", tcp(0, 65535))}
	if p := tightened(t, n, "sgr-wide", 5, learnt, nil); len(p.Rules) > 5 || p.LearntDenied > 0 {
		t.Errorf("%d rules refuse %d: %s", len(p.Rules), p.LearntDenied, p.Texts)
	}
}

// TestManyPeers proposes for a rule with more peers than a cover is made of.
func TestManyPeers(t *testing.T) {
	n := network()
	n.SecurityGroups["sg-web"].Ingress = []netmodel.GroupRule{from("sgr-wide", "10.0.0.0/8", tcp(0, 65535))}
	var learnt []Connection
	for i := range manyPeers + 5000 {
		c := inbound("eni-1", "10.9.0.0", netmodel.TCP, 443)
		c.Far = netip.AddrFrom4([4]byte{10, 64, byte(i >> 8), byte(i)})
		learnt = append(learnt, c)
	}
	p := tightened(t, n, "sgr-wide", 3, learnt, nil)
	if got := strings.Join(p.Texts, ", "); got != "tcp:443 10.64.0.0/18, tcp:443 10.64.64.0/19, tcp:443 10.64.96.0/23" || p.LearntDenied > 0 {
		t.Errorf("%s refuses %d", got, p.LearntDenied)
	}
}

// TestShare compares how covers share rules with all ways.
func TestShare(t *testing.T) {
	c := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var classes []*class
		for i := range 1 + c.IntN(3) {
			var networks []netip.Prefix
			for range 1 + c.IntN(6) {
				networks = append(networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(c.IntN(2)), byte(c.IntN(64))}), 32))
			}
			classes = append(classes, &class{traffic: tcp(uint16(i), uint16(i+c.IntN(9))), cover: newCover(networks, min(4, len(networks)))})
		}
		classes = append(classes, &class{traffic: udp(53), fixed: []netmodel.Peer{{Group: "sg-1"}}})
		spare := c.IntN(5)
		share(classes, spare)
		got, rules := 0.0, 0
		for _, c := range classes[:len(classes)-1] {
			got += c.cover.size(c.n) * width(c.traffic)
			rules += c.n - 1
		}
		var least func(list []*class, spare int) float64
		least = func(list []*class, spare int) float64 {
			if list[0].cover == nil {
				return 0
			}
			best := list[0].cover.size(1)*width(list[0].traffic) + least(list[1:], spare)
			for own := 1; own <= spare && own < list[0].cover.most; own++ {
				best = min(best, list[0].cover.size(own+1)*width(list[0].traffic)+least(list[1:], spare-own))
			}
			return best
		}
		if want := least(classes, spare); got != want || rules > spare {
			t.Fatalf("%v by %d rules more, want %v by %d", got, rules, want, spare)
		}
	}
}
