// Package console is weir's page in the browser, from the server's side: the JSON
// API over the lake, the built files of the page (package web), and what keeps
// others out.
//
// [New] makes the handler from a query engine and a few functions that tell of the
// lake; [Guard] refuses requests that come through a foreign page or name;
// [Login] asks for a name and a password where the listener is not loopback. Rooms
// that serve HTTP put them together: Guard outside, then Login, then New.
//
// # The API
//
// All reads are GET under /api/v1. A moment is an integer, seconds since the epoch
// in UTC, of the years 1970 to 9999; in a request it may also be RFC 3339. Integers beyond 2^53 are given as
// text, because a JSON number would be rounded in the browser. A value that a
// record does not have is null, or left out of a record.
//
//	status    version, clock, and per kind of flow log: records, size, time span
//	following the sources that are followed: when they were looked at, what fails
//	fields    the fields of a kind, with unit, meaning and names of numbers
//	series    a measure over time, by a field: the largest values and the rest
//	totals    sums over the range by action, with the measure over time
//	top       the largest values of a field
//	records   the records themselves, newest first, in pages
//	check     what is wrong with a filter, if anything
//	complete  completions of the filter language
//	events    a stream of server-sent events, one for each commit to the lake (commit) and
//	          one whenever alarms or their history have changed (alarms)
//
//	languages the languages in which queries can be asked, and what the range does to each
//	dashboards, queries
//	          the heads of the documents that people saved, and of those that come with
//	          weir; below it ID gives one whole
//
//	alarms    all alarms with their states
//	alarm     the one with that name: what it watches, its history, and what became of
//	          its messages
//	alarm-values
//	          the values that it sees from from to to, at the latest now, and its states
//	alarm-behind
//	          who is behind its last change to ALARM, by log events and rules, and what to
//	          run next
//	rules     the rules of Contributor Insights, and those that weir has ready
//	contributors
//	          who contributed most to the rule with that name, with the numbers of
//	          GetInsightRuleReport; a ready rule that is not kept is counted over the
//	          records of the lake (of interfaces, where it is about some)
//
// Four do more than read. Their body must be JSON (Content-Type: application/json), and no
// member of it may be unknown:
//
//	POST query   {language, text, from, to, limit}: runs a query that a person wrote and
//	             answers its columns, its first rows, whether there are more, what was
//	             read and how new it was; it takes 2 minutes at most
//	POST export  the same with format (csv, parquet), name and result: the rows as a
//	             file; those that were shown under the name result, where they are still
//	             kept and all were shown, else what the query gives now, 1,000,000 rows at
//	             most; with rule in place of language and text, contributors
//	POST silence {name, until}: holds the actions of an alarm back until a moment; one that
//	             is past ends that
//	dashboards, queries
//	             POST keeps a new document (package dashboard has its members), PUT ID
//	             replaces one, whose version must be the one that is there (else 409), and
//	             DELETE ID?version=N removes one
//
// Values of rows are as AppendJSON of package rowfile writes them, but that decimals, large
// integers and numbers that are none (NaN, +Inf) are text.
//
// The reads take these parameters, as far as they make sense for them:
//
//	kind      vpc (default) or tgw
//	from, to  bounds of a record's time, from inclusive, to exclusive; a record
//	          counts at its start, or at weir_hour where it has no start
//	where     a filter in weir's filter language
//	tz        IANA name of the zone in which the filter's times are read; UTC
//	by        a field, by its column name
//	measure   bytes (default), packets or records
//	limit     how many values or rows
//	step      width of a bucket of time in seconds; buckets begin at multiples of it
//	refused   true: only records with action REJECT; false (default): all
//	after     where the next page of records begins
//
// An answer has a note, for people, where something is to be said of what it rests on: that
// hours of it are attributed by older definitions of the network.
//
// A failure is {"error": {"message", "hint", "param", "offset", "length"}}: param
// is the parameter in question, offset and length are bytes of its text, offset is
// null where it is not one place. The status is 400 for what was asked wrongly,
// 503 where a limit of rows, bytes or memory ended the query, and 504 where it took
// too long.
//
// Each query sees one moment of the lake. An answer that takes two queries can see
// a commit between them; the event of that commit makes the page read again.
package console
