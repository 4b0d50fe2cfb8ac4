// Package metricstore keeps metrics: points of one second or one minute, rolled up to five minutes and an hour, as long as
// CloudWatch keeps them. They lie in metrics.db of the data directory.
//
// What comes in are data of PutMetricData, of metric filters and of weir's own counts; what goes out are points of a period with
// their statistics and percentiles. Package internal/metricmath computes with them, package internal/alarm watches them, and
// internal/awsapi/monitoring asks for them; package app opens the store and has it tidied.
//
// A datum is durable when its Put returns, in one row, which is that of its step, unit and origin (live or backfilled). Roll-ups move samples
// from row to row in a transaction, so any mix of finer and coarser rows tells the same (docs/decisions/0037-metrics.md).
//
// Sources: AWS, CloudWatch User Guide, "Metrics concepts" and "CloudWatch statistics definitions"; CloudWatch API Reference.
package metricstore
