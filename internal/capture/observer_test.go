package capture

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

const network = `
account: "111122223333"
region: eu-west-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16, "2001:db8:1::/56"]}
  vpc-2: {cidrs: [10.0.0.0/16]}
subnets:
  subnet-a: {vpc: vpc-1, az: eu-west-1a, cidrs: [10.0.1.0/24, "2001:db8:1::/64"]}
  subnet-b: {vpc: vpc-1, az: eu-west-1b, cidrs: [10.0.2.0/24]}
  subnet-c: {vpc: vpc-2, az: eu-west-1b, cidrs: [10.0.9.0/24]}
network-interfaces:
  eni-web: {subnet: subnet-a, addresses: [10.0.1.10, 10.0.1.11, "2001:db8:1::10"], groups: [web]}
  eni-db: {subnet: subnet-b, addresses: [10.0.2.10], groups: [db]}
  eni-x: {subnet: subnet-b, addresses: [10.0.9.9], groups: [db]}
  eni-y: {subnet: subnet-c, addresses: [10.0.9.9], groups: [other]}
  eni-lost: {subnet: subnet-none, vpc: vpc-1, addresses: [10.0.3.3]}
security-groups:
  web:
    vpc: vpc-1
    ingress:
      - {tcp: 443, from: 203.0.113.0/24}
      - {tcp: 443, from: 2001:db8::/32}
    egress:
      - {tcp: 5432, to: db}
      - {tcp: 22, to: db}
  db:
    vpc: vpc-1
    ingress:
      - {tcp: 5432, from: web}
    egress: []
  other: {vpc: vpc-2, ingress: [], egress: []}
network-acls:
  acl-1:
    vpc: vpc-1
    default: true
    ingress:
      - {number: 100, action: deny, protocol: all, from: 203.0.113.66/32}
      - {number: 200, action: allow, protocol: all, from: 0.0.0.0/0}
      - {number: 201, action: allow, protocol: all, from: "::/0"}
    egress:
      - {number: 200, action: allow, protocol: all, to: 0.0.0.0/0}
      - {number: 201, action: allow, protocol: all, to: "::/0"}
  acl-2: {vpc: vpc-2, default: true, ingress: [], egress: []}
`

// observer returns an observer of the network.
func observer(t *testing.T, interfaces ...string) (*Observer, error) {
	t.Helper()
	loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "net.yaml", Data: []byte(network)}})
	if err != nil {
		t.Fatal(err)
	}
	return NewObserver(loaded.Network, interfaces)
}

var start = time.Unix(1_772_445_600, 0)

