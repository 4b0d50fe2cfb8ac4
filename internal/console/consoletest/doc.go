// Command consoletest serves the console over records in memory, so that the
// browser tests under web/tests and whoever works on the page have a real server
// with the same records each time.
//
// It listens on a free loopback port and writes its address as the first line on
// standard output. On standard input it takes one command a line: "commit" adds
// newer records and tells the console so, "alarm" turns the state of an alarm; the end of the input ends it. It has no
// lake: its records are written as flow log text and read by package flowlog, and
// the reference engine (query/memory) answers.
package main
