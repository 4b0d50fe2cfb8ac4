package ebpf

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// firewalled is a host with a firewall of its own between a client and an instance. The host's side of the client's pair, eth0, is its network card
// and eni-host; that of the instance's pair is eni-instance, flipped.
type firewalled struct {
	p                      *Program
	host, client, instance *namespace
}

// The addresses of the three.
const (
	client4, host4, instance4 = "203.0.113.5", "10.0.1.10", "10.0.2.10"
	client6, host6, instance6 = "2001:db8:1::5", "2001:db8:2::10", "2001:db8:3::10"
)

// needNFT skips a test where nftables is not installed.
func needNFT(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: nftables is not installed: %v", err)
	}
}

func newFirewalled(t *testing.T, o Options) *firewalled {
	t.Helper()
	f := &firewalled{}
	if o.Pin == "" {
		f.p, f.host = load(t, o), newNamespace(t)
	} else {
		f.p, f.host = tryLoad(t, o), &namespace{id: syscall.Gettid()} // where the pins are
	}
	needIP(t)
	needNFT(t)
	f.client, f.instance = newNamespace(t), newNamespace(t)
	f.wire(t, f.client, "eth0", client4, client6, host4, host6, []string{instance4, instance6})
	f.wire(t, f.instance, "eni-in", instance4, instance6, "10.0.2.1", "2001:db8:3::1", []string{client4, client6, host4, host6})
	if err := f.p.Swap([]Interface{{ID: "eni-host", Mode: Observe}, {ID: "eni-instance", Mode: Observe}}); err != nil {
		t.Fatal(err)
	}
	if err := f.p.Read(nothing); err != nil {
		t.Fatal(err)
	}
	f.host.in(func() {
		for _, file := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
			if err := os.WriteFile("/proc/sys/net/"+file, []byte("1"), 0o600); err != nil {
				t.Error(err)
			}
		}
		for device, id := range map[string]string{"eth0": "eni-host", "eni-in": "eni-instance"} {
			found, err := net.InterfaceByName(device)
			if err == nil {
				err = f.p.Attach(Device{Index: found.Index, Flipped: id == "eni-instance"}, id)
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return f
}

// wire connects the host with another, which reaches others by it. Neither ARP nor IPv6's own packets pass.
func (f *firewalled) wire(t *testing.T, other *namespace, device, own4, own6, at4, at6 string, others []string) {
	t.Helper()
	const hostMAC, otherMAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
	f.host.ip(t, "link", "add", device, "address", hostMAC, "type", "veth", "peer", "name", "eth0", "address", otherMAC, "netns", strconv.Itoa(other.id))
	for _, end := range []struct {
		at                *namespace
		device, v4, v6    string
		peer4, peer6, mac string
	}{{f.host, device, at4, at6, own4, own6, otherMAC}, {other, "eth0", own4, own6, at4, at6, hostMAC}} {
		end.at.ip(t, "link", "set", end.device, "gso_max_segs", "1", "addrgenmode", "none", "multicast", "off", "arp", "off")
		end.at.ip(t, "link", "set", end.device, "up")
		end.at.ip(t, "addr", "add", end.v4+"/32", "dev", end.device)
		end.at.ip(t, "addr", "add", end.v6+"/128", "dev", end.device, "nodad")
		for _, peer := range []string{end.peer4, end.peer6} {
			end.at.ip(t, "route", "add", peer, "dev", end.device)
			end.at.ip(t, "neigh", "add", peer, "lladdr", end.mac, "dev", end.device)
		}
	}
	for _, to := range others {
		via := at4
		if strings.Contains(to, ":") {
			via = at6
		}
		other.ip(t, "route", "add", to, "via", via, "dev", "eth0")
	}
}

// run runs a command of the host.
func (f *firewalled) run(t *testing.T, input, name string, words ...string) []byte {
	t.Helper()
	var out []byte
	var err error
	f.host.in(func() {
		c := exec.CommandContext(t.Context(), name, words...)
		c.Stdin = strings.NewReader(input)
		out, err = c.CombinedOutput()
	})
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, words, err, out)
	}
	return out
}

// rules puts a chain of nftables in force, alone.
func (f *firewalled) rules(t *testing.T, family, hook, rule string) {
	t.Helper()
	f.run(t, fmt.Sprintf("flush ruleset\ntable %s t {\n\tchain c {\n\t\ttype filter hook %s;\n\t\t%s\n\t}\n}\n", family, hook, rule), "nft", "-f", "-")
}

// counted returns what nftables' rules have counted.
func (f *firewalled) counted(t *testing.T) (packets, bytes int64) {
	t.Helper()
	var all struct {
		NFTables []struct {
			Rule *struct {
				Expr []struct {
					Counter *struct{ Packets, Bytes int64 }
				}
			}
		}
	}
	if err := json.Unmarshal(f.run(t, "", "nft", "-j", "list", "ruleset"), &all); err != nil {
		t.Fatal(err)
	}
	for _, o := range all.NFTables {
		if o.Rule == nil {
			continue
		}
		for _, e := range o.Rule.Expr {
			if e.Counter != nil {
				packets, bytes = packets+e.Counter.Packets, bytes+e.Counter.Bytes
			}
		}
	}
	return packets, bytes
}

// read reads what was counted, adds it to packets by flow (interface, direction, protocol, port, and what happened) and to what was refused, and returns how
// many packets there were.
func (f *firewalled) read(t *testing.T, got map[string]int64, refused *[2]int64) (packets int64) {
	t.Helper()
	err := f.p.Read(func(r *Row) error {
		flow, n := r.Flow()
		if flow.Dst.IsMulticast() {
			return nil // what hosts say to join groups
		}
		way := "in"
		if flow.Egress {
			way = "out"
		}
		key := strings.TrimSpace(fmt.Sprintf("%s %s %d:%d %s %s", flow.Interface, way, flow.Protocol, flow.DstPort, flow.Action, flow.RejectRule))
		got[key] += n.Packets
		packets += n.Packets
		if flow.Action == "REJECT" {
			refused[0], refused[1] = refused[0]+n.Packets, refused[1]+n.Bytes
			if flow.Stage != "host" || flow.WouldAction != "" || flow.AllowRules != "" || n.First > n.Last || n.First == 0 {
				t.Errorf("%+v %+v", flow, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packets
}

// flows reads until as many packets were counted as are wanted, and returns those of each flow, and what was refused.
func (f *firewalled) flows(t *testing.T, want map[string]int64) (got map[string]int64, refused [2]int64) {
	t.Helper()
	var left int64
	for _, n := range want {
		left += n
	}
	got = map[string]int64{}
	for end := time.Now().Add(5 * time.Second); left > 0 && time.Now().Before(end); {
		left -= f.read(t, got, &refused)
	}
	return got, refused
}

// datagrams sends datagrams of 100 bytes from an address.
func datagrams(t *testing.T, at *namespace, from, to string, port uint16, count int) {
	t.Helper()
	c := listenUDP(t, at, netip.AddrPortFrom(netip.MustParseAddr(from), 0).String())
	defer c.Close()
	for range count {
		if _, err := c.WriteTo(make([]byte, 100), net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(to), port))); err != nil && !strings.Contains(err.Error(), "not permitted") {
			t.Fatal(err)
		}
	}
}

// TestObserve has nftables refuse at each hook: what it counts is what was refused, and the rest was accepted.
func TestObserve(t *testing.T) {
	t.Parallel()
	f := newFirewalled(t, Options{})
	for _, at := range []string{host4 + ":53", "[" + host6 + "]:53"} {
		listenUDP(t, f.host, at)
	}
	for _, at := range []string{instance4 + ":53", "[" + instance6 + "]:53"} {
		listenUDP(t, f.instance, at)
	}
	for _, at := range []string{client4 + ":53", "[" + client6 + "]:53"} {
		listenUDP(t, f.client, at)
	}
	const drop, raw = "udp dport 5353 counter drop", " priority -300"
	type sending struct {
		from *namespace
		a, b [2]string // of IPv4 and IPv6
	}
	toHost := sending{f.client, [2]string{client4, client6}, [2]string{host4, host6}}
	through := sending{f.client, toHost.a, [2]string{instance4, instance6}}
	outwards := sending{f.instance, through.b, toHost.a}
	fromHost := sending{f.host, toHost.b, toHost.a}
	toInstance := sending{f.host, [2]string{"10.0.2.1", "2001:db8:3::1"}, through.b}
	for _, tc := range []struct {
		name, family, hook string
		sending
		rule string           // of IPv4, then of IPv6 where it is another
		want map[string]int64 // with the rule's name left out where it says REJECT
	}{
		{"ingress", "netdev", "ingress device eth0" + raw, toHost, "netfilter:ingress", map[string]int64{"eni-host in 17:53 ACCEPT": 2, "eni-host in 17:5353 REJECT": 5}},
		{"raw", "inet", "prerouting" + raw, toHost, "netfilter:prerouting", map[string]int64{"eni-host in 17:53 ACCEPT": 2, "eni-host in 17:5353 REJECT": 5}},
		{"input", "inet", "input priority 0", toHost, "netfilter:input", map[string]int64{"eni-host in 17:53 ACCEPT": 2, "eni-host in 17:5353 REJECT": 5}},
		{"forward", "inet", "forward priority 0", through, "netfilter:forward", map[string]int64{
			"eni-host in 17:53 ACCEPT": 2, "eni-instance in 17:53 ACCEPT": 2, "eni-host in 17:5353 REJECT": 5,
		}},
		{"postrouting", "inet", "postrouting priority 0", through, "netfilter:postrouting", map[string]int64{
			"eni-host in 17:53 ACCEPT": 2, "eni-instance in 17:53 ACCEPT": 2, "eni-host in 17:5353 REJECT": 5,
		}},
		{"egress hook", "netdev", "egress device eni-in" + raw, through, "netfilter:egress", map[string]int64{
			"eni-host in 17:53 ACCEPT": 2, "eni-instance in 17:53 ACCEPT": 2, "eni-host in 17:5353 REJECT": 5,
		}},
		{"out of the instance", "inet", "forward priority 0", outwards, "netfilter:forward", map[string]int64{
			"eni-instance out 17:53 ACCEPT": 2, "eni-host out 17:53 ACCEPT": 2, "eni-instance out 17:5353 REJECT": 5,
		}},
		{"output", "inet", "output priority 0", fromHost, "netfilter:output", map[string]int64{"eni-host out 17:53 ACCEPT": 2, "eni-host out 17:5353 REJECT": 5}},
		{"output to the instance", "inet", "output priority 0", toInstance, "netfilter:output", map[string]int64{"eni-instance in 17:53 ACCEPT": 2, "eni-instance in 17:5353 REJECT": 5}},
		{"out's postrouting", "inet", "postrouting priority 0", fromHost, "netfilter:postrouting|netfilter", map[string]int64{"eni-host out 17:53 ACCEPT": 2, "eni-host out 17:5353 REJECT": 5}},
		{"out's egress", "netdev", "egress device eth0" + raw, fromHost, "netfilter:egress", map[string]int64{"eni-host out 17:53 ACCEPT": 2, "eni-host out 17:5353 REJECT": 5}},
	} {
		for family := range 2 {
			t.Run(fmt.Sprint(tc.name, " ", []string{"ipv4", "ipv6"}[family]), func(t *testing.T) {
				f.rules(t, tc.family, tc.hook, drop)
				rules := strings.Split(tc.rule, "|")
				want := map[string]int64{}
				for key, n := range tc.want {
					if strings.HasSuffix(key, "REJECT") {
						key += " " + rules[min(family, len(rules)-1)]
					}
					want[key] = n
				}
				datagrams(t, tc.from, tc.a[family], tc.b[family], 5353, 5)
				datagrams(t, tc.from, tc.a[family], tc.b[family], 53, 2)
				got, refused := f.flows(t, want)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got): %s", diff)
				}
				if packets, bytes := f.counted(t); refused != [2]int64{packets, bytes} && tc.family != "netdev" || packets != 5 {
					t.Errorf("refused %v, nftables has %d and %d bytes", refused, packets, bytes)
				}
			})
		}
	}
	for _, id := range []string{"eni-host", "eni-instance"} {
		if all, err := f.p.Tallies(id); err != nil || all.Unattributed != 0 {
			t.Errorf("%s: %+v, %v", id, all, err)
		}
	}
	if n, err := f.p.Missed(); err != nil || n != 0 {
		t.Errorf("%d missed: %v", n, err)
	}
}

// TestObserveOne has only the interface that packets were to go to in mode Observe: it is told of what was refused on the way to it, and the one that they came
// in by has accepted them. The instance's own firewall is not the host's.
func TestObserveOne(t *testing.T) {
	t.Parallel()
	f := newFirewalled(t, Options{})
	swap(t, f.p, []Interface{{ID: "eni-host", Mode: Count}, {ID: "eni-instance", Mode: Observe}})
	f.rules(t, "inet", "forward priority 0", "udp dport 5353 counter drop")
	for _, ends := range [][2]string{{client4, instance4}, {client6, instance6}} {
		datagrams(t, f.client, ends[0], ends[1], 5353, 5)
		want := map[string]int64{"eni-host in 17:5353 ACCEPT": 5, "eni-instance in 17:5353 REJECT netfilter:forward": 5}
		if got, _ := f.flows(t, want); gocmp.Diff(want, got) != "" {
			t.Errorf("(-want +got): %s", gocmp.Diff(want, got))
		}
	}
	// The instance's own firewall: what it drops has passed the interface.
	f.run(t, "flush ruleset", "nft", "-f", "-")
	inner := firewalled{host: f.instance}
	inner.rules(t, "inet", "input priority 0", "udp dport 5353 counter drop")
	datagrams(t, f.client, client4, instance4, 5353, 5)
	want := map[string]int64{"eni-host in 17:5353 ACCEPT": 5, "eni-instance in 17:5353 ACCEPT": 5}
	if got, _ := f.flows(t, want); gocmp.Diff(want, got) != "" {
		t.Errorf("(-want +got): %s", gocmp.Diff(want, got))
	}
	if packets, _ := inner.counted(t); packets != 5 {
		t.Errorf("the instance's firewall has dropped %d", packets)
	}
}
