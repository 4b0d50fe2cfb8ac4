// Package sns answers the API of Amazon SNS in AWS Query: topics, subscriptions and messages that are published. Each operation has a file.
//
// What comes in are requests of AWS's clients; package notify keeps and delivers what they say. Package app puts the service into its router.
//
// Sources: AWS, Amazon SNS API Reference; recordings of AWS's answers for the texts of errors (docs/reference/sns-api.md says what differs).
package sns
