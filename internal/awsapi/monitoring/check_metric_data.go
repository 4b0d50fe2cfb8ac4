package monitoring

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"weir/internal/awsapi"
	"weir/internal/metricstore"
)

// Limits of PutMetricData.
//
// Source: AWS, "PutMetricData".
const (
	maxMetrics    = 1000
	maxDimensions = 30
	maxValues     = 150
	maxEntities   = 2
	maxName       = 255
	maxValueText  = 1024 // of a dimension

	reserved = "AWS/" // begins namespaces of AWS's own

	oldest = 14 * 24 * time.Hour
	newest = 2 * time.Hour
)

// maxProblems is how many problems an error tells.
const maxProblems = 20

// problems are what is wrong with the data of a request. AWS tells all at once, a line each.
type problems struct {
	code  string
	lines []string
}

// note notes a problem. Only those of the first one's code are told.
func (p *problems) note(code, format string, args ...any) {
	if p.code == "" {
		p.code = code
	}
	if p.code == code && len(p.lines) < maxProblems {
		p.lines = append(p.lines, fmt.Sprintf(format, args...))
	}
}

func (p *problems) required(path string) {
	p.note("MissingRequiredParameterException", "The parameter %s is required.", path)
}

func (p *problems) invalid(format string, args ...any) {
	p.note("InvalidParameterValueException", format, args...)
}

func (p *problems) combination(format string, args ...any) {
	p.note("InvalidParameterCombinationException", format, args...)
}

func (p *problems) error() error {
	if p.code == "" {
		return nil
	}
	return awsapi.Errorf(p.code, "%s", strings.Join(p.lines, "\n"))
}

// checkedData returns the data of a request. The words of errors are AWS's where clients have shown them.
func (a *API) checkedData(in *putMetricDataRequest) ([]metricstore.Datum, error) {
	var p problems
	p.namespace(in.Namespace)
	total := len(in.MetricData)
	for _, e := range in.Entities {
		total += len(e.MetricData)
	}
	switch {
	case len(in.Entities) > maxEntities:
		p.invalid("The collection EntityMetricData must not have a size greater than %d.", maxEntities)
	case in.Entities != nil && in.Strict == nil:
		p.required("StrictEntityValidation")
	case len(in.Entities) > 0 && *in.Strict:
		p.invalid("This server keeps no entities: EntityMetricData is only taken where StrictEntityValidation is false, without its entities.")
	case total == 0:
		p.required("MetricData")
	case total > maxMetrics:
		p.invalid("The collection MetricData must not have a size greater than %d.", maxMetrics)
	}
	if err := p.error(); err != nil {
		return nil, err
	}
	now := a.Now()
	data := make([]metricstore.Datum, 0, total)
	add := func(list []metricDatum, path string) {
		for i := range list {
			data = append(data, p.datum(&list[i], in.Namespace, path+".member."+strconv.Itoa(i+1), now))
		}
	}
	add(in.MetricData, "MetricData")
	for i, e := range in.Entities {
		add(e.MetricData, "EntityMetricData.member."+strconv.Itoa(i+1)+".MetricData")
	}
	return data, p.error()
}

func (p *problems) namespace(name string) {
	switch {
	case name == "":
		p.required("Namespace")
	case strings.HasPrefix(name, ":"):
		p.invalid("The value %s for parameter Namespace is invalid.", name)
	case strings.HasPrefix(name, reserved):
		p.invalid("The value %s for parameter Namespace is invalid.", reserved)
	default:
		p.text(name, "Namespace", maxName)
	}
}

// text checks a name or the value of a dimension that is there.
func (p *problems) text(text, path string, most int) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		// AWS says so of control characters too.
		p.invalid("The value for parameter %s contains non-ASCII characters.", path)
	}
	if utf8.RuneCountInString(text) > most {
		p.invalid("The parameter %s must be shorter than %d characters.", path, most+1)
	}
	if strings.TrimSpace(text) == "" {
		p.invalid("The parameter %s must contain at least one character that is no space.", path)
	}
}

// datum checks and returns a datum. path is its place in the request.
func (p *problems) datum(in *metricDatum, namespace, path string, now time.Time) metricstore.Datum {
	d := metricstore.Datum{Metric: metricstore.Metric{Namespace: namespace, Name: in.MetricName}, Time: now.UnixMilli(), Unit: in.Unit}
	if in.MetricName == "" {
		p.required(path + ".MetricName")
	} else {
		p.text(in.MetricName, path+".MetricName", maxName)
	}
	d.Dimensions = p.dimensions(in.Dimensions, path+".Dimensions")
	if in.Timestamp != nil {
		d.Time = int64(*in.Timestamp)
		switch {
		case d.Time < now.Add(-oldest).UnixMilli():
			p.invalid("The parameter %s.Timestamp must specify a time within the past two weeks.", path)
		case d.Time > now.Add(newest).UnixMilli():
			p.invalid("The parameter %s.Timestamp must specify a time no more than two hours in the future.", path)
		}
	}
	if in.Unit != "" && !shapes.Accepts("unit", in.Unit) {
		p.invalid("The parameter %s.Unit must be a value in the set [ %s ].", path, strings.Join(metricstore.Units(), ", "))
	}
	if r := in.StorageResolution; r != nil {
		if d.Resolution = int(*r); *r != 1 && *r != 60 {
			p.invalid("The parameter %s.StorageResolution must be a value in the set [ 1, 60 ].", path)
		}
	}
	p.values(in, &d, path)
	return d
}

