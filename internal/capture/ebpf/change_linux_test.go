package ebpf

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// The ports of datagrams to the instance: each of the two interfaces allows one, and nobody the third, nor what the instance sends.
const (
	firstPort, secondPort, neitherPort = 53, 54, 55
	toHost                             = 25
)

// allowing returns what decides at an interface that lets datagrams to a port in.
func allowing(port uint16) (*policy.Interface, error) {
	n := web()
	n.SecurityGroups["sg-1"].Ingress = []netmodel.GroupRule{{
		ID: "sgr-" + strconv.Itoa(int(port)), Traffic: netmodel.Traffic{Protocol: netmodel.UDP, From: port, To: port, Type: -1, Code: -1}, Peer: netmodel.Peer{CIDR: netip.MustParsePrefix("0.0.0.0/0")},
	}}
	return policy.New(n).At("eni-1")
}

// twins are the two interfaces that a device becomes in turn.
func twins() (out [2]Interface, err error) {
	for i, port := range []uint16{firstPort, secondPort} {
		out[i] = Interface{ID: fmt.Sprint("eni-", i+1), Mode: Enforce}
		if out[i].Policy, err = allowing(port); err != nil {
			return out, err
		}
	}
	return out, nil
}

// become has the device be the one interface and the other, in turn, until it is killed.
func (a *agent) become(d Device) error {
	both, err := twins()
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		to := both[n%2]
		var changes []Change
		if len(a.p.Attached()) > 0 {
			changes = []Change{{Device: d, ID: to.ID}}
		}
		if err := a.p.Swap([]Interface{to}, changes...); err != nil {
			return err
		}
		if err := a.round(); err != nil {
			return err
		}
		if n == 0 {
			if err := a.p.Attach(d, to.ID); err != nil {
				return err
			}
			fmt.Println("attached")
		}
	}
}

// stream is datagrams to a port, one after the other.
type stream struct {
	sent, came int64
}

// TestBecomes has a device become another interface and back again, all the time and by agents that are killed, while datagrams pass: each is counted once, by the interface that decided of
// it, and none gets through that both refuse.
func TestBecomes(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	host, instance := newNamespace(t), newNamespace(t)
	connect(t, host, instance)
	a := &agent{Kept: t.TempDir(), Device: "eni-host", Becomes: true}
	a.mount(t, host)
	c := startAgent(t, host, a)
	x, streams := beginStreams(t, host, instance)
	chance := rand.New(rand.NewPCG(5, 6))
	for n := range kills(t) {
		<-time.After(time.Duration(100+chance.IntN(400)) * time.Millisecond) // a random moment
		if err := c.Process.Kill(); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("%d: the agent ended by itself: %v: %s", n, err, c.Stderr)
		}
		if n < kills(t)-1 {
			c = startAgent(t, host, a)
		}
	}
	x.end()
	host.in(func() {
		if err := errors.Join(a.load(), a.round(), a.p.Close()); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	a.checkStreams(t, streams)
	got, epochs := a.sum(t)
	compareDevice(t, got, instance.counters(t, "eni0"))
	t.Logf("%d epochs, %v", epochs, got)
}

// checkStreams compares what was kept with what was sent and what came.
func (a *agent) checkStreams(t *testing.T, streams map[uint16]*stream) {
	t.Helper()
	type key struct {
		id      string
		port    uint16
		refused bool
	}
	packets := map[key]int64{}
	a.rows(t, func(r *kept) { packets[key{r.Interface, r.Port, r.Refused}] += r.Packets })
	for port, s := range streams {
		var counted, accepted int64
		for _, id := range []string{"eni-1", "eni-2"} {
			yes, no := packets[key{id, port, false}], packets[key{id, port, true}]
			counted, accepted = counted+yes+no, accepted+yes
			allows := id == "eni-1" && port == firstPort || id == "eni-2" && port == secondPort
			if allows && (no > 0 || yes == 0) || !allows && (yes > 0 || no == 0) {
				t.Errorf("port %d at %s: %d accepted, %d refused", port, id, yes, no)
			}
		}
		if counted != s.sent || accepted != s.came {
			t.Errorf("port %d: %d counted, %d of them accepted; %d were sent, and %d came", port, counted, accepted, s.sent, s.came)
		}
	}
}

// beginStreams begins datagrams to all ports, at a pace that sockets can bear.
func beginStreams(t *testing.T, host, instance *namespace) (*traffic, map[uint16]*stream) {
	t.Helper()
	x := &traffic{stop: make(chan struct{})}
	streams := map[uint16]*stream{}
	for _, port := range []uint16{firstPort, secondPort, neitherPort, toHost} {
		from, to, addr := host, instance, "10.0.1.10:"
		if port == toHost {
			from, to, addr = instance, host, "203.0.113.5:"
		}
		addr += strconv.Itoa(int(port))
		takes, sends := listenUDP(t, to, addr), dialUDP(t, from, addr)
		if err := takes.SetReadBuffer(4 << 20); err != nil {
			t.Fatal(err)
		}
		s := new(stream)
		streams[port] = s
		x.receiving.Go(func() {
			b := make([]byte, 100)
			for {
				if _, _, err := takes.ReadFrom(b); err != nil {
					return
				}
				s.came++
			}
		})
		pace := time.NewTicker(time.Millisecond)
		t.Cleanup(pace.Stop)
		x.until(func() {
			<-pace.C
			for range 8 {
				if _, err := sends.Write(make([]byte, 60)); err != nil && !errors.Is(err, syscall.EPERM) { // dropped on its way out
					t.Error(err)
				}
				s.sent++
			}
		})
		x.close = append(x.close, func() { takes.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) })
	}
	return x, streams
}

