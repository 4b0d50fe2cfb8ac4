package monitoring

import (
	"context"
	"encoding/json"

	"weir/internal/awsapi"
	"weir/internal/contributor"
)

type describeInsightRulesRequest struct {
	NextToken string `json:"NextToken"`
	Max       *int32 `json:"MaxResults" shape:"ruleResults"`
}

type describeInsightRulesResponse struct {
	NextToken string        `json:"NextToken,omitempty"`
	Rules     []insightRule `json:"InsightRules"`
}

// insightRule is AWS's InsightRule.
type insightRule struct {
	Name        string `json:"Name"`
	State       string `json:"State"`
	Schema      string `json:"Schema"`
	Definition  string `json:"Definition"`
	Managed     bool   `json:"ManagedRule"`
	Transformed bool   `json:"ApplyOnTransformedLogs"`
}

const maxInsightRules = 500

// describeInsightRules lists the rules by name. None is managed: those are of AWS's services.
//
// Source: AWS, DescribeInsightRules.
func (a *API) describeInsightRules(ctx context.Context, _ *awsapi.Call, in *describeInsightRulesRequest) (*describeInsightRulesResponse, error) {
	rules, err := a.InsightRules.Rules(ctx)
	if err != nil {
		return nil, err
	}
	shown, next, err := page("DescribeInsightRules", in.NextToken, in.Max, maxInsightRules, rules, func(r contributor.Described) string { return r.Name })
	if err != nil {
		return nil, err
	}
	out := &describeInsightRulesResponse{NextToken: next, Rules: []insightRule{}}
	for i := range shown {
		r := &shown[i]
		out.Rules = append(out.Rules, insightRule{Name: r.Name, State: r.State, Schema: schema(r.Definition), Definition: r.Definition, Transformed: r.ApplyOnTransformedLogs})
	}
	return out, nil
}

// schema returns a rule's schema as AWS shows it: CloudWatchLogRule/1.
func schema(definition string) string {
	var d struct {
		Schema struct {
			Name    string
			Version json.Number
		}
	}
	_ = json.Unmarshal([]byte(definition), &d) // it was read when the rule was put
	return d.Schema.Name + "/" + d.Schema.Version.String()
}
