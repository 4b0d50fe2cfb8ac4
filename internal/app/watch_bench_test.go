package app

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/logstore"
)

// BenchmarkWatchEvents counts flow log records by 50 metric filters and no rule: what is measured is counting, not putting.
func BenchmarkWatchEvents(b *testing.B) {
	w := newWatched(b)
	w.group("vpc")
	for i := range 50 {
		w.filter("vpc", fmt.Sprint("f", i), fmt.Sprintf(`[version, account, eni, source, destination, srcport, destport=%d, protocol=6, packets, bytes, start, end, action=REJECT, status]`, 20+i), transformation{Value: "1"})
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	var events []logstore.InputEvent
	for i := range 5000 {
		events = append(events, eventAt(i/100, "%s", flowLine(i/100, "eni-0123456789abcdef0", 50000, rnd.IntN(2000), 900, []string{"ACCEPT", "REJECT"}[rnd.IntN(2)])))
	}
	n := 0
	for b.Loop() {
		b.StopTimer()
		for range 10 {
			w.put("vpc", events...)
			n += len(events)
		}
		b.StartTimer()
		w.must(w.Settle(b.Context()))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkWatchRecords counts records of the default format in weir's own metrics, with a definition that tells the VPCs of their interfaces.
func BenchmarkWatchRecords(b *testing.B) {
	w := newWatched(b)
	var network strings.Builder
	network.WriteString(moved)
	for i := range 1000 {
		fmt.Fprintf(&network, "  eni-b%d: {subnet: subnet-2, addresses: [10.1.0.%d]}\n", i, 4+i%250)
	}
	importOf(b, w.data, network.String(), watchedDay)
	dir := filepath.Join(b.TempDir(), "logs")
	rnd := rand.New(rand.NewPCG(1, 1))
	n, file := 0, 0
	for b.Loop() {
		b.StopTimer()
		lines := make([]string, 100_000)
		for i := range lines {
			lines[i] = flowLine(rnd.IntN(600), fmt.Sprint("eni-b", rnd.IntN(1000)), 50000, rnd.IntN(2000), file, []string{"ACCEPT", "REJECT"}[rnd.IntN(2)])
		}
		file++
		deliverFile(b, dir, fmt.Sprint(file, ".log"), lines...)
		w.take(dir, nil)
		n += len(lines)
		b.StartTimer()
		w.must(w.Settle(b.Context()))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}