// seen has a packet pass and returns where it was seen.
func seen(t *testing.T, o *Observer, p *policy.Packet, at time.Time) []string {
	t.Helper()
	out := []string{}
	err := o.See(p, at, func(s *Sighting) error {
		v := s.Decision.Verdict()
		out = append(out, fmt.Sprintf("%s %s %s %s", s.Interface.ID, s.Direction, v.Action, v.Rule))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tcp returns a packet of TCP: "from port to port".
func tcp(way string, flags uint8) *policy.Packet {
	w := strings.Fields(way)
	src, dst := netip.MustParseAddrPort(w[0]), netip.MustParseAddrPort(w[1])
	return &policy.Packet{Src: src.Addr(), SrcPort: src.Port(), Dst: dst.Addr(), DstPort: dst.Port(), Protocol: netmodel.TCP, Flags: flags}
}

func TestObserver(t *testing.T) {
	o, err := observer(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		p    *policy.Packet
		want []string
	}{
		{"from the internet", tcp("203.0.113.5:40000 10.0.1.10:443", policy.SYN), []string{"eni-web ingress ACCEPT web:ingress:tcp:443:203.0.113.0/24"}},
		{"the reply, which no rule allows by itself", tcp("10.0.1.10:443 203.0.113.5:40000", policy.SYN|policy.ACK), []string{"eni-web egress ACCEPT web:ingress:tcp:443:203.0.113.0/24"}},
		{"a reply to nothing", tcp("10.0.1.10:443 203.0.113.5:40001", policy.SYN|policy.ACK), []string{"eni-web egress REJECT sg:egress:implicit-deny"}},
		{"to a secondary address", tcp("203.0.113.5:40000 10.0.1.11:443", policy.SYN), []string{"eni-web ingress ACCEPT web:ingress:tcp:443:203.0.113.0/24"}},
		{"IPv6", tcp("[2001:db8:9::1]:40000 [2001:db8:1::10]:443", policy.SYN), []string{"eni-web ingress ACCEPT web:ingress:tcp:443:2001:db8::/32"}},
		{"refused by the network ACL", tcp("203.0.113.66:40000 10.0.1.10:443", policy.SYN), []string{"eni-web ingress REJECT acl-1:ingress:100"}},
		{"refused by the group", tcp("203.0.113.5:40000 10.0.1.10:80", policy.SYN), []string{"eni-web ingress REJECT sg:ingress:implicit-deny"}},
		{
			"between two interfaces", tcp("10.0.1.10:50000 10.0.2.10:5432", policy.SYN),
			[]string{"eni-web egress ACCEPT web:egress:tcp:5432:db", "eni-db ingress ACCEPT db:ingress:tcp:5432:web"},
		},
		{
			"refused at the second", tcp("10.0.1.10:50000 10.0.2.10:22", policy.SYN),
			[]string{"eni-web egress ACCEPT web:egress:tcp:22:db", "eni-db ingress REJECT sg:ingress:implicit-deny"},
		},
		{"refused at the first, so that it comes to no second", tcp("10.0.1.10:50000 10.0.2.10:3306", policy.SYN), []string{"eni-web egress REJECT sg:egress:implicit-deny"}},
		{"of no interface", tcp("203.0.113.5:40000 198.51.100.7:443", policy.SYN), []string{}},
		{"of two families", tcp("[::ffff:203.0.113.5]:40000 [2001:db8:1::10]:443", policy.SYN), []string{}},
		{"of an address of two", tcp("203.0.113.5:40000 10.0.9.9:443", policy.SYN), []string{}},
		{"to the Amazon DNS server", &policy.Packet{Src: netip.MustParseAddr("10.0.1.10"), SrcPort: 5000, Dst: netip.MustParseAddr("10.0.0.2"), DstPort: 53, Protocol: netmodel.UDP}, []string{}},
	} {
		if diff := cmp.Diff(tc.want, seen(t, o, tc.p, start)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	if diff := cmp.Diff(Counters{Elsewhere: 2, Ambiguous: 1, Unlogged: 1}, o.Counters); diff != "" {
		t.Error(diff)
	}
}

// TestObserverOfSome has the sides of one interface alone.
func TestObserverOfSome(t *testing.T) {
	o, err := observer(t, "eni-db", "eni-y")
	if err != nil {
		t.Fatal(err)
	}
	got := seen(t, o, tcp("10.0.1.10:50000 10.0.2.10:5432", policy.SYN), start)
	got = append(got, seen(t, o, tcp("203.0.113.5:40000 10.0.9.9:443", policy.SYN), start)...)
	if want := []string{"eni-db ingress ACCEPT db:ingress:tcp:5432:web", "eni-y ingress REJECT acl-2:ingress:*"}; !slices.Equal(got, want) {
		t.Error(got)
	}
}

// TestConnectionsEnd has a reply after the connection's time.
func TestConnectionsEnd(t *testing.T) {
	o, err := observer(t)
	if err != nil {
		t.Fatal(err)
	}
	seen(t, o, tcp("203.0.113.5:40000 10.0.1.10:443", policy.SYN), start)
	late := start.Add(policy.DefaultTimeouts().TCPOther + time.Second)
	if got := seen(t, o, tcp("10.0.1.10:443 203.0.113.5:40000", policy.ACK), late); !slices.Equal(got, []string{"eni-web egress REJECT sg:egress:implicit-deny"}) {
		t.Error(got)
	}
	seen(t, o, tcp("203.0.113.66:1 10.0.1.10:443", policy.SYN), late.Add(forgetEvery))
	if n := o.open["eni-web"].Len(); n != 0 {
		t.Errorf("%d connections are kept", n)
	}
}

// TestObserverBound has more connections than there is room for, of two interfaces: those that find no place are counted, and what answers them is decided of by itself. What has expired
// makes room.
func TestObserverBound(t *testing.T) {
	o, err := observer(t)
	if err != nil {
		t.Fatal(err)
	}
	o.Bound(3)
	come := func(port, n int, at time.Time) {
		t.Helper()
		for i := range n {
			if got := seen(t, o, tcp(fmt.Sprintf("203.0.113.5:%d 10.0.1.10:443", port+i), policy.SYN), at); len(got) != 1 || !strings.HasPrefix(got[0], "eni-web ingress ACCEPT") {
				t.Fatal(got)
			}
		}
	}
	answered := func(port int, at time.Time) bool {
		t.Helper()
		return strings.HasPrefix(seen(t, o, tcp(fmt.Sprintf("10.0.1.10:443 203.0.113.5:%d", port), policy.ACK), at)[0], "eni-web egress ACCEPT")
	}
	come(1000, 2, start)
	seen(t, o, tcp("10.0.1.10:50000 10.0.2.10:5432", policy.SYN), start) // one at each: the second finds no place
	come(2000, 50, start)
	if o.kept != 3 || o.Counters.Untracked != 51 || !answered(1001, start) || answered(2000, start) {
		t.Errorf("%d are kept, %d are not tracked", o.kept, o.Counters.Untracked)
	}
	late := start.Add(time.Hour)
	come(3000, 2, late) // the one that was answered stays open for days
	if o.kept != 3 || o.Counters.Untracked != 51 || !answered(3001, late) {
		t.Errorf("an hour later %d are kept, %d are not tracked", o.kept, o.Counters.Untracked)
	}
	n := 0
	for _, c := range o.open {
		n += c.Len()
	}
	if n != o.kept {
		t.Errorf("%d are kept, of which it knows %d", n, o.kept)
	}
}

func TestObserverFails(t *testing.T) {
	for id, want := range map[string]string{"eni-none": "there is no network interface eni-none", "eni-lost": `can't decide at eni-lost: its subnet "subnet-none" is not in the input`} {
		if _, err := observer(t, id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", id, err)
		}
	}
	o, err := observer(t)
	if err != nil {
		t.Fatal(err)
	}
	err = o.See(tcp("203.0.113.5:1 10.0.3.3:443", policy.SYN), start, func(*Sighting) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "can't decide at eni-lost") {
		t.Error(err)
	}
}

// TestLeftOut has what flow logs do not record, both ways, and what is near to it. Source: VPC user guide, "Flow log limitations"; spec b.8.
func TestLeftOut(t *testing.T) {
	o, err := observer(t, "eni-web")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, far string
		logged    bool
	}{
		{"the Amazon DNS server", "10.0.0.2:53", false},
		{"the Amazon DNS server, link-local", "169.254.169.253:53", false},
		{"the Amazon DNS server, IPv6", "[fd00:ec2::253]:53", false},
		{"somebody's own DNS server", "10.0.2.53:53", true},
		{"Windows licence activation", "169.254.169.250:1688", false},
		{"instance metadata", "169.254.169.254:80", false},
		{"instance metadata, IPv6", "[fd00:ec2::254]:80", false},
		{"Amazon Time Sync", "169.254.169.123:123", false},
		{"Amazon Time Sync, IPv6", "[fd00:ec2::123]:123", false},
		{"another time server", "203.0.113.123:123", true},
		{"the VPC router, which is the DHCP server too", "10.0.1.1:67", false},
		{"the router of another subnet", "10.0.2.1:67", true},
		{"ECS task metadata", "169.254.170.2:80", true},
		{"another link-local address", "169.254.169.252:80", true},
	} {
		own := "10.0.1.10:5000"
		if tc.far[0] == '[' {
			own = "[2001:db8:1::10]:5000"
		}
		for _, way := range []string{own + " " + tc.far, tc.far + " " + own} {
			was := o.Counters.Unlogged
			p := tcp(way, 0)
			p.Protocol = netmodel.UDP
			got := seen(t, o, p, start)
			if (len(got) == 1) != tc.logged || (o.Counters.Unlogged == was) != tc.logged {
				t.Errorf("%s, %s: %v", tc.name, way, got)
			}
		}
	}
}
