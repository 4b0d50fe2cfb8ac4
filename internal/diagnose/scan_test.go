package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// TestScans tells brute force and scans from other traffic.
func TestScans(t *testing.T) {
	const inside, out = "10.0.0.5", "203.0.113.66"
	try := func(source, host string, port int, hour, n int64, fate string) Attempts {
		a := Attempts{Source: netip.MustParseAddr(source), Host: netip.MustParseAddr(host), Service: Service{6, port}, Hour: hour}
		a.Attempts, a.First, a.Last = n, hour*3600, hour*3600+60
		*map[string]*int64{"refused": &a.Refused, "reply-refused": &a.ReplyRefused, "unanswered": &a.Unanswered, "reset": &a.Reset, "answered": &a.Answered, "unknown": &a.Unknown}[fate] = n
		return a
	}
	many := func(n int, of func(i int) Attempts) []Attempts {
		var list []Attempts
		for i := range n {
			list = append(list, of(i))
		}
		return list
	}
	host := func(i int) string { return fmt.Sprintf("10.0.1.%d", i+1) }
	limits := Thresholds{Attempts: 30, Hosts: 10, Ports: 10, Sources: 20}
	for name, tt := range map[string]struct {
		list []Attempts
		want []string // kinds, source, attempts, hosts, ports
	}{
		"brute force": {[]Attempts{try(out, host(0), 22, 5, 30, "refused")}, []string{"brute-force 203.0.113.66 30 1 1"}},
		"one less":    {[]Attempts{try(out, host(0), 22, 5, 29, "refused")}, nil},
		"in two hours": {
			[]Attempts{try(out, host(0), 22, 5, 29, "refused"), try(out, host(0), 22, 6, 29, "refused")}, nil,
		},
		"at two hosts": {
			[]Attempts{try(out, host(0), 22, 5, 29, "refused"), try(out, host(1), 22, 5, 29, "refused")}, nil,
		},
		"what is below the threshold belongs to it": {
			[]Attempts{try(out, host(0), 22, 5, 30, "answered"), try(out, host(1), 22, 9, 2, "refused"), try(out, host(0), 443, 5, 7, "answered")},
			[]string{"brute-force 203.0.113.66 32 2 1"},
		},
		"no login service":                {[]Attempts{try(out, host(0), 443, 5, 1000, "answered")}, nil},
		"a program logs in to a database": {[]Attempts{try(inside, host(0), 5432, 5, 1000, "answered")}, nil},
		"the internet does":               {[]Attempts{try(out, host(0), 5432, 5, 1000, "answered")}, []string{"brute-force 203.0.113.66 1000 1 1"}},
		"behind a carrier's translation":  {[]Attempts{try("100.64.1.1", host(0), 5432, 5, 1000, "answered")}, nil},
		"SSH from inside":                 {[]Attempts{try(inside, host(0), 22, 5, 1000, "answered")}, []string{"brute-force 10.0.0.5 1000 1 1"}},
		"hosts": {
			many(10, func(i int) Attempts { return try(inside, host(i), 443, 5, 1, "refused") }), []string{"horizontal-scan 10.0.0.5 10 10 1"},
		},
		"nine hosts": {many(9, func(i int) Attempts { return try(inside, host(i), 443, 5, 1, "refused") }), nil},
		"hosts in two hours": {
			many(10, func(i int) Attempts { return try(inside, host(i), 443, int64(5+i%2), 1, "refused") }), nil,
		},
		"hosts that answer": {many(50, func(i int) Attempts { return try(inside, host(i), 443, 5, 1, "answered") }), nil},
		"most hosts answer": {
			many(50, func(i int) Attempts {
				return try(inside, host(i), 9100, 5, 1, map[bool]string{true: "answered", false: "unanswered"}[i < 26])
			}), nil,
		},
		"half of the hosts answer": {
			many(50, func(i int) Attempts {
				return try(inside, host(i), 9100, 5, 1, map[bool]string{true: "answered", false: "unanswered"}[i < 25])
			}), []string{"horizontal-scan 10.0.0.5 50 50 1"},
		},
		"whether they answer is not known": {many(50, func(i int) Attempts { return try(inside, host(i), 443, 5, 1, "unknown") }), nil},
		"ports": {
			many(12, func(i int) Attempts {
				return try(out, host(0), 1+i, 5, 1, map[bool]string{true: "answered", false: "reset"}[i == 3])
			}),
			[]string{"vertical-scan 203.0.113.66 12 1 12"},
		},
		"ports of two hosts": {many(18, func(i int) Attempts { return try(out, host(i%2), 1+i, 5, 1, "reset") }), nil},
		"hosts and ports": {
			many(100, func(i int) Attempts { return try(out, host(i%10), 1+i/10, 5, 1, "refused") }),
			[]string{"horizontal-scan vertical-scan 203.0.113.66 100 10 10"},
		},
		"many sources": {
			many(20, func(i int) Attempts { return try(fmt.Sprintf("203.0.113.%d", i+1), host(0), 22, 5, 3, "answered") }),
			[]string{"distributed invalid IP 60 1 1"},
		},
		"nineteen sources": {
			many(19, func(i int) Attempts { return try(fmt.Sprintf("203.0.113.%d", i+1), host(0), 22, 5, 3, "answered") }), nil,
		},
		"many sources inside": {many(50, func(i int) Attempts { return try(host(i), "10.0.0.9", 22, 5, 3, "answered") }), nil},
		"a web server":        {many(50, func(i int) Attempts { return try(fmt.Sprintf("203.0.113.%d", i+1), host(0), 443, 5, 3, "answered") }), nil},
		"what is let in is first": {
			[]Attempts{
				try("203.0.113.1", host(0), 22, 5, 9000, "refused"), try("203.0.113.2", host(0), 22, 5, 31, "answered"),
				try("203.0.113.3", host(0), 22, 5, 400, "unanswered"), try("203.0.113.4", host(0), 22, 5, 50, "reset"),
			},
			[]string{"brute-force 203.0.113.2 31 1 1", "brute-force 203.0.113.3 400 1 1", "brute-force 203.0.113.4 50 1 1", "brute-force 203.0.113.1 9000 1 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range Scans(tt.list, limits) {
				kinds := make([]string, len(f.Kinds))
				for i, k := range f.Kinds {
					kinds[i] = string(k)
				}
				got = append(got, fmt.Sprintf("%s %v %d %d %d", strings.Join(kinds, " "), f.Source, f.Attempts, f.Hosts, f.Ports))
				sum := Fates{}
				for _, target := range f.Targets {
					sum.add(&target.Fates)
				}
				if sum != f.Fates || sum.Attempts != sum.Refused+sum.ReplyRefused+sum.Unanswered+sum.Reset+sum.Answered+sum.Unknown {
					t.Errorf("the targets have %+v, all of it %+v", sum, f.Fates)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			slices.Reverse(tt.list)
			again := Scans(tt.list, limits)
			if len(again) != len(got) {
				t.Errorf("in another order it finds %d", len(again))
			}
		})
	}
}

// TestSighting shows attempts by a record that was accepted, at who received it, the newest.
func TestSighting(t *testing.T) {
	order := []Sighting{
		{Action: "ACCEPT", Direction: "ingress", End: 2},
		{Action: "ACCEPT", Direction: "ingress", End: 1},
		{Action: "ACCEPT", Direction: "egress", End: 3},
		{Action: "REJECT", Direction: "ingress", End: 5},
		{Action: "REJECT", Direction: "egress", End: 6},
		{},
	}
	for i := range order {
		for k := range order {
			if got := order[i].better(&order[k]); got != (i < k) {
				t.Errorf("%+v before %+v: %v", order[i], order[k], got)
			}
		}
	}
}

// TestDeny denies before what allows.
func TestDeny(t *testing.T) {
	all := netip.MustParsePrefix("0.0.0.0/0")
	ssh := netmodel.Traffic{Protocol: netmodel.TCP, From: 22, To: 22}
	any := netmodel.Traffic{Protocol: netmodel.AllProtocols, Code: -1, Type: -1, To: 65535}
	last := netmodel.ACLEntry{Number: netmodel.LastNumber + 1, Traffic: any, CIDR: all}
	network := func(entries ...netmodel.ACLEntry) *netmodel.Network {
		return &netmodel.Network{NetworkACLs: map[string]*netmodel.NetworkACL{"acl-1": {ID: "acl-1", Ingress: append(entries, last)}}}
	}
	for name, tt := range map[string]struct {
		n    *netmodel.Network
		from string
		of   netmodel.Traffic
		want string
		says string
	}{
		"before the first that allows": {
			network(netmodel.ACLEntry{Number: 90, Traffic: ssh, CIDR: netip.MustParsePrefix("192.0.2.0/24")}, netmodel.ACLEntry{Number: 100, Allow: true, Traffic: any, CIDR: all}), "203.0.113.66/32", ssh,
			"aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 99 --protocol 6 --port-range From=22,To=22 --rule-action deny --cidr-block 203.0.113.66/32",
			"deny tcp to port 22 from 203.0.113.66/32 by entry 99 of acl-1",
		},
		"what allows something else stays before it": {
			network(netmodel.ACLEntry{Number: 1, Allow: true, Traffic: netmodel.Traffic{Protocol: netmodel.TCP, From: 443, To: 443}, CIDR: all}, netmodel.ACLEntry{Number: 30, Allow: true, Traffic: any, CIDR: all}), "203.0.113.66/32", ssh,
			"aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 29 --protocol 6 --port-range From=22,To=22 --rule-action deny --cidr-block 203.0.113.66/32",
			"entry 29",
		},
		"IPv6, all protocols": {
			network(netmodel.ACLEntry{Number: 100, Allow: true, Traffic: any, CIDR: netip.MustParsePrefix("::/0")}), "2001:db8::1/64", any,
			"aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 99 --protocol -1 --rule-action deny --ipv6-cidr-block 2001:db8::/64",
			"deny all traffic from 2001:db8::/64 by entry 99",
		},
	} {
		t.Run(name, func(t *testing.T) {
			stop, with, err := Deny(tt.n, "acl-1", netip.MustParsePrefix(tt.from), tt.of)
			if err != nil {
				t.Fatal(err)
			}
			if stop.CLI != tt.want || !strings.Contains(stop.Says, tt.says) {
				t.Errorf("%s\n%s", stop.Says, stop.CLI)
			}
			if !strings.Contains(stop.Terraform, `rule_action    = "deny"`) {
				t.Error(stop.Terraform)
			}
			entries := with.NetworkACLs["acl-1"].Ingress
			if len(entries) != len(tt.n.NetworkACLs["acl-1"].Ingress)+1 || !slices.IsSortedFunc(entries, func(a, b netmodel.ACLEntry) int { return a.Number - b.Number }) {
				t.Errorf("%+v", entries)
			}
		})
	}
	full := network(netmodel.ACLEntry{Number: 1, Allow: true, Traffic: any, CIDR: all})
	if _, _, err := Deny(full, "acl-1", netip.MustParsePrefix("203.0.113.66/32"), ssh); err == nil || !strings.Contains(err.Error(), "no number is free before 1, the entry that allows it") {
		t.Error(err)
	}
	if _, _, err := Deny(full, "acl-2", netip.MustParsePrefix("203.0.113.66/32"), ssh); err == nil {
		t.Error("denied by a network ACL that is not there")
	}
}

// TestNarrow leaves in who is to stay.
func TestNarrow(t *testing.T) {
	ssh := netmodel.Traffic{Protocol: netmodel.TCP, From: 22, To: 22}
	world := netmodel.GroupRule{ID: "sgr-1", Traffic: ssh, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix("0.0.0.0/0")}}
	nameless := netmodel.GroupRule{Traffic: netmodel.Traffic{Protocol: netmodel.AllProtocols}, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix("2001:db8::/32")}}
	friends := netmodel.GroupRule{ID: "sgr-3", Traffic: ssh, Peer: netmodel.Peer{Group: "sg-2"}}
	n := &netmodel.Network{SecurityGroups: map[string]*netmodel.SecurityGroup{"sg-1": {ID: "sg-1", Ingress: []netmodel.GroupRule{world, nameless, friends}}}}
	office := []netip.Prefix{netip.MustParsePrefix("198.51.100.7/32")}
	for name, tt := range map[string]struct {
		rules []GroupRuleOf
		keep  []netip.Prefix
		cli   string
		says  string
		left  int // rules
	}{
		"gone": {
			[]GroupRuleOf{{"sg-1", &world}},
			nil, "aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-1",
			"remove sgr-1, which lets in 0.0.0.0/0", 2,
		},
		"narrower": {
			[]GroupRuleOf{{"sg-1", &world}},
			office,
			"aws ec2 authorize-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=198.51.100.7/32}]'\n" +
				"aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-1",
			"narrow sgr-1 from 0.0.0.0/0 to 198.51.100.7/32", 3,
		},
		"two rules, one of IPv6 and without id": {
			[]GroupRuleOf{{"sg-1", &world}, {"sg-1", &nameless}},
			office,
			"aws ec2 authorize-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=198.51.100.7/32}]'\n" +
				"aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-1\n" +
				"aws ec2 revoke-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=-1,Ipv6Ranges=[{CidrIpv6=2001:db8::/32}]'",
			"; remove sg-1:ingress:all:2001:db8::/32, which lets in 2001:db8::/32", 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			stop, with, err := Narrow(n, tt.rules, tt.keep)
			if err != nil {
				t.Fatal(err)
			}
			if stop.CLI != tt.cli || !strings.Contains(stop.Says, tt.says) {
				t.Errorf("%s\n%s", stop.Says, stop.CLI)
			}
			if got := len(with.SecurityGroups["sg-1"].Ingress); got != tt.left {
				t.Errorf("%d rules are left", got)
			}
			if len(n.SecurityGroups["sg-1"].Ingress) != 3 {
				t.Error("the network itself was changed")
			}
			if (len(tt.keep) > 0) != strings.Contains(stop.Terraform, `for_each          = toset(["198.51.100.7/32"])`) {
				t.Error(stop.Terraform)
			}
		})
	}
	for _, rules := range [][]GroupRuleOf{{{"sg-1", &friends}}, {{"sg-9", &world}}, nil} {
		if _, _, err := Narrow(n, rules, nil); err == nil {
			t.Errorf("%v was narrowed", rules)
		}
	}
}
