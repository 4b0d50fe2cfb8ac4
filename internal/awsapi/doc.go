// Package awsapi speaks AWS's wire protocols: it tells which service and operation a request is for,
// asks who sends it, reads and checks its members, and writes answers and errors in AWS's form. The
// services are in the packages below it; a [Router] answers for all of them.
//
// It speaks AWS JSON, AWS Query and Smithy RPC v2 CBOR: an operation is written once and answers in the
// protocol in which it is asked.
//
// Sources: the Smithy specification, "AWS JSON 1.1 protocol"; AWS, CloudWatch Logs API Reference,
// "Common Errors".
package awsapi
