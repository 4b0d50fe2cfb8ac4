package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"weir/internal/query/duckdb"
)

// refusedAnswers is Q6: the refused records whose opposite direction was accepted,
// which are answers that a network ACL refused, and those behind a connection's end.
const refusedAnswers = "SELECT count(*) FROM %s WHERE action = 'REJECT' AND weir_pair = 'accepted'"

// refusedAnswersJoined is Q6 without the stored pairs, as a join. No record of the
// data spans more than 60 s, so that the window is 120 s.
const refusedAnswersJoined = `SELECT count(*) FROM aws r WHERE r.action = 'REJECT' AND EXISTS (SELECT 1 FROM aws a
	WHERE a.action = 'ACCEPT' AND a.interface_id = r.interface_id AND a.protocol = r.protocol AND a.srcaddr = r.dstaddr
	AND a.dstaddr = r.srcaddr AND a.srcport = r.dstport AND a.dstport = r.srcport
	AND greatest(a."end", r."end") - least(a.start, r.start) <= 120)`

// joinRecords is up to how many records the join is made, whose memory grows with
// them.
const joinRecords = 1_000_000

// stored asks what is answered by what the lake stores beside AWS's fields, and what
// the order of its files is for.
func (b *bench) stored(ctx context.Context, engine *duckdb.Engine, conn *sql.Conn) error {
	q6 := fmt.Sprintf(refusedAnswers, table)
	if b.records <= joinRecords {
		mine, _, err := sqlAsker(engine, q6)(ctx)
		if err != nil {
			return err
		}
		theirs, _, err := duckAsker(conn, refusedAnswersJoined)(ctx)
		if err != nil {
			return err
		}
		if !slices.Equal(mine, theirs) {
			return fmt.Errorf("Q6: the stored pairs say %v, a join %v", mine, theirs)
		}
	}
	if err := b.timed(ctx, engine, "Q6, refused records whose opposite was accepted, by the stored pairs", 50, q6); err != nil {
		return err
	}
	return b.oneInterface(ctx, engine)
}

// oneInterface asks for one interface and one hour: of all, in the order of their
// records, the one in the middle and the busiest.
func (b *bench) oneInterface(ctx context.Context, engine *duckdb.Engine) error {
	all, _, err := sqlAsker(engine, "SELECT interface_id, start - start % 3600, count(*) FROM "+table+
		" WHERE interface_id IS NOT NULL GROUP BY 1, 2 ORDER BY 3, 1, 2")(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("no interfaces")
	}
	for _, of := range []struct{ what, row string }{{"the one in the middle", all[len(all)/2]}, {"the busiest", all[len(all)-1]}} {
		var iface string
		var hour, records int64
		if _, err := fmt.Sscan(of.row, &iface, &hour, &records); err != nil {
			return err
		}
		where := fmt.Sprintf(" FROM %s WHERE interface_id = '%s' AND start >= %d AND start < %d", table, iface, hour, hour+3600)
		for _, q := range []struct{ what, sql string }{
			{"its records and bytes", "SELECT count(*), sum(bytes)" + where},
			{"the first 100 of its records, all columns", "SELECT *" + where + " ORDER BY start LIMIT 100"},
		} {
			what := fmt.Sprintf("one interface for one hour, %s (%d records): %s", of.what, records, q.what)
			if err := b.timed(ctx, engine, what, 20, q.sql); err != nil {
				return err
			}
		}
	}
	return nil
}

// timed asks the lake several times.
func (b *bench) timed(ctx context.Context, engine *duckdb.Engine, what string, bar float64, text string) error {
	var runs []float64
	for i := range b.runs + 1 {
		_, took, err := sqlAsker(engine, text)(ctx)
		if err != nil {
			return err
		}
		if i > 0 { // the first warms the caches
			runs = append(runs, float64(took.Microseconds())/1000)
		}
	}
	mid, low, high := median(runs, itself)
	b.row(what, fmt.Sprintf("under %.0f ms", bar), mid < bar, "%.0f ms (%.0f to %.0f)", mid, low, high)
	return nil
}

// queryMemory asks each question in a process of its own, for its memory.
func (b *bench) queryMemory(ctx context.Context) error {
	peak, worst := int64(0), ""
	for _, q := range theQuestions {
		u, err := b.command(ctx, "--data", b.data(), "query", "--format", "csv", q.of(table))
		if err != nil {
			return err
		}
		if u.peak > peak {
			peak, worst = u.peak, q.name
		}
	}
	b.row("peak memory of a process that answers one of Q1 to Q5", "under 512 MiB", peak < 512<<20, "%d MiB (%s)", peak>>20, worst)
	return nil
}
