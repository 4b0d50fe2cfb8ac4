package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"weir/internal/query/duckdb"
)

// otherNetworks is how many synthetic networks, of three VPCs each, lie beside the day's own:
// 51 VPCs with 4,369 ENIs, of which most have the addresses of 16 others.
const otherNetworks = 16

// importTimes are when the day's networks are imported: as they were before the change of
// a network ACL, at the day's begin and until a second before it; and after it. The times are those
// of 'weir synth' without --start and --duration.
var importTimes = []struct{ folder, at string }{
	{"networks-before", "2026-06-16T00:00:00Z"},
	{"networks-before", "2026-06-16T15:20:59Z"},
	{"networks", "2026-06-16T15:21:00Z"},
}

// nearChange is the time in which it is not known which of both definitions was in force: from
// the last import before the change to the first after it, and a minute around.
const nearChange = "start BETWEEN epoch(TIMESTAMP '2026-06-16 15:18:00') AND epoch(TIMESTAMP '2026-06-16 15:22:01')"

// attribution measures telling which rule decided about the day's records: in a lake that
// has them when the definitions come, and while they are taken in.
func (b *bench) attribution(ctx context.Context) error {
	if err := b.networks(ctx); err != nil {
		return err
	}
	after, before := filepath.Join(b.dir, "attributed-after"), filepath.Join(b.dir, "attributed-before")
	if err := errors.Join(os.RemoveAll(after), os.RemoveAll(before)); err != nil {
		return err
	}
	plain, err := b.command(ctx, "--data", after, "-q", "open", b.logs())
	if err != nil {
		return err
	}
	for _, data := range []string{after, before} {
		for _, im := range importTimes {
			if _, err := b.command(ctx, "--data", data, "network", "import", "-q", filepath.Join(b.dir, im.folder), "--at", im.at); err != nil {
				return err
			}
		}
	}
	again, err := b.command(ctx, "--data", after, "-q", "lake", "compact")
	if err != nil {
		return err
	}
	while, err := b.command(ctx, "--data", before, "-q", "open", b.logs())
	if err != nil {
		return err
	}
	perMillion := func(seconds float64) float64 { return seconds / float64(b.records) * 1e6 }
	// In CPU-seconds, so that other work of a shared machine does not count: as on one core.
	b.row("attribution of the day's records in the lake, by a definition of 51 VPCs that came later: time", "under 60 CPU-s, which 2 cores share", again.cpu.Seconds() < 60,
		"%.1f CPU-s, %.2f for each million; %.1f s wall", again.cpu.Seconds(), perMillion(again.cpu.Seconds()), again.wall.Seconds())
	b.row("its memory", "under 2,048 MiB", again.peak < 2<<30, "%d MiB", again.peak>>20)
	b.note("the same while they are taken in", fmt.Sprintf("%.2f CPU-s for each million more than %.2f without a definition; %d MiB instead of %d",
		perMillion((while.cpu-plain.cpu).Seconds()), perMillion(plain.cpu.Seconds()), while.peak>>20, plain.peak>>20))
	if err := b.attributed(ctx, after, before); err != nil {
		return err
	}
	return b.replays(ctx, after)
}

// replays measures what goes through all connections of the day, with the definitions of a lake
// that has them.
func (b *bench) replays(ctx context.Context, data string) error {
	l, engine, err := b.openLakeOf(ctx, data, duckdb.Options{})
	if err != nil {
		return err
	}
	busiest, _, err := sqlAsker(engine, "SELECT regexp_extract(weir_allow_rules, 'sgr-[0-9a-f]+') AS rule FROM "+table+" WHERE weir_allow_rules LIKE '%sgr-%' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")(ctx)
	if err = errors.Join(err, engine.Close(), l.Close()); err != nil {
		return err
	}
	for _, ask := range [][]string{
		{"whatif", "-q", "--revoke", strings.TrimSpace(busiest[0])}, {"rules", "hits", "-q"}, {"rules", "unused", "-q"}, {"nat", "-q"}, {"scan", "-q"},
	} {
		u, err := b.command(ctx, append([]string{"--data", data}, ask...)...)
		if err != nil {
			return err
		}
		b.row("weir "+strings.Join(ask, " ")+": time, memory", "under 60 CPU-s, 2,048 MiB", u.cpu.Seconds() < 60 && u.peak < 2<<30, "%.1f CPU-s, %.1f s wall, %d MiB", u.cpu.Seconds(), u.wall.Seconds(), u.peak>>20)
	}
	return nil
}

// networks makes the networks' definitions.
func (b *bench) networks(ctx context.Context) error {
	for seed := range otherNetworks + 1 {
		name := fmt.Sprint(seed + 1) // the day's own is 1
		logs := filepath.Join(b.dir, "network-logs", name)
		// All are of the same time; the records, 10 a minute, are not used.
		if err := b.synth(ctx, logs, "--seed", name, "--records", "14400", "--network", filepath.Join(b.dir, "networks", name)); err != nil {
			return err
		}
		made := filepath.Join(b.dir, "networks", name+"-before")
		into := filepath.Join(b.dir, "networks-before", name)
		if _, err := os.Stat(made); errors.Is(err, os.ErrNotExist) {
			continue // an earlier run moved it
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(into), 0o755), os.RemoveAll(into), os.Rename(made, into)); err != nil {
			return err
		}
	}
	return nil
}

// attributed compares what two lakes tell, and says how much is exact. It fails where a record
// with an action has no attribution, where that of something refused is unknown though no rule
// changed, and where it matters when the definition came.
func (b *bench) attributed(ctx context.Context, lakes ...string) error {
	told := "SELECT action, weir_attribution, weir_reject_stage, count(*), bit_xor(hash(weir_reject_rule, weir_allow_rules, srcaddr, dstaddr, start)) FROM " + table +
		" WHERE action IS NOT NULL GROUP BY ALL ORDER BY ALL"
	var first string
	for _, data := range lakes {
		l, engine, err := b.openLakeOf(ctx, data, duckdb.Options{})
		if err != nil {
			return err
		}
		rows, _, err := sqlAsker(engine, told)(ctx)
		var shares []string
		if err == nil {
			shares, _, err = sqlAsker(engine, "SELECT round(100 * avg((weir_attribution = 'exact')::INT), 1), round(100 * avg((weir_attribution = 'exact')::INT) FILTER (action = 'REJECT'), 1), "+
				"count(*) FILTER (weir_attribution IS NULL), count(*) FILTER (action = 'REJECT' AND weir_attribution = 'unknown' AND NOT "+nearChange+") FROM "+table+" WHERE action IS NOT NULL")(ctx)
		}
		if err = errors.Join(err, engine.Close(), l.Close()); err != nil {
			return err
		}
		var all, refused string
		var none, unknown int
		if _, err := fmt.Sscan(shares[0], &all, &refused, &none, &unknown); err != nil {
			return fmt.Errorf("%q: %w", shares[0], err)
		}
		if none > 0 || unknown > 0 {
			return fmt.Errorf("%d records have no attribution, and %d refused ones an unknown one", none, unknown)
		}
		text := strings.Join(rows, "\n")
		if first == "" {
			first = text
			b.note("exact, in the default format", fmt.Sprintf("%s %% of the records, %s %% of the refused ones", all, refused))
		}
		if text != first {
			return fmt.Errorf("it matters when the definition came:\n%s\n\n%s", first, text)
		}
	}
	return nil
}
