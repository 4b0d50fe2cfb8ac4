package duckdb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
)

// athenaSQL writes random queries of Athena's SQL over the tables of the scripts.
type athenaSQL struct {
	r *rand.Rand
	// columns are those in reach, by type.
	columns map[string][]string
	// literal changes each literal as it is written, where it is set; then no tables are read.
	literal func(string) string
}

var athenaKinds = []string{"integer", "bigint", "decimal", "double", "varchar", "boolean", "date", "timestamp", "zoned", "interval", "months", "address"}

var athenaLiterals = map[string][]string{
	"integer":   {"0", "1", "-7", "2147483647", "CAST(3 AS smallint)", "NULL"},
	"bigint":    {"BIGINT '5'", "3000000000", "-1", "NULL"},
	"decimal":   {"1.50", "0.5", "-100.0", "DECIMAL '12345678901234567890.123'", "CAST(1 AS decimal(38,2))"},
	"double":    {"1e0", "-2.5e3", "0e0", "REAL '1.5'", "(0e0 / 0)"},
	"varchar":   {"'a'", "''", "'10.0.0.1'", "'it''s'", "CAST('ab' AS char(4))", "NULL", "'2026-01-01'"},
	"boolean":   {"true", "false", "NULL"},
	"date":      {"DATE '2026-01-05'", "current_date", "NULL"},
	"timestamp": {"TIMESTAMP '2026-01-05 01:02:03.456'", "localtimestamp", "TIMESTAMP '2026-01-05 01:02'"},
	"zoned":     {"current_timestamp", "TIMESTAMP '2026-01-05 01:02 UTC'"},
	"interval":  {"INTERVAL '1' DAY", "INTERVAL '-90' MINUTE", "INTERVAL '1 02:03' DAY TO MINUTE"},
	"months":    {"INTERVAL '3' MONTH", "INTERVAL '1-2' YEAR TO MONTH"},
	"address":   {"IPADDRESS '10.0.0.1'", "TRY_CAST('-' AS ipaddress)"},
}

// athenaTypeNames are the names of the types for CAST.
var athenaTypeNames = map[string]string{
	"integer": "integer", "bigint": "bigint", "decimal": "decimal(20,3)", "double": "double", "varchar": "varchar", "boolean": "boolean",
	"date": "date", "timestamp": "timestamp(3)", "zoned": "timestamp(3) with time zone", "address": "ipaddress",
}

func (g *athenaSQL) pick(list ...string) string { return list[g.r.IntN(len(list))] }

// of returns an expression of a type.
func (g *athenaSQL) of(kind string, depth int) string {
	if depth <= 0 || g.r.IntN(6) == 0 {
		if columns := g.columns[kind]; len(columns) > 0 && g.r.IntN(3) > 0 {
			return g.pick(columns...)
		}
		return g.constant(kind)
	}
	sub := func(kind string) string { return g.of(kind, depth-1) }
	switch g.r.IntN(7) {
	case 0:
		return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", sub("boolean"), sub(kind), sub(kind))
	case 1:
		return fmt.Sprintf("coalesce(%s, %s)", sub(kind), sub(kind))
	case 2:
		if athenaTypeNames[kind] != "" {
			return fmt.Sprintf("%s(%s AS %s)", g.pick("CAST", "TRY_CAST"), sub(g.pick(athenaKinds...)), athenaTypeNames[kind])
		}
	}
	switch kind {
	case "integer", "bigint", "decimal", "double":
		return fmt.Sprintf("(%s %s %s)", sub(kind), g.pick("+", "-", "*", "/", "%"), sub(g.pick(kind, "integer")))
	case "varchar":
		return fmt.Sprintf("(%s || %s)", sub(kind), sub(kind))
	case "date", "timestamp", "zoned":
		return fmt.Sprintf("(%s %s %s)", sub(kind), g.pick("+", "-"), sub(g.pick("interval", "months")))
	case "interval":
		return g.pick(fmt.Sprintf("(%s - %s)", sub("date"), sub("date")), fmt.Sprintf("(%s * 2)", sub("interval")), fmt.Sprintf("(%s + %s)", sub("interval"), sub("interval")))
	case "months":
		return fmt.Sprintf("(%s - %s)", sub("months"), sub("months"))
	case "boolean":
		return g.boolean(depth)
	}
	return g.constant(kind)
}

