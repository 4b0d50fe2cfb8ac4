// Package capture tells at which network interfaces of a definition packets pass, in which direction, and what their rules decide.
//
// What comes in are packets as package packet reads them, in the order of their time. What goes out is where each passed ([Sighting]).
package capture
