// Package metricmath reads and evaluates the queries of GetMetricData: metrics, and expressions over them.
//
// What comes in are queries and a range of time; the points of metrics are asked of a [Source], which the caller gives. What goes out is a
// [Series] or more for each query that returns data, with its label. Package internal/awsapi/monitoring answers GetMetricData with
// them, and package internal/alarm watches them.
//
// What AWS does not say of metric math is refused with its place, or stands in docs/decisions/0038-metric-math.md.
//
// Source: AWS, CloudWatch User Guide, "Using math expressions with CloudWatch metrics", "CloudWatch search expression syntax" and
// "Use dynamic labels", and CloudWatch API Reference, MetricDataQuery.
package metricmath
