package logs

import (
	"context"

	"weir/internal/awsapi"
)

type testMetricFilterRequest struct {
	Pattern  *string  `json:"filterPattern" required:"true" shape:"filterPattern"`
	Messages []string `json:"logEventMessages" required:"true" shape:"messages" each:"message"`
}

type testMetricFilterResponse struct {
	Matches []metricFilterMatch `json:"matches"`
}

type metricFilterMatch struct {
	Number    int64             `json:"eventNumber"` // from 0
	Message   string            `json:"eventMessage"`
	Extracted map[string]string `json:"extractedValues"`
}

// testMetricFilter says which messages a filter pattern matches, and what it takes out of them.
//
// Source: AWS, TestMetricFilter.
func (*API) testMetricFilter(_ context.Context, _ *awsapi.Call, in *testMetricFilterRequest) (*testMetricFilterResponse, error) {
	filter, err := pattern(*in.Pattern)
	if err != nil {
		return nil, err
	}
	out := &testMetricFilterResponse{Matches: []metricFilterMatch{}}
	for i, message := range in.Messages {
		extracted, ok := filter.Match(message)
		if !ok {
			continue
		}
		m := metricFilterMatch{Number: int64(i), Message: message, Extracted: map[string]string{}}
		for _, e := range extracted {
			m.Extracted[e.Name] = e.Value
		}
		out.Matches = append(out.Matches, m)
	}
	return out, nil
}
