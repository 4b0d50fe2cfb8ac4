// Package metricfilter evaluates the metric filters of a log group: what they make of its events, minute by minute.
//
// What comes in are filters ([Filter]), compiled once ([New]), and events, each once, in any order ([Filters.Add]); what goes out
// are data for package internal/metricstore ([Filters.Take]): for each filter, minute and set of dimension values, the values
// that came and how often each did, so that statistics and percentiles are those of the events. A filter with a default value
// adds it for a minute in which events came and none matched, once the minute is over ([Filters.Due]); which minutes are
// answered is state that the caller keeps ([Filters.State]).
//
// Package app calls it from the reader of log events, which sees to it that each event comes once. A [Filters] is for one
// goroutine at a time.
//
// Source: AWS, CloudWatch Logs User Guide, "Creating metrics from log events using filters" and "Configuring metric values for a
// metric filter". What it leaves open is decided in docs/decisions/0043-what-watching-reads.md.
package metricfilter
