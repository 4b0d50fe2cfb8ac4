package monitoring

import (
	"context"

	"weir/internal/metricstore"
)

// Metrics keeps metrics; *[metricstore.Store] does. It is safe for concurrent use.
type Metrics interface {
	Put(ctx context.Context, data []metricstore.Datum) error
	List(ctx context.Context, r metricstore.ListRequest) ([]metricstore.Metric, error)
	Read(ctx context.Context, r metricstore.ReadRequest) ([]metricstore.Point, error)
}
