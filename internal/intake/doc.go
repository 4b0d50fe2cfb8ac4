// Package intake takes delivered objects from sources into the lake: it lists,
// passes over what the lake knows, fetches, decodes and hands the records on,
// several objects side by side.
//
// What comes in: sources and what to take of them. What goes out: the lake's new
// content, a running account for a progress display, and a report. The room app
// calls it.
package intake
