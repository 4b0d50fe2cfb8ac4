package ebpf

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	gocmp "github.com/google/go-cmp/cmp"

	"weir/internal/capture/packet"
)

// dial has a host try a connection, which nobody takes.
func dial(t *testing.T, at *namespace, from, to string) {
	t.Helper()
	at.in(func() {
		local, err := net.ResolveTCPAddr("tcp", from)
		if err != nil {
			t.Error(err)
			return
		}
		d := net.Dialer{LocalAddr: local, Timeout: 5 * time.Second}
		c, err := d.DialContext(t.Context(), "tcp", to)
		if err == nil {
			c.Close()
			t.Errorf("%s takes connections", to)
		} else if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
	})
}

// inSegments has a socket send a datagram as several of a size.
func inSegments(t *testing.T, c *net.UDPConn, size int) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const udpSegment = 103 // Source: Linux, include/uapi/linux/udp.h
	if err := errors.Join(raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_UDP, udpSegment, size) }), err); err != nil {
		t.Fatal(err)
	}
}

// large sends a datagram that is sent in parts: fragments, or segments of a size.
func large(t *testing.T, at *namespace, to string, size, segment int) {
	t.Helper()
	c := dialUDP(t, at, to).(*net.UDPConn)
	if segment > 0 {
		inSegments(t, c, segment)
	}
	if _, err := c.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
}

// TestObserveKinds has packets that are refused in other ways, or changed before they are, or dropped for reasons that are no firewall's.
func TestObserveKinds(t *testing.T) {
	t.Parallel()
	f := newFirewalled(t, Options{})
	f.client.ip(t, "link", "set", "eth0", "gso_max_segs", "64")
	chain := func(hook, rule string) string {
		return fmt.Sprintf("chain c { type filter hook %s; %s; }", hook, rule)
	}
	var unattributed uint64
	for _, tc := range []struct {
		name, rules string
		send        func()
		want        map[string]int64
		lost        uint64
	}{
		{"a listener that is none", chain("input priority 0", "tcp dport 99 drop"), func() { datagrams(t, f.client, client4, host4, 99, 1) }, map[string]int64{"eni-host in 17:99 ACCEPT": 1, "eni-host out 1:0 ACCEPT": 1}, 0},
		{"reject by ICMP", chain("input priority 0", "udp dport 98 reject"), func() { datagrams(t, f.client, client4, host4, 98, 1) }, map[string]int64{"eni-host in 17:98 REJECT netfilter:input": 1, "eni-host out 1:0 ACCEPT": 1}, 0},
		{"reject by RST", chain("input priority 0", "tcp dport 23 reject with tcp reset"), func() { dial(t, f.client, client4+":4001", host4+":23") }, map[string]int64{"eni-host in 6:23 REJECT netfilter:input": 1, "eni-host out 6:4001 ACCEPT": 1}, 0},
		{"reject by RST, IPv6", chain("input priority 0", "tcp dport 23 reject with tcp reset"), func() { dial(t, f.client, "["+client6+"]:4001", "["+host6+"]:23") }, map[string]int64{"eni-host in 6:23 REJECT netfilter:input": 1, "eni-host out 6:4001 ACCEPT": 1}, 0},
		{
			"translated before", "chain n { type nat hook prerouting priority -100; udp dport 97 dnat ip to " + instance4 + ":9700; };" + chain("forward priority 0", "udp dport 9700 drop"),
			func() { datagrams(t, f.client, client4, host4, 97, 3) },
			map[string]int64{"eni-host in 17:97 REJECT netfilter:forward": 3},
			0,
		},
		{"one by one of three fragments", chain("prerouting priority -500", "ip saddr "+client4+" drop"), func() { large(t, f.client, host4+":96", 4000, 0) }, map[string]int64{"eni-host in 17:96 REJECT netfilter:prerouting": 3}, 0},
		{"a datagram of three fragments", chain("input priority 0", "ct state new udp dport 95 drop"), func() { large(t, f.client, host4+":95", 4000, 0) }, map[string]int64{"eni-host in 17:95 REJECT netfilter:input": 1, "eni-host in 17:95 ACCEPT": 2}, 1},
		{"ten segments in one frame", chain("prerouting priority -300", "udp dport 94 drop"), func() { large(t, f.client, host4+":94", 10000, 1000) }, map[string]int64{"eni-host in 17:94 REJECT netfilter:prerouting": 10}, 0},
		{"a ping", chain("input priority 0", "icmp type echo-request drop"), func() {
			f.client.in(func() {
				_ = syscall.Sendto(rawSocket(t), echo(), 0, &syscall.SockaddrInet4{Addr: [4]byte{10, 0, 1, 10}})
			})
		}, map[string]int64{"eni-host in 1:0 REJECT netfilter:input": 1}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f.run(t, "flush ruleset\ntable inet t {\n"+strings.ReplaceAll(tc.rules, ";", "\n")+"\n}\n", "nft", "-f", "-")
			tc.send()
			got, _ := f.flows(t, tc.want)
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
			all, err := f.p.Tallies("eni-host")
			if since := all.Unattributed - unattributed; err != nil || since != tc.lost {
				t.Errorf("%d are unattributed, want %d: %v", since, tc.lost, err)
			}
			unattributed = all.Unattributed
		})
	}
}

