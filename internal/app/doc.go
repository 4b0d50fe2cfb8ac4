// Package app is the room that knows all others and wires them: sources, intake,
// lake, engine, console.
//
// What comes in: requests of the commands (package cli). What goes out: reports
// and rows. The [Service] is what can be asked; [Local] answers in this process,
// [Dial] gives one that asks the server which holds the data directory, over
// DATA/weir.sock, so that commands see what the server sees. [Serve] is that
// server, with the console and its health pages.
package app
