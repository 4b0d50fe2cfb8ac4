package main

import "fmt"

// guardRecords is the number of records for which the guards are set: so few that CI
// measures them at every change.
const guardRecords = 200_000

// The ratios that guards hold. None is a time: bytes are the same on every machine, and
// of two things measured in turn a slow machine slows both.
const (
	guardLake        = "lake data files / .log.gz"
	guardRollupBytes = "rollups, B/record"
	guardQuestions   = "Q1 to Q5, times faster than DuckDB on AWS-style Parquet"
	guardRollups     = "by rollups, times faster than by records"
	guardKlauspost   = "decoder / gunzip alone, klauspost"
	guardLibdeflate  = "decoder / gunzip alone, libdeflate"
)

// guards are where a ratio is clearly worse than it was. They are no bars: with few
// records files are small, and what each costs whatever is in it weighs more. Bytes
// are exact and have little slack; what is measured has half, since a shared machine
// may make that of it.
var guards = []struct {
	name  string
	limit float64
	least bool // else at most
}{
	{name: guardLake, limit: 0.70},
	{name: guardRollupBytes, limit: 6.2},
	{name: guardQuestions, limit: 3, least: true},
	{name: guardRollups, limit: 0.5, least: true},
	{name: guardKlauspost, limit: 0.28, least: true},
	{name: guardLibdeflate, limit: 0.14, least: true},
}

// guard prints the ratios that were measured beside their limits, where these are for
// as many records, and reports whether one is worse.
func (b *bench) guard() (worse bool) {
	if b.records != guardRecords || len(b.guarded) == 0 {
		return false
	}
	fmt.Println("\n| guard | limit | measured | |")
	fmt.Println("| --- | --- | --- | --- |")
	for _, g := range guards {
		got, ok := b.guarded[g.name]
		if !ok {
			continue
		}
		limit, verdict := "at most", "held"
		if g.least {
			limit = "at least"
		}
		if g.least && got < g.limit || !g.least && got > g.limit {
			verdict, worse = "WORSE", true
		}
		fmt.Printf("| %s | %s %g | %.3f | %s |\n", g.name, limit, g.limit, got, verdict)
	}
	return worse
}
