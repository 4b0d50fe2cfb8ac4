package querytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/query"
)

// block is a command of a script with the lines below it.
type block struct {
	line int // 1-based
	head string
	body []string
}

// blocks splits a script. Empty lines and comments are left out.
func blocks(script string) ([]block, error) {
	var out []block
	for i, line := range strings.Split(script, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case line[0] != ' ' && line[0] != '\t':
			out = append(out, block{i + 1, strings.TrimSpace(line), nil})
		case len(out) == 0:
			return nil, fmt.Errorf("line %d is indented, but belongs to no command", i+1)
		default:
			last := &out[len(out)-1]
			last.body = append(last.body, strings.TrimSpace(line))
		}
	}
	return out, nil
}

// step is what a script asks for: to load records, or to answer a plan.
type step struct {
	line    int
	batches []*flowlog.Batch // where it loads
	load    bool
	plan    query.Plan
	expect  *expectation
}

// expectation is what must come of a plan.
type expectation struct {
	rows    [][]any
	ordered bool
	fails   bool
	refused string // part of the message of a refusal; "" for another error
}

// parseScript reads a script.
func parseScript(script string) ([]step, error) {
	list, err := blocks(script)
	if err != nil {
		return nil, err
	}
	var out []step
	for _, b := range list {
		word, rest, _ := strings.Cut(b.head, " ")
		waiting := len(out) > 0 && !out[len(out)-1].load && out[len(out)-1].expect == nil
		switch {
		case waiting != (word == "expect"):
			return nil, fmt.Errorf("line %d: expect must stand behind eval, once, and nowhere else", b.line)
		case word == "load":
			s := step{line: b.line, load: true}
			s.batches, err = load(strings.Join(b.body, "\n") + "\n")
			out = append(out, s)
		case word == "eval" && len(out) == 0:
			err = errors.New("nothing is loaded")
		case word == "eval":
			s := step{line: b.line}
			s.plan, err = parsePlan(rest + " " + strings.Join(b.body, " "))
			out = append(out, s)
		case word == "expect":
			out[len(out)-1].expect, err = parseExpect(rest, b.body)
		default:
			err = fmt.Errorf("no command %q", word)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", b.line, err)
		}
	}
	if n := len(out); n == 0 || out[n-1].load || out[n-1].expect == nil {
		return nil, errors.New("the script ends without an expect")
	}
	return out, nil
}

// parseExpect reads an expect command: what stands behind the word and below.
func parseExpect(how string, body []string) (*expectation, error) {
	word, rest, _ := strings.Cut(how, " ")
	x := &expectation{ordered: word == "ordered"}
	switch word {
	case "", "ordered":
		if len(body) == 0 {
			return nil, errors.New("no rows are expected: write expect none")
		}
	case "none", "error", "refused":
		if len(body) > 0 || (word == "refused") != (rest != "") {
			return nil, fmt.Errorf("expect %s has too much or too little", word)
		}
		x.fails, x.refused = word != "none", rest
	default:
		return nil, fmt.Errorf("nothing is expected by %q", how)
	}
	for _, line := range body {
		row, err := parse(line, func(p *parser) []any { return list(p, p.value) })
		if err != nil {
			return nil, err
		}
		x.rows = append(x.rows, row)
	}
	return x, nil
}

// runScript runs a script on engines from open, and returns what was wrong.
func runScript(t *testing.T, script string, open Open) []error {
	steps, err := parseScript(script)
	if err != nil {
		return []error{err}
	}
	return runSteps(t, steps, open)
}

// runSteps runs the steps of a script, as [runScript].
func runSteps(t *testing.T, steps []step, open Open) []error {
	var engine query.Engine
	var wrong []error
	for _, s := range steps {
		if s.load {
			engine = open(t, s.batches)
			continue
		}
		rows, err := answer(context.Background(), engine, s.plan, query.Limits{})
		if err := s.expect.check(rows, err); err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %s: %w", s.line, formatPlan(s.plan), err))
		}
	}
	return wrong
}

// check compares what came with what was expected.
func (x *expectation) check(rows [][]any, err error) error {
	switch {
	case !x.fails && err != nil:
		return err
	case !x.fails:
		if diff := diffRows(x.rows, rows, x.ordered); diff != "" {
			return errors.New(diff)
		}
		return nil
	case err == nil:
		return fmt.Errorf("it gave %d rows, but should fail", len(rows))
	case errors.Is(err, query.ErrLimit):
		return fmt.Errorf("it failed at a limit: %w", err)
	case x.refused == "" && errors.Is(err, query.ErrRefused):
		return fmt.Errorf("it was refused, but should fail when it runs: %w", err)
	case x.refused != "" && !errors.Is(err, query.ErrRefused):
		return fmt.Errorf("it failed, but should be refused: %w", err)
	case !strings.Contains(err.Error(), x.refused):
		return fmt.Errorf("the message %q lacks %q", err, x.refused)
	}
	return nil
}
