package compile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
)

// catalog is tables by "database.name".
type catalog map[string]*compile.Table

func (c catalog) Table(_ context.Context, database, name string) (*compile.Table, error) {
	return c[database+"."+name], nil
}

func (c catalog) Tables(_ context.Context, database string) ([]string, error) {
	var out []string
	for name := range c {
		if table, ok := strings.CutPrefix(name, database+"."); ok {
			out = append(out, table)
		}
	}
	return out, nil
}

func kind(k types.Kind) types.Type { return types.Type{Kind: k} }

func tables() catalog {
	columns := []compile.Column{
		{Name: "srcaddr", Type: kind(types.Varchar)},
		{Name: "dstport", Type: kind(types.Integer)},
		{Name: "bytes", Type: kind(types.BigInt)},
		{Name: "start", Type: kind(types.BigInt)},
		{Name: "at", Type: types.Type{Kind: types.Timestamp, Precision: 3}},
		{Name: "region", Type: kind(types.Varchar), Partition: true},
		{Name: "day", Type: kind(types.Varchar), Partition: true},
		{Name: "date", Type: kind(types.Date), Partition: true},
		{Name: "total", Type: kind(types.BigInt), Hidden: true, SQL: `"bytes" * 2`},
		{Name: "$path", Type: kind(types.Varchar), Hidden: true, Object: true},
	}
	return catalog{
		"weir.flows": {Database: "weir", Name: "flows", Columns: columns},
		"weir.other": {Database: "weir", Name: "other", Columns: columns},
	}
}

func compiled(t *testing.T, text string, parameters ...string) (*compile.Query, error) {
	t.Helper()
	s, err := athenasql.Parse(text)
	if err != nil {
		return nil, err
	}
	q, err := compile.Compile(t.Context(), s.(*athenasql.Query), compile.Options{
		Catalog: tables(), Database: "weir", Now: time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC), Parameters: parameters,
	})
	if placed, ok := errors.AsType[*athenasql.Error](err); ok {
		err = placed.Place(text)
	}
	return q, err
}

// TestConditions has what WHERE becomes: a column beside a constant stays as it is, so that DuckDB's statistics of files work.
func TestConditions(t *testing.T) {
	for _, test := range []struct{ where, want string }{
		{"dstport = 443", `(r0."dstport" = 443)`},
		{"bytes > 1000", `(r0."bytes" > 1000)`},
		{"bytes > 1000.0", `(r0."bytes" > 1000)`},
		{"bytes >= 1 AND bytes <= 2", `((r0."bytes" >= 1) AND (r0."bytes" <= 2))`},
		{"srcaddr = '10.0.0.1'", `(r0."srcaddr" = '10.0.0.1')`},
		{"dstport IN (22, 3389)", `(r0."dstport" IN (22, 3389))`},
		{"srcaddr NOT LIKE '10.%'", `(r0."srcaddr" NOT LIKE '10.%')`},
		{"date = DATE '2026-01-05'", `(r0."date" = DATE '2026-01-05')`},
		{"date = DATE('2026-01-05')", `(r0."date" = DATE '2026-01-05')`},
		{"date > CAST('2026-01-05' AS date)", `(r0."date" > DATE '2026-01-05')`},
		{"date > current_date - INTERVAL '7' DAY", `(r0."date" > DATE '2026-01-01')`},
		{"start > to_unixtime(now() - INTERVAL '1' HOUR)", `(r0."start" > 1767870000)`},
		{"to_unixtime(TIMESTAMP '2026-01-08 00:00:00.5 UTC') <= start", `(r0."start" >= 1767830401)`},
		{"from_unixtime(start) > current_timestamp - INTERVAL '1' HOUR", `(r0."start" > 1767870000)`},
		{"from_unixtime(start) BETWEEN TIMESTAMP '2026-01-08 00:00:00.5 UTC' AND TIMESTAMP '2026-01-08 01:00 +01:00'", `((r0."start" >= 1767830401) AND (r0."start" <= 1767830400))`},
		{"bytes < 1.5e3", `(r0."bytes" < 1500)`},
		{"bytes < 1e300", `(CAST(r0."bytes" AS DOUBLE) < CAST('1e+300' AS DOUBLE))`},
		{"at >= TIMESTAMP '2026-01-05 10:00'", `(r0."at" >= TIMESTAMP '2026-01-05 10:00:00')`},
		{"dstport BETWEEN 1 AND 1023", `((r0."dstport" >= 1) AND (r0."dstport" <= 1023))`},
		{"dstport > bytes", `(r0."dstport" > r0."bytes")`},
		{"srcaddr = ?", `(r0."srcaddr" = 'it''s')`},
	} {
		var parameters []string
		if strings.Contains(test.where, "?") {
			parameters = []string{"'it''s'"}
		}
		q, err := compiled(t, "SELECT 1 FROM flows WHERE "+test.where, parameters...)
		if err != nil {
			t.Errorf("%s: %v", test.where, err)
			continue
		}
		want := `SELECT CAST(1 AS INTEGER) AS "_col0" FROM "t0" AS r0 WHERE ` + test.want
		if diff := cmp.Diff(want, q.SQL); diff != "" {
			t.Errorf("%s:\n%s", test.where, diff)
		}
	}
}

