// Package capturetest reads the captures of seven projects and the truth beside them, for tests that count their packets.
//
// What comes in is data/pcaps of the shared data; tests are skipped where it is absent. [Captures] returns each capture with
// its truth: flows ([Flow]) with their sums ([Sum]), which another program computed. [Capture.Read] gives the frames, and
// [Differences] compares what was counted of them. The tests of packages packet and capture/ebpf call it.
package capturetest
