package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/insightstest"
	"weir/internal/insights/lookup"
	"weir/internal/insights/value"
	"weir/internal/lake"
	"weir/internal/query"
)

// eventEngine asks an engine over an empty lake of events that lie in files and in memory, half and half.
type eventEngine struct {
	t    testing.TB
	lake *lake.Lake
	*Engine
	files int
}

func newEventEngine(t testing.TB) *eventEngine {
	t.Helper()
	l := newLake(t, nil)
	e, err := Open(t.Context(), l, Options{TempDir: t.TempDir(), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return &eventEngine{t: t, lake: l, Engine: e}
}

// ask answers a query of a world.
func (e *eventEngine) ask(ctx context.Context, w *insightstest.World, q *insights.Query) (*insights.Result, error) {
	in := e.input(w, q.Source)
	in.Source = func(_ context.Context, s *insights.Source, _, _ int64) (*InsightsInput, error) {
		return e.input(w, s), nil
	}
	return e.Insights(ctx, q, in, query.Limits{})
}

// input returns the groups of a source.
func (e *eventEngine) input(w *insightstest.World, s *insights.Source) *InsightsInput {
	in := &InsightsInput{
		Start: w.Query.Start, End: w.Query.End, Now: w.Query.Now, Limit: w.Limit, AnyCase: w.Fields.AnyCase, Region: w.Fields.Region,
		Ptr:   func(e *discover.Event, _ int64) string { return "ptr of " + e.Message },
		Table: func(_ context.Context, name string) (*lookup.Table, error) { return w.Tables[name], nil },
	}
	place := map[[2]string]int{}
	tails := map[int][]TailEvent{}
	for _, ev := range w.In(s, math.MinInt64, math.MaxInt64) {
		key := [2]string{ev.Account, ev.Group}
		i, ok := place[key]
		if !ok {
			i = len(in.Events)
			place[key] = i
			in.Events = append(in.Events, EventGroup{Name: ev.Group, Account: ev.Account})
		}
		g := &in.Events[i]
		if ev.Timestamp >= w.Query.Start && ev.Timestamp <= w.Query.End {
			g.Records, g.Bytes = g.Records+1, g.Bytes+int64(len(ev.Message))
		}
		tails[i] = append(tails[i], TailEvent{
			Timestamp: ev.Timestamp, Ingestion: ev.Ingestion, Stream: ev.Stream, Message: ev.Message, Form: formOf(g, &ev),
		})
	}
	for i := range in.Events {
		half := len(tails[i]) / 2
		if half > 0 {
			in.Events[i].Files = []string{e.file(tails[i][:half])}
		}
		in.Events[i].Tail = slices.Values(tails[i][half:])
	}
	return in
}

// formOf returns the form of an event, whose format becomes one of the group's.
func formOf(g *EventGroup, e *discover.Event) int32 {
	if e.Format != nil && len(strings.Split(e.Message, " ")) == e.Format.Len() && len(strings.Fields(e.Message)) == e.Format.Len() {
		for i := range g.Formats {
			if g.Formats[i].Equal(*e.Format) {
				return int32(i + 1)
			}
		}
		g.Formats = append(g.Formats, *e.Format)
		return int32(len(g.Formats))
	}
	if strings.HasPrefix(e.Message, "{") {
		return -1
	}
	return 0
}

// file writes events as a Parquet file below the lake's folder.
func (e *eventEngine) file(list []TailEvent) string {
	e.t.Helper()
	dir := filepath.Join(e.lake.Dir(), "events")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		e.t.Fatal(err)
	}
	e.files++
	path := filepath.Join(dir, strconv.Itoa(e.files)+".parquet")
	connector, err := duck.NewConnector("", nil)
	if err != nil {
		e.t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if _, err := db.ExecContext(e.t.Context(), "CREATE TABLE t (ts BIGINT, ingestion BIGINT, stream VARCHAR, message VARCHAR, ordinal BIGINT, form INTEGER)"); err != nil {
		e.t.Fatal(err)
	}
	for _, ev := range list {
		if _, err := db.ExecContext(e.t.Context(), "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", ev.Timestamp, ev.Ingestion, ev.Stream, ev.Message, ev.Ordinal, ev.Form); err != nil {
			e.t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(e.t.Context(), "COPY t TO '"+path+"' (FORMAT parquet)"); err != nil {
		e.t.Fatal(err)
	}
	return path
}

// TestInsightsScripts runs the scripts that every evaluator must pass. As many records match as the reference finds.
func TestInsightsScripts(t *testing.T) {
	e := newEventEngine(t)
	insightstest.Run(t, func(ctx context.Context, w *insightstest.World, q *insights.Query) (*insights.Result, error) {
		got, err := e.ask(ctx, w, q)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(q.Commands, isEstimate) {
			return got, nil // it reads nothing
		}
		if want, err := insightstest.Reference(ctx, w, q); err == nil && got.RecordsMatched != want.RecordsMatched {
			return nil, fmt.Errorf("%v records matched, want %v", got.RecordsMatched, want.RecordsMatched)
		}
		return got, nil
	})
}

// sameResult says where two results differ. Numbers that are sums of fractions may differ in what their order
// rounds.
func sameResult(want, got *insights.Result) error {
	if !slices.Equal(want.Columns, got.Columns) {
		return fmt.Errorf("columns %q, want %q", got.Columns, want.Columns)
	}
	if len(want.Rows) != len(got.Rows) {
		return fmt.Errorf("%d rows, want %d", len(got.Rows), len(want.Rows))
	}
	for i := range want.Rows {
		for j := range want.Columns {
			a, b := want.Rows[i][j], got.Rows[i][j]
			if a.String() == b.String() && a.IsAbsent() == b.IsAbsent() {
				continue
			}
			x, ok := a.Number()
			y, is := b.Number()
			if !ok || !is || math.Abs(x-y) > 1e-9*max(math.Abs(x), math.Abs(y)) {
				return fmt.Errorf("row %d, %s: %s %q, want %s %q", i, want.Columns[j], b.Kind(), b, a.Kind(), a)
			}
		}
	}
	return nil
}

// agree compares the engine with the reference on random queries.
func agree(t *testing.T, seed uint64, n int, w *insightstest.World, ask insightstest.Engine, without ...string) {
	t.Helper()
	g := &queryGenerator{rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // a test
	asked, rows := 0, 0
	for i := range n {
		text := g.query()
		if slices.ContainsFunc(without, func(s string) bool { return strings.Contains(text, s) }) {
			continue
		}
		q, err := insights.Read(text, insights.CheckOptions{})
		if err != nil {
			continue // the checker refuses it for both
		}
		want, wantErr := insightstest.Reference(t.Context(), w, q)
		got, gotErr := ask(t.Context(), w, q)
		if (wantErr == nil) != (gotErr == nil) {
			t.Errorf("seed %d, query %d: %s: error %v, want %v", seed, i, text, gotErr, wantErr)
			continue
		}
		asked++
		if wantErr != nil {
			continue
		}
		rows += len(want.Rows)
		if err := sameResult(want, got); err != nil {
			t.Errorf("seed %d, query %d: %s: %v", seed, i, text, err)
		}
		if want.RecordsMatched != got.RecordsMatched {
			t.Errorf("seed %d, query %d: %s: %v records matched, want %v", seed, i, text, got.RecordsMatched, want.RecordsMatched)
		}
	}
	t.Logf("%d of %d queries were asked, with %d rows", asked, n, rows)
	if asked < n/2 || rows < n {
		t.Errorf("too few queries say anything: %d of %d, with %d rows", asked, n, rows)
	}
}

// rounds returns how many queries a test asks: some, or as many times more as WEIR_ROUNDS says.
func rounds(n int) int {
	if more, err := strconv.Atoi(os.Getenv("WEIR_ROUNDS")); err == nil {
		return n * more
	}
	return n
}

// queryGenerator makes random queries.
type queryGenerator struct{ *rand.Rand }

func pick[T any](g *queryGenerator, list ...T) T { return list[g.IntN(len(list))] }

func (g *queryGenerator) field() string {
	return pick(g, "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "bytes", "packets", "action", "logStatus", "interfaceId", "start", "version",
		"vpcId", "flowDirection", "level", "n", "ok", "items.0", "deep.key", "none", "@timestamp", "@logStream", "@message", "@log", "@ingestionTime", "weirPair", "newField")
}

func (g *queryGenerator) constant() string {
	return pick(g, `"-"`, `"22"`, "22", "443", "6", `"ACCEPT"`, `"REJECT"`, `"10.0.0.1"`, "0", "1.5", "1000", `"1.0"`, `"OK"`, "true", `"INFO"`, `"eni-1"`, `""`, `"NODATA"`, "-3", `"1e2"`)
}

func (g *queryGenerator) value(depth int) string {
	if depth <= 0 || g.IntN(3) == 0 {
		if g.IntN(3) == 0 {
			return g.constant()
		}
		return g.field()
	}
	a, b := g.value(depth-1), g.value(depth-1)
	return pick(g,
		"("+a+" + "+b+")", "("+a+" * 8)", "("+a+" / "+b+")", "("+a+" % 7)", "(-"+a+")", "abs("+a+")", "coalesce("+a+", "+b+")",
		"if("+g.simple()+", "+a+", "+b+")", "toupper("+a+")", "strlen("+a+")", "concat("+a+", "+b+")", "bin(5m)", "bin(1h)", "bin(1w)", "floor("+a+")",
		"substr("+a+", 1, 3)", "isNumeric("+a+")", "case("+g.simple()+", "+a+")", "datefloor(@timestamp, 2m)", "greatest("+a+", "+b+")",
		"ispresent("+a+")", "isPublicIP("+a+")", "isempty("+a+")", "replace("+a+", \"1\", \"x\")", "toNumber("+a+")")
}

func (g *queryGenerator) simple() string {
	return g.field() + " " + pick(g, "=", "!=", "<", "<=", ">", ">=") + " " + g.constant()
}

func (g *queryGenerator) condition(depth int) string {
	if depth > 0 {
		a, b := g.condition(depth-1), g.condition(depth-1)
		return pick(g, "("+a+" and "+b+")", "("+a+" or "+b+")", "not "+a, a)
	}
	x := g.value(g.IntN(2))
	return pick(g,
		x+" "+pick(g, "=", "!=", "<", "<=", ">", ">=")+" "+pick(g, g.constant(), g.value(1)),
		g.simple(),
		x+" "+pick(g, "like", "not like")+" "+pick(g, `"1"`, `"A"`, `/^10\./`, `/[0-9]$/`, `/(?i)reject/`, `/a|E/`, `"-"`, `/\d{2}/`),
		x+" "+pick(g, "in", "not in")+" ["+g.constant()+", "+g.constant()+"]",
		g.field()+" in [22, 443, 6]", g.field()+` not in ["-", "ACCEPT"]`,
		"ispresent("+x+")", "isIpv4InSubnet("+g.field()+`, "10.0.0.0/16")`, "isIpInSubnet("+g.field()+`, "10.0.0.0/20")`, "isPrivateIP("+g.field()+")",
		x)
}

func (g *queryGenerator) aggregate() string {
	a := g.value(g.IntN(2))
	return pick(g, "count(*)", "count("+a+")", "sum("+a+")", "avg("+a+")", "min("+a+")", "max("+a+")", "count_distinct("+a+")", "pct("+a+", "+pick(g, "50", "99", "12.5", "0", "100", "33.3")+")",
		"median("+a+")", "stddev("+a+")", "variance("+a+")", "earliest("+a+")", "latest("+a+")", "sortsFirst("+a+")", "sortsLast("+a+")",
		"sum("+g.field()+") / count(*)", "max("+a+") - min("+a+")", "values("+g.field()+")")
}

// query makes a query.
func (g *queryGenerator) query() string {
	var commands []string
	for range g.IntN(3) {
		commands = append(commands, pick(g,
			"filter "+g.condition(g.IntN(3)), "filter "+g.condition(1), "fields "+g.value(2)+" as x, "+g.field(), "display @timestamp, "+g.value(1)+" as y",
			`parse @message "* * * *" as p1, p2, p3, p4`, `parse @message /(?<r1>\d+) (?<r2>\S+)/`, `parse srcAddr "10.*.*.*" as bytes, o2, o3`, `parse @message "eni-* " as nic`))
	}
	if g.IntN(2) == 0 {
		aggs := []string{g.aggregate() + " as a1"}
		if g.IntN(2) == 0 {
			aggs = append(aggs, g.aggregate())
		}
		by := ""
		if n := g.IntN(3); n > 0 {
			keys := []string{pick(g, g.field(), g.value(1)+" as k1")}
			if n > 1 {
				keys = append(keys, pick(g, "bin(5m)", g.field(), "p1"))
			}
			by = " by " + strings.Join(keys, ", ")
		}
		commands = append(commands, "stats "+strings.Join(aggs, ", ")+by)
		if g.IntN(3) == 0 {
			commands = append(commands, "filter "+pick(g, "a1 > 1", "a1 = 0", "k1 != 22", "ispresent(k1)"))
		}
		if g.IntN(2) == 0 {
			commands = append(commands, "sort "+pick(g, "a1", "a1 desc", "k1 desc, a1", "bin(5m) desc", "a1 + 1 desc", "bytes"))
		}
	} else if g.IntN(2) == 0 {
		commands = append(commands, "sort "+pick(g, g.field(), g.field()+" desc", g.value(1)+" desc, "+g.field(), "@timestamp"))
	}
	if g.IntN(3) == 0 {
		commands = append(commands, pick(g, "limit 5", "limit 1", "limit 17"))
	} else if g.IntN(8) == 0 {
		commands = append(commands, "dedup "+g.field())
	}
	if len(commands) == 0 {
		return "fields @timestamp, srcAddr"
	}
	return strings.Join(commands, " | ")
}

// randomRecord returns the line of a flow log record in a format, and its time in milliseconds.
func (g *queryGenerator) randomRecord(f flowlog.Format) (string, int64) {
	start := 1_772_400_000 + int64(g.IntN(7200))
	words := make([]string, f.Len())
	nodata := g.IntN(8) == 0
	for i, name := range f.Names() {
		w := "-"
		switch {
		case name == "version":
			w = strconv.Itoa(f.RecordVersion())
		case name == "start":
			w = strconv.FormatInt(start, 10)
		case name == "end":
			w = strconv.FormatInt(start+int64(g.IntN(60)), 10)
		case name == "account-id":
			w = insightstest.Account
		case name == "interface-id":
			w = pick(g, "eni-1", "eni-2", "eni-10")
		case name == "log-status":
			w = pick(g, "OK", "OK", "SKIPDATA")
			if nodata {
				w = "NODATA"
			}
		case nodata:
		case strings.HasSuffix(name, "addr"):
			w = pick(g, "10.0.0.1", "10.0.0.2", "10.0.17.9", "172.16.3.4", "8.8.8.8", "2001:db8::1", "52.1.2.3")
		case strings.HasSuffix(name, "port"):
			w = pick(g, "22", "443", "80", "53211", "0")
		case name == "protocol":
			w = pick(g, "6", "17", "1")
		case name == "packets", name == "bytes":
			w = strconv.Itoa(g.IntN(5000))
		case name == "action":
			w = pick(g, "ACCEPT", "REJECT")
		case name == "flow-direction":
			w = pick(g, "ingress", "egress")
		case name == "new-field":
			w = pick(g, "a", "7", "-")
		case name == "vpc-id":
			w = pick(g, "vpc-1", "vpc-2")
		}
		words[i] = w
	}
	return strings.Join(words, " "), start * 1000
}

// testFormats are formats of flow logs that differ.
func testFormats(t testing.TB) []flowlog.Format {
	t.Helper()
	custom, err := flowlog.ParseLogFormat("${version} ${vpc-id} ${interface-id} ${flow-direction} ${srcaddr} ${dstaddr} ${dstport} ${start} ${end} ${bytes} ${action} ${log-status}")
	if err != nil {
		t.Fatal(err)
	}
	return []flowlog.Format{flowlog.DefaultFormat(flowlog.KindVPC), custom}
}

// randomEvents makes a world of text events: flow log records, JSON documents, and other text.
func randomEvents(t testing.TB, g *queryGenerator, n int) *insightstest.World {
	t.Helper()
	formats := testFormats(t)
	w := &insightstest.World{Fields: discover.Options{Region: insightstest.Region}}
	for range n {
		e := discover.Event{Account: insightstest.Account, Group: pick(g, "g1", "g2"), Stream: pick(g, "s1", "s2")}
		e.Timestamp = 1_772_400_000_000 + int64(g.IntN(7_200_000))
		switch g.IntN(5) {
		case 0:
			e.Message = fmt.Sprintf(`{"level":%q,"n":%s,"ok":%t,"items":[%d],"deep":{"key":%q},"bytes":"%d"}`,
				pick(g, "INFO", "ERROR"), pick(g, "1", "2.50", "1e3", "-4"), g.IntN(2) == 0, g.IntN(3), pick(g, "a", "10", "REJECT"), g.IntN(100))
		case 1:
			e.Message = pick(g, "plain text 22", "", "eni-7 says REJECT", "ümläut 10.0.0.1", `{"broken": 1`)
		default:
			f := &formats[g.IntN(len(formats))]
			e.Message, e.Timestamp = g.randomRecord(*f)
			e.Format = f
		}
		e.Ingestion = e.Timestamp + int64(g.IntN(3))*1000
		e.Ptr = "ptr of " + e.Message
		w.Events = append(w.Events, e)
	}
	bound(w)
	return w
}

// bound sets the time range of a world so that some events lie outside.
func bound(w *insightstest.World) {
	times := make([]int64, len(w.Events))
	for i := range w.Events {
		times[i] = w.Events[i].Timestamp
	}
	slices.Sort(times)
	w.Query = value.Context{Start: times[len(times)/20], End: times[len(times)-1-len(times)/20], Now: times[len(times)-1] + 1}
}

// TestInsightsAgree compares with the reference over events.
func TestInsightsAgree(t *testing.T) {
	e := newEventEngine(t)
	for seed := range uint64(3) {
		g := &queryGenerator{rand.New(rand.NewPCG(seed, 2))} //nolint:gosec // a test
		w := randomEvents(t, g, 150)
		in := e.input(w, nil)
		agree(t, seed, rounds(60), w, func(ctx context.Context, _ *insightstest.World, q *insights.Query) (*insights.Result, error) {
			return e.Insights(ctx, q, in, query.Limits{})
		})
	}
}
