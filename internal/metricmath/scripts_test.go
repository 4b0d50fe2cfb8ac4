package metricmath

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/metricstore"
)

// known are metrics with known points.
type known struct {
	metrics []metricstore.Metric
	points  map[string]Series // by key and statistic
	rules   map[string]Series
}

func (k *known) Series(_ context.Context, s *Stat, from, to int64) (Series, error) {
	var out Series
	have := k.points[s.Metric.Key()+" "+s.Stat]
	for i, t := range have.Times {
		if from <= t && t < to {
			out.Times, out.Values = append(out.Times, t), append(out.Values, have.Values[i])
		}
	}
	return out, nil
}

func (k *known) Find(_ context.Context, namespace string) ([]metricstore.Metric, error) {
	var out []metricstore.Metric
	for _, m := range k.metrics {
		if namespace == "" || m.Namespace == namespace {
			out = append(out, m)
		}
	}
	return out, nil
}

func (k *known) InsightRule(_ context.Context, rule, metric string, period int, _, _ int64) (Series, error) {
	s, ok := k.rules[fmt.Sprint(rule, " ", metric, " ", period)]
	if !ok {
		return s, errors.New("no such rule")
	}
	return s, nil
}

// A script has blocks of lines, with empty lines between:
//
//	start 2026-01-31T23:58:00Z     the beginning of the first period; 1970-01-01 where it is not there
//	m1 = 1 2 - 4                   a metric of the request; - is no point
//	m1@300 NS/Name{Host=a} Sum = 1 with a period, an identity and a statistic
//	? METRICS()                    an expression e1, and what comes of it: of several time series each with its label
//	  m1: 1 2 - 4
//	?300 TIME_SERIES(1)            one with a period
//	e2 := m1 + 1                   one that returns no data
//	? 1
//	  ! an error
type script struct {
	t       *testing.T
	source  *known
	queries []Query
	start   int64
	end     int64
}

var metricLine = regexp.MustCompile(`^(\w+)(?:@(\d+))?(?: ([^ {]*)/([^ /{]+)(?:\{(.*)\})?(?: (\w+))?)? =(.*)$`)

func (s *script) reset() {
	s.source, s.queries, s.start, s.end = &known{points: map[string]Series{}, rules: map[string]Series{}}, nil, 0, 0
}

// numbers reads points.
func (s *script) numbers(text string, period int) Series {
	var out Series
	at := s.start
	for f := range strings.FieldsSeq(text) {
		if f != "-" {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			out.Times, out.Values = append(out.Times, at), append(out.Values, v)
		}
		at += int64(period)
	}
	s.end = max(s.end, at)
	return out
}

// metric reads the line of a metric; kept says that the request does not have it.
func (s *script) metric(m []string, kept bool) {
	stat := &Stat{Metric: metricstore.Metric{Namespace: "NS", Name: m[1]}, Period: 60, Stat: "Average"}
	if m[2] != "" {
		stat.Period, _ = strconv.Atoi(m[2])
	}
	if m[4] != "" {
		stat.Metric.Namespace, stat.Metric.Name = m[3], m[4]
	}
	for d := range strings.SplitSeq(m[5], ",") {
		if name, v, ok := strings.Cut(d, "="); ok {
			stat.Metric.Dimensions = append(stat.Metric.Dimensions, metricstore.Dimension{Name: name, Value: v})
		}
	}
	if m[6] != "" {
		stat.Stat = m[6]
	}
	s.source.metrics = append(s.source.metrics, stat.Metric)
	s.source.points[stat.Metric.Key()+" "+stat.Stat] = s.numbers(m[7], stat.Period)
	if !kept {
		s.queries = append(s.queries, Query{ID: m[1], Stat: stat})
	}
}

// answer evaluates an expression and writes what comes of it.
func (s *script) answer(expression, label string, period int) []string {
	queries := slices.Concat(s.queries, []Query{{ID: "e1", Expression: expression, Label: label, ReturnData: true, Period: period}})
	got, err := Evaluate(s.t.Context(), s.source, queries, s.start, s.end)
	if err != nil {
		return []string{"! " + err.Error()}
	}
	var out []string
	for _, one := range got {
		line := ""
		if one.Label != "e1" {
			line = one.Label + ":"
		}
		next := 0
		for t := rounded(s.start, one.Period); t < s.end; t += int64(one.Period) {
			field := " -"
			if next < len(one.Times) && one.Times[next] == t {
				field = fmt.Sprintf(" %v", one.Values[next])
				next++
			}
			line += field
		}
		if next < len(one.Times) {
			line += fmt.Sprintf(" and a point at %d", one.Times[next])
		}
		for _, v := range one.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				line += " and what is no number"
			}
		}
		out = append(out, strings.TrimSpace(line))
	}
	return out
}

// TestScripts evaluates expressions of which the answer is known.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d scripts: %v", len(files), err)
	}
	used := map[string]bool{}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) { runScript(t, name, used) })
	}
	for name := range functions {
		if !used[name] {
			t.Errorf("no script calls %s", name)
		}
	}
}

// rounding writes lines with numbers of twelve digits: the last ones are not known.
func rounding(lines []string) string {
	var out []string
	for f := range strings.SplitSeq(strings.Join(lines, "\n"), " ") {
		if v, err := strconv.ParseFloat(f, 64); err == nil {
			f = fmt.Sprintf("%.12g", v)
		}
		out = append(out, f)
	}
	return strings.Join(out, " ")
}

func runScript(t *testing.T, name string, used map[string]bool) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := &script{t: t}
	s.reset()
	question, at, label := "", 0, ""
	var want []string
	asked := 0
	flush := func() {
		if question == "" {
			return
		}
		period, expression := 0, strings.TrimPrefix(question, "?")
		if digits, rest, ok := strings.Cut(expression, " "); ok && digits != "" {
			period, _ = strconv.Atoi(digits)
			expression = rest
		}
		for _, call := range regexp.MustCompile(`[A-Z_0-9]+`).FindAllString(expression, -1) {
			used[call] = true
		}
		if got := s.answer(strings.TrimSpace(expression), label, period); rounding(got) != rounding(want) {
			t.Errorf("%s:%d: %s\ngot  %s\nwant %s", name, at, expression, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
		question, want, label = "", nil, ""
		asked++
	}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch m := metricLine.FindStringSubmatch(strings.TrimPrefix(line, "kept ")); {
		case strings.HasPrefix(line, "  "):
			want = append(want, strings.TrimSpace(line))
		case strings.HasPrefix(line, "#"):
		case line == "":
			flush()
			s.reset()
		case strings.HasPrefix(line, "?"):
			flush()
			question, at = line, n
		case strings.HasPrefix(line, "label "):
			flush()
			label = strings.TrimPrefix(line, "label ")
		case strings.HasPrefix(line, "start "):
			start, err := time.Parse(time.RFC3339, strings.TrimPrefix(line, "start "))
			if err != nil {
				t.Fatal(err)
			}
			s.start, s.end = start.Unix(), start.Unix()
		case strings.HasPrefix(line, "rule "):
			name, values, _ := strings.Cut(strings.TrimPrefix(line, "rule "), " = ")
			s.source.rules[name] = s.numbers(values, 60)
		case strings.Contains(line, " := "):
			id, expression, _ := strings.Cut(line, " := ")
			s.queries = append(s.queries, Query{ID: id, Expression: expression})
		case m != nil:
			flush()
			s.metric(m, strings.HasPrefix(line, "kept "))
		default:
			t.Fatalf("%s:%d: %s", name, n, line)
		}
	}
	flush()
	if asked == 0 {
		t.Error("the script asks nothing")
	}
}
