package ebpf

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// gateway returns what decides at eni-1: HTTP comes in, DNS goes out.
func gateway() (*policy.Interface, error) {
	n := web()
	n.SecurityGroups["sg-1"].Egress = []netmodel.GroupRule{{
		ID: "sgr-dns", Traffic: netmodel.Traffic{Protocol: netmodel.UDP, From: 53, To: 53, Type: -1, Code: -1}, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix("203.0.113.0/24")},
	}}
	return policy.New(n).At("eni-1")
}

// traffic is traffic that does not stop: what is allowed, which has to get through, and what is refused.
type traffic struct {
	stop               chan struct{}
	sending, receiving sync.WaitGroup
	close              []func() // what receives
	// passed are answers and bytes that came, leaked what came that is refused, and sent what of that was sent, by direction.
	passed, leaked atomic.Int64
	sent           [2]atomic.Int64
}

// until runs a function again and again, until the traffic stops.
func (x *traffic) until(f func()) {
	x.sending.Go(func() {
		for {
			select {
			case <-x.stop:
				return
			default:
				f()
			}
		}
	})
}

// listenUDP returns a socket in a namespace, which is closed when the traffic has stopped.
func listenUDP(t *testing.T, at *namespace, addr string) *net.UDPConn {
	t.Helper()
	var c net.PacketConn
	var err error
	at.in(func() { c, err = net.ListenPacket("udp", addr) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.UDPConn)
}

func dialUDP(t *testing.T, at *namespace, addr string) net.Conn {
	t.Helper()
	var c net.Conn
	var err error
	at.in(func() { c, err = net.Dial("udp4", addr) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// begin begins traffic between the host and the instance.
func begin(t *testing.T, host, instance *namespace) *traffic {
	t.Helper()
	x := &traffic{stop: make(chan struct{})}
	soon := func() time.Time { return time.Now().Add(50 * time.Millisecond) }
	// DNS from the instance, which the host answers.
	answers, asks := listenUDP(t, host, "203.0.113.5:53"), dialUDP(t, instance, "203.0.113.5:53")
	x.receiving.Go(func() {
		b := make([]byte, 2000)
		for {
			n, from, err := answers.ReadFrom(b)
			if err != nil {
				return
			}
			if _, err := answers.WriteTo(b[:n], from); err != nil {
				t.Error(err)
			}
		}
	})
	x.until(func() {
		b := make([]byte, 1+rand.IntN(1000))
		asks.SetReadDeadline(soon())
		if _, err := asks.Write(b); err != nil {
			t.Error(err)
		}
		if n, err := asks.Read(b); err == nil && n == len(b) {
			x.passed.Add(1)
		}
	})
	// HTTP from the host.
	var listener net.Listener
	instance.in(func() { listener, _ = net.Listen("tcp4", "10.0.1.10:80") })
	if listener == nil {
		t.Fatal("nothing listens at the instance")
	}
	x.receiving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			n, err := io.Copy(io.Discard, c)
			if err != nil {
				t.Error(err)
			}
			x.passed.Add(n)
			c.Close()
		}
	})
	x.until(func() {
		var c net.Conn
		var err error
		host.in(func() { c, err = net.DialTimeout("tcp4", "10.0.1.10:80", time.Second) })
		if err != nil {
			t.Errorf("port 80 is not reached: %v", err)
			return
		}
		if _, err := c.Write(make([]byte, 1<<14)); err != nil {
			t.Error(err)
		}
		c.Close()
	})
	// What is refused: into the instance, and out of it.
	for way, r := range []struct {
		from, to *namespace
		addr     string
	}{{host, instance, "10.0.1.10:9"}, {instance, host, "203.0.113.5:25"}} {
		leaks, sends := listenUDP(t, r.to, r.addr), dialUDP(t, r.from, r.addr)
		x.receiving.Go(func() {
			b := make([]byte, 100)
			for {
				if _, _, err := leaks.ReadFrom(b); err != nil {
					return
				}
				x.leaked.Add(1)
			}
		})
		pace := time.NewTicker(200 * time.Microsecond)
		t.Cleanup(pace.Stop)
		x.until(func() {
			<-pace.C
			if _, err := sends.Write(make([]byte, 60)); err != nil {
				t.Error(err)
			}
			x.sent[way].Add(1)
		})
		x.close = append(x.close, func() { leaks.SetReadDeadline(soon()) })
	}
	x.close = append(x.close, func() { listener.Close(); answers.SetReadDeadline(soon()) })
	return x
}

// end stops the traffic, and returns when nothing is sent any more.
func (x *traffic) end() {
	close(x.stop)
	x.sending.Wait()
	for _, f := range x.close {
		f()
	}
	x.receiving.Wait()
}

// kills is how often TestKilled kills: WEIR_KILLS, or a few times.
func kills(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("WEIR_KILLS"))
	if os.Getenv("WEIR_KILLS") == "" {
		return 4
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKilled kills the agent again and again while traffic passes: what was kept is what the instance's device has, each packet once,
// and nothing that is refused gets through, also while no agent is there.
func TestKilled(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	host, instance := newNamespace(t), newNamespace(t)
	connect(t, host, instance)
	a := &agent{Kept: t.TempDir(), Device: "eni-host"}
	a.mount(t, host)
	first := startAgent(t, host, a)
	x := begin(t, host, instance)
	c, chance := first, rand.New(rand.NewPCG(3, 4))
	for n := range kills(t) {
		// Loading takes some 100 ms: it is killed in the midst of it, too.
		exited := make(chan error, 1)
		go func(c *exec.Cmd) { exited <- c.Wait() }(c)
		select {
		case err := <-exited:
			t.Fatalf("%d: the agent ended by itself: %v: %s", n, err, c.Stderr)
		case <-time.After(time.Duration(chance.IntN(400)) * time.Millisecond):
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		var exit *exec.ExitError
		if err := <-exited; !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("%d: the agent ended by itself: %v: %s", n, err, c.Stderr)
		}
		if n < kills(t)-1 {
			c = a.command(t)
			host.in(func() {
				if err := c.Start(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	x.end()
	host.in(func() {
		if err := a.load(); err != nil {
			t.Error(err)
			return
		}
		if err := a.round(); err != nil {
			t.Error(err)
		}
		if err := a.p.Close(); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	got, epochs := a.sum(t)
	compareDevice(t, got, instance.counters(t, "eni0"))
	const in, out, refused = 0, 1, 1
	for way, name := range []string{in: "in", out: "out"} {
		if sent := x.sent[way].Load(); got[way][refused] != [2]int64{sent, 88 * sent} || sent == 0 {
			t.Errorf("%v packets and bytes are refused on the way %s, of %d that were sent", got[way][refused], name, sent)
		}
	}
	if leaked, passed := x.leaked.Load(), x.passed.Load(); leaked > 0 || passed < 1<<14 {
		t.Errorf("%d packets got through that are refused; %d of what is allowed", leaked, passed)
	}
	t.Logf("%d epochs, %v", epochs, got)
}

// command returns the agent as a process.
func (a *agent) command(t *testing.T) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), agentEnvironment+"="+string(text))
	c.Stderr = new(lockedBuffer)
	return c
}

// startAgent starts the agent, and returns when it is attached.
func startAgent(t *testing.T, host *namespace, a *agent) *exec.Cmd {
	t.Helper()
	c := a.command(t)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	host.in(func() { err = c.Start() })
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "attached\n" {
		t.Fatalf("the agent says %q: %v: %s", line, err, c.Stderr)
	}
	return c
}

// lockedBuffer is what a process said.
type lockedBuffer struct {
	mu   sync.Mutex
	text []byte
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	return len(p), nil
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}

// TestOtherLayout has tables of another layout at the device: they decide until there is something else to decide by, and then
// each packet is counted by one of the two.
func TestOtherLayout(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	o := Options{Pin: alone(t), Connections: 64, Asides: 64}
	lo := newLocal(t)
	p := tryLoad(t, o)
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, web())}})
	if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	closed(t, p)
	dir := func(n int) string { return filepath.Join(o.Pin, fmt.Sprint("layout-", n)) }
	move := func(from, to int) {
		if err := os.Rename(dir(from), dir(to)); err != nil {
			t.Fatal(err)
		}
	}
	move(layout, 0)
	p = tryLoad(t, o)
	if others, err := p.Others(); err != nil || !slices.Equal(others, []string{dir(0)}) {
		t.Errorf("other layouts: %v: %v", others, err)
	}
	lo.send(t)
	if got := total(t, p); got != [2][2]int64{} {
		t.Errorf("it counts before it is attached: %v", got)
	}
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, web())}})
	if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	lo.send(t)
	lo.send(t)
	if got := total(t, p); got != [2][2]int64{1: {0, 20}} {
		t.Errorf("it counts %v", got)
	}
	closed(t, p)
	move(layout, layout+1)
	move(0, layout)
	p = tryLoad(t, o)
	if got := total(t, p); got != [2][2]int64{1: {0, 10}} {
		t.Errorf("the tables that were left have %v", got)
	}
	closed(t, p)
}
