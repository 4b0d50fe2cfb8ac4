package monitoring

import (
	"cmp"
	"context"

	"weir/internal/alarm"
	"weir/internal/awsapi"
	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

type putMetricAlarmRequest struct {
	alarmBasics
	MetricName        string              `json:"MetricName" shape:"name"`
	Namespace         string              `json:"Namespace" shape:"namespace"`
	Statistic         string              `json:"Statistic" shape:"statistic"`
	ExtendedStatistic string              `json:"ExtendedStatistic"`
	Dimensions        []dimension         `json:"Dimensions" shape:"dimensions"`
	Period            *int32              `json:"Period" shape:"atLeast1"`
	Unit              string              `json:"Unit" shape:"unit"`
	EvaluationPeriods *int32              `json:"EvaluationPeriods" shape:"atLeast1"`
	DatapointsToAlarm int32               `json:"DatapointsToAlarm" shape:"atLeast1"`
	Threshold         *float64            `json:"Threshold"`
	Comparison        string              `json:"ComparisonOperator" shape:"comparison"`
	TreatMissingData  string              `json:"TreatMissingData" shape:"name"`
	LowSampleCount    string              `json:"EvaluateLowSampleCountPercentile" shape:"name"`
	Metrics           []metricDataQuery   `json:"Metrics"`
	Tags              []tag               `json:"Tags"`
	ThresholdMetric   string              `json:"ThresholdMetricId" shape:"name"`
	Window            *evaluationWindow   `json:"EvaluationWindow"`
	Criteria          *evaluationCriteria `json:"EvaluationCriteria"`
	Interval          int32               `json:"EvaluationInterval" shape:"evaluationInterval"`
}

// evaluationWindow is AWS's EvaluationWindow, which is refused.
type evaluationWindow struct {
	WallClock *wallClockWindow `json:"WallClockWindow"`
	Sliding   *slidingWindow   `json:"SlidingWindow"`
}

// wallClockWindow is AWS's WallClockWindow.
type wallClockWindow struct {
	Timezone string `json:"Timezone" shape:"timezone"`
}

// slidingWindow is AWS's SlidingWindow.
type slidingWindow struct{}

// evaluationCriteria is AWS's EvaluationCriteria, which is refused.
type evaluationCriteria struct {
	PromQL *alarmPromQLCriteria `json:"PromQLCriteria"`
}

// alarmPromQLCriteria is AWS's AlarmPromQLCriteria.
type alarmPromQLCriteria struct {
	Query    string `json:"Query" required:"true" shape:"promQL"`
	Pending  int32  `json:"PendingPeriod" shape:"promQLPeriod"`
	Recovery int32  `json:"RecoveryPeriod" shape:"promQLPeriod"`
}

// putMetricAlarm makes or changes an alarm on a metric or an expression. Tags are those of a new alarm.
//
// Source: AWS, PutMetricAlarm; the words for members that exclude one another, and for those that are not there, are those of AWS that
// others cite.
func (a *API) putMetricAlarm(ctx context.Context, _ *awsapi.Call, in *putMetricAlarmRequest) (*struct{}, error) {
	if err := in.refused(); err != nil {
		return nil, err
	}
	d, err := in.definition()
	if err != nil {
		return nil, err
	}
	if d.Metric, err = a.metricOf(in); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, answer(a.Alarms.Put(ctx, d, tags))
}

// refused refuses what the alarms of this server can't do.
func (in *putMetricAlarmRequest) refused() error {
	switch {
	case in.Criteria != nil || in.Interval != 0:
		return validation("This server has no alarms on PromQL queries: leave EvaluationCriteria and EvaluationInterval out.")
	case in.Window != nil:
		return validation("This server evaluates alarms over sliding windows alone, and keeps no EvaluationWindow: leave it out.")
	case in.ThresholdMetric != "":
		return validation("This server has no anomaly detection: leave ThresholdMetricId out and give a Threshold.")
	}
	return nil
}

// metricOf returns what an alarm watches and when it goes off.
func (a *API) metricOf(in *putMetricAlarmRequest) (*alarm.Metric, error) {
	m := &alarm.Metric{
		DatapointsToAlarm: int(in.DatapointsToAlarm), Comparison: in.Comparison, TreatMissingData: in.TreatMissingData, LowSampleCount: in.LowSampleCount,
	}
	var err error
	if len(in.Metrics) > 0 {
		m.Queries, err = a.watchedQueries(in)
	} else {
		err = in.watchedMetric(m)
	}
	if err != nil {
		return nil, err
	}
	for _, member := range []struct {
		name  string
		given bool
	}{{"EvaluationPeriods", in.EvaluationPeriods != nil}, {"ComparisonOperator", in.Comparison != ""}, {"Threshold", in.Threshold != nil}} {
		if !member.given {
			return nil, validation("%s must not be null", member.name)
		}
	}
	m.EvaluationPeriods, m.Threshold = int(*in.EvaluationPeriods), *in.Threshold
	return m, nil
}

// watchedQueries returns the queries of an alarm on an expression: one returns data.
func (a *API) watchedQueries(in *putMetricAlarmRequest) ([]metricmath.Query, error) {
	for _, member := range []struct {
		name  string
		given bool
	}{
		{"MetricName", in.MetricName != ""},
		{"Namespace", in.Namespace != ""},
		{"Dimensions", len(in.Dimensions) > 0},
		{"Period", in.Period != nil},
		{"Statistic", in.Statistic != ""},
		{"ExtendedStatistic", in.ExtendedStatistic != ""},
		{"Unit", in.Unit != ""},
	} {
		if member.given {
			return nil, validation("%s should not be set if list of Metrics is set.", member.name)
		}
	}
	queries, err := a.queries("Metrics", in.Metrics)
	if err != nil {
		return nil, err
	}
	returned := 0
	for _, q := range queries {
		if q.ReturnData {
			returned++
		}
	}
	if returned != 1 {
		return nil, validation("Exactly one element of the metrics list should return data.")
	}
	if err := metricmath.CheckWatched(queries); err != nil {
		return nil, validation("%v", err)
	}
	return queries, nil
}

// watchedMetric sets the metric and its statistic.
func (in *putMetricAlarmRequest) watchedMetric(m *alarm.Metric) (err error) {
	switch {
	case in.MetricName == "":
		return validation("MetricName must not be null")
	case in.Namespace == "":
		return validation("Namespace must not be null")
	case in.Period == nil:
		return validation("Period must not be null")
	case in.Statistic == "" && in.ExtendedStatistic == "":
		return validation("Statistic must not be null: give Statistic or ExtendedStatistic")
	case in.Statistic != "" && in.ExtendedStatistic != "":
		return validation("Statistic and ExtendedStatistic cannot both be set")
	}
	m.Statistic, m.Unit, m.Period = cmp.Or(in.Statistic, in.ExtendedStatistic), in.Unit, int(*in.Period)
	if in.ExtendedStatistic != "" && simpleStatistic(in.ExtendedStatistic) {
		return validation("ExtendedStatistic %s is a Statistic: give it as that", in.ExtendedStatistic)
	}
	if _, err := metricstore.ParseStatistic(m.Statistic); err != nil {
		return validation("The value %.100s for parameter ExtendedStatistic is not supported: %v.", m.Statistic, err)
	}
	m.Metric, err = identity(metric{in.Namespace, in.MetricName, in.Dimensions})
	return err
}

// simpleStatistic says whether a statistic is one of Statistic, and not of ExtendedStatistic.
func simpleStatistic(text string) bool { return shapes.Accepts("statistic", text) }
