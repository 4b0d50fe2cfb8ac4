package metricmath

import (
	"slices"
	"strings"
)

// A kind is what a part of an expression gives.
//
// Source: AWS, CloudWatch User Guide, "Using math expressions with CloudWatch metrics", "Data type abbreviations".
type kind int

const (
	scalar kind = iota // S
	series             // TS
	array              // TS[]
	text
	word
)

// String returns AWS's abbreviation.
func (k kind) String() string { return [...]string{"S", "TS", "TS[]", "text", "word"}[k] }

// A kindOf is what is known of a part of an expression before any data are there.
type kindOf struct {
	kind kind
	// periods are those of the time series, ascending, in seconds; a text and a number have none.
	periods []int
}

// union returns the periods of both.
func union(a, b []int) []int {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// A form is one way of calling a function.
type form struct {
	in  []kind
	out kind
}

// String writes a form: (TS, S) -> TS.
func (f form) String() string {
	in := make([]string, len(f.in))
	for i, k := range f.in {
		in[i] = k.String()
	}
	return "(" + strings.Join(in, ", ") + ") -> " + f.out.String()
}
