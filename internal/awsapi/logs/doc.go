// Package logs answers the CloudWatch Logs API over weir's log groups: those of a [Store], and those of
// the lake, which can only be read. Each operation has its file, with its request, its answer and what
// it refuses.
//
// In come decoded calls of package awsapi; out go answers in AWS's words. Package app makes the API of
// a store, of something that runs queries and of the server's sinks.
//
// Sources: AWS, CloudWatch Logs API Reference; where a text of an error is AWS's, it was seen in
// answers of AWS that others recorded. Operations that are not here do not exist for a client
// (UnknownOperationException): none is answered by half.
package logs
