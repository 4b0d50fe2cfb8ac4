package aggregate

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

const second = int64(time.Second)

// flow returns a flow of an interface.
func flow(id string, port uint16) Flow {
	return Flow{Interface: id, Directed: true, Src: netip.MustParseAddr("203.0.113.5"), Dst: netip.MustParseAddr("10.0.1.20"), SrcPort: port, DstPort: 443, Protocol: 6, Judgement: Judgement{Action: "ACCEPT"}}
}

// packet returns the counts of a packet at a time in seconds.
func packet(at float64, bytes int64, flags uint8) Counts {
	ns := int64(at * float64(second))
	return Counts{Packets: 1, Bytes: bytes, First: ns, Last: ns, Flags: PacketFlags(flags)}
}

// lines closes windows and returns their records.
func lines(t *testing.T, w *Windows, all bool, format string, about func(string) *Interface) []string {
	t.Helper()
	f, err := flowlog.ParseLogFormat(format)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	_, err = w.Close(all, 10, func(window *Window) error {
		b := flowlog.NewBatch(flowlog.KindVPC)
		if err := AppendRecords(b, window, f.RecordVersion(), about); err != nil {
			return err
		}
		for r := range b.Records() {
			out = append(out, string(flowlog.AppendText(nil, r, f)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func nobody(string) *Interface { return nil }

func TestWindows(t *testing.T) {
	w := NewWindows(time.Minute)
	a, b := flow("eni-a", 40000), flow("eni-b", 40001)
	w.Add(&a, packet(60, 60, 0x02))
	w.Add(&b, packet(61, 40, 0x10))
	w.Add(&a, packet(119.9, 52, 0x11))
	w.Add(&a, packet(65, 52, 0x10)) // late, and of the same window
	w.Add(&a, packet(120, 40, 0x04))
	w.Add(&b, packet(245, 40, 0x12)) // the window from 180 on has nothing
	format := "interface-id packets bytes start end tcp-flags action log-status version"
	if got := lines(t, w, false, format, nobody); !slices.Equal(got, []string{
		"eni-a 3 164 60 119 3 ACCEPT OK 3", "eni-b 1 40 61 61 0 ACCEPT OK 3", "eni-a 1 40 120 120 4 ACCEPT OK 3", "eni-b - - 120 180 - - NODATA 3",
	}) {
		t.Errorf("what has ended:\n%s", strings.Join(got, "\n"))
	}
	w.Add(&a, packet(70, 10, 0)) // of a window that has ended
	want := []string{"eni-a 1 10 70 70 0 ACCEPT OK 3", "eni-a - - 180 240 - - NODATA 3", "eni-b - - 180 240 - - NODATA 3", "eni-b 1 40 245 245 18 ACCEPT OK 3", "eni-a - - 240 300 - - NODATA 3"}
	if diff := cmp.Diff(want, lines(t, w, true, format, nobody)); diff != "" {
		t.Error(diff)
	}
	if len(w.open) != 0 {
		t.Errorf("%d windows are open", len(w.open))
	}
}

// TestIdleIsBounded has a packet long after another.
func TestIdleIsBounded(t *testing.T) {
	w := NewWindows(time.Minute)
	a := flow("eni-a", 1)
	w.Add(&a, packet(0, 1, 0))
	w.Add(&a, packet(60*1000, 1, 0))
	n := 0
	passed, err := w.Close(true, 10, func(*Window) error { n++; return nil })
	if err != nil || passed != 999 || n != 2 {
		t.Errorf("%d windows, %d passed over: %v", n, passed, err)
	}
}

func TestParts(t *testing.T) {
	w := Window{Start: 60, End: 120, Rows: make([]Row, 5), Idle: []string{"eni-a"}}
	var got [][2]int
	for p := range w.Parts(2) {
		got = append(got, [2]int{len(p.Rows), len(p.Idle)})
	}
	if !slices.Equal(got, [][2]int{{2, 0}, {2, 0}, {1, 1}}) {
		t.Error(got)
	}
	for range (&Window{}).Parts(2) {
		t.Error("nothing has a part")
	}
}

// TestOwnAddresses has the rows of spec b.6 of an interface with a secondary address, and of one that forwards.
func TestOwnAddresses(t *testing.T) {
	about := func(id string) *Interface {
		if id != "eni-a" {
			return nil
		}
		return &Interface{
			Account: "123456789012", Region: "us-east-1", VPC: "vpc-1", Subnet: "subnet-1", AZID: "use1-az1", Instance: "i-1", Address: netip.MustParseAddr("10.0.1.20"),
		}
	}
	for _, tc := range []struct {
		name             string
		egress, directed bool
		src, dst, want   string
	}{
		{"egress", true, true, "10.0.1.20", "203.0.113.5", "10.0.1.20 203.0.113.5 10.0.1.20 203.0.113.5 egress IPv4"},
		{"ingress", false, true, "203.0.113.5", "10.0.1.20", "203.0.113.5 10.0.1.20 203.0.113.5 10.0.1.20 ingress IPv4"},
		{"ingress to a secondary address", false, true, "203.0.113.5", "10.0.1.21", "203.0.113.5 10.0.1.20 203.0.113.5 10.0.1.21 ingress IPv4"},
		{"egress of what is forwarded", true, true, "192.168.7.7", "203.0.113.5", "10.0.1.20 203.0.113.5 192.168.7.7 203.0.113.5 egress IPv4"},
		{"ingress of what is forwarded", false, true, "203.0.113.5", "192.168.7.7", "203.0.113.5 10.0.1.20 203.0.113.5 192.168.7.7 ingress IPv4"},
		{"IPv6", false, true, "2001:db8::1", "2001:db8:1::20", "2001:db8::1 2001:db8:1::20 2001:db8::1 2001:db8:1::20 ingress IPv6"},
		{"no direction", false, false, "192.168.7.7", "203.0.113.5", "192.168.7.7 203.0.113.5 192.168.7.7 203.0.113.5 - IPv4"},
	} {
		w := NewWindows(time.Minute)
		f := Flow{Interface: "eni-a", Egress: tc.egress, Directed: tc.directed, Src: netip.MustParseAddr(tc.src), Dst: netip.MustParseAddr(tc.dst), Protocol: 1}
		w.Add(&f, packet(1, 84, 0))
		got := lines(t, w, true, "srcaddr dstaddr pkt-srcaddr pkt-dstaddr flow-direction type account-id region vpc-id subnet-id az-id instance-id interface-type action", about)
		want := tc.want + " 123456789012 us-east-1 vpc-1 subnet-1 use1-az1 i-1 - -"
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", tc.name, got, want)
		}
	}
}

// TestBehind has records of what the host translates, with two machines behind one address.
func TestBehind(t *testing.T) {
	about := func(string) *Interface { return &Interface{Address: netip.MustParseAddr("10.0.1.20")} }
	for _, tc := range []struct {
		egress, directed       bool
		src, dst, behind, want string
	}{
		{true, true, "10.0.1.20", "203.0.113.5", "172.17.0.2", "10.0.1.20 203.0.113.5 172.17.0.2 203.0.113.5"},
		{false, true, "203.0.113.5", "10.0.1.20", "172.17.0.2", "203.0.113.5 10.0.1.20 203.0.113.5 172.17.0.2"},
		{true, true, "10.0.1.21", "203.0.113.5", "172.17.0.2", "10.0.1.20 203.0.113.5 172.17.0.2 203.0.113.5"},
		{true, true, "2001:db8:1::20", "2001:db8::1", "fd00::2", "2001:db8:1::20 2001:db8::1 fd00::2 2001:db8::1"},
		{false, false, "203.0.113.5", "10.0.1.20", "172.17.0.2", "203.0.113.5 10.0.1.20 203.0.113.5 10.0.1.20"},
	} {
		w := NewWindows(time.Minute)
		f := Flow{Interface: "eni-a", Egress: tc.egress, Directed: tc.directed, Src: netip.MustParseAddr(tc.src), Dst: netip.MustParseAddr(tc.dst), Behind: netip.MustParseAddr(tc.behind), Protocol: 6}
		w.Add(&f, packet(1, 84, 0))
		f.Behind = netip.Addr{}
		w.Add(&f, packet(1, 84, 0))
		got := lines(t, w, true, "srcaddr dstaddr pkt-srcaddr pkt-dstaddr", about)
		if len(got) != 2 || got[1] != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

// TestRules has records of one flow that different rules decided, in one window.
func TestRules(t *testing.T) {
	w := NewWindows(time.Minute)
	for i, j := range []Judgement{
		{Action: "REJECT", Stage: "nacl", RejectRule: "acl-1:ingress:100"},
		{Action: "REJECT", Stage: "sg", RejectRule: "sg-1:ingress:implicit-deny"},
		{Action: "ACCEPT", AllowRules: "sg-1:ingress:sgr-1 acl-1:ingress:200"},
		{Action: "REJECT", Stage: "nacl", RejectRule: "acl-1:ingress:100"},
	} {
		f := flow("eni-a", 1)
		f.Judgement = j
		w.Add(&f, packet(float64(i), 40, 2))
	}
	want := []string{"2 REJECT nacl acl-1:ingress:100 -", "1 REJECT sg sg-1:ingress:implicit-deny -", "1 ACCEPT - - sg-1:ingress:sgr-1%20acl-1:ingress:200"}
	if diff := cmp.Diff(want, lines(t, w, true, "packets action weir-reject-stage weir-reject-rule weir-allow-rules", nobody)); diff != "" {
		t.Error(diff)
	}
}

// TestSums adds random packets in any order: records add up to them, whatever the windows, and each is within its own.
func TestSums(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		interval := time.Duration(1+random.IntN(700)) * time.Second
		w := NewWindows(interval)
		want, got := map[Flow]Counts{}, map[Flow]Counts{}
		take := func(window *Window) error {
			if window.End-window.Start != int64(interval/time.Second) || window.Start%(window.End-window.Start) != 0 {
				t.Fatalf("a window from %d to %d", window.Start, window.End)
			}
			for _, r := range window.Rows {
				if r.First < window.Start*second || r.Last >= window.End*second || r.First > r.Last {
					t.Fatalf("%d to %d is not in the window from %d to %d", r.First, r.Last, window.Start, window.End)
				}
				sum(got, r.Flow, r.Counts)
			}
			return nil
		}
		for range 300 {
			f := flow("eni-"+string(rune('a'+random.IntN(3))), uint16(random.IntN(3)))
			c := packet(float64(random.IntN(5000)), int64(random.IntN(1500)), uint8(random.IntN(256)))
			sum(want, f, c)
			w.Add(&f, c)
			if w.Full() {
				if _, err := w.Close(false, 10, take); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := w.Close(true, 10, take); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Fatal(diff)
		}
	}
}

func sum(of map[Flow]Counts, f Flow, c Counts) {
	if known, ok := of[f]; ok {
		known.add(&c)
		c = known
	}
	of[f] = c
}

func TestPacketFlags(t *testing.T) {
	for flags, want := range map[uint8]uint8{0x02: 2, 0x12: 18, 0x10: 0, 0x18: 0, 0x11: 1, 0x14: 4, 0xc2: 2, 0x13: 19, 0x08: 0, 0x20: 0} {
		if got := PacketFlags(flags); got != want {
			t.Errorf("%#x: %d, want %d", flags, got, want)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	w := NewWindows(time.Minute)
	flows := make([]Flow, 1024)
	for i := range flows {
		flows[i] = flow("eni-0123456789abcdef0", uint16(i))
		flows[i].AllowRules = "sg-0123456789abcdef0:ingress:sgr-0123456789abcdef0 acl-0123456789abcdef0:ingress:100"
	}
	c := packet(1, 60, 2)
	for i := 0; b.Loop(); i++ {
		w.Add(&flows[i%1024], c)
	}
}
