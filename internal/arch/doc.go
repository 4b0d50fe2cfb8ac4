// Package arch holds the tests about the repository itself: which room may
// import which, where the AWS SDK and cgo may stand, that each package says what
// it is for, how long a file may be, and what may lie at the root.
//
// What comes in is the repository's files, read as they are: a test that asked
// "go list" would be answered from go test's cache after a change, because the
// cache knows the files that the test opened, not those of its children. Nothing
// goes out, and no room imports it. rooms.txt is the map; ARCHITECTURE.md prints
// the same list. Package arch/doctest runs the shell blocks of the documentation.
package arch
