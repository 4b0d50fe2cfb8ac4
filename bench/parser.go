package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// parser measures the decoder against gunzip alone, with klauspost's and with
// libdeflate, which a program has linked or not: flowlog's benchmark of delivered
// objects is built both ways and runs on one core.
func (b *bench) parser(ctx context.Context) error {
	for _, by := range []struct {
		name, tags string
		bar        float64
		guard      string
	}{
		{"klauspost", "", 0.72, guardKlauspost},
		{"libdeflate", "libdeflate", 0.38, guardLibdeflate},
	} {
		what := "decoder from .log.gz against gunzip alone, " + by.name
		if by.tags != "" && exec.CommandContext(ctx, "pkg-config", "--exists", "libdeflate").Run() != nil {
			b.notRun(what, "libdeflate is not installed")
			continue
		}
		runs, err := b.decoder(ctx, by.name, by.tags)
		if err != nil {
			return err
		}
		rate, low, high := median(runs, func(r decoderRun) float64 { return r.decoder })
		alone, alow, ahigh := median(runs, func(r decoderRun) float64 { return r.gunzip })
		ratio, rlow, rhigh := median(runs, func(r decoderRun) float64 { return r.decoder / r.gunzip })
		b.row(what, fmt.Sprintf("at least %.2f of it", by.bar), ratio >= by.bar,
			"%.3f of it (%.3f to %.3f): %.2f M records for each CPU-second (%.2f to %.2f) where it alone does %.2f M (%.2f to %.2f)",
			ratio, rlow, rhigh, rate, low, high, alone, alow, ahigh)
		b.guarded[by.guard] = ratio
	}
	return nil
}

// decoderRun is how many million records gunzip alone and the decoder went through
// for each CPU-second.
type decoderRun struct{ gunzip, decoder float64 }

// delivered matches what the benchmark reports.
var delivered = regexp.MustCompile(`(?m)^BenchmarkDelivered.*?([0-9.e+-]+) decoder-M/cpu-s\s+([0-9.e+-]+) gunzip-M/cpu-s`)

// decoder builds flowlog's benchmark with tags and runs it.
func (b *bench) decoder(ctx context.Context, name, tags string) ([]decoderRun, error) {
	program, err := filepath.Abs(filepath.Join(b.dir, "decoder-"+name))
	if err != nil {
		return nil, err
	}
	logs, err := filepath.Abs(b.logs())
	if err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, cmp.Or(os.Getenv("GO"), "go"), "test", "-c", "-tags", tags, "-o", program, "weir/flowlog")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go test -c: %w\n%s", err, out)
	}
	run := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.bench", "^BenchmarkDelivered$",
		"-test.benchtime", "1x", "-test.count", fmt.Sprint(b.runs), "-test.cpu", "1")
	run.Env = append(os.Environ(), "WEIR_BENCH_LOGS="+logs)
	out, err := run.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("the decoder's benchmark: %w\n%s", err, out)
	}
	var runs []decoderRun
	for _, m := range delivered.FindAllSubmatch(out, -1) {
		decoder, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return nil, err
		}
		gunzip, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return nil, err
		}
		runs = append(runs, decoderRun{gunzip, decoder})
	}
	if len(runs) != b.runs {
		return nil, fmt.Errorf("the decoder's benchmark ran %d times, want %d:\n%s", len(runs), b.runs, out)
	}
	return runs, nil
}
