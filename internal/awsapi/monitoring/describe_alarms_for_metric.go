package monitoring

import (
	"context"
	"slices"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

type describeAlarmsForMetricRequest struct {
	MetricName        string      `json:"MetricName" required:"true" shape:"name"`
	Namespace         string      `json:"Namespace" required:"true" shape:"namespace"`
	Statistic         string      `json:"Statistic" shape:"statistic"`
	ExtendedStatistic string      `json:"ExtendedStatistic"`
	Dimensions        []dimension `json:"Dimensions" shape:"dimensions"`
	Period            int32       `json:"Period" shape:"atLeast1"`
	Unit              string      `json:"Unit" shape:"unit"`
}

type describeAlarmsForMetricResponse struct {
	Alarms []metricAlarm `json:"MetricAlarms"`
}

// describeAlarmsForMetric lists the alarms on one metric, which has exactly the dimensions that are given, by name. Alarms on expressions are
// not among them.
//
// Source: AWS, DescribeAlarmsForMetric.
func (a *API) describeAlarmsForMetric(ctx context.Context, _ *awsapi.Call, in *describeAlarmsForMetricRequest) (*describeAlarmsForMetricResponse, error) {
	if in.Statistic != "" && in.ExtendedStatistic != "" {
		return nil, validation("Statistic and ExtendedStatistic cannot both be set")
	}
	of, err := identity(metric{in.Namespace, in.MetricName, in.Dimensions})
	if err != nil {
		return nil, err
	}
	all, err := a.Alarms.Alarms(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d alarm.Described) bool {
		m := d.Metric
		return m == nil || m.Queries != nil || m.Metric.Namespace != of.Namespace || m.Metric.Name != of.Name || !slices.Equal(m.Metric.Dimensions, of.Dimensions) ||
			in.Statistic != "" && m.Statistic != in.Statistic || in.ExtendedStatistic != "" && m.Statistic != in.ExtendedStatistic ||
			in.Period != 0 && m.Period != int(in.Period) || in.Unit != "" && m.Unit != in.Unit
	})
	return &describeAlarmsForMetricResponse{Alarms: a.list(all, nil).MetricAlarms}, nil
}
