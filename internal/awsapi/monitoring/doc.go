// Package monitoring answers the CloudWatch API: metrics that clients put, list and read.
//
// What comes in are requests of a [awsapi.Router]; what goes out are AWS's answers and errors. The metrics are those of
// internal/metricstore; package app makes the [API]. A file has one operation.
//
// Source: AWS, CloudWatch API Reference.
package monitoring
