// Package subscription makes the documents that subscription filters of CloudWatch Logs send to their
// destinations: gzip of JSON, one log stream in each.
//
// What comes in are events of one log stream that a filter chose; [Pack] gives the payloads of as many records
// as they need. [Lambda] wraps a payload as Lambda functions get it. Package internal/app sends them.
//
// Source: AWS, CloudWatch Logs User Guide, "Real-time processing of log data with subscriptions".
package subscription
