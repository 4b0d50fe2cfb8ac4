package ebpf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"weir/internal/aggregate"
	"weir/internal/capture/packet"
	"weir/internal/policy"
	"weir/internal/sharedtest"
)

// alone gives the calling goroutine a thread with namespaces of its own, of mounts and of the network, which end with the test, and
// returns a directory of a BPF file system there.
func alone(t *testing.T) string {
	t.Helper()
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	if err := syscall.Unshare(syscall.CLONE_NEWNS | syscall.CLONE_NEWNET); err != nil {
		if errors.Is(err, os.ErrPermission) {
			sharedtest.NotRun(t, "namespaces can't be made here: %v", err)
		}
		t.Fatal(err)
	}
	at := t.TempDir()
	dir := mountBPF(t, at)
	t.Cleanup(func() {
		if err := syscall.Unmount(at, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// mountBPF mounts a BPF file system that the thread's namespace of mounts alone has.
func mountBPF(t *testing.T, at string) string {
	t.Helper()
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("bpf", at, "bpf", 0, ""); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(at, "weir")
}

// keeper is who reads a program, and keeps rows with the epoch that they are of.
type keeper struct {
	options Options
	p       *Program
	kept    map[flow]aggregate.Counts
	last    Epoch
	crashes int
}

func (k *keeper) load(t *testing.T) {
	t.Helper()
	var err error
	if k.p, err = Load(k.options); err != nil {
		t.Fatal(err)
	}
	if e, ok := k.p.Closed(); ok && e == k.last {
		if err := k.p.Settle(); err != nil {
			t.Fatal(err)
		}
	}
}

// crash closes the program as the kernel does for a process that is killed, and loads it again.
func (k *keeper) crash(t *testing.T) {
	t.Helper()
	if err := k.p.Close(); err != nil {
		t.Fatal(err)
	}
	k.crashes++
	k.load(t)
}

// read reads as an agent does, and crashes at a place, if it is below 5.
func (k *keeper) read(t *testing.T, place int) {
	t.Helper()
	if place == 0 {
		k.crash(t)
		return
	}
	e, err := k.p.Turn()
	if err != nil {
		t.Fatal(err)
	}
	if place == 1 {
		k.crash(t)
		return
	}
	rows := map[flow]aggregate.Counts{}
	err = k.p.Rows(func(r *Row) error {
		f, c := r.Flow()
		add(rows, flow{f, r.Refused, r.Stage}, c)
		if place == 2 {
			return errors.New("the process ends")
		}
		return nil
	})
	if err != nil && place != 2 {
		t.Fatal(err)
	}
	if place == 2 || place == 3 {
		k.crash(t)
		return
	}
	for f, c := range rows {
		add(k.kept, f, c)
	}
	k.last = e
	if place == 4 {
		k.crash(t)
		return
	}
	if err := k.p.Settle(); err != nil {
		t.Fatal(err)
	}
}

// TestRestart ends a process at any step of reading, and has one after it go on: what is kept is what a program counts that
// nobody ends. Policies change, connections outlive those that opened them, and are removed when they are idle.
func TestRestart(t *testing.T) {
	t.Parallel()
	plain := load(t, Options{Driven: true})
	dir := alone(t)
	c := chance{rand.New(rand.NewPCG(1, 2))}
	k := &keeper{options: Options{Driven: true, Pin: dir, Connections: 1 << 12, Asides: 1 << 12}, kept: map[flow]aggregate.Counts{}}
	k.load(t)
	defer func() {
		if err := k.p.Close(); err != nil {
			t.Error(err)
		}
	}()
	want := map[flow]aggregate.Counts{}
	undisturbed := func() {
		err := plain.Read(func(r *Row) error {
			f, n := r.Flow()
			add(want, flow{f, r.Refused, r.Stage}, n)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	short := policy.Timeouts{TCPEstablished: time.Second, UDP: time.Second / 4, UDPStream: time.Second / 2, TCPOther: time.Second / 4, Other: time.Second / 4}
	now := start
	change := func() {
		for {
			if _, ok := k.p.Closed(); !ok {
				break
			}
			k.read(t, 5)
		}
		list := []Interface{{ID: "eni-1", Mode: Enforce, Policy: c.policy(t), Timeouts: short}}
		undisturbed()
		for _, p := range []*Program{plain, k.p} {
			if err := p.Swap(list); err != nil {
				t.Fatal(err)
			}
			if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
				t.Fatal(err)
			}
		}
		undisturbed()
	}
	for _, p := range []*Program{plain, k.p} {
		if err := p.SetTime(now); err != nil {
			t.Fatal(err)
		}
	}
	change()
	w := &wire{c: c}
	for range 20 {
		for range 30 {
			now += int64(c.IntN(100)) << tickBits
			for _, p := range []*Program{plain, k.p} {
				if err := p.SetTime(now); err != nil {
					t.Fatal(err)
				}
			}
			frame, way := w.frame()
			for _, p := range []*Program{plain, k.p} {
				run(t, p.program(way), frame)
			}
		}
		switch c.IntN(4) {
		case 0:
			change()
		default:
			k.read(t, c.IntN(8))
		}
		if c.IntN(3) == 0 {
			undisturbed()
		}
	}
	k.read(t, 5) // of an epoch that was closed
	k.read(t, 5)
	undisturbed()
	if diff := gocmp.Diff(want, k.kept, gocmp.AllowUnexported(flow{}), gocmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("flows (-undisturbed +restarted):\n%s", diff)
	}
	if len(want) < 100 || k.crashes < 10 {
		t.Errorf("%d flows and %d crashes are no test", len(want), k.crashes)
	}
	if got, err := k.p.Tallies("eni-1"); err != nil {
		t.Error(err)
	} else if want, err := plain.Tallies("eni-1"); err != nil || got != want {
		t.Errorf("beside flows: %+v, not %+v: %v", got, want, err)
	}
}

// TestKept has what a process finds of one before: a connection is named by the rules that opened it, also where these are gone.
func TestKept(t *testing.T) {
	t.Parallel()
	needLoad(t)
	options := Options{Driven: true, Pin: alone(t), Connections: 64, Asides: 64}
	reload := func(p *Program) *Program {
		if p != nil {
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		}
		p, err := Load(options)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := reload(nil)
	network := web()
	put := func() {
		swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, network)}})
	}
	put()
	if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	client := netip.MustParseAddr("203.0.113.5")
	send(t, p.objects.Ingress, tcpFrame(client, own4, 40000, 80, policy.SYN, nil))
	network = plainNetwork() // a network of its own: nothing is shared with the policy before
	network.NetworkACLs["acl-1"] = web().NetworkACLs["acl-1"]
	if err := p.Swap([]Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, network)}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Swap(nil); !errors.Is(err, errOpen) {
		t.Errorf("counts are given up that nobody has settled: %v", err)
	}
	p = reload(p)
	want := []record{{"203.0.113.5:40000 10.0.1.10:80 6", 1, 40, 2, false, false, "sgr-http acl-1:ingress:100"}}
	for range 2 { // of the policy before, and not settled
		var got []record
		if err := p.Rows(func(r *Row) error { got = append(got, recordOf(r)); return nil }); err != nil {
			t.Fatal(err)
		}
		same(t, want, got)
		p = reload(p)
	}
	if err := p.Settle(); err != nil {
		t.Fatal(err)
	}
	send(t, p.objects.Ingress, tcpFrame(client, own4, 40000, 80, policy.ACK, nil))
	if !send(t, p.objects.Ingress, tcpFrame(client, own4, 40001, 80, policy.SYN, nil)) {
		t.Error("it decides by what is not in force any more")
	}
	p = reload(p)
	same(t, []record{
		{"203.0.113.5:40000 10.0.1.10:80 6", 1, 40, 0, false, false, "sgr-http acl-1:ingress:100"},
		{"203.0.113.5:40001 10.0.1.10:80 6", 1, 40, 2, true, true, "sg:ingress:implicit-deny"},
	}, records(t, p))
	// A part of a document, as a process leaves it that ends while it writes, is nothing.
	big := tcpFrame(client, own4, 40000, 80, policy.ACK, nil)
	half := weirPageKey{Name: generationDocument(77).name, Kind: kindGeneration}
	if err := p.objects.Journal.Put(half, weirPage{Size: 5000}); err != nil {
		t.Fatal(err)
	}
	p = reload(p)
	if err := p.objects.Journal.Lookup(half, new(weirPage)); err == nil || p.generations[77] != nil {
		t.Error("half a document is one")
	}
	send(t, p.objects.Ingress, big)
	same(t, []record{{"203.0.113.5:40000 10.0.1.10:80 6", 1, 40, 0, false, false, "sgr-http acl-1:ingress:100"}}, records(t, p))
	// What nothing refers to any more is forgotten, in the kernel too.
	if err := p.SetTime(int64(6 * 24 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		same(t, nil, records(t, p))
	}
	if len(p.generations) != 1 || len(p.namings) != 1 || len(p.journal.pages) != 2 {
		t.Errorf("it remembers %d generations, %d namings and %d documents", len(p.generations), len(p.namings), len(p.journal.pages))
	}
	p = reload(p)
	if len(p.generations) != 1 || len(p.namings) != 1 {
		t.Errorf("it finds %d generations and %d namings", len(p.generations), len(p.namings))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLoadRefuses has directories that can't be used.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	needLoad(t)
	dir := alone(t)
	plain := filepath.Join(t.TempDir(), "weir")
	refused := func(o Options, want string) {
		t.Helper()
		p, err := Load(o)
		if err == nil {
			p.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
	refused(Options{Pin: plain}, "is in no BPF file system, where links and tables outlive the process: mount one (mount -t bpf bpf /sys/fs/bpf)")
	if err := Remove(plain); err == nil {
		t.Error("a directory of another file system is removed")
	}
	o := Options{Pin: dir, Connections: 64, Asides: 64}
	p, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	refused(o, "can't have "+dir+" alone, which another process of weir may use")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	refused(Options{Pin: dir, Connections: 128}, `the table "connections" in `+dir+`/layout-3 has room for 64 entries, not 128`)
	if err := os.Mkdir(filepath.Join(dir, "layout-0"), 0o700); err != nil {
		t.Fatal(err)
	}
	if p, err = Load(Options{Pin: dir}); err != nil { // with the sizes that are there
		t.Fatal(err)
	}
	if got, err := p.Others(); err != nil || !slices.Equal(got, []string{filepath.Join(dir, "layout-0")}) {
		t.Errorf("other layouts: %v: %v", got, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "layout-3", "asides")); err != nil {
		t.Fatal(err)
	}
	refused(o, "the tables in "+dir+"/layout-3 are not whole")
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it is there still: %v", err)
	}
}

// TestLayout has whoever changes what pinned maps hold raise the number of the layout. What bits mean it can't tell.
func TestLayout(t *testing.T) {
	spec, err := loadWeir()
	if err != nil {
		t.Fatal(err)
	}
	var says strings.Builder
	for _, name := range pinnedMaps {
		m := spec.Maps[name]
		fmt.Fprintln(&says, name, m.Type, m.KeySize, m.ValueSize, m.Flags)
	}
	for _, v := range []any{
		weirLink{}, weirDevice{}, weirClock{}, weirHead{}, weirRule{}, weirFlow{}, weirConnection{}, weirAsideKey{}, weirAside{}, weirDatagram{}, weirFragment{}, weirTallies{}, weirState{}, weirArrival{}, weirArrivals{}, weirPageKey{}, weirPage{},
	} {
		of := reflect.TypeOf(v)
		for field := range of.Fields() {
			fmt.Fprintln(&says, of.Name(), field.Name, field.Type, field.Offset)
		}
	}
	sum := sha256.Sum256([]byte(says.String()))
	const of3 = "5df2e17cde63f798"
	if got := hex.EncodeToString(sum[:8]); layout != 3 || got != of3 {
		t.Errorf("layout %d has the sum %s, which was %s of layout 3: raise layout, and change this test\n%s", layout, got, of3, says.String())
	}
}

// TestSlots has more interfaces, one after another, than there is room for at once.
func TestSlots(t *testing.T) {
	t.Parallel()
	p := load(t, Options{Driven: true})
	client := netip.MustParseAddr("203.0.113.5")
	at := decides(t, web())
	arp := make([]byte, 60)
	arp[12], arp[13] = 0x08, 0x06
	for n := range 4 {
		list := make([]Interface, 400)
		for i := range list {
			list[i] = Interface{ID: fmt.Sprintf("eni-%d-%d", n, i), Mode: Enforce, Policy: at}
		}
		swap(t, p, list)
		if err := p.Watch(Device{Index: loopback}, list[n].ID); err != nil {
			t.Fatal(err)
		}
		send(t, p.objects.Ingress, tcpFrame(client, own4, uint16(n), 80, policy.SYN, nil))
		send(t, p.objects.Ingress, arp)
		if n == 3 {
			break
		}
		var got []string
		if err := p.Read(func(r *Row) error { got = append(got, r.Interface); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, []string{list[n].ID}) {
			t.Errorf("%d: of %s", n, got)
		}
		if tallies, err := p.Tallies(list[n].ID); err != nil || tallies.Outcomes[packet.NotIP] != 1 {
			t.Errorf("%d: %+v: %v", n, tallies, err)
		}
		if err := p.Watch(Device{Index: loopback}, ""); err != nil {
			t.Fatal(err)
		}
		// Off, and then two reads: connections are found idle, and then not at all.
		swap(t, p, nil)
		for range 2 {
			if err := p.Read(func(r *Row) error { return fmt.Errorf("a packet of %s", r.Interface) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(p.ids) > 801 {
		t.Errorf("%d slots are in use", len(p.ids))
	}
	many := make([]Interface, maxInterfaces+1)
	for i := range many {
		many[i] = Interface{ID: fmt.Sprint("eni-", i), Mode: Count}
	}
	if err := p.Read(nothing); err != nil {
		t.Fatal(err)
	}
	if err := p.Swap(many); err == nil {
		t.Error("there is room for more than there is")
	}
}

// TestOver has a flow of more packets than 32 bits hold, as it may be when nobody reads for an hour.
func TestOver(t *testing.T) {
	t.Parallel()
	p := load(t, Options{Driven: true})
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: decides(t, web())}})
	if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	frames := map[bool][]byte{}
	for refused, port := range map[bool]uint16{false: 80, true: 23} {
		frames[refused] = tcpFrame(netip.MustParseAddr("203.0.113.5"), own4, 40000, port, policy.SYN, nil)
		send(t, p.objects.Ingress, frames[refused])
	}
	const many = 1<<32 - 3
	var f weirFlow
	var v weirConnection
	connections := p.objects.Connections.Iterate()
	for connections.Next(&f, &v) {
		for i := range v.Packets {
			v.Packets[i].Packets += many * min(v.Packets[i].Packets, 1)
		}
		if err := p.objects.Connections.Put(f, v); err != nil {
			t.Fatal(err)
		}
	}
	var k weirAsideKey
	var a weirAside
	asides := p.objects.Asides.Iterate()
	for asides.Next(&k, &a) {
		for i := range a.Packets {
			a.Packets[i].Packets += many * min(a.Packets[i].Packets, 1)
		}
		if err := p.objects.Asides.Put(k, a); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		send(t, p.objects.Ingress, frames[false])
		send(t, p.objects.Ingress, frames[true])
	}
	over := func(packets, bytes int64) []record {
		return []record{
			{"203.0.113.5:40000 10.0.1.10:23 6", packets, bytes, 2, true, true, "sg:ingress:implicit-deny"},
			{"203.0.113.5:40000 10.0.1.10:80 6", packets, bytes, 2, false, false, "sgr-http acl-1:ingress:100"},
		}
	}
	same(t, over(many+6, 240), records(t, p))
	// What is left is taken off in the epoch after the next.
	for range 3 {
		send(t, p.objects.Ingress, frames[false])
		send(t, p.objects.Ingress, frames[true])
		same(t, over(1, 40), records(t, p))
	}
}
