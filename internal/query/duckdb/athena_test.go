package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
	"weir/internal/query"
)

var (
	varchar = types.Type{Kind: types.Varchar}
	bigint  = types.Type{Kind: types.BigInt}
	date    = types.Type{Kind: types.Date}
)

// hourly is a table of the lake with keys that derive from weir_hour.
func hourly() *compile.Table {
	return &compile.Table{
		Name: "vpc_flow_logs",
		Columns: []compile.Column{
			{Name: "srcaddr", Type: varchar},
			{Name: "bytes", Type: bigint},
			{Name: "dstport", Type: types.Type{Kind: types.Integer}},
			{Name: "day", Type: date, Partition: true, SQL: `CAST("weir_hour" AS DATE)`},
			{Name: "hour", Type: varchar, Partition: true, SQL: `strftime("weir_hour", '%H')`},
		},
		Source: LakeTable{Kind: flowlog.KindVPC, Uses: map[string][]string{"day": {"weir_hour"}, "hour": {"weir_hour"}}},
	}
}

// sixHours is a lake of two records in each of six hours from 2026-03-02T21:00:00Z: hour n has bytes n and 10n, and dstport 440+n.
func sixHours(t *testing.T) *Engine {
	t.Helper()
	from := time.Date(2026, 3, 2, 21, 0, 0, 0, time.UTC).Unix()
	var batches []*flowlog.Batch
	for n := range int64(6) {
		b := flowlog.NewBatch(flowlog.KindVPC)
		for _, bytes := range []int64{n, 10 * n} {
			r := b.Append()
			r.SetInt(flowlog.WeirHour, from+n*3600)
			r.SetInt(flowlog.Start, from+n*3600+5)
			r.SetInt(flowlog.Bytes, bytes)
			r.SetInt(flowlog.DstPort, 440+n)
			r.SetText(flowlog.SrcAddr, fmt.Sprintf("10.0.0.%d", n))
		}
		batches = append(batches, b)
	}
	return newEngine(t, batches)
}

func rowsOf(t *testing.T, e *Engine, in AthenaInput, l query.Limits) (_ [][]any, cost query.Cost, err error) {
	t.Helper()
	rows, err := e.Athena(t.Context(), in, l)
	if err != nil {
		return nil, cost, err
	}
	defer rows.Close()
	var out [][]any
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return out, rows.Cost, nil
		}
		if err != nil {
			return nil, rows.Cost, err
		}
		out = append(out, append([]any(nil), row...))
	}
}

func results(n int) []compile.Result {
	out := make([]compile.Result, n)
	for i := range out {
		out[i] = compile.Result{Name: fmt.Sprint("c", i), Type: bigint}
	}
	return out
}

