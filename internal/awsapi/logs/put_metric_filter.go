package logs

import (
	"context"
	"slices"

	"weir/internal/awsapi"
	"weir/internal/filterpattern"
	"weir/internal/logstore"
)

const maxMetricFilters = 100

type putMetricFilterRequest struct {
	Group           string                 `json:"logGroupName" required:"true" shape:"group"`
	Name            string                 `json:"filterName" required:"true" shape:"filterName"`
	Pattern         *string                `json:"filterPattern" required:"true" shape:"filterPattern"`
	Transformations []MetricTransformation `json:"metricTransformations" required:"true" shape:"transformations"`
	unsupported
	EmitDimensions []string `json:"emitSystemFieldDimensions"`
}

// MetricTransformation is AWS's name, which errors show, and its order of members.
type MetricTransformation struct {
	Name       string            `json:"metricName" required:"true" shape:"metricName"`
	Namespace  string            `json:"metricNamespace" required:"true" shape:"metricName"`
	Value      string            `json:"metricValue" required:"true" shape:"metricValue"`
	Default    *float64          `json:"defaultValue,omitempty"`
	Unit       *string           `json:"unit,omitempty" shape:"unit"`
	Dimensions map[string]string `json:"dimensions,omitempty" keys:"dimension" each:"dimension"`
}

type metricFilter struct {
	Pattern         string                 `json:"filterPattern"`
	Transformations []MetricTransformation `json:"metricTransformations"`
}

// putMetricFilter keeps a filter that makes a metric of the events of a group that match, from then on. At most 100 in
// a group, which may be one of the lake. One that was disabled is enabled. What asks for transformed logs or system fields is refused.
//
// Source: AWS, PutMetricFilter; the words of the errors for names and transformations were seen.
func (a *API) putMetricFilter(ctx context.Context, _ *awsapi.Call, in *putMetricFilterRequest) (*struct{}, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.EmitDimensions != nil {
		return nil, invalid("This server does not emit system fields as dimensions: leave emitSystemFieldDimensions out.")
	}
	filter, err := pattern(*in.Pattern)
	if err != nil {
		return nil, err
	}
	if _, err := filter.Metric(in.Transformations[0].compiled()); err != nil {
		return nil, invalid("Invalid metric transformation: %v.", err)
	}
	group, _, err := a.groups.find(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	if err := a.checkRegexes(ctx, filter, metricFilterKind, in.Group, in.Name); err != nil {
		return nil, err
	}
	f := metricFilter{Pattern: *in.Pattern, Transformations: in.Transformations}
	if err := a.settle(ctx); err != nil {
		return nil, err
	}
	if err := putFilter(ctx, a, metricFilterKind, group, in.Name, maxMetricFilters, &f); err != nil {
		return nil, err
	}
	return nil, enableMetricFilter(ctx, a.Store, in.Group, in.Name)
}

// settle waits until events that are durable are counted by the filters that there are: what changes after that is for later events
// only.
func (a *API) settle(ctx context.Context) error {
	if a.Settle == nil {
		return nil
	}
	return a.Settle(ctx)
}

// putFilter adds or replaces a filter of a group that has at most some.
func putFilter[T any](ctx context.Context, a *API, kind string, group *logstore.Group, name string, limit int, f *T) error {
	filters, err := a.Store.Documents(ctx, logstore.DocumentQuery{Kind: kind, Group: group.Name, NoBody: true})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(filters, func(d logstore.Document) bool { return d.Name == name })
	if i < 0 && len(filters) >= limit {
		return limitExceeded("Resource limit exceeded.")
	}
	return putIn(ctx, a.Store, kind, group, name, f)
}

// maxRegexPatterns is how many patterns of a group may have regular expressions (AWS).
const maxRegexPatterns = 5

// checkRegexes says whether a filter with regular expressions is one too many in its group; the one of its name
// is replaced.
func (a *API) checkRegexes(ctx context.Context, filter *filterpattern.Pattern, kind, group, name string) error {
	if filter.Regexes() == 0 {
		return nil
	}
	n := 0
	for _, k := range []string{metricFilterKind, subscriptionFilterKind} {
		// Both kinds have the pattern under one name.
		others, err := list[struct {
			Pattern string `json:"filterPattern"`
		}](ctx, a.Store, k, group, "")
		if err != nil {
			return err
		}
		for _, o := range others {
			if p, err := filterpattern.Parse(o.value.Pattern); err == nil && p.Regexes() > 0 && (k != kind || o.name != name) {
				n++
			}
		}
	}
	if n >= maxRegexPatterns {
		return limitExceeded("Resource limit exceeded.")
	}
	return nil
}

// unsupported are members that ask for what weir does not do.
type unsupported struct {
	Transformed bool   `json:"applyOnTransformedLogs"`
	Criteria    string `json:"fieldSelectionCriteria" shape:"criteria"`
}

func (u unsupported) check() error {
	switch {
	case u.Transformed:
		return invalid("The log group has no transformer: leave applyOnTransformedLogs out.")
	case u.Criteria != "":
		return invalid("This server does not select by system fields: leave fieldSelectionCriteria out.")
	}
	return nil
}

func (t *MetricTransformation) compiled() filterpattern.Transformation {
	out := filterpattern.Transformation{MetricName: t.Name, MetricNamespace: t.Namespace, MetricValue: t.Value, DefaultValue: t.Default, Dimensions: t.Dimensions}
	if t.Unit != nil {
		out.Unit = *t.Unit
	}
	return out
}
