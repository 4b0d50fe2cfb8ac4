// Package reference evaluates Logs Insights queries row by row, slowly and plainly: what other
// evaluators must agree with, and what does the commands that have no other form.
//
// Run takes a query and the events of its log groups. Continue takes rows that another evaluator made of the commands in
// front, and runs the rest; ViewOf tells what commands say of the rows behind them, so that columns are the same whoever
// ran them. Each command is a file. The scripts of package insightstest say what must come.
package reference
