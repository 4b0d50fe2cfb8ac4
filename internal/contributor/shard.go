package contributor

import (
	"math"
	"slices"
	"strings"
)

// secondsPerHour and the like are of event times.
const (
	secondsPerMinute = 60
	secondsPerHour   = 3600
	minutesPerHour   = 60
)

// A shardTime is what of a rule counts apart: a minute, in minutes since the epoch, and whether its events are backfilled.
type shardTime struct {
	minute     int64
	backfilled bool
}

// An hourTime is the hour of it, in hours since the epoch: runs are of hours.
type hourTime struct {
	hour       int64
	backfilled bool
}

func (t shardTime) hour() hourTime { return hourTime{floorDiv(t.minute, minutesPerHour), t.backfilled} }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// totals are of all events of a rule and a minute that matched.
type totals struct {
	samples       int64
	sum, min, max float64
	skipped       Skipped
}

func (t *totals) add(v float64) {
	if t.samples == 0 {
		t.min, t.max = v, v
	}
	t.samples++
	t.sum += v
	t.min, t.max = min(t.min, v), max(t.max, v)
}

// join adds totals of other events.
func (t *totals) join(o totals) {
	switch {
	case t.samples == 0:
		t.min, t.max = o.min, o.max
	case o.samples > 0:
		t.min, t.max = min(t.min, o.min), max(t.max, o.max)
	}
	t.samples += o.samples
	t.sum += o.sum
	t.skipped.join(o.skipped)
}

func (s *Skipped) join(o Skipped) {
	s.Large += o.Large
	s.LargeSum += o.LargeSum
	s.NoNumber += o.NoNumber
}

// A shard is what a rule counted of a minute and is not committed.
type shard struct {
	totals totals
	index  map[string]int32
	cells  []cell
}

// A cell is a contributor. Those of the last commit stay, with fresh false, as long as there is room: they are likely to come again.
type cell struct {
	key   string
	value float64
	fresh bool
}

func newShard() *shard { return &shard{index: map[string]int32{}} }

// add counts a value of a contributor, whose key is text or, where that is nil, buf. It reports whether the contributor is new here: only
// then memory is taken.
func (s *shard) add(text string, buf []byte, v float64) bool {
	s.totals.add(v)
	i, ok := int32(0), false
	if buf != nil {
		i, ok = s.index[string(buf)]
	} else {
		i, ok = s.index[text]
	}
	if ok {
		c := &s.cells[i]
		c.value += v
		c.fresh = true
		return false
	}
	key := string(buf)
	if buf == nil {
		key = strings.Clone(text)
	}
	s.index[key] = int32(len(s.cells))
	s.cells = append(s.cells, cell{key, v, true})
	return true
}

// weight returns how much memory the shard takes, in cells: one that is empty takes as much as some.
func (s *shard) weight() int { return emptyWeight + len(s.cells) }

const emptyWeight = 8

// isFresh reports whether anything came since the last commit.
func (s *shard) isFresh() bool { return s.totals != totals{} }

// An entry is what a contributor added in a minute of an hour.
type entry struct {
	key    string
	minute uint8
	value  float64
}

// appendEntries appends what came since the last commit.
func (s *shard) appendEntries(out []entry, minute int64) []entry {
	m := uint8(minute - floorDiv(minute, minutesPerHour)*minutesPerHour)
	for i := range s.cells {
		if c := &s.cells[i]; c.fresh {
			out = append(out, entry{c.key, m, c.value})
		}
	}
	return out
}

// settle makes all that is there committed.
func (s *shard) settle() {
	s.totals = totals{}
	for i := range s.cells {
		s.cells[i].value, s.cells[i].fresh = 0, false
	}
}

// sortEntries sorts by key, then minute.
func sortEntries(all []entry) {
	slices.SortFunc(all, func(a, b entry) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return int(a.minute) - int(b.minute)
	})
}

// isLarge reports whether AWS's rules skip a value.
func isLarge(v float64) bool { return math.Abs(v) > largest }
