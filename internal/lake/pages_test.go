package lake

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"weir/flowlog"
)

// randomBatch returns n records with columns of each sort: of one value, of few and
// of many, with gaps and without, narrow numbers and wide ones, and unknown fields.
func randomBatch(tb testing.TB, rng *rand.Rand, n int) *flowlog.Batch {
	tb.Helper()
	b := flowlog.NewBatch(flowlog.KindVPC)
	set := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	for range n {
		r := b.Append()
		set(r.SetInt(flowlog.Version, 2))
		set(r.SetText(flowlog.InterfaceID, fmt.Sprintf("eni-%017x", rng.IntN(200))))
		start := 1700000000 + rng.Int64N(3600)
		set(r.SetInt(flowlog.Start, start))
		set(r.SetInt(flowlog.End, start+rng.Int64N(60)))
		if rng.IntN(50) == 0 {
			set(r.SetText(flowlog.LogStatus, "NODATA"))
			continue
		}
		set(r.SetText(flowlog.LogStatus, "OK"))
		set(r.SetText(flowlog.SrcAddr, fmt.Sprintf("10.0.%d.%d", rng.IntN(40), rng.IntN(250))))
		set(r.SetText(flowlog.DstAddr, fmt.Sprintf("10.1.%d.%d", rng.IntN(40), rng.IntN(250))))
		set(r.SetInt(flowlog.SrcPort, rng.Int64N(65536)))
		set(r.SetInt(flowlog.Protocol, 6))
		bytes := rng.Int64N(1 << 40)
		if rng.IntN(100) == 0 {
			bytes = math.MaxInt64
		}
		set(r.SetInt(flowlog.Bytes, bytes))
		if rng.IntN(3) == 0 {
			set(r.SetUnknown("x-one", fmt.Sprint(rng.IntN(9))))
		}
		if rng.IntN(3) == 0 {
			set(r.SetUnknown("x-two", ""))
			set(r.SetUnknown("x-two", "some"))
		}
	}
	ref := ObjectRef{URL: "file:///one", Region: "eu-west-1"}
	if !ref.Complete(b) {
		tb.Fatal("no time")
	}
	hours := slices.Repeat([]int64{1700000000 / 3600 * 3600}, n)
	b.SetNums(flowlog.WeirHour, hours)
	return b
}

// TestWriteFile writes records of each sort, more than a row group holds, and reads
// them: the sum of their checksums tells whether all are as they were.
func TestWriteFile(t *testing.T) {
	for _, n := range []int{1, 2, 7, 8, 9, 1000, rowGroupRecords + 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(n)))
			l := openLake(t, t.TempDir(), Options{})
			table, err := loadTable(t.Context(), l.cat, l.paths, flowlog.KindVPC)
			if err != nil {
				t.Fatal(err)
			}
			pieces := []piece{{batch: randomBatch(t, rng, n)}, {batch: randomBatch(t, rng, 20), rows: []uint32{3, 4, 17}}}
			path := filepath.Join(t.TempDir(), "one.parquet")
			if err := writeFile(t.Context(), path, table.Schema(), merge(flowlog.KindVPC, pieces), nil); err != nil {
				t.Fatal(err)
			}
			want, got := uint64(0), uint64(0)
			for _, p := range pieces {
				hashes := recordHashes(p.batch)
				for i, h := range hashes {
					if p.rows == nil || slices.Contains(p.rows, uint32(i)) {
						want += h
					}
				}
			}
			batches, err := readFile(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			records := 0
			for _, b := range batches {
				records += b.Len()
				for _, h := range recordHashes(b) {
					got += h
				}
			}
			if records != n+3 || got != want {
				t.Errorf("%d records with checksum %x, want %d with %x", records, got, n+3, want)
			}
		})
	}
}

// BenchmarkWriteFile merges and writes an hour of 48 objects.
func BenchmarkWriteFile(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	l := openLake(b, b.TempDir(), Options{})
	table, err := loadTable(b.Context(), l.cat, l.paths, flowlog.KindVPC)
	if err != nil {
		b.Fatal(err)
	}
	var pieces []piece
	records := 0
	for range 48 {
		pieces = append(pieces, piece{batch: randomBatch(b, rng, 8000)})
		records += 8000
	}
	dir := b.TempDir()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := writeFile(b.Context(), path, table.Schema(), merge(flowlog.KindVPC, pieces), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
}
