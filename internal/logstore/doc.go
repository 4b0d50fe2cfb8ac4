// Package logstore keeps log groups: their streams, events, retention and tags. An event is durable
// before it is acknowledged.
//
// Source: AWS, CloudWatch Logs API Reference.
package logstore
