// Package reference evaluates Logs Insights queries row by row, slowly and plainly: what other
// evaluators must agree with, and what does the commands that have no other form.
package reference
