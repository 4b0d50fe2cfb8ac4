package pair_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/internal/pair"
	"weir/internal/sharedtest"
)

// scratch is one in memory, which is full from some number of bytes on and can be broken.
type scratch struct {
	bytes  []byte
	full   int
	broken bool
}

var errFull, errBroken = errors.New("no space left"), errors.New("input/output error")

func (s *scratch) Write(b []byte) (int, error) {
	if s.full > 0 && len(s.bytes)+len(b) > s.full {
		return 0, errFull
	}
	s.bytes = append(s.bytes, b...)
	return len(b), nil
}

func (s *scratch) ReadAt(b []byte, at int64) (int, error) {
	if s.broken {
		return 0, errBroken
	}
	return bytes.NewReader(s.bytes).ReadAt(b, at)
}

var _ io.ReaderAt = (*scratch)(nil)

// fill adds records to an hour in some batches, and looks at them again as often as it asks.
func fill(t *testing.T, h *pair.Hour, records []rec, split int) {
	for chunk := range slices.Chunk(records, split) {
		h.Add(batch(t, chunk))
	}
	for range h.Passes() {
		for chunk := range slices.Chunk(records, split) {
			h.Again(batch(t, chunk))
		}
	}
}

// TestLargeHour holds few of an hour's records in memory: the answers and the edges are those
// of all in memory.
func TestLargeHour(t *testing.T) {
	aside := 0
	for seed := range sharedtest.Rounds(uint64(40)) {
		r := rand.New(rand.NewPCG(seed, 6))
		var hours [3][]rec
		for _, one := range random(r, 3) {
			if at := (one.hour() - begin) / 3600; at >= 0 && at < 3 {
				hours[at] = append(hours[at], one)
			}
		}
		records := hours[1]
		if len(records) == 0 {
			continue
		}
		before := pair.EdgeOf(begin, pair.Tail, slices.Values([]pair.Rows{batch(t, hours[0])}))
		after := pair.EdgeOf(begin+7200, pair.Head, slices.Values([]pair.Rows{batch(t, hours[2])}))
		split := 1 + r.IntN(len(records))
		small := pair.NewHour(begin+3600, len(records))
		fill(t, small, records, split)
		to := &scratch{}
		large := pair.NewLargeHour(begin+3600, len(records), 1+r.IntN(len(records)), to)
		fill(t, large, records, split)
		for _, s := range []pair.Side{pair.Head, pair.Tail} {
			if a, b := small.Edge(s).Sum(), large.Edge(s).Sum(); a != b || a != small.Edges()[s].Sum() {
				t.Errorf("seed %d: the edge %d is %x, want %x", seed, s, b, a)
			}
		}
		want, got := small.Find(before, after, true), large.Find(before, after, true)
		if err := large.Err(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: the answers differ", seed)
		}
		if len(to.bytes) > 0 {
			aside++
		}

		full := pair.NewLargeHour(begin+3600, len(records), 1, &scratch{full: len(to.bytes)/2 + 1})
		fill(t, full, records, split)
		full.Find(before, after, true)
		if len(to.bytes) > 0 && !errors.Is(full.Err(), errFull) {
			t.Errorf("seed %d: a full scratch says %v", seed, full.Err())
		}
		bad := &scratch{}
		broken := pair.NewLargeHour(begin+3600, len(records), 1, bad)
		fill(t, broken, records, split)
		bad.broken = true
		broken.Find(before, after, true)
		if len(bad.bytes) > 0 && !errors.Is(broken.Err(), errBroken) {
			t.Errorf("seed %d: a broken scratch says %v", seed, broken.Err())
		}
	}
	if aside < 20 && !testing.Short() {
		t.Errorf("%d hours of 40 were put aside", aside)
	}
}
