package filterpattern

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Transformation says what a metric filter makes of a match.
//
// Source: AWS, CloudWatch Logs API Reference, MetricTransformation.
type Transformation struct {
	MetricName, MetricNamespace string
	// MetricValue is a number, or the field whose value is published: $name, $7 or $.selector.
	MetricValue string
	// DefaultValue is published for minutes in which events came and none matched; nil for nothing.
	DefaultValue *float64
	// Dimensions are names of dimensions and the fields whose values they have.
	Dimensions map[string]string
	// Unit is one of CloudWatch's units, "" for None.
	Unit string
}

// Limits of AWS on metric transformations.
const (
	maxMetricName  = 255
	maxMetricValue = 100
	maxDimensions  = 3
)

// largest bounds values of metrics.
//
// Source: AWS, CloudWatch API Reference, PutMetricData: -2^360 to 2^360.
var largest = math.Ldexp(1, 360)

// units are those of CloudWatch.
var units = strings.Fields("Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits " +
	"Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second " +
	"Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None")

// A Metric is a pattern with a transformation. It is safe for concurrent use.
type Metric struct {
	pattern    *Pattern
	fixed      float64
	value      *source // nil: fixed
	dimensions []dimension
}

type dimension struct {
	name string
	from *source
}

// A source is the field of an event that a value comes from.
type source struct {
	name   string // of a space-delimited pattern, without its dollar sign
	number int    // the place, counted from 1, that it may be; 0: none
	steps  []step // of JSON
}

// A Datum is what one event adds to a metric.
type Datum struct {
	Value      float64
	Dimensions []Extracted // sorted by name; Name is the dimension's
}

// Metric checks a transformation against the pattern and compiles it.
func (p *Pattern) Metric(t Transformation) (*Metric, error) {
	for _, f := range []struct{ name, value string }{{"metricName", t.MetricName}, {"metricNamespace", t.MetricNamespace}} {
		if utf8.RuneCountInString(f.value) > maxMetricName {
			return nil, fmt.Errorf("%s has more than %d characters", f.name, maxMetricName)
		}
		if f.value == "" || strings.ContainsAny(f.value, ":*$") {
			return nil, fmt.Errorf("%s must not be empty and have none of : * $", f.name)
		}
		if strings.ContainsFunc(f.value, unicode.IsControl) {
			return nil, fmt.Errorf("%s has a control character", f.name)
		}
	}
	if t.Unit != "" && !slices.Contains(units, t.Unit) {
		return nil, fmt.Errorf("unit %q is none of CloudWatch's: %s", t.Unit, strings.Join(units, ", "))
	}
	if t.DefaultValue != nil && !(math.Abs(*t.DefaultValue) <= largest) { // so too where it is no number
		return nil, fmt.Errorf("defaultValue is no number from -2^360 to 2^360, which metrics have")
	}
	m := &Metric{pattern: p}
	if err := m.setValue(t.MetricValue); err != nil {
		return nil, err
	}
	return m, m.setDimensions(t)
}

// setValue reads the metric's value.
func (m *Metric) setValue(text string) error {
	if utf8.RuneCountInString(text) > maxMetricValue {
		return fmt.Errorf("metricValue has more than %d characters", maxMetricValue)
	}
	if strings.HasPrefix(text, "$") {
		from, err := m.pattern.source(text)
		if err != nil {
			return fmt.Errorf("metricValue: %w", err)
		}
		m.value = from
		return nil
	}
	v, ok := parseFloat(text)
	if !ok {
		return fmt.Errorf("metricValue %q is neither a number nor a field such as $bytes or $.latency", text)
	}
	if math.Abs(v) > largest {
		return fmt.Errorf("metricValue %q is none from -2^360 to 2^360, which metrics have", text)
	}
	m.fixed = v
	return nil
}

