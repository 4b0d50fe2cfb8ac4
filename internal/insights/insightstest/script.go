package insightstest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/lookup"
	"weir/internal/insights/value"
)

// A block is a command of a script with the lines below it.
type block struct {
	line int // from 1 on
	head string
	body []string
}

// blocks splits a script. Comments and empty lines are left out.
func blocks(script string) ([]block, error) {
	var out []block
	for i, line := range strings.Split(script, "\n") {
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case line[0] != '\t':
			out = append(out, block{i + 1, strings.TrimSpace(line), nil})
		case len(out) == 0:
			return nil, fmt.Errorf("line %d is indented, but belongs to no command", i+1)
		default:
			last := &out[len(out)-1]
			last.body = append(last.body, line[1:])
		}
	}
	return out, nil
}

// A Case is a query of a script, what it is asked of, and what must come.
type Case struct {
	Line  int
	World *World
	Text  string // of the query

	fails     bool
	failure   string // a part of the error's message
	unordered bool
	columns   []string
	rows      [][]string // absent values as absentCell
}

const absentCell = "absent"

// parseScript reads the cases of a script.
func parseScript(script string) ([]*Case, error) {
	list, err := blocks(script)
	if err != nil {
		return nil, err
	}
	p := &scriptParser{world: &World{Tables: map[string]*lookup.Table{}, Fields: discover.Options{Region: Region}}}
	for _, b := range list {
		word, rest, _ := strings.Cut(b.head, " ")
		if (p.waiting != nil) != (word == "expect") {
			return nil, fmt.Errorf("line %d: expect must stand behind eval, once, and nowhere else", b.line)
		}
		if err := p.command(word, strings.TrimSpace(rest), b); err != nil {
			return nil, fmt.Errorf("line %d: %w", b.line, err)
		}
	}
	if p.waiting != nil || len(p.cases) == 0 {
		return nil, errors.New("the script ends without an expect")
	}
	return p.cases, nil
}

type scriptParser struct {
	world   *World
	ranged  bool
	waiting *Case
	cases   []*Case
}

func (p *scriptParser) command(word, rest string, b block) error {
	switch word {
	case "load":
		return p.load(rest, b.body)
	case "table":
		t, err := lookup.Parse([]byte(strings.Join(b.body, "\n")))
		p.world.Tables[rest] = t
		return err
	case "range":
		_, err := fmt.Sscanf(rest, "%d %d", &p.world.Query.Start, &p.world.Query.End)
		p.world.Query.Now = p.world.Query.End + 1
		p.ranged = true
		return err
	case "clear":
		p.world = &World{Tables: map[string]*lookup.Table{}, Fields: discover.Options{Region: Region}}
		p.ranged = false
		return nil
	case "anycase":
		p.world.Fields.AnyCase = true
		return nil
	case "eval":
		if !p.ranged {
			p.world.bound()
		}
		p.waiting = &Case{Line: b.line, World: p.world.clone(), Text: strings.TrimSpace(rest + "\n" + strings.Join(b.body, "\n"))}
		return nil
	case "expect":
		c := p.waiting
		p.waiting = nil
		p.cases = append(p.cases, c)
		return c.expect(rest, b.body)
	}
	return fmt.Errorf("no command %q", word)
}

// load reads events: "GROUP [STREAM] [format LOGFORMAT]", and below it their times and messages.
func (p *scriptParser) load(head string, body []string) error {
	head, layout, formatted := strings.Cut(head, " format ")
	words := strings.Fields(head)
	if len(words) == 0 || len(words) > 2 {
		return errors.New("load takes a group and a stream")
	}
	stream := "stream"
	if len(words) == 2 {
		stream = words[1]
	}
	var format *flowlog.Format
	if formatted {
		f := flowlog.DefaultFormat(flowlog.KindVPC)
		if layout != "default" {
			var err error
			if f, err = flowlog.ParseLogFormat(layout); err != nil {
				return err
			}
		}
		format = &f
	}
	for _, line := range body {
		at, message, _ := strings.Cut(line, " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return err
		}
		if strings.HasPrefix(message, `"`) {
			if unquoted, err := strconv.Unquote(message); err == nil {
				message = unquoted
			}
		}
		p.world.Events = append(p.world.Events, discover.Event{
			Account: Account, Group: words[0], Stream: stream, Timestamp: ms, Ingestion: ms + 1000,
			Message: message, Format: format, Ptr: fmt.Sprintf("ptr-%d", len(p.world.Events)),
		})
	}
	return nil
}

// expect reads what must come.
func (c *Case) expect(how string, body []string) error {
	word, rest, _ := strings.Cut(how, " ")
	switch {
	case word == "error":
		c.fails, c.failure = true, rest
		if len(body) > 0 || rest == "" {
			return errors.New("expect error has a part of the message behind it, and nothing below")
		}
		return nil
	case how == "none":
		if len(body) > 0 {
			return errors.New("expect none has nothing below")
		}
		return nil
	case how != "" && how != "unordered":
		return fmt.Errorf("nothing is expected by %q", how)
	case len(body) < 2:
		return errors.New("columns and rows are missing; write expect none")
	}
	c.unordered = how == "unordered"
	c.columns = strings.Split(body[0], " | ")
	for _, line := range body[1:] {
		cells := strings.Split(line, " | ")
		if len(cells) != len(c.columns) {
			return fmt.Errorf("%q has %d values for %d columns", line, len(cells), len(c.columns))
		}
		c.rows = append(c.rows, cells)
	}
	return nil
}

// cell writes a value as a script has it.
func cell(v value.Value) string {
	if v.IsAbsent() {
		return absentCell
	}
	s := v.String()
	if s == absentCell || s == "" || strings.Contains(s, " | ") || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\n\t\"") {
		return strconv.Quote(s)
	}
	return s
}

// check compares what came with what must come.
func (c *Case) check(got *insights.Result, err error) error {
	switch {
	case c.fails && err == nil:
		return fmt.Errorf("no error, but %d rows", len(got.Rows))
	case c.fails:
		if !strings.Contains(err.Error(), c.failure) {
			return fmt.Errorf("another error: %w", err)
		}
		return nil
	case err != nil:
		return err
	case c.columns == nil:
		if len(got.Rows) > 0 {
			return fmt.Errorf("rows came:\n%s", Format(got))
		}
		return nil
	}
	rows := cells(got)
	want := slices.Clone(c.rows)
	if c.unordered {
		slices.SortFunc(rows, slices.Compare)
		slices.SortFunc(want, slices.Compare)
	}
	if !slices.Equal(c.columns, got.Columns) || !slices.EqualFunc(rows, want, slices.Equal) {
		return fmt.Errorf("this came:\n%s", Format(got))
	}
	return nil
}

func cells(r *insights.Result) [][]string {
	var out [][]string
	for _, row := range r.Rows {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = cell(v)
		}
		out = append(out, line)
	}
	return out
}

// Format writes a result as a script expects it.
func Format(r *insights.Result) string {
	var b strings.Builder
	b.WriteString("\t" + strings.Join(r.Columns, " | ") + "\n")
	for _, line := range cells(r) {
		b.WriteString("\t" + strings.Join(line, " | ") + "\n")
	}
	return b.String()
}
