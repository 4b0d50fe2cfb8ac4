package reference_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/insightstest"
	"weir/internal/insights/lookup"
	"weir/internal/insights/reference"
	"weir/internal/insights/value"
)

// continued is an engine that runs some commands, and goes on with what came.
func continued(r *rand.Rand) insightstest.Engine {
	return func(ctx context.Context, w *insightstest.World, q *insights.Query) (*insights.Result, error) {
		env := w.Env()
		at := r.IntN(len(q.Commands) + 1)
		first, rest := q.Commands[:at], q.Commands[at:]
		from, to := reference.Window(q.Source, env.Query)
		env.Query.Start, env.Query.End = from, to
		env.Prefix = func(ctx context.Context, start, end int64) (*reference.Rows, error) {
			return reference.FirstRows(ctx, q, first, env, start, end)
		}
		rows, err := env.Prefix(ctx, from, to)
		if err != nil {
			return nil, err
		}
		return reference.Continue(ctx, rows, rest, env)
	}
}

func TestContinueGoesOnWhereOthersStopped(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	insightstest.RunRandom(t, 11, 300, continued(r))
	for range 3 { // each time cut elsewhere
		insightstest.Run(t, continued(r))
	}
}

func ask(t *testing.T, text string, env *reference.Env) (*insights.Result, error) {
	t.Helper()
	q, err := insights.Read(text, insights.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return reference.Run(t.Context(), q, env)
}

// many is an environment of so many events.
func many(n int) *reference.Env {
	return &reference.Env{
		Query: value.Context{Start: 0, End: int64(n)},
		Events: func(context.Context, *insights.Source, int64, int64) ([]discover.Event, error) {
			events := make([]discover.Event, n)
			for i := range events {
				events[i] = discover.Event{Group: "/g", Timestamp: int64(i), Message: fmt.Sprintf(`{"i":%d,"l":"[1,2,3]"}`, i), Ptr: "p"}
			}
			return events, nil
		},
	}
}

// Source: AWS, "limit": 10,000 rows where none is given; StartQuery's limit counts then.
func TestLimits(t *testing.T) {
	for _, test := range []struct {
		text    string
		request int64
		want    int
	}{
		{"fields i", 0, 10_000},
		{"fields i", 7, 7},
		{"fields i", 20_000, 12_000},
		{"fields i | limit 9", 7, 9},
		{"fields i | limit 11000", 0, 11_000},
		{"fields i | limit any 3", 0, 3},
		{"stats count(*) by i", 0, 10_000},
		{"filter i in (SOURCE '/g' | fields i) | limit 100000", 0, 12_000},
	} {
		env := many(12_000)
		env.Limit = test.request
		got, err := ask(t, test.text, env)
		if err != nil || len(got.Rows) != test.want {
			t.Errorf("%s with the request's limit %d: %d rows, %v; want %d", test.text, test.request, len(got.Rows), err, test.want)
		}
	}
}

func TestPointersAndStatistics(t *testing.T) {
	got, err := ask(t, "fields i | filter i > 1 | limit 2", many(5))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"p", "p"}, got.Ptrs); d != "" {
		t.Error(d)
	}
	want := insights.Statistics{RecordsMatched: 3, RecordsScanned: 5, BytesScanned: 5 * 21, LogGroupsScanned: 1}
	if d := cmp.Diff(want, got.Statistics); d != "" {
		t.Error(d)
	}
	if got, err = ask(t, "stats count(*)", many(5)); err != nil || got.Ptrs != nil {
		t.Errorf("rows that are no events have the pointers %v, %v", got.Ptrs, err)
	}
}

