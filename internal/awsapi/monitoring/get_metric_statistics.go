package monitoring

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/metricstore"
)

// maxPoints is how many points an answer of GetMetricStatistics may have.
const maxPoints = 1440

type getMetricStatisticsRequest struct {
	metric
	Start      *awsapi.Time `json:"StartTime"`
	End        *awsapi.Time `json:"EndTime"`
	Period     int32        `json:"Period" shape:"atLeast1"`
	Statistics []string     `json:"Statistics" shape:"statistics" each:"statistic"`
	Extended   []string     `json:"ExtendedStatistics" shape:"percentiles"`
	Unit       string       `json:"Unit" shape:"unit"`
}

type getMetricStatisticsResponse struct {
	Label      string      `json:"Label"`
	Datapoints []datapoint `json:"Datapoints"`
}

// datapoint is AWS's Datapoint.
type datapoint struct {
	Timestamp          awsapi.Time        `json:"Timestamp"`
	SampleCount        *float64           `json:"SampleCount,omitempty"`
	Average            *float64           `json:"Average,omitempty"`
	Sum                *float64           `json:"Sum,omitempty"`
	Minimum            *float64           `json:"Minimum,omitempty"`
	Maximum            *float64           `json:"Maximum,omitempty"`
	Unit               string             `json:"Unit"`
	ExtendedStatistics map[string]float64 `json:"ExtendedStatistics,omitempty"`
}

// getMetricStatistics returns the points of a metric, those of each unit apart, by time and unit; AWS promises no order. Live and
// backfilled data count. A point that has none of the statistics that are asked for is left out.
//
// Source: AWS, GetMetricStatistics; the errors for times and too many points were recorded.
func (a *API) getMetricStatistics(ctx context.Context, _ *awsapi.Call, in *getMetricStatisticsRequest) (*getMetricStatisticsResponse, error) {
	asked, values, err := in.check()
	if err != nil {
		return nil, err
	}
	from, to := wholeSeconds(*in.Start, *in.End)
	points, err := a.Metrics.Read(ctx, metricstore.ReadRequest{
		Metric: stored(in.metric), From: metricstore.Align(from, int(in.Period), a.Now()), To: to, Period: int(in.Period), Unit: in.Unit, Values: values,
	})
	if err != nil {
		return nil, err
	}
	out := &getMetricStatisticsResponse{Label: in.Name, Datapoints: []datapoint{}}
	for i := range points {
		if d, ok := shownPoint(&points[i], asked); ok {
			out.Datapoints = append(out.Datapoints, d)
		}
	}
	return out, nil
}

// check returns which statistics are asked for, and whether any is of samples' values.
func (in *getMetricStatisticsRequest) check() (asked []metricstore.Statistic, values bool, err error) {
	combination := func(format string, args ...any) error {
		return awsapi.Errorf("InvalidParameterCombinationException", format, args...)
	}
	for _, m := range []struct {
		name  string
		given bool
	}{{"Namespace", in.Namespace != ""}, {"MetricName", in.Name != ""}, {"StartTime", in.Start != nil}, {"EndTime", in.End != nil}, {"Period", in.Period != 0}} {
		if !m.given {
			return nil, false, missing(m.name)
		}
	}
	switch {
	case in.Statistics == nil && in.Extended == nil:
		return nil, false, combination("Must specify either Statistics or ExtendedStatistics")
	case in.Statistics != nil && in.Extended != nil:
		return nil, false, combination("The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.")
	case *in.Start >= *in.End:
		return nil, false, invalidValue("The parameter StartTime must be less than the parameter EndTime.")
	case !metricstore.IsPeriod(int(in.Period)):
		return nil, false, invalidValue("The value %d for parameter Period is invalid: it is 1, 5, 10, 20, 30 or a multiple of 60.", in.Period)
	}
	period := int64(in.Period) * 1000
	if n := (int64(*in.End-*in.Start) + period - 1) / period; n > maxPoints {
		return nil, false, combination("You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", n, maxPoints)
	}
	for _, text := range append(in.Statistics, in.Extended...) {
		s, err := metricstore.ParseStatistic(text)
		if err == nil && in.Extended != nil && !s.NeedsValues() {
			return nil, false, invalidValue("The value %s for parameter ExtendedStatistics is invalid: it belongs to Statistics.", text)
		}
		if err != nil {
			return nil, false, invalidValue("The value %.100s for parameter ExtendedStatistics is invalid: %v.", text, err)
		}
		asked, values = append(asked, s), values || s.NeedsValues()
	}
	return asked, values, nil
}

func shownPoint(p *metricstore.Point, asked []metricstore.Statistic) (datapoint, bool) {
	d := datapoint{Timestamp: awsapi.Time(p.Time * 1000), Unit: p.Unit, ExtendedStatistics: map[string]float64{}}
	places := map[string]**float64{"SampleCount": &d.SampleCount, "Average": &d.Average, "Sum": &d.Sum, "Minimum": &d.Minimum, "Maximum": &d.Maximum}
	found := false
	for _, s := range asked {
		v, ok := s.Of(p)
		if !ok {
			continue
		}
		found = true
		if place := places[s.String()]; place != nil {
			*place = new(v)
		} else {
			d.ExtendedStatistics[s.String()] = v
		}
	}
	return d, found
}
