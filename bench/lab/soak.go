package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The bars of a lab.
const (
	mostUp, mostDown = 15 * time.Second, 5 * time.Second
	mostMemory       = 1536 << 20 // bytes
	mostLate         = 5.0        // seconds
)

// exitFindings is weir's exit code where a scenario is not as expected.
const exitFindings = 4

// soak is a run.
type soak struct {
	weir, dir, interval, listen string
	times                       int
	missed                      bool
}

// status is what is used of weir lab status --json.
type status struct {
	Hosts     []struct{ Name string }
	Processes []struct{ PID int }
}

// result is what is used of weir lab run --json.
type result struct {
	Name string
	OK   bool
	Why  string
	// NotRun says what the machine lacks for it; "": it was run.
	NotRun string  `json:"not_run"`
	Late   float64 `json:"late_seconds"`
}

func (s *soak) run(ctx context.Context) (err error) {
	fmt.Printf("%s\n\n", machine())
	began := time.Now()
	out, err := s.lab(ctx, "up", "--json", "-q", "--interval", s.interval, "--listen", s.listen)
	up := time.Since(began)
	if err != nil {
		return err
	}
	down := time.Duration(0)
	defer func() {
		if down == 0 {
			_, clear := s.lab(context.WithoutCancel(ctx), "down")
			err = errors.Join(err, clear)
		}
	}()
	var of status
	if err := json.Unmarshal(out, &of); err != nil {
		return err
	}
	watched, stop := context.WithCancel(ctx)
	var most int64
	var watching sync.WaitGroup
	watching.Go(func() { most = s.watch(watched) })
	rounds, err := s.rounds(ctx)
	stop()
	watching.Wait()
	if err != nil {
		return err
	}
	began = time.Now()
	if _, err := s.lab(ctx, "down"); err != nil {
		return err
	}
	down = time.Since(began)
	s.table(rounds)
	late := lateness(rounds)
	fmt.Printf("\n| what | bar | measured | |\n| --- | --- | --- | --- |\n")
	s.row(fmt.Sprintf("up, %d hosts and ends of the internet", len(of.Hosts)), "under 15 s", up < mostUp, fmt.Sprintf("%.1f s", up.Seconds()))
	s.row("down", "under 5 s", down < mostDown, fmt.Sprintf("%.1f s", down.Seconds()))
	s.row(fmt.Sprintf("memory, at most, of %d processes", len(of.Processes)), "under 1.5 GiB", most > 0 && most < mostMemory, fmt.Sprintf("%d MiB", most>>20))
	s.row(fmt.Sprintf("answers after the window is over, %d of them, p99", len(late)), "under 5 s", len(late) > 0 && late[(len(late)*99+99)/100-1] < mostLate, percentile(late))
	if s.missed {
		return errors.New("a bar is missed")
	}
	return nil
}

// lab runs weir lab and returns what it prints. Findings are no error.
func (s *soak) lab(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, s.weir, append([]string{"lab", "--dir", s.dir}, args...)...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.ExitCode() == exitFindings {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("weir lab %s: %w: %s", args[0], err, log.String())
	}
	return out, nil
}

// rounds runs all scenarios as often as is asked for.
func (s *soak) rounds(ctx context.Context) ([][]result, error) {
	out := make([][]result, s.times)
	for i := range out {
		began := time.Now()
		text, err := s.lab(ctx, "run", "--all", "--json")
		if err == nil {
			err = json.Unmarshal(text, &out[i])
		}
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "round %d: %d scenarios in %.0f s\n", i+1, len(out[i]), time.Since(began).Seconds())
	}
	return out, nil
}

// watch returns the most memory that the lab's processes had until ctx is done.
func (s *soak) watch(ctx context.Context) (most int64) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		if now, err := s.memory(ctx); err == nil {
			most = max(most, now)
		}
		select {
		case <-ctx.Done():
			return most
		case <-tick.C:
		}
	}
}

// memory is the proportional set size of the lab's processes, in bytes.
func (s *soak) memory(ctx context.Context) (sum int64, err error) {
	out, err := s.lab(ctx, "status", "--json")
	if err != nil {
		return 0, err
	}
	var of status
	if err := json.Unmarshal(out, &of); err != nil {
		return 0, err
	}
	for _, p := range of.Processes {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.PID))
		if err != nil {
			continue // it has ended meanwhile
		}
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
				if n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
					sum += n << 10
				}
			}
		}
	}
	return sum, nil
}

// table prints a line for each scenario.
func (s *soak) table(rounds [][]result) {
	fmt.Printf("| scenario | as expected | answer after the window is over, at most | |\n| --- | --- | --- | --- |\n")
	for i := range rounds[0] {
		good, late, why := 0, 0.0, ""
		for _, round := range rounds {
			if round[i].OK {
				good++
			} else {
				why = cmp.Or(round[i].Why, round[i].NotRun)
			}
			late = max(late, round[i].Late)
		}
		s.missed = s.missed || good < len(rounds)
		fmt.Printf("| %s | %d of %d | %.1f s | %s |\n", rounds[0][i].Name, good, len(rounds), late, why)
	}
}

// lateness is how late each answer was that came, in seconds, in order.
func lateness(rounds [][]result) (out []float64) {
	for _, round := range rounds {
		for _, r := range round {
			if r.OK {
				out = append(out, r.Late)
			}
		}
	}
	slices.Sort(out)
	return out
}

// percentile says the median and the 99th of a hundred.
func percentile(late []float64) string {
	if len(late) == 0 {
		return "none came"
	}
	return fmt.Sprintf("%.1f s (median %.1f s)", late[(len(late)*99+99)/100-1], late[(len(late)-1)/2])
}

// row prints a row of the table.
func (s *soak) row(what, bar string, met bool, measured string) {
	verdict := "met"
	if !met {
		verdict, s.missed = "missed", true
	}
	fmt.Printf("| %s | %s | %s | %s |\n", what, bar, measured, verdict)
}

// machine says what was measured on, and what else ran there.
func machine() string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	load, _ := os.ReadFile("/proc/loadavg")
	words := strings.Fields(string(load))
	return fmt.Sprintf("Linux %s, %d CPUs; load before it began: %s.", strings.TrimSpace(string(kernel)), runtime.NumCPU(), strings.Join(words[:min(3, len(words))], " "))
}
