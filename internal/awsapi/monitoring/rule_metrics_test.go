package monitoring

import (
	"context"
	"fmt"
	"testing"

	"weir/internal/contributor"
)

// byMinute reports a rule that has one contributor more each minute, which contributes 10.
type byMinute struct{ asked []contributor.ReportRequest }

func (b *byMinute) Report(_ context.Context, r contributor.ReportRequest) (*contributor.Report, error) {
	b.asked = append(b.asked, r)
	if r.Name != "top" && r.Name != "distinct" && r.Name != "new" {
		return nil, contributor.ErrNoRule
	}
	out := &contributor.Report{UniqueContributors: (r.To - r.From) / 60}
	if r.Name == "new" { // nothing contributed, and it began at 720
		out.Begun = 720
		for at := r.From / r.Period * r.Period; at < r.To; at += r.Period {
			out.Datapoints = append(out.Datapoints, contributor.Datapoint{Time: at})
		}
		return out, nil
	}
	if r.Name == "distinct" {
		out.AggregationStatistic, out.AggregateValue = contributor.Distinct, 7
	}
	for at := r.From / r.Period * r.Period; at < r.To; at += r.Period {
		n := float64(r.Period / 60)
		out.Datapoints = append(out.Datapoints, contributor.Datapoint{Time: at, UniqueContributors: n, MaxContributorValue: 10, SampleCount: n, Sum: n * 10, Minimum: 1, Maximum: 9, Average: 5})
		out.Contributors = []contributor.Contributor{{Value: 10}}
	}
	return out, nil
}

// Newcomers has one contributor in each period from 720 on.
func (b *byMinute) Newcomers(_ context.Context, r contributor.NewRequest) ([]contributor.Newcomers, error) {
	if r.Name != "new" {
		return nil, contributor.ErrNoRule
	}
	var out []contributor.Newcomers
	for at := r.From; at < r.To; at += r.Period {
		if at >= 720 {
			out = append(out, contributor.Newcomers{Time: at, Keys: [][]string{{fmt.Sprint(min(at+r.Period, r.To) - at)}, {"b"}}[:1+at/60%2]})
		}
	}
	return out, nil
}

// TestInsightRule reads metrics of a rule for periods that begin at multiples of their length, and for others.
func TestInsightRule(t *testing.T) {
	tests := []struct {
		rule, metric string
		from, to     int64
		period       int
		want         string
	}{
		{"top", "UniqueContributors", 600, 1200, 300, " 600:5 900:5"},
		{"top", "MaxContributorValue", 600, 720, 60, " 600:10 660:10"},
		{"top", "Average", 600, 1200, 300, " 600:5 900:5"},
		{"top", "Minimum", 600, 900, 300, " 600:1"},
		{"top", "Maximum", 600, 900, 300, " 600:9"},
		{"top", "Sum", 600, 900, 300, " 600:50"},
		{"top", "SampleCount", 600, 900, 300, " 600:5"},
		{"top", "UniqueContributors", 660, 1260, 300, " 660:5 960:5"},
		{"top", "Sum", 660, 1260, 300, " 660:50 960:50"},
		{"top", "SampleCount", 660, 960, 300, " 660:5"},
		{"distinct", "Sum", 660, 960, 300, " 660:7"},
		{"distinct", "SampleCount", 660, 960, 300, " 660:5"},
		{"new", "Sum", 600, 840, 60, " 720:0 780:0"},
		{"new", "MaxContributorValue", 610, 820, 60, " 670:0 730:0 790:0"},
		{"new", "Sum", 540, 900, 180, " 720:0"},
		{"top", "MaxContributorValue", 660, 960, 300, " 660:10"},
		{"top", "Sum", 660, 1080, 300, " 660:50 960:20"},
		{"top", "Average", 660, 960, 300, "The metric Average of a rule is known for periods that begin at multiples of their length (let the time begin at a multiple of the Period, or take a Period of 60)"},
		{"top", "Sum", 660, 1_000_000, 300, "More than 1440 periods of a rule do not begin at multiples of their length (let the time begin at a multiple of the Period)"},
		{"top", "Sum", 600, 660, 30, "The metrics of rules have periods of minutes; this is 30 seconds (give the query another Period)"},
		{"new", "NewContributors", 600, 900, 60, " 720:1 780:2 840:1"},
		{"new", "NewContributors", 660, 1020, 120, " 780:2 900:2"},
		{"new", "NewContributors", 660, 720, 60, ""},
		{"new", "NewContributors", 610, 820, 60, "The metric NewContributors of a rule is known for periods that begin at whole minutes (let the time begin at a whole minute)"},
		{"other", "NewContributors", 660, 720, 60, contributor.ErrNoRule.Error()},
		{"other", "Sum", 600, 660, 60, contributor.ErrNoRule.Error()},
		{"other", "Sum", 660, 960, 300, contributor.ErrNoRule.Error()},
		{"top", "Sum", 660, 660, 60, ""},
	}
	for _, tt := range tests {
		rules := &byMinute{}
		s, err := RuleMetrics{rules, true}.InsightRule(t.Context(), tt.rule, tt.metric, tt.period, tt.from, tt.to)
		got := ""
		for i, at := range s.Times {
			got += fmt.Sprintf(" %d:%v", at, s.Values[i])
		}
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
		for _, r := range rules.asked {
			if !r.Live || fmt.Sprint(r.Metrics) != "["+tt.metric+"]" {
				t.Errorf("asked %+v", r)
			}
		}
	}
}
