package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

// bench is a run.
type bench struct {
	agent  string        // weir-agent's binary
	rounds int           // of throughput
	lasts  time.Duration // how long a load is
	missed bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/capture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var b bench
	only := flag.String("only", "cost,loss,scale,restart,throughput", "`parts` to measure")
	flag.StringVar(&b.agent, "agent", "bin/weir-agent", "weir-agent's `binary`")
	flag.IntVar(&b.rounds, "rounds", 10, "`turns` of each meter")
	flag.DurationVar(&b.lasts, "lasts", 2*time.Second, "`time` that each load lasts")
	bars := flag.Bool("bars", false, "fail where a bar is missed")
	flag.Parse()
	if os.Getuid() != 0 {
		return errors.New("it takes root: BPF programs and network namespaces are made")
	}
	parts := map[string]func(context.Context) error{"cost": b.cost, "loss": b.loss, "scale": b.scale, "restart": b.restart, "throughput": b.throughput}
	fmt.Printf("%s\n\n| what | bar | measured | |\n| --- | --- | --- | --- |\n", machine())
	for name := range strings.SplitSeq(*only, ",") {
		part := parts[name]
		if part == nil {
			return fmt.Errorf("there is no part %q", name)
		}
		if err := part(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if b.missed && *bars {
		return errors.New("a bar is missed")
	}
	return nil
}

// machine says what was measured on, and what else ran there.
func machine() string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	load, _ := os.ReadFile("/proc/loadavg")
	words := strings.Fields(string(load))
	return fmt.Sprintf("Linux %s, %d CPUs, %s; load before it began: %s.", strings.TrimSpace(string(kernel)), runtime.NumCPU(), runtime.Version(), strings.Join(words[:min(3, len(words))], " "))
}

// row prints a row; where there is no bar it says nothing of it.
func (b *bench) row(what, bar string, met bool, measured string) {
	verdict := ""
	if bar != "" {
		verdict = "met"
		if !met {
			verdict, b.missed = "missed", true
		}
	}
	fmt.Printf("| %s | %s | %s | %s |\n", what, bar, measured, verdict)
}

// spread is the median of some numbers, and the smallest and largest.
type spread struct{ mid, low, high float64 }

func spreadOf(of []float64) spread {
	s := slices.Sorted(slices.Values(of))
	n := len(s)
	return spread{(s[(n-1)/2] + s[n/2]) / 2, s[0], s[n-1]}
}

// say returns the spread in a format for each number.
func (s spread) say(format string) string {
	return fmt.Sprintf(format+" ("+format+" to "+format+")", s.mid, s.low, s.high)
}
