package logs

import (
	"context"
	"slices"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

type listLogGroupsRequest struct {
	Pattern       string             `json:"logGroupNamePattern" shape:"groupRegex"`
	Class         string             `json:"logGroupClass" shape:"class"`
	IncludeLinked bool               `json:"includeLinkedAccounts"`
	Accounts      []string           `json:"accountIdentifiers" shape:"accounts" each:"account"`
	NextToken     string             `json:"nextToken" shape:"nonEmpty"`
	Limit         int32              `json:"limit" shape:"listLimit"`
	DataSources   []dataSourceFilter `json:"dataSources" shape:"dataSources"`
	FieldIndexes  []string           `json:"fieldIndexNames" shape:"fieldIndexNames" each:"group"`
	Tags          []tagFilter        `json:"logGroupTags" shape:"groupTags"`
}

type dataSourceFilter struct {
	Name string `json:"name" required:"true"`
	Type string `json:"type"`
}

type tagFilter struct {
	Key    string   `json:"key" required:"true" shape:"tagKey"`
	Values []string `json:"values" shape:"tagFilterValues" each:"tagFilterValue"`
}

type listLogGroupsResponse struct {
	LogGroups []logGroupSummary `json:"logGroups"`
	NextToken string            `json:"nextToken,omitempty"`
}

type logGroupSummary struct {
	Name  string `json:"logGroupName"`
	ARN   string `json:"logGroupArn"`
	Class string `json:"logGroupClass"`
}

// listLogGroups lists log groups by name. The pattern is up to five texts between "|", each a part of
// the name or behind "^" its begin. No group here has data sources or field indexes, so that none is
// found by them.
//
// Source: AWS, ListLogGroups. How values of tags are compared is AWS's text of the filters: "*" at the
// ends stands for any text, "!" before it for all others.
func (a *API) listLogGroups(ctx context.Context, _ *awsapi.Call, in *listLogGroupsRequest) (*listLogGroupsResponse, error) {
	all, err := a.groups.all(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(g logstore.Group) bool {
		return in.Pattern != "" && !matchesName(g.Name, in.Pattern) || in.Class != "" && class(&g) != in.Class ||
			in.DataSources != nil || in.FieldIndexes != nil || !a.ours(in.IncludeLinked, in.Accounts) || !matchesTags(g.Tags, in.Tags)
	})
	shown, token, err := page("ListLogGroups", in.NextToken, or(in.Limit, 50), false, all, func(g logstore.Group) string { return g.Name })
	if err != nil {
		return nil, err
	}
	out := &listLogGroupsResponse{LogGroups: []logGroupSummary{}, NextToken: token}
	for _, g := range shown {
		out.LogGroups = append(out.LogGroups, logGroupSummary{Name: g.Name, ARN: a.groupARN(g.Name), Class: class(&g)})
	}
	return out, nil
}

func matchesName(name, pattern string) bool {
	for part := range strings.SplitSeq(pattern, "|") {
		if begin, ok := strings.CutPrefix(part, "^"); ok && strings.HasPrefix(name, begin) || !ok && strings.Contains(name, part) {
			return true
		}
	}
	return false
}

func matchesTags(tags map[string]string, filters []tagFilter) bool {
	for _, f := range filters {
		value, ok := tags[f.Key]
		if !ok || f.Values != nil && !slices.ContainsFunc(f.Values, func(want string) bool { return matchesTag(value, want) }) {
			return false
		}
	}
	return true
}

func matchesTag(value, want string) bool {
	want, not := strings.CutPrefix(want, "!")
	want, openStart := strings.CutPrefix(want, "*")
	want, openEnd := strings.CutSuffix(want, "*")
	var is bool
	switch {
	case openStart && openEnd:
		is = strings.Contains(value, want)
	case openStart:
		// A value of "*" alone has lost its star at the begin.
		is = strings.HasSuffix(value, want)
	case openEnd:
		is = strings.HasPrefix(value, want)
	default:
		is = value == want
	}
	return is != not
}
