package duckdb

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
)

// A script is a file of statements with what they give, by Trino's documentation. A case is the statement, then a line "---- " with the types of its
// columns, or "---- error" with the code and a part of the message, then the rows as results show them, NULL as itself; " | " is between columns, and an
// empty line ends it. Lines that begin with "#" say where a case is from.
type scriptCase struct {
	line       int
	sql        string
	types      []string
	code, part string // of an error
	rows       []string
}

func readScript(t *testing.T, file string) []scriptCase {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []scriptCase
	var c *scriptCase
	rows := false
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		switch rest, result := strings.CutPrefix(line, "---- "); {
		case c == nil && (line == "" || strings.HasPrefix(line, "#")):
		case line == "":
			out, c, rows = append(out, *c), nil, false
		case c == nil:
			c = &scriptCase{line: n, sql: line}
		case result:
			rows = true
			if failure, ok := strings.CutPrefix(rest, "error "); ok {
				c.code, c.part, _ = strings.Cut(failure, ": ")
			} else {
				c.types = strings.Split(rest, " | ")
			}
		case rows:
			c.rows = append(c.rows, line)
		default:
			c.sql += "\n" + line
		}
	}
	if c != nil {
		out = append(out, *c)
	}
	return out
}

// TestAthenaScripts runs the scripts of functions and of operators.
func TestAthenaScripts(t *testing.T) {
	files, err := filepath.Glob("../../athenasql/*/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	conn := athenaConn(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, c := range readScript(t, file) {
				gotTypes, rows, err := runScript(t, conn, c.sql)
				place := fmt.Sprintf("%s:%d: %s", filepath.Base(file), c.line, c.sql)
				if c.code != "" {
					e, ok := errors.AsType[*athenasql.Error](err)
					if !ok || e.Code != c.code || !strings.Contains(e.Message, c.part) {
						t.Errorf("%s\ngot  %v %v\nwant %s: %s", place, err, rows, c.code, c.part)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s\n%v", place, err)
					continue
				}
				if got, want := strings.Join(gotTypes, " | "), strings.Join(c.types, " | "); got != want {
					t.Errorf("%s\ngot  %s\nwant %s", place, got, want)
				}
				if got, want := strings.Join(rows, "\n"), strings.Join(c.rows, "\n"); got != want {
					t.Errorf("%s\ngot  %s\nwant %s", place, got, want)
				}
			}
		})
	}
}

func runScript(t *testing.T, conn *sql.Conn, text string) (columns, rows []string, err error) {
	t.Helper()
	compiled, results, err := literalQuery(text)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range results {
		columns = append(columns, r.String())
	}
	got, err := conn.QueryContext(t.Context(), compiled)
	if err == nil {
		defer got.Close()
		rows, err = scriptRows(got, results)
	}
	if err != nil {
		if e, ok := function.Failure(err.Error()); ok {
			return nil, nil, e
		}
		return nil, nil, fmt.Errorf("%w\n%s", err, compiled)
	}
	return columns, rows, nil
}

func scriptRows(got *sql.Rows, results []types.Type) ([]string, error) {
	var out []string
	for got.Next() {
		values, to := make([]any, len(results)), make([]any, len(results))
		for i := range values {
			to[i] = &values[i]
		}
		if err := got.Scan(to...); err != nil {
			return nil, err
		}
		var row []string
		for i, v := range values {
			s, ok := types.Text(v, results[i])
			if !ok {
				s = "NULL"
			}
			row = append(row, s)
		}
		out = append(out, strings.Join(row, " | "))
	}
	return out, got.Err()
}

// literalQuery compiles SELECT expression, ... without FROM, or FROM UNNEST or VALUES, of literals and calls.
func literalQuery(text string) (string, []types.Type, error) {
	s, err := athenasql.Parse(text)
	if err != nil {
		return "", nil, err
	}
	sel := s.(*athenasql.Query).Body.(*athenasql.Select)
	scope := literals{}
	from := ""
	if len(sel.From) > 0 {
		a := sel.From[0].(*athenasql.Aliased)
		values := a.Relation.(*athenasql.SubqueryRef).Query.Body.(*athenasql.Values)
		var rows []string
		kinds := make([]types.Type, len(a.Columns))
		for _, row := range values.Rows {
			for i, e := range row {
				_, t, err := literals{}.of(e)
				if err != nil {
					return "", nil, err
				}
				kinds[i], _ = types.Common(kinds[i], t)
			}
		}
		for _, row := range values.Rows {
			var cells []string
			for i, e := range row {
				q, _, _ := literals{}.of(e)
				cells = append(cells, "CAST("+q+" AS "+kinds[i].SQL()+")")
			}
			rows = append(rows, "("+strings.Join(cells, ", ")+")")
		}
		var names []string
		for i, c := range a.Columns {
			names = append(names, c.Text)
			scope[c.Text] = litValue{c.Text, kinds[i]}
		}
		from = " FROM (VALUES " + strings.Join(rows, ", ") + ") t(" + strings.Join(names, ", ") + ")"
	}
	var items []string
	var results []types.Type
	for _, item := range sel.Items {
		q, t, err := scope.of(item.Expr)
		if err != nil {
			return "", nil, err
		}
		items, results = append(items, q), append(results, t)
	}
	return "SELECT " + strings.Join(items, ", ") + from, results, nil
}