func (p *problems) dimensions(list []putDimension, path string) []metricstore.Dimension {
	if len(list) > maxDimensions {
		p.invalid("The collection %s must not have a size greater than %d.", path, maxDimensions)
		return nil
	}
	var out []metricstore.Dimension
	for i, d := range list {
		at := path + ".member." + strconv.Itoa(i+1)
		switch {
		case d.Name == "":
			p.required(at + ".Name")
		case d.Name[0] == ':':
			p.invalid("The value %s for parameter %s.Name is invalid.", d.Name, at)
		default:
			p.text(d.Name, at+".Name", maxName)
		}
		if d.Value == "" {
			p.required(at + ".Value")
		} else {
			p.text(d.Value, at+".Value", maxValueText)
		}
		out = append(out, metricstore.Dimension{Name: d.Name, Value: d.Value})
	}
	metricstore.SortDimensions(out)
	for i := 1; i < len(out); i++ {
		if out[i].Name == out[i-1].Name && out[i].Name != "" {
			p.invalid("No Metric may specify the same dimension name twice.")
			break
		}
	}
	return out
}

// values checks the values of a datum, which come in one of three ways.
func (p *problems) values(in *metricDatum, d *metricstore.Datum, path string) {
	exclusive := func(a, b string) {
		p.combination("The parameters %[1]s.%[2]s and %[1]s.%[3]s are mutually exclusive and you have specified both.", path, a, b)
	}
	switch {
	case in.Value != nil && len(in.Values) > 0:
		exclusive("Value", "Values")
	case in.Value != nil && in.StatisticValues != nil:
		exclusive("Value", "StatisticValues")
	case len(in.Values) > 0 && in.StatisticValues != nil:
		exclusive("Values", "StatisticValues")
	case len(in.Values) == 0 && len(in.Counts) > 0:
		p.combination("The parameter %[1]s.Counts is only taken with %[1]s.Values.", path)
	case in.Value != nil:
		p.value(*in.Value, path+".Value")
		d.Values = []float64{float64(*in.Value)}
	case in.StatisticValues != nil:
		d.Statistics = p.set(in.StatisticValues, path+".StatisticValues")
	case len(in.Values) == 0:
		p.combination("At least one of the parameters %[1]s.Value, %[1]s.Values and %[1]s.StatisticValues must be specified.", path)
	case len(in.Values) > maxValues:
		p.invalid("The collection %s.Values must not have a size greater than %d.", path, maxValues)
	case len(in.Counts) > maxValues:
		p.invalid("The collection %s.Counts must not have a size greater than %d.", path, maxValues)
	case in.Counts != nil && len(in.Counts) != len(in.Values):
		p.invalid("The parameters %[1]s.Values and %[1]s.Counts must be of the same size.", path)
	default:
		for i, v := range in.Values {
			p.value(v, path+".Values.member."+strconv.Itoa(i+1))
			d.Values = append(d.Values, float64(v))
		}
		for i, n := range in.Counts {
			p.count(n, path+".Counts.member."+strconv.Itoa(i+1))
			d.Counts = append(d.Counts, float64(n))
		}
	}
}

func (p *problems) set(in *statisticSet, path string) *metricstore.Statistics {
	var out metricstore.Statistics
	complete := true
	for _, m := range []struct {
		name string
		in   *awsapi.Double
		out  *float64
	}{{"SampleCount", in.SampleCount, &out.SampleCount}, {"Sum", in.Sum, &out.Sum}, {"Minimum", in.Minimum, &out.Minimum}, {"Maximum", in.Maximum, &out.Maximum}} {
		switch {
		case m.in == nil:
			p.required(path + "." + m.name)
			complete = false
			continue
		case m.name == "SampleCount":
			p.count(*m.in, path+"."+m.name)
		default:
			p.value(*m.in, path+"."+m.name)
		}
		*m.out = float64(*m.in)
	}
	if complete && out.Minimum > out.Maximum {
		p.invalid("The parameter %[1]s.Maximum must be greater than %[1]s.Minimum.", path)
	}
	return &out
}

// value checks a value: 0, or from 2^-360 to 2^360, of either sign.
//
// Source: AWS, PutMetricData; that those too near to 0 are refused is what Netflix's servo saw, and older pages said.
func (p *problems) value(v awsapi.Double, path string) {
	if size := math.Abs(float64(v)); size != 0 && !(size >= math.Ldexp(1, -360) && size <= math.Ldexp(1, 360)) {
		p.invalid("The value %s for parameter %s is invalid.", awsapi.Decimal(float64(v)), path)
	}
}

// count checks a number of samples. AWS says nothing of those that are not whole; they are taken.
func (p *problems) count(n awsapi.Double, path string) {
	if !(n > 0) {
		p.invalid("The value %s for parameter %s is invalid.", awsapi.Decimal(float64(n)), path)
		return
	}
	p.value(n, path)
}