// TestScans has which columns of tables are read, and which conditions bound their partitions.
func TestScans(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string // of each scan: relation table [columns] partitions
	}{
		{"SELECT srcaddr FROM flows", []string{"t0 flows [srcaddr]"}},
		{"SELECT total, bytes FROM flows", []string{"t0 flows [bytes total]"}},
		{
			"SELECT srcaddr FROM flows WHERE day >= '2026/01/01' AND bytes > 1 AND region IN ('a', 'b')",
			[]string{`t0 flows [srcaddr bytes region day] ("day" >= '2026/01/01') AND ("region" IN ('a', 'b'))`},
		},
		{"SELECT srcaddr FROM flows WHERE day = 'a' OR region = 'b'", []string{`t0 flows [srcaddr region day] (("day" = 'a') OR ("region" = 'b'))`}},
		{"SELECT srcaddr FROM flows WHERE day = 'a' OR bytes = 1", []string{`t0 flows [srcaddr bytes day]`}},
		{"SELECT srcaddr FROM flows WHERE day = srcaddr", []string{`t0 flows [srcaddr day]`}},
		{"SELECT f.srcaddr FROM flows f JOIN other o ON f.day = o.day AND o.region = 'x' WHERE f.region = 'y'", []string{
			`t0 flows [srcaddr region day] ("region" = 'y')`, `t1 other [region day] ("region" = 'x')`,
		}},
		// An absent row of the right side may not come about by pruning.
		{"SELECT f.srcaddr FROM flows f LEFT JOIN other o ON f.day = o.day AND o.region = 'x' AND f.region = 'z' WHERE o.date IS NULL", []string{
			`t0 flows [srcaddr region day]`, `t1 other [region day date] ("region" = 'x')`,
		}},
		{"SELECT f.srcaddr FROM flows f FULL JOIN other o ON f.day = o.day AND o.region = 'x' WHERE f.day = 'a'", []string{
			`t0 flows [srcaddr day]`, `t1 other [region day]`,
		}},
		// What is listed of objects, alone or with keys.
		{"SELECT bytes FROM flows WHERE \"$path\" LIKE '%x' AND day = 'a' AND (region = 'b' OR \"$path\" = 'y') AND \"$path\" <> srcaddr", []string{
			`t0 flows [srcaddr bytes region day $path] ("day" = 'a') objects ("$path" LIKE '%x') AND (("region" = 'b') OR ("$path" = 'y'))`,
		}},
		// Through queries whose rows are those of the table.
		{"WITH f AS (SELECT day AS d, bytes FROM flows) SELECT bytes FROM f WHERE d = 'a'", []string{`t0 flows [bytes day] ("day" = 'a')`}},
		{"WITH f AS (SELECT day AS d, bytes FROM flows LIMIT 5) SELECT bytes FROM f WHERE d = 'a'", []string{`t0 flows [bytes day]`}},
		{"SELECT d FROM (SELECT DISTINCT day AS d FROM flows) WHERE d = 'a'", []string{`t0 flows [day] ("day" = 'a')`}},
		{"SELECT d FROM (SELECT day AS d FROM flows GROUP BY day) WHERE d = 'a'", []string{`t0 flows [day] ("day" = 'a')`}},
		{"SELECT d FROM (SELECT day AS d FROM flows GROUP BY ROLLUP (day)) WHERE d IS NULL", []string{`t0 flows [day]`}},
		// A table that is read twice is two scans.
		{"SELECT 1 FROM flows WHERE day = 'a' AND EXISTS (SELECT 1 FROM flows g WHERE g.day = 'b' AND g.region = flows.region)", []string{
			`t0 flows [region day] ("day" = 'a')`, `t1 flows [region day] ("day" = 'b')`,
		}},
	} {
		q, err := compiled(t, test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		var got []string
		for _, s := range q.Scans {
			got = append(got, strings.TrimSpace(strings.TrimSuffix(s.Relation+" "+s.Table.Name+" ["+strings.Join(s.Columns, " ")+"] "+s.Partitions+" objects "+s.Objects, " objects ")))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.text, diff)
		}
	}
}

