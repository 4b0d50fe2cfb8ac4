package insightstest

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
	"weir/internal/insights/value"
	"weir/internal/sharedtest"
)

func TestReference(t *testing.T) { Run(t, Reference) }

func TestDerived(t *testing.T) {
	RunDerived(t, sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs"), Reference)
}

func TestBehaviour(t *testing.T) {
	RunBehaviour(t, sharedtest.Path(t, "data", "vectors", "insights_behaviour.json"), Reference)
}

// The facts of the shared file: the natural order as AWS gives it by an example. The others are words, which scripts have.
func TestFacts(t *testing.T) {
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "insights_facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var facts []struct {
		ID        string
		Ascending []string
	}
	if err := json.Unmarshal(raw, &facts); err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, f := range facts {
		if f.Ascending == nil {
			continue
		}
		tested++
		got := slices.Clone(f.Ascending)
		rand.New(rand.NewPCG(7, 8)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, func(a, b string) int { return value.Order(value.Text(a), value.Text(b)) })
		if d := cmp.Diff(f.Ascending, got); d != "" {
			t.Errorf("%s: %s", f.ID, d)
		}
	}
	if tested == 0 {
		t.Error("no fact has an order")
	}
}

// Each script must be able to fail.
func TestScriptsFindFaults(t *testing.T) {
	const load = "load /g s\n\t1 {\"a\":1}\n\t2 {\"a\":2}\n"
	for script, want := range map[string]string{
		load + "eval fields a\nexpect\n\ta\n\t2\n\t1\n":           "",
		load + "eval fields a\nexpect\n\ta\n\t1\n\t2\n":           "this came",
		load + "eval fields a\nexpect unordered\n\ta\n\t1\n\t2\n": "",
		load + "eval fields a\nexpect\n\tb\n\t2\n\t1\n":           "this came",
		load + "eval fields a\nexpect\n\ta\n\t2\n":                "this came",
		load + "eval fields a\nexpect none\n":                     "rows came",
		load + "eval filter a = 3\nexpect none\n":                 "",
		load + "eval fields a\nexpect error x\n":                  "no error",
		load + "eval fields (\nexpect error nonsense\n":           "another error",
		load + "eval fields (\nexpect none\n":                     "line 4",
		load + "eval fields a\n":                                  "without an expect",
		load + "expect none\n":                                    "expect must stand",
		load + "nonsense\n":                                       "no command",
		load:                                                      "without an expect",
	} {
		var got strings.Builder
		for _, err := range runScript(t, script, Reference) {
			got.WriteString(err.Error())
		}
		if want == "" && got.String() != "" || !strings.Contains(got.String(), want) {
			t.Errorf("%s\ngives %q, want %q", script, got.String(), want)
		}
	}
}

// Random queries agree with themselves, are mostly accepted and mostly have rows, and an engine that is wrong is found.
func TestRandom(t *testing.T) {
	said := RunRandom(t, 1, 400, Reference)
	if said.Answered < 300 || said.Rows < 1000 {
		t.Errorf("of 400 queries %d were answered, with %d rows", said.Answered, said.Rows)
	}
	wrong := func(ctx context.Context, w *World, q *insights.Query) (*insights.Result, error) {
		r, err := Reference(ctx, w, q)
		if err == nil && len(r.Rows) > 1 {
			r.Rows = r.Rows[1:]
		}
		return r, err
	}
	if CountDifferences(t, 1, 100, wrong) == 0 {
		t.Error("an engine that forgets rows is not found")
	}
}
