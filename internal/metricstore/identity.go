package metricstore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Key returns a text that no other metric has, and by which [Store.List] orders metrics.
func (m Metric) Key() string {
	var b strings.Builder
	b.WriteString(m.Namespace + "\x00" + m.Name)
	for _, d := range m.Dimensions {
		b.WriteString("\x00" + d.Name + "\x00" + d.Value)
	}
	return b.String()
}

// SortDimensions orders dimensions by name, as a [Metric] has them.
func SortDimensions(list []Dimension) {
	slices.SortFunc(list, func(a, b Dimension) int { return cmp.Compare(a.Name, b.Name) })
}

// check says what of the identity is not as its comment says.
func (m Metric) check() error {
	if m.Namespace == "" || m.Name == "" {
		return invalid("a metric needs a namespace and a name, and this has %q and %q", m.Namespace, m.Name)
	}
	for i, d := range m.Dimensions {
		if d.Name == "" || i > 0 && m.Dimensions[i-1].Name >= d.Name {
			return invalid("the dimensions of the metric %q are not sorted by name, or one is there twice: %q", m.Name, d.Name)
		}
	}
	key := m.Key()
	if !utf8.ValidString(key) { // names lie in the database as JSON, which would make one of several
		return invalid("the metric %q has a name or a value that is no UTF-8", m.Name)
	}
	if strings.Count(key, "\x00") != 1+2*len(m.Dimensions) {
		return invalid("the metric %q has a zero byte in a name or a value", m.Name)
	}
	return nil
}

// InvalidError says what of a datum or a request is not taken.
type InvalidError struct{ Message string }

// Error returns the message.
func (e *InvalidError) Error() string { return e.Message }

func invalid(format string, args ...any) error { return &InvalidError{fmt.Sprintf(format, args...)} }
