package duckdb

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/query/querytest"
	"weir/internal/sharedtest"
)

// newLake returns a lake of batches, which must have weir_hour set. Every third
// batch comes in an import of its own, so that there are files that overlap.
func newLake(t testing.TB, batches []*flowlog.Batch) *lake.Lake {
	t.Helper()
	return newLakeWith(t, batches, lake.Options{})
}

func newLakeWith(t testing.TB, batches []*flowlog.Batch, o lake.Options) *lake.Lake {
	t.Helper()
	ctx := context.Background()
	l, err := lake.Open(ctx, t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	for i, b := range batches {
		im, err := l.Begin(lake.ImportOptions{AsGiven: true})
		if err != nil {
			t.Fatal(err)
		}
		url := fmt.Sprintf("/objects/%d", i)
		w, _, err := im.Start(ctx, lake.ObjectRef{Source: "/objects", URL: url}, lake.Look{}, sha256.Sum256([]byte(url)))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteComplete(ctx, b); err != nil {
			t.Fatal(err)
		}
		if err := w.Finish(ctx, lake.Result{State: lake.Taken}); err != nil {
			t.Fatal(err)
		}
		if err := im.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// newEngine returns an engine over a lake of batches.
func newEngine(t testing.TB, batches []*flowlog.Batch) *Engine {
	t.Helper()
	e, err := Open(context.Background(), newLake(t, batches), Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func TestConformance(t *testing.T) {
	querytest.Run(t, func(t *testing.T, batches []*flowlog.Batch) query.Engine { return newEngine(t, batches) })
}

// TestRolled answers plans from rollups, of files that have some and of others, as the
// reference does from records.
func TestRolled(t *testing.T) {
	querytest.RunRolled(t, func(t *testing.T, batches []*flowlog.Batch) query.Engine {
		e, err := Open(t.Context(), newLakeWith(t, batches, lake.Options{RollupRecords: 30}), Options{TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.Close() })
		return e
	}, func(e query.Engine, p query.Plan) bool {
		cost, err := e.Explain(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return len(cost.Files) == 0 || slices.ContainsFunc(cost.Files, func(f query.FileCost) bool { return strings.HasPrefix(f.Path, "rollups") })
	})
}

// TestDerived asks questions whose answers others computed.
func TestDerived(t *testing.T) {
	querytest.RunDerived(t, sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs"),
		func(t *testing.T, batches []*flowlog.Batch) query.Engine { return newEngine(t, batches) })
}
