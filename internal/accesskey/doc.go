// Package accesskey keeps the access keys of weir's AWS API: who may sign requests, and for which actions.
//
// What comes in is a data directory; [Create], [Revoke] and [List] are for the command line, a [Store] is
// for a server, which sees changes at once. Package internal/cli calls the former, whoever serves the API the
// latter.
//
// # The file
//
// DATA/secrets/keys has one key a line, as a JSON object; empty lines and lines that begin with # do not
// count:
//
//	{"id":"WEIR...","secret":"...","name":"grafana","allow":["logs:*"],"created":"2026-03-02T12:00:00Z"}
//
// It holds the secrets as they are: a signature of AWS's Signature Version 4 can only be verified by who has
// the secret itself, not a hash of it. So the file is for its owner alone (mode 0600), and one that others
// can read is not used. It is written whole under another name, synced and renamed. DATA/secrets/keys.used
// has when each key was last used, to the minute; losing it loses nothing else.
package accesskey