func TestResultsSayThatPatternsAreOurs(t *testing.T) {
	got, err := ask(t, "pattern @message | diff", many(2))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{reference.PatternNote}, got.Notes); d != "" {
		t.Error(d)
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("the disk is gone")
	failing := many(1)
	failing.Events = func(context.Context, *insights.Source, int64, int64) ([]discover.Event, error) { return nil, broken }
	if _, err := ask(t, "fields i", failing); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	tables := many(1)
	tables.Table = func(context.Context, string) (*lookup.Table, error) { return nil, broken }
	if _, err := ask(t, "lookup t i OUTPUT x", tables); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	for text, want := range map[string]string{
		"lookup t i OUTPUT x": "there are no lookup tables here",
	} {
		_, err := ask(t, text, many(1))
		fault, ok := errors.AsType[*insights.Error](err)
		if !ok || !strings.Contains(fault.Message, want) || fault.End == 0 {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := ask(t, "fields i", &reference.Env{}); err == nil {
		t.Error("a query without log groups is answered")
	}
	q, err := insights.Read("fields i | diff", insights.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reference.Continue(t.Context(), &reference.Rows{}, q.Commands, &reference.Env{}); err == nil {
		t.Error("diff is answered without rows of another time")
	}
}

// Commands that make rows of rows are bounded.
func TestRowsAreBounded(t *testing.T) {
	for _, text := range []string{
		`parse @message /(.)/ as a multi`,
		`expand l | expand l`,
		`fields split(@message, "") as s | unnest s into t`,
		`fields 1 as one | join left=a right=b where a.one=b.one (SOURCE '/g' | fields 1 as one)`,
	} {
		env := many(20)
		env.MaxRows = 50
		_, err := ask(t, text, env)
		fault, ok := errors.AsType[*insights.Error](err)
		if !ok || !strings.Contains(fault.Message, "makes more than 50 rows") {
			t.Errorf("%s: %v", text, err)
		}
		env.MaxRows = 0
		if got, err := ask(t, text, env); err != nil || len(got.Rows) < 50 {
			t.Errorf("%s: %d rows, %v", text, len(got.Rows), err)
		}
	}
	// More events than that are no fault.
	env := many(60)
	env.MaxRows = 50
	if got, err := ask(t, "fields i", env); err != nil || len(got.Rows) != 60 {
		t.Errorf("%v", err)
	}
}

// What commands make of rows is bounded in bytes.
func TestColumnsAreBounded(t *testing.T) {
	for _, text := range []string{
		`fields concat(@message, @message, @message, @message) as a | fields concat(a, a, a, a) as b | fields concat(b, b, b, b) as c`,
		`fields 1 as a | autoregress i p=1-300`,
		`fields jsonParse(@message) as a, jsonParse(@message) as b, jsonParse(@message) as c, split(@message, "") as d`,
		`parse @message /(.)(.)(.)(.)(.)(.)(.)/ as a, b, c, d, e, f, g`,
		`fields concat(regexReplace(base64Encode(sha256(@message)), /[0-9]/, "x"), " a b c d e f g h") as a | pattern a`,
		`fields 1 as a, 2 as b, 3 as c | expand l`,
		`filter i in (SOURCE '/g' | fields i) and i in (SOURCE '/g' | fields @message) and i in (SOURCE '/g' | fields i, 1 as one | display i)`,
	} {
		env := many(200)
		env.MaxBytes = 60_000
		_, err := ask(t, text, env)
		fault, ok := errors.AsType[*insights.Error](err)
		if !ok || !strings.Contains(fault.Message, "the columns that commands make up to ") {
			t.Errorf("%s: %v", text, err)
		}
		env.MaxBytes = 0
		if got, err := ask(t, text, env); err != nil || len(got.Rows) == 0 && !strings.Contains(text, "SOURCE") {
			t.Errorf("%s: %d rows, %v", text, len(got.Rows), err)
		}
	}
}

// The distance of the ends need not be a number.
func TestHistogramOfTheWholeRange(t *testing.T) {
	got, err := ask(t, `fields if(i = 0, -1.7e308, if(i = 1, 1.7e308, 0)) as n | stats histogram(n, 2) as h | fields jsonStringify(h) as j | display j`, many(10))
	if err != nil {
		t.Fatal(err)
	}
	end := "17" + strings.Repeat("0", 307)
	if want := `{"[-` + end + `,0)":1,"[0,` + end + `]":9}`; got.Rows[0][0].String() != want {
		t.Errorf("%s, want %s", got.Rows[0][0], want)
	}
}

func TestQueriesStopWhereTheyAreCancelled(t *testing.T) {
	for _, text := range []string{"fields i + 1", "filter i > 1", "stats count(*) by i", "parse @message /i/ multi as x", "sort i", "dedup i", "accum i"} {
		q, err := insights.ParseQuery(strings.Replace(text, "/i/ multi as x", "/(i)/ as x multi", 1))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		env := many(10)
		events := env.Events
		env.Events = func(ctx context.Context, s *insights.Source, start, end int64) ([]discover.Event, error) {
			cancel() // while it runs
			return events(ctx, s, start, end)
		}
		if _, err := reference.Run(ctx, q, env); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The windows of diff, in the words of AWS's page.
func TestWindowsOfDiff(t *testing.T) {
	const hour = int64(3_600_000)
	end := int64(1_774_958_399_999) // 2026-03-31 11:59:59.999
	start := end - hour + 1
	for text, want := range map[string][2]string{
		"diff":                    {"2026-03-31 10:00:00.000", "2026-03-31 10:59:59.999"},
		"diff previousDay":        {"2026-03-30 11:00:00.000", "2026-03-30 11:59:59.999"},
		"diff previousWeek":       {"2026-03-24 11:00:00.000", "2026-03-24 11:59:59.999"},
		"diff previousMonth":      {"2026-02-28 11:00:00.000", "2026-02-28 11:59:59.999"},
		"logcompare timeshift 2d": {"2026-03-29 11:00:00.000", "2026-03-29 11:59:59.999"},
	} {
		var asked [][2]string
		env := &reference.Env{
			Query: value.Context{Start: start, End: end},
			Events: func(_ context.Context, _ *insights.Source, from, to int64) ([]discover.Event, error) {
				asked = append(asked, [2]string{value.FormatTime(from), value.FormatTime(to)})
				return nil, nil
			},
		}
		if _, err := ask(t, text, env); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([][2]string{{"2026-03-31 11:00:00.000", "2026-03-31 11:59:59.999"}, want}, asked); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
}
