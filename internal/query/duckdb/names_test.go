package duckdb

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/query"
)

// texts returns the rows of a query as text, in order.
func texts(t *testing.T, e *Engine, text string, s query.Scope) []string {
	t.Helper()
	rows, err := e.RunSQL(t.Context(), text, s, query.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	var out []string
	for {
		row, err := rows.Next()
		if err == io.EOF {
			slices.Sort(out)
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out = append(out, fmt.Sprint(row))
	}
}

// TestNames runs queries that name columns in every way, over views with just what
// they name and over views with all, which "*" around them asks for.
func TestNames(t *testing.T) {
	e := newEngine(t, someRecords(t))
	for _, tt := range []struct {
		text string
		want []string // the columns; nil: any
	}{
		{"SELECT srcaddr, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1 ORDER BY b DESC", []string{"bytes", "srcaddr"}},
		{"SELECT count(*) AS n FROM vpc_flow_logs", []string{}},
		{"SELECT 1 AS one FROM vpc_flow_logs", []string{}},
		{"SELECT f.srcaddr FROM vpc_flow_logs f WHERE F.DstPort = 443", []string{"dstport", "srcaddr"}},
		{"SELECT vpc_flow_logs.srcaddr FROM vpc_flow_logs", []string{"srcaddr"}},
		{"SELECT f FROM vpc_flow_logs f", nil},
		{"SELECT vpc_flow_logs FROM vpc_flow_logs", nil},
		{"SELECT srcaddr AS f FROM vpc_flow_logs f ORDER BY f", nil},
		{"SELECT weir_unknown['hue'] AS hue, weir_unknown.hue AS again FROM vpc_flow_logs", []string{"weir_unknown"}},
		{"SELECT COLUMNS('.*port') FROM vpc_flow_logs", nil},
		{"SELECT x.n FROM (SELECT srcaddr, count(*) AS n FROM vpc_flow_logs GROUP BY ALL) x", []string{"srcaddr"}},
		{"SELECT x.a FROM (SELECT srcaddr FROM vpc_flow_logs) x(a)", nil},
		{"WITH x AS (SELECT dstport AS p, bytes FROM vpc_flow_logs) SELECT p, sum(bytes) AS s FROM x GROUP BY p", []string{"bytes", "dstport"}},
		{"SELECT a.srcaddr FROM vpc_flow_logs a JOIN vpc_flow_logs b ON a.start = b.\"end\" - 60", []string{"end", "srcaddr", "start"}},
		{"SELECT a.srcaddr FROM vpc_flow_logs a JOIN vpc_flow_logs b USING (srcaddr)", nil},
		{"SELECT srcaddr FROM vpc_flow_logs a NATURAL JOIN vpc_flow_logs b", nil},
		{"SELECT list_sum(list_transform([1, 2], v -> v + 1)) AS s FROM vpc_flow_logs", nil},
		{"SELECT srcaddr, row_number() OVER (PARTITION BY interface_id ORDER BY start) AS r FROM vpc_flow_logs", []string{"interface_id", "srcaddr", "start"}},
		{"SELECT srcaddr FROM vpc_flow_logs WHERE bytes > (SELECT avg(bytes) FROM vpc_flow_logs)", []string{"bytes", "srcaddr"}},
		{"SELECT (SELECT max(x.bytes) FROM vpc_flow_logs x WHERE x.srcaddr = y.dstaddr) AS m FROM vpc_flow_logs y", []string{"bytes", "dstaddr", "srcaddr"}},
		{"SELECT srcaddr FROM vpc_flow_logs UNION ALL SELECT tgw_id FROM tgw_flow_logs", []string{"srcaddr", "tgw_id"}},
		{"FROM vpc_flow_logs SELECT srcaddr", []string{"srcaddr"}},
		{"FROM vpc_flow_logs", nil},
		{"SELECT DISTINCT ON (protocol) protocol FROM vpc_flow_logs", []string{"protocol"}},
		{"SELECT srcaddr FROM vpc_flow_logs QUALIFY row_number() OVER (ORDER BY start, srcaddr) = 1", []string{"srcaddr", "start"}},
		{"SELECT struct_pack(a := srcaddr).a AS a FROM vpc_flow_logs", []string{"srcaddr"}},
	} {
		a, err := e.gate(t.Context(), tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, a.columns); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.text, diff)
		}
		for _, s := range []query.Scope{{}, {Accounts: []string{"123456789012"}}} {
			got, all := texts(t, e, tt.text, s), texts(t, e, "SELECT * FROM ("+tt.text+")", s)
			if diff := cmp.Diff(all, got); diff != "" {
				t.Errorf("%s: (-all columns +those named)\n%s", tt.text, diff)
			}
		}
	}
	// DuckDB says which columns are near.
	if a, err := e.gate(t.Context(), "SELECT srcadr FROM vpc_flow_logs"); err != nil || a.columns != nil {
		t.Errorf("a column that is not there: %v, %v", a.columns, err)
	}
}
