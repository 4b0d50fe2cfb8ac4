package ebpf

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	gocmp "github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// plainNetwork returns a network with eni-1 at own4 and own6, whose group and network ACL have no rules.
func plainNetwork() *netmodel.Network {
	prefixes := func(of ...string) (out []netip.Prefix) {
		for _, s := range of {
			out = append(out, netip.MustParsePrefix(s))
		}
		return out
	}
	return &netmodel.Network{
		VPCs:    map[string]*netmodel.VPC{"vpc-1": {ID: "vpc-1", CIDRs: prefixes("10.0.0.0/16", "2001:db8::/56")}},
		Subnets: map[string]*netmodel.Subnet{"subnet-1": {ID: "subnet-1", VPC: "vpc-1", CIDRs: prefixes("10.0.1.0/24", "2001:db8:0:1::/64"), NetworkACL: "acl-1"}},
		Interfaces: map[string]*netmodel.Interface{
			"eni-1": {ID: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", Type: "interface", Groups: []string{"sg-1"}, Addresses: []netip.Addr{own4, own6}},
		},
		SecurityGroups: map[string]*netmodel.SecurityGroup{"sg-1": {ID: "sg-1", VPC: "vpc-1"}},
		NetworkACLs:    map[string]*netmodel.NetworkACL{"acl-1": {ID: "acl-1", VPC: "vpc-1"}},
		PrefixLists:    map[string]*netmodel.PrefixList{},
	}
}

// decides returns what decides at eni-1.
func decides(t testing.TB, n *netmodel.Network) *policy.Interface {
	t.Helper()
	i, err := policy.New(n).At("eni-1")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// ethernet returns a frame of an IP packet with a body.
func ethernet(src, dst netip.Addr, protocol byte, body []byte) []byte {
	frame := make([]byte, 12, 54+len(body))
	if src.Is4() {
		frame = append(frame, 0x08, 0x00, 0x45, 0, 0, 0, 0, 7, 0x40, 0, 64, protocol, 0, 0)
		big.PutUint16(frame[16:], uint16(20+len(body)))
	} else {
		frame = append(frame, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, protocol, 64)
		big.PutUint16(frame[18:], uint16(len(body)))
	}
	frame = append(append(frame, src.AsSlice()...), dst.AsSlice()...)
	return append(frame, body...)
}

func tcpFrame(src, dst netip.Addr, srcPort, dstPort uint16, flags byte, data []byte) []byte {
	b := make([]byte, 20, 20+len(data))
	big.PutUint16(b, srcPort)
	big.PutUint16(b[2:], dstPort)
	b[12], b[13] = 0x50, flags
	return ethernet(src, dst, netmodel.TCP, append(b, data...))
}

// record is a row as a test has it.
type record struct {
	flow             string // "src:port dst:port protocol"
	packets, bytes   int64
	flags            uint8
	refused, dropped bool
	rules            string
}

func recordOf(r *Row) record {
	return record{
		flow:    fmt.Sprintf("%s %s %d", netip.AddrPortFrom(r.Src, r.SrcPort), netip.AddrPortFrom(r.Dst, r.DstPort), r.Protocol),
		packets: r.Packets, bytes: r.Bytes, flags: r.Flags, refused: r.Refused, dropped: r.Dropped(), rules: strings.Join(r.Rules(), " "),
	}
}

// records reads what was counted, in order.
func records(t testing.TB, p *Program) []record {
	t.Helper()
	var out []record
	if err := p.Read(func(r *Row) error { out = append(out, recordOf(r)); return nil }); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(out, func(a, b record) int {
		return cmp.Or(strings.Compare(a.flow, b.flow), strings.Compare(a.rules, b.rules))
	})
	return out
}

func same(t testing.TB, want, got []record) {
	t.Helper()
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(record{})); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// web returns a network whose group lets HTTP in and nothing else, with a network ACL that denies one host on the way out.
func web() *netmodel.Network {
	n := plainNetwork()
	every := netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}
	anywhere := netip.MustParsePrefix("0.0.0.0/0")
	n.NetworkACLs["acl-1"].Ingress = []netmodel.ACLEntry{{Number: 100, Allow: true, Traffic: every, CIDR: anywhere}}
	n.NetworkACLs["acl-1"].Egress = []netmodel.ACLEntry{
		{Number: 90, Traffic: every, CIDR: netip.MustParsePrefix("203.0.113.7/32")}, {Number: 100, Allow: true, Traffic: every, CIDR: anywhere},
	}
	n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{
		{ID: "sgr-http", Traffic: netmodel.Traffic{Protocol: netmodel.TCP, From: 80, To: 80, Type: -1, Code: -1}, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix("203.0.113.0/24")}},
	}
	return n
}

