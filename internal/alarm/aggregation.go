package alarm

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// An Aggregation makes a number of the rows of a query: count(*), or count, avg, sum, min or max of a field.
//
// Source: AWS, CloudWatch User Guide, "Log alarms", Aggregation expressions.
type Aggregation struct {
	Function string
	// Field is "" of count(*).
	Field string

	of string // the field as it was written
}

var (
	aggregationForm = regexp.MustCompile("^(?i)(count|avg|sum|min|max)\\s*\\(\\s*(\\*|[A-Za-z@_][A-Za-z0-9@_.-]*|`[^`]+`)\\s*\\)$")
	byClause        = regexp.MustCompile(`(?i)\)\s*(by\s|\|)`)
)

// ParseAggregation reads an AggregationExpression. AWS takes by with fields behind it, and then has an alarm for each of their values: that is
// refused, as is sort, which only means something there. Errors are [*Error].
func ParseAggregation(text string) (*Aggregation, error) {
	trimmed := strings.TrimSpace(text)
	if byClause.MatchString(trimmed) {
		return nil, invalid("AggregationExpression %q: by and sort are of alarms with contributors, which weir does not have; use one number, such as count(*) or avg(duration).", text)
	}
	parts := aggregationForm.FindStringSubmatch(trimmed)
	if parts == nil {
		return nil, invalid("AggregationExpression %q is none of count(*), count(field), avg(field), sum(field), min(field) and max(field).", text)
	}
	a := &Aggregation{Function: strings.ToLower(parts[1]), Field: strings.Trim(parts[2], "`"), of: parts[2]}
	if parts[2] == "*" {
		if a.Function != "count" {
			return nil, invalid("AggregationExpression %q: only count takes *.", text)
		}
		a.Field = ""
	}
	return a, nil
}

// String returns the aggregation as a query's stats takes it: as it was written, but a name with a hyphen stands in backquotes.
func (a *Aggregation) String() string {
	if strings.Contains(a.of, "-") && a.of == a.Field {
		return a.Function + "(`" + a.of + "`)"
	}
	return a.Function + "(" + a.of + ")"
}

// An Aggregate is an aggregation under way: Add gets each row, Result returns the number.
type Aggregate struct {
	of       *Aggregation
	n        float64
	sum      float64
	min, max float64
}

// Start begins to aggregate.
func (a *Aggregation) Start() *Aggregate {
	return &Aggregate{of: a, min: math.Inf(1), max: math.Inf(-1)}
}

// Add adds a row: the text of the aggregation's field in it, and whether the row has that field. Texts that are no number do not count, but for count.
func (g *Aggregate) Add(text string, has bool) {
	if g.of.Function == "count" {
		if has || g.of.Field == "" {
			g.n++
		}
		return
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if !has || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	g.n++
	g.sum += v
	g.min, g.max = min(g.min, v), max(g.max, v)
}

// Result returns the number, or that it is missing: count(*) of no rows is 0, all else of no rows, or of no rows that have the field, is missing.
func (g *Aggregate) Result() LogResult {
	r := LogResult{Value: g.n, Missing: g.n == 0 && g.of.Field != ""}
	switch g.of.Function {
	case "avg":
		r.Value = g.sum / g.n
	case "sum":
		r.Value = g.sum
	case "min":
		r.Value = g.min
	case "max":
		r.Value = g.max
	}
	if r.Missing || math.IsInf(r.Value, 0) || math.IsNaN(r.Value) { // a sum of large numbers may be beyond what a float can be
		return LogResult{Missing: true}
	}
	return r
}
