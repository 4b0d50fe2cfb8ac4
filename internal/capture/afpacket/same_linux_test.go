package afpacket

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"weir/internal/aggregate"
	"weir/internal/capture/ebpf"
	"weir/internal/capture/packet"
	"weir/internal/policy"
	"weir/internal/sharedtest"
)

func indexOf(device string) (int, error) {
	d, err := net.InterfaceByName(device)
	if err != nil {
		return 0, err
	}
	return d.Index, nil
}

// both has the BPF program and the packets of a socket at the same device.
type both struct {
	program   *ebpf.Program
	capture   *Capture
	bpf, sock map[aggregate.Flow]aggregate.Counts
}

func newBoth(t *testing.T, shadow bool, at *policy.Interface) *both {
	t.Helper()
	p, err := ebpf.Load(ebpf.Options{Connections: 1 << 14, Asides: 1 << 14})
	if errors.Is(err, os.ErrPermission) && os.Getenv("WEIR_CI") != "1" {
		sharedtest.NotRun(t, "BPF programs can't be loaded here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	c, err := Open(Options{Clock: since()})
	if err != nil {
		t.Fatal(err)
	}
	b := &both{p, c, map[aggregate.Flow]aggregate.Counts{}, map[aggregate.Flow]aggregate.Counts{}}
	b.swap(t, shadow, at)
	return b
}

// swap has both decide by another policy.
func (b *both) swap(t *testing.T, shadow bool, at *policy.Interface) {
	t.Helper()
	mode := ebpf.Count
	if shadow {
		mode = ebpf.Shadow
	}
	if err := b.program.Swap([]ebpf.Interface{{ID: "eni-web", Mode: mode, Policy: at}}); err != nil {
		t.Fatal(err)
	}
	if err := b.capture.Swap([]Interface{{ID: "eni-web", Shadow: shadow, Policy: at}}); err != nil {
		t.Fatal(err)
	}
	b.take(t)
}

// attach puts both at a device until the test ends.
func (b *both) attach(t *testing.T, at *namespace, d Device) {
	t.Helper()
	at.try(t, func() error {
		return errors.Join(b.program.Attach(ebpf.Device{Index: d.Index, Flipped: d.Flipped, Raw: d.Raw}, "eni-web"), b.capture.Attach(d, "eni-web"))
	})
	t.Cleanup(func() {
		at.try(t, func() error { return errors.Join(b.program.Close(), b.capture.Close()) })
	})
}

// add adds up. What hosts say to join groups of multicast comes when it comes, also while the one is there and the other not yet.
func add(to map[aggregate.Flow]aggregate.Counts, f *aggregate.Flow, c aggregate.Counts) {
	if f.Dst.IsMulticast() {
		return
	}
	if was, ok := to[*f]; ok {
		c.Packets, c.Bytes, c.Flags = c.Packets+was.Packets, c.Bytes+was.Bytes, c.Flags|was.Flags
		c.First, c.Last = min(c.First, was.First), max(c.Last, was.Last)
	}
	to[*f] = c
}

// take reads both.
func (b *both) take(t *testing.T) {
	t.Helper()
	var err error
	if _, open := b.program.Closed(); !open {
		_, err = b.program.Turn()
	}
	if err == nil {
		err = b.program.Rows(func(r *ebpf.Row) error { f, c := r.Flow(); add(b.bpf, &f, c); return nil })
	}
	if err == nil {
		err = b.program.Settle()
	}
	if err != nil {
		t.Fatal(err)
	}
	read(t, b.capture, b.sock)
}

// read reads a capture.
func read(t testing.TB, c *Capture, to map[aggregate.Flow]aggregate.Counts) {
	t.Helper()
	_, err := c.Turn()
	if err == nil {
		err = c.Rows(func(f *aggregate.Flow, c aggregate.Counts) error { add(to, f, c); return nil })
	}
	if err == nil {
		err = c.Settle()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// packets returns how many packets were counted.
func packets(of map[aggregate.Flow]aggregate.Counts) (n int64) {
	for _, c := range of {
		n += c.Packets
	}
	return n
}

// compare reads both until they have as many packets, and compares all that they have. Times are of different clocks of the kernel's: the
// program's is set by the wall's when it is read, which a machine that is busy is late with.
func (b *both) compare(t *testing.T) {
	t.Helper()
	b.take(t)
	for end := time.Now().Add(5 * time.Second); packets(b.bpf) != packets(b.sock) && time.Now().Before(end); {
		b.take(t)
	}
	near := cmp.Comparer(func(a, b aggregate.Counts) bool {
		const most = int64(time.Second)
		first, last := a.First-b.First, a.Last-b.Last
		a.First, a.Last = b.First, b.Last
		return a == b && -most < first && first < most && -most < last && last < most
	})
	if diff := cmp.Diff(b.bpf, b.sock, near, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("flows (-BPF +packets):\n%s", diff)
	}
	want, err := b.program.Tallies("eni-web")
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.capture.Tallies("eni-web")
	if err != nil {
		t.Fatal(err)
	}
	if got.Outcomes != want.Outcomes || got.Unlogged != want.Unlogged || got.Lost != want.Lost || got.Dropped != 0 || got.FullConnections+got.FullFlows != 0 {
		t.Errorf("beside flows: %+v, the program has %+v", got, want)
	}
}

// sums returns packets by what would have become of them.
func sums(of map[aggregate.Flow]aggregate.Counts) (accepted, rejected int64) {
	for f, c := range of {
		if f.WouldAction == "REJECT" {
			rejected += c.Packets
		} else {
			accepted += c.Packets
		}
	}
	return accepted, rejected
}

// stream sends bytes by TCP from the host to the instance.
func stream(t testing.TB, host, instance *namespace, network, to string, size int) {
	t.Helper()
	c, accepted := connect(t, host, instance, network, to)
	defer accepted.Close()
	send(t, c, accepted, size)
	c.Close()
	if _, err := accepted.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

// connect opens a connection.
func connect(t testing.TB, host, instance *namespace, network, to string) (c, accepted net.Conn) {
	t.Helper()
	var l net.Listener
	instance.try(t, func() (err error) { l, err = net.Listen(network, to); return })
	defer l.Close()
	host.try(t, func() (err error) { c, err = net.DialTimeout(network, to, 5*time.Second); return })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return c, accepted
}

// send sends bytes through a connection, and takes them.
func send(t testing.TB, c, accepted net.Conn, size int) {
	t.Helper()
	sent := make(chan error, 1)
	go func() { _, err := c.Write(make([]byte, size)); sent <- err }()
	if _, err := io.CopyN(io.Discard, accepted, int64(size)); err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// datagrams sends datagrams. Where segment is more than 0, they are given to the kernel as one frame that is cut so.
func datagrams(t testing.TB, at *namespace, from, to string, count, size, segment int) {
	t.Helper()
	at.try(t, func() error {
		// Not connected: an error that comes back would be one of a write.
		// The one before, closed, may be in a process that another test is about to make a command of: the address is taken all the same.
		reuse := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
			e := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) })
			return errors.Join(e, err)
		}}
		open, err := reuse.ListenPacket(t.Context(), "udp", from)
		if err != nil {
			return err
		}
		defer open.Close()
		c := open.(*net.UDPConn)
		if segment > 0 {
			raw, err := c.SyscallConn()
			if err != nil {
				return err
			}
			if e := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT, segment) }); e != nil || err != nil {
				return errors.Join(e, err)
			}
		}
		for range count {
			if _, err := c.WriteToUDPAddrPort(make([]byte, size), netip.MustParseAddrPort(to)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ping sends an echo request by IPv4.
func ping(t testing.TB, at *namespace, to string) {
	t.Helper()
	at.try(t, func() error {
		c, err := net.Dial("ip4:icmp", to)
		if err != nil {
			return err
		}
		defer c.Close()
		b := make([]byte, 64)
		b[0], b[4] = 8, 1
		binary.BigEndian.PutUint16(b[2:], ^uint16(0x0800+0x0100))
		_, err = c.Write(b)
		return err
	})
}

// syn tries to connect where nobody listens.
func syn(t testing.TB, at *namespace, network, to string) {
	t.Helper()
	at.try(t, func() error {
		c, err := net.DialTimeout(network, to, 5*time.Second)
		if err == nil {
			c.Close()
			return errors.New(to + " is reached")
		}
		if !errors.Is(err, unix.ECONNREFUSED) {
			return err
		}
		return nil
	})
}

// inject sends frames as they are.
func inject(t testing.TB, at *namespace, device string, frames ...[]byte) {
	t.Helper()
	at.try(t, func() error {
		index, err := indexOf(device)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, f := range frames {
			if err := unix.Sendto(fd, f, 0, &unix.SockaddrLinklayer{Ifindex: index, Halen: 6}); err != nil {
				return err
			}
		}
		return nil
	})
}

// odd are frames from the host to the instance that are no ordinary packets: with a tag of 802.1Q, with two, options of IPv4, extension headers of IPv6, an orphan of
// a fragment, cut off, malformed, ARP, an address of the other family, and one that is longer than what is read of it.
func odd() [][]byte {
	link := append(net.HardwareAddr{2, 0, 0, 0, 0, 2}, 2, 0, 0, 0, 0, 1)
	udp := func(n int) []byte {
		return append([]byte{0x9c, 0x40, 0, 53, byte((8 + n) >> 8), byte(8 + n), 0, 0}, make([]byte, n)...)
	}
	v4 := func(place uint16, options, body []byte) []byte {
		h := append([]byte{0x45 + byte(len(options)/4), 0, 0, 0, 0, 7, byte(place >> 8), byte(place), 64, 17, 0, 0, 203, 0, 113, 5, 10, 0, 1, 10}, options...)
		binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(body)))
		return append(h, body...)
	}
	v6 := func(next byte, src string, body []byte) []byte {
		h := []byte{0x60, 0, 0, 0, byte(len(body) >> 8), byte(len(body)), next, 64}
		h = append(append(h, netip.MustParseAddr(src).AsSlice()...), netip.MustParseAddr(own6).AsSlice()...)
		return append(h, body...)
	}
	frame := func(types string, rest []byte) []byte {
		return append(append(append([]byte{}, link...), types...), rest...)
	}
	const ip4, ip6 = "\x08\x00", "\x86\xdd"
	chain := make([]byte, 0, 100)
	for n := range 3 {
		chain = append(chain, [3]byte{60, 43, 17}[n], 2)
		chain = append(chain, make([]byte, 22)...)
	}
	return [][]byte{
		frame("\x81\x00\x00\x07"+ip4, v4(0, nil, udp(10))),
		frame("\x88\xa8\x00\x07\x81\x00\x00\x08"+ip6, v6(17, far6, udp(10))),
		frame(ip4, v4(0, make([]byte, 40), udp(3))),
		frame(ip6, v6(0, far6, append(chain, udp(20)...))),
		frame(ip4, v4(3, nil, udp(10))),
		frame(ip4, v4(0, nil, udp(10))[:19]),
		frame(ip4, v4(0, nil, nil)),
		frame(ip4, append([]byte{0x4f}, v4(0, nil, udp(10))[1:]...)),
		frame("\x08\x06", make([]byte, 28)),
		frame(ip6, v6(17, "::ffff:1.2.3.4", udp(10))),
		frame(ip4, v4(0, nil, udp(1400))),
	}
}

// TestSame has traffic of all kinds between two namespaces, which the BPF program and a socket see at the host's side of the pair: both count and decide of the
// same packets alike, also after the policy has changed while connections are open.
func TestSame(t *testing.T) {
	t.Parallel()
	for _, shadow := range []bool{true, false} {
		name := map[bool]string{true: "shadow", false: "count"}[shadow]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, instance, index := wire(t)
			b := newBoth(t, shadow, policyOf(t, definition))
			b.attach(t, host, Device{Index: index, Flipped: true})
			stream(t, host, instance, "tcp4", own4+":80", 3<<20)
			stream(t, host, instance, "tcp6", "["+own6+"]:80", 1<<20)
			stream(t, instance, host, "tcp4", far4+":443", 1<<20) // what comes in is put together
			datagrams(t, host, far4+":40000", own4+":53", 3, 100, 0)
			datagrams(t, host, far4+":40001", own4+":5353", 2, 100, 0)
			datagrams(t, host, far4+":40002", own4+":53", 2, 10000, 0)    // fragments
			datagrams(t, host, far4+":40003", own4+":53", 2, 12001, 1200) // 11 segments
			datagrams(t, instance, own4+":40004", far4+":26", 2, 4000, 0)
			datagrams(t, host, "["+far6+"]:40005", "["+own6+"]:53", 2, 12001, 1200)
			ping(t, host, own4)
			ping(t, instance, far4)
			syn(t, host, "tcp4", own4+":22")
			syn(t, instance, "tcp4", far4+":25")
			syn(t, host, "tcp6", "["+own6+"]:22")
			inject(t, host, hostEnd, odd()...)
			inject(t, instance, ownEnd, odd()...) // where they come in, the kernel takes tags off
			b.compare(t)
			live, taken := connect(t, host, instance, "tcp4", own4+":80")
			send(t, live, taken, 100_000)
			b.take(t)
			// The group lets nobody in any more: what is open stays, what is new would be refused.
			b.swap(t, shadow, policyOf(t, strings.Replace(definition, "      - {tcp: 80, from: 203.0.113.0/24}\n", "", 1)))
			send(t, live, taken, 100_000)
			live.Close()
			taken.Close()
			stream(t, host, instance, "tcp4", own4+":80", 1000)
			// Nor does the network ACL: that cuts at once.
			b.swap(t, shadow, policyOf(t, strings.Replace(definition, "{number: 100, action: allow, protocol: all, from", "{number: 100, action: deny, protocol: all, from", 1)))
			stream(t, host, instance, "tcp4", own4+":80", 1000)
			b.compare(t)
			if accepted, rejected := sums(b.sock); accepted < 3000 || shadow != (rejected > 20) {
				t.Errorf("%d packets would pass, %d would not", accepted, rejected)
			}
			if outcomes := b.tallies(t).Outcomes; outcomes[packet.Malformed] < 2 || outcomes[packet.Orphan] < 1 || outcomes[packet.NotIP] < 1 {
				t.Errorf("odd frames: %v", outcomes)
			}
		})
	}
}

func (b *both) tallies(t *testing.T) Tallies {
	t.Helper()
	out, err := b.capture.Tallies("eni-web")
	if err != nil {
		t.Fatal(err)
	}
	return out
}
