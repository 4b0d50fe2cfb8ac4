package pair_test

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/pair"
)

// delivered reads the .log.gz objects of a time, as YYYYMMDDTHH, below a folder.
func delivered(b *testing.B, dir, slot string) (rows []pair.Rows, records int) {
	b.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "AWSLogs/*/vpcflowlogs/*/*/*/*/*_"+slot+"*.log.gz"))
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		d, err := flowlog.NewDecoder(f, flowlog.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := d.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			batch.FillText(flowlog.WeirFlowLogID, "fl-1")
			rows, records = append(rows, pair.Rows{Batch: batch}), records+batch.Len()
		}
		f.Close()
	}
	return rows, records
}

// BenchmarkDelivered goes through the steps for an hour of the objects below the
// folder that WEIR_BENCH_LOGS names, the one that WEIR_BENCH_HOUR names as
// YYYY-MM-DDTHH, and reports the time on the processors that each takes for a record of it.
func BenchmarkDelivered(b *testing.B) {
	dir := os.Getenv("WEIR_BENCH_LOGS")
	if dir == "" {
		b.Skip("WEIR_BENCH_LOGS names no folder")
	}
	at, err := time.Parse("2006-01-02T15", os.Getenv("WEIR_BENCH_HOUR"))
	if err != nil {
		b.Fatal(err)
	}
	var rows [3][]pair.Rows // of the hour before, the hour and the one after
	var records [3]int
	for i := range rows {
		slot := at.Add(time.Duration(i-1) * time.Hour)
		if rows[i], records[i] = delivered(b, dir, slot.Format("20060102T15")); records[i] == 0 {
			b.Fatalf("no records of %s below %s", slot, dir)
		}
	}
	hour, took, began := at.Unix(), map[string]time.Duration{}, cpuTime()
	step := func(name string) {
		now := cpuTime()
		took[name], began = took[name]+now-began, now
	}
	b.ReportAllocs()
	for b.Loop() {
		began = cpuTime()
		before := pair.EdgeOf(hour-3600, pair.Tail, slices.Values(rows[0]))
		after := pair.EdgeOf(hour+3600, pair.Head, slices.Values(rows[2]))
		step("neighbours")
		h := pair.NewHour(hour, records[1])
		for _, r := range rows[1] {
			h.Add(r)
		}
		step("add")
		h.Edges()
		step("edges")
		h.Find(before, after, true)
		step("find")
	}
	for _, name := range slices.Sorted(maps.Keys(took)) {
		b.ReportMetric(float64(took[name].Nanoseconds())/float64(b.N)/float64(records[1]), name+"-ns/record")
	}
}

// cpuTime is what the process used of the processors so far.
func cpuTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // fails for a wrong argument only
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