// TestAthenaPrunes leaves out files by partition keys and by statistics, for each scan by its own.
func TestAthenaPrunes(t *testing.T) {
	e := sixHours(t)
	scan := func(relation, partitions string, columns ...string) compile.Scan {
		return compile.Scan{Relation: relation, Table: hourly(), Columns: columns, Partitions: partitions}
	}
	for _, tc := range []struct {
		name, sql string
		scans     []compile.Scan
		want      []any
		files     int
	}{
		{"all", `SELECT CAST(sum("bytes") AS BIGINT) FROM "r0"`, []compile.Scan{scan("r0", "", "bytes")}, []any{int64(165)}, 6},
		{"count alone", `SELECT count(*) FROM "r0"`, []compile.Scan{scan("r0", "")}, []any{int64(12)}, 6},
		{
			"day", `SELECT CAST(sum("bytes") AS BIGINT) FROM "r0" WHERE CAST("weir_hour" AS DATE) = DATE '2026-03-03'`,
			[]compile.Scan{scan("r0", `"day" = DATE '2026-03-03'`, "bytes", "day")},
			[]any{int64(132)},
			3,
		},
		{
			"day and hour", `SELECT count(*) FROM "r0" WHERE CAST("weir_hour" AS DATE) = DATE '2026-03-03' AND strftime("weir_hour", '%H') = '01'`,
			[]compile.Scan{scan("r0", `"day" = DATE '2026-03-03' AND "hour" = '01'`, "day", "hour")},
			[]any{int64(2)},
			1,
		},
		{
			"statistics", `SELECT count(*) FROM "r0" WHERE "dstport" = 442`,
			[]compile.Scan{scan("r0", "", "dstport")},
			[]any{int64(2)},
			1,
		},
		{
			"each by its own", `SELECT (SELECT count(*) FROM "r0"), (SELECT count(*) FROM "r1" WHERE "dstport" >= 444), (SELECT count(*) FROM "r2" WHERE "dstport" = 440)`,
			[]compile.Scan{scan("r0", ""), scan("r1", "", "dstport"), scan("r2", "", "dstport")},
			[]any{int64(12), int64(4), int64(2)},
			6,
		},
		{
			"a mark of its own", `SELECT (SELECT count(*) FROM "r0"), (SELECT count(*) FROM "r1" WHERE "dstport" = 440 AND "weir_hour" <> TIMESTAMP '1000-01-01 00:00:00')`,
			[]compile.Scan{scan("r0", ""), scan("r1", "", "dstport", "day")},
			[]any{int64(12), int64(2)},
			6,
		},
		{
			"twice", `WITH "x" AS (SELECT * FROM "r0" WHERE "dstport" = 441) SELECT (SELECT count(*) FROM "x"), (SELECT count(*) FROM "x" WHERE "bytes" > 1), (SELECT count(*) FROM "r1")`,
			[]compile.Scan{scan("r0", "", "dstport", "bytes"), scan("r1", "")},
			[]any{int64(2), int64(1), int64(12)},
			6,
		},
		{"none", `SELECT count(*) FROM "r0"`, []compile.Scan{scan("r0", `"day" > DATE '2027-01-01'`)}, []any{int64(0)}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := AthenaInput{Query: &compile.Query{SQL: tc.sql, Columns: results(len(tc.want)), Scans: tc.scans}}
			got, cost, err := rowsOf(t, e, in, query.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]any{tc.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(cost.Files) != tc.files || cost.FilesTotal != 6*len(tc.scans) {
				t.Errorf("reads %d of %d files, want %d", len(cost.Files), cost.FilesTotal, tc.files)
			}
		})
	}
}

// TestAthenaBytes counts the bytes of the columns that are read.
func TestAthenaBytes(t *testing.T) {
	e := sixHours(t)
	in := AthenaInput{Query: &compile.Query{
		SQL: `SELECT count("bytes") FROM "r0"`, Columns: results(1), Scans: []compile.Scan{{Relation: "r0", Table: hourly(), Columns: []string{"bytes"}}},
	}}
	cost, err := e.AthenaCost(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bytes"}, cost.Columns); diff != "" || cost.Bytes <= 0 || cost.Bytes >= cost.BytesTotal/4 {
		t.Errorf("reads %d of %d bytes: %s", cost.Bytes, cost.BytesTotal, diff)
	}
	_, _, err = rowsOf(t, e, in, query.Limits{MaxBytes: cost.Bytes})
	if err != nil {
		t.Error(err)
	}
	_, _, err = rowsOf(t, e, in, query.Limits{MaxBytes: cost.Bytes - 1})
	if !errors.Is(err, query.ErrLimit) || !strings.Contains(err.Error(), "EXCEEDED_LIMIT: Bytes scanned limit was exceeded") {
		t.Error(err)
	}
}

