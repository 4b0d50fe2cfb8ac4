// Package metricstore keeps metrics: points of one second or one minute, rolled up to five minutes and an hour, as long as
// CloudWatch keeps them.
//
// What comes in are data of PutMetricData, of metric filters and of weir's own counts; what goes out are points of a period with
// their statistics and percentiles. Package internal/metricmath computes with them, package internal/alarm watches them.
//
// Source: AWS, CloudWatch User Guide, "Metrics concepts", and CloudWatch API Reference.
package metricstore
