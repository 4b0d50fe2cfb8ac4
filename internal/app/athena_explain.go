package app

import (
	"context"
	"fmt"
	"io"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
	"weir/internal/query/duckdb"
)

// explain says what a statement would read, and with ANALYZE what it read.
func (a *athenaRun) explain(ctx context.Context, e *athenasql.Explain, parameters []string) error {
	q, ok := e.Of.(*athenasql.Query)
	if !ok {
		return athenasql.Errorf(athenasql.CodeNotSupported, e.Of.Position(), "EXPLAIN takes queries here")
	}
	if err := explainable(e); err != nil {
		return err
	}
	in, err := a.compile(ctx, q, parameters)
	if err != nil {
		return err
	}
	if e.Type == "validate" {
		a.result.Columns = []compile.Result{{Name: "Valid", Type: types.Type{Kind: types.Boolean}}}
		a.result.rows = &textRows{rows: [][]any{{true}}}
		return nil
	}
	scans, err := a.s.engine.AthenaScans(ctx, in)
	if err != nil {
		return err
	}
	text := scanLines(scans)
	if e.Analyze {
		more, err := a.analyze(ctx, in)
		if err != nil {
			return err
		}
		text = append(more, text...)
	}
	a.result.Columns = []compile.Result{{Name: "Query Plan", Type: varcharType}}
	a.result.rows = lineRows(text)
	return nil
}

// explainable refuses forms of plans that there are not.
func explainable(e *athenasql.Explain) error {
	switch e.Type {
	case "", "logical", "distributed", "validate":
	default:
		return athenasql.Errorf(athenasql.CodeNotSupported, e.Span, "EXPLAIN (TYPE %s) is not supported", strings.ToUpper(e.Type)).
			WithHint("LOGICAL, DISTRIBUTED and VALIDATE are")
	}
	if e.Format != "" && e.Format != "text" {
		return athenasql.Errorf(athenasql.CodeNotSupported, e.Span, "EXPLAIN (FORMAT %s) is not supported", strings.ToUpper(e.Format)).WithHint("TEXT is")
	}
	return nil
}

// analyze runs a query and says what it cost.
func (a *athenaRun) analyze(ctx context.Context, in duckdb.AthenaInput) ([]string, error) {
	rows, err := a.s.engine.Athena(ctx, in, a.limits())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for {
		if _, err := rows.Next(); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
	}
	a.result.cost(rows.Cost)
	return []string{fmt.Sprintf("Queried: %d rows, %d bytes scanned of %d files", rows.Rows(), rows.Cost.Bytes, len(rows.Cost.Files))}, nil
}

// scanLines says what the scans of a query read.
func scanLines(scans []duckdb.AthenaScan) []string {
	if len(scans) == 0 {
		return []string{"Reads no table"}
	}
	var out []string
	for _, s := range scans {
		out = append(out, fmt.Sprintf("TableScan[table = awsdatacatalog:%s:%s]", s.Database, s.Table))
		columns := "none"
		if len(s.Columns) > 0 {
			columns = strings.Join(s.Columns, ", ")
		}
		out = append(out, "    columns: "+columns)
		if s.Condition {
			out = append(out, "    partition keys choose files")
		}
		if s.PartitionsTotal > 0 {
			out = append(out, fmt.Sprintf("    partitions: %d of %d", s.Partitions, s.PartitionsTotal))
		}
		out = append(out, fmt.Sprintf("    files: %d of %d, bytes: %d of %d", s.Files, s.FilesTotal, s.Bytes, s.BytesTotal))
	}
	return out
}
