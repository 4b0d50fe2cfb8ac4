package afpacket

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"weir/internal/aggregate"
)

// open returns a capture with one interface, in shadow.
func open(t testing.TB, o Options) *Capture {
	t.Helper()
	o.Clock = since()
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Swap([]Interface{{ID: "eni-web", Shadow: true, Policy: policyOf(t, definition)}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Settle(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func attach(t testing.TB, c *Capture, at *namespace, d Device) {
	t.Helper()
	at.try(t, func() error { return c.Attach(d, "eni-web") })
}

// counted reads a capture, and returns the packets of each flow by its destination, leaving out what hosts say to join groups of multicast.
func counted(t testing.TB, c *Capture) map[string]int64 {
	t.Helper()
	all, out := map[aggregate.Flow]aggregate.Counts{}, map[string]int64{}
	read(t, c, all)
	for f, n := range all {
		out[netip.AddrPortFrom(f.Dst, f.DstPort).String()+" "+f.WouldAction] += n.Packets
	}
	return out
}

// TestNetRaw has a thread that has CAP_NET_RAW and no other capability, and one that has none.
func TestNetRaw(t *testing.T) {
	t.Parallel()
	host, _, index := wire(t)
	c := open(t, Options{})
	only := func(capabilities uint32) {
		host.try(t, func() error {
			data := [2]unix.CapUserData{{Effective: capabilities, Permitted: 1 << unix.CAP_NET_RAW}}
			return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0])
		})
	}
	only(1 << unix.CAP_NET_RAW)
	attach(t, c, host, Device{Index: index, Flipped: true})
	datagrams(t, host, far4+":40000", own4+":53", 3, 100, 0)
	if got := counted(t, c); got[own4+":53 ACCEPT"] != 3 {
		t.Errorf("%v", got)
	}
	only(0)
	var err error
	host.in(func() { err = c.Attach(Device{Index: 1}, "eni-web") })
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "CAP_NET_RAW") {
		t.Errorf("%v", err)
	}
}

// TestBecomes has a device become another interface, and the other side of it, while datagrams pass: each is counted once, as one of the two.
func TestBecomes(t *testing.T) {
	t.Parallel()
	host, _, index := wire(t)
	c := open(t, Options{})
	attach(t, c, host, Device{Index: index, Flipped: true})
	at := policyOf(t, definition)
	two := []Interface{{ID: "eni-web", Shadow: true, Policy: at}, {ID: "eni-2"}}
	for want, change := range map[string]Change{
		"can't be eni-3, which has no policy": {Device{Index: index}, "eni-3"},
		"whose frames begin otherwise":        {Device{Index: index, Raw: true}, "eni-2"},
	} {
		if err := c.Swap(two, change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	const packets = 2000
	sent := make(chan bool)
	go func() {
		datagrams(t, host, far4+":40000", own4+":53", packets, 100, 0)
		close(sent)
	}()
	got := map[aggregate.Flow]aggregate.Counts{}
	for n, done := 0, false; !done; n++ {
		select {
		case <-sent:
			done = true
		default:
		}
		to := Change{Device{Index: index, Flipped: true}, "eni-web"}
		if n%2 == 0 {
			to = Change{Device{Index: index}, "eni-2"}
		}
		if err := c.Swap(two, to); err != nil {
			t.Fatal(err)
		}
		read(t, c, got)
	}
	read(t, c, got)
	var sum int64
	for f, n := range got {
		if f.DstPort != 53 { // the instance says that nobody listens
			continue
		}
		sum += n.Packets
		if want := f.Interface == "eni-web"; f.Egress == want || (f.WouldAction != "") != want {
			t.Errorf("%+v", f)
		}
	}
	if sum != packets {
		t.Errorf("%d packets were counted, of %d", sum, packets)
	}
}

// TestRaw has a device without link headers: packets that a program writes come in, and what is sent there goes out.
func TestRaw(t *testing.T) {
	t.Parallel()
	host := newNamespace(t)
	var tun *os.File
	var err error
	host.in(func() { tun, err = os.OpenFile("/dev/net/tun", os.O_RDWR, 0) }) // its devices are of the namespace in which it was opened
	if err != nil && os.Getenv("WEIR_CI") != "1" {
		t.Skipf("not run: there is no tun: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	defer tun.Close()
	var index int
	host.try(t, func() error {
		request, err := unix.NewIfreq("tun0")
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		return unix.IoctlIfreq(int(tun.Fd()), unix.TUNSETIFF, request)
	})
	host.ip(t, "link", "set", "tun0", "addrgenmode", "none", "up")
	host.ip(t, "addr", "add", own4+"/32", "dev", "tun0")
	host.ip(t, "route", "add", far4+"/32", "dev", "tun0")
	host.try(t, func() (err error) { index, err = indexOf("tun0"); return })
	b := newBoth(t, true, policyOf(t, definition))
	b.attach(t, host, Device{Index: index, Raw: true})
	in := odd()[10][14:]
	binary.BigEndian.PutUint16(in[10:], 0) // a checksum is not looked at before
	if _, err := tun.Write(in); err != nil {
		t.Fatal(err)
	}
	datagrams(t, host, own4+":40001", far4+":53", 2, 100, 0)
	b.compare(t)
	if n := packets(b.sock); n < 3 {
		t.Errorf("%d packets: %v", n, b.sock)
	}
	// What is said of the device must be so.
	c := open(t, Options{})
	host.in(func() { err = c.Attach(Device{Index: index}, "eni-web") })
	if err == nil || !strings.Contains(err.Error(), "its frames are of kind 65534") {
		t.Errorf("%v", err)
	}
}

// TestGone removes a device: what passed before is counted, and another device may be there.
func TestGone(t *testing.T) {
	t.Parallel()
	host, _, index := wire(t)
	c := open(t, Options{})
	attach(t, c, host, Device{Index: index, Flipped: true})
	datagrams(t, host, far4+":40000", own4+":53", 7, 100, 0)
	if gone, err := c.Gone(); err != nil || gone != nil {
		t.Errorf("%v: %v", gone, err)
	}
	host.ip(t, "link", "set", hostEnd, "down")
	host.ip(t, "link", "set", hostEnd, "up")
	host.ip(t, "route", "add", own4+"/32", "dev", hostEnd)
	host.ip(t, "neigh", "replace", own4, "lladdr", ownMAC, "dev", hostEnd)
	datagrams(t, host, far4+":40000", own4+":53", 2, 100, 0) // one that is up again is the same
	host.ip(t, "link", "del", hostEnd)
	gone, err := c.Gone()
	if err != nil || !slices.Equal(gone, []int{index}) || len(c.Attached()) != 0 {
		t.Errorf("%v: %v; %v are watched", gone, err, c.Attached())
	}
	if got := counted(t, c); got[own4+":53 ACCEPT"] != 9 {
		t.Errorf("%v", got)
	}
	if err := c.Detach(index); err == nil {
		t.Error("a device goes twice")
	}
}

// TestBroken has a block of the ring that makes no sense: the device is not read any more, and what comes is told as dropped, until it is attached again.
func TestBroken(t *testing.T) {
	t.Parallel()
	host, instance, index := wire(t)
	quiet(t, host, instance, own4+":53")
	c := open(t, Options{})
	attach(t, c, host, Device{Index: index, Flipped: true})
	d := c.devices[index]
	c.mu.Lock()
	datagrams(t, host, far4+":40000", own4+":53", 3, 100, 0)
	for !d.socket.isReady(d.next) {
		runtime.Gosched()
	}
	binary.NativeEndian.PutUint32(d.socket.block(d.next)[blockFirst:], 1<<31)
	c.mu.Unlock()
	for _, want := range []uint64{3, 5} {
		if got := counted(t, c); len(got) > 0 {
			t.Errorf("%v", got)
		}
		if all, err := c.Tallies("eni-web"); err == nil || !strings.Contains(err.Error(), "can't be read: frame 0 of a block is at") || all.Dropped < want {
			t.Errorf("%d dropped, want %d: %v", all.Dropped, want, err)
		}
		datagrams(t, host, far4+":40000", own4+":53", 2, 100, 0)
	}
	gone, err := c.Gone()
	if err == nil || !slices.Equal(gone, []int{index}) || len(c.Attached()) != 0 {
		t.Errorf("%v: %v; %v are watched", gone, err, c.Attached())
	}
	if all, err := c.Tallies("eni-web"); err != nil || all.Dropped < 7 {
		t.Errorf("%d dropped, want 7: %v", all.Dropped, err)
	}
	attach(t, c, host, Device{Index: index, Flipped: true})
	datagrams(t, host, far4+":40000", own4+":53", 4, 100, 0)
	if got := counted(t, c); got[own4+":53 ACCEPT"] != 4 {
		t.Errorf("%v", got)
	}
}

// quiet has nothing else pass than what is sent to an address: no IPv6, which takes an MTU of 1280, and no answer that nobody listens there.
func quiet(t testing.TB, host, instance *namespace, to string) {
	t.Helper()
	host.ip(t, "link", "set", hostEnd, "mtu", "1200")
	instance.ip(t, "link", "set", ownEnd, "mtu", "1200")
	instance.try(t, func() error {
		l, err := net.ListenPacket("udp4", to)
		if err == nil {
			t.Cleanup(func() { l.Close() })
		}
		return err
	})
}

// TestOverflow sends more than the ring has room for while nobody reads: each frame is counted, or said to be lost.
func TestOverflow(t *testing.T) {
	t.Parallel()
	host, instance, index := wire(t)
	quiet(t, host, instance, own4+":5353")
	c := open(t, Options{Ring: 4 * blockSize})
	attach(t, c, host, Device{Index: index, Flipped: true})
	const sent = 5000
	c.mu.Lock()
	datagrams(t, host, far4+":40000", own4+":5353", sent, 100, 0)
	c.mu.Unlock()
	got := counted(t, c)[own4+":5353 REJECT"]
	tallies, err := c.Tallies("eni-web")
	if err != nil || got+int64(tallies.Dropped) != sent || tallies.Dropped == 0 || got == 0 {
		t.Errorf("%d counted and %d dropped of %d: %v", got, tallies.Dropped, sent, err)
	}
	datagrams(t, host, far4+":40000", own4+":5353", 10, 100, 0)
	if got := counted(t, c)[own4+":5353 REJECT"]; got != 10 {
		t.Errorf("%d counted of 10 that came later", got)
	}
	if again, err := c.Tallies("eni-web"); err != nil || again.Dropped != tallies.Dropped {
		t.Errorf("%d dropped: %v", again.Dropped, err)
	}
}

// TestRefuses has devices and kinds that are not read.
func TestRefuses(t *testing.T) {
	t.Parallel()
	host, _, index := wire(t)
	c := open(t, Options{})
	attach(t, c, host, Device{Index: index, Flipped: true})
	for _, tc := range []struct {
		device Device
		id     string
		want   string
	}{
		{Device{Index: index}, "eni-web", "is watched already"},
		{Device{Index: 1}, "eni-9", "device 1 can't be eni-9, which has no policy"},
		{Device{Index: 1, Raw: true}, "eni-web", "its frames are of kind 772"},
		{Device{Index: 9999}, "eni-web", "no such device"},
	} {
		var err error
		host.in(func() { err = c.Attach(tc.device, tc.id) })
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %s", tc.device, err, tc.want)
		}
	}
	if _, err := exec.LookPath("modprobe"); err == nil { // any device of another kind does
		host.in(func() {
			err = exec.CommandContext(t.Context(), "ip", "link", "add", "sit9", "type", "sit", "local", far4).Run()
		})
		if err == nil {
			var other int
			host.try(t, func() (err error) { other, err = indexOf("sit9"); return })
			host.in(func() { err = c.Attach(Device{Index: other}, "eni-web") })
			if err == nil || !strings.Contains(err.Error(), "its frames are of kind 776") {
				t.Errorf("%v", err)
			}
		}
	}
}
