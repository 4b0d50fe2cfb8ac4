package ebpf

import (
	"cmp"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"weir/internal/netmodel"
)

// The host's addresses: the network ACL lets nothing out to the second.
const (
	far4, denied4 = "203.0.113.5", "203.0.113.7"
	far6          = "2001:db8:ffff::5"
)

// services returns a network that refuses at each stage, in each direction: the group lets DNS and HTTP and pings in, and DNS out;
// the network ACL lets in nothing to ports 23 and 5353, and out nothing to port 445 or the host that is denied.
func services() *netmodel.Network {
	n := plainNetwork()
	traffic := func(protocol int, port uint16) netmodel.Traffic {
		return netmodel.Traffic{Protocol: protocol, From: port, To: port, Type: -1, Code: -1}
	}
	ping := func(protocol, kind int) netmodel.Traffic {
		return netmodel.Traffic{Protocol: protocol, Type: kind, Code: -1}
	}
	hosts := map[string]netip.Prefix{"4": netip.MustParsePrefix("203.0.113.0/24"), "6": netip.MustParsePrefix("2001:db8:ffff::/64")}
	g, a := n.SecurityGroups["sg-1"], n.NetworkACLs["acl-1"]
	for _, family := range []string{"4", "6"} {
		peer := netmodel.Peer{CIDR: hosts[family]}
		pings := ping(netmodel.ICMP, 8)
		if family == "6" {
			pings = ping(netmodel.ICMPv6, 128)
		}
		g.Ingress = append(g.Ingress,
			netmodel.GroupRule{ID: "sgr-dns" + family, Traffic: traffic(netmodel.UDP, 53), Peer: peer},
			netmodel.GroupRule{ID: "sgr-http" + family, Traffic: traffic(netmodel.TCP, 80), Peer: peer},
			netmodel.GroupRule{ID: "sgr-ping" + family, Traffic: pings, Peer: peer})
		g.Egress = append(g.Egress,
			netmodel.GroupRule{ID: "sgr-ask" + family, Traffic: traffic(netmodel.UDP, 53), Peer: peer},
			netmodel.GroupRule{ID: "sgr-share" + family, Traffic: traffic(netmodel.TCP, 445), Peer: peer})
	}
	for i, all := range []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")} {
		entry := func(number int, t netmodel.Traffic) netmodel.ACLEntry {
			return netmodel.ACLEntry{Number: number + i, Traffic: t, CIDR: all}
		}
		allow := entry(100, netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1})
		allow.Allow = true
		a.Ingress = append(a.Ingress, entry(50, traffic(netmodel.TCP, 23)), entry(60, traffic(netmodel.UDP, 5353)), allow)
		a.Egress = append(a.Egress, entry(50, traffic(netmodel.TCP, 445)), allow)
	}
	every := netmodel.Traffic{Protocol: netmodel.AllProtocols, Type: -1, Code: -1}
	a.Egress = append(a.Egress, netmodel.ACLEntry{Number: 90, Traffic: every, CIDR: netip.MustParsePrefix(denied4 + "/32")})
	for _, entries := range [][]netmodel.ACLEntry{a.Ingress, a.Egress} {
		slices.SortFunc(entries, func(a, b netmodel.ACLEntry) int { return cmp.Compare(a.Number, b.Number) })
	}
	return n
}

// wired is the program at the host's side of a veth pair.
type wired struct {
	p              *Program
	host, instance *namespace
	all            sums
}

