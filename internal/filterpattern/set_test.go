package filterpattern

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// setPatterns are patterns of all kinds, and metrics of them where they have values.
var setPatterns = []struct{ pattern, value string }{
	{"", "1"},
	{"ERROR", "1"},
	{"?a ?b", "2"},
	{"-a", "1"},
	{"%[0-9]+%", "1"},
	{"[]", "$2"},
	{"[a]", "1"},
	{"[a, b]", "$b"},
	{"[a, b, c=10]", "$c"},
	{"[a=a*, ..., z]", "$z"},
	{"[..., y>9, z]", "$y"},
	{"[a, , c]", "$2"},
	{"[a, ..., y, z!=a]", "$3"},
	{"[a, b, 2]", "$2"},
	{"[..., 1, b]", "$1"},
	{"{ $.a = 1 }", "$.a"},
	{"{ $.a != 1 && $.b = * }", "$.b"},
	{"{ $.a NOT EXISTS }", "1"},
	{"{ $.b = \"x\" || $.a > 0 }", "$.a"},
	{"{ $.c[*] = 1 }", "$.a"},
}

// TestSet asks a set, and each pattern by itself, of random messages.
func TestSet(t *testing.T) {
	var patterns []*Pattern
	var metrics []*Metric
	for _, p := range setPatterns {
		parsed := parse(t, p.pattern)
		m, err := parsed.Metric(Transformation{MetricName: "m", MetricNamespace: "n", MetricValue: p.value})
		if err != nil {
			t.Fatalf("%s, %s: %v", p.pattern, p.value, err)
		}
		patterns, metrics = append(patterns, parsed), append(metrics, m)
	}
	s := NewSet(patterns)
	rnd := rand.New(rand.NewPCG(3, 4))
	matched := 0
	for range 20_000 {
		message := randomMessage(rnd)
		s.Read(message)
		for i, p := range patterns {
			got, ok := Datum{}, s.Matches(i)
			if want := p.Matches(message); ok != want {
				t.Fatalf("%s on %q: %t, want %t", p, message, ok, want)
			}
			if ok {
				matched++
				got, ok = s.Datum(metrics[i])
			}
			want, wantOK := datumByName(metrics[i], message)
			if alone, aloneOK := metrics[i].Datum(message); ok != wantOK || aloneOK != ok || !cmp.Equal(got, want) || !cmp.Equal(alone, want) {
				t.Fatalf("%s on %q: %v %t, alone %v, by name %v %t", p, message, got, ok, alone, want, wantOK)
			}
		}
	}
	if matched < 10_000 {
		t.Errorf("only %d matches", matched)
	}
}

// datumByName finds a value among what the pattern extracts.
func datumByName(m *Metric, message string) (Datum, bool) {
	fields, ok := m.pattern.Match(message)
	if !ok {
		return Datum{}, false
	}
	if m.value == nil {
		return Datum{Value: m.fixed}, true
	}
	if m.value.steps != nil {
		return m.Datum(message)
	}
	for _, f := range fields {
		if f.Name == "$"+m.value.name {
			v, ok := parseFloat(f.Value)
			if !ok {
				return Datum{}, false
			}
			return Datum{Value: v}, true
		}
	}
	return Datum{}, false
}

func randomMessage(r *rand.Rand) string {
	if r.IntN(3) == 0 {
		return fmt.Sprintf(`{"a": %s, "b": %s, "c": [%s]%s`, pick(r, "1", "2", `"1"`, "null"), pick(r, `"x"`, "1e1", "{}"), pick(r, "1", "", "2"), pick(r, "}", "}", ""))
	}
	var out strings.Builder
	for range r.IntN(5) {
		out.WriteString(pick(r, "a", "b", "10", "9", "ERROR", `"a b"`, "[10 x]", "-1.5") + pick(r, " ", "  ", "\t"))
	}
	return out.String()
}

// FuzzSet asks a set of one message after another.
func FuzzSet(f *testing.F) {
	seeds(f, func(pattern, message string) { f.Add(pattern, message, "") })
	f.Add("[a, b=1*, ...]", "x 10 y", "x")
	f.Add("{ $.a = 1 && $.b NOT EXISTS }", `{"a":1}`, `{"a":1,"b":2}`)
	f.Fuzz(func(t *testing.T, pattern, first, second string) {
		p, err := Parse(pattern)
		if err != nil {
			return
		}
		other, err := Parse("{ $.a = * }")
		if err != nil {
			t.Fatal(err)
		}
		s := NewSet([]*Pattern{other, p})
		for _, message := range []string{first, second, first} {
			s.Read(message)
			if got, want := s.Matches(1), p.Matches(message); got != want {
				t.Errorf("%q on %q: %t, want %t", pattern, message, got, want)
			}
			if got, want := s.Matches(0), other.Matches(message); got != want {
				t.Errorf("the other on %q: %t, want %t", message, got, want)
			}
		}
	})
}
