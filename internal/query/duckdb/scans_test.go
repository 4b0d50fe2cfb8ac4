package duckdb

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// TestParseFilter reads filters as DuckDB prints them.
func TestParseFilter(t *testing.T) {
	for _, tc := range []struct {
		name, filters string
		want          []cond
	}{
		{"number", "start>5", []cond{{"start", ">", int64(5)}}},
		{"range", "start>=-5 AND start<=7", []cond{{"start", ">=", int64(-5)}, {"start", "<=", int64(7)}}},
		{"text", "b='it''s'", []cond{{"b", "=", "it's"}}},
		{"quotes only", "b=''''", []cond{{"b", "=", "'"}}},
		{"time", "weir_hour<'2026-03-02 01:00:00'::TIMESTAMP", []cond{{"weir_hour", "<", time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}}},
		{"a text like a time", "b<'''2026-03-02 01:00:00''::TIMESTAMP'", []cond{{"b", "<", "'2026-03-02 01:00:00'::TIMESTAMP"}}},
		{"not absent", "b IS NOT NULL AND a=1 AND b IS NOT NULL", []cond{{"a", "=", int64(1)}}},
		{"unequal", "a!=1 AND a>0", []cond{{"a", ">", int64(0)}}},
		{"two lines", "a=1\nb='x'", []cond{{"a", "=", int64(1)}, {"b", "=", "x"}}},
		{"condition in a text", "b!='x\nstart>9'", nil},
		{"condition behind a quote in a text", "b!='x''\nstart>9'", nil},
		{"condition behind a quoted name", "(CAST(b AS STRUCT(\"it's\" VARCHAR)) = 'x\nstart>9')", nil},
		{"line feed in a text", "b='x\ny' AND start>9", []cond{{"start", ">", int64(9)}}},
		{"and in a text", "b='x AND start>9'", []cond{{"b", "=", "x AND start>9"}}},
		{"or", "a=1 OR a=5", nil},
		{"or behind and", "a>1 AND a<3 OR a=5", nil},
		{"or in a text", "b='x OR y'", []cond{{"b", "=", "x OR y"}}},
		{"optional", "optional: a=1", nil},
		{"dynamic", "a>1 AND a<3 AND optional: Dynamic Filter (a)\nb='x'", []cond{{"a", ">", int64(1)}, {"a", "<", int64(3)}, {"b", "=", "x"}}},
		{"dynamic alone", "optional: Dynamic Filter (a)", nil},
		{"dynamic in a text", "b='optional: Dynamic Filter (a)' AND a=1", []cond{{"b", "=", "optional: Dynamic Filter (a)"}, {"a", "=", int64(1)}}},
		{"more than dynamic", "a>1 AND optional: Dynamic Filter (a) OR a=1", nil},
		{"in", "a IN (1, 2)", nil},
		{"call beside a comparison", "a>5 AND ((a % 2) = 1)", nil},
		{"case", "CASE WHEN ((a > 5)) THEN (true) ELSE NULL END", nil},
		{"open quote", "a=1\nb='x", []cond{{"a", "=", int64(1)}}},
		{"odd constant", "a>5.5", nil},
		{"nothing", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []cond
			for _, f := range splitFilters(tc.filters) {
				conds, _ := parseFilter(f)
				got = append(got, conds...)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(cond{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// oddPieces are what texts are made of that could be taken for something else.
var oddPieces = []string{
	"'", "''", "\"", "\n", "\n\n", "\r\n", "\t", " AND ", " OR ", "(", ")", "%", "_", "\\", "=", "<>", "!=", ">=", "<",
	"start>99999999999", "start<1", "\nstart>99999999999\n", "' AND start>99999999999 AND vpc_id='", "action='REJECT'",
	"optional: ", "CASE WHEN ", " THEN ", " IN ", "IS NOT NULL", "::TIMESTAMP", "2026-03-02 01:00:00", "10.0.0.1", "10.0.0.", "eni-1",
	"ACCEPT", "REJECT", "OK", "-", "é", "語", "\u0085", "1", "x", " ", "",
}

// oddText returns a random text.
func oddText(r *rand.Rand) string {
	var s strings.Builder
	for range r.IntN(4) {
		s.WriteString(oddPieces[r.IntN(len(oddPieces))])
	}
	return s.String()
}

// oddCondition returns a random condition with random texts, half of the time
// beside another one.
func oddCondition(r *rand.Rand) string {
	columns := []string{"srcaddr", "dstaddr", "action", "log_status", "interface_id", "vpc_id", "weir_unknown['hue']", "lower(srcaddr)"}
	column := columns[r.IntN(len(columns))]
	text := func() string { return quote(oddText(r)) }
	var c string
	switch r.IntN(12) {
	case 0:
		c = fmt.Sprintf("%s IN (%s, %s)", column, text(), text())
	case 1:
		c = fmt.Sprintf("%s NOT IN (%s, %s)", column, text(), text())
	case 2:
		c = fmt.Sprintf("%s LIKE %s", column, text())
	case 3:
		c = fmt.Sprintf("contains(%s, %s)", column, text())
	case 4:
		c = fmt.Sprintf("(%s = %s OR %s > %s)", column, text(), column, text())
	case 5:
		c = fmt.Sprintf("CASE WHEN %s = %s THEN start > 1772420000 ELSE %s <> %s END", column, text(), column, text())
	case 6:
		c = fmt.Sprintf("%s IS DISTINCT FROM %s || chr(0) || %s", column, text(), text())
	case 7:
		c = fmt.Sprintf(`struct_extract({%s: %s}, 'it''s') <> %s`, `"it's"`, column, text())
	default:
		ops := []string{"=", "<>", "<", "<=", ">", ">="}
		c = fmt.Sprintf("%s %s %s", column, ops[r.IntN(len(ops))], text())
	}
	if r.IntN(2) == 0 {
		return c
	}
	return c + []string{" AND ", " OR "}[r.IntN(2)] + oddCondition(r)
}

// unpruned answers a query from all files.
func unpruned(t *testing.T, e *Engine, sql string) int64 {
	t.Helper()
	s, err := e.begin(t.Context(), &request{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.view(t.Context(), flowlog.KindVPC, s.snap.Files(flowlog.KindVPC, lake.Bounds{})); err != nil {
		t.Fatal(err)
	}
	var n int64
	if err := s.conn.QueryRowContext(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// TestPruningOddTexts checks with random texts, which hold quotes, line feeds and
// conditions, that leaving files out changes no answer.
func TestPruningOddTexts(t *testing.T) {
	e := newEngine(t, someRecords(t))
	sqls := []string{
		"SELECT count(*) FROM vpc_flow_logs WHERE srcaddr <> E'x\\nstart>99999999999\\n'",
		"SELECT count(*) FROM vpc_flow_logs WHERE srcaddr <> 'x''\nstart>99999999999\n'",
		`SELECT count(*) FROM vpc_flow_logs WHERE len(list_filter([srcaddr], "it's" -> "it's" <> 'x
start>99999999999
')) = 1`,
	}
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same texts each time
	n := 150
	if testing.Short() {
		n = 40
	}
	for range n {
		sqls = append(sqls, "SELECT count(*) FROM vpc_flow_logs WHERE "+oddCondition(r))
	}
	left := 0
	for _, sql := range sqls {
		cost, err := e.ExplainSQL(t.Context(), sql, query.Scope{})
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		left += cost.FilesTotal - len(cost.Files)
		rows, err := e.RunSQL(t.Context(), sql, query.Scope{}, query.Limits{})
		if diff := cmp.Diff([][]any{{unpruned(t, e, sql)}}, all(t, rows, err)); diff != "" {
			t.Errorf("%s:\nreads %d of %d files (-all +pruned):\n%s", sql, len(cost.Files), cost.FilesTotal, diff)
		}
	}
	if left == 0 {
		t.Error("no file is ever left out: this test shows nothing")
	}
}

// TestScopeWithoutStart asks for a span of time of which the oldest file, behind others whose
// records all have a start, has a record without: it counts at its hour, though the starts of the
// file's others lie before the span.
func TestScopeWithoutStart(t *testing.T) {
	const hour = 1772442000 // 2026-03-02T09:00:00Z
	var batches []*flowlog.Batch
	for n := range int64(4) {
		b := flowlog.NewBatch(flowlog.KindVPC)
		r := b.Append()
		r.SetInt(flowlog.WeirHour, hour+n*3600)
		r.SetInt(flowlog.Start, hour+n*3600-60)
		if n == 0 {
			r = b.Append()
			r.SetInt(flowlog.WeirHour, hour)
		}
		batches = append(batches, b)
	}
	e := newEngine(t, batches)
	scope := query.Scope{From: time.Unix(hour, 0), To: time.Unix(hour+24*3600, 0)}
	rows, err := e.RunSQL(t.Context(), "SELECT count(*) FROM vpc_flow_logs", scope, query.Limits{})
	if got := all(t, rows, err); got[0][0] != int64(4) {
		t.Errorf("%v records, want three with a start and one without", got[0][0])
	}
}
