package filterpattern

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMetric(t *testing.T) {
	const flow = `[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, ..., action, status]`
	record := "2 086112738802 eni-0d5d75b41f9befe9e 61.177.172.128 172.31.83.158 39611 22 6 1 40 1563108188 1563108227 REJECT OK"
	tests := []struct {
		name, pattern, message, value string
		dimensions                    map[string]string
		want                          *Datum // nil: nothing is published
	}{
		{"a number", flow, record, "1", nil, &Datum{Value: 1}},
		{"a fraction", "ERROR", "ERROR", "-2.5e1", nil, &Datum{Value: -25}},
		{"no match", flow, "x", "1", nil, nil},
		{"a field", flow, record, "$bytes", nil, &Datum{Value: 40}},
		{"a field by its place", flow, record, "$11", nil, &Datum{Value: 1563108188}},
		{"a field that is no number", flow, record, "$action", nil, nil},
		{"a place that the event has not", "[a, ...]", "x", "$2", nil, nil},
		{"dimensions", flow, record, "1", map[string]string{"Interface": "$eni", "Action": "$action"}, &Datum{
			Value: 1, Dimensions: []Extracted{{"Action", "REJECT"}, {"Interface", "eni-0d5d75b41f9befe9e"}},
		}},
		// AWS's example of a published value.
		{
			"a selector", "{ $.latency = * }", `{"latency": 50, "requestType": "GET"}`, "$.latency",
			map[string]string{"Type": "$.requestType"},
			&Datum{Value: 50, Dimensions: []Extracted{{"Type", "GET"}}},
		},
		{"text that is a number", "{ $.latency = * }", `{"latency": "5e1"}`, "$.latency", nil, &Datum{Value: 50}},
		{"text that is none", "{ $.latency = * }", `{"latency": "50ms"}`, "$.latency", nil, nil},
		{"no such property", "{ $.latency = * }", `{"latency": 50}`, "$.size", nil, nil},
		{"an object", "{ $.a.b = * }", `{"a":{"b":1}}`, "$.a", nil, nil},
		{"a dimension that is absent", "{ $.latency = * }", `{"latency": 50}`, "1", map[string]string{"Type": "$.requestType"}, nil},
		{"too large", "{ $.n = * }", `{"n": 1e999}`, "$.n", nil, nil},
		{"more than 2^360", "[n]", "2.4e108", "$n", nil, nil},
		{"less than -2^360", "[n]", "-2.4e108", "$n", nil, nil},
		{"nearly 2^360", "[n]", "2.3e108", "$n", nil, &Datum{Value: 2.3e108}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := parse(t, tt.pattern).Metric(Transformation{
				MetricName: "m", MetricNamespace: "n", MetricValue: tt.value, Dimensions: tt.dimensions,
			})
			if err != nil {
				t.Fatal(err)
			}
			got, ok := m.Datum(tt.message)
			if tt.want == nil {
				if ok {
					t.Errorf("%+v", got)
				}
				return
			}
			if !ok {
				t.Fatal("nothing")
			}
			if diff := cmp.Diff(*tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMetricRefused(t *testing.T) {
	zero := 0.0
	four := map[string]string{"a": "$a", "b": "$a", "c": "$a", "d": "$a"}
	good := Transformation{MetricName: "m", MetricNamespace: "n", MetricValue: "1"}
	tests := []struct {
		name, pattern string
		change        func(*Transformation)
		want          string // "" is taken
	}{
		{"good", "x", func(*Transformation) {}, ""},
		{"a default", "x", func(t *Transformation) { t.DefaultValue = &zero }, ""},
		{"a unit", "x", func(t *Transformation) { t.Unit = "Bytes/Second" }, ""},
		{"an unknown unit", "x", func(t *Transformation) { t.Unit = "bytes" }, `unit "bytes"`},
		{"no name", "x", func(t *Transformation) { t.MetricName = "" }, "metricName must not be empty"},
		{"a colon in the namespace", "x", func(t *Transformation) { t.MetricNamespace = "a:b" }, "metricNamespace must not"},
		{"a control character", "x", func(t *Transformation) { t.MetricNamespace = "a\x00b" }, "metricNamespace has a control character"},
		{"a control character in a dimension", "[a]", func(t *Transformation) { t.Dimensions = map[string]string{"a\n": "$a"} }, "has a control character"},
		{"a long name", "x", func(t *Transformation) { t.MetricName = strings.Repeat("m", 256) }, "more than 255 characters"},
		{"a long value", "x", func(t *Transformation) { t.MetricValue = strings.Repeat("1", 101) }, "more than 100 characters"},
		{"a word as value", "x", func(t *Transformation) { t.MetricValue = "one" }, `"one" is neither a number nor a field`},
		{"a value that is too large", "x", func(t *Transformation) { t.MetricValue = "1e999" }, "neither a number"},
		{"a field of terms", "x", func(t *Transformation) { t.MetricValue = "$a" }, "the filter pattern has none"},
		{"an unknown field", "[a]", func(t *Transformation) { t.MetricValue = "$b" }, `"$b" is no field`},
		{"place 0", "[a]", func(t *Transformation) { t.MetricValue = "$0" }, `"$0" is no field`},
		{"a name for JSON", "{ $.a = 1 }", func(t *Transformation) { t.MetricValue = "$a" }, "expected a selector"},
		{"a wildcard", "{ $.a = 1 }", func(t *Transformation) { t.MetricValue = "$.a[*]" }, "leads to no one value"},
		{"more behind a selector", "{ $.a = 1 }", func(t *Transformation) { t.MetricValue = "$.a " }, "Invalid character(s) in term ' '"},
		{"dimensions of terms", "x", func(t *Transformation) { t.Dimensions = map[string]string{"a": "$a"} }, "The specified filter pattern does not support dimensions"},
		{"dimensions of all", "", func(t *Transformation) { t.Dimensions = map[string]string{"a": "$a"} }, "does not support dimensions"},
		{"dimensions and a default", "[a]", func(t *Transformation) {
			t.Dimensions, t.DefaultValue = map[string]string{"a": "$a"}, &zero
		}, "mutually exclusive"},
		{"four dimensions", "[a]", func(t *Transformation) { t.Dimensions = four }, "4 dimensions, 3 are allowed"},
		{"a dimension without a name", "[a]", func(t *Transformation) { t.Dimensions = map[string]string{"": "$a"} }, "must have 1 to 255"},
		{"a fixed dimension", "[a]", func(t *Transformation) { t.Dimensions = map[string]string{"d": "a"} }, `dimension "d": "a" is no field`},
		{"a fixed dimension of JSON", "{ $.a = 1 }", func(t *Transformation) { t.Dimensions = map[string]string{"d": "a"} }, `"a" is no selector`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := good
			tt.change(&tr)
			_, err := parse(t, tt.pattern).Metric(tr)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}
