package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// question is one that both are asked; %s stands for the table.
type question struct{ name, sql string }

// theQuestions are Q1 to Q5: top sources; refused ports; SSH and RDP for each
// minute and source; bytes for each 5 minutes and interface; who of the internet
// reaches the VPC's inner range (the NAT gateway check).
var theQuestions = []question{
	{"Q1", `SELECT srcaddr, sum(bytes) AS b FROM %s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`},
	{"Q2", `SELECT dstport, count(*) AS n FROM %s WHERE action = 'REJECT' GROUP BY 1 ORDER BY 2 DESC, 1`},
	{"Q3", `SELECT start - start %% 60 AS minute, srcaddr, count(*) AS n FROM %s WHERE dstport IN (22, 3389) AND protocol = 6 GROUP BY 1, 2 ORDER BY 1, 2`},
	{"Q4", `SELECT start - start %% 300 AS slot, interface_id, sum(bytes) AS b FROM %s GROUP BY 1, 2 ORDER BY 1, 2`},
	{"Q5", `SELECT srcaddr, dstaddr, sum(bytes) AS b FROM %s WHERE ip_in(dstaddr, '10.0.0.0/16') AND ip_class(srcaddr) = 'public' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 10`},
}

// questions asks the lake and AWS-style Parquet in turn.
func (b *bench) questions(ctx context.Context, data, parquet string) error {
	l, err := lake.Open(ctx, data, lake.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer l.Close()
	engine, err := duckdb.Open(ctx, l, duckdb.Options{})
	if err != nil {
		return err
	}
	defer engine.Close()
	connector, err := duck.NewConnector("", nil)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := duckdb.Register(conn); err != nil {
		return err
	}
	glob := filepath.Join(parquet, "**", "*.parquet")
	if _, err := conn.ExecContext(ctx, "CREATE VIEW aws AS SELECT * FROM read_parquet('"+glob+"')"); err != nil {
		return err
	}
	product := 1.0
	for _, q := range theQuestions {
		ratio, err := b.question(ctx, q, engine, conn)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		product *= ratio
	}
	mean := math.Pow(product, 1/float64(len(theQuestions)))
	b.row("geometric mean of Q1 to Q5", "3.5 times faster", mean >= 3.5, "%.1f times", mean)
	return b.stored(ctx, engine, conn)
}

// question asks one question of both, in turn, and returns how many times
// faster the lake was.
func (b *bench) question(ctx context.Context, q question, engine *duckdb.Engine, conn *sql.Conn) (float64, error) {
	type pair struct{ lake, aws time.Duration }
	var runs []pair
	for i := range b.runs + 1 {
		var p pair
		began := time.Now()
		mine, err := askLake(ctx, engine, fmt.Sprintf(q.sql, query.TableName(flowlog.KindVPC)))
		if err != nil {
			return 0, err
		}
		p.lake = time.Since(began)
		began = time.Now()
		theirs, err := askDuck(ctx, conn, fmt.Sprintf(q.sql, "aws"))
		if err != nil {
			return 0, err
		}
		p.aws = time.Since(began)
		if !reflect.DeepEqual(mine, theirs) {
			return 0, fmt.Errorf("the answers differ: %d rows of the lake, %d of AWS-style Parquet", len(mine), len(theirs))
		}
		if i > 0 { // the first warms the caches
			runs = append(runs, p)
		}
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	mine, low, high := median(runs, func(p pair) float64 { return ms(p.lake) })
	theirs, tlow, thigh := median(runs, func(p pair) float64 { return ms(p.aws) })
	ratio, rlow, rhigh := median(runs, func(p pair) float64 { return float64(p.aws) / float64(p.lake) })
	b.row(q.name+", lake against DuckDB on AWS-style Parquet", "2 times faster", ratio >= 2,
		"%.1f times (%.1f to %.1f): %.0f ms (%.0f to %.0f) against %.0f ms (%.0f to %.0f)", ratio, rlow, rhigh, mine, low, high, theirs, tlow, thigh)
	return ratio, nil
}

// askLake returns an answer of the lake as text.
func askLake(ctx context.Context, e *duckdb.Engine, text string) ([]string, error) {
	rows, err := e.RunSQL(ctx, text, query.Scope{}, query.Limits{})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, rowText(row))
	}
}

// askDuck returns an answer of DuckDB as text. AWS writes "-" where the lake has
// NULL.
func askDuck(ctx context.Context, conn *sql.Conn, text string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	row, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		targets[i] = &row[i]
	}
	var out []string
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		out = append(out, rowText(row))
	}
	return out, rows.Err()
}

// rowText returns a row as text.
func rowText(row []any) string {
	var s strings.Builder
	for _, v := range row {
		if v == "-" {
			v = nil
		}
		fmt.Fprint(&s, v, " ")
	}
	return s.String()
}

// lakeBytes returns the size of the lake's live data files.
func (b *bench) lakeBytes(data string) (int64, error) {
	l, err := lake.Open(context.Background(), data, lake.Options{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer l.Close()
	st, err := l.Status(context.Background(), 0)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	for _, t := range st.Tables {
		n += t.Bytes
	}
	return n, nil
}
