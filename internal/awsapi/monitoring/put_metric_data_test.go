package monitoring

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/google/go-cmp/cmp"

	"weir/internal/metricstore"
)

// noon is when tests are.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// kept is a store of metrics that notes what is put.
type kept struct {
	data []metricstore.Datum
	err  error
}

func (k *kept) Put(_ context.Context, data []metricstore.Datum) error {
	k.data = append(k.data, data...)
	return k.err
}

func (*kept) List(context.Context, metricstore.ListRequest) ([]metricstore.Metric, error) {
	return nil, nil
}

func (*kept) Read(context.Context, metricstore.ReadRequest) ([]metricstore.Point, error) {
	return nil, nil
}

// TestPutMetricData looks at what reaches the store, in each protocol.
func TestPutMetricData(t *testing.T) {
	in := object{
		"Namespace": "My App",
		"MetricData": list(
			object{"MetricName": "one", "Value": 1.5},
			object{
				"MetricName": "two", "Values": list(1.0, 2.0), "Counts": list(3.0, 0.5), "Unit": "Bytes/Second", "StorageResolution": 1,
				"Timestamp":  noon.Add(-1500 * time.Millisecond),
				"Dimensions": list(object{"Name": "b", "Value": "2"}, object{"Name": "a", "Value": "1"}),
			},
		),
		"StrictEntityValidation": false,
		"EntityMetricData": list(object{"Entity": object{"KeyAttributes": object{"Type": "Service"}}, "MetricData": list(
			object{"MetricName": "three", "StorageResolution": 60, "StatisticValues": object{"SampleCount": 2.0, "Sum": -3.0, "Minimum": -2.0, "Maximum": -1.0}},
		)}),
	}
	ms := noon.UnixMilli()
	want := []metricstore.Datum{
		{Metric: metricstore.Metric{Namespace: "My App", Name: "one"}, Time: ms, Values: []float64{1.5}},
		{
			Metric: metricstore.Metric{Namespace: "My App", Name: "two", Dimensions: []metricstore.Dimension{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}},
			Time:   ms - 1500, Unit: "Bytes/Second", Resolution: 1, Values: []float64{1, 2}, Counts: []float64{3, 0.5},
		},
		{Metric: metricstore.Metric{Namespace: "My App", Name: "three"}, Time: ms, Resolution: 60, Statistics: &metricstore.Statistics{SampleCount: 2, Sum: -3, Minimum: -2, Maximum: -1}},
	}
	for _, protocol := range protocols {
		store := new(kept)
		api := New(Options{Account: "123456789012", Region: "eu-west-1", Metrics: store, Now: atNoon})
		form := maps.Clone(in)
		if protocol == "query" {
			// A map has another form there, and the entity is passed over.
			form["EntityMetricData"] = list(object{"MetricData": in["EntityMetricData"].([]any)[0].(object)["MetricData"]})
		}
		if got := ask(t, api, protocol, "PutMetricData", form); got.status != 200 || protocol != "query" && len(bytes.Trim(got.body, "\xa0")) != 0 {
			t.Fatalf("%s: %d %s", protocol, got.status, got.body)
		}
		if diff := cmp.Diff(want, store.data); diff != "" {
			t.Errorf("%s: %s", protocol, diff)
		}
		store.err = &metricstore.InvalidError{Message: "no"}
		if got := ask(t, api, protocol, "PutMetricData", datum(object{"Value": 1.0})); got.queryCode != "InvalidParameterValue" || got.message != "no" {
			t.Errorf("%s: %d %s", protocol, got.status, got.body)
		}
	}
}