// setDimensions reads the dimensions.
func (m *Metric) setDimensions(t Transformation) error {
	if len(t.Dimensions) == 0 {
		return nil
	}
	switch {
	case m.pattern.kind != JSON && m.pattern.kind != SpaceDelimited:
		return fmt.Errorf("The specified filter pattern does not support dimensions") //nolint:staticcheck // AWS's words
	case t.DefaultValue != nil:
		return fmt.Errorf("Invalid metric transformation: dimensions and default value are mutually exclusive properties.") //nolint:staticcheck,revive // AWS's words
	case len(t.Dimensions) > maxDimensions:
		return fmt.Errorf("there are %d dimensions, %d are allowed", len(t.Dimensions), maxDimensions)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Dimensions)) {
		if name == "" || utf8.RuneCountInString(name) > maxMetricName {
			return fmt.Errorf("the name of a dimension must have 1 to %d characters", maxMetricName)
		}
		if strings.ContainsFunc(name, unicode.IsControl) {
			return fmt.Errorf("the name of a dimension has a control character")
		}
		from, err := m.pattern.source(t.Dimensions[name])
		if err != nil {
			return fmt.Errorf("dimension %q: %w", name, err)
		}
		m.dimensions = append(m.dimensions, dimension{name, from})
	}
	return nil
}

// source reads the field that a value comes from.
func (p *Pattern) source(text string) (*source, error) {
	switch {
	case p.kind == JSON:
		s := &scanner{text: text}
		if s.peek() != '$' {
			return nil, fmt.Errorf("%q is no selector such as $.latency", text)
		}
		steps, err := s.selector()
		if err != nil {
			return nil, err
		}
		if s.pos < len(text) {
			return nil, badCharacter(text, s.pos)
		}
		if slices.ContainsFunc(steps, func(st step) bool { return st.all }) {
			return nil, fmt.Errorf("%q has a wildcard, and so leads to no one value", text)
		}
		return &source{steps: steps}, nil
	case p.kind != SpaceDelimited:
		return nil, fmt.Errorf("%q is a field, and the filter pattern has none: it must be JSON or space-delimited", text)
	}
	name, ok := strings.CutPrefix(text, "$")
	named := slices.ContainsFunc(p.items, func(it item) bool { return it.name == name && name != "" })
	place, err := strconv.ParseInt(name, 10, 32)
	if !ok || !named && (err != nil || place < 1) {
		return nil, fmt.Errorf("%q is no field of the filter pattern", text)
	}
	if err != nil {
		place = 0
	}
	return &source{name: name, number: int(place)}, nil
}

// Datum returns what a message adds to the metric; false where it does not match, or where a field that the
// metric needs is absent or, for the value, no number from -2^360 to 2^360: then nothing is published.
func (m *Metric) Datum(message string) (Datum, bool) {
	if !m.pattern.Matches(message) {
		return Datum{}, false
	}
	return m.datum(message, func() []field { return splitFields(message, nil, math.MaxInt) })
}

// datum is Datum for a message that matches. fields returns all its fields, and is called where they are needed.
func (m *Metric) datum(message string, fields func() []field) (Datum, bool) {
	find := func(from *source) (string, bool) {
		if from.steps == nil {
			return m.pattern.valueOf(message, fields(), from.name, from.number)
		}
		return textOf(message, skipSpace(message, 0), from.steps)
	}
	d := Datum{Value: m.fixed}
	if m.value != nil {
		text, ok := find(m.value)
		if !ok {
			return Datum{}, false
		}
		if d.Value, ok = parseFloat(text); !ok || math.Abs(d.Value) > largest {
			return Datum{}, false
		}
	}
	for _, dim := range m.dimensions {
		text, ok := find(dim.from)
		if !ok {
			return Datum{}, false
		}
		d.Dimensions = append(d.Dimensions, Extracted{dim.name, text})
	}
	return d, true
}

// parseFloat reads a number of the form that patterns have.
func parseFloat(text string) (float64, bool) {
	if _, ok := parseDecimal(text); !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}
