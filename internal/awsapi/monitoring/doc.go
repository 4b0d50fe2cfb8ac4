// Package monitoring answers the CloudWatch API: metrics, alarms, and the rules of Contributor Insights.
//
// What comes in are requests of a [awsapi.Router]; what goes out are AWS's answers and errors, which docs/reference/cloudwatch-api.md
// compares with AWS. The metrics are those of internal/metricstore, the alarms those of internal/alarm, the rules those of
// internal/contributor; package app makes the [API]. A file has one operation.
//
// Source: AWS, CloudWatch API Reference; what others recorded of it.
package monitoring
