package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
)

// athenaTables is a catalog of tables in DuckDB.
type athenaTables map[string]*compile.Table

func (c athenaTables) Table(_ context.Context, database, name string) (*compile.Table, error) {
	return c[database+"."+name], nil
}

func (c athenaTables) Tables(_ context.Context, database string) ([]string, error) {
	var out []string
	for name := range c {
		if table, ok := strings.CutPrefix(name, database+"."); ok {
			out = append(out, table)
		}
	}
	return out, nil
}

// athenaTestTables makes the tables that the scripts read.
func athenaTestTables(t *testing.T, conn *sql.Conn) athenaTables {
	t.Helper()
	for _, q := range []string{
		`CREATE TABLE flows (interface_id VARCHAR, srcaddr VARCHAR, dstaddr VARCHAR, srcport INTEGER, dstport INTEGER, protocol BIGINT, packets BIGINT,
			bytes BIGINT, start BIGINT, "end" BIGINT, action VARCHAR, log_status VARCHAR, day VARCHAR)`,
		`INSERT INTO flows VALUES
			('eni-1', '10.0.0.1', '192.0.2.1', 40000, 443, 6, 10, 1000, 1767225600, 1767225660, 'ACCEPT', 'OK', '2026/01/01'),
			('eni-1', '10.0.0.1', '192.0.2.2', 40001, 443, 6, 20, 2000, 1767225600, 1767225660, 'ACCEPT', 'OK', '2026/01/01'),
			('eni-1', '10.0.0.2', '192.0.2.1', 40002, 22, 6, 1, 40, 1767229200, 1767229260, 'REJECT', 'OK', '2026/01/01'),
			('eni-2', '10.0.0.3', '10.0.0.1', 40003, 53, 17, 2, 128, 1767312000, 1767312060, 'ACCEPT', 'OK', '2026/01/02'),
			('eni-2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1767312000, 1767312060, NULL, 'NODATA', '2026/01/02')`,
		`CREATE TABLE nested (id INTEGER, tags VARCHAR[], attrs MAP(VARCHAR, INTEGER), point STRUCT(x INTEGER, y DOUBLE), pairs STRUCT(a INTEGER, b VARCHAR)[])`,
		`INSERT INTO nested VALUES (1, ['a', 'b'], map(['k'], [1]), {'x': 1, 'y': 2.5}, [{'a': 1, 'b': 'x'}, NULL]), (2, [], map([], []), NULL, NULL), (3, NULL, NULL, NULL, [])`,
	} {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	varchar, integer, bigint, double := types.Type{Kind: types.Varchar}, types.Type{Kind: types.Integer}, types.Type{Kind: types.BigInt}, types.Type{Kind: types.Double}
	flows := &compile.Table{Database: "weir", Name: "flows", Source: "flows"}
	for name := range strings.FieldsSeq("interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status day") {
		of := varchar
		switch name {
		case "srcport", "dstport":
			of = integer
		case "protocol", "packets", "bytes", "start", "end":
			of = bigint
		}
		flows.Columns = append(flows.Columns, compile.Column{Name: name, Type: of, Partition: name == "day"})
	}
	flows.Columns = append(flows.Columns, compile.Column{Name: "total", Type: bigint, Hidden: true, SQL: `"bytes" + "packets"`})
	nested := &compile.Table{Database: "weir", Name: "nested", Source: "nested", Columns: []compile.Column{
		{Name: "id", Type: integer},
		{Name: "tags", Type: types.ArrayOf(varchar)},
		{Name: "attrs", Type: types.MapOf(varchar, integer)},
		{Name: "point", Type: types.RowOf([]string{"x", "y"}, integer, double)},
		{Name: "pairs", Type: types.ArrayOf(types.RowOf([]string{"a", "b"}, integer, varchar))},
	}}
	tables := athenaTables{"weir.flows": flows, "other.flows": flows, "weir.nested": nested}
	tables["weir.busy"] = athenaView(t, "busy", "SELECT dstport, sum(bytes) AS bytes FROM flows GROUP BY dstport HAVING count(*) > 1",
		compile.Column{Name: "port", Type: integer}, compile.Column{Name: "bytes", Type: bigint})
	tables["weir.circle"] = athenaView(t, "circle", "SELECT * FROM circle", compile.Column{Name: "x", Type: integer})
	tables["weir.daily"] = athenaView(t, "daily", "SELECT day, action, bytes FROM flows WHERE log_status = 'OK'",
		compile.Column{Name: "day", Type: varchar}, compile.Column{Name: "action", Type: varchar}, compile.Column{Name: "bytes", Type: bigint})
	return tables
}

func athenaView(t *testing.T, name, text string, columns ...compile.Column) *compile.Table {
	t.Helper()
	s, err := athenasql.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return &compile.Table{Database: "weir", Name: name, View: s.(*athenasql.Query), ViewText: text, ViewDatabase: "weir", Columns: columns}
}

// athenaNow is the time of the statements of scripts.
var athenaNow = time.Date(2026, 1, 8, 12, 30, 15, 123456789, time.UTC)

func compileAthena(t *testing.T, tables athenaTables, text string) (*compile.Query, error) {
	t.Helper()
	s, err := athenasql.Parse(text)
	if err != nil {
		return nil, err
	}
	q, err := compile.Compile(t.Context(), s.(*athenasql.Query), compile.Options{
		Catalog: tables, Database: "weir", Now: athenaNow, User: "someone",
	})
	if placed, ok := errors.AsType[*athenasql.Error](err); ok {
		err = placed.Place(text)
	}
	return q, err
}

// runAthena compiles and runs a query, and returns the types and the rows as results show them.
func runAthena(t *testing.T, conn *sql.Conn, tables athenaTables, text string) (string, error) {
	t.Helper()
	q, err := compileAthena(t, tables, text)
	if err != nil {
		return "", err
	}
	for _, s := range q.Scans {
		over := fmt.Sprintf(`CREATE OR REPLACE TEMP VIEW "%s" AS SELECT * FROM %s`, s.Relation, s.Table.Source)
		if _, err := conn.ExecContext(t.Context(), over); err != nil {
			return "", err
		}
	}
	failure := func(err error) error {
		if e := failureOf(err); e != err {
			return e
		}
		return fmt.Errorf("%w\n%s", err, q.SQL)
	}
	run := func(text string) (string, error) {
		rows, err := conn.QueryContext(t.Context(), rowwise(text))
		if err != nil {
			return "", err
		}
		defer rows.Close()
		return athenaResult(rows, q.Columns)
	}
	var head []string
	for _, c := range q.Columns {
		head = append(head, c.Name+" "+c.Type.String())
	}
	out := "---- " + strings.Join(head, " | ") + "\n"
	got, err := run(q.SQL)
	if q.Fast != "" {
		fast, fastErr := run(q.Fast)
		if e, ok := errors.AsType[*athenasql.Error](failureOf(fastErr)); fastErr != nil && (!ok || e.Code != athenasql.CodeInvalidCast) || fastErr == nil && fast != got {
			t.Errorf("%s\nfast:\n%s%v\nguarded:\n%s%v", text, fast, fastErr, got, err)
		}
	}
	if err != nil {
		return "", failure(err)
	}
	return out + got, nil
}

// failureOf returns what an error of DuckDB is to Athena, itself where it is nothing.
func failureOf(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := function.Failure(err.Error()); ok {
		return e
	}
	return err
}

func athenaResult(rows *sql.Rows, columns []compile.Result) (string, error) {
	var out strings.Builder
	for rows.Next() {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return "", err
		}
		row := make([]string, len(values))
		for i, v := range values {
			s, ok := types.Text(v, columns[i].Type)
			if !ok {
				s = "NULL"
			}
			row[i] = s
		}
		out.WriteString(strings.Join(row, " | ") + "\n")
	}
	return out.String(), rows.Err()
}

