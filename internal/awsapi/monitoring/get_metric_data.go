package monitoring

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

// maxDatapoints is how many data points an answer of GetMetricData has at most.
const maxDatapoints = 100_800

type getMetricDataRequest struct {
	Queries       []metricDataQuery `json:"MetricDataQueries" required:"true"`
	Start         awsapi.Time       `json:"StartTime" required:"true"`
	End           awsapi.Time       `json:"EndTime" required:"true"`
	NextToken     string            `json:"NextToken"`
	ScanBy        string            `json:"ScanBy" shape:"scanBy"`
	MaxDatapoints *int32            `json:"MaxDatapoints"`
	LabelOptions  *labelOptions     `json:"LabelOptions"`
}

// labelOptions is AWS's LabelOptions.
type labelOptions struct {
	Timezone string `json:"Timezone"`
}

type getMetricDataResponse struct {
	Results   []metricDataResult `json:"MetricDataResults"`
	NextToken string             `json:"NextToken,omitempty"`
	// Messages are of the whole request. There are none: what AWS tells by them is refused here.
	Messages []messageData `json:"Messages"`
}

// metricDataResult is AWS's MetricDataResult.
type metricDataResult struct {
	ID         string        `json:"Id"`
	Label      string        `json:"Label"`
	Timestamps []awsapi.Time `json:"Timestamps"`
	Values     []float64     `json:"Values"`
	StatusCode string        `json:"StatusCode"`
	Messages   []messageData `json:"Messages,omitempty"`
}

// messageData is AWS's MessageData.
type messageData struct {
	Code  string `json:"Code"`
	Value string `json:"Value"`
}

// timezoneForm is the form of LabelOptions.Timezone.
var timezoneForm = regexp.MustCompile(`^[+-]([01][0-9]|2[0-3])[0-5][0-9]$`)

// getMetricData returns the points of metrics and of expressions over them, the newest first, or with ScanBy the oldest: those from StartTime,
// rounded down, up to EndTime, which is not included. A query whose expression gives several time series has a result for
// each. Live and backfilled data count.
//
// Beyond MaxDatapoints there is a token, also of expressions, where AWS gives none. LabelOptions changes nothing: only labels with
// times would show it, and these are refused.
//
// Source: AWS, GetMetricData; the message of several units was recorded.
func (a *API) getMetricData(ctx context.Context, _ *awsapi.Call, in *getMetricDataRequest) (*getMetricDataResponse, error) {
	limit := maxDatapoints
	if in.MaxDatapoints != nil {
		limit = int(*in.MaxDatapoints)
	}
	switch {
	case limit < 1 || limit > maxDatapoints:
		return nil, validation("The value %d for parameter MaxDatapoints is not between 1 and %d.", limit, maxDatapoints)
	case in.Start >= in.End:
		return nil, validation("The parameter StartTime must be less than the parameter EndTime.")
	case in.LabelOptions != nil && in.LabelOptions.Timezone != "" && !timezoneForm.MatchString(in.LabelOptions.Timezone):
		return nil, validation("The value %.100s for parameter LabelOptions.Timezone is invalid: it is + or - and four digits, as +0130.", in.LabelOptions.Timezone)
	}
	queries, err := a.queries("MetricDataQueries", in.Queries)
	if err != nil {
		return nil, err
	}
	page, err := parseDataPage(in)
	if err != nil {
		return nil, err
	}
	from, to := wholeSeconds(in.Start, in.End)
	if page.from == nil {
		// Less than 15 days ago it is rounded by the period of each metric.
		page.from = new(metricstore.Align(from, 1, a.Now()))
	}
	source := metricmath.Stored{Points: a.Metrics}
	if a.InsightRules != nil {
		source.Rules = RuleMetrics{Reports: a.InsightRules}
	}
	all, err := metricmath.Evaluate(ctx, source, queries, *page.from, to)
	if err != nil {
		return nil, ofMath(err)
	}
	return page.of(all, limit)
}

// ofMath returns what a client gets for an error of queries.
func ofMath(err error) error {
	wrong, value := new(metricmath.Error), new(metricstore.InvalidError)
	switch {
	case errors.As(err, &wrong):
		return validation("%s", wrong.Error())
	case errors.As(err, &value):
		return validation("%s", value.Message)
	}
	return answer(err)
}

// shownSeries returns a result without points.
func shownSeries(s *metricmath.Series) metricDataResult {
	out := metricDataResult{ID: s.ID, Label: s.Label, Timestamps: []awsapi.Time{}, Values: []float64{}, StatusCode: "Complete"}
	if s.Units != nil {
		out.Messages = []messageData{{"MultipleUnits", "Multiple units returned: '[" + strings.Join(s.Units, ", ") + "]'"}}
	}
	return out
}
