// Package monitoring answers of the CloudWatch API what clients of CloudWatch Logs ask beside: Grafana's
// CloudWatch source calls ListMetrics to see whether it can reach the server. There are no metrics.
//
// Source: AWS, CloudWatch API Reference.
package monitoring
