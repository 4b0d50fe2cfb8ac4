package main

import (
	"bytes"
	"context"
	_ "embed" // for doc
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
)

// barRecords is the number of records for which the bars are set.
const barRecords = 10_000_000

// bench is one run of the benchmark.
type bench struct {
	weir    string // the program
	dir     string
	records int64
	runs    int
	peers   []string // to be run
	install bool
	failed  bool

	gz     int64   // bytes of the day's objects
	intook float64 // million records that weir took in for each CPU-second; 0: not measured
	// guarded are the ratios that guards hold, by their names.
	guarded map[string]float64
}

// Where things lie in the folder.
func (b *bench) logs() string    { return filepath.Join(b.dir, "logs") }
func (b *bench) parquet() string { return filepath.Join(b.dir, "parquet") }
func (b *bench) data() string    { return filepath.Join(b.dir, "data") }

// part is a part of the benchmark.
type part struct {
	name string
	run  func(*bench, context.Context) error
}

// parts are run in this order. Those behind the intake need the lake that it made,
// perhaps in an earlier run.
var parts = []part{
	{"parser", (*bench).parser},
	{"intake", (*bench).intake},
	{"sizes", (*bench).sizes},
	{"small", (*bench).smallObjects},
	{"first", (*bench).firstAnswer},
	{"questions", (*bench).questions},
	{"athena", (*bench).athena},
	{"rollups", (*bench).rollups},
	{"memory", (*bench).queryMemory},
	{"peers", (*bench).beside},
	{"attribution", (*bench).attribution},
	{"follow", (*bench).follow}, // adds to the lake
	{"puts", (*bench).puts},
	{"live", (*bench).live},
	{"watch", (*bench).watch},
	{"alarms", (*bench).alarms},
}

//go:embed doc.go
var doc string

// printUsage prints what doc.go says, and the flags.
func printUsage() {
	text, _, _ := strings.Cut(doc, "\npackage ")
	for line := range strings.Lines(text) {
		fmt.Fprint(flag.CommandLine.Output(), strings.TrimPrefix(strings.TrimPrefix(line, "//"), " "))
	}
	fmt.Fprintln(flag.CommandLine.Output(), "\n\nFlags:")
	flag.PrintDefaults()
}

func main() {
	b := &bench{guarded: map[string]float64{}}
	var all []string
	for _, p := range parts {
		all = append(all, p.name)
	}
	flag.Usage = printUsage
	flag.StringVar(&b.weir, "weir", "bin/weir", "the weir `program`")
	flag.StringVar(&b.dir, "dir", filepath.Join(os.TempDir(), "weir-bench"), "`folder` for data, kept between runs")
	flag.Int64Var(&b.records, "records", barRecords, "`number` of records of the day; the bars are for the default")
	flag.IntVar(&b.runs, "runs", 5, "`number` of runs of each measurement")
	flag.BoolVar(&b.install, "install", false, "install the peers that are missing: by apt where root, by pip into the folder")
	peers := flag.String("peers", strings.Join(peerNames(), ","), "the peers to run, of the `list`")
	only := flag.String("only", strings.Join(all, ","), "the parts to run, of the `list`")
	ratios := flag.Bool("ratios", false, "fail where a bar is missed")
	flag.Parse()
	b.peers = listOf(*peers)
	err := unknown("-peers", b.peers, peerNames())
	if err == nil {
		err = unknown("-only", listOf(*only), all)
	}
	if err == nil {
		err = b.run(context.Background(), listOf(*only))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	worse := b.guard()
	if worse || *ratios && b.failed {
		os.Exit(1)
	}
}

// listOf returns the words between commas.
func listOf(s string) []string { return strings.FieldsFunc(s, func(r rune) bool { return r == ',' }) }

// unknown says which word of a flag is none that it takes.
func unknown(flag string, list, known []string) error {
	for _, name := range list {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s: there is no %q: it is of %s", flag, name, strings.Join(known, ","))
		}
	}
	return nil
}

