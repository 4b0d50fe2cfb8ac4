// Package servicetest has services that a test's agent delivers to and that fail as services do: S3, CloudWatch Logs and Firehose in memory, or another server behind them, in
// [Weather] that the test makes. Tests of packages agent and agent/command call it.
package servicetest
