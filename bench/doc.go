// Command bench measures weir against the bars of its issues and prints the table, in
// one run on one machine over the same data: a day that 'weir synth' makes and that is
// kept in a folder.
//
//	go run ./bench                                   the bars, 10 million records
//	go run ./bench -install                          the same, with peers that are missing
//	go run ./bench -only peers -peers nfdump,gawk    a part, on the lake of an earlier run
//	go run ./bench -records 200000 -peers ''          few records: the guards of CI
//
// It runs in weir's repository, since it builds a benchmark of package flowlog, and on
// Linux. With 10 million records, the parts take 20 minutes on 2 cores.
//
// The parts, for -only:
//
//	parser     the decoder from .log.gz on one core, of what gunzip alone does, with
//	           klauspost's and with libdeflate
//	intake     'weir open' of the day: records for each CPU-second, and memory
//	sizes      the lake's data files, and their rollups apart
//	small      thousands of small objects
//	first      from start to report on a day of 100,000 records
//	questions  Q1 to Q6 on the lake's records, Q1 to Q5 beside DuckDB on AWS-style Parquet, and
//	           all as Logs Insights queries beside SQL
//	rollups    what rollups answer, as plans, beside the same plans on the lake's records
//	memory     processes that answer Q1 to Q5
//	peers      Q1 to Q5 beside other programs, and intake beside flowlogs-reader
//	attribution  which rule decided about each record, by a definition of 51 VPCs that came
//	           after the records, and before them; and what replays the day's connections with
//	           it: weir whatif, rules, nat and scan
//	follow     a new object in a folder that is followed, until it is in answers
//	puts       flow log events that PutLogEvents takes durably in a second
//	live       an event from the start of its PutLogEvents until a query has it, at 5,000
//	           events a second, while a dashboard's query runs every second
//	watch      from the end of a period that crosses an alarm's threshold until an HTTP endpoint has
//	           the message, at 20,000 events a second
//	alarms     events put and counted a second under 1,000 alarms, 100 contributor rules and 50
//	           metric filters
//
// The peers, for -peers. Each is given the day's records from the objects, without
// weir, and ended before the next begins; servers listen on the loopback address only.
//
//	nfdump           flows as nfcapd writes them, sent to it as NetFlow 5: IPv4 only, no
//	                 time series
//	gawk             one file of text, decompressed before
//	clickhouse       Debian's server with a folder of its own: IPv4 as numbers, since it
//	                 has no type for both; words as LowCardinality, experimental then,
//	                 which makes it faster
//	chdb             ClickHouse of today within Python; its times are the queries' alone
//	flowlogs-reader  a Python library that reads; it is measured on 100,000 records
//
// A peer that is not installed is not run, and the table says so; -install installs
// programs by apt, where root, and Python's packages into the folder. Debian may start
// the services that come with its packages; bench uses none of them.
//
// Questions are asked of two in turn, so that a slow minute of the machine meets both,
// after a round that warms the caches and is not counted. The lake answers from all its
// records, also where a peer holds fewer. Peers have no sums that were made before, so
// that the lake uses no rollups beside them either; these have rows of their own. Every
// answer is compared, that of a peer with what weir says of the records that the peer
// holds: where one differs, the run fails.
//
// Times are medians of several runs with the smallest and the largest; what counts is
// the ratios, since machines differ. For fewer than 10 million records bars are shown
// and not judged. With 200,000, ratios have limits of their own, the guards: the run
// fails where one is clearly worse than it was.
package main
