package contributor

import (
	"encoding/json"
	"slices"
	"strings"
)

// Operators of filters, as AWS writes them.
const (
	opIn          = "In"
	opNotIn       = "NotIn"
	opStartsWith  = "StartsWith"
	opGreaterThan = "GreaterThan"
	opLessThan    = "LessThan"
	opEqualTo     = "EqualTo"
	opNotEqualTo  = "NotEqualTo"
	opIsPresent   = "IsPresent"
)

// operators are all, in AWS's order.
var operators = []string{opIn, opNotIn, opStartsWith, opGreaterThan, opLessThan, opEqualTo, opNotEqualTo, opIsPresent}

// A filter is a condition on a field.
type filter struct {
	field
	op     string
	texts  []string
	number float64
	want   bool
}

// compares reports whether the operator compares numbers.
func (f *filter) compares() bool {
	switch f.op {
	case opGreaterThan, opLessThan, opEqualTo, opNotEqualTo:
		return true
	}
	return false
}

// holds reports whether the filter lets an event pass that has this field. What is absent passes no operator but IsPresent false; a
// text that is no number is unequal to any.
func (f *filter) holds(s *slot) bool {
	if f.op == opIsPresent {
		return s.present == f.want
	}
	if !s.present {
		return false
	}
	switch f.op {
	case opIn:
		return slices.Contains(f.texts, s.text)
	case opNotIn:
		return !slices.Contains(f.texts, s.text)
	case opStartsWith:
		return slices.ContainsFunc(f.texts, func(t string) bool { return strings.HasPrefix(s.text, t) })
	}
	v, ok := s.number()
	if !ok {
		return f.op == opNotEqualTo
	}
	switch f.op {
	case opGreaterThan:
		return v > f.number
	case opLessThan:
		return v < f.number
	case opEqualTo:
		return v == f.number
	}
	return v != f.number
}

// String returns the filter in one form.
func (f *filter) String() string {
	texts := slices.Compact(slices.Sorted(slices.Values(f.texts)))
	text, err := json.Marshal([]any{"filter", f.field.String(), f.op, texts, f.number, f.want})
	if err != nil {
		panic(err) // the number is finite
	}
	return string(text)
}