// TestAthenaPartitionList gives a row for each hour that has files.
func TestAthenaPartitionList(t *testing.T) {
	e := sixHours(t)
	table := hourly()
	keys := partitionKeys(table)
	list := &compile.Table{Name: "vpc_flow_logs$partitions", Source: LakeTable{Kind: flowlog.KindVPC, Partitions: true, Keys: keys}}
	in := AthenaInput{Query: &compile.Query{
		SQL: `SELECT count(*), count(DISTINCT "day") FROM "p"`, Columns: results(2), Scans: []compile.Scan{{Relation: "p", Table: list}},
	}}
	got, cost, err := rowsOf(t, e, in, query.Limits{})
	if diff := cmp.Diff([][]any{{int64(6), int64(2)}}, got); diff != "" || err != nil || len(cost.Files) != 0 {
		t.Errorf("%v, %d files: %s", err, len(cost.Files), diff)
	}
}

// partitioned is a table over objects: three files in two partitions, written where the engine may read.
func partitioned(t *testing.T, e *Engine) (*compile.Table, func(context.Context, *compile.Scan, Keep) (*AthenaObjects, error)) {
	t.Helper()
	one, two := "2026-03-02", "2026-03-03"
	partitions := [][]string{{one, NullPartition}, {two, one}}
	var files []AthenaFile
	for i, of := range []int{0, 1, 1} {
		path := filepath.Join(e.lake.Dir(), fmt.Sprintf("zz-%d.parquet", i))
		text := fmt.Sprintf("COPY (SELECT CAST(10 * %d + r AS BIGINT) AS n FROM range(3000) x(r)) TO %s (FORMAT parquet, ROW_GROUP_SIZE 2048)", i, quote(path))
		if _, err := e.db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		files = append(files, AthenaFile{Path: path, URL: fmt.Sprintf("s3://b/%d.log", i), Bytes: 1000, Partition: of})
	}
	table := &compile.Table{
		Name: "logs",
		Columns: []compile.Column{
			{Name: "n", Type: bigint},
			{Name: "d", Type: date, Partition: true},
			{Name: "t", Type: varchar, Partition: true},
			{Name: ObjectPath, Type: varchar, Hidden: true, Object: true},
			{Name: ObjectSize, Type: bigint, Hidden: true, Object: true},
		},
	}
	return table, func(ctx context.Context, scan *compile.Scan, keep Keep) (*AthenaObjects, error) {
		kept, err := keep.Partitions(ctx, [][]string{{one, two}, {NullPartition, one}}, false)
		if err != nil {
			return nil, err
		}
		out := &AthenaObjects{Partitions: partitions}
		for _, f := range files {
			for _, k := range kept {
				if k == f.Partition {
					out.Files = append(out.Files, f)
				}
			}
		}
		if scan.Objects == "" {
			return out, nil
		}
		places, err := keep.Objects(ctx, out.Files, partitions)
		all := out.Files
		out.Files = nil
		for _, p := range places {
			out.Files = append(out.Files, all[p])
		}
		return out, err
	}
}

