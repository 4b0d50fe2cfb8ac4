package lake

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/rollup"
)

// trafficBatch returns n records from some sources, a part of which has no start, no
// traffic or no port.
func trafficBatch(tb testing.TB, rng *rand.Rand, n, sources int, gaps bool) *flowlog.Batch {
	tb.Helper()
	b := flowlog.NewBatch(flowlog.KindVPC)
	const from = 1700002800
	for range n {
		r := b.Append()
		set := func(err error) {
			if err != nil {
				tb.Fatal(err)
			}
		}
		some := func(part int) bool { return gaps && rng.IntN(part) == 0 }
		number := func(id flowlog.FieldID, v int64) { set(r.SetInt(id, v)) }
		text := func(id flowlog.FieldID, v string) { set(r.SetText(id, v)) }
		number(flowlog.WeirHour, from+rng.Int64N(12)*300)
		number(flowlog.Version, 2)
		text(flowlog.AccountID, "123456789012")
		text(flowlog.InterfaceID, fmt.Sprintf("eni-%017x", rng.IntN(200)))
		if !some(9) {
			number(flowlog.Start, from-100+rng.Int64N(3600))
		}
		if some(5) {
			text(flowlog.LogStatus, "NODATA")
			continue
		}
		text(flowlog.LogStatus, "OK")
		text(flowlog.SrcAddr, fmt.Sprintf("10.0.%d.%d", rng.IntN(sources/250+1), rng.IntN(250)))
		text(flowlog.Action, []string{"ACCEPT", "ACCEPT", "ACCEPT", "REJECT"}[rng.IntN(4)])
		if rng.IntN(5) == 0 {
			text(flowlog.WeirRepeat, []string{"flow-log", "receiver", "leg"}[rng.IntN(3)])
		}
		if !some(7) {
			number(flowlog.DstPort, []int64{22, 443, 9100, 5432, 30000 + rng.Int64N(300)}[rng.IntN(5)])
			number(flowlog.Protocol, 6)
		}
		number(flowlog.Packets, 1+rng.Int64N(1000))
		if !some(20) {
			number(flowlog.Bytes, rng.Int64N(1<<30))
		}
	}
	return b
}

// plainSums returns the rows of a rollup of records as texts, in any order, one record
// looked at after the other.
func plainSums(r *rollup.Rollup, b *flowlog.Batch) []string {
	type row struct {
		records int64
		sums    [2]int64
		has     [2]bool
	}
	rows := map[string]*row{}
	for rec := range b.Records() {
		at, ok := rec.Int(flowlog.Start)
		if !ok {
			at, _ = rec.Int(flowlog.WeirHour)
		}
		action, _ := rec.Text(flowlog.Action)
		port, ok := rec.Int(flowlog.DstPort)
		if r.Some && action != rollup.Refused && !(ok && rollup.WellKnown(port)) {
			continue
		}
		var key strings.Builder
		fmt.Fprint(&key, floorDiv(at, r.Unit)*r.Unit)
		for _, f := range rollup.Keys() {
			v := "NULL"
			switch {
			case !r.Has(f):
			case flowlog.FieldByID(f).Numeric():
				if n, ok := rec.Int(f); ok {
					v = fmt.Sprint(n)
				}
			default:
				if s, ok := rec.Text(f); ok {
					v = s
				}
			}
			key.WriteString(" " + v)
		}
		to := rows[key.String()]
		if to == nil {
			to = &row{}
			rows[key.String()] = to
		}
		to.records++
		for i, f := range summed {
			if n, ok := rec.Int(f); ok {
				to.sums[i], to.has[i] = to.sums[i]+n, true
			}
		}
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		var text strings.Builder
		fmt.Fprintf(&text, "%s %d", key, rows[key].records)
		for i, n := range rows[key].sums {
			if rows[key].has[i] {
				fmt.Fprint(&text, " ", n)
			} else {
				text.WriteString(" NULL")
			}
		}
		out = append(out, text.String())
	}
	return out
}

// columnTexts returns the rows of a file's columns but the first as texts.
func columnTexts(n int, cols []fileColumn) []string {
	out := make([]string, n)
	for i := range out {
		var values []string
		for _, c := range cols[1:] {
			v := "NULL"
			if c.numbers != nil {
				if code := c.numbers.at(i); code != 0 {
					v = fmt.Sprint(c.numbers.value(code))
				}
			} else if code := c.text.at(i); code != 0 {
				v = c.text.dict[code-1]
			}
			values = append(values, v)
		}
		out[i] = strings.Join(values, " ")
	}
	return out
}

// TestSums compares sums with those of records that are looked at one after the other.
func TestSums(t *testing.T) {
	for _, tt := range []struct {
		name             string
		records, sources int
		gaps             bool
	}{
		{"one record", 1, 10, false},
		{"a block", blockRecords, 10, false},
		{"few keys", 20_000, 20, true},
		{"many keys", 3000, 20_000, true},
		{"no gaps", 3000, 20_000, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := trafficBatch(t, rand.New(rand.NewPCG(1, 2)), tt.records, tt.sources, tt.gaps)
			c := merge(flowlog.KindVPC, []piece{{batch: b}})
			for range 2 { // with tables that were used
				s := c.newSums()
				s.add(c.words, c.n)
				if s.none {
					t.Fatal("no sums")
				}
				for i := range rollup.All {
					rows, cols := s.rollups[i].columns(c, &rollup.All[i])
					got := columnTexts(rows.n, cols)
					slices.Sort(got)
					if diff := cmp.Diff(plainSums(&rollup.All[i], b), got); diff != "" {
						t.Errorf("%s (-want +got):\n%s", rollup.All[i].Name, diff)
					}
				}
			}
		})
	}
}

// BenchmarkSums sums an hour of records up, in the order of the data file.
func BenchmarkSums(b *testing.B) {
	const records = 400_000
	c := merge(flowlog.KindVPC, []piece{{batch: trafficBatch(b, rand.New(rand.NewPCG(1, 2)), records, 20_000, false)}})
	words := make([][]uint64, len(c.words))
	for i, from := range c.words {
		for _, row := range c.order(&ordering{}) {
			words[i] = append(words[i], from[row])
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		s := c.newSums()
		s.add(words, c.n)
		for i := range s.rollups {
			s.rollups[i].columns(c, &rollup.All[i])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}
