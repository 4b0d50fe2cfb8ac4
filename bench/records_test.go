package main

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/query"
)

// TestNotPublic compares what peers are told with the classes of addresses.
func TestNotPublic(t *testing.T) {
	type span struct{ first, last uint32 }
	var spans []span
	eachNotPublic("", func(_ string, first, last netip.Addr) string {
		spans = append(spans, span{number(first), number(last)})
		return ""
	})
	addresses := []uint32{0, 1<<32 - 1}
	for _, s := range spans {
		addresses = append(addresses, s.first, s.first-1, s.last, s.last+1)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		addresses = append(addresses, rng.Uint32())
	}
	for _, n := range addresses {
		told := true
		for _, s := range spans {
			told = told && (n < s.first || n > s.last)
		}
		var four [4]byte
		binary.BigEndian.PutUint32(four[:], n)
		a := netip.AddrFrom4(four).String()
		class, ok := query.IPClassOf(a)
		if a == "192.0.0.9" || a == "192.0.0.10" {
			continue // anycast: left out
		}
		if !ok || told != (class == "public") {
			t.Errorf("%s is %s; peers are told public: %v", a, class, told)
		}
	}
}

// TestRowsOf reads answers as rowText makes rows.
func TestRowsOf(t *testing.T) {
	want := []string{rowText([]any{"10.0.0.1", int64(5)}), rowText([]any{int64(60), "eni-1", int64(7)})}
	if d := cmp.Diff(want, rowsOf([]byte("10.0.0.1\t5\n\n60\teni-1\t7\n"), "\t")); d != "" {
		t.Error(d)
	}
}

// TestGuard fails where a ratio is on the wrong side of its limit only.
func TestGuard(t *testing.T) {
	for _, g := range guards {
		for got, worse := range map[float64]bool{g.limit: false, g.limit * 1.01: !g.least, g.limit * 0.99: g.least} {
			b := &bench{records: guardRecords, guarded: map[string]float64{g.name: got}}
			if b.guard() != worse {
				t.Errorf("%s of %g against %g: worse %v, want %v", g.name, got, g.limit, !worse, worse)
			}
		}
	}
	if (&bench{records: barRecords, guarded: map[string]float64{guardLake: 9}}).guard() {
		t.Error("a guard held another number of records")
	}
}
