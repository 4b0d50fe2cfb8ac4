package conntrack

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"weir/internal/sharedtest"
)

// namespace runs a function on a thread with a network namespace of its own, in which a rule translates what is sent to 127.0.0.9 and ::9.
func namespace(t *testing.T, do func()) {
	t.Helper()
	sharedtest.NeedRoot(t)
	if _, err := exec.LookPath("nft"); err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: nftables is not installed: %v", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
			t.Errorf("network namespaces can't be made: %v", err)
			return
		}
		shell(t, "ip", "link", "set", "lo", "up")
		shell(t, "nft", `table ip weir {
			chain out { type nat hook output priority -100; ip daddr 127.0.0.9 dnat to 127.0.0.1; }
			chain after { type nat hook postrouting priority 100; ip daddr 127.0.0.1 ip saddr 127.0.0.2 snat to 127.0.0.3; }
		}
		table ip6 weir {
			chain out { type nat hook output priority -100; ip6 daddr fd00::9 dnat to ::1; }
		}`)
		shell(t, "ip", "addr", "add", "fd00::9/128", "dev", "lo", "nodad")
		// A late packet of what was forgotten is no connection.
		if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", []byte("0"), 0); err != nil {
			t.Error(err)
		}
		if !t.Failed() {
			do()
		}
	}()
	<-done
}

// shell runs a command in the calling thread's namespace.
func shell(t *testing.T, words ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", strings.Join(words, " "), err, out)
	}
}

// dial opens a connection and returns its local port.
func dial(t *testing.T, network, from, to string) (c net.Conn, port uint16) {
	t.Helper()
	d := net.Dialer{}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	c, err := d.DialContext(t.Context(), network, to)
	if err != nil {
		t.Error(err)
		runtime.Goexit()
	}
	return c, netip.MustParseAddrPort(c.LocalAddr().String()).Port()
}

// listen listens and returns the port.
func listen(t *testing.T, at string) uint16 {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at)
	if err != nil {
		t.Error(err)
		runtime.Goexit()
	}
	t.Cleanup(func() { l.Close() })
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

// expect asks a watch, at once.
func expect(t *testing.T, w *Watch, what, from, to string, egress bool, first int64, want string) {
	t.Helper()
	if err := w.CatchUp(t.Context()); err != nil {
		t.Error(err)
	}
	if a, known := w.Near(ends(from, to), egress, first); !known || a.String() != want {
		t.Errorf("%s: %s, known: %v; want %s", what, a, known, want)
	}
}

// TestWatch has connections that were there before, that begin, that end, and whose messages got lost.
func TestWatch(t *testing.T) {
	namespace(t, func() {
		four, six := listen(t, "127.0.0.1:0"), listen(t, "[::1]:0")
		before, early := dial(t, "tcp4", "", fmt.Sprintf("127.0.0.9:%d", four))
		defer before.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var clock driven
		clock.add(1000 * time.Second)
		w, err := Start(ctx, clock.now)
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		at := clock.add(time.Second)
		first := at.UnixNano()
		expect(t, w, "one that was there", fmt.Sprintf("127.0.0.1:%d", early), fmt.Sprintf("127.0.0.9:%d", four), false, first, "127.0.0.1")
		c, port := dial(t, "tcp4", "127.0.0.2", fmt.Sprintf("127.0.0.9:%d", four))
		expect(t, w, "one that begins, as it comes in", fmt.Sprintf("127.0.0.2:%d", port), fmt.Sprintf("127.0.0.9:%d", four), false, first, "127.0.0.1")
		expect(t, w, "as it leaves", fmt.Sprintf("127.0.0.3:%d", port), fmt.Sprintf("127.0.0.1:%d", four), true, first, "127.0.0.2")
		expect(t, w, "its reply as it comes in", fmt.Sprintf("127.0.0.1:%d", four), fmt.Sprintf("127.0.0.3:%d", port), false, first, "127.0.0.2")
		d, other := dial(t, "tcp6", "", fmt.Sprintf("[fd00::9]:%d", six))
		defer d.Close()
		local, _, _ := net.SplitHostPort(d.LocalAddr().String())
		expect(t, w, "IPv6", fmt.Sprintf("[%s]:%d", local, other), fmt.Sprintf("[fd00::9]:%d", six), false, first, "::1")
		plain, direct := dial(t, "tcp4", "", fmt.Sprintf("127.0.0.1:%d", four))
		defer plain.Close()
		expect(t, w, "one that is not translated", fmt.Sprintf("127.0.0.1:%d", direct), fmt.Sprintf("127.0.0.1:%d", four), false, first, "127.0.0.1")
		if n := w.Counters(); n.Sides == 0 || n.Lost != 0 || n.Full {
			t.Errorf("%+v", n)
		}
		c.Close()
		forgetAll(t)
		at = clock.add(10 * time.Second)
		expect(t, w, "one that has ended", fmt.Sprintf("127.0.0.3:%d", port), fmt.Sprintf("127.0.0.1:%d", four), true, first, "127.0.0.2")
		expect(t, w, "after it has", fmt.Sprintf("127.0.0.3:%d", port), fmt.Sprintf("127.0.0.1:%d", four), true, at.Add(time.Second).UnixNano(), "127.0.0.3")
	})
}

