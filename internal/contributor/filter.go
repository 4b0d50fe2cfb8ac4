package contributor

import (
	"encoding/json"
	"math"
	"net/netip"
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

// Operators that weir's own rules have beside: whether an address is in one of some networks, and whether all bits of a mask are set in a
// number, or none.
const (
	opInNetworks    = "InNetworks"
	opNotInNetworks = "NotInNetworks"
	opBitsSet       = "BitsSet"
	opBitsClear     = "BitsClear"
)

var weirOperators = []string{opInNetworks, opNotInNetworks, opBitsSet, opBitsClear}

// A filter is a condition on a field.
type filter struct {
	field
	op       string
	texts    []string
	networks []netip.Prefix
	number   float64
	want     bool
}

// compares reports whether the operator compares numbers.
func (f *filter) compares() bool {
	switch f.op {
	case opGreaterThan, opLessThan, opEqualTo, opNotEqualTo, opBitsSet, opBitsClear:
		return true
	}
	return false
}

// holds reports whether the filter lets an event pass that has this field. What is absent passes no operator but IsPresent false; a
// text that is no number is unequal to any, and has no bits that are set or clear; one that is no address is neither in a network nor outside.
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
	if f.networks != nil {
		in, ok := f.contains(s.text)
		return ok && in == (f.op == opInNetworks)
	}
	v, ok := s.number()
	if !ok {
		return f.op == opNotEqualTo
	}
	switch f.op {
	case opBitsSet, opBitsClear:
		if v < 0 || v > math.MaxUint32 || v != math.Trunc(v) {
			return false
		}
		mask := uint32(f.number)
		if f.op == opBitsSet {
			return uint32(v)&mask == mask
		}
		return uint32(v)&mask == 0
	case opGreaterThan:
		return v > f.number
	case opLessThan:
		return v < f.number
	case opEqualTo:
		return v == f.number
	}
	return v != f.number
}

// contains reports whether an address is in one of the networks; false where a text is none.
func (f *filter) contains(text string) (in, ok bool) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return false, false
	}
	a = a.Unmap()
	return slices.ContainsFunc(f.networks, func(n netip.Prefix) bool { return n.Contains(a) }), true
}

// String returns the filter in one form.
func (f *filter) String() string {
	texts := slices.Compact(slices.Sorted(slices.Values(f.texts)))
	parts := []any{"filter", f.field.String(), f.op, texts, f.number, f.want}
	if f.networks != nil {
		parts = append(parts, f.networks)
	}
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // the number is finite
	}
	return string(text)
}