// TestPinned has which values conditions give to partition keys.
func TestPinned(t *testing.T) {
	for where, want := range map[string]map[string][]string{
		"day = 'it''s'": {"day": {"it's"}},
		"'a' = day AND region IN ('b', 'c AND day')":   {"day": {"a"}, "region": {"b", "c AND day"}},
		"day = 'a' AND day IN ('b')":                   {"day": {"a", "b"}},
		"day = 'a' OR day = 'b'":                       nil,
		"day <> 'a' AND region NOT IN ('b')":           nil,
		"day = region":                                 nil,
		"day IN ('a', region)":                         nil,
		"day = 'a' || 'b' AND srcaddr = 'x' AND 1 = 1": nil,
		"day = ?": {"day": {"it's"}},
	} {
		var parameters []string
		if strings.Contains(where, "?") {
			parameters = []string{"'it''s'"}
		}
		for _, text := range []string{"SELECT bytes FROM flows WHERE " + where, "SELECT 1 FROM (SELECT srcaddr, region, bytes, day FROM flows) f WHERE " + where} {
			q, err := compiled(t, text, parameters...)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if diff := cmp.Diff(want, q.Scans[0].Pinned); diff != "" {
				t.Errorf("%s:\n%s", text, diff)
			}
		}
	}
	q, err := compiled(t, "WITH f AS (SELECT day AS d, region AS day FROM flows) SELECT 1 FROM f WHERE d = 'a'")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]string{"day": {"a"}}, q.Scans[0].Pinned); diff != "" {
		t.Error("by another name:", diff)
	}
}