// driven is a clock that the test drives, in nanoseconds since the epoch.
type driven struct{ atomic.Int64 }

func (c *driven) now() time.Time { return time.Unix(0, c.Load()) }

func (c *driven) add(d time.Duration) time.Time { return time.Unix(0, c.Add(int64(d))) }

// forgetAll has the kernel forget all connections.
func forgetAll(t *testing.T) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW, netlinkNetfilter)
	if err != nil {
		t.Error(err)
		return
	}
	defer syscall.Close(fd)
	b := request(askDump, 1)
	binary.NativeEndian.PutUint16(b[4:], messageDelete)
	binary.NativeEndian.PutUint16(b[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	if _, err := syscall.Write(fd, b); err != nil {
		t.Error(err)
	}
	if _, err := syscall.Read(fd, make([]byte, 4096)); err != nil { // once it has
		t.Error(err)
	}
}

// TestOverrun has more connections begin than the kernel keeps messages of, while nobody reads.
func TestOverrun(t *testing.T) {
	namespace(t, func() {
		four := listen(t, "127.0.0.1:0")
		var clock driven
		at := clock.add(1000 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		w, err := start(ctx, clock.now, 2048)
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		first := at.Add(time.Second).UnixNano()
		var port uint16
		w.mu.Lock()
		at = clock.add(10 * time.Second)
		for range 50 {
			var c net.Conn
			c, port = dial(t, "tcp4", "127.0.0.2", fmt.Sprintf("127.0.0.9:%d", four))
			defer c.Close()
		}
		w.mu.Unlock()
		from, to := fmt.Sprintf("127.0.0.3:%d", port), fmt.Sprintf("127.0.0.1:%d", four)
		later := at.Add(time.Second).UnixNano()
		for known := false; !known; _, known = w.Near(ends(from, to), true, later) { // more may be lost, of a list that has to go through so small a place
			if err := w.CatchUp(ctx); err != nil {
				t.Error(err)
				return
			}
		}
		if n := w.Counters(); n.Lost == 0 {
			t.Errorf("nothing was lost: %+v", n)
		}
		if a, _ := w.Near(ends(from, to), true, later); a.String() != "127.0.0.2" {
			t.Errorf("after messages were lost: %s", a)
		}
		if _, known := w.Near(ends(from, to), true, first); known {
			t.Error("what was before is known, though messages were lost")
		}
	})
}

// TestEnds has a socket that is closed, and a thread that may not.
func TestEnds(t *testing.T) {
	namespace(t, func() {
		w, err := Start(t.Context(), time.Now)
		if err != nil {
			t.Error(err)
			return
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := w.CatchUp(t.Context()); !errors.Is(err, errDead) {
			t.Error(err)
		}
		if _, known := w.Near(ends("127.0.0.1:1", "127.0.0.1:2"), false, time.Now().Add(time.Second).UnixNano()); known {
			t.Error("something is known, though nobody listens")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if w, err := Start(ctx, time.Now); err == nil {
			w.Close() // it was quicker than the look at the context
		}
	})
}
