// Package memory is the plain reference engine: it runs plans over batches of
// records in memory, stage by stage, in the most obvious way. It says what a plan
// means; faster engines are tested against it.
//
// What comes in is batches of records (package flowlog) and a plan (package
// query); rows go out. Callers are the conformance suite query/querytest and
// whoever asks a question of a few records without a lake.
package memory
