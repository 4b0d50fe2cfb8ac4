package lake

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/internal/pair"
)

// million returns the objects of 1 million records of 8 hours.
func million() (out []object) {
	for hour := range 8 {
		for slot := range 12 {
			begin := noon.Add(time.Duration(hour)*time.Hour + time.Duration(slot)*5*time.Minute)
			out = append(out, newObject(begin, slot, 1_000_000/8/12))
		}
	}
	return out
}

// BenchmarkTake takes 1 million records, without a definition of the network and with one.
func BenchmarkTake(b *testing.B) {
	objects := million()
	for name, d := range map[string]*defined{"undefined": {}, "defined": {now: cheapRules{1}}} {
		b.Run(name, func(b *testing.B) {
			began := cpu(b)
			for b.Loop() {
				l := openLake(b, b.TempDir(), Options{Attribution: d.options().Attribution})
				importAll(b, l, ImportOptions{}, objects...)
				l.Close()
			}
			b.ReportMetric((cpu(b)-began)/float64(b.N), "cpu-s/op")
		})
	}
}

// BenchmarkAttribute attributes 1 million records of 8 hours anew.
func BenchmarkAttribute(b *testing.B) {
	var d defined
	l := openLake(b, b.TempDir(), Options{Attribution: d.options().Attribution})
	importAll(b, l, ImportOptions{}, million()...)
	mustCompact(b, l)
	b.ReportAllocs()
	began := cpu(b)
	version := uint64(0)
	for b.Loop() {
		version++
		d.now = cheapRules{version}
		if done := mustAttribute(b, l); done.Hours != 8 {
			b.Fatalf("done: %+v", done)
		}
	}
	b.ReportMetric((cpu(b)-began)/float64(b.N), "cpu-s/op")
	b.ReportMetric(peakMiB(b), "MiB-peak")
}

// cheapRules tells of 1,000 rules, so that what is measured is the lake.
type cheapRules struct{ version uint64 }

func (r cheapRules) Sum(int64) uint64 { return r.version }

func (r cheapRules) Tell(_ int64, _ []pair.Rows, found []pair.Answer) (of []uint32, told []Told, err error) {
	for n := range 1000 {
		told = append(told, Told{Allow: fmt.Sprintf("sgr-%d acl-1:ingress:%d", n, n%10), Attribution: "exact", Ruleset: fmt.Sprint(r.version)})
	}
	of = make([]uint32, len(found))
	for i := range of {
		of[i] = uint32(i*7919%len(told)) + 1
	}
	return of, told, nil
}

// cpu returns the CPU seconds that the process took.
func cpu(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// peakMiB returns the largest memory that the process had.
func peakMiB(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err == nil {
			return kib / 1024
		}
	}
	return 0
}
