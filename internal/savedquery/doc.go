// Package savedquery holds the sixteen analyses that AWS's integration of flow logs with Athena offers, under its names, each in Athena's SQL and in
// the language of Logs Insights.
//
// What comes in is a [Fill]: the table, the addresses and the time range that are asked for. What goes out is the text of a query, which
// weir, Athena and Logs Insights run. AWS publishes the names and what each is for, and not their texts: these are weir's own.
// Commands and the page of weir serve show and run them.
//
// Source: VPC User Guide, "Query flow logs using Amazon Athena", predefined queries.
package savedquery
