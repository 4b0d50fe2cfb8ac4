package attribute

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"weir/internal/netmodel"
	"weir/internal/policy"
)

// Span is a stretch of time in which the definitions of a [Source] do not change.
type Span struct {
	// From is its first second, since the epoch; it ends where the next one begins. The first
	// span begins at the least number.
	From int64
	// Sum is a checksum of what is in force.
	Sum uint64
}

// InForce is what was in force in a span.
type InForce struct {
	Network *netmodel.Network // not changed
	// Unsure says of ids of things that they may have been otherwise; nil: of none.
	Unsure func(id string) bool
	// Ruleset names the definition that has a thing, for the field weir-ruleset.
	Ruleset func(id string) string
}

// Source is the definitions of a network over time.
type Source interface {
	// Spans are in the order of time; none where there is no definition.
	Spans() []Span
	// Load returns what was in force in a span. It is called by one goroutine at a time.
	Load(ctx context.Context, span int) (InForce, error)
}

// Rules tell which rules decided about records. They are safe for concurrent use.
type Rules struct {
	source Source
	spans  []Span

	mu   sync.Mutex
	kept []*loaded // asked last first
}

// keptSpans is how many definitions are kept: those of an hour in which something changed, for
// two hours at a time. More are kept of small networks, which may change often: as many as have
// keptInterfaces altogether, counting each as of keptLeast at least.
const keptSpans, keptInterfaces, keptLeast = 4, 4096, 64

// loaded is a definition, with what was asked of it.
type loaded struct {
	span int
	InForce

	mu         sync.Mutex
	definition *policy.Definition
	judges     map[string]*policy.Judge
	icmp       map[icmpKey]answer
}

// New returns the rules of a source, which must not change.
func New(s Source) *Rules { return &Rules{source: s, spans: s.Spans()} }

// Bounds of times that are asked about: a record of an hour begins and ends within these, in
// seconds before and after it. Others, whose delivery was late, or whose clock is wrong, are not
// told of.
const around = 3 * 3600

// form is of this code: it is raised where something else is told of the same, so that hours are
// told anew.
const form = 4

// slack is how much, in seconds, the time of a change and those of packets may differ.
const slack = 60

// Sum is a checksum of what is told of an hour, which begins at a second since the epoch; 0 where
// nothing is.
func (r *Rules) Sum(hour int64) uint64 {
	if len(r.spans) == 0 {
		return 0
	}
	first, last := r.between(hour-around-slack, hour+3600+around+slack)
	sum := uint64(14695981039346656037)
	mix := func(x uint64) { sum = (sum ^ x) * 1099511628211; sum ^= sum >> 29 }
	mix(form)
	if first > 0 {
		mix(1) // what is accepted may be older than a change
	}
	for i := first; i <= last; i++ {
		if i > first {
			mix(uint64(r.spans[i].From))
		}
		mix(r.spans[i].Sum)
	}
	return max(sum, 1)
}

// between returns the first and the last span of a time.
func (r *Rules) between(from, to int64) (first, last int) {
	at := func(t int64) int {
		n, found := slices.BinarySearchFunc(r.spans, t, func(s Span, t int64) int {
			switch {
			case s.From < t:
				return -1
			case s.From > t:
				return 1
			}
			return 0
		})
		if found {
			return n
		}
		return max(n-1, 0)
	}
	return at(from), at(to)
}

// at returns what was in force in a span.
func (r *Rules) at(ctx context.Context, span int) (*loaded, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := slices.IndexFunc(r.kept, func(l *loaded) bool { return l.span == span }); n >= 0 {
		l := r.kept[n]
		r.kept = slices.Insert(slices.Delete(r.kept, n, n+1), 0, l)
		return l, nil
	}
	in, err := r.source.Load(ctx, span)
	if err != nil {
		return nil, fmt.Errorf("cannot read the definition of the network: %w", err)
	}
	l := &loaded{span: span, InForce: in, definition: policy.New(in.Network), judges: map[string]*policy.Judge{}, icmp: map[icmpKey]answer{}}
	r.kept = slices.Insert(r.kept, 0, l)
	size := 0
	for i, of := range r.kept {
		if size += max(keptLeast, len(of.Network.Interfaces)); i >= keptSpans && size > keptInterfaces {
			r.kept = r.kept[:i]
			break
		}
	}
	return l, nil
}

// judge returns what decides at an ENI; nil where the definition does not have it.
func (l *loaded) judge(id string) *policy.Judge {
	l.mu.Lock()
	defer l.mu.Unlock()
	j, known := l.judges[id]
	if !known {
		j = l.definition.Judge(id, l.Unsure)
		l.judges[id] = j
	}
	return j
}
