package lab

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// mostLate is how long after its window a record may come to a question.
	mostLate = 30 * time.Second
	// askEvery is how long it is from one question to the next.
	askEvery = 200 * time.Millisecond
)

// A Result is what became of a scenario.
type Result struct {
	Scenario
	OK bool `json:"ok"`
	// NotRun says why it was not run; "": it was.
	NotRun string `json:"not_run,omitempty"`
	// Became is what became of each step, in order.
	Became []string `json:"became"`
	// Command asks the question again.
	Command []string `json:"command"`
	// Rows are what was answered last.
	Rows [][]string `json:"rows"`
	// Why says what is not as it should be.
	Why string `json:"why,omitempty"`
	// Late is how many seconds after the end of the window that has the last packet the answer was there.
	Late float64 `json:"late_seconds"`
}

// Run sends the traffic of scenarios, all at once, waits until the windows with it are over, and asks their questions until the answers are there. A scenario that is not as it should
// be is no error. Now is the wall clock.
func Run(ctx context.Context, dir string, all []Scenario, now func() time.Time, program Program) ([]Result, error) {
	s, err := Look(dir)
	if err != nil {
		return nil, err
	}
	switch s.State {
	case StateDown:
		return nil, ErrDown
	case StateHalfBuilt:
		return nil, fmt.Errorf("%w: %s", ErrHalfBuilt, s.Why)
	}
	d, err := ReadDefinition(dir)
	if err != nil {
		return nil, err
	}
	began := now()
	out := make([]Result, len(all))
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i := range all {
		out[i] = Result{Scenario: all[i], Command: []string{"weir", "query", "--data", s.Data, "--from", strconv.FormatInt(began.Unix(), 10), all[i].Question}}
		if out[i].NotRun = d.notRun(&all[i]); out[i].NotRun != "" {
			continue
		}
		wg.Go(func() { errs[i] = d.play(ctx, &out[i]) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(out, func(r Result) bool { return r.NotRun == "" }) {
		return out, nil
	}
	over := now().Truncate(s.every).Add(s.every)
	if err := wait(ctx, over.Sub(now())); err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].NotRun != "" {
			continue
		}
		if err := out[i].ask(ctx, over, now, program); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// play sends the traffic of a scenario, one step after the other.
func (d *Definition) play(ctx context.Context, r *Result) error {
	for _, step := range r.Traffic {
		became, err := d.send(ctx, step)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", r.Name, step, err)
		}
		r.Became = append(r.Became, became)
		if became != step.Then && r.Why == "" {
			r.Why = fmt.Sprintf("%s: %s, and not %s", step, became, step.Then)
		}
	}
	return nil
}

// ask asks a scenario's question until its answer is there.
func (r *Result) ask(ctx context.Context, over time.Time, now func() time.Time, program Program) error {
	for {
		var trouble error
		r.Rows, trouble = rowsOf(ctx, program, r.Command)
		late := now().Sub(over)
		if trouble == nil && reflect.DeepEqual(r.Rows, r.Answer) {
			r.Late, r.OK = late.Seconds(), r.Why == ""
			return nil
		}
		if late > mostLate {
			switch {
			case r.Why != "":
			case trouble != nil:
				r.Why = trouble.Error()
			default:
				r.Why = "the answer is another"
			}
			return nil
		}
		if err := wait(ctx, askEvery); err != nil {
			return err
		}
	}
}

// rowsOf runs weir query.
func rowsOf(ctx context.Context, program Program, command []string) ([][]string, error) {
	out, err := program.command(ctx, append(command[1:len(command):len(command)], "--format", "csv")...).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("weir query: %w: %s", err, strings.TrimSpace(string(failed.Stderr)))
	}
	if err != nil {
		return nil, fmt.Errorf("weir query: %w", err)
	}
	return parseRows(string(out))
}

// parseRows reads the CSV of weir query: lines behind the header, "-" for what is not there.
func parseRows(text string) ([][]string, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	for _, row := range rows {
		for i := range row {
			if row[i] == "" {
				row[i] = "-"
			}
		}
	}
	return rows[1:], nil
}

// wait waits, or until ctx is done.
func wait(ctx context.Context, long time.Duration) error {
	t := time.NewTimer(long)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
