package ebpf

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// needIP skips a test where there is no ip command.
func needIP(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: iproute2 is not installed: %v", err)
	}
}

// TestAttach counts what passes the loopback device of a network namespace of its own, where each packet goes out and comes in.
func TestAttach(t *testing.T) {
	p := load(t, Options{})
	needIP(t)
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, and its namespace with it
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	swap(t, p, []Interface{{ID: "eni-1", Mode: Count}})
	to, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	send := func() netip.AddrPort {
		from, err := net.DialUDP("udp4", nil, to.LocalAddr().(*net.UDPAddr))
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		for range 10 {
			if _, err := from.Write(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		return from.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	send() // it is not there yet
	if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	from := send()
	type row struct {
		egress         bool
		src, dst       netip.AddrPort
		packets, bytes int64
		timely         bool
	}
	got := map[bool]row{}
	err = p.Read(func(r *Row) error {
		// The coarse clock is behind by a tick of the kernel at most, 10 ms.
		timely := r.First >= began.Add(-50*time.Millisecond).UnixNano() && r.Last <= time.Now().Add(50*time.Millisecond).UnixNano()
		got[r.Egress] = row{r.Egress, netip.AddrPortFrom(r.Src, r.SrcPort), netip.AddrPortFrom(r.Dst, r.DstPort), r.Packets, r.Bytes, timely}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[bool]row{}
	for _, egress := range []bool{false, true} {
		want[egress] = row{egress, from, to.LocalAddr().(*net.UDPAddr).AddrPort(), 10, 1280, true}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{}), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if err := p.Detach(loopback); err != nil {
		t.Fatal(err)
	}
	send()
	if err := p.Read(func(r *Row) error { t.Errorf("a packet was counted: %+v", r); return nil }); err != nil {
		t.Fatal(err)
	}
}
