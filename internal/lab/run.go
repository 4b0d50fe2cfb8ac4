package lab

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
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
	// Became is what became of each step, in order.
	Became []string `json:"became"`
	// Command asks the question again.
	Command []string `json:"command"`
	// Rows are what was answered last.
	Rows [][]string `json:"rows"`
	// Why says what is not as it should be.
	Why string `json:"why,omitempty"`
	// Late is how many seconds after the end of the window that has the last packet the answer was there.
	Late float64  `json:"late_seconds"`
	own  []string // the command that takes the records of its own flow logs; nil: it has none
}

// Run sends the traffic of scenarios, all at once, and then that of those that change the lab, one after the other; it waits until the windows with it are over, and asks their questions until the answers are there. A scenario that is not as it should
// be is no error. Clock is the wall clock.
func Run(ctx context.Context, dir string, all []Scenario, clock func() time.Time, program Program) (out []Result, err error) {
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
	began := clock().Truncate(s.every) // records without packets, such as SKIPDATA, have the start of their window
	c, err := beginRun(ctx, dir, all, program)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.end(ctx), c.unlock()) }()
	out = make([]Result, len(all))
	for i := range all {
		out[i] = Result{Scenario: all[i], Command: []string{"weir", "query", "--data", s.Data, "--from", strconv.FormatInt(began.Unix(), 10), all[i].Question}}
		out[i].askOwn(dir)
	}
	if err := c.playAndAsk(ctx, out, s.every, clock); err != nil {
		return nil, err
	}
	return out, nil
}

// ask asks a scenario's question until its answer is there.
func (r *Result) ask(ctx context.Context, over time.Time, now func() time.Time, program Program) error {
	for {
		trouble := r.takeOwn(ctx, program)
		if trouble == nil {
			r.Rows, trouble = rowsOf(ctx, program, r.Command)
		}
		late := now().Sub(over)
		if trouble == nil && reflect.DeepEqual(r.Rows, r.Answer) {
			r.Late, r.OK = max(0, late).Seconds(), r.Why == ""
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
