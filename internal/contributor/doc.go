// Package contributor keeps the top contributors of log groups: Contributor Insights.
//
// What comes in are rules, as PutInsightRule takes them, and log events in their order; what goes out are reports of who
// contributed most, by period.
//
// Source: AWS, CloudWatch User Guide, "Use Contributor Insights to analyze high-cardinality data", and CloudWatch API Reference.
package contributor
