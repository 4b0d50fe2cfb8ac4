package ebpf

import (
	"encoding/binary"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"weir/internal/aggregate"
	"weir/internal/policy"
)

// again runs a test in a process whose runtime sends no signals to preempt goroutines: a signal interrupts a test run of many
// packets, which then begins anew. It reports whether it did, which is not so within that process.
func again(t *testing.T) bool {
	t.Helper()
	const setting = "asyncpreemptoff=1"
	if strings.Contains(os.Getenv("GODEBUG"), setting) {
		return false
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), "GODEBUG="+setting)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v", err)
	}
	t.Logf("%s", out)
	return true
}

// TestLoss reads while packets come: none may fall between two epochs. WEIR_LOSS_SECONDS is for how long, and WEIR_LOSS_PACKETS how many
// there are at least.
func TestLoss(t *testing.T) {
	lasts := 500 * time.Millisecond
	if s := os.Getenv("WEIR_LOSS_SECONDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		lasts = time.Duration(n) * time.Second
	}
	least := int64(0)
	if s := os.Getenv("WEIR_LOSS_PACKETS"); s != "" {
		var err error
		if least, err = strconv.ParseInt(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if again(t) {
		return
	}
	p := load(t, Options{})
	// Connections end with the tick, so that they are removed and entered again all the time.
	short := policy.Timeouts{TCPEstablished: 1, UDP: 1, UDPStream: 1, TCPOther: 1, Other: 1}
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: costing(t, 3, 3), Timeouts: short}})
	if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	var frames [][]byte
	for n := range 32 {
		for _, port := range []uint16{443, 80} {
			frames = append(frames, tcpFrame(netip.MustParseAddr("203.0.113.5"), own4, uint16(40000+n), port, policy.SYN, make([]byte, n)))
		}
	}
	const drivers = 2
	var each [drivers][2]int64 // packets and bytes
	stop := make(chan struct{})
	var driving sync.WaitGroup
	var driven atomic.Int64
	for d := range drivers {
		driving.Go(func() {
			for n := d; ; n += 1 + n%7 {
				select {
				case <-stop:
					return
				default:
				}
				frame := frames[n%len(frames)]
				repeat := uint32(1 + n%300)
				if _, err := p.objects.Ingress.Run(&ebpf.RunOptions{Data: frame, Repeat: repeat}); err != nil {
					t.Error(err)
					return
				}
				driven.Add(int64(repeat))
				each[d][0] += int64(repeat)
				each[d][1] += int64(repeat) * int64(binary.BigEndian.Uint16(frame[16:]))
			}
		})
	}
	var got [2]int64
	take := func(r *Row) error {
		got[0] += r.Packets
		got[1] += r.Bytes
		return nil
	}
	reads := 0
	for end := time.Now().Add(lasts); time.Now().Before(end) || driven.Load() < least; reads++ {
		if err := p.Read(take); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	driving.Wait()
	var sent [2]int64
	for _, e := range each {
		sent[0] += e[0]
		sent[1] += e[1]
	}
	if err := p.Read(take); err != nil {
		t.Fatal(err)
	}
	if got != sent || sent[0] == 0 {
		t.Errorf("counted %d packets of %d bytes, and %d of %d were sent", got[0], got[1], sent[0], sent[1])
	}
	lost, err := p.Tallies("eni-1")
	if err != nil {
		t.Fatal(err)
	}
	if lost != (Tallies{}) {
		t.Errorf("beside flows: %+v", lost)
	}
	t.Logf("%d packets, %d reads", sent[0], reads)
}

// TestFull has more flows than the tables have room for: totals stay right.
func TestFull(t *testing.T) {
	p := load(t, Options{Driven: true, Connections: 16, Asides: 16})
	b := newPair(t, p, costing(t, 3, 3), Enforce)
	far := netip.MustParseAddr("203.0.113.5")
	var packets, bytes [2]uint64
	for n := range 100 {
		for refused, port := range []uint16{443, 80} {
			frame := tcpFrame(far, own4, uint16(1000+n), port, policy.SYN, make([]byte, n))
			if dropped, ran := run(t, p.objects.Ingress, frame); !ran || dropped != (refused == 1) {
				t.Fatalf("dropped: %v, ran: %v", dropped, ran)
			}
			packets[refused]++
			bytes[refused] += uint64(40 + n)
		}
	}
	b.read(t)
	lost, err := p.Tallies(b.id)
	if err != nil {
		t.Fatal(err)
	}
	for refused := range 2 {
		gotPackets, gotBytes := lost.Lost[0][refused][0], lost.Lost[0][refused][1]
		if gotPackets == 0 {
			t.Errorf("refused %d: nothing was lost", refused)
		}
		for f, c := range b.got {
			if f.refused == (refused == 1) {
				gotPackets += uint64(c.Packets)
				gotBytes += uint64(c.Bytes)
			}
		}
		if gotPackets != packets[refused] || gotBytes != bytes[refused] {
			t.Errorf("refused %d: %d packets of %d bytes, not %d of %d", refused, gotPackets, gotBytes, packets[refused], bytes[refused])
		}
	}
	if lost.FullConnections != lost.Lost[0][0][0] || lost.FullAsides != lost.Lost[0][1][0] {
		t.Errorf("%v", lost)
	}
	// What is idle makes room.
	b.tick(t, 572205)
	b.read(t)
	b.read(t)
	b.got = map[flow]aggregate.Counts{}
	for n := range 10 {
		b.feed(t, tcpFrame(far, own4, uint16(5000+n), 443, policy.SYN, nil), 0)
		b.feed(t, tcpFrame(far, own4, uint16(5000+n), 80, policy.SYN, nil), 0)
	}
	b.read(t)
	if len(b.got) != 20 {
		t.Errorf("%d flows have a place again, not 20", len(b.got))
	}
}
