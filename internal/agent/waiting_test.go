package agent

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/destination/servicetest"
	"weir/internal/agent/spool"
)

// manyItems returns a spool with items of so many records each.
func manyItems(t testing.TB, l *config.FlowLog, items, records int) *spool.Spool {
	t.Helper()
	s, err := spool.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for i := 0; i < items; i += 100 {
		step := &spool.Step{Note: fmt.Append(nil, i)}
		for j := i; j < min(i+100, items); j++ {
			b := flowlog.NewBatch(flowlog.KindVPC)
			for k := range records {
				r := b.Append()
				for f, v := range map[flowlog.FieldID]int64{flowlog.Packets: int64(j), flowlog.Bytes: int64(k) * 7919 % 100_003, flowlog.SrcPort: int64(k) * 104_729 % 65_536} {
					if err := r.SetInt(f, v); err != nil {
						t.Fatal(err)
					}
				}
			}
			made, err := itemsOf(l, time.Unix(1_700_000_400, 0), b)
			if err != nil {
				t.Fatal(err)
			}
			step.Items = append(step.Items, made...)
		}
		if err := s.Append(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// inBucket is a flow log whose objects are in a bucket.
func inBucket(url string) config.FlowLog {
	return config.FlowLog{
		ID: "fl-1", Account: "123456789012", Region: "us-east-1", Traffic: "ALL", Format: flowlog.DefaultFormat(flowlog.KindVPC),
		Delivery: config.Delivery{Type: config.S3, Bucket: "bucket", Endpoint: url},
	}
}

// BenchmarkWaiting delivers what has waited, to a bucket that takes 50 ms for each answer.
func BenchmarkWaiting(b *testing.B) {
	keys(b)
	bucket := servicetest.NewS3(b, 1, nil)
	bucket.Set(b, servicetest.Far)
	l := inBucket(bucket.URL())
	const items = 400
	for range b.N {
		b.StopTimer()
		s := manyItems(b, &l, items, 10)
		d := newDeliverer(s, slog.New(slog.DiscardHandler), NewCounters())
		b.StartTimer()
		d.empty(b.Context(), s.Queues()[0])
		if left := d.end(); left > 0 {
			b.Fatalf("%d records wait", left)
		}
	}
	b.ReportMetric(float64(b.N*items)/b.Elapsed().Seconds(), "items/s")
}

// BenchmarkLarge delivers objects as large as there are, and says how much memory that takes.
func BenchmarkLarge(b *testing.B) {
	keys(b)
	bucket := servicetest.NewS3(b, 1, nil)
	l := inBucket(bucket.URL())
	for _, parquet := range []bool{false, true} {
		l.Parquet = parquet
		b.Run(fmt.Sprint("parquet=", parquet), func(b *testing.B) {
			var peak, size uint64
			for range b.N {
				b.StopTimer()
				s := manyItems(b, &l, 8, mostRecords)
				size = uint64(s.Waiting()["fl-1"].Bytes)
				d := newDeliverer(s, slog.New(slog.DiscardHandler), NewCounters())
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				before := m.HeapAlloc
				ended := make(chan struct{})
				b.StartTimer()
				go func() { defer close(ended); d.empty(b.Context(), s.Queues()[0]) }()
				tick := time.NewTicker(10 * time.Millisecond)
				for going := true; going; {
					select {
					case <-ended:
						going = false
					case <-tick.C:
						runtime.ReadMemStats(&m)
						peak = max(peak, m.HeapAlloc-min(before, m.HeapAlloc))
					}
				}
				tick.Stop()
			}
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
			b.ReportMetric(float64(size)/1e6, "items-MB")
		})
	}
}
