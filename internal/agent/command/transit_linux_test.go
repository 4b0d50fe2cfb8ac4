package command

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/internal/sharedtest"
)

const transitDefinition = `account: "123456789012"
region: us-east-1
vpcs:
  vpc-a: {cidrs: [10.0.0.0/16]}
  vpc-b: {cidrs: [10.1.0.0/16], account: "210987654321"}
subnets:
  subnet-a: {vpc: vpc-a, az: us-east-1a, az-id: use1-az1, cidrs: [10.0.1.0/24]}
  subnet-b: {vpc: vpc-b, az: us-east-1b, az-id: use1-az2, cidrs: [10.1.1.0/24], account: "210987654321"}
network-interfaces:
  eni-a: {subnet: subnet-a, addresses: [10.0.1.5], type: transit_gateway, managed: true, description: Network Interface for Transit Gateway Attachment tgw-attach-a}
  eni-b: {subnet: subnet-b, addresses: [10.1.1.5], type: transit_gateway, managed: true, description: Network Interface for Transit Gateway Attachment tgw-attach-b}
transit-gateways:
  tgw-1: {}
transit-gateway-attachments:
  tgw-attach-a: {transit-gateway: tgw-1, resource: vpc-a, subnets: [subnet-a]}
  tgw-attach-b: {transit-gateway: tgw-1, resource: vpc-b, subnets: [subnet-b]}
`

// transitConfig is of a router that is a transit gateway; how says how it counts.
func transitConfig(how string) string {
	return `network: net.yaml
listen: 127.0.0.1:8788
state: state
pin: none
capture: ` + how + `
interfaces:
  - {device: tgw-a, attachment: tgw-attach-a}
  - {device: tgw-b, attachment: tgw-attach-b}
flow-logs:
  fl-0a:
    resource: tgw-1
    interval: 60
    destination: logs
  fl-0b:
    resource: tgw-attach-b
    interval: 60
    destination: logs
    file-format: parquet
    hive-partitions: true
    hourly-partitions: true
`
}

// vpc is a network namespace with a device of a router in another one.
type vpc struct {
	*namespace
	own, gateway   string // addresses
	own6, gateway6 string
}

// wireTransit makes the namespaces of two VPCs and of a router between, whose devices are tgw-a and tgw-b.
func wireTransit(t *testing.T) (router *namespace, a, b *vpc) {
	t.Helper()
	sharedtest.NeedRoot(t)
	router = newNamespace(t)
	router.ip(t, "link", "set", "lo", "up")
	a = &vpc{newNamespace(t), "10.0.1.10", "10.0.1.1", "fd00:a::10", "fd00:a::1"}
	b = &vpc{newNamespace(t), "10.1.1.10", "10.1.1.1", "fd00:b::10", "fd00:b::1"}
	for i, v := range []*vpc{a, b} {
		device := "tgw-" + string(rune('a'+i))
		inside, outside := fmt.Sprintf("02:00:00:00:0%d:02", i), fmt.Sprintf("02:00:00:00:0%d:01", i)
		router.ip(t, "link", "add", device, "address", outside, "type", "veth", "peer", "name", "eth0", "address", inside, "netns", strconv.Itoa(v.id))
		for _, end := range []struct {
			at                                    *namespace
			device, own, own6, peer, peer6, other string
		}{{router, device, v.gateway, v.gateway6, v.own, v.own6, inside}, {v.namespace, "eth0", v.own, v.own6, v.gateway, v.gateway6, outside}} {
			// One packet each frame, so that the device counts packets; and neither IPv6's own packets nor ARP.
			end.at.ip(t, "link", "set", end.device, "gso_max_segs", "1", "addrgenmode", "none", "multicast", "off", "arp", "off")
			end.at.ip(t, "link", "set", end.device, "up")
			end.at.ip(t, "addr", "add", end.own+"/24", "dev", end.device)
			end.at.ip(t, "addr", "add", end.own6+"/64", "dev", end.device, "nodad")
			end.at.ip(t, "neigh", "add", end.peer, "lladdr", end.other, "dev", end.device)
			end.at.ip(t, "neigh", "add", end.peer6, "lladdr", end.other, "dev", end.device)
		}
		v.ip(t, "route", "add", "default", "via", v.gateway)
		v.ip(t, "route", "add", "default", "via", v.gateway6)
	}
	// A router joins a group at devices that are there already only where they have multicast.
	router.in(func() {
		for _, family := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding"} {
			if err := os.WriteFile("/proc/sys/net/"+family, []byte("1"), 0); err != nil {
				t.Error(err)
			}
		}
	})
	return router, a, b
}

