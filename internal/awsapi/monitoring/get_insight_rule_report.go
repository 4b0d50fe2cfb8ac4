package monitoring

import (
	"context"
	"slices"

	"weir/internal/awsapi"
	"weir/internal/contributor"
)

type getInsightRuleReportRequest struct {
	Name            string      `json:"RuleName" required:"true" shape:"ruleName"`
	Start           awsapi.Time `json:"StartTime" required:"true"`
	End             awsapi.Time `json:"EndTime" required:"true"`
	Period          int32       `json:"Period" required:"true" shape:"atLeast1"`
	MaxContributors *int32      `json:"MaxContributorCount"`
	Metrics         []string    `json:"Metrics" each:"ruleMetric"`
	OrderBy         string      `json:"OrderBy" shape:"ruleMetric"`
}

type getInsightRuleReportResponse struct {
	KeyLabels            []string                     `json:"KeyLabels"`
	AggregationStatistic string                       `json:"AggregationStatistic"`
	AggregateValue       float64                      `json:"AggregateValue"`
	UniqueCount          int64                        `json:"ApproximateUniqueCount"`
	Contributors         []insightRuleContributor     `json:"Contributors"`
	MetricDatapoints     []insightRuleMetricDatapoint `json:"MetricDatapoints"`
}

// insightRuleContributor is AWS's InsightRuleContributor.
type insightRuleContributor struct {
	Keys       []string                          `json:"Keys"`
	Value      float64                           `json:"ApproximateAggregateValue"`
	Datapoints []insightRuleContributorDatapoint `json:"Datapoints"`
}

// insightRuleContributorDatapoint is AWS's InsightRuleContributorDatapoint.
type insightRuleContributorDatapoint struct {
	Time  awsapi.Time `json:"Timestamp"`
	Value float64     `json:"ApproximateValue"`
}

// insightRuleMetricDatapoint is AWS's InsightRuleMetricDatapoint. It has the metrics that were asked for.
type insightRuleMetricDatapoint struct {
	Time                awsapi.Time `json:"Timestamp"`
	UniqueContributors  *float64    `json:"UniqueContributors,omitempty"`
	MaxContributorValue *float64    `json:"MaxContributorValue,omitempty"`
	SampleCount         *float64    `json:"SampleCount,omitempty"`
	Average             *float64    `json:"Average,omitempty"`
	Sum                 *float64    `json:"Sum,omitempty"`
	Minimum             *float64    `json:"Minimum,omitempty"`
	Maximum             *float64    `json:"Maximum,omitempty"`
}

// getInsightRuleReport says who contributed to a rule, and how much. Times are taken in whole seconds: a part of one at the end counts as one.
//
// Source: AWS, GetInsightRuleReport; that a report without data has no contributors, and zeros for each period, was recorded.
func (a *API) getInsightRuleReport(ctx context.Context, _ *awsapi.Call, in *getInsightRuleReportRequest) (*getInsightRuleReportResponse, error) {
	from, to := wholeSeconds(in.Start, in.End)
	r := contributor.ReportRequest{
		Name: in.Name, From: from, To: to, Period: int64(in.Period), Metrics: in.Metrics, OrderBy: in.OrderBy,
	}
	switch {
	case r.From >= r.To:
		return nil, invalidValue("The parameter StartTime must be less than the parameter EndTime.")
	case in.MaxContributors != nil && (*in.MaxContributors < 1 || *in.MaxContributors > 100):
		return nil, invalidValue("The value %d for parameter MaxContributorCount is not between 1 and 100.", *in.MaxContributors)
	case in.MaxContributors != nil:
		r.MaxContributors = int(*in.MaxContributors)
	}
	report, err := a.InsightRules.Report(ctx, r)
	if err != nil {
		return nil, answer(err)
	}
	out := &getInsightRuleReportResponse{
		KeyLabels: report.KeyLabels, AggregationStatistic: report.AggregationStatistic, AggregateValue: report.AggregateValue,
		UniqueCount: report.UniqueContributors, Contributors: []insightRuleContributor{}, MetricDatapoints: []insightRuleMetricDatapoint{},
	}
	for _, c := range report.Contributors {
		shown := insightRuleContributor{Keys: c.Keys, Value: c.Value, Datapoints: []insightRuleContributorDatapoint{}}
		for _, d := range c.Datapoints {
			shown.Datapoints = append(shown.Datapoints, insightRuleContributorDatapoint{Time: awsapi.Time(d.Time * 1000), Value: d.Value})
		}
		out.Contributors = append(out.Contributors, shown)
	}
	for i := range report.Datapoints {
		out.MetricDatapoints = append(out.MetricDatapoints, shownDatapoint(&report.Datapoints[i], in.Metrics))
	}
	return out, nil
}

// shownDatapoint returns a datapoint with some metrics.
func shownDatapoint(d *contributor.Datapoint, metrics []string) insightRuleMetricDatapoint {
	asked := func(name string, value float64) *float64 {
		if slices.Contains(metrics, name) {
			return &value
		}
		return nil
	}
	return insightRuleMetricDatapoint{
		Time:                awsapi.Time(d.Time * 1000),
		UniqueContributors:  asked(contributor.UniqueContributors, d.UniqueContributors),
		MaxContributorValue: asked(contributor.MaxContributorValue, d.MaxContributorValue),
		SampleCount:         asked(contributor.SampleCount, d.SampleCount),
		Average:             asked(contributor.Average, d.Average),
		Sum:                 asked(contributor.Sum, d.Sum),
		Minimum:             asked(contributor.Minimum, d.Minimum),
		Maximum:             asked(contributor.Maximum, d.Maximum),
	}
}
