// Package metricmath reads and evaluates the queries of GetMetricData: metrics, and expressions over them.
//
// Source: AWS, CloudWatch User Guide, "Using math expressions with CloudWatch metrics", and CloudWatch API Reference,
// MetricDataQuery.
package metricmath
