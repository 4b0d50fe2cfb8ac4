// Package filterpattern has the filter patterns of CloudWatch Logs: what metric filters, subscription
// filters, FilterLogEvents and StartLiveTail choose log events by.
//
// What comes in is the text of a pattern; [Parse] gives a [Pattern], compiled once, or an [*Error] with
// place and hint. A pattern says whether a message matches ([Pattern.Matches]) and what it takes out of it
// ([Pattern.Match], for TestMetricFilter); [Pattern.Metric] adds a metric transformation. Package
// internal/awsapi/logs and live tails call it for each event.
//
// There are three kinds, told apart by the first character:
//
//	ERROR -Exiting "exact phrase" ?any ?of ?these %regex%
//	[version, account, eni, ..., action = REJECT || action = "ACC*", status]
//	{ $.eventName = Delete* && ($.user.id != 1 || $.items[*].tag IS NULL) }
//
// An empty pattern matches all. Patterns are case-sensitive.
//
// Source: AWS, CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription
// filters, filter log events, and Live Tail". What it leaves open is decided in
// docs/decisions/0032-what-aws-leaves-open-about-filter-patterns.md.
package filterpattern
