// Package cli is weir's commands: one file for each, which reads flags, asks
// package app, and shows the answer.
//
// # Rules for output
//
// Data goes to stdout and talk to stderr. A message begins with "weir:", in lower
// case and without a full stop; up to three lines that begin with "hint:" say what
// to do next. Tables are for people where that is the default; --json and --format
// give the same for programs. Times of records are shown in the zone of --tz, which
// is always named. Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 partial, 4 findings.
package cli