// listen opens sockets in a namespace.
func (n *namespace) listen(t *testing.T, at string) net.PacketConn {
	t.Helper()
	var c net.PacketConn
	var err error
	n.in(func() { c, err = net.ListenPacket("udp", at) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// cross has both VPCs talk through the router: 1 MiB by TCP from a to b, 10 datagrams and 3 pings of IPv4, 5 datagrams of IPv6 from b to a, and 4 datagrams for which the router has no route.
func cross(t *testing.T, a, b *vpc) {
	t.Helper()
	four, six := b.listen(t, "10.1.1.10:53"), a.listen(t, "[fd00:a::10]:53")
	var server net.Listener
	var err error
	b.in(func() { server, err = net.Listen("tcp4", "10.1.1.10:80") })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	took := make(chan int64, 1)
	go func() {
		c, err := server.Accept()
		if err != nil {
			took <- -1
			return
		}
		defer c.Close()
		n, _ := io.Copy(io.Discard, c)
		took <- n
	}()
	a.in(func() {
		c, err := net.DialTimeout("tcp4", "10.1.1.10:80", 5*time.Second)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Write(make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
		datagrams(t, "10.1.1.10:53", 10)
		ping(t, "10.1.1.10", 3)
	})
	if t.Failed() {
		t.FailNow()
	}
	if n := <-took; n != 1<<20 {
		t.Errorf("%d bytes came", n)
	}
	send(t, b.namespace, "udp6", "[fd00:a::10]:53", 5)
	send(t, a.namespace, "udp4", "10.9.9.9:99", 4)
	read(t, four, 10)
	read(t, six, 5)
	closed(t, a.namespace)
	closed(t, b.namespace)
}

// send sends datagrams of 100 bytes; that a router says that it can't pass them on is no error.
func send(t *testing.T, from *namespace, network, to string, n int) {
	t.Helper()
	from.in(func() {
		c, err := net.ListenPacket(network, ":0")
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		at, err := net.ResolveUDPAddr(network, to)
		if err != nil {
			t.Error(err)
			return
		}
		for range n {
			if _, err := c.WriteTo(make([]byte, 100), at); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestTransit has an agent at a router between two VPCs that is a transit gateway: its records are what the router's devices have counted, by packets and bytes, and say both ends.
func TestTransit(t *testing.T) {
	for _, how := range []string{"bpf", "packet"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			if how == "bpf" {
				wire(t) // skips where BPF can't be had
			}
			router, a, b := wireTransit(t)
			dir := t.TempDir()
			write(t, dir, "net.yaml", transitDefinition)
			write(t, dir, "agent.yaml", transitConfig(how))
			p := launch(t, router, dir)
			if !p.wait("msg=counting ") {
				t.Fatalf("it ended: %s", strings.Join(p.log, "\n"))
			}
			cross(t, a, b)
			log := p.end(t)
			all, of := records(t, filepath.Join(dir, "logs"), keysOfAll), records(t, filepath.Join(dir, "logs"), keysOfReject)
			if len(all) == 0 || len(of) == 0 {
				t.Fatalf("no records: %s", log)
			}
			for _, at := range []string{"a", "b"} {
				received, sent := router.counters(t, "tgw-"+at)
				in, out := sum(t, all, "tgw-attachment-id=tgw-attach-"+at, "flow-direction=ingress"), sum(t, all, "tgw-attachment-id=tgw-attach-"+at, "flow-direction=egress")
				if in != received || out != sent {
					t.Errorf("tgw-%s: records have %v in and %v out, the device %v and %v", at, in, out, received, sent)
				}
			}
			if got, want := sum(t, of), sum(t, all, "tgw-attachment-id=tgw-attach-b"); got != want || want.Packets == 0 {
				t.Errorf("the attachment's flow log has %v, the transit gateway's of it %v", got, want)
			}
			for _, r := range of {
				if r["resource-type"] != "TransitGatewayAttachment" || r["tgw-attachment-id"] != "tgw-attach-b" {
					t.Errorf("%v", r)
				}
			}
			crossed(t, all)
			lost := map[string]string{"bpf": "4", "packet": ""}[how] // a packet socket does not tell
			for _, r := range all {
				if r["log-status"] != "OK" || r["dstport"] == "99" && (r["packets-lost-no-route"] != lost || (r["packets-lost-blackhole"] == "0") != (how == "bpf")) {
					t.Errorf("%v", r)
				}
			}
			if t.Failed() {
				t.Log(log)
			}
		})
	}
}

// crossed compares what records say of what crossed, and of what did not.
func crossed(t *testing.T, all []map[string]string) {
	t.Helper()
	both := strings.Fields("version=6 resource-type=TransitGateway account-id=123456789012 tgw-id=tgw-1 region=us-east-1 log-status=OK type=IPv4")
	toB := append(slices.Clone(both), strings.Fields("tgw-src-vpc-account-id=123456789012 tgw-dst-vpc-account-id=210987654321 tgw-src-vpc-id=vpc-a tgw-dst-vpc-id=vpc-b tgw-src-subnet-id=subnet-a "+
		"tgw-dst-subnet-id=subnet-b tgw-src-eni=eni-a tgw-dst-eni=eni-b tgw-src-az-id=use1-az1 tgw-dst-az-id=use1-az2")...)
	for _, tc := range []struct {
		where string
		want  count
		at    []string
	}{
		{"tgw-attachment-id=tgw-attach-a tgw-pair-attachment-id=tgw-attach-b flow-direction=ingress dstport=53 srcaddr=10.0.1.10 dstaddr=10.1.1.10 protocol=17 tcp-flags=0", count{10, 1280}, toB},
		{"tgw-attachment-id=tgw-attach-b tgw-pair-attachment-id=tgw-attach-a flow-direction=egress dstport=53 srcaddr=10.0.1.10 dstaddr=10.1.1.10 protocol=17", count{10, 1280}, toB},
		{"tgw-attachment-id=tgw-attach-a tgw-pair-attachment-id=tgw-attach-b flow-direction=ingress protocol=1", count{3, 252}, toB},
		{"tgw-attachment-id=tgw-attach-a tgw-pair-attachment-id=tgw-attach-b flow-direction=egress protocol=1 tgw-src-vpc-id=vpc-b tgw-dst-eni=eni-a", count{3, 252}, both},
		{"tgw-attachment-id=tgw-attach-b tgw-pair-attachment-id=tgw-attach-a flow-direction=ingress dstport=53 type=IPv6 tgw-src-vpc-id=vpc-b tgw-dst-vpc-id=vpc-a", count{5, 740}, nil},
		{"tgw-attachment-id=tgw-attach-a tgw-pair-attachment-id=tgw-attach-b flow-direction=egress dstport=53 type=IPv6 tgw-src-vpc-id=vpc-b tgw-dst-vpc-id=vpc-a", count{5, 740}, nil},
		{"tgw-attachment-id=tgw-attach-a flow-direction=ingress dstport=99 tgw-src-vpc-id=vpc-a tgw-src-eni=eni-a", count{4, 512}, both},
		{"dstport=99 tgw-attachment-id=tgw-attach-b", count{}, nil},
	} {
		where := append(strings.Fields(tc.where), tc.at...)
		if got := sum(t, all, where...); got != tc.want {
			t.Errorf("%s: %v, want %v", where, got, tc.want)
		}
	}
	flags := map[string]bool{}
	for _, r := range all {
		switch {
		case r["dstport"] == "99" && (r["tgw-pair-attachment-id"] != "" || r["tgw-dst-vpc-id"] != ""):
			t.Errorf("it went nowhere: %v", r)
		case r["dstport"] == "80" || r["srcport"] == "80":
			if r["tgw-pair-attachment-id"] == "" || r["tgw-pair-attachment-id"] == r["tgw-attachment-id"] {
				t.Errorf("no pair: %v", r)
			}
			flags[r["tgw-attachment-id"]+" "+r["flow-direction"]+" "+r["tcp-flags"]] = true
		}
	}
	if want := []string{"tgw-attach-a ingress 3", "tgw-attach-b egress 3", "tgw-attach-b ingress 19", "tgw-attach-a egress 19"}; slices.ContainsFunc(want, func(w string) bool { return !flags[w] }) {
		t.Errorf("%v, want %v", flags, want)
	}
}

// TestTransitLosses has a router lose packets for each reason that AWS's records name, of IPv4 and IPv6, and for one that they don't: records have all that came, and how many were lost.
func TestTransitLosses(t *testing.T) {
	t.Parallel()
	wire(t) // skips where BPF can't be had
	router, a, _ := wireTransit(t)
	router.ip(t, "link", "set", "tgw-b", "mtu", "1280")
	for _, route := range []string{"blackhole 10.7.0.0/16", "unreachable 10.6.0.0/16", "prohibit 10.5.0.0/16", "blackhole fd00:7::/32", "unreachable fd00:6::/32"} {
		router.ip(t, append([]string{"route", "add"}, strings.Fields(route)...)...)
	}
	dir := t.TempDir()
	write(t, dir, "net.yaml", transitDefinition)
	write(t, dir, "agent.yaml", transitConfig("bpf"))
	p := launch(t, router, dir)
	if !p.wait("msg=counting ") {
		t.Fatalf("it ended: %s", strings.Join(p.log, "\n"))
	}
	const none, noRoute, blackhole, mtu, ttl = "0 0 0 0", "n 0 0 0", "0 n 0 0", "0 0 n 0", "0 0 0 n"
	cases := []struct {
		to       string
		packets  int
		hops     int
		size     int
		lost     string
		received bool // b gets them
	}{
		{"10.1.1.10", 7, 64, 100, none, true},
		{"fd00:b::10", 7, 64, 100, none, true},
		{"10.9.9.9", 3, 64, 100, noRoute, false},
		{"fd00:9::9", 4, 64, 100, noRoute, false},
		{"10.7.0.1", 5, 64, 100, blackhole, false},
		{"10.6.0.1", 2, 64, 100, blackhole, false},
		{"10.5.0.1", 3, 64, 100, blackhole, false},
		{"fd00:7::1", 6, 64, 100, blackhole, false},
		{"fd00:6::1", 3, 64, 100, blackhole, false},
		{"10.1.1.10", 3, 1, 100, ttl, false},
		{"fd00:b::10", 2, 1, 100, ttl, false},
		{"10.1.1.10", 4, 64, 1400, mtu, false},
		{"fd00:b::10", 5, 64, 1400, mtu, false},
		{"10.0.1.1", 2, 64, 100, none, false}, // the router itself, which has no such port
	}
	for i, tc := range cases {
		a.in(func() { lose(t, tc.to, 7000+i, tc.packets, tc.hops, tc.size) })
	}
	log := p.end(t)
	all := records(t, filepath.Join(dir, "logs"), keysOfAll)
	for i, tc := range cases {
		port := fmt.Sprint("dstport=", 7000+i)
		want := strings.ReplaceAll(tc.lost, "n", fmt.Sprint(tc.packets))
		var got []string
		for _, r := range all {
			if r["dstport"] == fmt.Sprint(7000+i) && r["flow-direction"] == "ingress" && r["protocol"] == "17" {
				got = append(got, fmt.Sprintf("%s: %s %s %s %s", r["packets"], r["packets-lost-no-route"], r["packets-lost-blackhole"], r["packets-lost-mtu-exceeded"], r["packets-lost-ttl-expired"]))
			}
		}
		if len(got) != 1 || got[0] != fmt.Sprintf("%d: %s", tc.packets, want) {
			t.Errorf("%+v: %q, want %s", tc, got, want)
		}
		out := sum(t, all, port, "tgw-attachment-id=tgw-attach-b", "flow-direction=egress", "tgw-pair-attachment-id=tgw-attach-a", "packets-lost-no-route=0")
		if tc.received != (out.Packets == int64(tc.packets)) {
			t.Errorf("%+v: %v went on", tc, out)
		}
	}
	for _, at := range []string{"a", "b"} {
		received, sent := router.counters(t, "tgw-"+at)
		in, out := sum(t, all, "tgw-attachment-id=tgw-attach-"+at, "flow-direction=ingress"), sum(t, all, "tgw-attachment-id=tgw-attach-"+at, "flow-direction=egress")
		if in != received || out != sent {
			t.Errorf("tgw-%s: records have %v in and %v out, the device %v and %v", at, in, out, received, sent)
		}
	}
	if t.Failed() {
		t.Log(log)
	}
}

// lose sends datagrams of a size, with a number of hops that they may take, that no host may cut into fragments.
func lose(t *testing.T, to string, port, packets, hops, size int) {
	t.Helper()
	level, hopLimit, discover := syscall.IPPROTO_IP, syscall.IP_TTL, syscall.IP_MTU_DISCOVER
	network := "udp4"
	if strings.Contains(to, ":") {
		level, hopLimit, discover, network = syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS, syscall.IPV6_MTU_DISCOVER, "udp6"
	}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			const probe = 3 // IP_PMTUDISC_PROBE: don't fragment, whatever is known of the path
			err = errors.Join(syscall.SetsockoptInt(int(fd), level, hopLimit, hops), syscall.SetsockoptInt(int(fd), level, discover, probe))
		}); e != nil {
			return e
		}
		return err
	}}
	c, err := lc.ListenPacket(t.Context(), network, ":0")
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	at := &net.UDPAddr{IP: net.ParseIP(to), Port: port}
	for range packets {
		if _, err := c.WriteTo(make([]byte, size), at); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestTransitAttach has a command say that a device is an attachment.
func TestTransitAttach(t *testing.T) {
	t.Parallel()
	wire(t)
	router, a, b := wireTransit(t)
	dir := t.TempDir()
	write(t, dir, "net.yaml", transitDefinition)
	write(t, dir, "agent.yaml", strings.Replace(transitConfig("bpf"), "  - {device: tgw-b, attachment: tgw-attach-b}\n", "", 1))
	p := launch(t, router, dir)
	if !p.wait("msg=counting ") {
		t.Fatalf("it ended: %s", strings.Join(p.log, "\n"))
	}
	socket := filepath.Join(dir, "agent.sock")
	for _, tc := range []struct {
		args string
		want string
		code int
	}{
		{"attach tgw-b --attachment tgw-attach-9", "there is no transit gateway attachment tgw-attach-9 in the definition", exitFailed},
		{"attach tgw-b --attachment tgw-attach-b --mode shadow", "no rules decide at an attachment", exitUsage},
		{"attach tgw-b --attachment tgw-attach-b --eni eni-b", "not both", exitUsage},
		{"attach tgw-b --attachment tgw-attach-b", "tgw-b   recorded  tgw-attach-b  count  false", exitOK},
	} {
		if out, err, code := router.call(append(strings.Fields(tc.args), "--socket", socket)...); code != tc.code || !strings.Contains(out+err, tc.want) {
			t.Errorf("%s: %d, %s%s", tc.args, code, out, err)
		}
	}
	cross(t, a, b)
	log := p.end(t)
	all := records(t, filepath.Join(dir, "logs"), keysOfAll)
	if len(all) == 0 {
		t.Fatalf("no records: %s", log)
	}
	crossed(t, all)
}