// TestAthenaObjects reads files of partitions.
func TestAthenaObjects(t *testing.T) {
	e := sixHours(t)
	table, objects := partitioned(t, e)
	for _, tc := range []struct {
		name, sql, partitions, objects string
		columns                        []string
		want                           [][]any
		bytes                          int64
	}{
		{"all", `SELECT count(*), count("t") FROM "o"`, "", "", []string{"t"}, [][]any{{int64(9000), int64(6000)}}, 3000},
		{
			"by key", `SELECT strftime("d", '%d'), count(*), max("n"), min("n") FROM "o" WHERE "n" >= 2500 GROUP BY 1 ORDER BY 1`, "", "",
			[]string{"n", "d"},
			[][]any{{"02", int64(500), int64(2999), int64(2500)}, {"03", int64(1030), int64(3019), int64(2500)}},
			3000,
		},
		{"one partition", `SELECT count(*) FROM "o" WHERE "d" = DATE '2026-03-03'`, `"d" = DATE '2026-03-03'`, "", []string{"d"}, [][]any{{int64(6000)}}, 2000},
		{"null", `SELECT count(*) FROM "o" WHERE "t" IS NULL`, `"t" IS NULL`, "", []string{"t"}, [][]any{{int64(3000)}}, 1000},
		{"none", `SELECT count(*) FROM "o" WHERE "d" = DATE '2026-03-04'`, `"d" = DATE '2026-03-04'`, "", []string{"d"}, [][]any{{int64(0)}}, 0},
		{"no object of none", `SELECT count(*) FROM "o"`, `"d" = DATE '2026-03-04'`, `"$path" = 'x'`, []string{"d"}, [][]any{{int64(0)}}, 0},
		{"objects", `SELECT min("n"), count(*) FROM "o"`, "", `"$path" LIKE '%/1.log' OR "t" IS NULL`, []string{"n"}, [][]any{{int64(0), int64(6000)}}, 2000},
		{"an object of a partition", `SELECT min("n"), count(*) FROM "o"`, `"t" IS NOT NULL`, `"$path" <> 's3://b/1.log' AND "$file_size" = 1000`, []string{"n", "t"}, [][]any{{int64(20), int64(3000)}}, 1000},
		{
			"first rows", `SELECT "n", strftime("d", '%d') FROM "o" ORDER BY "n" DESC LIMIT 2`, "", "",
			[]string{"n", "d"},
			[][]any{{int64(3019), "03"}, {int64(3018), "03"}},
			3000,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := AthenaInput{Objects: objects, Query: &compile.Query{
				SQL: tc.sql, Columns: results(len(tc.want[0])), Scans: []compile.Scan{{Relation: "o", Table: table, Columns: tc.columns, Partitions: tc.partitions, Objects: tc.objects}},
			}}
			got, cost, err := rowsOf(t, e, in, query.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || cost.Bytes != tc.bytes {
				t.Errorf("%d bytes (-want +got):\n%s", cost.Bytes, diff)
			}
		})
	}
}

