package lab

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
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
	// NotRun says what the lab lacks for it, so that it was not run; "": it was.
	NotRun string `json:"not_run,omitempty"`
	// Became is what became of each step, in order.
	Became []string `json:"became"`
	// Command asks the first question again, and Rows are what was answered to it last.
	Command []string   `json:"command"`
	Rows    [][]string `json:"rows"`
	// Asked are all questions.
	Asked []Asked `json:"asked"`
	// Began and Ended are when its first step began and when its last one was over; the zero time: it was not played.
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Why says what is not as it should be.
	Why string `json:"why,omitempty"`
	// Late is how many seconds after the end of the window that has the last packet the answer was there.
	Late float64 `json:"late_seconds"`
	// Labs are the lab as it was at each step, which steps before may have changed.
	Labs []*Definition `json:"-"`
	own  []string      // the command that takes the records of its own flow logs; nil: it has none
}

// Run runs what scenarios have before their traffic, sends that, waits until the windows with it are over, asks their questions until the answers are there, and takes away what they have made. What changes the lab
// is sent one after the other, and the rest at once. A scenario that is not as it should be is no error, nor one that is not run. Clock is the wall clock. Tell is
// told what is being done, for who waits.
func Run(ctx context.Context, dir string, all []Scenario, clock func() time.Time, program Program, tell func(format string, args ...any)) (_ []Result, err error) {
	s, err := Look(dir)
	if err != nil {
		return nil, err
	}
	if s.State == StateDown {
		return nil, ErrDown
	}
	unlock, err := lockRuns(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if s, err = Look(dir); err != nil { // what another run changed meanwhile is as it was
		return nil, err
	}
	if s.State != StateUp {
		return nil, fmt.Errorf("%w: %s", ErrHalfBuilt, s.Why)
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("to run scenarios takes root: %w", os.ErrPermission)
	}
	program = program.of(dir)
	began := clock().Truncate(s.every) // records without packets, such as SKIPDATA, have the start of their window
	c, err := beginRun(ctx, dir, all, program)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.end(ctx)) }()
	at := &place{dir: dir, data: s.Data, began: strconv.FormatInt(began.Unix(), 10), run: strconv.FormatInt(clock().Unix(), 10), aws: s.AWS, every: s.every, patience: mostUp}
	results := make([]Result, len(all))
	for i := range all {
		results[i] = Result{Scenario: all[i], NotRun: cmp.Or(lacks(&all[i], s.AWS), c.d.notRun(&all[i]))}
		results[i].prepare(at)
	}
	c.tell = tell
	defer func() { err = errors.Join(err, undo(context.WithoutCancel(ctx), at, results, program)) }()
	if err := do(ctx, at, results, program); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(results, func(r Result) bool { return r.NotRun == "" }) {
		return results, nil
	}
	if err := c.playAndAsk(ctx, at, results, clock); err != nil {
		return nil, err
	}
	return results, nil
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