type litValue struct {
	sql string
	of  types.Type
}

type literals map[string]litValue

func (l literals) of(e athenasql.Expr) (string, types.Type, error) {
	a, err := l.arg(e)
	return a.SQL, a.Type, err
}

func (l literals) arg(e athenasql.Expr) (function.Arg, error) {
	a := function.Arg{At: e.Position()}
	switch e := e.(type) {
	case *athenasql.Null:
		a.SQL = "NULL"
	case *athenasql.Bool:
		a.SQL, a.Type.Kind = fmt.Sprint(e.Value), types.Boolean
	case *athenasql.Integer:
		var n int64
		fmt.Sscan(e.Text, &n)
		a.Int, a.SQL, a.Type.Kind = &n, e.Text, types.Integer
		if n > 1<<31-1 {
			a.Type.Kind = types.BigInt
		}
	case *athenasql.DecimalNumber:
		whole, fraction, _ := strings.Cut(e.Text, ".")
		a.Type = types.Type{Kind: types.Decimal, Precision: max(1, len(strings.TrimLeft(whole, "0"))+len(fraction)), Scale: len(fraction)}
		a.SQL = "CAST(" + e.Text + " AS " + a.Type.SQL() + ")"
	case *athenasql.DoubleNumber:
		a.SQL, a.Type.Kind = "CAST("+e.Text+" AS DOUBLE)", types.Double
	case *athenasql.String:
		a.Text, a.SQL, a.Type = &e.Value, quote(e.Value), types.Type{Kind: types.Varchar, Length: len([]rune(e.Value))}
		if e.Value == "" {
			a.Type.Length = 1
		}
	case *athenasql.Binary:
		a.SQL, a.Type.Kind = fmt.Sprintf("unhex('%x')", e.Value), types.Varbinary
	case *athenasql.TypedLiteral:
		t, err := types.FromName(e.Type)
		if err != nil {
			return a, err
		}
		if t.Kind == types.Timestamp {
			_, fraction, _ := strings.Cut(e.Value, ".")
			if t.Precision = len(fraction); strings.HasSuffix(e.Value, "UTC") {
				t = types.Type{Kind: types.TimestampTZ, Precision: max(0, len(fraction)-4), Zone: "UTC"}
			}
		}
		a.Type, a.SQL = t, "CAST("+quote(e.Value)+" AS "+t.SQL()+")"
		switch t.Kind {
		case types.IPAddress:
			a.SQL = function.CastToIP(quote(e.Value))
		case types.JSON:
			a.SQL = quote(e.Value)
		}
	case *athenasql.Interval:
		var n int64
		fmt.Sscan(e.Value, &n)
		a.Type.Kind = types.IntervalDay
		switch e.From {
		case "year", "month":
			a.Type.Kind = types.IntervalYear
			n *= map[string]int64{"year": 12, "month": 1}[e.From]
		default:
			n *= map[string]int64{"day": 86400000, "hour": 3600000, "minute": 60000, "second": 1000}[e.From]
		}
		a.SQL = fmt.Sprint(n)
	case *athenasql.Ref:
		v := l[e.Parts[0].Text]
		a.SQL, a.Type = v.sql, v.of
		if len(e.Parts) > 1 {
			for i, name := range v.of.Names {
				if name == e.Parts[1].Text {
					a.SQL, a.Type = "("+v.sql+")."+name, v.of.Elems[i]
				}
			}
		}
	case *athenasql.Unary:
		of, err := l.arg(e.Of)
		a = of
		a.SQL = e.Operator + " (" + a.SQL + ")"
		if a.Int != nil {
			n := -*a.Int
			a.Int, a.SQL = &n, fmt.Sprintf("(%d)", n)
		}
		return a, err
	case *athenasql.IsNull:
		of, err := l.arg(e.Of)
		a.SQL, a.Type.Kind = "("+of.SQL+" IS NULL)", types.Boolean
		if e.Not {
			a.SQL = "(NOT " + a.SQL + ")"
		}
		return a, err
	case *athenasql.BinaryOp:
		left, lt, err := l.of(e.Left)
		if err != nil {
			return a, err
		}
		right, rt, err := l.of(e.Right)
		a.Type, _ = types.Common(lt, rt)
		if e.Operator == "||" {
			return l.arg(&athenasql.Call{Name: athenasql.QualifiedName{Parts: []athenasql.Name{{Text: "concat"}}}, Args: []athenasql.Expr{e.Left, e.Right}})
		}
		if a.SQL = "(" + left + " " + e.Operator + " " + right + ")"; strings.ContainsAny(e.Operator, "<>=") || e.Operator == "AND" {
			a.Type = types.Type{Kind: types.Boolean}
		} else {
			a.SQL = "CAST(" + a.SQL + " AS " + a.Type.SQL() + ")"
		}
		return a, err
	case *athenasql.Cast:
		of, from, err := l.of(e.Of)
		if err != nil {
			return a, err
		}
		if a.Type, err = types.FromName(e.To); err != nil {
			return a, err
		}
		if a.SQL = "CAST(" + of + " AS " + a.Type.SQL() + ")"; a.Type.Kind == types.IPAddress && from.IsText() {
			a.SQL = function.CastToIP(of)
		}
	case *athenasql.RowOf:
		var fields []string
		a.Type = types.RowOf(nil)
		for i, item := range e.Items {
			q, t, err := l.of(item)
			if err != nil {
				return a, err
			}
			a.Type.Elems, a.Type.Names = append(a.Type.Elems, t), append(a.Type.Names, "")
			fields = append(fields, fmt.Sprintf("field%d: %s", i, q))
		}
		a.SQL = "{" + strings.Join(fields, ", ") + "}"
	case *athenasql.ArrayOf:
		var items []string
		elem := types.Type{}
		for _, item := range e.Items {
			q, t, err := l.of(item)
			if err != nil {
				return a, err
			}
			elem, _ = types.Common(elem, t)
			items = append(items, q)
		}
		a.Type = types.ArrayOf(elem)
		a.SQL = "CAST([" + strings.Join(items, ", ") + "] AS " + a.Type.SQL() + ")"
	case *athenasql.Lambda:
		a.Params = len(e.Params)
		a.Lambda = func(params []types.Type) (types.Type, string, error) {
			inner := literals{}
			for k, v := range l {
				inner[k] = v
			}
			var names []string
			for i, p := range e.Params {
				inner[p.Text] = litValue{p.Text, params[i]}
				names = append(names, p.Text)
			}
			q, t, err := inner.of(e.Body)
			return t, "lambda " + strings.Join(names, ", ") + ": " + q, err
		}
	case *athenasql.Call:
		return l.call(e)
	default:
		return a, fmt.Errorf("no literal: %T", e)
	}
	return a, nil
}