func (g *athenaSQL) constant(kind string) string {
	text := g.pick(athenaLiterals[kind]...)
	if g.literal != nil {
		return g.literal(text)
	}
	return text
}

func (g *athenaSQL) boolean(depth int) string {
	kind := g.pick(athenaKinds...)
	sub := func(kind string) string { return g.of(kind, depth-1) }
	form := g.r.IntN(9)
	if form == 7 && g.literal != nil {
		form = 8
	}
	switch form {
	case 0:
		return fmt.Sprintf("(%s BETWEEN %s AND %s)", sub(kind), sub(kind), sub(kind))
	case 1:
		return fmt.Sprintf("(%s %s (%s, %s))", sub(kind), g.pick("IN", "NOT IN"), sub(kind), sub(kind))
	case 2:
		return fmt.Sprintf("(%s IS %s)", sub(kind), g.pick("NULL", "NOT NULL"))
	case 3:
		return fmt.Sprintf("(%s IS DISTINCT FROM %s)", sub(kind), sub(kind))
	case 4:
		return fmt.Sprintf("(%s %s %s)", sub("boolean"), g.pick("AND", "OR"), sub("boolean"))
	case 5:
		return fmt.Sprintf("(NOT %s)", sub("boolean"))
	case 6:
		return fmt.Sprintf("(%s LIKE %s)", sub("varchar"), sub("varchar"))
	case 7:
		return fmt.Sprintf("(%s %s (SELECT %s FROM flows))", sub("integer"), g.pick("IN", "NOT IN", "= ANY", "> ALL"), g.pick("dstport", "srcport", "count(*)"))
	}
	return fmt.Sprintf("(%s %s %s)", sub(kind), g.pick("=", "<>", "<", "<=", ">", ">="), sub(kind))
}

// query returns a query of a random form.
func (g *athenaSQL) query() string {
	kind := g.pick(athenaKinds...)
	e := g.of(kind, 3)
	where := g.of("boolean", 2)
	switch g.r.IntN(8) {
	case 0:
		return fmt.Sprintf("SELECT %s, count(*), max(bytes) FROM flows WHERE %s GROUP BY %s ORDER BY 2 DESC, 1", e, where, e)
	case 1:
		return fmt.Sprintf("SELECT DISTINCT %s AS x FROM flows WHERE %s ORDER BY x", e, where)
	case 2:
		return fmt.Sprintf("SELECT %s AS x, row_number() OVER (PARTITION BY %s ORDER BY %s) FROM flows", e, g.of(g.pick(athenaKinds...), 2), g.of(g.pick(athenaKinds...), 2))
	case 3:
		return fmt.Sprintf("SELECT %s AS x FROM flows UNION SELECT %s FROM flows", e, g.of(kind, 2))
	case 4:
		return fmt.Sprintf("SELECT x FROM (SELECT %s AS x, bytes AS b FROM flows WHERE %s) WHERE b > 1 ORDER BY 1 LIMIT 3", e, where)
	case 5:
		return fmt.Sprintf("WITH a AS (SELECT %s AS x FROM flows) SELECT a.x, b.x FROM a LEFT JOIN a b ON a.x = b.x", e)
	case 6:
		return fmt.Sprintf("SELECT min(%s), count(DISTINCT %s) FILTER (WHERE %s) FROM flows GROUP BY ROLLUP (action) HAVING count(*) > 0 ORDER BY 1", e, g.of(kind, 2), where)
	}
	return fmt.Sprintf("SELECT (SELECT max(%s) FROM flows i WHERE i.dstport = o.dstport) FROM flows o WHERE EXISTS (SELECT 1 FROM flows WHERE %s)", g.of("bigint", 2), where)
}

