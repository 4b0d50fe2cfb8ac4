// Command lab builds a lab, runs all scenarios several times in a row, and prints one table against the bars of the issue; or it records a terminal.
//
//	go run ./bench/lab                           all scenarios three times, as root
//	go run ./bench/lab -cast docs/lab/lab.cast   a recording, and a picture of it beside it, as root
//
// It drives the program weir, as people do, and imports nothing of it.
//
// Memory is the proportional set size (smaps_rollup) of all processes that weir lab status names, summed every quarter of a second, of which the largest is printed: pages that they share count
// once. How late an answer is is what weir lab run says: from the end of the window with the last packet of all scenarios until the answer was there, with the time that the questions before it took.
//
// A recording has what the commands print, when they print it, in asciinema's format (version 2). Its first and last second are made up: nobody types.
package main
