package duckdb

import (
	"io"
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