// run makes the data and measures.
func (b *bench) run(ctx context.Context, only []string) error {
	for dir, form := range map[string]string{b.logs(): "text", b.parquet(): "parquet"} {
		if err := b.synth(ctx, dir, "--format", form, "--records", fmt.Sprint(b.records)); err != nil {
			return err
		}
	}
	gz, objects, err := bytesOf(b.logs())
	if err != nil {
		return err
	}
	b.gz = gz
	pq, _, err := bytesOf(b.parquet())
	if err != nil {
		return err
	}
	fmt.Printf("%d records in %d objects: %.2f B each as .log.gz, %.2f as AWS-style Parquet\n\n", b.records, objects,
		float64(gz)/float64(b.records), float64(pq)/float64(b.records))
	fmt.Println("| what | bar | measured | |")
	fmt.Println("| --- | --- | --- | --- |")
	for _, p := range parts {
		if !slices.Contains(only, p.name) {
			continue
		}
		if err := p.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// row prints a row of the table.
func (b *bench) row(what, bar string, met bool, format string, args ...any) {
	verdict := "met"
	switch {
	case b.records < barRecords:
		verdict = "-"
	case !met:
		verdict, b.failed = "NOT MET", true
	}
	fmt.Printf("| %s | %s | %s | %s |\n", what, bar, fmt.Sprintf(format, args...), verdict)
}

// note prints a row without a bar.
func (b *bench) note(what, text string) {
	fmt.Printf("| %s | | %s | |\n", what, text)
}

// synth makes logs in a folder unless an earlier run with the same flags did.
func (b *bench) synth(ctx context.Context, dir string, flags ...string) error {
	mark := filepath.Join(dir, ".made")
	want := strings.Join(flags, " ")
	if have, err := os.ReadFile(mark); err == nil && string(have) == want {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if _, err := b.command(ctx, append(append([]string{"synth"}, flags...), dir)...); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte(want), 0o644)
}

// usage is what a process used.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // bytes of memory
}

// command runs weir and says what it used. Its output is shown where it fails.
func (b *bench) command(ctx context.Context, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, b.weir, args...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	u := usage{wall: time.Since(began)}
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != exitFindings) {
		return u, fmt.Errorf("weir %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = r.Maxrss * 1024
	}
	return u, nil
}

// exitFindings is weir's exit code where it found what it was asked to look for.
const exitFindings = 4

// repeat runs a command several times, each in a state that before makes.
func (b *bench) repeat(ctx context.Context, before func() error, args ...string) ([]usage, error) {
	var out []usage
	for range b.runs {
		if before != nil {
			if err := before(); err != nil {
				return nil, err
			}
		}
		u, err := b.command(ctx, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, nil
}

// median returns the middle of what values gives, the smallest and the largest.
func median[T any](list []T, value func(T) float64) (mid, low, high float64) {
	v := make([]float64, len(list))
	for i, x := range list {
		v[i] = value(x)
	}
	slices.Sort(v)
	return v[len(v)/2], v[0], v[len(v)-1]
}

// gunzipRate is how many million records for each CPU-second gunzip alone went
// through on the machine for which the bars in seconds, and in records for each
// CPU-second, were set. Machines differ, and so do hours on a shared one: such bars
// hold for what is measured as it would be there, and both numbers are printed.
const gunzipRate = 3.0

// intake measures the taking in of the day.
func (b *bench) intake(ctx context.Context) error {
	logs, data := b.logs(), b.data()
	var gunzips []float64
	runs, err := b.repeat(ctx, func() error {
		rate, err := b.gunzip(b.gz)
		gunzips = append(gunzips, rate)
		return errors.Join(err, os.RemoveAll(data))
	}, "--data", data, "-q", "open", logs)
	if err != nil {
		return err
	}
	perSecond := func(u usage) float64 { return float64(b.records) / u.cpu.Seconds() / 1e6 }
	ratios := make([]float64, len(runs))
	for i, u := range runs {
		ratios[i] = perSecond(u) / gunzips[i]
	}
	ratio, rlow, rhigh := median(ratios, itself)
	mid, low, high := median(runs, perSecond)
	alone, alow, ahigh := median(gunzips, itself)
	b.intook = mid
	b.row("records taken per CPU-second", fmt.Sprintf("with libdeflate at least 0.9 M where Go's gunzip alone does %.1f M: %.3f of it", gunzipRate, 0.9/gunzipRate),
		ratio >= 0.9/gunzipRate, "%.2f M (%.2f to %.2f) where gunzip alone does %.2f M (%.2f to %.2f): %.3f of it (%.3f to %.3f)",
		mid, low, high, alone, alow, ahigh, ratio, rlow, rhigh)
	wall, wlow, whigh := median(runs, func(u usage) float64 { return u.wall.Seconds() })
	peak, plow, phigh := median(runs, func(u usage) float64 { return float64(u.peak) / (1 << 20) })
	b.row("peak memory of the intake", "under 1,536 MiB", peak < 1536, "%.0f MiB (%.0f to %.0f); %.1f s (%.1f to %.1f) wall", peak, plow, phigh, wall, wlow, whigh)
	return nil
}

// itself is what of a number is to be counted.
func itself(x float64) float64 { return x }

// gunzip reads the day's objects, some of so many bytes, through klauspost's gunzip
// and does nothing else. It returns how many million records it goes through for
// each CPU-second.
func (b *bench) gunzip(most int64) (rate float64, err error) {
	used := func() time.Duration {
		var r syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // fails for a wrong argument only
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	began, read := used(), int64(0)
	z := new(gzip.Reader)
	err = filepath.WalkDir(filepath.Join(b.dir, "logs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".gz") {
			return err
		}
		object, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := z.Reset(bytes.NewReader(object)); err != nil {
			return err
		}
		if _, err = io.Copy(io.Discard, z); err != nil {
			return err
		}
		if read += int64(len(object)); read >= most {
			return fs.SkipAll
		}
		return nil
	})
	records := float64(b.records) * float64(read) / float64(b.gz)
	return records / (used() - began).Seconds() / 1e6, err
}

// seconds measures a command whose bar is a time. Before each run it sees how fast
// the machine is then, by a tenth of the day.
func (b *bench) seconds(ctx context.Context, what string, bar float64, before func() error, args ...string) error {
	var gunzips []float64
	runs, err := b.repeat(ctx, func() error {
		rate, err := b.gunzip(b.gz / 10)
		gunzips = append(gunzips, rate)
		return errors.Join(err, before())
	}, args...)
	if err != nil {
		return err
	}
	there := make([]float64, len(runs))
	for i, u := range runs {
		there[i] = u.wall.Seconds() * gunzips[i] / gunzipRate
	}
	wall, low, high := median(runs, func(u usage) float64 { return u.wall.Seconds() })
	alone, alow, ahigh := median(gunzips, itself)
	mid, tlow, thigh := median(there, itself)
	if b.records < barRecords { // small objects: gunzip is no measure of the machine then
		b.row(what, fmt.Sprintf("under %g s", bar), true, "%.2f s (%.2f to %.2f)", wall, low, high)
		return nil
	}
	b.row(what, fmt.Sprintf("under %g s where gunzip alone does %.1f M", bar, gunzipRate), mid < bar,
		"%.2f s (%.2f to %.2f) where it does %.2f M (%.2f to %.2f): %.2f s there (%.2f to %.2f)", wall, low, high, alone, alow, ahigh, mid, tlow, thigh)
	return nil
}

// smallObjects measures 7,700 objects of 2.2 MB in all.
func (b *bench) smallObjects(ctx context.Context) error {
	logs, data := filepath.Join(b.dir, "small"), filepath.Join(b.dir, "small-data")
	// 32 objects for each 5 minutes of a day, but those that get no record: 7,741
	// of 4 records and 289 bytes.
	if err := b.synth(ctx, logs, "--objects", "32", "--records", "34000"); err != nil {
		return err
	}
	size, n, err := bytesOf(logs)
	if err != nil {
		return err
	}
	return b.seconds(ctx, fmt.Sprintf("%d objects of %.1f MB in all", n, float64(size)/1e6), 2,
		func() error { return os.RemoveAll(data) }, "--data", data, "-q", "open", logs)
}

// firstAnswer measures the report on a day of 100,000 records.
func (b *bench) firstAnswer(ctx context.Context) error {
	logs, data := filepath.Join(b.dir, "first"), filepath.Join(b.dir, "first-data")
	if err := b.synth(ctx, logs, "--records", "100000"); err != nil {
		return err
	}
	return b.seconds(ctx, "weir open on 100,000 records, report and all", 2,
		func() error { return os.RemoveAll(data) }, "--data", data, "-q", "open", logs)
}

// bytesOf sums up the objects below a folder.
func bytesOf(dir string) (size, n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		n++
		return nil
	})
	return size, n, err
}
