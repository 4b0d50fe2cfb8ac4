package command

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"weir/internal/capture/ebpf"
	"weir/internal/sharedtest"
)

// namespace is a thread with a network namespace of its own, which both end with the test.
type namespace struct {
	id int // of the thread
	do chan func()
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
		sharedtest.NotRun(t, "network namespaces can't be made here: %v", err)
	}
	t.Cleanup(func() { close(n.do) })
	return n
}

// in runs a function within the namespace.
func (n *namespace) in(f func()) {
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

// count are packets and bytes.
type count struct{ Packets, Bytes int64 }

// received and sent are what the kernel counted at a device, without link headers.
func (n *namespace) counters(t *testing.T, device string) (received, sent count) {
	t.Helper()
	var out []struct{ Stats64 struct{ RX, TX count } }
	if err := json.Unmarshal(n.ip(t, "-s", "-j", "link", "show", device), &out); err != nil || len(out) != 1 {
		t.Fatalf("%v: %v", out, err)
	}
	bare := func(c count) count { return count{c.Packets, c.Bytes - 14*c.Packets} }
	return bare(out[0].Stats64.RX), bare(out[0].Stats64.TX)
}

// wire makes two namespaces with a pair of devices between: eni-host of the host, with 203.0.113.5, and eni0 of the instance, with 10.0.1.10.
func wire(t *testing.T) (host, instance *namespace) {
	t.Helper()
	sharedtest.NeedRoot(t)
	if p, err := ebpf.Load(ebpf.Options{Connections: 16, Asides: 16}); err == nil {
		p.Close()
	} else if errors.Is(err, os.ErrPermission) {
		sharedtest.NotRun(t, "BPF programs can't be loaded here: %v", err)
	}
	return wirePackets(t)
}

// wirePackets does so also where BPF programs can't be loaded.
func wirePackets(t *testing.T) (host, instance *namespace) {
	t.Helper()
	sharedtest.NeedRoot(t)
	if _, err := exec.LookPath("ip"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: iproute2 is not installed: %v", err)
	}
	host, instance = newNamespace(t), newNamespace(t)
	host.ip(t, "link", "set", "lo", "up")
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
	return host, instance
}
