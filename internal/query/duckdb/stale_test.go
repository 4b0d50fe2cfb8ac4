package duckdb

import (
	"io"
	"strconv"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/query"
)

// attributedHours returns a batch for each of some hours, with a record that was refused and, from
// the third hour on, what refused it.
func attributedHours(t *testing.T, hours int) []*flowlog.Batch {
	t.Helper()
	var out []*flowlog.Batch
	for hour := range hours {
		b := flowlog.NewBatch(flowlog.KindVPC)
		r := b.Append()
		set := map[flowlog.FieldID]string{flowlog.SrcAddr: "10.0.0.1", flowlog.Action: "REJECT"}
		if hour >= 2 {
			set[flowlog.WeirAttribution], set[flowlog.WeirRejectStage] = "exact", "nacl"
		}
		for id, text := range set {
			if err := r.SetText(id, text); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Date(2026, 3, 2, 10+hour, 5, 0, 0, time.UTC).Unix()
		b.SetNums(flowlog.WeirHour, []int64{at})
		b.SetNums(flowlog.Start, []int64{at})
		out = append(out, b)
	}
	return out
}

// TestColumnOfSomeFiles asks for a column that the first files of a table lack.
func TestColumnOfSomeFiles(t *testing.T) {
	e := newEngine(t, attributedHours(t, 5))
	for text, want := range map[string]int64{
		"SELECT count(*) FROM vpc_flow_logs WHERE weir_reject_stage = 'nacl'":                             3,
		"SELECT count(*) FROM vpc_flow_logs WHERE weir_reject_stage IS NULL":                              2,
		"SELECT count(weir_attribution) FROM vpc_flow_logs":                                               3,
		"SELECT count(*) FROM vpc_flow_logs WHERE weir_reject_stage = 'nacl' AND srcaddr = '10.0.0.1'":    3,
		"SELECT count(*) FROM vpc_flow_logs WHERE weir_reject_stage = 'nacl' OR srcaddr = '10.0.0.1'":     5,
		"SELECT count(*) FROM vpc_flow_logs WHERE weir_reject_stage > 'a' AND weir_attribution = 'exact'": 3,
	} {
		rows, err := e.RunSQL(t.Context(), text, query.Scope{}, query.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		row, err := rows.Next()
		if err != nil || row[0] != want {
			t.Errorf("%s: %v, want %d: %v", text, row, want, err)
		}
		if _, err := rows.Next(); err != io.EOF {
			t.Error(err)
		}
		rows.Close()
	}
}

// TestStale asks for what definitions tell in a lake of which some hours have what somebody gave,
// and no definition is there: these are stale.
func TestStale(t *testing.T) {
	e := newEngine(t, attributedHours(t, 5)) // of which the last three
	of := func(hours, of int) query.Stale { return query.Stale{Hours: hours, Of: of} }
	at := func(hour int) time.Time { return time.Date(2026, 3, 2, 10+hour, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		text  string
		scope query.Scope
		want  query.Stale
	}{
		{"SELECT weir_attribution FROM vpc_flow_logs", query.Scope{}, of(3, 5)},
		{"SELECT * FROM vpc_flow_logs", query.Scope{}, of(3, 5)},
		{"SELECT count(*) FROM vpc_flow_logs", query.Scope{}, query.Stale{}},
		{"SELECT count(*) FROM vpc_flow_logs WHERE weir_pair IS NULL", query.Scope{}, query.Stale{}},
		{"SELECT count(*) FROM vpc_flow_logs WHERE weir_reject_stage = 'sg'", query.Scope{}, of(3, 5)},   // of none now
		{"SELECT count(*) FROM vpc_flow_logs WHERE weir_allow_rules = 'sgr-1'", query.Scope{}, of(3, 5)}, // a column of no file
		{"SELECT count(*) FROM vpc_flow_logs WHERE weir_ruleset = '1' AND start >= 1772452800", query.Scope{}, of(3, 5)},
		{"SELECT count(*) FROM vpc_flow_logs WHERE weir_reject_stage = 'nacl' AND start >= " + epoch(at(3)), query.Scope{}, of(2, 2)},
		{"SELECT weir_reject_stage FROM vpc_flow_logs", query.Scope{To: at(3)}, of(1, 3)},
		{"SELECT weir_reject_stage FROM vpc_flow_logs", query.Scope{To: at(2)}, of(0, 2)},
		{"SELECT count(*) FROM tgw_flow_logs", query.Scope{}, query.Stale{}},
		{"SELECT 1 AS weir_ruleset", query.Scope{}, query.Stale{}},
		{"SELECT count(*) FROM vpc_flow_logs WHERE srcaddr = '10.0.0.9' AND weir_ruleset IS NULL", query.Scope{}, query.Stale{}},
	} {
		rows, err := e.RunSQL(t.Context(), test.text, test.scope, query.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", test.text, err)
		}
		if got := query.StaleOf(rows); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.text, got, test.want)
		}
		rows.Close()
	}
	stage := &query.Ref{Name: "weir_reject_stage"}
	count := &query.Aggregate{Aggs: []query.Agg{{Name: "n", Func: query.CountRows}}}
	for _, test := range []struct {
		plan query.Plan
		want query.Stale
	}{
		{query.Plan{Kind: flowlog.KindVPC}, of(3, 5)},
		{query.Plan{Kind: flowlog.KindVPC, Stages: []query.Stage{count}}, query.Stale{}},
		{query.Plan{Kind: flowlog.KindVPC, Stages: []query.Stage{&query.Filter{Where: &query.Call{Func: query.Eq, Args: []query.Expr{stage, &query.Literal{Value: "host"}}}}, count}}, of(3, 5)},
		{query.Plan{Kind: flowlog.KindVPC, Stages: []query.Stage{&query.Aggregate{By: []query.Named{{Name: "s", Expr: stage}}, Aggs: count.Aggs}}}, of(3, 5)},
	} {
		if test.plan.Rollup() != nil && test.want.Any() {
			t.Errorf("%+v: a rollup would answer", test.plan)
		}
		rows, err := e.Run(t.Context(), test.plan, query.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := query.StaleOf(rows); got != test.want {
			t.Errorf("%+v: %+v, want %+v", test.plan, got, test.want)
		}
		rows.Close()
	}
}

func epoch(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