func newWired(t *testing.T, n *netmodel.Network) *wired {
	t.Helper()
	w := &wired{p: load(t, Options{}), host: newNamespace(t), instance: newNamespace(t)}
	needIP(t)
	connect(t, w.host, w.instance)
	swap(t, w.p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, n)}})
	var err error
	w.host.in(func() {
		var device *net.Interface
		if device, err = net.InterfaceByName("eni-host"); err == nil {
			err = w.p.Attach(Device{Index: device.Index, Flipped: true}, "eni-1")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.p.Detach(w.p.Attached()[0]); err != nil {
			t.Error(err)
		}
	})
	// Only now: a host that gets an IPv6 address says so, and this is to be counted, too.
	for _, end := range []struct {
		at          *namespace
		device, mac string
		own, peers  []string
	}{
		{w.host, "eni-host", "02:00:00:00:00:02", []string{denied4 + "/32", far6 + "/128"}, []string{own6.String()}},
		{w.instance, "eni0", "02:00:00:00:00:01", []string{own6.String() + "/128"}, []string{denied4, far6}},
	} {
		for _, a := range end.own {
			words := []string{"addr", "add", a, "dev", end.device}
			if strings.Contains(a, ":") {
				words = append(words, "nodad")
			}
			end.at.ip(t, words...)
		}
		for _, a := range end.peers {
			end.at.ip(t, "route", "add", a, "dev", end.device)
			end.at.ip(t, "neigh", "add", a, "lladdr", end.mac, "dev", end.device)
		}
	}
	return w
}

// read reads what was counted until as many packets were as are wanted, or a few seconds have passed. What hosts say among
// themselves to join groups of multicast is counted alone.
func (w *wired) read(t *testing.T, packets int64) map[string]record {
	t.Helper()
	out := map[string]record{}
	for end := time.Now().Add(5 * time.Second); packets > 0 && time.Now().Before(end); {
		packets -= w.once(t, out)
	}
	return out
}

