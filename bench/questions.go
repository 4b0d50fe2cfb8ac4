package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// question is one that both are asked; %s stands for the table.
type question struct{ name, sql string }

// of returns the question to a table.
func (q question) of(table string) string { return fmt.Sprintf(q.sql, table) }

// table is the lake's table of VPC flow logs.
var table = query.TableName(flowlog.KindVPC)

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
func (b *bench) questions(ctx context.Context) error {
	l, engine, err := b.openLake(ctx, duckdb.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
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
	glob := filepath.Join(b.parquet(), "**", "*.parquet")
	if _, err := conn.ExecContext(ctx, "CREATE VIEW aws AS SELECT * FROM read_parquet('"+glob+"')"); err != nil {
		return err
	}
	var ratios []float64
	for _, q := range theQuestions {
		runs, err := inTurn(ctx, b.runs, sqlAsker(engine, q.of(table)), duckAsker(conn, q.of("aws")), equal)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		ratios = append(ratios, b.compared(q.name+", lake against DuckDB on AWS-style Parquet", "2 times faster", 2, runs))
	}
	mean := geometricMean(ratios)
	b.row("geometric mean of Q1 to Q5", "3.5 times faster", mean >= 3.5, "%.1f times", mean)
	b.guarded[guardQuestions] = mean
	if err := b.insightsQuestions(ctx, engine); err != nil {
		return err
	}
	return b.stored(ctx, engine, conn)
}

// equal says where two answers differ.
func equal(mine, theirs []string) error {
	if !slices.Equal(mine, theirs) {
		return fmt.Errorf("the answers differ: %d rows of the lake, %d of the other", len(mine), len(theirs))
	}
	return nil
}

func geometricMean(list []float64) float64 {
	product := 1.0
	for _, x := range list {
		product *= x
	}
	return math.Pow(product, 1/float64(len(list)))
}

// openLake opens the lake that the intake made, and an engine over it.
func (b *bench) openLake(ctx context.Context, o duckdb.Options) (*lake.Lake, *duckdb.Engine, error) {
	return b.openLakeOf(ctx, b.data(), o)
}

// openLakeOf opens the lake of a data directory with the day's records, and an engine over it.
func (b *bench) openLakeOf(ctx context.Context, data string, o duckdb.Options) (*lake.Lake, *duckdb.Engine, error) {
	l, err := lake.Open(ctx, data, lake.Options{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	st, err := l.Status(ctx, 0)
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	if n := st.Tables[0].Records; n != b.records {
		err = fmt.Errorf("the lake has %d records, want %d: run the part intake too", n, b.records)
	}
	var engine *duckdb.Engine
	if err == nil {
		engine, err = duckdb.Open(ctx, l, o)
	}
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	return l, engine, nil
}

// sizes measures the lake's live data files, and their rollups apart.
func (b *bench) sizes(ctx context.Context) error {
	l, err := lake.Open(ctx, b.data(), lake.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer l.Close()
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return err
	}
	var files, rollups int64
	for _, f := range snap.Files(flowlog.KindVPC, lake.Bounds{}) {
		files += f.Size
		rollups += f.RollupBytes
	}
	pq, _, err := bytesOf(b.parquet())
	if err != nil {
		return err
	}
	each := func(n int64) float64 { return float64(n) / float64(b.records) }
	ofGzip, ofParquet := float64(files)/float64(b.gz), float64(files)/float64(pq)
	b.row("lake data files / .log.gz", "at most 0.54", ofGzip <= 0.54, "%.3f (%.2f B/record)", ofGzip, each(files))
	b.row("lake data files / AWS-style Parquet", "at most 0.79", ofParquet <= 0.79, "%.3f", ofParquet)
	b.row("rollups beside them", "at most 1.5 B/record", each(rollups) <= 1.5, "%.2f B/record", each(rollups))
	b.guarded[guardLake], b.guarded[guardRollupBytes] = ofGzip, each(rollups)
	return nil
}
