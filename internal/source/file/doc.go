// Package file is the source of objects that lie in folders and files of this
// machine, in AWS's key layouts or in none.
//
// What comes in is one path or several; what goes out is what package source
// says. Nothing is left out by its look: hidden files and what an editor left
// behind are objects like others, and the decoder says what they are. Only
// folders whose name begins with "." are not entered (.git is no place for
// logs), and the listing names them. The commands that take logs into the lake
// call it.
package file
