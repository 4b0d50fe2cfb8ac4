package ebpf

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// another makes a network namespace, and returns what calls a function in it by the calling thread, and what has nobody hold it any more.
func another(t *testing.T) (in func(func()), end func()) {
	t.Helper()
	open := func() *os.File {
		f, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	enter := func(f *os.File) {
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
			t.Fatal(err)
		}
	}
	own := open()
	t.Cleanup(func() { own.Close() })
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	other := open()
	enter(own)
	return func(do func()) { enter(other); defer enter(own); do() }, func() { other.Close() }
}

// inAnother returns the program for the calling thread's network namespace.
func inAnother(t *testing.T, p *Program) *Namespace {
	t.Helper()
	n, err := p.In()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// byInterface reads, and returns the packets by interface, direction and whether they were dropped.
func byInterface(t *testing.T, p *Program) map[string][2][2]int64 {
	t.Helper()
	out := map[string][2][2]int64{}
	err := p.Read(func(r *Row) error {
		way, dropped := 0, 0
		if r.Egress {
			way = 1
		}
		if r.Dropped() {
			dropped = 1
		}
		c := out[r.Interface]
		c[way][dropped] += r.Packets
		out[r.Interface] = c
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNamespaces has devices of one index in two network namespaces: each is an interface of its own, with a policy of its own, whether a process is there or not.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	o := Options{Pin: alone(t), Connections: 64, Asides: 64}
	in, end := another(t)
	here := newLocal(t)
	var there *local
	in(func() { there = newLocal(t) })
	send := func() { here.send(t); in(func() { there.send(t) }) }
	p := tryLoad(t, o)
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, resolver())}, {ID: "eni-2", Mode: Count}})
	if err := p.Attach(Device{Index: loopback, Flipped: true}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	in(func() {
		if err := p.Attach(Device{Index: loopback}, "eni-2"); err == nil {
			t.Error("the program of one network namespace is at a device of another")
		}
		if err := inAnother(t, p).Attach(Device{Index: loopback}, "eni-2"); err != nil {
			t.Fatal(err)
		}
	})
	if err := inThere(p).Attach(Device{Index: loopback}, "eni-2"); err == nil {
		t.Error("the program of another network namespace is at a device of this one")
	}
	want := map[string][2][2]int64{"eni-1": {{10}, {0, 10}}, "eni-2": {{10}, {10}}}
	check := func(when string) {
		t.Helper()
		got := byInterface(t, p)
		if len(got) != len(want) || got["eni-1"] != want["eni-1"] || got["eni-2"] != want["eni-2"] {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	send()
	check("by the first process")
	closed(t, p)
	send()
	p = tryLoad(t, o)
	check("while no process was there")
	send()
	check("by the second process")
	if got := inThere(p).Attached(); !slices.Equal(got, []int{loopback}) || len(p.Namespaces()) != 1 {
		t.Errorf("attached to %v there", got)
	}
	in(func() {
		if before, err := inThere(p).Before(loopback); err != nil || len(before[0])+len(before[1]) > 0 {
			t.Errorf("%v, %v", before, err)
		}
	})
	if _, err := inThere(p).Before(loopback); err == nil {
		t.Error("what runs before it was asked in another network namespace")
	}
	// Given up: the other goes on.
	if err := inThere(p).Leave(); err != nil || len(p.Namespaces()) != 0 {
		t.Fatal(err, p.Namespaces())
	}
	send()
	delete(want, "eni-2")
	check("given up")
	// A namespace that ended takes its devices along.
	in(func() {
		there.to.Close()
		if err := inAnother(t, p).Attach(Device{Index: loopback}, "eni-2"); err != nil {
			t.Fatal(err)
		}
	})
	end()
	var gone []int
	for deadline := time.Now().Add(20 * time.Second); len(gone) == 0 && time.Now().Before(deadline); { // nobody says when the kernel has ended it
		var err error
		if gone, err = inThere(p).Gone(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(gone, []int{loopback}) {
		t.Errorf("%v are gone", gone)
	}
	closed(t, p)
	p = tryLoad(t, o)
	if len(p.Namespaces()) > 0 {
		t.Errorf("%v is still there", p.Namespaces())
	}
	closed(t, p)
	if err := Remove(o.Pin); err != nil {
		t.Error(err)
	}
	here.send(t)
}

// inThere returns what the program has of the one other network namespace.
func inThere(p *Program) *Namespace {
	for _, n := range p.Namespaces() {
		return n
	}
	return nil
}

// TestNamespaceUnpinned has a program that is pinned nowhere at a device of another network namespace, and takes it away by closing.
func TestNamespaceUnpinned(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	alone(t)
	in, end := another(t)
	defer end()
	p := tryLoad(t, Options{Connections: 64, Asides: 64})
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, resolver())}})
	in(func() {
		l := newLocal(t)
		if err := inAnother(t, p).Attach(Device{Index: loopback, Flipped: true}, "eni-1"); err != nil {
			t.Fatal(err)
		}
		l.send(t)
	})
	if got := total(t, p); got != [2][2]int64{{10}, {0, 10}} {
		t.Errorf("%v", got)
	}
	closed(t, p)
	in(func() {
		query, err := link.QueryPrograms(link.QueryOptions{Target: loopback, Attach: ebpf.AttachTCXIngress})
		if err != nil || len(query.Programs) > 0 {
			t.Errorf("%v, %v", query, err)
		}
	})
}

// TestRemoveNamespaces removes what a process has left at devices of two network namespaces.
func TestRemoveNamespaces(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	o := Options{Pin: alone(t), Connections: 64, Asides: 64}
	in, end := another(t)
	defer end()
	p := tryLoad(t, o)
	swap(t, p, []Interface{{ID: "eni-1", Mode: Count}, {ID: "eni-2", Mode: Count}})
	if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	in(func() {
		if err := inAnother(t, p).Attach(Device{Index: loopback}, "eni-2"); err != nil {
			t.Fatal(err)
		}
	})
	closed(t, p)
	attached := func() (n int) {
		for _, h := range hooks {
			all, err := link.QueryPrograms(link.QueryOptions{Target: loopback, Attach: h.attach})
			if err != nil {
				t.Fatal(err)
			}
			n += len(all.Programs)
		}
		return n
	}
	in(func() {
		if n := attached(); n != 2 {
			t.Errorf("%d programs are left there", n)
		}
	})
	if err := Remove(o.Pin); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(o.Pin); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", o.Pin, err)
	}
	// The kernel takes a link away when its last file is gone, which it may have work to do for.
	for deadline := time.Now().Add(20 * time.Second); ; {
		n := attached()
		in(func() { n += attached() })
		if n == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d programs are still there", n)
		}
	}
}
