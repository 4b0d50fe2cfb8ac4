package insights

import (
	"math"
	"strings"

	"weir/internal/insights/value"
)

// An Aggregate is a function that makes one value of the rows of a group; it stands in stats.
type Aggregate struct {
	Name    string   // canonical spelling
	Aliases []string // other names
	// Signature shows the arguments.
	Signature string
	// Min and Max are how many arguments it takes. Star says that * may stand in their place.
	Min, Max int
	Star     bool
	// Period is the place of an argument that is a period, from 0; 0 where there is none.
	Period int
	// Number bounds the argument that is a constant number; nil where there is none.
	Number *ConstantNumber
	// Doc says what it does in a sentence, Source where that is from.
	Doc, Source string
	// Own says what weir does in its own way; "" where nothing is.
	Own string
}

// A ConstantNumber is an argument of an aggregate that must be a number in the query's text.
type ConstantNumber struct {
	Arg         int
	Least, Most float64
	Whole       bool
}

// AWS's pages that aggregates are from.
const (
	sourceStats  = `AWS, "stats"`
	sourceSeries = `AWS, "Time-series functions"`
	sourceOlder  = "older AWS examples and clients"
)

var aggregates = []*Aggregate{
	{Name: "count", Signature: "count([*|value])", Max: 1, Star: true, Doc: "How many rows there are, or have the value.", Source: sourceStats},
	{
		Name: "countDistinct", Aliases: []string{"count_distinct"}, Signature: "countDistinct(value)", Min: 1, Max: 1,
		Doc: "How many different values there are.", Source: sourceStats, Own: "exact, where AWS approximates many values",
	},
	{Name: "sum", Signature: "sum(number)", Min: 1, Max: 1, Doc: "The sum of the numbers.", Source: sourceStats},
	{Name: "avg", Signature: "avg(number)", Min: 1, Max: 1, Doc: "The mean of the numbers.", Source: sourceStats},
	{Name: "min", Signature: "min(value)", Min: 1, Max: 1, Doc: "The least value.", Source: sourceStats},
	{Name: "max", Signature: "max(value)", Min: 1, Max: 1, Doc: "The greatest value.", Source: sourceStats},
	{Name: "stddev", Signature: "stddev(number)", Min: 1, Max: 1, Doc: "The standard deviation of the numbers, of the population.", Source: sourceStats},
	{Name: "variance", Signature: "variance(number)", Min: 1, Max: 1, Doc: "The variance of the numbers, of the population.", Source: sourceStats},
	{
		Name: "pct", Aliases: []string{"percentile"}, Signature: "pct(number, percent)", Min: 2, Max: 2, Number: &ConstantNumber{Arg: 1, Most: 100},
		Doc: "The number that so many percent of the numbers do not exceed.", Source: sourceStats, Own: "the nearest rank, exact",
	},
	{Name: "median", Signature: "median(number)", Min: 1, Max: 1, Doc: "pct(number, 50).", Source: sourceOlder, Own: "the nearest rank, exact"},
	{Name: "values", Aliases: []string{"collect_values"}, Signature: "values(value)", Min: 1, Max: 1, Doc: "The list of the different values.", Source: sourceStats},
	{
		Name: "topk", Signature: "topk(k, value)", Min: 2, Max: 2, Number: &ConstantNumber{Least: 1, Most: 10_000, Whole: true},
		Doc: "The list of the k most frequent values; it stands alone in its stats, without by.", Source: sourceStats,
	},
	{Name: "earliest", Signature: "earliest(value)", Min: 1, Max: 1, Doc: "The value of the row with the earliest @timestamp that has it.", Source: sourceStats},
	{Name: "latest", Signature: "latest(value)", Min: 1, Max: 1, Doc: "The value of the row with the latest @timestamp that has it.", Source: sourceStats},
	{Name: "sortsFirst", Signature: "sortsFirst(value)", Min: 1, Max: 1, Doc: "The value that sorts first.", Source: sourceStats},
	{Name: "sortsLast", Signature: "sortsLast(value)", Min: 1, Max: 1, Doc: "The value that sorts last.", Source: sourceStats},
	{Name: "rate", Signature: "rate(number, period)", Min: 2, Max: 2, Period: 1, Doc: "How much the number changes in a period.", Source: sourceSeries, Own: "the last less the first, over the time between them; AWS gives no formula"},
	{Name: "countOverTime", Aliases: []string{"count_over_time"}, Signature: "countOverTime(*|value)", Min: 1, Max: 1, Star: true, Doc: "How many rows a bin has, or how many of them have the value; with by bin().", Source: sourceSeries},
	{Name: "sumOverTime", Aliases: []string{"sum_over_time"}, Signature: "sumOverTime(number)", Min: 1, Max: 1, Doc: "The sum of the numbers of a bin; with by bin().", Source: sourceSeries},
	{
		Name: "histogram", Signature: "histogram(number, buckets)", Min: 2, Max: 2, Number: &ConstantNumber{Arg: 1, Least: 1, Most: 10_000, Whole: true},
		Doc: "How many numbers lie in each of so many ranges of equal width.", Source: sourceSeries, Own: "a map from ranges such as [0,10) to counts; AWS does not show its form",
	},
}

// Aggregates returns all aggregates. The caller must not change them.
func Aggregates() []*Aggregate { return aggregates }

// LookupAggregate finds an aggregate by its name or an alias, in any case.
func LookupAggregate(name string) (*Aggregate, bool) {
	for _, a := range aggregates {
		if strings.EqualFold(a.Name, name) {
			return a, true
		}
		for _, alias := range a.Aliases {
			if strings.EqualFold(alias, name) {
				return a, true
			}
		}
	}
	return nil, false
}

// canonicalFunction returns the canonical spelling of a function's name; an unknown one stays.
func canonicalFunction(name string) string {
	if a, ok := LookupAggregate(name); ok {
		return a.Name
	}
	if f, ok := value.Lookup(name); ok {
		return f.Name
	}
	return name
}

// functionNames returns the names of all functions and aggregates.
func functionNames() []string {
	var names []string
	for _, a := range aggregates {
		names = append(names, a.Name)
		names = append(names, a.Aliases...)
	}
	for _, f := range value.Funcs() {
		names = append(names, f.Name)
		names = append(names, f.Aliases...)
	}
	return names
}

// check fails where a call of the aggregate has other arguments than it takes.
func (a *Aggregate) check(call *Call) {
	if call.Star {
		if !a.Star {
			failf(call.Span, a.Signature, "* can't stand in %s", a.Name)
		}
		return
	}
	checkCount(call, a.Min, a.Max, a.Signature)
	if n := a.Number; n != nil {
		x, ok := constantNumber(call.Args[n.Arg])
		if !ok || x < n.Least || x > n.Most || n.Whole && x != math.Trunc(x) {
			kind := "number"
			if n.Whole {
				kind = "whole number"
			}
			failf(call.Args[n.Arg].Place(), a.Signature, "a %s from %v to %v stands here", kind, n.Least, n.Most)
		}
	}
}

func constantNumber(x Expr) (float64, bool) {
	switch x := x.(type) {
	case *Number:
		return x.Value, true
	case *Unary:
		if n, ok := x.X.(*Number); ok && x.Op == "-" {
			return -n.Value, true
		}
	}
	return 0, false
}
