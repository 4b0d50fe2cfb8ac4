package duckdb

import (
	"errors"
	"io"
	"strings"
	"testing"

	"weir/internal/query"
)

// outcome runs SQL to its end and returns its error's message, or "".
func outcome(t *testing.T, e *Engine, sql string) string {
	t.Helper()
	rows, err := e.RunSQL(t.Context(), sql, query.Scope{}, query.Limits{})
	if err == nil {
		defer rows.Close()
		for err == nil {
			_, err = rows.Next()
		}
	}
	if errors.Is(err, io.EOF) {
		return ""
	}
	if _, ok := errors.AsType[*query.TextError](err); !ok {
		t.Errorf("%s: %v shows no place", sql, err)
	}
	return err.Error()
}

// TestGrowth checks that no call makes a value that is too large for the memory
// limit, and that those of usual size pass.
func TestGrowth(t *testing.T) {
	e := newEngine(t, someRecords(t))
	for _, tc := range []struct{ sql, want string }{
		{"SELECT repeat('ab', 3)", ""},
		{"SELECT repeat(srcaddr, 10000) FROM vpc_flow_logs", ""},
		{"SELECT repeat('x', -1), repeat('x', 0), lpad('x', -1, 'y')", ""},
		{"SELECT lpad(dstport::VARCHAR, 20, '0'), lpad('a', 20, ' '), rpad('a', 20::INT, ' '), lpad('b', 20, '-'), rpad('c', 20, '-') FROM vpc_flow_logs", ""},
		{"SELECT unnest(range(24)), [lpad(x::VARCHAR, 2, '0') FOR x IN range(1, 60)]", ""},
		{"SELECT generate_series(0, 86400, 300)", ""},
		{"SELECT len(range(10, 0, -2)), len(range(1, 5, 0)), len(range(5, 1)), len(range(1, 5, -1)), len(range(1, 10, 4))", ""},
		{"SELECT len(range(10000))", ""},
		{"SELECT list_transform(range(100), x -> list_transform(range(100), y -> bytes)) FROM vpc_flow_logs", ""},
		{"SELECT len(range(0, 30001, 3))", "range needs whole numbers here, written out, and makes lists of at most 10000"},
		{"SELECT len(generate_series(1, 10001))", "generate_series needs whole numbers here, written out, and makes lists of at most 10000"},
		{"SELECT count(*) FROM range(1000000)", ""},
		{"SELECT count(*) FROM range(TIMESTAMP '2026-03-02', TIMESTAMP '2026-03-03', INTERVAL 1 HOUR)", ""},
		{"SELECT printf('%5d %-12s %.2f of 123456789', 1, 'x', 1.5), format('{:>12} {:,} 99999', 1, 2)", ""},
		{"SELECT list_resize([1], 5), bitstring('1', 8), [1, 2]::INT[2]", ""},
		{"SELECT string_agg(srcaddr, ', '), list(bytes) FROM vpc_flow_logs", ""},

		{"SELECT length(repeat('x', 3000000000))", "repeat needs a whole number here, written out and at most 10000"},
		{"SELECT main.REPEAT('x', 20000)", "repeat needs a whole number here, written out and at most 10000"},
		{"SELECT repeat('x', bytes) FROM vpc_flow_logs", "repeat needs a whole number here, written out and at most 10000"},
		{"SELECT repeat('x', 3e9)", "repeat needs a whole number here, written out and at most 10000"},
		{"SELECT repeat('x', 10 * 100)", "repeat needs a whole number here, written out and at most 10000"},
		{"SELECT repeat([1], 30000)", "repeat needs a whole number here, written out and at most 10000"},
		{"SELECT list_transform(range(200), x -> list_transform(range(200), y -> bytes)) FROM vpc_flow_logs", "the query could make a value of more than 10000 elements"},
		{"SELECT repeat(repeat(srcaddr, 200), 200) FROM vpc_flow_logs", "the query could make a value of more than 10000 elements"},
		{"SELECT repeat(repeat('x', 10000), 10000)", "the query could make a value of more than 10000 elements"},
		{"WITH t AS (SELECT repeat('x', 1000) AS s) SELECT repeat(s, 2000) FROM t", "the query could make a value of more than 10000 elements"},
		{"SELECT repeat('" + strings.Repeat("x", 1000) + "', 2000)", "the query could make a value of more than 10000 elements"},
		{"SELECT repeat(lpad('x', 1000, 'y'), 2000)", "the query could make a value of more than 10000 elements"},
		{"SELECT lpad('x', 300000000, 'y')", "lpad needs a whole number here, written out and at most 10000"},
		{"SELECT rpad(srcaddr, packets::INT, 'y') FROM vpc_flow_logs", "rpad needs a whole number here, written out and at most 10000"},
		{"SELECT len(range(100000000))", "range needs whole numbers here, written out, and makes lists of at most 10000"},
		{"SELECT len(range(0, 1000000, 10))", "range needs whole numbers here, written out, and makes lists of at most 10000"},
		{"SELECT len(range(0, -1000000, -10))", "range needs whole numbers here, written out, and makes lists of at most 10000"},
		{"SELECT len(generate_series(1, bytes)) FROM vpc_flow_logs", "generate_series needs whole numbers here, written out, and makes lists of at most 10000"},
		{"SELECT * FROM unnest(range(100000000))", "range needs whole numbers here, written out, and makes lists of at most 10000"},
		{"SELECT len(range(TIMESTAMP '2000-01-01', TIMESTAMP '2020-01-01', INTERVAL 1 SECOND))", "range needs whole numbers here, written out, and makes lists of at most 10000"},
		{"SELECT list_transform(range(1000), x -> range(2000))", "the query could make a value of more than 10000 elements"},
		{"SELECT list_resize([1], 50000000)", "list_resize needs a whole number here, written out and at most 10000"},
		{"SELECT array_resize([1], 50000000, 3)", "array_resize needs a whole number here, written out and at most 10000"},
		{"SELECT bitstring('1', 300000000)", "bitstring needs a whole number here, written out and at most 10000"},
		{"SELECT NULL::INT[9999][9999]", "the query could make a value of more than 10000 elements"},
		{"SELECT format('{:>300000000}', 'x')", "format needs its text written out, with widths of at most 10000"},
		{"SELECT format('{:>{}}', 'x', 300000000)", "format needs its text written out, with widths of at most 10000"},
		{"SELECT printf('%300000000d', 1)", "printf needs its text written out, with widths of at most 10000"},
		{"SELECT printf('%.99999999999999999999f', 1.0)", "printf needs its text written out, with widths of at most 10000"},
		{"SELECT printf('%*d', 300000000, 1)", "printf needs its text written out, with widths of at most 10000"},
		{"SELECT printf(srcaddr, 1) FROM vpc_flow_logs", "printf needs its text written out, with widths of at most 10000"},
		{"SELECT sleep_ms(100000)", "the function sleep_ms is not allowed here"},
	} {
		if got := outcome(t, e, tc.sql); got != tc.want {
			t.Errorf("%.100s: %q, want %q", tc.sql, got, tc.want)
		}
		if _, err := e.ExplainSQL(t.Context(), tc.sql, query.Scope{}); (err == nil) != (tc.want == "") {
			t.Errorf("explain %.100s: %v", tc.sql, err)
		}
	}
}

