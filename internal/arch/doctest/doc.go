// Package doctest runs the shell blocks of Markdown files, so that what the
// documentation shows is what happens.
//
// What comes in: a folder with README.md and docs/, and a PATH on which the
// program that they speak of can be found. What goes out: a subtest for each file
// that has blocks, which fails at the line at which the text is wrong. The test of
// the room that has the program's main function calls [Run].
//
// The blocks of one file run in order in one empty folder, which is also HOME and
// WEIR_DATA's parent. The word behind the three backquotes decides:
//
//   - sh: the block is a shell script that must succeed.
//   - console: lines that begin with "$ " are commands, the lines under a command
//     are what it prints, on both streams; a line "..." stands for any lines. A
//     last line "[exit 3]" says that the command ends with that code and not 0.
//   - any word and then file=NAME: the block is written to the file NAME.
//
// A block that can't run here is marked "sh no-test" or "console no-test", and
// the line before it says why: <!-- no-test: needs an AWS account -->. Other blocks
// are not looked at.
package doctest
