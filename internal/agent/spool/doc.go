// Package spool keeps on disk what an agent has read from the kernel, until it is delivered: in STATE/spool.db.
//
// What comes in are steps ([Step]): what one read adds to the open windows, and the items that it makes for destinations. A step is kept whole
// or not at all, with a note that says which epoch it is of, so that an agent that ends at any moment counts nothing twice and loses nothing. What goes out are the
// entries, from which windows are made again ([Spool.Restore]), and the items, the oldest first ([Spool.Oldest]).
// Items are taken out when they are delivered, or given up ([Spool.Drop]), which is kept.
//
// It knows neither what entries say nor where items go. Package agent calls it, and no process opens it beside another.
package spool
