package contributor

import (
	"slices"
	"sync"
)

// maxSeen bounds what is remembered: contributors of hours, at some 70 bytes each.
const maxSeen = 300_000

// A seenHour is an hour of a rule, by its id.
type seenHour struct {
	rule int64
	hourTime
}

// seenHours remember who contributed in hours, with the minutes. What is remembered of an hour holds as long as it has the same runs: what comes late
// makes it another one. Where there is too much, all is forgotten.
type seenHours struct {
	mu    sync.Mutex
	hours map[seenHour]seenContributors
	n     int // contributors of all hours
}

type seenContributors struct {
	runs    []int64           // ids
	minutes map[string]uint64 // not changed any more
}

func idsOf(runs []runInfo) []int64 {
	out := make([]int64, len(runs))
	for i := range runs {
		out[i] = runs[i].id
	}
	slices.Sort(out)
	return out
}

// get returns what is remembered of an hour that has these runs; false: nothing.
func (s *seenHours) get(h seenHour, runs []runInfo) (map[string]uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, ok := s.hours[h]
	if !ok || !slices.Equal(of.runs, idsOf(runs)) {
		return nil, false
	}
	return of.minutes, true
}

// put remembers an hour.
func (s *seenHours) put(h seenHour, runs []runInfo, minutes map[string]uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n -= len(s.hours[h].minutes)
	if s.hours == nil || s.n+len(minutes) > maxSeen {
		s.hours, s.n = map[seenHour]seenContributors{}, 0
	}
	s.n += len(minutes)
	s.hours[h] = seenContributors{idsOf(runs), minutes}
}
