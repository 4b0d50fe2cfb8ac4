package metricmath

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"weir/internal/metricstore"
)

// maxDynamic is how many dynamic values a label may have.
//
// Source: AWS, CloudWatch User Guide, "Use dynamic labels".
const maxDynamic = 5

// dynamicValues are the dynamic values of labels that are of a time series' points.
//
// Source: AWS, CloudWatch User Guide, "Use dynamic labels".
var dynamicValues = map[string]func(values []float64) float64{
	"AVG":              func(v []float64) float64 { return average(v, len(v)) },
	"DATAPOINT_COUNT":  func(v []float64) float64 { return count(v, 0) },
	"FIRST":            func(v []float64) float64 { return v[0] },
	"FIRST_LAST_RANGE": func(v []float64) float64 { return v[len(v)-1] - v[0] },
	"LAST":             func(v []float64) float64 { return v[len(v)-1] },
	"MAX":              slices.Max[[]float64],
	"MIN":              slices.Min[[]float64],
	"MIN_MAX_RANGE":    func(v []float64) float64 { return slices.Max(v) - slices.Min(v) },
	"SUM":              func(v []float64) float64 { return sum(v, 0) },
}

// refusedDynamic are those whose form AWS does not say, or that need what is not known here.
var refusedDynamic = []string{
	"FIRST_TIME", "FIRST_TIME_RELATIVE", "FIRST_LAST_TIME_RANGE", "LAST_TIME", "LAST_TIME_RELATIVE", "MAX_TIME", "MAX_TIME_RELATIVE", "MIN_MAX_TIME_RANGE", "MIN_TIME",
	"MIN_TIME_RELATIVE", "PROP('AccountId')", "PROP('AccountLabel')", "PROP('Region')",
}

// properties are the dynamic values of labels that are of a metric, but for dimensions.
var properties = map[string]func(s *Stat) string{
	"PROP('MetricName')": func(s *Stat) string { return s.Metric.Name },
	"PROP('Namespace')":  func(s *Stat) string { return s.Metric.Namespace },
	"PROP('Period')":     func(s *Stat) string { return strconv.Itoa(s.Period) },
	"PROP('Stat')":       func(s *Stat) string { return s.Stat },
}

// dynamic splits a label at its dynamic values: texts and names by turns, beginning and ending with a text. It is false where one does not end.
func dynamic(label string) ([]string, bool) {
	var out []string
	for {
		before, rest, found := strings.Cut(label, "${")
		out = append(out, before)
		if !found {
			return out, true
		}
		name, after, ends := strings.Cut(rest, "}")
		if !ends {
			return nil, false
		}
		out = append(out, name)
		label = after
	}
}

// checkLabel says what of a label is not taken.
func checkLabel(label string) error {
	parts, ok := dynamic(label)
	if !ok {
		return wrong(-1, "such as ${LABEL}", "The label has a dynamic value that does not end with }")
	}
	names, labels := 0, 0
	for i := 1; i < len(parts); i += 2 {
		name := parts[i]
		names++
		if name == "LABEL" {
			labels++
			continue
		}
		if slices.Contains(refusedDynamic, name) {
			return wrong(-1, "", "The dynamic value ${%s} of a label is not supported", name)
		}
		if _, dim := dimensionOf(name); !dim && dynamicValues[name] == nil && properties[name] == nil {
			return wrong(-1, "such as ${LABEL}, ${MAX} or ${PROP('Dim.InstanceId')}", "Unknown dynamic value ${%s} of a label", name)
		}
	}
	if names > maxDynamic || labels > 1 {
		return wrong(-1, "", "A label has at most %d dynamic values, and ${LABEL} once", maxDynamic)
	}
	return nil
}

// dimensionOf returns the name in "PROP('Dim.InstanceId')".
func dimensionOf(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "PROP('Dim.")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, "')")
}

// noValue stands for a dynamic value of a time series without points.
const noValue = "--"

// expanded returns a label, "" being the default one, with its dynamic values.
func expanded(label, standard string, s Series) string {
	if label == "" {
		return standard
	}
	parts, _ := dynamic(label) // it was checked
	for i := 1; i < len(parts); i += 2 {
		parts[i] = dynamicValue(parts[i], standard, s)
	}
	return strings.Join(parts, "")
}

func dynamicValue(name, standard string, s Series) string {
	if name == "LABEL" {
		return standard
	}
	if f := dynamicValues[name]; f != nil {
		if len(s.Values) == 0 && name != "DATAPOINT_COUNT" {
			return noValue
		}
		return strconv.FormatFloat(f(s.Values), 'f', -1, 64)
	}
	if s.of == nil {
		return noValue
	}
	if f := properties[name]; f != nil {
		return f(s.of)
	}
	dim, _ := dimensionOf(name)
	return cmp.Or(dimension(s.of.Metric, dim), noValue)
}

// resultLabel returns the label of a time series that an expression gives. Alone it has the expression's, which is its id where none is given.
// Of several each has the expression's and its own: AWS's console shows them so. A label with dynamic values is that of each.
func (e *evaluator) resultLabel(q Query, k kind, s Series) string {
	parts, _ := dynamic(q.Label)
	switch {
	case k == series:
		return expanded(q.Label, q.ID, s)
	case q.Label == "" || len(parts) > 1:
		return expanded(q.Label, s.Label, s)
	}
	return strings.TrimSuffix(q.Label+" "+s.Label, " ")
}

// defaultLabels returns the default labels of the queries that are metrics.
func (c *checker) defaultLabels() []string {
	out := make([]string, len(c.queries))
	var stats []*Stat
	var at []int
	for i, q := range c.queries {
		if q.Stat != nil {
			stats, at = append(stats, q.Stat), append(at, i)
		}
	}
	for i, label := range defaultLabels(stats) {
		out[at[i]] = label
	}
	return out
}

// defaultLabels returns what tells metrics apart: of each the values of dimensions that differ, its name, its statistic and its
// period. The name is left out where it is the same for all and a dimension tells them apart.
//
// That a statistic and a period that differ follow the name, and a unit does not, is what AWS answered to LocalStack's tests; the rest is a guess.
func defaultLabels(all []*Stat) []string {
	differ := func(f func(*Stat) string) bool {
		return slices.ContainsFunc(all, func(s *Stat) bool { return f(s) != f(all[0]) })
	}
	var dims []string
	for _, s := range all {
		for _, d := range s.Metric.Dimensions {
			dims = append(dims, d.Name)
		}
	}
	slices.Sort(dims)
	dims = slices.DeleteFunc(slices.Compact(dims), func(name string) bool {
		return !differ(func(s *Stat) string { return dimension(s.Metric, name) })
	})
	names := differ(func(s *Stat) string { return s.Metric.Name })
	stats := differ(func(s *Stat) string { return s.Stat })
	periods := differ(func(s *Stat) string { return strconv.Itoa(s.Period) })
	out := make([]string, len(all))
	for i, s := range all {
		var parts []string
		for _, d := range dims {
			if v := dimension(s.Metric, d); v != "" {
				parts = append(parts, v)
			}
		}
		if names || len(parts) == 0 {
			parts = append(parts, s.Metric.Name)
		}
		if stats {
			parts = append(parts, s.Stat)
		}
		if periods {
			parts = append(parts, strconv.Itoa(s.Period))
		}
		out[i] = strings.Join(parts, " ")
	}
	return out
}

// dimension returns the value of a dimension, "" where a metric has none.
func dimension(m metricstore.Metric, name string) string {
	for _, d := range m.Dimensions {
		if d.Name == name {
			return d.Value
		}
	}
	return ""
}