// once reads what was counted since, adds it to records, and returns the packets of these.
func (w *wired) once(t *testing.T, out map[string]record) (packets int64) {
	t.Helper()
	err := w.p.Read(func(r *Row) error {
		way, refused := 0, 0
		if r.Egress {
			way = 1
		}
		if r.Refused {
			refused = 1
		}
		w.all[way][refused][0] += r.Packets
		w.all[way][refused][1] += r.Bytes
		if r.Dst.IsMulticast() {
			return nil
		}
		packets += r.Packets
		n := recordOf(r)
		key := n.flow + " " + n.rules
		n.packets, n.bytes, n.flags = n.packets+out[key].packets, n.bytes+out[key].bytes, n.flags|out[key].flags
		out[key] = n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packets
}

// counted is all that was counted: the rows that were read, and what passed that no flow log has.
func (w *wired) counted(t *testing.T) sums {
	t.Helper()
	tallies, err := w.p.Tallies("eni-1")
	if err != nil {
		t.Fatal(err)
	}
	out := w.all
	for way := range 2 {
		for what := range 2 {
			out[way][0][what] += int64(tallies.Unlogged[way][what])
		}
	}
	return out
}

// check compares what was counted with records, whatever their order.
func (w *wired) check(t *testing.T, want []record) {
	t.Helper()
	by, packets := map[string]record{}, int64(0)
	for _, r := range want {
		by[r.flow+" "+r.rules] = r
		packets += r.packets
	}
	if diff := gocmp.Diff(by, w.read(t, packets), gocmp.AllowUnexported(record{})); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// udp sends datagrams of a size from one address to another.
func udp(t *testing.T, at *namespace, from, to string, count, size int) {
	t.Helper()
	c := listenUDP(t, at, from)
	addr := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))
	for range count {
		if _, err := c.WriteTo(make([]byte, size), addr); err != nil {
			t.Fatal(err)
		}
	}
}

// answer takes datagrams, and answers each.
func answer(t *testing.T, c *net.UDPConn, count, size int) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for range count {
		_, from, err := c.ReadFrom(make([]byte, 8000))
		if err == nil && size > 0 {
			_, err = c.WriteTo(make([]byte, size), from)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// ping sends an echo request with 56 bytes, as ping does.
func ping(t *testing.T, at *namespace, network, from, to string) {
	t.Helper()
	b := make([]byte, 64)
	b[0], b[4] = 8, 1
	if strings.HasPrefix(network, "ip6") {
		b[0] = 128 // the kernel fills the checksum in
	} else {
		binary.BigEndian.PutUint16(b[2:], ^uint16(0x0800+0x0100))
	}
	var c net.PacketConn
	var err error
	at.in(func() { c, err = net.ListenPacket(network, from) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.WriteTo(b, &net.IPAddr{IP: net.ParseIP(to)}); err != nil {
		t.Fatal(err)
	}
}

// syn tries to connect, for less time than it takes until the kernel tries again.
func syn(t *testing.T, at *namespace, from, to string) {
	t.Helper()
	at.in(func() {
		d := net.Dialer{Timeout: 100 * time.Millisecond, LocalAddr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))}
		if c, err := d.DialContext(t.Context(), "tcp", to); err == nil {
			c.Close()
			t.Errorf("%s reaches %s", from, to)
		}
	})
}

// TestTraffic has traffic of all kinds between two namespaces, which each stage refuses in each direction: verdicts, rules, packets
// and bytes are exact, and their sum is what the instance's device has.
func TestTraffic(t *testing.T) {
	t.Parallel()
	w := newWired(t, services())
	host, instance := w.host, w.instance
	const in, out = "sg:ingress:implicit-deny", "sg:egress:implicit-deny"
	for _, c := range []struct {
		name string
		do   func(t *testing.T)
		want []record
	}{
		{"UDP comes in and is answered", func(t *testing.T) {
			at := listenUDP(t, instance, "10.0.1.10:53")
			udp(t, host, far4+":40000", "10.0.1.10:53", 3, 100)
			answer(t, at, 3, 50)
		}, []record{
			{far4 + ":40000 10.0.1.10:53 17", 3, 384, 0, false, false, "sgr-dns4 acl-1:ingress:100"},
			{"10.0.1.10:53 " + far4 + ":40000 17", 3, 234, 0, false, false, "sgr-dns4 acl-1:egress:100"},
		}},
		{"UDP is refused on its way in", func(t *testing.T) {
			udp(t, host, far4+":40001", "10.0.1.10:5000", 2, 100)
			udp(t, host, far4+":40002", "10.0.1.10:5353", 2, 100)
		}, []record{
			{far4 + ":40001 10.0.1.10:5000 17", 2, 256, 0, true, true, in},
			{far4 + ":40002 10.0.1.10:5353 17", 2, 256, 0, true, true, "acl-1:ingress:60"},
		}},
		{"UDP is refused on its way out", func(t *testing.T) {
			udp(t, instance, "10.0.1.10:40003", far4+":26", 2, 100)
			udp(t, instance, "10.0.1.10:40004", denied4+":53", 2, 100)
		}, []record{
			{"10.0.1.10:40003 " + far4 + ":26 17", 2, 256, 0, true, true, out},
			{"10.0.1.10:40004 " + denied4 + ":53 17", 2, 256, 0, true, true, "acl-1:egress:90"},
		}},
		{"the network ACL refuses an answer on its way out", func(t *testing.T) {
			at := listenUDP(t, instance, "10.0.1.10:53")
			udp(t, host, denied4+":40005", "10.0.1.10:53", 1, 10)
			answer(t, at, 1, 20)
		}, []record{
			{denied4 + ":40005 10.0.1.10:53 17", 1, 38, 0, false, false, "sgr-dns4 acl-1:ingress:100"},
			{"10.0.1.10:53 " + denied4 + ":40005 17", 1, 48, 0, true, true, "acl-1:egress:90"},
		}},
		{"the network ACL refuses an answer on its way in", func(t *testing.T) {
			at := listenUDP(t, host, far4+":53")
			udp(t, instance, "10.0.1.10:5353", far4+":53", 1, 10)
			answer(t, at, 1, 20)
		}, []record{
			{"10.0.1.10:5353 " + far4 + ":53 17", 1, 38, 0, false, false, "sgr-ask4 acl-1:egress:100"},
			{far4 + ":53 10.0.1.10:5353 17", 1, 48, 0, true, true, "acl-1:ingress:60"},
		}},
		{"pings", func(t *testing.T) {
			ping(t, host, "ip4:icmp", far4, "10.0.1.10")
			ping(t, host, "ip4:icmp", denied4, "10.0.1.10")
			ping(t, instance, "ip4:icmp", "10.0.1.10", far4)
		}, []record{
			{far4 + ":0 10.0.1.10:0 1", 1, 84, 0, false, false, "sgr-ping4 acl-1:ingress:100"},
			{"10.0.1.10:0 " + far4 + ":0 1", 1, 84, 0, false, false, "sgr-ping4 acl-1:egress:100"},
			{denied4 + ":0 10.0.1.10:0 1", 1, 84, 0, false, false, "sgr-ping4 acl-1:ingress:100"},
			{"10.0.1.10:0 " + denied4 + ":0 1", 1, 84, 0, true, true, "acl-1:egress:90"},
			{"10.0.1.10:0 " + far4 + ":0 1", 1, 84, 0, true, true, out},
		}},
		{"an ICMP error goes with what it is about", func(t *testing.T) {
			udp(t, host, far4+":40006", "10.0.1.10:53", 1, 10) // where nobody listens
		}, []record{
			{far4 + ":40006 10.0.1.10:53 17", 1, 38, 0, false, false, "sgr-dns4 acl-1:ingress:100"},
			{"10.0.1.10:0 " + far4 + ":0 1", 1, 66, 0, false, false, "sgr-dns4 acl-1:egress:100"},
		}},
		{"TCP is refused", func(t *testing.T) {
			syn(t, host, far4+":40007", "10.0.1.10:22")
			syn(t, host, far4+":40008", "10.0.1.10:23")
			syn(t, instance, "10.0.1.10:40009", far4+":22")
			syn(t, instance, "10.0.1.10:40010", far4+":445")
		}, []record{
			{far4 + ":40007 10.0.1.10:22 6", 1, 60, 2, true, true, in},
			{far4 + ":40008 10.0.1.10:23 6", 1, 60, 2, true, true, "acl-1:ingress:50"},
			{"10.0.1.10:40009 " + far4 + ":22 6", 1, 60, 2, true, true, out},
			{"10.0.1.10:40010 " + far4 + ":445 6", 1, 60, 2, true, true, "acl-1:egress:50"},
		}},
		{"TCP is reset where nobody listens", func(t *testing.T) {
			syn(t, host, far4+":40011", "10.0.1.10:80")
		}, []record{
			{far4 + ":40011 10.0.1.10:80 6", 1, 60, 2, false, false, "sgr-http4 acl-1:ingress:100"},
			{"10.0.1.10:80 " + far4 + ":40011 6", 1, 40, 4, false, false, "sgr-http4 acl-1:egress:100"},
		}},
		{"IPv6", func(t *testing.T) {
			at := listenUDP(t, instance, "[2001:db8:0:1::10]:53")
			udp(t, host, "["+far6+"]:40012", "[2001:db8:0:1::10]:53", 2, 100)
			answer(t, at, 2, 50)
			ping(t, host, "ip6:ipv6-icmp", far6, own6.String())
			syn(t, host, "["+far6+"]:40013", "[2001:db8:0:1::10]:80")
		}, []record{
			{"[2001:db8:ffff::5]:40012 [2001:db8:0:1::10]:53 17", 2, 296, 0, false, false, "sgr-dns6 acl-1:ingress:101"},
			{"[2001:db8:0:1::10]:53 [2001:db8:ffff::5]:40012 17", 2, 196, 0, false, false, "sgr-dns6 acl-1:egress:101"},
			{"[2001:db8:ffff::5]:0 [2001:db8:0:1::10]:0 58", 1, 104, 0, false, false, "sgr-ping6 acl-1:ingress:101"},
			{"[2001:db8:0:1::10]:0 [2001:db8:ffff::5]:0 58", 1, 104, 0, false, false, "sgr-ping6 acl-1:egress:101"},
			{"[2001:db8:ffff::5]:40013 [2001:db8:0:1::10]:80 6", 1, 80, 2, false, false, "sgr-http6 acl-1:ingress:101"},
			{"[2001:db8:0:1::10]:80 [2001:db8:ffff::5]:40013 6", 1, 60, 4, false, false, "sgr-http6 acl-1:egress:101"},
		}},
		{"IPv6 is refused", func(t *testing.T) {
			syn(t, host, "["+far6+"]:40014", "[2001:db8:0:1::10]:22")
			syn(t, host, "["+far6+"]:40015", "[2001:db8:0:1::10]:23")
			syn(t, instance, "[2001:db8:0:1::10]:40016", "["+far6+"]:22")
			syn(t, instance, "[2001:db8:0:1::10]:40017", "["+far6+"]:445")
			ping(t, instance, "ip6:ipv6-icmp", own6.String(), far6)
		}, []record{
			{"[2001:db8:ffff::5]:40014 [2001:db8:0:1::10]:22 6", 1, 80, 2, true, true, in},
			{"[2001:db8:ffff::5]:40015 [2001:db8:0:1::10]:23 6", 1, 80, 2, true, true, "acl-1:ingress:51"},
			{"[2001:db8:0:1::10]:40016 [2001:db8:ffff::5]:22 6", 1, 80, 2, true, true, out},
			{"[2001:db8:0:1::10]:40017 [2001:db8:ffff::5]:445 6", 1, 80, 2, true, true, "acl-1:egress:51"},
			{"[2001:db8:0:1::10]:0 [2001:db8:ffff::5]:0 58", 1, 104, 0, true, true, out},
		}},
		{"fragments", func(t *testing.T) {
			at := listenUDP(t, instance, "10.0.1.10:53")
			udp(t, host, far4+":40018", "10.0.1.10:53", 1, 4000)
			answer(t, at, 1, 3000)
			udp(t, host, far4+":40019", "10.0.1.10:5000", 1, 4000)
			udp(t, instance, "10.0.1.10:40020", far4+":26", 1, 4000)
			at = listenUDP(t, instance, "[2001:db8:0:1::10]:53")
			udp(t, host, "["+far6+"]:40021", "[2001:db8:0:1::10]:53", 1, 4000)
			answer(t, at, 1, 0)
		}, []record{
			{far4 + ":40018 10.0.1.10:53 17", 3, 4068, 0, false, false, "sgr-dns4 acl-1:ingress:100"},
			{"10.0.1.10:53 " + far4 + ":40018 17", 3, 3068, 0, false, false, "sgr-dns4 acl-1:egress:100"},
			{far4 + ":40019 10.0.1.10:5000 17", 1, 1500, 0, true, true, in}, // the host then sends no more of it
			{"10.0.1.10:40020 " + far4 + ":26 17", 3, 4068, 0, true, true, out},
			{"[2001:db8:ffff::5]:40021 [2001:db8:0:1::10]:53 17", 3, 4152, 0, false, false, "sgr-dns6 acl-1:ingress:101"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.do(t)
			w.check(t, c.want)
		})
	}
	// Hosts send reports of IPv6's groups when they like: one may pass between what is read here and there.
	late := map[string]record{}
	for end := time.Now().Add(5 * time.Second); ; {
		w.once(t, late)
		got, device := w.counted(t), instance.counters(t, "eni0")
		if len(disagreements(got, device)) == 0 || time.Now().After(end) {
			compareDevice(t, got, device)
			break
		}
	}
	if len(late) > 0 {
		t.Errorf("more was counted than was sent: %v", late)
	}
}
