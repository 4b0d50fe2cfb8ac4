// Package s3 is the source of objects in a bucket of AWS or of any S3-compatible
// service, and the login to AWS that it shares with the other sources of AWS.
//
// What comes in is a bucket, a prefix and an [Access]; what goes out is what
// package source says. A listing follows AWS's key layouts downwards and does
// not ask for what the selection excludes: other accounts, regions and days,
// other services' logs. Below folders of no layout it lists everything. Objects
// are fetched whole, checked against the listing, and held in memory or, large
// ones, in a nameless temporary file.
//
// Faults carry AWS's own message, a code and a hint with the command or policy
// statement that helps. Secrets are never part of an error, and nothing is
// logged. The commands that take logs into the lake call this package.
package s3
