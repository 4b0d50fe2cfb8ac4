package duckdb

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// someRecords returns records of a few hours.
func someRecords(t testing.TB) []*flowlog.Batch {
	t.Helper()
	text := "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status hue\n" +
		"2 123456789012 eni-1 10.0.0.1 10.2.0.1 5000 443 6 1 100 1772409600 1772409660 ACCEPT OK blue\n" +
		"2 123456789012 eni-1 10.0.0.2 10.2.0.1 5001 22 6 2 200 1772409600 1772409660 REJECT OK -\n" +
		"2 123456789012 eni-2 2001:db8::1 2001:db8::2 5002 443 6 3 300 1772420400 1772420460 ACCEPT OK -\n" +
		"2 123456789012 eni-3 - - - - - - - 1772427600 1772427660 - NODATA -\n"
	d, err := flowlog.NewDecoder(strings.NewReader(text), flowlog.Options{BatchRecords: 2})
	if err != nil {
		t.Fatal(err)
	}
	var out []*flowlog.Batch
	for {
		b, err := d.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		hours := make([]int64, b.Len())
		copy(hours, b.Nums(flowlog.End))
		b.SetNums(flowlog.WeirHour, hours)
		out = append(out, b)
	}
}

// all reads the rows of a query.
func all(t testing.TB, rows query.Rows, err error) [][]any {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][]any
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, append([]any(nil), row...))
	}
}

