package filterpattern

import (
	"encoding/json"
	"math"
)

// A Set is patterns of which each message is asked: it is split into fields once, and each selector is followed once. It keeps
// what it found of the last message, so it is for one goroutine at a time; patterns may be in several sets.
type Set struct {
	patterns []*Pattern
	// numbers has, for each pattern of JSON, the numbers of its selectors in selectors.
	numbers   [][]int
	selectors [][]step

	message string
	fields  []field
	split   bool
	cache   []found
	root    int // where the object begins, -1 where the message does not look like one
	rooted  bool
	valid   validity
}

// validity says whether a message is JSON.
type validity int

const (
	notAsked validity = iota
	isJSON
	isNotJSON
)

// NewSet returns a set of patterns.
func NewSet(patterns []*Pattern) *Set {
	s := &Set{patterns: patterns, numbers: make([][]int, len(patterns))}
	byName := map[string]int{}
	for i, p := range patterns {
		if p.kind != JSON {
			continue
		}
		for k, name := range p.json.names {
			n, ok := byName[name]
			if !ok {
				n = len(s.selectors)
				byName[name] = n
				s.selectors = append(s.selectors, p.json.selectors[k])
			}
			s.numbers[i] = append(s.numbers[i], n)
		}
	}
	s.cache = make([]found, len(s.selectors))
	return s
}

// Read takes the message that the set is asked of from then on.
func (s *Set) Read(message string) {
	s.message, s.split, s.rooted, s.valid = message, false, false, notAsked
	clear(s.cache)
}

// Matches reports whether the message matches the pattern at i: it is what [Pattern.Matches] says.
func (s *Set) Matches(i int) bool {
	p := s.patterns[i]
	switch p.kind {
	case SpaceDelimited:
		return p.matchFields(s.message, s.allFields())
	case JSON:
		if root := s.object(); root >= 0 {
			e := evaluation{p: p.json, numbers: s.numbers[i], text: s.message, root: root, cache: s.cache}
			return e.holds(p.json.root) && s.isJSON()
		}
		return false
	}
	return p.Matches(s.message)
}

// Datum returns what the message, which matches the metric's pattern, adds to the metric: it is what [Metric.Datum] says.
func (s *Set) Datum(m *Metric) (Datum, bool) { return m.datum(s.message, s.allFields) }

// allFields returns the fields of the message.
func (s *Set) allFields() []field {
	if !s.split {
		s.split = true
		s.fields = splitFields(s.message, s.fields[:0], math.MaxInt)
	}
	return s.fields
}

// object returns where the message's object begins, -1 where it does not look like one.
func (s *Set) object() int {
	if !s.rooted {
		s.rooted = true
		s.root = objectAt(s.message)
	}
	return s.root
}

// isJSON reports whether the message is JSON.
func (s *Set) isJSON() bool {
	if s.valid == notAsked {
		s.valid = isNotJSON
		if json.Valid([]byte(s.message)) {
			s.valid = isJSON
		}
	}
	return s.valid == isJSON
}