// TestAthenaFast runs the fast form of a query, and the other one where that fails with a cast alone.
func TestAthenaFast(t *testing.T) {
	e := sixHours(t)
	fail := func(code string) string { return "SELECT " + function.Fail(code, "fast") }
	for _, tc := range []struct{ name, fast, sql, want string }{
		{"fast", "SELECT 1", "SELECT 2", "[[1]] <nil>"},
		{"it fails with a cast", fail(athenasql.CodeInvalidCast), "SELECT 2", "[[2]] <nil>"},
		{"it fails otherwise", fail(athenasql.CodeDivisionByZero), "SELECT 2", "[] DIVISION_BY_ZERO: fast"},
		{"both fail", fail(athenasql.CodeInvalidCast), "SELECT " + function.Fail(athenasql.CodeInvalidCast, "guarded"), "[] INVALID_CAST_ARGUMENT: guarded"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows, _, err := rowsOf(t, e, AthenaInput{Query: &compile.Query{SQL: tc.sql, Fast: tc.fast, Columns: results(1)}}, query.Limits{})
			if got := fmt.Sprint(rows, " ", err); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// TestAthenaErrors gives errors of DuckDB by the names that Athena has for them, without its words.
func TestAthenaErrors(t *testing.T) {
	e := sixHours(t)
	for _, tc := range []struct{ name, sql, want string }{
		{"sum", `SELECT CAST(9223372036854775807 AS BIGINT) + CAST(1 AS BIGINT)`, "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow"},
		{"narrow", `SELECT CAST(CAST(3000000000 AS BIGINT) AS INTEGER)`, "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for integer: 3000000000"},
		{"text", `SELECT CAST("srcaddr" AS BIGINT) FROM "r0" WHERE "srcaddr" = '10.0.0.0'`, "INVALID_CAST_ARGUMENT: Cannot cast '10.0.0.0' to bigint"},
		{"date", `SELECT CAST("srcaddr" AS DATE) FROM "r0" WHERE "srcaddr" = '10.0.0.0'`, "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 10.0.0.0"},
		{"rows", `SELECT (SELECT "bytes" FROM "r0")`, "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows"},
		{"a long chain", `SELECT ` + strings.Repeat(`"bytes" + `, 3000) + `"bytes" FROM "r0"`, "EXCEEDED_LIMIT: an expression of the statement is nested too deeply, or has too many operators in a row"},
		{"wrong SQL", `SELECT no_such_function(1)`, "NOT_SUPPORTED: the statement came to SQL that can't be run: this is a fault of weir"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := AthenaInput{Query: &compile.Query{
				SQL: tc.sql, Columns: results(1), Scans: []compile.Scan{{Relation: "r0", Table: hourly(), Columns: []string{"bytes", "srcaddr"}}},
			}}
			_, _, err := rowsOf(t, e, in, query.Limits{})
			if err == nil || err.Error() != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

// TestAthenaLimits ends a query that takes too long or gives too much.
func TestAthenaLimits(t *testing.T) {
	e := sixHours(t)
	for _, tc := range []struct {
		name, sql string
		limits    query.Limits
		want      string
	}{
		{"time", `SELECT count(*) FROM range(100000000) a(i), range(100000000) b(j) WHERE (i * j) % 7 = 1`, query.Limits{Timeout: 50 * time.Millisecond}, "EXCEEDED_LIMIT: Query timeout"},
		{"rows", `SELECT i FROM range(10) a(i)`, query.Limits{MaxRows: 9}, "EXCEEDED_LIMIT: the result has more than 9 rows"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := rowsOf(t, e, AthenaInput{Query: &compile.Query{SQL: tc.sql, Columns: results(1)}}, tc.limits)
			if !errors.Is(err, query.ErrLimit) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
			if _, ok := errors.AsType[*athenasql.Error](err); !ok {
				t.Errorf("%v is no error of a statement", err)
			}
		})
	}
}

// TestAthenaLeavesNothing drops what a query made: the connection is used again.
func TestAthenaLeavesNothing(t *testing.T) {
	e := sixHours(t)
	in := AthenaInput{Query: &compile.Query{SQL: `SELECT 1 FROM "r0"`, Columns: results(1), Scans: []compile.Scan{{Relation: "r0", Table: hourly()}}}}
	if _, _, err := rowsOf(t, e, in, query.Limits{}); err != nil {
		t.Fatal(err)
	}
	conn, err := e.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var n int
	if err := conn.QueryRowContext(t.Context(), "SELECT count(*) FROM duckdb_views() WHERE view_name = 'r0'").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d views are left: %v", n, err)
	}
}

// TestKeepPartitions evaluates conditions over lists of partitions and over combinations of keys.
func TestKeepPartitions(t *testing.T) {
	e := sixHours(t)
	s, err := e.begin(t.Context(), &request{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.close() }()
	keys := []compile.Column{{Name: "d", Type: date}, {Name: "h", Type: types.Type{Kind: types.Integer}}, {Name: "r", Type: varchar}}
	product := [][]string{{"2026-03-02", "2026-03-03"}, {"00", "01", NullPartition}, {"a", "b"}}
	for _, tc := range []struct {
		name, condition string
		values          [][]string
		product         bool
		want            []int
	}{
		{"all of a product", "", product, true, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		{"of a product", `"d" = DATE '2026-03-03' AND "r" = 'b'`, product, true, []int{7, 9, 11}},
		{"null", `"h" IS NULL`, product, true, []int{4, 5, 10, 11}},
		{"number", `"h" = 1 AND "r" = 'a'`, product, true, []int{2, 8}},
		{"list", `"h" > 0`, [][]string{{"2026-03-02", "2026-03-02"}, {"0", "7"}, {"x", "y"}}, false, []int{1}},
		{"empty", `"h" > 0`, [][]string{nil, nil, nil}, false, nil},
		{"none", `"r" = 'c'`, product, true, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := s.keepPartitions(t.Context(), keys, tc.values, tc.product, tc.condition)
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestRowwise gives calls of natives a column of their arguments.
func TestRowwise(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{`SELECT r0."a" FROM t0 AS r0`, `SELECT r0."a" FROM t0 AS r0`},
		{`trino_ip(r0."a")`, `trino_ip_of(r0."a", r0."a")`},
		{`trino_ip('10.0.0.1')`, `trino_ip('10.0.0.1')`},
		{`trino_x(lower(r1."a ""b"), ') r0."c"') = 'trino_y(r0."d")'`, `trino_x_of(lower(r1."a ""b"), ') r0."c"', r1."a ""b") = 'trino_y(r0."d")'`},
		{`trino_a(trino_b(r0."c"), 1) + my_trino_a(r0."c")`, `trino_a_of(trino_b_of(r0."c", r0."c"), 1, r0."c") + my_trino_a(r0."c")`},
		{`trino_a('open`, `trino_a('open`},
	} {
		if got := rowwise(tc.text); got != tc.want {
			t.Errorf("%s\nis   %s\nwant %s", tc.text, got, tc.want)
		}
	}
}

// TestAthenaRowsThatMatter calls a native that fails for rows alone that come to it, and not for all values of a column's dictionary.
func TestAthenaRowsThatMatter(t *testing.T) {
	e := sixHours(t)
	path := filepath.Join(e.lake.Dir(), "zz.parquet")
	text := "COPY (SELECT CASE WHEN i % 10 = 0 THEN '-' ELSE '10.0.0.' || (i % 10) END AS a, CASE WHEN i % 10 = 0 THEN 'NODATA' ELSE 'OK' END AS s FROM range(20000) r(i)) TO " + quote(path)
	if _, err := e.db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	table := &compile.Table{Name: "logs", Columns: []compile.Column{{Name: "a", Type: varchar}, {Name: "s", Type: varchar}}}
	in := AthenaInput{
		Query: &compile.Query{
			SQL:     `SELECT count(*) FROM "o" AS r0 WHERE CASE WHEN r0."s" = 'OK' THEN trino_ip(r0."a") > '0' ELSE FALSE END`,
			Columns: results(1), Scans: []compile.Scan{{Relation: "o", Table: table, Columns: []string{"a", "s"}}},
		},
		Objects: func(context.Context, *compile.Scan, Keep) (*AthenaObjects, error) {
			return &AthenaObjects{Partitions: [][]string{{}}, Files: []AthenaFile{{Path: path}}}, nil
		},
	}
	got, _, err := rowsOf(t, e, in, query.Limits{})
	if diff := cmp.Diff([][]any{{int64(18000)}}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestAthenaSpools gives large results in the order of the query, and ends one that has no room: what the engine holds of results is within its limits.
func TestAthenaSpools(t *testing.T) {
	e, err := Open(t.Context(), newLake(t, nil), Options{MemoryBytes: 64 << 20, SpillBytes: 64 << 20, Threads: 2, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	const n = 3*spoolPart + 1
	in := AthenaInput{Query: &compile.Query{SQL: fmt.Sprintf("SELECT range AS a, range * 2 AS a FROM range(%d) ORDER BY range DESC", n), Columns: results(2)}}
	for range 2 { // the second finds nothing of the first
		rows, _, err := rowsOf(t, e, in, query.Limits{})
		if err != nil || len(rows) != n {
			t.Fatalf("%d rows of %d: %v", len(rows), n, err)
		}
		for i, row := range rows {
			if want := int64(n - 1 - i); row[0] != want || row[1] != 2*want {
				t.Fatalf("row %d is %v", i, row)
			}
		}
	}
	in.Query.SQL = "SELECT range, hash(range)::VARCHAR || hash(range + 1)::VARCHAR AS h FROM range(100000000)"
	if _, err := e.Athena(t.Context(), in, query.Limits{}); !errors.Is(err, query.ErrLimit) {
		t.Errorf("a result without room: %v", err)
	}
	if rows, _, err := rowsOf(t, e, AthenaInput{Query: &compile.Query{SQL: "SELECT 1, 2 WHERE false", Columns: results(2)}}, query.Limits{}); err != nil || len(rows) > 0 {
		t.Errorf("after it: %v %v", rows, err)
	}
}
