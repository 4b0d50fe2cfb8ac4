package lab

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeWeir is a program that answers by what it is asked, and keeps what that was.
const fakeWeir = `#!/bin/sh
echo "$*" >> "$(dirname "$0")/asked"
case "$*" in
*more*) if [ -e "$(dirname "$0")/came" ]; then printf 'a\n1\n2\n'; else printf 'a\n1\n'; touch "$(dirname "$0")/came"; fi ;;
*--chart*) printf 'a  ###\n' ;;
"query "*) printf 'a,b\n1,\n' ;;
"athena run"*) printf 'a,b\n1,2\n' ;;
"logs query"*) echo "weir: no such field" >&2; exit 2 ;;
"lab messages"*) printf 'alarm,state,source\nssh-1796029442,ALARM,203.0.113.200\n' ;;
"nat "*) echo "DROPPED by $AWS_REGION"; exit 4 ;;
"alarm put"*|"open "*) exit 0 ;;
*) echo "weir: there is no such command" >&2; exit 2 ;;
esac
`

// fake makes the program and a function that returns what it was asked.
func fake(t *testing.T) (Program, func() string) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "weir")
	if err := os.WriteFile(name, []byte(fakeWeir), 0o700); err != nil {
		t.Fatal(err)
	}
	return Program{Path: name, Name: name}, func() string {
		data, err := os.ReadFile(filepath.Join(dir, "asked"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
}

// asked plays scenarios' questions without their traffic, by a clock that has them ask once.
func asked(ctx context.Context, t *testing.T, program Program, all ...Scenario) []Result {
	t.Helper()
	at := testPlace()
	out := make([]Result, len(all))
	for i := range all {
		out[i] = Result{Scenario: all[i], NotRun: lacks(&all[i], at.aws)}
		out[i].prepare(at)
	}
	if err := do(ctx, at, out, program); err != nil {
		t.Fatal(err)
	}
	over := time.Unix(1796029450, 0)
	if err := askAll(ctx, at, out, over, func() time.Time { return over.Add(time.Hour) }, program); err != nil {
		t.Fatal(err)
	}
	if err := undo(ctx, at, out, program); err != nil {
		t.Error(err)
	}
	return out
}

// TestAsk has each kind of question be answered, and what is not as expected be told.
func TestAsk(t *testing.T) {
	program, _ := fake(t)
	rows := [][]string{{"1", "2"}}
	for _, tc := range []struct {
		name string
		s    Scenario
		why  string
	}{
		{"the old form", Scenario{Question: "SELECT 1", Answer: [][]string{{"1", "-"}}}, ""},
		{"another answer", Scenario{Question: "SELECT 1", Answer: rows}, "the answer is another"},
		{"one answer of two", Scenario{Ask: []Question{{Athena: "q"}, {SQL: "q"}}, Answer: rows}, "the answer is another"},
		{"an answer of its own", Scenario{Ask: []Question{{Athena: "q"}, {SQL: "q", Answer: [][]string{{"1", "-"}}}}, Answer: rows}, ""},
		{"a query that is refused", Scenario{Ask: []Question{{Insights: "q"}}, Answer: rows}, "weir logs query: exit status 2: weir: no such field"},
		{"a message", Scenario{Ask: []Question{{Messages: "ssh-{run}", Answer: [][]string{{"ssh-{run}", "ALARM", "203.0.113.200"}}}}}, ""},
		{"a message of another", Scenario{Ask: []Question{{Messages: "ssh-{run}", Answer: [][]string{{"ssh-{run}", "ALARM", "203.0.113.66"}}}}}, "the answer is another"},
		{"a command with findings", Scenario{Ask: []Question{{Command: []string{"nat", "x"}, Says: []string{"DROPPED", "by {region}"}}}}, ""},
		{"a command that says another thing", Scenario{Ask: []Question{{Command: []string{"nat", "x"}, Says: []string{"REACHED"}}}}, `weir nat does not say ["REACHED"]`},
		{"a command that says too much", Scenario{Ask: []Question{{Command: []string{"nat", "x"}, Says: []string{"DROPPED"}, SaysNot: []string{"by {region}"}}}}, `weir nat says ["by eu-west-1"]`},
		{"a row that comes later", Scenario{Question: "SELECT more", Answer: [][]string{{"1"}}}, "the answer was there, and is another now that all records have come"},
		{"before it went wrong", Scenario{Before: [][]string{{"alarms", "put"}}, After: [][]string{{"alarms", "away"}}, Question: "SELECT 1", Answer: [][]string{{"1", "-"}}}, "weir alarms put: exit status 2: weir: there is no such command"},
	} {
		r := asked(t.Context(), t, program, tc.s)[0]
		if !strings.HasPrefix(r.Why, tc.why) || (tc.why == "") != (r.Why == "") || r.OK != (tc.why == "") {
			t.Errorf("%s: %v %q, want %q", tc.name, r.OK, r.Why, tc.why)
		}
		if r.OK && r.Late != 3600 || r.Command[0] != "weir" || len(r.Asked) != len(tc.s.Questions()) {
			t.Errorf("%s: %+v", tc.name, r)
		}
	}
}

// TestAskHangs has a command that does not end be ended.
func TestAskHangs(t *testing.T) {
	name := filepath.Join(t.TempDir(), "weir")
	if err := os.WriteFile(name, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	at := testPlace()
	at.patience = 10 * time.Millisecond
	r := Result{Scenario: Scenario{Question: "SELECT 1", Answer: [][]string{{"1"}}}}
	r.prepare(at)
	all := []Result{r}
	now := func() time.Time { return time.Unix(1796029450, 0).Add(time.Hour) }
	if err := askAll(t.Context(), at, all, time.Unix(1796029450, 0), now, Program{Path: name, Name: name}); err != nil || all[0].OK || all[0].Why != "weir query: context deadline exceeded" {
		t.Errorf("%+v %v", all[0], err)
	}
}

// TestAskEnds has no question be asked again that is refused, and none be waited for by the minute once another one has failed.
func TestAskEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		late time.Duration
		s    Scenario
		want int
	}{
		"refused at once": {0, Scenario{Ask: []Question{{Insights: "q", Answer: [][]string{{"1"}}}}}, 1},
		"failed before":   {mostLate + time.Second, Scenario{Ask: []Question{{SQL: "q", Answer: [][]string{{"1"}}}, {Command: []string{"nat", "x"}, Says: []string{"REACHED"}}}}, 2},
	} {
		program, got := fake(t)
		at := testPlace()
		all := []Result{{Scenario: tc.s}}
		all[0].prepare(at)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		over := time.Unix(1796029450, 0)
		if err := askAll(ctx, at, all, over, func() time.Time { return over.Add(tc.late) }, program); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := strings.Count(got(), "\n"); n != tc.want || all[0].OK {
			t.Errorf("%s: asked %d times, and it is %v", name, n, all[0].OK)
		}
	}
}

// TestAskOrder has commands that make and take away things be run around the questions, and those that may take a minute be asked last.
func TestAskOrder(t *testing.T) {
	program, got := fake(t)
	slow := Scenario{
		Name: "slow", Before: [][]string{{"alarm", "put", "{run}"}}, After: [][]string{{"alarm", "put", "back"}},
		Ask: []Question{{Messages: "ssh-{run}", Answer: [][]string{{"ssh-{run}", "ALARM", "203.0.113.200"}}}},
	}
	quick := Scenario{Name: "quick", Ask: []Question{{Athena: "q", Chart: "bar", Answer: [][]string{{"1", "2"}}}}}
	all := asked(t.Context(), t, program, slow, quick)
	if all[1].Asked[0].Chart != "a  ###\n" {
		t.Errorf("%+v", all[1].Asked)
	}
	if diff := cmp.Diff(`alarm put 1796029442 --data /lab/data
athena run --data /lab/data q --format csv
athena run --data /lab/data q --chart bar
lab messages --dir /lab --from 1796029442 ssh-1796029442 --csv
lab messages --dir /lab --from 1796029442 ssh-1796029442 --csv
athena run --data /lab/data q --format csv
alarm put back --data /lab/data
`, got()); diff != "" {
		t.Error(diff)
	}
}

// TestAskOwn has the questions of a scenario with flow logs of its own be asked of their records, which are taken before each.
func TestAskOwn(t *testing.T) {
	program, got := fake(t)
	own := Scenario{Name: "own", FlowLogs: map[string]OwnFlowLog{"fl-1": {Resource: "vpc-1"}}, Windows: 1, Question: "SELECT 1", Answer: [][]string{{"1", "-"}}}
	other := Scenario{Name: "other", Question: "SELECT 2", Answer: [][]string{{"1", "-"}}}
	for _, r := range asked(t.Context(), t, program, own, other) {
		if !r.OK {
			t.Errorf("%+v", r)
		}
	}
	if diff := cmp.Diff(`query --data /lab/data --from 1796029442 SELECT 2 --format csv
open /lab/own/own/records --data /lab/own/own/data -q
query --data /lab/own/own/data --from 1796029442 SELECT 1 --format csv
open /lab/own/own/records --data /lab/own/own/data -q
query --data /lab/own/own/data --from 1796029442 SELECT 1 --format csv
query --data /lab/data --from 1796029442 SELECT 2 --format csv
`, got()); diff != "" {
		t.Error(diff)
	}
}

// TestNotRun has a scenario that needs S3 not be run in a lab that has none, and nothing of it be asked.
func TestNotRun(t *testing.T) {
	program, _ := fake(t)
	s := Scenario{Needs: []string{needS3}, Before: [][]string{{"alarms"}}, After: [][]string{{"alarms"}}, Question: "SELECT 1", Answer: [][]string{{"1", "-"}}}
	if r := asked(t.Context(), t, program, s)[0]; r.NotRun != "" || len(r.Asked[0].Environment) == 0 || !strings.HasPrefix(r.Why, "weir alarms") {
		t.Errorf("with S3 it is run: %+v", r)
	}
	at := testPlace()
	at.aws.S3 = ""
	r := Result{Scenario: s, NotRun: lacks(&s, at.aws)}
	r.prepare(at)
	all := []Result{r}
	never := func() time.Time { t.Error("it was asked"); return time.Time{} }
	if err := do(t.Context(), at, all, Program{}); err != nil {
		t.Fatal(err)
	}
	if err := askAll(t.Context(), at, all, time.Time{}, never, Program{}); err != nil {
		t.Fatal(err)
	}
	if err := undo(t.Context(), at, all, Program{}); err != nil {
		t.Fatal(err)
	}
	if all[0].OK || all[0].Why != "" || !strings.Contains(all[0].NotRun, "versitygw") {
		t.Errorf("%+v", all[0])
	}
}
