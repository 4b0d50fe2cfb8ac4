// Package notify keeps topics and subscriptions, and delivers messages that are published to a topic to its subscribers: at least
// once, each with its message id.
//
// What comes in are the operations of SNS's API (package awsapi/sns asks for them), messages (that API, and package app for alarms), and requests for
// links in confirmations, which [Store.Handler] answers. What goes out are deliveries: to HTTP endpoints in SNS's documents, e-mails, and the forms of
// Slack, Teams, a webhook, a command, or a topic of AWS. [Store.Run] makes them. What can't be delivered stays in the list of dead letters.
//
// Topics, subscriptions and messages lie in DATA/topics.db; the key that signs and the certificate below DATA/secrets.
//
// Source: AWS, Amazon SNS Developer Guide and API Reference; what they leave open is decided in docs/decisions/0041-notifications.md.
package notify
