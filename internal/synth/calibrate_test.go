package synth

import (
	"context"
	"testing"
)

// calibration is what the records must weigh, in bytes for each, for the
// benchmarks to be like others' measurements: a day of 10 million records in
// AWS's default format, 4 objects for 5 minutes.
var calibration = map[string]struct {
	parquet     bool
	least, most float64
}{
	"text":    {false, 22.5, 24.5},
	"parquet": {true, 15.3, 16.7},
}

// full returns the configuration that the calibration is about.
func full(parquet bool) Config {
	c := DefaultConfig()
	c.Records, c.Parquet = 10_000_000, parquet
	return c
}

// TestCalibration weighs every 24th slot of the full day. The benchmark
// BenchmarkDay weighs all of it.
func TestCalibration(t *testing.T) {
	for name, x := range calibration {
		t.Run(name, func(t *testing.T) {
			g, err := New(full(x.parquet))
			if err != nil {
				t.Fatal(err)
			}
			var size, records int64
			for i := 0; i < g.Slots(); i += 24 {
				objects, err := g.Slot(i)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range objects {
					size += int64(len(o.Content))
					records += o.Records
				}
			}
			per := float64(size) / float64(records)
			t.Logf("%d records, %.2f bytes each", records, per)
			if per < x.least || per > x.most {
				t.Errorf("%.2f bytes for each record, not from %.1f to %.1f", per, x.least, x.most)
			}
		})
	}
}

// BenchmarkDay makes the full day and checks its calibration: run it with
// -benchtime 1x.
func BenchmarkDay(b *testing.B) {
	for name, x := range calibration {
		b.Run(name, func(b *testing.B) {
			var s Summary
			for b.Loop() {
				var err error
				if s, err = Generate(context.Background(), full(x.parquet), func(Object) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			if per := float64(s.Bytes) / float64(s.Records); per < x.least || per > x.most || s.Sources < 100_000 {
				b.Errorf("%.2f bytes for each record, %d sources", per, s.Sources)
			}
			b.ReportMetric(float64(s.Records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(s.Bytes)/float64(s.Records), "B/record")
			b.ReportMetric(float64(s.PlainBytes)/float64(s.Records), "plain-B/record")
			b.ReportMetric(float64(s.Objects), "objects")
			b.ReportMetric(float64(s.Sources), "sources")
		})
	}
}
