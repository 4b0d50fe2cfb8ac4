// Package sqs takes the events of buckets from a queue of Amazon SQS, so that new
// objects are known when they come and not when the bucket is listed next.
//
// What comes in is a queue; what goes out is [Message] values, in which [ParseEvents]
// finds the objects that S3 says were created: in S3's own event notifications, in
// EventBridge's events, and in either as SNS passes it on. Whoever takes a message
// deletes it once its objects are in the lake; until then the queue keeps it, hidden
// for [Visibility] at a time.
//
// Package app calls it. It asks with ReceiveMessage, DeleteMessage and
// ChangeMessageVisibility only.
package sqs
