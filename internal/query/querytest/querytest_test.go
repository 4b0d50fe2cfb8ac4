package querytest

import (
	"fmt"
	"io/fs"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/query/memory"
)

// readScripts returns the suite's scripts by file.
func readScripts(t *testing.T) map[string]string {
	t.Helper()
	files, err := fs.Glob(scripts, "testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range files {
		text, err := scripts.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(text)
	}
	return out
}

// TestPlanText reads back random plans from their text.
func TestPlanText(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 1000 {
		want, _ := randomPlan(r)
		text := formatPlan(want)
		got, err := parsePlan(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseExpr(t *testing.T) {
	for text, want := range map[string]string{
		"a or b and not c = 1":             "or(a, and(b, not(=(c, 1))))",
		"a and b and (c and d)":            "and(a, b, and(c, d))",
		"1 - 2 - 3 * -4 % 5":               "-(-(1, 2), %(*(3, -4), 5))",
		"a is not absent or a is absent":   "or(not(is_absent(a)), is_absent(a))",
		"a not in (1, absent, 'it''s')":    "not(in(a, 1, absent, 'it''s'))",
		`"A b" >= 2026-03-02T10:00:00Z`:    `>=("A b", 2026-03-02T10:00:00Z)`,
		"+(a, -(b, 2.5)) <= f(x, true)":    "<=(+(a, -(b, 2.5)), f(x, true))",
		"in(a, 1) and or(a, b) = (a or b)": "and(in(a, 1), =(or(a, b), or(a, b)))",
	} {
		e, err := parse(text, (*parser).expr)
		if err != nil || e.String() != want {
			t.Errorf("%s: got %v, %v, want %s", text, e, err, want)
		}
	}
	for _, text := range []string{"", "a =", "(a", "a b", "a in 1", "f(", "18446744073709551616", "a is 1", "'x", "a ! b", "2026-13-02T10:00:00Z"} {
		if e, err := parse(text, (*parser).expr); err == nil {
			t.Errorf("%q was read as %s", text, e)
		}
	}
}

func TestParseRow(t *testing.T) {
	want := []any{
		int64(1), -2.0, "a, b", nil, true, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC),
		map[string]string{"x": "1", "y": "it's"},
		new(big.Int).Lsh(big.NewInt(1), 64),
	}
	text := "1, -2.0, 'a, b', absent, true, 2026-03-02T10:00:00Z, {'x': '1', 'y': 'it''s'}, 18446744073709551616"
	got, err := parse(text, func(p *parser) []any { return list(p, p.value) })
	if err != nil {
		t.Fatal(err)
	}
	bigInt := cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })
	if diff := cmp.Diff(want, got, bigInt); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if formatRow(got) != text {
		t.Errorf("it is written as %s", formatRow(got))
	}
}

func TestParseScriptRefuses(t *testing.T) {
	const loads = "load\n\tversion srcport weir-hour\n\t2 22 1\n"
	for _, tt := range []struct{ script, want string }{
		{"", "ends without an expect"},
		{loads, "ends without an expect"},
		{loads + "eval vpc\n", "ends without an expect"},
		{loads + "eval vpc\neval vpc\nexpect none\n", "line 5: expect must stand behind eval"},
		{loads + "eval vpc\nload\n", "line 5: expect must stand behind eval"},
		{loads + "expect none\n", "line 4: expect must stand behind eval"},
		{loads + "eval vpc\nexpect none\nexpect none\n", "line 6: expect must stand behind eval"},
		{"eval vpc\nexpect none\n", "line 1: nothing is loaded"},
		{"\tx\n", "line 1 is indented"},
		{loads + "evil vpc\n", `line 4: no command "evil"`},
		{loads + "eval vpc | where\nexpect none\n", "line 4: "},
		{loads + "eval vpc\nexpect\n", "no rows are expected"},
		{loads + "eval vpc\nexpect ordered\n", "no rows are expected"},
		{loads + "eval vpc\nexpect none\n\t1\n", "too much or too little"},
		{loads + "eval vpc\nexpect refused\n", "too much or too little"},
		{loads + "eval vpc\nexpect error overflow\n", "too much or too little"},
		{loads + "eval vpc\nexpect nothing\n", "nothing is expected by"},
		{loads + "eval vpc\nexpect\n\t1,\n", "line 5: the end is no value"},
		{"load\n\t2 22 1\n", "records stand without a header"},
		{"load\n\tversion srcport weir-hour\n\t2 22\n", "2 values under 3 names"},
		{"load\n\tversion srcport weir-hour\n\t2 70000 1\n", "srcport"},
		{"load\n\tversion srcport\n\t2 22\n", "neither weir-hour nor end nor start"},
	} {
		if _, err := parseScript(tt.script); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.script, err, tt.want)
		}
	}
}

