package ebpf

import (
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"

	"weir/internal/netmodel"
)

// ip runs the ip command in the calling thread's namespaces.
func ip(t *testing.T, words ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ip", words...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %v: %v: %s", words, err, out)
	}
	return out
}

// local sends UDP over the loopback device of the calling thread's namespace. Each packet goes out and comes in.
type local struct {
	to *net.UDPConn
}

func newLocal(t *testing.T) *local {
	t.Helper()
	ip(t, "link", "set", "lo", "up")
	to, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 53})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { to.Close() })
	return &local{to}
}

// send sends ten packets of 128 bytes to port 53.
func (l *local) send(t *testing.T) {
	t.Helper()
	from, err := net.DialUDP("udp4", nil, l.to.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for range 10 {
		if _, err := from.Write(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
}

// resolver returns a network whose group lets DNS in and nothing out.
func resolver() *netmodel.Network {
	n := web()
	n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{{
		ID: "sgr-dns", Traffic: netmodel.Traffic{Protocol: netmodel.UDP, From: 53, To: 53, Type: -1, Code: -1}, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix("127.0.0.0/8")},
	}}
	return n
}

// tryLoad loads a program that the test closes.
func tryLoad(t *testing.T, o Options) *Program {
	t.Helper()
	p, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func closed(t *testing.T, p *Program) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// total reads, and returns the packets, by direction and whether they were dropped.
func total(t *testing.T, p *Program) (out [2][2]int64) {
	t.Helper()
	if _, ok := p.Closed(); ok {
		t.Fatal("an epoch is closed")
	}
	err := p.Read(func(r *Row) error {
		way, dropped := 0, 0
		if r.Egress {
			way = 1
		}
		if r.Dropped() {
			dropped = 1
		}
		out[way][dropped] += r.Packets
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAttached goes on at a device while no process is there, by links and by clsact filters.
func TestAttached(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	for name, clsact := range map[string]bool{"tcx": false, "clsact": true} {
		t.Run(name, func(t *testing.T) {
			o := Options{Pin: alone(t), Connections: 64, Asides: 64, Clsact: clsact}
			lo := newLocal(t)
			p := tryLoad(t, o)
			swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, resolver())}})
			// Flipped: what the device sends comes in.
			if err := p.Attach(Device{Index: loopback, Flipped: true}, "eni-1"); err != nil {
				t.Fatal(err)
			}
			closed(t, p)
			// The group lets each packet in, and then not out again: there it is another connection.
			lo.send(t)
			p = tryLoad(t, o)
			if got := total(t, p); got != [2][2]int64{{10}, {0, 10}} {
				t.Errorf("while no process was there: %v", got)
			}
			if got := p.Attached(); !slices.Equal(got, []int{loopback}) {
				t.Errorf("attached to %v", got)
			}
			lo.send(t)
			if got := total(t, p); got != [2][2]int64{{10}, {0, 10}} {
				t.Errorf("by the program that took its place: %v", got)
			}
			swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, web())}})
			// Attached once more it stays where it is, and its device is what it is said to be.
			if err := p.Attach(Device{Index: loopback, Flipped: true}, "eni-1"); err != nil {
				t.Fatal(err)
			}
			closed(t, p)
			lo.send(t)
			p = tryLoad(t, o)
			if got := total(t, p); got != [2][2]int64{{0, 10}} {
				t.Errorf("refused while no process was there: %v", got)
			}
			if err := p.Detach(loopback); err != nil {
				t.Fatal(err)
			}
			lo.send(t)
			if got := total(t, p); got != [2][2]int64{} || len(p.Attached()) > 0 {
				t.Errorf("it is detached, and counts %v", got)
			}
			if err := p.Detach(loopback); err == nil {
				t.Error("it is detached twice")
			}
			if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
				t.Fatal(err)
			}
			closed(t, p)
			if err := Remove(o.Pin); err != nil {
				t.Fatal(err)
			}
			lo.send(t)
			if err := lo.to.Close(); err != nil {
				t.Fatal(err)
			}
			p = tryLoad(t, o)
			if got := p.Attached(); len(got) > 0 {
				t.Errorf("it is removed, and attached to %v", got)
			}
			closed(t, p)
		})
	}
}

// index is that of one device, and of others after it.
const index = 77

