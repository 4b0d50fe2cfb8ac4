package intake_test

import (
	"testing"
	"time"

	"weir/internal/intake"
	"weir/internal/lake"
	"weir/internal/source"
	"weir/internal/source/file"
	"weir/internal/synth"
)

// BenchmarkTake takes two hours of a busy day, all steps included: read, gunzip,
// parse, sort, write, commit.
func BenchmarkTake(b *testing.B) {
	c := synth.DefaultConfig()
	c.Duration = 2 * time.Hour
	c.Records = 833_000
	dir := b.TempDir()
	if _, err := synth.WriteDir(b.Context(), dir, c, nil); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		l, err := lake.Open(b.Context(), b.TempDir(), lake.Options{})
		if err != nil {
			b.Fatal(err)
		}
		src, err := file.New(dir)
		if err != nil {
			b.Fatal(err)
		}
		req := intake.Request{Sources: []source.Source{src}}
		list, err := intake.List(b.Context(), req)
		if err != nil {
			b.Fatal(err)
		}
		r, err := intake.Take(b.Context(), l, req, list, nil)
		if err != nil || r.Records != c.Records {
			b.Fatalf("%d records, error %v", r.Records, err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(c.Records)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrecords/s")
}
