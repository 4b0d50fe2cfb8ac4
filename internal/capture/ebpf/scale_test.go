package ebpf

import (
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"weir/internal/policy"
)

// memory returns what the kernel counts of the table of connections, in bytes.
func (p *Program) memory() (uint64, error) {
	info, err := p.objects.Connections.Info()
	if err != nil {
		return 0, err
	}
	bytes, _ := info.Memlock()
	return bytes, nil
}

// TestScale has many connections at once: none is lost, and an entry is small. WEIR_SCALE is how many.
func TestScale(t *testing.T) {
	flows := 1 << 13
	if s := os.Getenv("WEIR_SCALE"); s != "" {
		var err error
		if flows, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	p := load(t, Options{Driven: true, Connections: uint32(flows)})
	swap(t, p, []Interface{{ID: "eni-1", Mode: Enforce, Policy: costing(t, 1, 1)}})
	if err := p.Watch(Device{Index: loopback}, "eni-1"); err != nil {
		t.Fatal(err)
	}
	empty, err := p.memory()
	if err != nil {
		t.Fatal(err)
	}
	frame := tcpFrame(netip.MustParseAddr("203.0.113.5"), own4, 0, 443, policy.ACK, nil)
	for round := range 2 {
		for n := range flows {
			frame[29] = byte(n >> 16)
			big.PutUint16(frame[34:], uint16(n))
			if send(t, p.objects.Ingress, frame) {
				t.Fatal("a packet was dropped")
			}
		}
		began, rows, packets := time.Now(), 0, int64(0)
		if err := p.Read(func(r *Row) error { rows++; packets += r.Packets; return nil }); err != nil {
			t.Fatal(err)
		}
		if rows != flows || packets != int64(flows) {
			t.Errorf("round %d: %d rows of %d packets, not %d", round, rows, packets, flows)
		}
		t.Logf("%d rows read in %v", rows, time.Since(began))
	}
	full, err := p.memory()
	if err != nil {
		t.Fatal(err)
	}
	// The array of buckets has 16 bytes for each entry, rounded up to a power of 2, and is in both.
	each := float64(full-empty)/float64(flows) + 16
	t.Logf("%.0f bytes for each connection", each)
	if each > 250 {
		t.Errorf("a connection takes %.0f bytes", each)
	}
}
