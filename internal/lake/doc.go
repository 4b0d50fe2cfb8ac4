// Package lake keeps flow log records: two Apache Iceberg tables of Parquet
// files (flow.records and flow.tgw_records), and the ledger of the delivered
// objects that they were taken from.
//
// What comes in: the batches of one delivered object at a time, through an
// [Import]. What goes out: a [Snapshot], which lists the data files of one moment
// for an engine to read, and reports of the ledger. The rooms intake and app call
// it; engines read what it writes. It knows no engine and no source.
//
// # On disk
//
// DATA/lake holds Parquet and table metadata only. DATA/catalog.db is the Iceberg
// catalog, DATA/state.db the ledger, DATA/lock the lock of the one writer. Data
// files are partitioned by the hour of weir_hour and sorted by srcaddr, dstaddr
// and start; a column that no record of a file has is not in the file.
//
// # Commits
//
// Every change is a batch: its files are written and synced, then the batch is
// noted in state.db with its files and objects, then each table commits (the
// snapshot's property weir.batch names the batch), then the batch is marked done.
// After a crash the next writer finishes batches that were noted, so that a
// change happens whole or not at all, and removes files of batches that were not.
//
// # What is derived
//
// Directions, pairs and repeats of records are found in their hour and its neighbours
// (package pair), and what definitions of the network tell of the rules that decided is asked
// of an [Attribution]. Both are columns, and are found again where what they rest on changes:
// the ledger keeps sums of it (pairs.go, stale.go).
//
// # Objects
//
// An object's place is its URL. Places and bytes that imports have in hand are
// held for all of them together (flights), so that nothing is taken twice at a
// time. Which object answers for bytes that lie at several places, and what a
// replacement takes out, is settled when objects are committed, under the lock of
// the commit: what they were started with may be long ago.
package lake
