package metricmath

import (
	"slices"

	"weir/internal/metricstore"
)

// A Query is one of the queries of GetMetricData, or of an alarm: a metric, or an expression.
type Query struct {
	// ID begins with a small letter.
	ID string
	// Stat is nil where Expression is not "".
	Stat       *Stat
	Expression string
	// Label is a text with dynamic values, such as "${MAX}"; "" is the default label.
	Label string
	// ReturnData says that the result is shown, or watched.
	ReturnData bool
	// Period is the expression's, in seconds; 0: that of its metrics.
	Period int
	// Account is kept as it was given, "" where it was not: metrics are of one account, the server's.
	Account string
}

// A Stat is a statistic of a metric.
type Stat struct {
	Metric metricstore.Metric
	// Period is in seconds.
	Period int
	// Stat is a statistic as CloudWatch writes it: Sum, p99.9, TM(10%:90%).
	Stat string
	// Unit leaves out data of other units, "" none.
	Unit string
}

// A Series is what a query gives: a value at each of some times.
type Series struct {
	ID, Label string
	// Times are beginnings of periods in seconds since the epoch, ascending.
	Times  []int64
	Values []float64
	// Period is in seconds.
	Period int
	// Units are the units that data of the metric have where they are more than one: Values are of the first alone.
	Units []string

	// of is the metric that the series is, or is made of alone; nil for one of several.
	of *Stat
}

// InsightRules returns the rules of Contributor Insights that queries ask for, each once. An expression that is wrong asks for none.
func InsightRules(queries []Query) []string {
	var out []string
	for _, of := range RuleMetrics(queries) {
		if !slices.Contains(out, of.Rule) {
			out = append(out, of.Rule)
		}
	}
	return out
}

// A RuleMetric is a metric of a rule of Contributor Insights.
type RuleMetric struct{ Rule, Metric string }

// RuleMetrics returns the metrics of the rules of Contributor Insights that queries ask for, each once. Metric is "" where a query names none.
func RuleMetrics(queries []Query) []RuleMetric {
	var out []RuleMetric
	for i := range queries {
		n, err := parse(queries[i].Expression)
		if err != nil { // also of a metric, which has no expression
			continue
		}
		walk(n, func(n node) {
			call, ok := n.(*callNode)
			if !ok || call.name != "INSIGHT_RULE_METRIC" || len(call.arguments) == 0 {
				return
			}
			name, ok := call.arguments[0].(*textNode)
			if !ok {
				return
			}
			of := RuleMetric{Rule: name.text}
			if len(call.arguments) > 1 {
				if metric, ok := call.arguments[1].(*textNode); ok {
					of.Metric = metric.text
				}
			}
			if !slices.Contains(out, of) {
				out = append(out, of)
			}
		})
	}
	return out
}

// IsRuleMetric reports whether the one query that returns data is a metric of a rule of Contributor Insights as it is, and not something that is made of one.
func IsRuleMetric(queries []Query) bool {
	i := slices.IndexFunc(queries, func(q Query) bool { return q.ReturnData })
	if i < 0 {
		return false
	}
	n, err := parse(queries[i].Expression)
	if err != nil {
		return false
	}
	call, ok := n.(*callNode)
	return ok && call.name == "INSIGHT_RULE_METRIC"
}
