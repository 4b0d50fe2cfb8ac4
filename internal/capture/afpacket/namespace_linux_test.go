package afpacket

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/internal/netmodel"
	"weir/internal/policy"
	"weir/internal/sharedtest"
)

// namespace is a thread with a network namespace of its own, which both end with the test.
type namespace struct {
	id int // of the thread
	do chan func()
}

func newNamespace(t testing.TB) *namespace {
	t.Helper()
	sharedtest.NeedRoot(t)
	if _, err := exec.LookPath("ip"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: iproute2 is not installed: %v", err)
	}
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
	if err := <-began; errors.Is(err, os.ErrPermission) && os.Getenv("WEIR_CI") != "1" {
		sharedtest.NotRun(t, "network namespaces can't be made here: %v", err)
	} else if err != nil {
		t.Fatal(err)
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

// try runs a function within the namespace, which must not fail.
func (n *namespace) try(t testing.TB, f func() error) {
	t.Helper()
	var err error
	n.in(func() { err = f() })
	if err != nil {
		t.Fatal(err)
	}
}

// ip runs the ip command within the namespace.
func (n *namespace) ip(t testing.TB, words ...string) {
	t.Helper()
	n.try(t, func() error {
		out, err := exec.CommandContext(t.Context(), "ip", words...).CombinedOutput()
		if err != nil {
			err = errors.Join(err, errors.New(strings.Join(words, " ")+": "+string(out)))
		}
		return err
	})
}

// The ends of the pair of devices, whose traffic the definition is about.
const (
	far4, own4       = "203.0.113.5", "10.0.1.10"
	far6, own6       = "2001:db8:ffff::5", "2001:db8:0:1::10"
	farMAC, ownMAC   = "02:00:00:00:00:01", "02:00:00:00:00:02"
	hostEnd, ownEnd  = "eni-host", "eni0"
	implicitlyDenied = "sg-web:ingress:implicit-deny"
)

// wire makes two namespaces with a pair of devices between, and returns the index of the host's.
func wire(t testing.TB) (host, instance *namespace, index int) {
	t.Helper()
	host, instance = newNamespace(t), newNamespace(t)
	host.ip(t, "link", "set", "lo", "up")
	host.ip(t, "link", "add", hostEnd, "address", farMAC, "type", "veth", "peer", "name", ownEnd, "address", ownMAC, "netns", strconv.Itoa(instance.id))
	for _, end := range []struct {
		at                 *namespace
		device, mac        string
		own4, own6         string
		farther4, farther6 string
	}{{host, hostEnd, ownMAC, far4, far6, own4, own6}, {instance, ownEnd, farMAC, own4, own6, far4, far6}} {
		end.at.ip(t, "link", "set", end.device, "addrgenmode", "none", "multicast", "off", "arp", "off", "up")
		for _, a := range []struct{ own, far, size string }{{end.own4, end.farther4, "/32"}, {end.own6, end.farther6, "/128"}} {
			words := []string{"addr", "add", a.own + a.size, "dev", end.device}
			if a.size == "/128" {
				words = append(words, "nodad")
			}
			end.at.ip(t, words...)
			end.at.ip(t, "route", "add", a.far+a.size, "dev", end.device)
			end.at.ip(t, "neigh", "add", a.far, "lladdr", end.mac, "dev", end.device)
		}
	}
	host.try(t, func() (err error) { index, err = indexOf(hostEnd); return })
	return host, instance, index
}

const definition = `account: "123456789012"
region: us-east-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16, 2001:db8::/56]}
subnets:
  subnet-1: {vpc: vpc-1, az: us-east-1a, cidrs: [10.0.1.0/24, 2001:db8:0:1::/64]}
network-interfaces:
  eni-web: {subnet: subnet-1, addresses: [10.0.1.10, "2001:db8:0:1::10"], groups: [sg-web]}
security-groups:
  sg-web:
    vpc: vpc-1
    ingress:
      - {tcp: 80, from: 203.0.113.0/24}
      - {tcp: 80, from: "2001:db8:ffff::/64"}
      - {udp: 53, from: 203.0.113.0/24}
      - {udp: 53, from: "2001:db8:ffff::/64"}
      - {icmp: all, from: 203.0.113.0/24}
    egress:
      - {udp: 53, to: 203.0.113.0/24}
network-acls:
  acl-1:
    vpc: vpc-1
    default: true
    ingress:
      - {number: 50, action: deny, udp: 5353, from: 0.0.0.0/0}
      - {number: 100, action: allow, protocol: all, from: 0.0.0.0/0}
      - {number: 101, action: allow, protocol: all, from: "::/0"}
    egress:
      - {number: 100, action: allow, protocol: all, to: 0.0.0.0/0}
      - {number: 101, action: allow, protocol: all, to: "::/0"}
`

// policyOf returns what decides at eni-web.
func policyOf(t testing.TB, text string) *policy.Interface {
	t.Helper()
	name := filepath.Join(t.TempDir(), "net.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := netmodel.Load(name)
	if err != nil || len(loaded.Problems) > 0 {
		t.Fatal(err, loaded.Problems)
	}
	at, err := policy.New(loaded.Network).At("eni-web")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// since returns a clock that goes on.
func since() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