// TestScriptFails checks that what is not as expected is told.
func TestScriptFails(t *testing.T) {
	const loads = "load\n\tversion srcport weir-hour\n\t2 22 1\n\t2 23 1\n"
	for _, tt := range []struct{ script, want string }{
		{"eval vpc | project srcport\nexpect\n\t22\n", "too much: 23"},
		{"eval vpc | project srcport\nexpect\n\t22\n\t23\n\t23\n", "missing: 23"},
		{"eval vpc | project srcport\nexpect\n\t22.0\n\t23\n", "missing: 22.0"},
		{"eval vpc | project srcport\nexpect none\n", "2 rows, want 0"},
		{"eval vpc | sort srcport | project srcport\nexpect ordered\n\t23\n\t22\n", "row 1"},
		{"eval vpc | project x = srcport / 3\nexpect\n\t7.3333333\n\t7.666666666666667\n", "missing: 7.3333333"},
		{"eval vpc\nexpect error\n", "gave 2 rows, but should fail"},
		{"eval vpc\nexpect refused x\n", "gave 2 rows, but should fail"},
		{"eval vpc | limit -1\nexpect error\n", "was refused, but should fail when it runs"},
		{"eval vpc | limit -1\nexpect refused something else\n", `lacks "something else"`},
		{"eval vpc | project x = 9223372036854775807 + srcport\nexpect refused x\n", "should be refused"},
		{"eval vpc | limit -1\nexpect none\n", "query refused"},
	} {
		errs := runScript(t, loads+tt.script, openMemory)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.want) || !strings.HasPrefix(errs[0].Error(), "line 5: ") {
			t.Errorf("%q: got %v, want %q", tt.script, errs, tt.want)
		}
	}
	if errs := runScript(t, "nonsense", openMemory); len(errs) != 1 {
		t.Errorf("nonsense: got %v", errs)
	}
}

func openMemory(_ *testing.T, batches []*flowlog.Batch) query.Engine { return memory.New(batches...) }

// TestScriptsUseEverything demands that each function, aggregate and stage stands
// in the scripts.
func TestScriptsUseEverything(t *testing.T) {
	seen := map[string]bool{}
	var visit func(e query.Expr)
	visit = func(e query.Expr) {
		if c, ok := e.(*query.Call); ok {
			seen[string(c.Func)] = true
			for _, a := range c.Args {
				visit(a)
			}
		}
	}
	for name, script := range readScripts(t) {
		steps, err := parseScript(script)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, s := range steps {
			for _, stage := range s.plan.Stages {
				seen[fmt.Sprintf("%T", stage)] = true
				visitStage(stage, visit, seen)
			}
		}
	}
	want := []string{"*query.Filter", "*query.Extend", "*query.Aggregate", "*query.Project", "*query.Sort", "*query.Limit"}
	for _, f := range query.Functions() {
		want = append(want, string(f))
	}
	for _, f := range query.AggFuncs() {
		want = append(want, string(f))
	}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("no script uses %s", w)
		}
	}
}

// visitStage visits a stage's expressions and notes its aggregates.
func visitStage(stage query.Stage, visit func(query.Expr), seen map[string]bool) {
	switch s := stage.(type) {
	case *query.Filter:
		visit(s.Where)
	case *query.Extend:
		visitNamed(s.Columns, visit)
	case *query.Project:
		visitNamed(s.Columns, visit)
	case *query.Aggregate:
		visitNamed(s.By, visit)
		for _, a := range s.Aggs {
			seen[string(a.Func)] = true
			visit(a.Arg)
		}
	case *query.Sort:
		for _, k := range s.Keys {
			visit(k.Expr)
		}
	}
}

func visitNamed(columns []query.Named, visit func(query.Expr)) {
	for _, c := range columns {
		visit(c.Expr)
	}
}

func TestDiffRows(t *testing.T) {
	near := 2 + 1e-12
	for _, tt := range []struct {
		name      string
		want, got [][]any
		ordered   bool
		equal     bool
	}{
		{"nothing", nil, nil, false, true},
		{"any order", [][]any{{"a", nil}, {"b", true}}, [][]any{{"b", true}, {"a", nil}}, false, true},
		{"another order", [][]any{{"a"}, {"b"}}, [][]any{{"b"}, {"a"}}, true, false},
		{"once and twice", [][]any{{"a"}, {"a"}}, [][]any{{"a"}, {"b"}}, false, false},
		{"near", [][]any{{"a", 2.0}}, [][]any{{"a", near}}, true, true},
		{"not near", [][]any{{"a", 2.0}}, [][]any{{"a", 2 + 1e-6}}, false, false},
		{"near, but of another row", [][]any{{"a", 2.0}}, [][]any{{"b", near}}, false, false},
		{"a near row must not take the exact one", [][]any{{2.0}, {near}}, [][]any{{near}, {2.0}}, false, true},
		{"integer and number", [][]any{{int64(2)}}, [][]any{{2.0}}, false, false},
		{"absent and empty", [][]any{{nil}}, [][]any{{""}}, false, false},
		{"maps", [][]any{{map[string]string{"x": "1", "y": "2"}}}, [][]any{{map[string]string{"y": "2", "x": "1"}}}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := diffRows(tt.want, tt.got, tt.ordered); (diff == "") != tt.equal {
				t.Errorf("got %q", diff)
			}
		})
	}
}
