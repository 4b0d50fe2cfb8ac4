package duckdb

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	sqlcat "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// TestOlderTable reads, without writing, the lake of a weir that knew fewer fields:
// they are absent.
func TestOlderTable(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindVPC)
	r := b.Append()
	if err := r.SetText(flowlog.SrcAddr, "10.0.0.1"); err != nil {
		t.Fatal(err)
	}
	b.SetNums(flowlog.WeirHour, []int64{time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC).Unix()})
	l := newLake(t, []*flowlog.Batch{b})
	dropColumns(t, l, "weir_direction", "weir_pair", "weir_pair_gap")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	old, err := lake.Open(t.Context(), l.Data(), lake.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	e, err := Open(t.Context(), old, Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for text, want := range map[string]int64{
		"SELECT count(*) FROM vpc_flow_logs WHERE weir_pair IS NULL AND weir_pair_gap IS NULL AND srcaddr = '10.0.0.1'": 1,
		"SELECT count(*) FROM vpc_flow_logs WHERE weir_pair = 'none'":                                                   0,
		"SELECT count(*) FROM (SELECT weir_direction, count(*) FROM vpc_flow_logs GROUP BY 1)":                          1,
	} {
		rows, err := e.RunSQL(t.Context(), text, query.Scope{}, query.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		row, err := rows.Next()
		if err != nil || row[0] != want {
			t.Errorf("%s: %v, %v", text, row, err)
		}
		rows.Close()
	}
}

// dropColumns takes columns out of a lake's table of VPC flow logs.
func dropColumns(t *testing.T, l *lake.Lake, names ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(l.Data(), "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cat, err := sqlcat.NewCatalog("weir", db, sqlcat.SQLite, iceberg.Properties{"warehouse": "file://" + l.Dir()})
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := cat.LoadTable(t.Context(), table.Identifier{"flow", "records"})
	if err != nil {
		t.Fatal(err)
	}
	tx := tbl.NewTransaction()
	update := tx.UpdateSchema(true, true)
	for _, name := range names {
		update.DeleteColumn([]string{name})
	}
	if err := update.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}
