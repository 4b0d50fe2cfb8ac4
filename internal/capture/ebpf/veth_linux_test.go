package ebpf

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// namespace is a thread with a network namespace of its own, which both end with the test.
type namespace struct {
	id int         // of the thread
	do chan func() // nil: it is the test's own
}

func newNamespace(t *testing.T) *namespace {
	t.Helper()
	n := &namespace{do: make(chan func())}
	began := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		n.id = syscall.Gettid()
		began <- syscall.Unshare(syscall.CLONE_NEWNET)
		for f := range n.do {
			f()
		}
	}()
	if err := <-began; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(n.do) })
	return n
}

// in runs a function within the namespace.
func (n *namespace) in(f func()) {
	if n.do == nil {
		f()
		return
	}
	done := make(chan struct{})
	n.do <- func() { defer close(done); f() }
	<-done
}

// ip runs the ip command within the namespace, and returns what it says.
func (n *namespace) ip(t *testing.T, words ...string) []byte {
	t.Helper()
	var out []byte
	var err error
	n.in(func() { out, err = exec.CommandContext(t.Context(), "ip", words...).CombinedOutput() })
	if err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(words, " "), err, out)
	}
	return out
}

// devices are the counters of a device, as the kernel has them: packets and bytes with link headers.
type devices struct {
	RX, TX struct{ Packets, Bytes, Dropped int64 }
}

func (n *namespace) counters(t *testing.T, device string) devices {
	t.Helper()
	var out []struct{ Stats64 devices }
	if err := json.Unmarshal(n.ip(t, "-s", "-j", "link", "show", device), &out); err != nil || len(out) != 1 {
		t.Fatalf("%v: %v", out, err)
	}
	return out[0].Stats64
}

// connect makes a veth pair: eni-host, which is the host's, and eni0 of the instance.
func connect(t *testing.T, host, instance *namespace) {
	t.Helper()
	host.ip(t, "link", "add", "eni-host", "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", "eni0", "address", "02:00:00:00:00:02", "netns", strconv.Itoa(instance.id))
	for _, end := range []struct {
		at                         *namespace
		device, own, peer, peerMAC string
	}{{host, "eni-host", "203.0.113.5", "10.0.1.10", "02:00:00:00:00:02"}, {instance, "eni0", "10.0.1.10", "203.0.113.5", "02:00:00:00:00:01"}} {
		// One packet each frame, so that the device counts packets; and neither IPv6's own packets nor ARP.
		end.at.ip(t, "link", "set", end.device, "gso_max_segs", "1", "addrgenmode", "none")
		end.at.ip(t, "link", "set", end.device, "up")
		end.at.ip(t, "addr", "add", end.own+"/32", "dev", end.device)
		end.at.ip(t, "route", "add", end.peer+"/32", "dev", end.device)
		end.at.ip(t, "neigh", "add", end.peer, "lladdr", end.peerMAC, "dev", end.device)
	}
}

// TestVeth has TCP between two namespaces, with the program at the host's side of the pair: what it counts is what the
// instance's device counts, and what it refuses does not get there.
func TestVeth(t *testing.T) {
	t.Parallel()
	p := load(t, Options{})
	needIP(t)
	host, instance := newNamespace(t), newNamespace(t)
	connect(t, host, instance)
	definition, err := gateway()
	if err != nil {
		t.Fatal(err)
	}
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: definition}})
	host.in(func() {
		device, err := net.InterfaceByName("eni-host")
		if err == nil {
			err = p.Attach(Device{Index: device.Index, Flipped: true}, "eni-1")
		}
		if err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	talk(t, host, instance)
	got := sum(t, p)
	compareDevice(t, got, instance.counters(t, "eni0"))
	const in, out, refused = 0, 1, 1
	// A SYN to port 23, and one from it to port 25, that go on to be sent.
	if got[in][refused][0] < 1 || got[out][refused][0] < 1 || got[in][0][1] < 1<<20 {
		t.Errorf("%v", got)
	}
	if tallies, err := p.Tallies("eni-1"); err != nil || tallies != (Tallies{}) {
		t.Errorf("beside flows: %+v: %v", tallies, err)
	}
}

// compareDevice compares what was counted with what the instance's device has seen: what was let in, and all that it sent.
func compareDevice(t *testing.T, got sums, device devices) {
	t.Helper()
	for _, problem := range disagreements(got, device) {
		t.Error(problem)
	}
}

// disagreements returns how what was counted differs from what a device has seen.
func disagreements(got sums, device devices) (problems []string) {
	const in, out, accepted, refused = 0, 1, 0, 1
	for _, c := range []struct {
		name       string
		want, have [2]int64
	}{
		{"what comes in", [2]int64{device.RX.Packets, device.RX.Bytes}, framed(got[in][accepted])},
		{"what goes out", [2]int64{device.TX.Packets, device.TX.Bytes}, framed([2]int64{got[out][accepted][0] + got[out][refused][0], got[out][accepted][1] + got[out][refused][1]})},
	} {
		if c.want != c.have {
			problems = append(problems, fmt.Sprintf("%s: %v packets and bytes were counted, and the device has %v", c.name, c.have, c.want))
		}
	}
	return problems
}

// framed adds link headers to packets and bytes.
func framed(c [2]int64) [2]int64 { return [2]int64{c[0], c[1] + 14*c[0]} }

// sums are packets and bytes, by direction, of what was accepted and what was refused.
type sums [2][2][2]int64

// sum reads what was counted.
func sum(t *testing.T, p *Program) sums {
	t.Helper()
	var out sums
	err := p.Read(func(r *Row) error {
		way, refused := 0, 0
		if r.Egress {
			way = 1
		}
		if r.Refused {
			refused = 1
		}
		out[way][refused][0] += r.Packets
		out[way][refused][1] += r.Bytes
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// talk has a megabyte go to the instance's port 80, and tries what is refused: its port 23, and from it port 25 outside.
func talk(t *testing.T, host, instance *namespace) {
	t.Helper()
	var listener net.Listener
	instance.in(func() {
		var err error
		if listener, err = net.Listen("tcp4", "10.0.1.10:80"); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	defer listener.Close()
	received := make(chan int64)
	go func() {
		c, err := listener.Accept()
		if err != nil {
			t.Error(err)
			close(received)
			return
		}
		defer c.Close()
		n, err := io.Copy(io.Discard, c)
		if err != nil {
			t.Error(err)
		}
		received <- n
	}()
	dial := func(network, to string) (net.Conn, error) { return net.DialTimeout(network, to, 300*time.Millisecond) }
	host.in(func() {
		c, err := dial("tcp4", "10.0.1.10:80")
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Write(make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	if n := <-received; n != 1<<20 {
		t.Errorf("%d bytes came", n)
	}
	host.in(func() {
		if c, err := dial("tcp4", "10.0.1.10:23"); err == nil {
			c.Close()
			t.Error("port 23 is reached")
		}
	})
	instance.in(func() {
		if c, err := dial("tcp4", "203.0.113.5:25"); err == nil {
			c.Close()
			t.Error("port 25 outside is reached")
		}
	})
}
