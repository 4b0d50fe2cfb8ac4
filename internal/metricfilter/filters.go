package metricfilter

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"weir/internal/filterpattern"
	"weir/internal/metricstore"
)

// A Filter is a metric filter.
type Filter struct {
	Name string
	// Pattern is the filter pattern, "" for all events.
	Pattern        string
	Transformation filterpattern.Transformation
	// Disabled says that it counts nothing: it made too many dimension values.
	Disabled bool
}

// MostDimensionValues is how many different values of dimensions a filter may make for the events of an hour. One that makes more
// is disabled.
//
// Source: AWS, CloudWatch Logs User Guide: 1,000 different name/value pairs within one hour.
const MostDimensionValues = 1000

const (
	minuteMillis = 60_000
	hourMinutes  = 60
	// longestValue bounds the value of a dimension in bytes (AWS: 1,024 characters).
	longestValue = 1024
)

// Filters are the metric filters of a log group, compiled together.
type Filters struct {
	set     *filterpattern.Set
	filters []*filter

	tallies map[tallyKey]*tally
	// last is the tally that was added to last, of lastKey: events mostly come minute by minute.
	lastKey tallyKey
	last    *tally
}

// filter is a filter, compiled.
type filter struct {
	Filter
	metric *filterpattern.Metric
	unit   string
	// minutes are those of live events, and of backfilled ones, where the filter has a default value.
	minutes [2]Minutes
	// pairs are the values of dimensions that it made, for each hour of events, by hours since the epoch.
	pairs map[int64]map[filterpattern.Extracted]struct{}
}

// New compiles filters. state is what [Filters.State] gave for the filters that were, nil for nothing. Errors say what is wrong
// with which filter; those that PutMetricFilter took have none.
func New(filters []Filter, state State) (*Filters, error) {
	out := &Filters{tallies: map[tallyKey]*tally{}}
	var patterns []*filterpattern.Pattern
	for _, f := range filters {
		p, err := filterpattern.Parse(f.Pattern)
		if err != nil {
			return nil, fmt.Errorf("the metric filter %s: %w", f.Name, err)
		}
		m, err := p.Metric(f.Transformation)
		if err != nil {
			return nil, fmt.Errorf("the metric filter %s: %w", f.Name, err)
		}
		c := &filter{Filter: f, metric: m, unit: f.Transformation.Unit, pairs: map[int64]map[filterpattern.Extracted]struct{}{}}
		if c.unit == "None" {
			c.unit = ""
		}
		if f.Transformation.DefaultValue != nil {
			kept := state[f.Name]
			c.minutes = [2]Minutes{kept[0].clone(), kept[1].clone()}
		}
		patterns, out.filters = append(patterns, p), append(out.filters, c)
	}
	out.set = filterpattern.NewSet(patterns)
	return out, nil
}

// Add evaluates the filters on an event: at is its timestamp in milliseconds since the epoch. It keeps nothing of the message but
// values of dimensions.
func (f *Filters) Add(at int64, message string, backfilled bool) {
	f.set.Read(message)
	minute := floorDiv(at, minuteMillis)
	for i, c := range f.filters {
		if c.Disabled {
			continue
		}
		if !f.set.Matches(i) {
			if c.Transformation.DefaultValue != nil {
				c.of(backfilled).came(minute)
			}
			continue
		}
		if c.Transformation.DefaultValue != nil {
			c.of(backfilled).answered(minute)
		}
		d, ok := f.set.Datum(c.metric)
		if !ok || !fits(d.Dimensions) {
			continue // nothing is published, and no default value either: the minute had a match
		}
		if !c.allow(minute, d.Dimensions) {
			continue
		}
		f.tally(i, minute, backfilled, d.Dimensions).add(d.Value, 1)
	}
}

// of returns the minutes of live or backfilled events.
func (c *filter) of(backfilled bool) *Minutes {
	if backfilled {
		return &c.minutes[1]
	}
	return &c.minutes[0]
}

// fits reports whether values can be those of dimensions. What is no UTF-8 can't. Characters beyond ASCII, and a colon at the beginning, which AWS does not take,
// are taken: IPv6 addresses begin so.
//
// Source: AWS, CloudWatch API Reference, Dimension.
func fits(dimensions []filterpattern.Extracted) bool {
	for _, d := range dimensions {
		if strings.TrimSpace(d.Value) == "" || len(d.Value) > longestValue || !utf8.ValidString(d.Value) || strings.ContainsFunc(d.Value, unicode.IsControl) {
			return false
		}
	}
	return true
}

// allow notes the values of dimensions, and disables the filter where they are too many.
func (c *filter) allow(minute int64, dimensions []filterpattern.Extracted) bool {
	if len(dimensions) == 0 {
		return true
	}
	hour := floorDiv(minute, hourMinutes)
	pairs := c.pairs[hour]
	if pairs == nil {
		c.forgetHours()
		pairs = map[filterpattern.Extracted]struct{}{}
		c.pairs[hour] = pairs
	}
	for _, d := range dimensions {
		if _, ok := pairs[d]; ok {
			continue
		}
		if len(pairs) == MostDimensionValues {
			c.Disabled = true
			return false
		}
		pairs[d] = struct{}{}
	}
	return true
}

// mostHours is how many hours of events are remembered for allow; the oldest is forgotten first.
const mostHours = 24

func (c *filter) forgetHours() {
	for len(c.pairs) >= mostHours {
		oldest := int64(math.MaxInt64)
		for hour := range c.pairs {
			oldest = min(oldest, hour)
		}
		delete(c.pairs, oldest)
	}
}

// Disabled returns the names of the filters that are disabled.
func (f *Filters) Disabled() []string {
	var out []string
	for _, c := range f.filters {
		if c.Disabled {
			out = append(out, c.Name)
		}
	}
	return out
}

// Due adds default values for the minutes that are over at a time, in milliseconds since the epoch: those in which live events came
// and none matched. Of backfilled events nobody knows whether more of the same minute come; idle says that for now none do, and
// that their minutes are due too.
func (f *Filters) Due(at int64, idle bool) {
	over := floorDiv(at, minuteMillis) - 1 // the last minute that is
	for i, c := range f.filters {
		if c.Transformation.DefaultValue == nil || c.Disabled {
			continue
		}
		for _, backfilled := range []bool{false, true} {
			if backfilled && !idle {
				continue
			}
			until := over
			if backfilled {
				until = math.MaxInt64
			}
			for _, minute := range c.of(backfilled).due(until) {
				f.tally(i, minute, backfilled, nil).add(*c.Transformation.DefaultValue, 1)
			}
		}
	}
}

// State returns what must be kept with the data that Take returned, for the filters that have any.
func (f *Filters) State() State {
	out := State{}
	for _, c := range f.filters {
		if c.minutes[0].empty() && c.minutes[1].empty() {
			continue
		}
		out[c.Name] = c.minutes
	}
	return out.clone()
}

// Take returns what events and default values added since the last call, by filter, minute and dimensions.
func (f *Filters) Take() []metricstore.Datum {
	out := f.data()
	clear(f.tallies)
	f.last = nil
	return out
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
