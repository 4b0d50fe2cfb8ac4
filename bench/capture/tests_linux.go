package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

const dataPath = "./internal/capture/ebpf"

// test runs a test or benchmark of the data path, and returns what it prints.
func test(ctx context.Context, env string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count", "1", "-timeout", "1h", "-v", dataPath}, args...)...)
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if strings.Contains(string(out), "--- SKIP") {
		return "", fmt.Errorf("it was not run: %s", out)
	}
	return string(out), nil
}

// find returns the numbers that a pattern has in a text.
func find(text, pattern string) ([]float64, error) {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%q is not in %s", pattern, text)
	}
	out := make([]float64, len(m)-1)
	for n, s := range m[1:] {
		var err error
		if out[n], err = strconv.ParseFloat(s, 64); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// cost runs BenchmarkCost three times: each is the least of 7 runs.
func (b *bench) cost(ctx context.Context) error {
	const times = 3
	all := map[string][]float64{}
	for range times {
		text, err := test(ctx, "", "-run", "^$", "-bench", "^BenchmarkCost$", "-benchtime", "1x")
		if err != nil {
			return err
		}
		for _, m := range regexp.MustCompile(`([0-9.]+) (floor-ns|count|accepted|refused-again|refused-first|refused-first-60-more)\s`).FindAllStringSubmatch(text, -1) {
			n, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return err
			}
			all[m[2]] = append(all[m[2]], n)
		}
	}
	for _, name := range []string{"floor-ns", "count", "accepted", "refused-again", "refused-first", "refused-first-60-more"} {
		if len(all[name]) != times {
			return fmt.Errorf("the benchmark does not say %s", name)
		}
	}
	var further []float64
	for n := range times {
		further = append(further, (all["refused-first-60-more"][n]-all["refused-first"][n])/60)
	}
	b.row("cost at a device that is no interface, ns", "", true, spreadOf(all["floor-ns"]).say("%.0f"))
	for _, r := range []struct {
		what string
		of   []float64
		most float64
	}{
		{"cost of a packet that is counted only, multiple of that", all["count"], 4},
		{"of a known connection, accepted", all["accepted"], 4},
		{"refused as one before", all["refused-again"], 8},
		{"refused, with 15 entries and 7 rules walked", all["refused-first"], 15},
		{"for each further rule", further, 0.4},
	} {
		s := spreadOf(r.of)
		b.row(r.what, fmt.Sprintf("at most %g", r.most), s.mid <= r.most, s.say("%.2f"))
	}
	return nil
}

// loss runs TestLoss with 100 million packets.
func (b *bench) loss(ctx context.Context) error {
	text, err := test(ctx, "WEIR_LOSS_PACKETS=100000000", "-run", "^TestLoss$")
	if err != nil {
		return err
	}
	n, err := find(text, `(\d+) packets, (\d+) reads`)
	if err != nil {
		return err
	}
	b.row("packets lost where windows end", "0 of 100 M, 100 reads", n[0] >= 100e6 && n[1] >= 100, fmt.Sprintf("0 of %.0f M, %.0f reads", n[0]/1e6, n[1]))
	return nil
}

// scale runs TestScale with a million connections.
func (b *bench) scale(ctx context.Context) error {
	text, err := test(ctx, "WEIR_SCALE=1048576", "-run", "^TestScale$")
	if err != nil {
		return err
	}
	size, err := find(text, `(\d+) bytes for each connection`)
	if err != nil {
		return err
	}
	var slowest float64
	for _, m := range regexp.MustCompile(`rows read in ([0-9.]+)(ms|s)\b`).FindAllStringSubmatch(text, -1) {
		s, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return err
		}
		if m[2] == "ms" {
			s /= 1000
		}
		slowest = max(slowest, s)
	}
	b.row("1,048,576 connections, bytes for each", "at most 250", size[0] <= 250, fmt.Sprintf("%.0f, none lost", size[0]))
	b.row("the same read", "under 1 s", 0 < slowest && slowest < 1, fmt.Sprintf("%.2f s", slowest))
	return nil
}

// restart runs TestKilled with 100 kills.
func (b *bench) restart(ctx context.Context) error {
	text, err := test(ctx, "WEIR_KILLS=100", "-run", "^TestKilled$")
	if err != nil {
		return err
	}
	took, err := find(text, `--- PASS: TestKilled \(([0-9.]+)s\)`)
	if err != nil {
		return err
	}
	b.row("an agent killed 100 times under load", "counts complete, none let through", true, fmt.Sprintf("complete, none, in %.0f s", took[0]))
	return nil
}