func (l literals) call(e *athenasql.Call) (function.Arg, error) {
	name := e.Name.Parts[len(e.Name.Parts)-1].Text
	f, ok := function.Lookup(name)
	if !ok {
		return function.Arg{}, function.NotFound(name, e.Span)
	}
	c := &function.Call{Name: name, At: e.Span, Distinct: e.Distinct, Now: "TIMESTAMPTZ '2026-01-31 12:00:00+00'"}
	c.Aggregated = func(name string, args ...string) string {
		s := name + "(" + strings.Join(args, ", ")
		if e.Distinct {
			s = name + "(DISTINCT " + strings.Join(args, ", ")
		}
		order := append(e.OrderBy, e.WithinGroup...)
		for i, by := range order {
			q, _, _ := l.of(by.Expr)
			s += []string{" ORDER BY ", ", "}[min(i, 1)] + q
			if by.Desc {
				s += " DESC"
			}
		}
		if s += ")"; e.Filter != nil {
			q, _, _ := l.of(e.Filter)
			s += " FILTER (WHERE " + q + ")"
		}
		if e.Over != nil {
			s += " OVER ("
			for i, by := range e.Over.OrderBy {
				q, _, _ := l.of(by.Expr)
				s += []string{"ORDER BY ", ", "}[min(i, 1)] + q
			}
			s += ")"
		}
		return s
	}
	for _, arg := range e.Args {
		a, err := l.arg(arg)
		if err != nil {
			return a, err
		}
		c.Args = append(c.Args, a)
	}
	q, t, err := f.Bind(c)
	return function.Arg{SQL: q, Type: t, At: e.Span}, err
}
