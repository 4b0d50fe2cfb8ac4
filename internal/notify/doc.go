// Package notify keeps topics and subscriptions, and delivers messages that are published to a topic to its subscribers: at least
// once, each with its message id.
//
// Source: AWS, Amazon SNS Developer Guide and API Reference.
package notify
