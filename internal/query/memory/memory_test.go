package memory_test

import (
	"testing"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/query/memory"
	"weir/internal/query/querytest"
	"weir/internal/sharedtest"
)

func open(_ *testing.T, batches []*flowlog.Batch) query.Engine { return memory.New(batches...) }

func TestEngine(t *testing.T) { querytest.Run(t, open) }

func TestDerived(t *testing.T) {
	querytest.RunDerived(t, sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs"), open)
}