// TestGate checks what passes, and that nothing gets round the gate to a file.
func TestGate(t *testing.T) {
	e := newEngine(t, someRecords(t))
	file := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(file, []byte("a\nsecret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var inLake string
	snap, err := e.lake.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range snap.Files(flowlog.KindVPC, lake.Bounds{}) {
		inLake = f.Path
	}
	passes := []string{
		"SELECT count(*) FROM vpc_flow_logs",
		"select srcaddr from VPC_Flow_Logs where bytes > 100;",
		"FROM vpc_flow_logs SELECT srcaddr",
		"-- a comment\nSELECT 1",
		"WITH t AS (SELECT * FROM vpc_flow_logs), u AS (SELECT srcaddr FROM t) SELECT count(*) FROM u JOIN t USING (srcaddr)",
		"SELECT * FROM range(3) r(i) LEFT JOIN vpc_flow_logs ON packets = i",
		"SELECT unnest([1, 2])",
		"SELECT count(*) FROM vpc_flow_logs WHERE ip_in(srcaddr, '10.0.0.0/8') AND ip_class(srcaddr) = 'private'",
		"DESCRIBE vpc_flow_logs",
		"SUMMARIZE SELECT bytes FROM vpc_flow_logs",
		"SELECT sum(bytes) OVER (PARTITION BY srcaddr ORDER BY start) FROM vpc_flow_logs",
		"SELECT count(*) FROM tgw_flow_logs",
		"SELECT * FROM vpc_flow_logs UNION ALL SELECT * FROM vpc_flow_logs",
		"SELECT weir_unknown['hue'] FROM vpc_flow_logs",
		"VALUES (1), (2)",
	}
	for _, q := range passes {
		rows, err := e.RunSQL(t.Context(), q, query.Scope{}, query.Limits{})
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		for err == nil {
			_, err = rows.Next()
		}
		if err != io.EOF {
			t.Errorf("%s: %v", q, err)
		}
		rows.Close()
	}
	refused := []string{
		"SELECT * FROM '" + file + "'",
		"SELECT * FROM \"" + file + "\"",
		"SELECT * FROM '" + inLake + "'",
		"SELECT * FROM read_csv('" + file + "')",
		"SELECT * FROM read_parquet('" + inLake + "')",
		"SELECT * FROM parquet_metadata('" + inLake + "')",
		"SELECT * FROM read_text('" + file + "')",
		"SELECT * FROM glob('/etc/*')",
		"SELECT (SELECT count(*) FROM glob('*')) FROM vpc_flow_logs",
		"SELECT 1 WHERE EXISTS (SELECT * FROM read_blob('" + inLake + "'))",
		"WITH t AS (SELECT * FROM read_csv('" + file + "')) SELECT * FROM t",
		`WITH "` + inLake + `" AS (SELECT 1) SELECT * FROM "` + inLake + `"`,
		"SELECT * FROM query('SELECT 1')",
		"SELECT * FROM query_table('vpc_flow_logs')",
		"SELECT * FROM duckdb_settings()",
		"SELECT * FROM information_schema.tables",
		"SELECT * FROM sqlite_master",
		"SELECT * FROM pragma_version()",
		"SELECT getenv('HOME')",
		"SELECT current_setting('temp_directory')",
		"COPY (SELECT 1) TO '" + filepath.Join(filepath.Dir(inLake), "x.csv") + "'",
		"COPY vpc_flow_logs TO 'x.parquet'",
		"ATTACH '" + inLake + ".db' AS x",
		"CREATE TABLE x AS SELECT 1",
		"INSERT INTO vpc_flow_logs VALUES (1)",
		"DROP VIEW vpc_flow_logs",
		"SET memory_limit = '100GB'",
		"PRAGMA database_list",
		"INSTALL httpfs",
		"LOAD httpfs",
		"EXPORT DATABASE 'x'",
		"SELECT 1; SELECT 2",
		"SELECT 1; COPY (SELECT 1) TO 'x'",
		"SELECT $1",
		"SELECT * FROM nowhere",
		"SELECT * FROM x.vpc_flow_logs",
		"SELECT nothing FROM vpc_flow_logs",
		"SELEC 1",
		"SHOW TABLES",
		"CALL pragma_version()",
		"",
	}
	for _, q := range refused {
		rows, err := e.RunSQL(t.Context(), q, query.Scope{}, query.Limits{})
		if err == nil {
			rows.Close()
			t.Errorf("%s: passes", q)
		} else if !errors.Is(err, query.ErrRefused) {
			t.Errorf("%s: error %v, want ErrRefused", q, err)
		}
		if _, err := e.ExplainSQL(t.Context(), q, query.Scope{}); !errors.Is(err, query.ErrRefused) {
			t.Errorf("explain %s: error %v, want ErrRefused", q, err)
		}
	}
}

// TestRefusalPlace checks that a refusal shows its place.
func TestRefusalPlace(t *testing.T) {
	e := newEngine(t, someRecords(t))
	for q, want := range map[string]string{
		"SELECT *\nFROM read_csv('x')":        "FROM read_csv('x')\n     ^\n",
		"SELECT * FROM nowhere":               "SELECT * FROM nowhere\n              ^\n",
		"SELECT srcaddr\nFROMM vpc_flow_logs": "FROMM vpc_flow_logs\n      ^\n",
	} {
		_, err := e.RunSQL(t.Context(), q, query.Scope{}, query.Limits{})
		var te *query.TextError
		if !errors.As(err, &te) {
			t.Errorf("%s: %v has no place", q, err)
			continue
		}
		if got := te.Excerpt(q); got != want {
			t.Errorf("%s: %s\ngot:\n%s\nwant:\n%s", q, te.Message, got, want)
		}
	}
}

// TestPruning checks that filters of SQL leave out the files that can't match,
// and that the answer stays.
func TestPruning(t *testing.T) {
	e := newEngine(t, someRecords(t)) // three hours, so three files
	tests := []struct {
		sql   string
		files int
		count int64
	}{
		{"SELECT count(*) FROM vpc_flow_logs", 3, 4},
		{`SELECT count(*) FROM vpc_flow_logs WHERE start >= 1772420000`, 2, 2},
		{`SELECT count(*) FROM vpc_flow_logs WHERE "end" < 1772410000`, 1, 2},
		{`SELECT count(*) FROM vpc_flow_logs WHERE start BETWEEN 1772420000 AND 1772421000`, 1, 1},
		{`SELECT count(*) FROM vpc_flow_logs WHERE action = 'REJECT'`, 1, 1},
		{`SELECT count(*) FROM vpc_flow_logs WHERE srcaddr = '10.0.0.2'`, 1, 1},
		{`SELECT count(*) FROM vpc_flow_logs WHERE weir_hour < TIMESTAMP '2026-03-02 01:00:00'`, 1, 2},
		{`SELECT count(*) FROM vpc_flow_logs WHERE start < 1772410000 OR bytes = 300`, 3, 3},
		{`SELECT count(*) FROM vpc_flow_logs a JOIN vpc_flow_logs b ON a.dstport = b.dstport WHERE a.start < 1772410000 AND b.start BETWEEN 1772420000 AND 1772421000`, 2, 1},
		{`SELECT count(*) FROM vpc_flow_logs WHERE vpc_id = 'vpc-1'`, 0, 0},
		{`SELECT count(*) FROM (SELECT start FROM vpc_flow_logs WHERE start >= 1772420000 ORDER BY start LIMIT 1)`, 2, 1},
		{`SELECT sum(bytes)::BIGINT FROM (SELECT * FROM vpc_flow_logs WHERE start BETWEEN 1772420000 AND 1772421000 ORDER BY start LIMIT 1)`, 1, 300},
		{`SELECT count(*) FROM (SELECT start AS file_index, dstport AS file_row_number FROM vpc_flow_logs) SEMI JOIN
			(SELECT start AS file_index, dstport AS file_row_number FROM vpc_flow_logs WHERE start < 1772410000) USING (file_index, file_row_number)`, 3, 2},
	}
	for _, tc := range tests {
		cost, err := e.ExplainSQL(t.Context(), tc.sql, query.Scope{})
		if err != nil {
			t.Errorf("%s: %v", tc.sql, err)
			continue
		}
		if len(cost.Files) != tc.files || cost.FilesTotal != 3 {
			t.Errorf("%s: reads %d of %d files, want %d of 3", tc.sql, len(cost.Files), cost.FilesTotal, tc.files)
		}
		rows, err := e.RunSQL(t.Context(), tc.sql, query.Scope{}, query.Limits{})
		if diff := cmp.Diff([][]any{{tc.count}}, all(t, rows, err)); diff != "" {
			t.Errorf("%s: %s", tc.sql, diff)
		}
	}
}

// TestScopeSQL checks that SQL sees the scope's records only.
func TestScopeSQL(t *testing.T) {
	e := newEngine(t, someRecords(t))
	scope := query.Scope{From: time.Unix(1772409600, 0), To: time.Unix(1772420400, 0), Interfaces: []string{"eni-1", "eni-2"}}
	rows, err := e.RunSQL(t.Context(), "SELECT srcaddr FROM vpc_flow_logs ORDER BY 1", scope, query.Limits{})
	if diff := cmp.Diff([][]any{{"10.0.0.1"}, {"10.0.0.2"}}, all(t, rows, err)); diff != "" {
		t.Error(diff)
	}
}

// TestValues checks the forms of values that SQL gives.
func TestValues(t *testing.T) {
	e := newEngine(t, someRecords(t))
	rows, err := e.RunSQL(t.Context(), `SELECT sum(bytes), 1::UTINYINT, 1.50::DECIMAL(9,2), [1, NULL], {'a': 'x'}, DATE '2026-03-02',
		INTERVAL 90 SECOND, -0.05::DECIMAL(9,2), TIMESTAMP '2026-03-02 10:00:00', NULL, true, 170141183460469231731687303715884105727::HUGEINT,
		any_value(weir_unknown) FILTER (weir_unknown IS NOT NULL), 'ab'::BLOB, '6f1b2c0e-0000-4000-8000-000000000001'::UUID FROM vpc_flow_logs`,
		query.Scope{}, query.Limits{})
	got := all(t, rows, err)[0]
	for i := range got {
		if s, ok := got[i].(interface{ String() string }); ok && i == 11 {
			got[i] = s.String()
		}
	}
	want := []any{
		int64(600), int64(1), query.Decimal("1.50"),
		[]any{int64(1), nil},
		map[string]any{"a": "x"},
		"2026-03-02",
		"1m30s", query.Decimal("-0.05"), time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), nil, true, "170141183460469231731687303715884105727",
		map[string]string{"hue": "blue"},
		"6162", "6f1b2c0e-0000-4000-8000-000000000001",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
