// Package contributor keeps the top contributors of log groups: Contributor Insights.
//
// What comes in are rules, as PutInsightRule takes them ([Store.Put]), and log events in their order, with the position of who reads
// them ([Store.Add]); what goes out are reports of who contributed most, by period ([Store.Report]), whose
// metrics alarms watch. Package internal/app gives the events, package internal/awsapi/monitoring the requests.
//
// Counts are exact. What rules count lies in memory until [Store.Commit], at most some hundred thousand contributors of rules and
// minutes, and then in contributors.db as sorted runs, which reports merge as they read them: so memory is bounded, however many
// contributors there are, and nothing is estimated. Events that were committed count once, also after a crash
// (docs/decisions/0040-contributor-insights.md).
//
// Source: AWS, CloudWatch User Guide, "Use Contributor Insights to analyze high-cardinality data", and CloudWatch API Reference.
package contributor
