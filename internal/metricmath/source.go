package metricmath

import (
	"context"

	"weir/internal/metricstore"
)

// A Source has the points of metrics. Times are in seconds since the epoch; from is inclusive, to exclusive.
type Source interface {
	// Series returns the points of a metric: Times, Values, and Units. Periods begin at from and each s.Period behind it.
	Series(ctx context.Context, s *Stat, from, to int64) (Series, error)
	// Find returns the metrics of a namespace, "" for all, that had data in the last two weeks, in their order.
	Find(ctx context.Context, namespace string) ([]metricstore.Metric, error)
	// InsightRule returns a metric of a rule of Contributor Insights, such as "UniqueContributors": Times and Values.
	InsightRule(ctx context.Context, rule, metric string, period int, from, to int64) (Series, error)
}
