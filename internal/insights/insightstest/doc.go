// Package insightstest is the tests of Logs Insights that every evaluator must pass: scripts in testdata, and random queries
// over random events that are compared with the plain evaluator of package reference.
//
// A script loads events and lookup tables, asks queries and says what must come:
//
//	load GROUP [STREAM] [format LOGFORMAT]
//		1700000001000 the message of an event
//	table NAME
//		id,name
//		1,Ann
//	range START END
//	anycase
//	eval fields a | sort a desc
//	expect
//		a
//		2
//		absent
//
// Lines that are indented belong to the command above them; lines that begin with # are comments. Each load and table
// adds to what there is; "clear" forgets all. range, in milliseconds, is the query's time range, both ends inclusive; it is
// that of the events where none is given. anycase finds fields of flow logs in any case from there on.
//
// Behind expect stand the columns, and then the rows in their order, values separated by " | ". "absent" is an absent
// value, and a value in double quotes is read as Go reads it. "expect unordered" compares without the order, "expect none"
// wants no rows, and "expect error TEXT" an error that has the text in it.
package insightstest