// pairOf makes a veth pair, of which the first end has it.
func pairOf(t *testing.T, name string) {
	t.Helper()
	ip(t, "link", "add", "name", name, "index", strconv.Itoa(index), "type", "veth", "peer", "name", name+"-peer")
}

// TestGone has devices that go, while a process is there and while none is, and others that get their index.
func TestGone(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	for name, clsact := range map[string]bool{"tcx": false, "clsact": true} {
		t.Run(name, func(t *testing.T) {
			o := Options{Pin: alone(t), Connections: 64, Asides: 64, Clsact: clsact}
			p := tryLoad(t, o)
			swap(t, p, []Interface{{ID: "eni-1", Mode: Count}, {ID: "eni-2", Mode: Count}})
			for n, while := range []func(){func() {}, func() { closed(t, p); p = nil }} {
				pairOf(t, "one")
				if err := p.Attach(Device{Index: index}, "eni-1"); err != nil {
					t.Fatal(err)
				}
				if gone, err := p.Gone(); err != nil || len(gone) > 0 {
					t.Errorf("%d: %v are gone: %v", n, gone, err)
				}
				while()
				ip(t, "link", "del", "one")
				pairOf(t, "two")
				if p == nil {
					p = tryLoad(t, o)
				} else if gone, err := p.Gone(); err != nil || !slices.Equal(gone, []int{index}) {
					t.Errorf("%d: %v are gone: %v", n, gone, err)
				}
				if got := p.Attached(); len(got) > 0 || len(p.links) > 0 {
					t.Errorf("%d: attached to %v, which are %v", n, got, p.links)
				}
				var l weirLink
				if err := p.objects.Links.Lookup(uint32(index), &l); err != nil || l != (weirLink{}) {
					t.Errorf("%d: the device is %v: %v", n, l, err)
				}
				ip(t, "link", "del", "two")
			}
			// Nobody has noticed that it went.
			pairOf(t, "one")
			if err := p.Attach(Device{Index: index}, "eni-1"); err != nil {
				t.Fatal(err)
			}
			ip(t, "link", "del", "one")
			pairOf(t, "two")
			if err := p.Attach(Device{Index: index}, "eni-2"); err != nil {
				t.Fatal(err)
			}
			if lives, err := p.lives(index); err != nil || !lives {
				t.Errorf("it is not attached: %v", err)
			}
			for _, end := range []string{"two", "two-peer"} {
				ip(t, "link", "set", end, "addrgenmode", "none", "up")
			}
			ip(t, "addr", "add", "192.0.2.1/24", "dev", "two")
			ip(t, "neigh", "add", "192.0.2.2", "lladdr", "02:00:00:00:00:02", "dev", "two")
			to, err := net.Dial("udp4", "192.0.2.2:53")
			if err != nil {
				t.Fatal(err)
			}
			defer to.Close()
			if _, err := to.Write(make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			if one, err := p.Turn(); err != nil || one.Tables == "" {
				t.Fatal(err)
			}
			var of []string
			if err := p.Rows(func(r *Row) error { of = append(of, r.Interface); return nil }); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(of, []string{"eni-2"}) {
				t.Errorf("packets of %v", of)
			}
			closed(t, p)
			if err := Remove(o.Pin); err != nil {
				t.Fatal(err)
			}
			if clsact {
				var filters []any
				out, err := exec.CommandContext(t.Context(), "tc", "-j", "filter", "show", "dev", "two", "ingress").Output()
				if errors.Is(err, exec.ErrNotFound) {
					return
				}
				if err == nil {
					err = json.Unmarshal(out, &filters)
				}
				if err != nil || len(filters) > 0 {
					t.Errorf("filters are left: %s: %v", out, err)
				}
			}
		})
	}
}

// TestAttachFails has devices that are not there, and one that a process before has attached to in one direction before it ended.
func TestAttachFails(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	o := Options{Pin: alone(t), Connections: 64, Asides: 64}
	for _, clsact := range []bool{false, true} {
		o.Clsact = clsact
		p := tryLoad(t, o)
		swap(t, p, []Interface{{ID: "eni-1", Mode: Count}})
		for id, d := range map[string]Device{"eni-1": {Index: 999}, "eni-2": {Index: loopback}, "": {Index: loopback}} {
			if err := p.Attach(d, id); err == nil {
				t.Errorf("clsact %v: %+v is %q", clsact, d, id)
			}
		}
		if len(p.Attached()) > 0 || len(p.links) > 0 {
			t.Errorf("clsact %v: attached to %v, which are %v", clsact, p.Attached(), p.links)
		}
		closed(t, p)
	}
	o.Clsact = false
	lo := newLocal(t)
	p := tryLoad(t, o)
	if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	if err := p.dropLink(loopback, p.devices[loopback], 1); err != nil {
		t.Fatal(err)
	}
	closed(t, p)
	p = tryLoad(t, o)
	lo.send(t)
	if got := total(t, p); got != [2][2]int64{{10}} {
		t.Errorf("by one direction: %v", got)
	}
	if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	lo.send(t)
	if got := total(t, p); got != [2][2]int64{{10}, {10}} {
		t.Errorf("by both: %v", got)
	}
	closed(t, p)
}

// returning returns a program that returns a code.
func returning(t *testing.T, code int32) *ebpf.Program {
	t.Helper()
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, code), asm.Return()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// TestBefore has programs that come to a device after this one, and want to be first.
func TestBefore(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	o := Options{Pin: alone(t), Connections: 64, Asides: 64}
	lo := newLocal(t)
	p := tryLoad(t, o)
	swap(t, p, []Interface{{ID: "eni-1", Mode: Count}})
	const next, pass = -1, 0
	behind, err := link.AttachTCX(link.TCXOptions{Interface: loopback, Program: returning(t, pass), Attach: ebpf.AttachTCXIngress})
	if err != nil {
		t.Fatal(err)
	}
	defer behind.Close()
	if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	check := func(want [2]int, counted [2][2]int64) {
		t.Helper()
		got, err := p.Before(loopback)
		if err != nil || len(got[0]) != want[0] || len(got[1]) != want[1] {
			t.Errorf("%v are before: %v", got, err)
		}
		lo.send(t)
		if got := total(t, p); got != counted {
			t.Errorf("it counts %v, not %v", got, counted)
		}
	}
	check([2]int{}, [2][2]int64{{10}, {10}})
	for _, c := range []struct {
		code    int32
		counted [2][2]int64
	}{{next, [2][2]int64{{10}, {10}}}, {pass, [2][2]int64{{0}, {10}}}} {
		first, err := link.AttachTCX(link.TCXOptions{Interface: loopback, Program: returning(t, c.code), Attach: ebpf.AttachTCXIngress, Anchor: link.Head()})
		if err != nil {
			t.Fatal(err)
		}
		check([2]int{1, 0}, c.counted)
		// Whoever takes its place keeps it.
		closed(t, p)
		p = tryLoad(t, o)
		check([2]int{1, 0}, c.counted)
		if err := first.Detach(); err != nil { // a process that is just made may have a copy of the link
			t.Fatal(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
	}
	check([2]int{}, [2][2]int64{{10}, {10}})
	if _, err := p.Before(77); err == nil {
		t.Error("there are programs before one that is not there")
	}
	closed(t, p)
}

// TestOtherNamespace has an agent come back in another network namespace, where a device may have the index of one that the program is
// at.
func TestOtherNamespace(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	for name, clsact := range map[string]bool{"tcx": false, "clsact": true} {
		t.Run(name, func(t *testing.T) {
			o := Options{Pin: alone(t), Connections: 64, Asides: 64, Clsact: clsact}
			p := tryLoad(t, o)
			swap(t, p, []Interface{{ID: "eni-1", Mode: Count}})
			if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
				t.Fatal(err)
			}
			pairOf(t, "one")
			if err := p.Attach(Device{Index: index}, "eni-1"); err == nil || !strings.Contains(err.Error(), "is at devices of another network namespace") {
				t.Errorf("it is at devices of two: %v", err)
			}
			closed(t, p)
			p, err := Load(o)
			if err == nil {
				closed(t, p)
			}
			// The namespace before ends with its last thread, and not at once: then no link is at a device any more.
			if err != nil && !strings.Contains(err.Error(), "is at devices of another network namespace") {
				t.Error(err)
			}
			if err := Remove(o.Pin); err != nil {
				t.Fatal(err)
			}
			p = tryLoad(t, o)
			swap(t, p, []Interface{{ID: "eni-1", Mode: Count}})
			if err := p.Attach(Device{Index: index}, "eni-1"); err != nil {
				t.Error(err)
			}
			closed(t, p)
		})
	}
}
