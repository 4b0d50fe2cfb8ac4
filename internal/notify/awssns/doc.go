// Package awssns publishes messages to topics of AWS, for subscriptions of the protocol sns. Package app gives it the configuration that AWS's tools find, and it to
// package notify.
//
// Source: AWS, Amazon SNS API Reference, Publish.
package awssns