// TestChange has devices of two network namespaces exchange their interfaces at once, and what can't be.
func TestChange(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	for name, clsact := range map[string]bool{"tcx": false, "clsact": true} {
		t.Run(name, func(t *testing.T) {
			o := Options{Pin: alone(t), Connections: 64, Asides: 64, Clsact: clsact}
			here := newLocal(t)
			p := tryLoad(t, o)
			list := []Interface{{ID: "eni-1", Mode: Count}, {ID: "eni-2", Mode: Enforce, Policy: decides(t, resolver())}}
			swap(t, p, list)
			if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
				t.Fatal(err)
			}
			is := func(want map[string][2][2]int64) {
				t.Helper()
				here.send(t)
				if got := byInterface(t, p); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%v, want %v", got, want)
				}
			}
			first, second := map[string][2][2]int64{"eni-1": {{10}, {10}}}, map[string][2][2]int64{"eni-2": {{10}, {0, 10}}}
			to := Change{Device: Device{Index: loopback, Flipped: true}, ID: "eni-2"}
			is(first)
			for why, refuse := range map[string]func() error{
				"an interface of no policy":   func() error { return p.Swap(list[:1], to) },
				"a namespace that it has not": func() error { return p.Swap(list, Change{Netns: 1, Device: to.Device, ID: to.ID}) },
				"a device that it is not at":  func() error { return p.Swap(list, Change{Device: Device{Index: 7}, ID: "eni-2"}) },
				"an epoch that is open": func() error {
					if _, err := p.Turn(); err != nil {
						t.Fatal(err)
					}
					err := p.Swap(list, to)
					return errors.Join(err, p.Settle())
				},
			} {
				if err := refuse(); err == nil {
					t.Errorf("%s: it is put in force", why)
				}
				is(first)
			}
			if err := p.Swap(list[1:], to); err != nil {
				t.Fatal(err)
			}
			if err := p.Read(nothing); err != nil {
				t.Fatal(err)
			}
			is(second)
			closed(t, p)
			p = tryLoad(t, o)
			is(second)
			swap(t, p, list) // what a device is stays where nothing is said of it
			is(second)
			if err := p.Swap(list, Change{Device: Device{Index: loopback}, ID: "eni-1"}); err != nil {
				t.Fatal(err)
			}
			if err := p.Read(nothing); err != nil {
				t.Fatal(err)
			}
			is(first)
			closed(t, p)
			if err := Remove(o.Pin); err != nil {
				t.Fatal(err)
			}
			here.to.Close()
		})
	}
}