// TestAthenaRandom says random queries in SQL: what compiles, DuckDB must take, and run to its end or to an error that Trino has too.
func TestAthenaRandom(t *testing.T) {
	conn := athenaConn(t)
	tables := athenaTestTables(t, conn)
	g := &athenaSQL{r: rand.New(rand.NewPCG(7, 2)), columns: map[string][]string{ //nolint:gosec // the same queries each time
		"integer": {"srcport", "dstport"}, "bigint": {"bytes", "packets", "total"}, "varchar": {"srcaddr", "action", "day"},
	}}
	ran, refused := 0, map[string]int{}
	for range 600 {
		text := g.query()
		_, err := runAthena(t, conn, tables, text)
		var placed *athenasql.Error
		switch {
		case err == nil:
			ran++
		case errors.As(err, &placed):
			refused[placed.Code]++
		default:
			if _, ok := function.Failure(err.Error()); !ok {
				t.Errorf("%s\n%v", text, strings.ReplaceAll(err.Error(), "\n", "\n  "))
			}
		}
		if t.Failed() && ran > 40 {
			break
		}
	}
	if ran < 200 {
		t.Errorf("%d of 600 queries ran; refused: %v", ran, refused)
	}
	t.Logf("%d ran; refused: %v", ran, refused)
}

// TestAthenaConstants holds expressions of constants against the same ones of columns that have the same values: what is computed or written otherwise of constants
// may not change a result.
func TestAthenaConstants(t *testing.T) {
	conn := athenaConn(t)
	tables := athenaTestTables(t, conn)
	compared, failed := 0, 0
	for seed := range uint64(1500) {
		var literals []string
		write := func(literal func(string) string) string {
			g := &athenaSQL{r: rand.New(rand.NewPCG(seed, 9)), literal: literal} //nolint:gosec // the same expressions each time
			return g.of(g.pick(athenaKinds...), 3)
		}
		inline := "SELECT " + write(func(text string) string { literals = append(literals, text); return text })
		n := 0
		columns := "SELECT " + write(func(string) string { n++; return fmt.Sprintf("c%d", n) })
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("c%d", i+1)
		}
		columns += " FROM (VALUES (" + strings.Join(literals, ", ") + ")) t(" + strings.Join(names, ", ") + ")"
		want, wantErr := runAthena(t, conn, tables, columns)
		got, err := runAthena(t, conn, tables, inline)
		for _, err := range []error{wantErr, err} {
			if _, ok := errors.AsType[*athenasql.Error](err); err != nil && !ok {
				t.Errorf("%s\n%v", inline, err)
			}
		}
		// An error may not be met, where DuckDB sees that the result is NULL whatever fails within it.
		if wantErr != nil || err != nil {
			failed++
			continue
		}
		compared++
		_, want, _ = strings.Cut(want, "\n")
		_, got, _ = strings.Cut(got, "\n")
		if got != want {
			t.Errorf("%s\ngot  %s\n%s\nwant %s", inline, got, columns, want)
		}
	}
	if compared < 300 {
		t.Errorf("%d of 1500 expressions gave values, %d failed", compared, failed)
	}
}

// TestAthenaConditions holds the rows that a condition lets through against those for which it is computed to be true: what DuckDB makes of a condition of WHERE,
// with the statistics of columns, may not change it.
func TestAthenaConditions(t *testing.T) {
	conn := athenaConn(t)
	tables := athenaTestTables(t, conn)
	g := &athenaSQL{r: rand.New(rand.NewPCG(11, 3)), columns: map[string][]string{ //nolint:gosec // the same conditions each time
		"integer": {"srcport", "dstport"}, "bigint": {"bytes", "packets", "total", "start"}, "varchar": {"srcaddr", "action", "day"},
		"zoned": {"from_unixtime(start)"}, "double": {"to_unixtime(from_unixtime(start))"},
	}}
	compared := 0
	for range 600 {
		condition := g.of("boolean", 3)
		let, err := runAthena(t, conn, tables, "SELECT count(*) AS n FROM flows WHERE "+condition)
		if err != nil {
			continue
		}
		computed, err := runAthena(t, conn, tables, "SELECT sum(CASE WHEN x THEN 1 ELSE 0 END) AS n FROM (SELECT "+condition+" AS x FROM flows)")
		if err != nil {
			continue
		}
		if compared++; let != computed {
			t.Errorf("%s\nlets %s through, and is true of %s", condition, let, computed)
		}
	}
	if compared < 200 {
		t.Errorf("%d of 600 conditions could be compared", compared)
	}
}
