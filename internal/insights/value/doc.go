// Package value is the values of CloudWatch Logs Insights: how texts act as numbers, how values are
// compared, sorted and shown, and every scalar function of the language as a plain Go function.
// Both evaluators call it, so that there is one meaning.
//
// What AWS leaves open is decided in docs/decisions/0030-what-aws-leaves-open-about-insights.md.
package value