func TestRefuses(t *testing.T) {
	for _, test := range []struct {
		text       string
		parameters []string
		want, hint string
	}{
		{"SELECT srcadr FROM flows", nil, "COLUMN_NOT_FOUND: line 1:8: Column 'srcadr' cannot be resolved", "did you mean 'srcaddr'?"},
		{"SELECT srcaddr FROM flow", nil, "TABLE_NOT_FOUND: line 1:21: Table 'awsdatacatalog.weir.flow' does not exist", "did you mean 'flows'?"},
		{"SELECT 1 FROM c.weir.flows", nil, "CATALOG_NOT_FOUND: line 1:15: Catalog 'c' does not exist", "the only catalog is AwsDataCatalog"},
		{"SELECT bytes b FROM flows WHERE b = 1", nil, "COLUMN_NOT_FOUND: line 1:33: Column 'b' cannot be resolved", "a name of the SELECT list can't be used here: write its expression"},
		{"SELECT bytes FROM flows f, other o", nil, "AMBIGUOUS_NAME: line 1:8: Column 'bytes' is ambiguous", ""},
		{"SELECT srcaddr FROM flows WHERE srcaddr = 10", nil, "TYPE_MISMATCH: line 1:41: Cannot apply operator: varchar = integer", "a number is written without quotes, a text with them: CAST(x AS bigint), CAST(x AS varchar)"},
		{"SELECT 1 FROM flows WHERE bytes > now()", nil, "TYPE_MISMATCH: line 1:33: Cannot apply operator: bigint > timestamp(3) with time zone", "from_unixtime(x) is the time of seconds since 1970, to_unixtime(t) the seconds of a time"},
		{"SELECT current_date - 7", nil, "TYPE_MISMATCH: line 1:21: Cannot apply operator: date - integer", "a span of time is written INTERVAL '7' DAY"},
		{"SELECT srcaddr FROM flows WHERE bytes", nil, "TYPE_MISMATCH: line 1:33: WHERE clause must evaluate to a boolean: actual type bigint", ""},
		{"SELECT 1 FROM flows ORDER BY 2", nil, "INVALID_COLUMN_REFERENCE: line 1:30: ORDER BY position 2 is not in select list", ""},
		{"SELECT ?", nil, "INVALID_PARAMETER_USAGE: line 1:8: Incorrect number of parameters: expected 1 but found 0", ""},
		{"SELECT 1", []string{"1"}, "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 0 but found 1", ""},
		{"SELECT ?", []string{"srcaddr"}, "INVALID_PARAMETER_USAGE: line 1:8: parameter 1 is no literal: srcaddr", "a parameter is an SQL literal: texts are in single quotes"},
		{"SELECT t.* FROM flows f", nil, "COLUMN_NOT_FOUND: line 1:8: Unable to resolve reference t", ""},
		{"SELECT *", nil, "COLUMN_NOT_FOUND: line 1:8: SELECT * not allowed in queries without FROM clause", ""},
		{"SELECT * FROM (VALUES (1, 2)) t(a)", nil, "MISMATCHED_COLUMN_ALIASES: line 1:15: Column alias list has 1 entries but 't' has 2 columns available", ""},
		{"SELECT 1 FROM flows WHERE (SELECT 1, 2) = 1", nil, "NOT_SUPPORTED: line 1:28: Multiple columns returned by subquery are not yet supported. Found 2", ""},
		{"WITH a AS (SELECT nothing) SELECT 1", nil, "COLUMN_NOT_FOUND: line 1:19: Column 'nothing' cannot be resolved", ""},
		{"SELECT bytes" + strings.Repeat(" / bytes", 100) + " FROM flows", nil, "EXCEEDED_LIMIT: line 1:8: the query becomes too large", "WITH, views and what is divided by a column are repeated where they are read"},
		{"SELECT 99999999999999999999", nil, "INVALID_LITERAL: line 1:8: Invalid numeric literal: 99999999999999999999", "write it as a decimal: 99999999999999999999."},
	} {
		_, err := compiled(t, test.text, test.parameters...)
		placed, ok := errors.AsType[*athenasql.Error](err)
		if !ok || placed.Error() != test.want || placed.Hint != test.hint {
			t.Errorf("%s: %v, want %s (%s)", test.text, err, test.want, test.hint)
			if ok {
				t.Errorf("hint %q", placed.Hint)
			}
		}
	}
}

// FuzzCompile looks for a statement on which the compiler breaks: it says what is wrong, or gives SQL whose columns and scans are whole.
func FuzzCompile(f *testing.F) {
	scripts, err := filepath.Glob("testdata/*.script")
	if err != nil || len(scripts) == 0 {
		f.Fatalf("no scripts: %v", err)
	}
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for block := range strings.SplitSeq(string(text), "\n\n") {
			query, _, _ := strings.Cut(block, "\n---- ")
			f.Add(query)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := athenasql.Parse(text)
		if err != nil {
			return
		}
		query, ok := s.(*athenasql.Query)
		if !ok {
			return
		}
		q, err := compile.Compile(t.Context(), query, compile.Options{Catalog: tables(), Database: "weir", Now: time.Unix(0, 0)})
		if err != nil {
			placed, ok := errors.AsType[*athenasql.Error](err)
			if !ok || placed.Message == "" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if len(q.Columns) == 0 || strings.ContainsRune(q.SQL, 0) {
			t.Fatalf("%q: %q", text, q.SQL)
		}
		for _, s := range q.Scans {
			if s.Partitions+s.Objects != "" && len(s.Columns) == 0 {
				t.Fatalf("%q: a condition over partitions of a scan that reads none: %s", text, s.Partitions)
			}
		}
	})
}
