package metricmath

import (
	"bufio"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/metricstore"
)

// expressions returns those of the scripts.
func expressions(t testing.TB) []string {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(strings.NewReader(string(raw)))
		for lines.Scan() {
			if _, expression, ok := strings.Cut(lines.Text(), " "); ok && strings.HasPrefix(lines.Text(), "?") {
				out = append(out, expression)
			}
		}
	}
	if len(out) < 200 {
		t.Fatalf("%d expressions", len(out))
	}
	return out
}

// FuzzExpression reads expressions, writes them and reads them again, and evaluates them: there are errors with a place, or points at
// periods in their order.
func FuzzExpression(f *testing.F) {
	for _, e := range expressions(f) {
		f.Add(e)
	}
	m := metricstore.Metric{Namespace: "NS", Name: "M"}
	source := &known{metrics: []metricstore.Metric{m}, points: map[string]Series{m.Key() + " Sum": {Times: []int64{0, 60, 240}, Values: []float64{1, -2, 0}}}}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := parse(text); err == nil {
			written := n.String()
			again, err := parse(written)
			if len(written) > maxExpression {
				return // parentheses made it longer
			}
			if err != nil || again.String() != written {
				t.Fatalf("%q is written as %q: %v", text, written, err)
			}
		}
		queries := []Query{
			{ID: "m1", Stat: &Stat{Metric: m, Stat: "Sum", Period: 60}},
			{ID: "m2", Stat: &Stat{Metric: m, Stat: "Minimum", Period: 60}},
			{ID: "e1", Expression: text, ReturnData: true},
		}
		got, err := Evaluate(t.Context(), source, queries, 0, 300)
		if wrong := new(Error); errors.As(err, &wrong) && (wrong.Offset > len(text) || wrong.Text == "") {
			t.Fatalf("%q: %+v", text, wrong)
		}
		for _, s := range got {
			if len(s.Times) != len(s.Values) || s.Period <= 0 {
				t.Fatalf("%q: %+v", text, s)
			}
			for i, at := range s.Times {
				if v := s.Values[i]; at < 0 || at >= 300 || at%int64(s.Period) != 0 || i > 0 && at <= s.Times[i-1] || math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%q: %+v", text, s)
				}
			}
		}
	})
}

// FuzzSearch reads texts of SEARCH and looks for a name; a name in quotes is found.
func FuzzSearch(f *testing.F) {
	for _, e := range expressions(f) {
		if text, ok := strings.CutPrefix(e, "SEARCH('"); ok {
			text, _, _ = strings.Cut(text, "'")
			f.Add(text, "CustomCount1")
		}
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		m := metricstore.Metric{Namespace: "NS", Name: name, Dimensions: []metricstore.Dimension{{Name: "Host", Value: text}}}
		if s, err := parseSearch(text); err == nil {
			s.matches(m)
		} else if wrong := err.(*Error); wrong.Offset < 0 || wrong.Offset > len(text) { //nolint:errorlint // no other is made
			t.Fatalf("%q: %+v", text, wrong)
		}
		if len(name) > 200 {
			return
		}
		quoted := `{NS,Host} MetricName="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `(`, `\(`, `)`, `\)`).Replace(name) + `"`
		if s, err := parseSearch(quoted); err != nil || !s.matches(m) {
			t.Fatalf("%q: %v", quoted, err)
		}
		// A name without quotes finds itself where it has letters or digits.
		w := want(searchWord{text: name})
		if len(w.tokens) > 0 != w.in(name) {
			t.Fatalf("%q in itself: %+v", name, w)
		}
	})
}

// FuzzLabel reads labels and writes them for a time series.
func FuzzLabel(f *testing.F) {
	f.Add("${MAX} of ${PROP('Dim.Host')} ${LABEL}")
	f.Add("${LAST_TIME")
	f.Fuzz(func(t *testing.T, label string) {
		if checkLabel(label) != nil {
			return
		}
		got := expanded(label, "standard", Series{Values: []float64{2}, of: &Stat{}})
		if !strings.Contains(label, "${") && label != "" && got != label || strings.Contains(label, "${LABEL}") && !strings.Contains(got, "standard") {
			t.Fatalf("%q: %q", label, got)
		}
	})
}
