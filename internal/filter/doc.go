// Package filter is weir's filter language for people, the same wherever weir asks
// for a condition: the --where of a command, the filter box of the page.
//
//	srcaddr in 10.0.0.0/8 and dstport = ssh and action = reject
//
// What comes in is text; out goes a condition of package query, which every engine
// and query.CompileWhere can evaluate, or an [*Error] with place and hint. [Format]
// goes the other way, [Complete] says what could be typed next.
//
// # The language
//
// A condition is comparisons joined by and, or, not and parentheses; not binds
// tightest, or loosest. Words may stand in any case.
//
//	FIELD = VALUE         also ==; and != or <>, <, <=, >, >=
//	FIELD in VALUES       VALUES is (A, B, ...) or one item; also not in
//	FIELD contains TEXT   also not contains
//	FIELD starts with T   also not starts with
//	FIELD ~ /REGEXP/      RE2, anywhere in the text; also !~
//	FIELD is absent       also is null, is present, is not absent, is not null
//
// Fields are those of flowlog, with hyphens or underscores, in any case. addr and
// port stand for either end of the traffic: a comparison holds if it holds for
// srcaddr or for dstaddr; a denying one (!=, not in, !~, is absent ...) holds if it
// holds for both. Where [Options.Names] says so, names can be asked for too: interface-name,
// dst-role. Fields that weir does not know can be named where
// [Options.Unknown] knows them; they hold text.
//
// Values stand bare or in single or double quotes, in which the quote itself is
// written twice:
//
//   - of addresses: an address, whatever its spelling; with in also a CIDR
//   - of ports: a number, or a service name such as ssh
//   - of protocol: a number, or a name such as tcp
//   - of bytes: a number, or a size: 10MB is 10,000,000, 10MiB is 10,485,760
//   - of start, end and weir-hour: 2026-03-02T10:00, 2026-03-02 10:00:05, the same
//     with Z or +01:00 behind it, or seconds since the epoch. Without a zone,
//     [Options.Zone] counts. A date alone is its first moment, with >= and < only.
//   - of action and log-status: AWS's values in any case
//   - with in, for numbers and times: a range with both ends, 1024..65535
//   - of anything else: text
//
// # Absent fields
//
// A record need not have each field. The language has two values only: a
// comparison with an absent field is false, != too; "not X" is true just where X is
// false. So "dstport != 22" leaves out records without a port, "not dstport = 22"
// takes them.
package filter