// TestPutMetricDataRefuses sends what AWS does not take. Nothing of such a request is kept.
func TestPutMetricDataRefuses(t *testing.T) {
	const (
		missing     = "MissingParameter"
		invalid     = "InvalidParameterValue"
		combination = "InvalidParameterCombination"
	)
	set := func(n, sum, least, most float64) object {
		return datum(object{"StatisticValues": object{"SampleCount": n, "Sum": sum, "Minimum": least, "Maximum": most}})
	}
	dimensions := func(pairs ...string) object {
		var all []any
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, object{"Name": pairs[i], "Value": pairs[i+1]})
		}
		return datum(object{"Value": 1.0, "Dimensions": all})
	}
	many := func(n int) []any {
		all := make([]any, n)
		for i := range all {
			all[i] = object{"MetricName": fmt.Sprint("m", i), "Value": 1.0}
		}
		return all
	}
	numbers := func(n int) []any {
		all := make([]any, n)
		for i := range all {
			all[i] = float64(i + 1)
		}
		return all
	}
	var thirtyOne []string
	for i := range 31 {
		thirtyOne = append(thirtyOne, fmt.Sprint("d", i), "v")
	}
	tests := []struct {
		name          string
		in            object
		code, message string
	}{
		{"no namespace", object{"MetricData": many(1)}, missing, "The parameter Namespace is required."},
		{"of AWS", object{"Namespace": "AWS/EC2", "MetricData": many(1)}, invalid, "The value AWS/ for parameter Namespace is invalid."},
		{"a colon", object{"Namespace": ":x", "MetricData": many(1)}, invalid, "The value :x for parameter Namespace is invalid."},
		{"a long namespace", object{"Namespace": strings.Repeat("n", 256), "MetricData": many(1)}, invalid, "The parameter Namespace must be shorter than 256 characters."},
		{"no data", object{"Namespace": "ns"}, missing, "The parameter MetricData is required."},
		{"too many data", object{"Namespace": "ns", "MetricData": many(1001)}, invalid, "The collection MetricData must not have a size greater than 1000."},
		{"with those of entities", object{"Namespace": "ns", "MetricData": many(1000), "StrictEntityValidation": false, "EntityMetricData": list(object{"MetricData": many(1)})}, invalid, "The collection MetricData must not have a size greater than 1000."},
		{"entities, and not said how", object{"Namespace": "ns", "EntityMetricData": list(object{"MetricData": many(1)})}, missing, "The parameter StrictEntityValidation is required."},
		{"entities that must be kept", object{"Namespace": "ns", "StrictEntityValidation": true, "EntityMetricData": list(object{"MetricData": many(1)})}, invalid, "This server keeps no entities: EntityMetricData is only taken where StrictEntityValidation is false, without its entities."},
		{"of an entity", object{"Namespace": "ns", "StrictEntityValidation": false, "EntityMetricData": list(object{"MetricData": list(object{"Value": 1.0})})}, missing, "The parameter EntityMetricData.member.1.MetricData.member.1.MetricName is required."},
		{"three entities", object{"Namespace": "ns", "StrictEntityValidation": false, "EntityMetricData": list(object{"MetricData": many(1)}, object{"MetricData": many(1)}, object{"MetricData": many(1)})}, invalid, "The collection EntityMetricData must not have a size greater than 2."},
		{"no name", object{"Namespace": "ns", "MetricData": list(object{"Value": 1.0})}, missing, "The parameter MetricData.member.1.MetricName is required."},
		{"not ASCII", datum(object{"MetricName": "größe", "Value": 1.0}), invalid, "The value for parameter MetricData.member.1.MetricName contains non-ASCII characters."},
		{"a name of spaces", datum(object{"MetricName": " ", "Value": 1.0}), invalid, "The parameter MetricData.member.1.MetricName must contain at least one character that is no space."},
		{"no value", datum(object{}), combination, "At least one of the parameters MetricData.member.1.Value, MetricData.member.1.Values and MetricData.member.1.StatisticValues must be specified."},
		{"counts alone", datum(object{"Counts": list(1.0)}), combination, "The parameter MetricData.member.1.Counts is only taken with MetricData.member.1.Values."},
		{"values and a set", datum(object{"Values": list(1.0), "StatisticValues": object{}}), combination, "The parameters MetricData.member.1.Values and MetricData.member.1.StatisticValues are mutually exclusive and you have specified both."},
		{"too many values", datum(object{"Values": numbers(151)}), invalid, "The collection MetricData.member.1.Values must not have a size greater than 150."},
		{"too many counts", datum(object{"Values": numbers(150), "Counts": numbers(151)}), invalid, "The collection MetricData.member.1.Counts must not have a size greater than 150."},
		{"too large", datum(object{"Value": math.Ldexp(1, 361)}), invalid, "The value 4.6970851655476665E108 for parameter MetricData.member.1.Value is invalid."},
		{"too near to 0", datum(object{"Value": -math.Ldexp(1, -361)}), invalid, "The value -2.1289799200040754E-109 for parameter MetricData.member.1.Value is invalid."},
		{"one of the values", datum(object{"Values": list(1.0, -1e200)}), invalid, "The value -1.0E200 for parameter MetricData.member.1.Values.member.2 is invalid."},
		{"a count of 0", datum(object{"Values": list(1.0), "Counts": list(0.0)}), invalid, "The value 0.0 for parameter MetricData.member.1.Counts.member.1 is invalid."},
		{"a set of no samples", set(0, 0, 0, 0), invalid, "The value 0.0 for parameter MetricData.member.1.StatisticValues.SampleCount is invalid."},
		{"a set upside down", set(2, 3, 2, 1), invalid, "The parameter MetricData.member.1.StatisticValues.Maximum must be greater than MetricData.member.1.StatisticValues.Minimum."},
		{"a set that lacks some", datum(object{"StatisticValues": object{"Sum": 1.0, "Minimum": 1.0}}), missing, "The parameter MetricData.member.1.StatisticValues.SampleCount is required.\nThe parameter MetricData.member.1.StatisticValues.Maximum is required."},
		{"too old", datum(object{"Value": 1.0, "Timestamp": noon.Add(-14*24*time.Hour - time.Second)}), invalid, "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks."},
		{"too new", datum(object{"Value": 1.0, "Timestamp": noon.Add(2*time.Hour + time.Second)}), invalid, "The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future."},
		{"a unit", datum(object{"Value": 1.0, "Unit": "Apples"}), invalid, "The parameter MetricData.member.1.Unit must be a value in the set [ " + strings.Join(metricstore.Units(), ", ") + " ]."},
		{"a resolution", datum(object{"Value": 1.0, "StorageResolution": 300}), invalid, "The parameter MetricData.member.1.StorageResolution must be a value in the set [ 1, 60 ]."},
		{"too many dimensions", dimensions(thirtyOne...), invalid, "The collection MetricData.member.1.Dimensions must not have a size greater than 30."},
		{"a dimension twice", dimensions("a", "1", "b", "2", "a", "3"), invalid, "No Metric may specify the same dimension name twice."},
		{"a dimension with a colon", dimensions(":a", "1"), invalid, "The value :a for parameter MetricData.member.1.Dimensions.member.1.Name is invalid."},
		{"a dimension without a value", dimensions("a", "1", "b", ""), missing, "The parameter MetricData.member.1.Dimensions.member.2.Value is required."},
		{"a long value that is not ASCII", dimensions("a", strings.Repeat("v", 1024)+"\n"), invalid, "The value for parameter MetricData.member.1.Dimensions.member.1.Value contains non-ASCII characters.\nThe parameter MetricData.member.1.Dimensions.member.1.Value must be shorter than 1025 characters."},
		{"a long value", dimensions("a", strings.Repeat("v", 1025)), invalid, "The parameter MetricData.member.1.Dimensions.member.1.Value must be shorter than 1025 characters."},
		{"two data", object{"Namespace": "ns", "MetricData": list(object{"MetricName": "a", "Value": 1.0, "Unit": "x"}, object{"MetricName": "b", "Values": list(math.Ldexp(-1, 400))})}, invalid, "The parameter MetricData.member.1.Unit must be a value in the set [ " + strings.Join(metricstore.Units(), ", ") + " ].\nThe value -2.5822498780869086E120 for parameter MetricData.member.2.Values.member.1 is invalid."},
	}
	store := new(kept)
	api := New(Options{Account: "123456789012", Region: "eu-west-1", Metrics: store, Now: atNoon})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, api, "json", "PutMetricData", tt.in)
			if got.status != 400 || got.queryCode != tt.code || got.message != tt.message {
				t.Errorf("%d %s %q\nwant %s %q", got.status, got.queryCode, got.message, tt.code, tt.message)
			}
		})
	}
	for text, v := range map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)} {
		for _, protocol := range protocols {
			in := datum(object{"Value": text})
			if protocol == "smithy-rpc-v2-cbor" {
				in = datum(object{"Value": v})
			}
			if got := ask(t, api, protocol, "PutMetricData", in); got.queryCode != invalid || got.message != "The value "+text+" for parameter MetricData.member.1.Value is invalid." {
				t.Errorf("%s %s: %d %s", protocol, text, got.status, got.message)
			}
		}
	}
	// Members of other types, and a time that is none.
	for _, in := range []object{datum(object{"Value": "x"}), datum(object{"Value": 1.0, "Timestamp": "yesterday"}), datum(object{"Value": 1.0, "Timestamp": 1e300}), {"Namespace": "ns", "MetricData": "x"}} {
		for _, protocol := range protocols {
			if got := ask(t, api, protocol, "PutMetricData", in); got.status != 400 || got.code != "SerializationException" {
				t.Errorf("%s %v: %d %s", protocol, in, got.status, got.body)
			}
		}
	}
	if len(store.data) > 0 {
		t.Errorf("%d data were kept of requests that were refused", len(store.data))
	}
}

// FuzzPutMetricData sends bodies of CBOR: what is taken is what the store takes, and an answer is always given.
func FuzzPutMetricData(f *testing.F) {
	f.Add(cbor.Encode(cborOf(datum(object{"Value": 1.0, "Timestamp": noon, "Dimensions": list(object{"Name": "a", "Value": "b"})}))))
	f.Add(cbor.Encode(cborOf(datum(object{"Values": list(1.0, math.Inf(1)), "Counts": list(1.0, 2.0), "StorageResolution": 1}))))
	store, err := metricstore.Open(f.Context(), f.TempDir(), metricstore.Options{Now: atNoon})
	if err != nil {
		f.Fatal(err)
	}
	defer store.Close()
	api := New(Options{Account: "123456789012", Region: "eu-west-1", Metrics: store, Now: atNoon})
	f.Fuzz(func(t *testing.T, body []byte) {
		got := send(t, api, "smithy-rpc-v2-cbor", "PutMetricData", string(body))
		if got.status != 200 && (got.status != 400 || got.code == "" || got.message == "") {
			t.Fatalf("%d %s", got.status, got.body)
		}
	})
}