// TestAthenaQueries runs the scripts of packages compile and function. A case is a query, a line "---- " with its columns, and its rows; or "---- error" and the
// error's beginning, or its code and a part of its message.
func TestAthenaQueries(t *testing.T) {
	files, err := filepath.Glob("../../athenasql/*/testdata/*.script")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	conn := athenaConn(t)
	tables := athenaTestTables(t, conn)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".script"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			line := 1
			for block := range strings.SplitSeq(string(text), "\n\n") {
				at := line
				line += strings.Count(block, "\n") + 2
				var lines []string
				for l := range strings.SplitSeq(strings.Trim(block, "\n"), "\n") {
					if !strings.HasPrefix(l, "#") {
						lines = append(lines, l)
					}
				}
				query, want, ok := strings.Cut(strings.Join(lines, "\n")+"\n", "---- ")
				if !ok {
					continue
				}
				got, err := runAthena(t, conn, tables, strings.TrimSpace(query))
				if err != nil {
					got = "---- error " + err.Error()
				}
				want = "---- " + want
				if strings.HasPrefix(want, "---- error ") && strings.HasPrefix(got, strings.TrimSpace(want)) {
					continue
				}
				code, part, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(want, "---- error ")), ": ")
				if e, ok := errors.AsType[*athenasql.Error](err); ok && e.Code == code && strings.Contains(e.Message, part) {
					continue
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s:%d: %s\n%s", filepath.Base(file), at, query, diff)
				}
			}
		})
	}
}