func nothing(*Row) error { return nil }

// send gives a frame, and reports whether it was dropped.
func send(t testing.TB, p *ebpf.Program, frame []byte) bool {
	t.Helper()
	dropped, ran := run(t, p, frame)
	if !ran {
		t.Fatalf("the kernel did not take %x", frame)
	}
	return dropped
}

// TestTruth has the cases that flow logs are read for, and what a change of the policy does to them.
func TestTruth(t *testing.T) {
	p := load(t, Options{Driven: true})
	if err := p.SetTime(start); err != nil {
		t.Fatal(err)
	}
	network := web()
	use := func(mode Mode) {
		swap(t, p, []Interface{{ID: "eni-1", Mode: mode, Policy: decides(t, network)}})
	}
	use(Enforce)
	if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	in, out := p.objects.Ingress, p.objects.Egress
	client, denied := netip.MustParseAddr("203.0.113.5"), netip.MustParseAddr("203.0.113.7")
	for _, host := range []netip.Addr{client, denied} {
		send(t, in, tcpFrame(host, own4, 40000, 80, policy.SYN, nil))
		send(t, out, tcpFrame(own4, host, 80, 40000, policy.SYN|policy.ACK, nil))
		send(t, in, tcpFrame(host, own4, 40000, 23, policy.SYN, nil))
	}
	send(t, out, tcpFrame(own4, client, 50000, 25, policy.SYN, nil))
	same(t, []record{
		{"10.0.1.10:50000 203.0.113.5:25 6", 1, 40, 2, true, true, "sg:egress:implicit-deny"},
		{"10.0.1.10:80 203.0.113.5:40000 6", 1, 40, 18, false, false, "sgr-http acl-1:egress:100"},
		{"10.0.1.10:80 203.0.113.7:40000 6", 1, 40, 18, true, true, "acl-1:egress:90"},
		{"203.0.113.5:40000 10.0.1.10:23 6", 1, 40, 2, true, true, "sg:ingress:implicit-deny"},
		{"203.0.113.5:40000 10.0.1.10:80 6", 1, 40, 2, false, false, "sgr-http acl-1:ingress:100"},
		{"203.0.113.7:40000 10.0.1.10:23 6", 1, 40, 2, true, true, "sg:ingress:implicit-deny"},
		{"203.0.113.7:40000 10.0.1.10:80 6", 1, 40, 2, false, false, "sgr-http acl-1:ingress:100"},
	}, records(t, p))
	// The group's rule goes: what is open stays, what is new is refused. In shadow mode it passes all the same.
	network.SecurityGroups["sg-1"].Ingress = nil
	use(Shadow)
	send(t, in, tcpFrame(client, own4, 40000, 80, policy.ACK, nil))
	if send(t, in, tcpFrame(client, own4, 40009, 80, policy.SYN, nil)) {
		t.Error("shadow mode drops")
	}
	same(t, []record{
		{"203.0.113.5:40000 10.0.1.10:80 6", 1, 40, 0, false, false, "sgr-http acl-1:ingress:100"},
		{"203.0.113.5:40009 10.0.1.10:80 6", 1, 40, 2, true, false, "sg:ingress:implicit-deny"},
	}, records(t, p))
	// A network ACL cuts at once, in its direction.
	network.NetworkACLs["acl-1"].Ingress = nil
	use(Enforce)
	if !send(t, in, tcpFrame(client, own4, 40000, 80, policy.ACK, nil)) || send(t, out, tcpFrame(own4, client, 80, 40000, policy.ACK, nil)) {
		t.Error("the network ACL does not cut its direction alone")
	}
	same(t, []record{
		{"10.0.1.10:80 203.0.113.5:40000 6", 1, 40, 0, false, false, "sgr-http acl-1:egress:100"},
		{"203.0.113.5:40000 10.0.1.10:80 6", 1, 40, 0, true, true, "acl-1:ingress:*"},
	}, records(t, p))
	use(Count)
	send(t, in, tcpFrame(client, own4, 1, 2, policy.SYN, nil))
	same(t, []record{{"203.0.113.5:1 10.0.1.10:2 6", 1, 40, 2, false, false, ""}}, records(t, p))
	// It is off where it isn't in the list any more.
	swap(t, p, nil)
	send(t, in, tcpFrame(client, own4, 1, 2, policy.SYN, nil))
	same(t, nil, records(t, p))
}