// rawSocket returns a socket that sends ICMP.
func rawSocket(t *testing.T) int {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP)
	if err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	return fd
}

// echo returns an echo request.
func echo() []byte { return []byte{8, 0, 0xf7, 0xfc, 0, 1, 0, 2} }

// TestObserveFull has tables that are full: what is in no flow is counted by what became of it.
func TestObserveFull(t *testing.T) {
	t.Parallel()
	f := newFirewalled(t, Options{Connections: 8, Asides: 8})
	f.rules(t, "inet", "input priority 0", "udp dport 5353 counter drop")
	listenUDP(t, f.host, host4+":53")
	const each = 40
	for range each { // from a port of its own each
		for _, port := range []string{":53", ":5353"} {
			c := dialUDP(t, f.client, host4+port)
			if _, err := c.Write(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := map[string]int64{}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		flows, _ := f.flows(t, map[string]int64{"any": 1})
		for key, n := range flows {
			got[key] += n
		}
		all, err := f.p.Tallies("eni-host")
		if err != nil {
			t.Fatal(err)
		}
		accepted, refused := got["eni-host in 17:53 ACCEPT"]+int64(all.Lost[0][0][0]), got["eni-host in 17:5353 REJECT netfilter:input"]+int64(all.Lost[0][1][0])
		if accepted+refused < 2*each {
			continue
		}
		if accepted != each || refused != each || all.Lost[0][0][1] != 128*all.Lost[0][0][0] || all.Lost[0][1][1] != 128*all.Lost[0][1][0] || all.Lost[0][0][0] == 0 || all.Lost[0][1][0] == 0 || all.Unattributed != 0 {
			t.Errorf("%d accepted and %d refused, %+v", accepted, refused, all)
		}
		return
	}
	t.Errorf("not all were counted: %v", got)
}

// takeBatches has the host's device take packets as a card does, which a veth device does with a program at XDP.
func (f *firewalled) takeBatches(t *testing.T) {
	t.Helper()
	pass, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 2), asm.Return()}}) // XDP_PASS
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pass.Close() })
	f.host.in(func() {
		var device *net.Interface
		if device, err = net.InterfaceByName("eth0"); err != nil {
			return
		}
		var l link.Link
		if l, err = link.AttachXDP(link.XDPOptions{Program: pass, Interface: device.Index, Flags: link.XDPDriverMode}); err == nil {
			t.Cleanup(func() { l.Close() })
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestObserveBurst has a firewall that refuses some packets of each flow at random, in both directions, while what was counted is read all the time:
// what it has counted was refused, and the rest was accepted.
func TestObserveBurst(t *testing.T) {
	t.Parallel()
	for _, batches := range []bool{false, true} {
		t.Run(fmt.Sprint("batches ", batches), func(t *testing.T) { testBurst(t, batches) })
	}
}

// testBurst has a device that gives the kernel one packet at a time, or several as a network card does: then all of them pass the program before the first
// one gets to netfilter.
func testBurst(t *testing.T, batches bool) {
	f := newFirewalled(t, Options{})
	if batches {
		f.takeBatches(t)
	}
	f.run(t, `flush ruleset
table inet t {
	chain i { type filter hook input priority 0; udp dport 53 numgen random mod 3 0 counter drop; }
	chain o { type filter hook output priority 0; udp dport 53 numgen random mod 3 0 counter drop; }
}`, "nft", "-f", "-")
	listenUDP(t, f.host, host4+":53")
	listenUDP(t, f.client, client4+":53")
	const flows, each = 4, 5000
	var senders sync.WaitGroup
	var reads, in, out atomic.Int64
	for _, from := range []struct {
		at   *namespace
		to   string
		sent *atomic.Int64
	}{{f.client, host4 + ":53", &in}, {f.host, client4 + ":53", &out}} {
		for range flows {
			c := dialUDP(t, from.at, from.to).(*net.UDPConn)
			at := 1
			if batches && from.at == f.client {
				at = 10
				inSegments(t, c, 100)
			}
			senders.Go(func() {
				for n := 0; n < each/at || reads.Load() < 5; n++ {
					from.sent.Add(int64(at))
					if _, err := c.Write(make([]byte, 100*at)); err != nil && !errors.Is(err, syscall.EPERM) {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	sent := make(chan struct{})
	go func() { defer close(sent); senders.Wait() }()
	got := map[string]int64{}
	var refused [2]int64
	var all int64
	for sending := true; sending; {
		all += f.read(t, got, &refused)
		reads.Add(1)
		select {
		case <-sent:
			sending = false
		default:
		}
	}
	// The device drops what its ring has no room for.
	lost := f.client.counters(t, "eth0").TX.Dropped
	for end := time.Now().Add(5 * time.Second); all < in.Load()+out.Load()-lost && time.Now().Before(end); {
		all += f.read(t, got, &refused)
	}
	packets, bytes := f.counted(t)
	missed, err := f.p.Missed()
	if err != nil {
		t.Fatal(err)
	}
	if refused[0]+int64(missed) != packets || missed == 0 && refused[1] != bytes {
		t.Errorf("refused %v, and %d missed; nftables has %d and %d bytes", refused, missed, packets, bytes)
	}
	if n := got["eni-host in 17:53 ACCEPT"] + got["eni-host in 17:53 REJECT netfilter:input"]; n != in.Load()-lost {
		t.Errorf("%d came in, %d were sent and %d did not arrive", n, in.Load(), lost)
	}
	if n := got["eni-host out 17:53 ACCEPT"] + got["eni-host out 17:53 REJECT netfilter:output"]; missed == 0 && n != out.Load() {
		t.Errorf("%d went out or were refused, %d were sent", n, out.Load())
	}
	if len(got) != 4 || got["eni-host in 17:53 REJECT netfilter:input"] == 0 || got["eni-host in 17:53 ACCEPT"] == 0 {
		t.Errorf("%v", got)
	}
}

// TestObserveGoesOn has the host's firewall refuse while no process is there: the next one reads it, and goes on by the same link.
func TestObserveGoesOn(t *testing.T) {
	t.Parallel()
	needLoad(t)
	f := newFirewalled(t, Options{Pin: alone(t)})
	f.rules(t, "inet", "input priority 0", "udp dport 5353 counter drop")
	want := map[string]int64{"eni-host in 17:5353 REJECT netfilter:input": 3}
	before, err := f.p.observer.link.Info()
	if err != nil {
		t.Fatal(err)
	}
	pin := f.p.pins.root
	closed(t, f.p)
	datagrams(t, f.client, client4, host4, 5353, 3)
	f.p = tryLoad(t, Options{Pin: pin})
	after, err := f.p.observer.link.Info()
	if err != nil || before.ID != after.ID {
		t.Errorf("link %d follows %d: %v", after.ID, before.ID, err)
	}
	got, _ := f.flows(t, want)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	// In mode Count the same packets are accepted, and nothing is observed any more.
	swap(t, f.p, []Interface{{ID: "eni-host", Mode: Count}, {ID: "eni-instance", Mode: Count}})
	datagrams(t, f.client, client4, host4, 5353, 3)
	want = map[string]int64{"eni-host in 17:5353 ACCEPT": 3}
	if got, _ = f.flows(t, want); gocmp.Diff(want, got) != "" || f.p.observer != nil {
		t.Errorf("%v, observed %v", got, f.p.observer)
	}
	if was, err := f.p.observedBefore(); was != nil || err != nil {
		t.Errorf("what is not observed is still pinned: %v", err)
	}
	closed(t, f.p)
}

// TestObserveHostile has frames of all kinds come in, and netfilter refuse what of it gets there: each was refused, or is said not to be told of.
func TestObserveHostile(t *testing.T) {
	t.Parallel()
	f := newFirewalled(t, Options{})
	f.rules(t, "inet", "prerouting priority -500", "counter drop")
	w := &wire{c: chance{rand.New(rand.NewPCG(1, 50))}}
	f.client.in(func() {
		fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer syscall.Close(fd)
		device, err := net.InterfaceByName("eth0")
		if err != nil {
			t.Error(err)
			return
		}
		for range 20000 {
			frame, _ := w.frame()
			if len(frame) < 14 || len(frame) > 1514 {
				continue
			}
			copy(frame, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2})
			if err := syscall.Sendto(fd, frame, 0, &syscall.SockaddrLinklayer{Ifindex: device.Index}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var refused int64
	for end := time.Now().Add(5 * time.Second); ; {
		if err := f.p.Read(func(r *Row) error {
			if r.Dropped() {
				refused += r.Packets
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		all, err := f.p.Tallies("eni-host")
		if err != nil {
			t.Fatal(err)
		}
		packets, _ := f.counted(t)
		// What the program can't read is in no flow, and netfilter may take it for a packet all the same.
		odd := int64(all.Outcomes[packet.Malformed] + all.Outcomes[packet.Short] + all.Unlogged[0][0])
		if all.Unattributed == 0 && refused <= packets && refused+odd >= packets && packets > 1000 && odd < refused/4 {
			return
		} else if time.Now().After(end) {
			t.Fatalf("%d refused, %+v, and nftables has %d", refused, all, packets)
		}
	}
}

// TestObserveIptables has rules of iptables, which are nftables' by another name.
func TestObserveIptables(t *testing.T) {
	t.Parallel()
	f := newFirewalled(t, Options{})
	if _, err := exec.LookPath("iptables-nft"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: iptables is not installed: %v", err)
	}
	f.run(t, "", "iptables-nft", "-t", "raw", "-A", "PREROUTING", "-p", "udp", "--dport", "5353", "-j", "DROP")
	f.run(t, "", "iptables-nft", "-A", "INPUT", "-p", "tcp", "--dport", "23", "-j", "REJECT", "--reject-with", "tcp-reset")
	datagrams(t, f.client, client4, host4, 5353, 4)
	dial(t, f.client, client4+":4001", host4+":23")
	want := map[string]int64{"eni-host in 17:5353 REJECT netfilter:prerouting": 4, "eni-host in 6:23 REJECT netfilter:input": 1, "eni-host out 6:4001 ACCEPT": 1}
	if got, _ := f.flows(t, want); gocmp.Diff(want, got) != "" {
		t.Errorf("(-want +got): %s", gocmp.Diff(want, got))
	}
}
