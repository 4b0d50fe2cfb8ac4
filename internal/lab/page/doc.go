// Package page writes the pages of a lab's scenarios and of the document that weir implements.
//
// What comes in: what became of scenarios ([weir/internal/lab.Result]) with the records of their traffic. What goes out: Markdown. [Scenario] is the page of one scenario, and
// [Index] and [Document] are the tables of all, which take no run. Pages of two runs are the same but for what [Same] passes over. Package cli calls it for weir lab run --pages; the tables in docs/lab
// are held against it by this package's tests.
package page
