package monitoring

import (
	"context"

	"weir/internal/awsapi"
	"weir/internal/contributor"
)

// InsightRules keeps the rules of Contributor Insights and what they counted; *[contributor.Store] does. It is safe for concurrent use.
//
// Errors that are contributor.ErrNoRule, *contributor.Error, *contributor.InvalidError or *contributor.LimitError are the client's.
type InsightRules interface {
	Put(ctx context.Context, r contributor.PutRequest) error
	Rules(ctx context.Context) ([]contributor.Described, error)
	Delete(ctx context.Context, names []string) ([]contributor.Failure, error)
	Enable(ctx context.Context, names []string) ([]contributor.Failure, error)
	Disable(ctx context.Context, names []string) ([]contributor.Failure, error)
	Report(ctx context.Context, r contributor.ReportRequest) (*contributor.Report, error)
	Newcomers(ctx context.Context, r contributor.NewRequest) ([]contributor.Newcomers, error)
	Tags(ctx context.Context, name string) (map[string]string, error)
	Tag(ctx context.Context, name string, tags map[string]string) error
	Untag(ctx context.Context, name string, keys []string) error
}

// insightRuleOperations are the operations on the rules of Contributor Insights.
func (a *API) insightRuleOperations() map[string]awsapi.Operation {
	return map[string]awsapi.Operation{
		"DeleteInsightRules":      awsapi.Handle(a.deleteInsightRules),
		"DescribeInsightRules":    awsapi.Handle(a.describeInsightRules),
		"DisableInsightRules":     awsapi.Handle(a.disableInsightRules),
		"EnableInsightRules":      awsapi.Handle(a.enableInsightRules),
		"GetInsightRuleReport":    awsapi.Handle(a.getInsightRuleReport),
		"ListManagedInsightRules": awsapi.Handle(a.listManagedInsightRules),
		"PutInsightRule":          awsapi.Handle(a.putInsightRule),
		"PutManagedInsightRules":  awsapi.Handle(a.putManagedInsightRules),
	}
}

// insightRuleNames is a request that names rules.
type insightRuleNames struct {
	Names []string `json:"RuleNames" required:"true" each:"ruleName"`
}

// insightRuleFailures are those of a request that could not be changed; the others were.
type insightRuleFailures struct {
	Failures []partialFailure `json:"Failures"`
}

// partialFailure is AWS's PartialFailure.
type partialFailure struct {
	Resource      string `json:"FailureResource"`
	ExceptionType string `json:"ExceptionType"`
	Code          string `json:"FailureCode"`
	Description   string `json:"FailureDescription"`
}

// shownFailures answers a request that names rules.
func shownFailures(failures []contributor.Failure, err error) (*insightRuleFailures, error) {
	if err != nil {
		return nil, answer(err)
	}
	out := &insightRuleFailures{Failures: []partialFailure{}}
	for _, f := range failures {
		out.Failures = append(out.Failures, partialFailure(f))
	}
	return out, nil
}