// TestSwapRefuses has what can't be put in force.
func TestSwapRefuses(t *testing.T) {
	p := load(t, Options{Driven: true})
	many := plainNetwork()
	for n := range 254 {
		many.NetworkACLs["acl-1"].Ingress = append(many.NetworkACLs["acl-1"].Ingress, netmodel.ACLEntry{
			Number: n + 1, Traffic: netmodel.Traffic{Protocol: netmodel.TCP, From: uint16(n), To: uint16(n)}, CIDR: netip.MustParsePrefix("0.0.0.0/0"),
		})
	}
	for want, interfaces := range map[string][]Interface{
		"eni-1 has no policy to decide by": {{ID: "eni-1", Mode: Shadow}},
		"an interface has no id":           {{Mode: Count}},
		"eni-1 is there twice":             {{ID: "eni-1", Mode: Count}, {ID: "eni-1", Mode: Count}},
		"eni-1: the network ACL has more than 253 entries of a direction, which the program has no room for": {{ID: "eni-1", Mode: Shadow, Policy: decides(t, many)}},
	} {
		if err := p.Swap(interfaces); err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
	if err := p.Watch(Device{Index: loopback}, "eni-1"); err == nil {
		t.Error("a device is an interface that nobody knows")
	}
	if err := p.Watch(Device{Index: 0}, ""); err == nil {
		t.Error("a device has an index that none has")
	}
	if err := p.Swap(nil, Change{Device: Device{Index: loopback}, ID: "eni-1"}); err == nil || err.Error() != "the program is not attached to device 1, which is to be eni-1" {
		t.Errorf("a device that the program is not at becomes an interface: %v", err)
	}
	if _, err := p.Tallies("eni-1"); err == nil {
		t.Error("there are tallies of an interface that nobody knows")
	}
}

// TestDevices has the host's side of a veth, and a device without link headers.
func TestDevices(t *testing.T) {
	p := load(t, Options{Driven: true})
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, web())}})
	if err := p.Watch(Device{Index: loopback, Flipped: true}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	client := netip.MustParseAddr("203.0.113.5")
	frame := tcpFrame(client, own4, 40000, 80, policy.SYN, nil)
	send(t, p.objects.Egress, frame)
	same(t, []record{{"203.0.113.5:40000 10.0.1.10:80 6", 1, 40, 2, false, false, "sgr-http acl-1:ingress:100"}}, records(t, p))
	if err := p.Watch(Device{Index: loopback, Raw: true}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	send(t, p.objects.Ingress, frame[14:])
	same(t, []record{{"203.0.113.5:40000 10.0.1.10:80 6", 1, 40, 2, false, false, "sgr-http acl-1:ingress:100"}}, records(t, p))
}

// skb is what of the kernel's struct __sk_buff a test sets.
//
// Source: linux/bpf.h.
type skb struct {
	_       [164]byte
	GSOSegs uint32
	_       [8]byte
	GSOSize uint32
	_       [12]byte
}

// TestSegments has frames that are cut into packets behind the program.
func TestSegments(t *testing.T) {
	p := load(t, Options{Driven: true})
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, web())}})
	if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		data           int
		size           uint32
		packets, bytes int64
	}{
		{3000, 1000, 3, 3*40 + 3000}, {3001, 1000, 4, 4*40 + 3001}, {1000, 1000, 1, 1040}, {3000, 0, 1, 3040},
	} {
		frame := tcpFrame(netip.MustParseAddr("203.0.113.5"), own4, 40000, 80, policy.ACK, make([]byte, tc.data))
		_, err := p.objects.Ingress.Run(&ebpf.RunOptions{Data: frame, Context: skb{GSOSize: tc.size}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, []record{{"203.0.113.5:40000 10.0.1.10:80 6", tc.packets, tc.bytes, 0, false, false, "sgr-http acl-1:ingress:100"}}, records(t, p))
	}
}
