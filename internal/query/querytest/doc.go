// Package querytest is the conformance suite of query.Engine: what an engine must
// answer, whichever way it computes.
//
// [Run] asks three things of an engine: that it answers the scripts of testdata
// as they say; that it answers random plans over random records as the reference
// engine query/memory does; and that it keeps the contract of query.Engine and
// query.Rows (limits, cancelling, end, closing). Each engine's test calls it with
// a function that opens the engine over given records.
//
// # Scripts
//
// A script is lines. A command stands at the line's start, what belongs to it
// below it, indented. Lines that begin with # are comments.
//
//	load
//		version srcaddr srcport action weir-hour shade
//		2 10.0.0.1 22 ACCEPT 1772445600 dark
//		2 - - - 1772445600 -
//
//	eval vpc | where srcport = 22 | project srcaddr, twice = srcport * 2
//	expect
//		'10.0.0.1', 44
//
//	eval vpc | aggregate n = count_rows()
//		by action
//	expect ordered
//		...
//
// load replaces the records by those of a flow log's text. A record without
// weir-hour gets its end, else its start; one without weir-region gets its
// region. eval gives a plan; expect what comes of it:
//
//	expect                rows in any order, one on each line
//	expect ordered        rows in this order
//	expect none           no rows
//	expect refused TEXT   query.ErrRefused, with TEXT in the message
//	expect error          another error than of limits: a number out of range
//
// Values are written as in plans, maps as {'name': 'value'}. Integers and numbers
// are different values: 2 is not 2.0. Numbers may differ by 1e-9 of their size.
//
// # Plans
//
//	TABLE [scope(BOUND, ...)] | STAGE | STAGE ...
//
// TABLE is vpc or tgw. BOUND is from=TIME, to=TIME, account='A', region='R',
// interface='I' or flow_log='F'; the last four may stand several times. STAGE is
//
//	where EXPR
//	extend NAME = EXPR, ...
//	project NAME [= EXPR], ...
//	aggregate [NAME = FUNC(EXPR), ...] [by NAME [= EXPR], ...]
//	sort EXPR [desc], ...
//	limit N
//
// An EXPR has the usual infix operators (or, and, not, comparisons, is absent,
// is not absent, in (...), not in (...), + - * / %) and calls in function form,
// for operators too: +(a, 1). Constants are 22, 0.5, 'text', true, false, absent
// and 2026-03-02T10:00:00Z; names that are no plain words stand in double
// quotes.
package querytest
