// Package labtest has Go tests use weir's lab: a VPC out of network namespaces, whose flow logs say what became of traffic.
//
// What comes in: a program weir, which is in PATH or named by [Options], and root on Linux. What goes out: a [Lab] that is taken away with its test. It runs that program and imports nothing of
// weir, so that tests of any module can use it. It is called by tests alone.
//
// A machine has one lab at a time, so tests with labs run one after the other: those of several packages by go test -p 1.
package labtest