// TestOwnTables checks that a name in WITH opens none of DuckDB's own tables.
func TestOwnTables(t *testing.T) {
	e := newEngine(t, someRecords(t))
	for _, name := range []string{"pg_settings", "duckdb_views", "duckdb_databases", "sqlite_master", "pragma_database_list"} {
		if !e.reserved[name] {
			t.Errorf("%s is not known as DuckDB's own", name)
		}
	}
	for name := range e.reserved {
		for _, sql := range []string{
			"WITH " + name + " AS (SELECT * FROM " + name + ") SELECT * FROM " + name,
			"WITH " + strings.ToUpper(name) + " AS (SELECT 1) SELECT * FROM " + strings.ToUpper(name),
			"SELECT * FROM (WITH " + name + " AS (SELECT 1) SELECT 1) t, " + name,
		} {
			if got := outcome(t, e, sql); !strings.Contains(strings.ToLower(got), "duckdb has a table "+name+" of its own") {
				t.Errorf("%s: %q", sql, got)
			}
		}
		if got, want := outcome(t, e, "SELECT * FROM "+name), "no table "+name+" here"; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	// DuckDB finds these only with their schema.
	if got := outcome(t, e, "WITH tables AS (SELECT 1), columns AS (SELECT * FROM tables) SELECT * FROM columns"); got != "" {
		t.Error(got)
	}
}

// TestNoText checks that bytes that are no text are refused with their place.
func TestNoText(t *testing.T) {
	e := newEngine(t, someRecords(t))
	for sql, want := range map[string]int{
		"SELECT 1\x00; DROP VIEW x":       8,
		"\x00":                            0,
		"SELECT '\x00'":                   8,
		"SELECT '\xff'":                   8,
		"SELECT 'é\xc3'":                  10,
		"SELECT * FROM vpc_flow_logs\xe2": 27,
	} {
		_, err := e.RunSQL(t.Context(), sql, query.Scope{}, query.Limits{})
		te, ok := errors.AsType[*query.TextError](err)
		if !ok {
			t.Errorf("%q: %v", sql, err)
			continue
		}
		if te.Offset != want {
			t.Errorf("%q: the error is at %d, want %d", sql, te.Offset, want)
		}
	}
	if got := outcome(t, e, "SELECT '\ufffd', chr(0)"); got != "" {
		t.Error(got)
	}
}

// TestParseError checks that an error of DuckDB is known whether its kind stands
// before it or not.
func TestParseError(t *testing.T) {
	const body = `{"exception_type":"Parser","exception_message":"bad Error: {x}\nmore","position":"7"}`
	for _, text := range []string{body, "Parser Error: " + body, "Invalid Input Error: " + body} {
		err := parseError(errors.New(text), 2)
		e, ok := errors.AsType[*duckError](err)
		if !ok || e.Class != "Parser" || e.Error() != "bad Error: {x}" || e.Position != "5" {
			t.Errorf("%s: %#v", text, err)
		}
	}
	for _, text := range []string{"Parser Error: bad", "x", `{"a":1}`} {
		if err := parseError(errors.New(text), 0); err.Error() != text {
			t.Errorf("%s: %v", text, err)
		}
	}
}