// TestChangeNamespaces has devices of two network namespaces exchange their interfaces.
func TestChangeNamespaces(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	o := Options{Pin: alone(t), Connections: 64, Asides: 64}
	in, end := another(t)
	defer end()
	here := newLocal(t)
	var there *local
	in(func() { there = newLocal(t) })
	p := tryLoad(t, o)
	list := []Interface{{ID: "eni-1", Mode: Count}, {ID: "eni-2", Mode: Count}}
	swap(t, p, list)
	if err := p.Attach(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	in(func() {
		if err := inAnother(t, p).Attach(Device{Index: loopback}, "eni-2"); err != nil {
			t.Fatal(err)
		}
	})
	for cookie := range p.Namespaces() {
		err := p.Swap(list, Change{Device: Device{Index: loopback}, ID: "eni-2"}, Change{Netns: cookie, Device: Device{Index: loopback}, ID: "eni-1"})
		if err != nil {
			t.Fatal(err)
		}
	}
	closed(t, p)
	p = tryLoad(t, o)
	if err := p.Read(nothing); err != nil {
		t.Fatal(err)
	}
	here.send(t)
	here.send(t)
	in(func() { there.send(t) })
	if got := byInterface(t, p); got["eni-1"] != [2][2]int64{{10}, {10}} || got["eni-2"] != [2][2]int64{{20}, {20}} {
		t.Errorf("%v", got)
	}
	closed(t, p)
}

// TestHighIndex has devices whose index is too large for the table of their namespace, with the same index in two of them.
func TestHighIndex(t *testing.T) {
	t.Parallel()
	needLoad(t)
	needIP(t)
	const high = 1<<31 - 1
	for name, clsact := range map[string]bool{"tcx": false, "clsact": true} {
		t.Run(name, func(t *testing.T) {
			o := Options{Pin: alone(t), Connections: 64, Asides: 64, Clsact: clsact}
			in, end := another(t)
			connected := func() net.Conn {
				ip(t, "link", "add", "name", "high", "index", strconv.Itoa(high), "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", "peer", "index", strconv.Itoa(high-1))
				ip(t, "link", "set", "high", "addrgenmode", "none", "up")
				ip(t, "link", "set", "peer", "addrgenmode", "none", "up")
				ip(t, "addr", "add", "203.0.113.5/24", "dev", "high")
				ip(t, "neigh", "add", "203.0.113.9", "lladdr", "02:00:00:00:00:09", "dev", "high")
				c, err := net.Dial("udp4", "203.0.113.9:53")
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			here := connected()
			var there net.Conn
			in(func() { there = connected() })
			defer here.Close()
			defer there.Close()
			p := tryLoad(t, o)
			list := []Interface{{ID: "eni-1", Mode: Count}, {ID: "eni-2", Mode: Count}, {ID: "eni-3", Mode: Count}}
			swap(t, p, list)
			if err := p.Attach(Device{Index: high}, "eni-1"); err != nil {
				t.Fatal(err)
			}
			if !clsact {
				in(func() {
					if err := inAnother(t, p).Attach(Device{Index: high}, "eni-2"); err != nil {
						t.Fatal(err)
					}
				})
			}
			want := map[string]int64{"eni-1": 2, "eni-2": 1}
			if clsact {
				delete(want, "eni-2")
			}
			is := func() {
				t.Helper()
				for _, c := range []net.Conn{here, here, there} {
					if _, err := c.Write([]byte{0}); err != nil {
						t.Fatal(err)
					}
				}
				got := byInterface(t, p)
				for id, n := range want {
					if got[id] != [2][2]int64{1: {n}} || len(got) != len(want) {
						t.Errorf("%v, want %v", got, want)
					}
				}
			}
			is()
			closed(t, p)
			p = tryLoad(t, o)
			is()
			if err := p.Swap(list, Change{Device: Device{Index: high}, ID: "eni-3"}); err != nil {
				t.Fatal(err)
			}
			if err := p.Read(nothing); err != nil {
				t.Fatal(err)
			}
			want["eni-3"] = want["eni-1"]
			delete(want, "eni-1")
			is()
			if n := inThere(p); n != nil {
				if err := n.Leave(); err != nil {
					t.Fatal(err)
				}
			}
			delete(want, "eni-2")
			is()
			ip(t, "link", "del", "high")
			if gone, err := p.Gone(); err != nil || len(gone) != 1 || gone[0] != high {
				t.Errorf("%v are gone: %v", gone, err)
			}
			if left, err := readLinks(p.objects.Links, p.objects.HighLinks, 0); err != nil || len(left)+len(p.links) > 0 {
				t.Errorf("%v, %v are left: %v", left, p.links, err)
			}
			closed(t, p)
			if err := Remove(o.Pin); err != nil {
				t.Fatal(err)
			}
			end()
		})
	}
}
