// Package insights is the CloudWatch Logs Insights query language: its syntax tree, a parser that
// keeps positions, a printer, and a checker. What a query means is in the packages below it:
// values and functions in value, the fields of an event in discover, the plain evaluator in
// reference, and the form that runs on an SQL engine in compile.
//
// Source: AWS, "CloudWatch Logs Insights language query syntax". What AWS leaves open is decided in
// docs/decisions/0030-what-aws-leaves-open-about-insights.md.
package insights
