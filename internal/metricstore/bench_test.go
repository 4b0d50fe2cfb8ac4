package metricstore

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// numbered makes a datum of one of some metrics.
func numbered(metric int, time int64, values ...float64) Datum {
	return Datum{Metric: Metric{Namespace: "Bench", Name: "bytes", Dimensions: []Dimension{{"eni", fmt.Sprintf("eni-%05d", metric)}}}, Time: time, Values: values}
}

// BenchmarkPut puts requests as large as PutMetricData takes, each of 1,000 metrics.
func BenchmarkPut(b *testing.B) {
	for _, values := range []int{1, 150} {
		b.Run(fmt.Sprintf("values=%d", values), func(b *testing.B) {
			s := open(b, b.TempDir(), &clock{noon})
			request, n := make([]Datum, 1000), 0
			for b.Loop() {
				for i := range request {
					request[i] = numbered(i, noon.UnixMilli()-int64(n%600)*60_000)
					for v := range values {
						request[i].Values = append(request[i].Values, float64((n+v*7919)%5000))
					}
				}
				must(b, s.Put(b.Context(), request))
				n++
			}
			b.ReportMetric(float64(n*len(request))/b.Elapsed().Seconds(), "data/s")
		})
	}
}

// BenchmarkPutMany puts single data from 64 goroutines, which share transactions.
func BenchmarkPutMany(b *testing.B) {
	s := open(b, b.TempDir(), &clock{noon})
	n := 0
	for b.Loop() {
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				if err := s.Put(b.Context(), []Datum{numbered(i, noon.UnixMilli()-int64(n%600)*60_000, float64(n))}); err != nil {
					b.Error(err)
				}
			})
		}
		all.Wait()
		n++
	}
	b.ReportMetric(float64(64*n)/b.Elapsed().Seconds(), "data/s")
}

// BenchmarkReadDay reads a percentile of a day whose minutes have 200 values each, most of them different.
func BenchmarkReadDay(b *testing.B) {
	s := open(b, b.TempDir(), &clock{noon})
	for minute := range int64(1440) {
		d := numbered(1, noon.Add(-time.Duration(minute)*time.Minute).UnixMilli())
		for v := range int64(200) {
			d.Values = append(d.Values, float64((minute*31+v*7919)%100_000))
		}
		must(b, s.Put(b.Context(), []Datum{d}))
	}
	for b.Loop() {
		got, err := s.Read(b.Context(), ReadRequest{Metric: numbered(1, 0).Metric, From: noon.Unix() - 86_400, To: noon.Unix(), Period: 86_400, Values: true})
		if err != nil || len(got) != 1 {
			b.Fatal(got, err)
		}
	}
}

// BenchmarkRead reads what an evaluation of an alarm of three periods needs, of 1,000 metrics that have an hour of minutes.
func BenchmarkRead(b *testing.B) {
	for _, values := range []bool{false, true} {
		b.Run(fmt.Sprintf("values=%v", values), func(b *testing.B) {
			s := open(b, b.TempDir(), &clock{noon})
			const metrics = 1000
			for minute := range int64(60) {
				var data []Datum
				for i := range metrics {
					data = append(data, numbered(i, noon.Add(-time.Duration(minute)*time.Minute).UnixMilli(), 1, 2, 3, float64(i)))
				}
				must(b, s.Put(b.Context(), data))
			}
			for i := 0; b.Loop(); i++ {
				d := numbered(i%metrics, 0)
				got, err := s.Read(b.Context(), ReadRequest{Metric: d.Metric, From: noon.Unix() - 240, To: noon.Unix() + 60, Period: 60, Live: true, Values: values})
				if err != nil || len(got) != 5 {
					b.Fatal(got, err)
				}
			}
		})
	}
}

// BenchmarkTidy looks through 20,000 metrics of which none is due, and says what a metric takes in memory.
func BenchmarkTidy(b *testing.B) {
	s := open(b, b.TempDir(), &clock{noon})
	before := heap()
	const metrics = 20_000
	for from := 0; from < metrics; from += 1000 {
		var data []Datum
		for i := range 1000 {
			data = append(data, numbered(from+i, noon.UnixMilli(), 1))
		}
		must(b, s.Put(b.Context(), data))
	}
	after := heap()
	for b.Loop() {
		must(b, s.Tidy(b.Context()))
	}
	b.ReportMetric(float64(after-before)/metrics, "heap-B/metric")
}

// heap returns how many bytes of the heap are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkSize says what a row of points takes on the disk, by how many different values it has.
func BenchmarkSize(b *testing.B) {
	for _, values := range []int{1, 5, 150} {
		b.Run(fmt.Sprintf("values=%d", values), func(b *testing.B) {
			s := open(b, b.TempDir(), &clock{noon})
			empty := size(b, s)
			const metrics, minutes = 100, 100
			for minute := range int64(minutes) {
				var data []Datum
				for i := range metrics {
					d := numbered(i, noon.UnixMilli()+(minute-minutes)*60_000)
					for v := range values {
						d.Values = append(d.Values, float64((i+v*7919)%5000))
					}
					data = append(data, d)
				}
				must(b, s.Put(b.Context(), data))
			}
			var full int64
			for b.Loop() {
				full = size(b, s)
			}
			b.ReportMetric(float64(full-empty)/(metrics*minutes), "B/row")
		})
	}
}

// size returns what the database takes on the disk, in bytes.
func size(b *testing.B, s *Store) (bytes int64) {
	b.Helper()
	must(b, s.db.QueryRowContext(b.Context(), "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").Scan(&bytes))
	return bytes
}
