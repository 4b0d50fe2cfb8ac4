package logs

import (
	"context"
	"slices"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

type describeLogGroupsRequest struct {
	Accounts      []string `json:"accountIdentifiers" shape:"accounts" each:"account"`
	Prefix        string   `json:"logGroupNamePrefix" shape:"group"`
	Pattern       string   `json:"logGroupNamePattern" shape:"groupPart"`
	NextToken     string   `json:"nextToken" shape:"nonEmpty"`
	Limit         int32    `json:"limit" shape:"page50"`
	IncludeLinked bool     `json:"includeLinkedAccounts"`
	Class         string   `json:"logGroupClass" shape:"class"`
	Identifiers   []string `json:"logGroupIdentifiers" shape:"identifiers50" each:"identifier"`
}

type describeLogGroupsResponse struct {
	LogGroups []logGroup `json:"logGroups"`
	NextToken string     `json:"nextToken,omitempty"`
}

type logGroup struct {
	Name               string `json:"logGroupName"`
	Created            int64  `json:"creationTime"`
	RetentionDays      int    `json:"retentionInDays,omitempty"`
	MetricFilters      int    `json:"metricFilterCount"`
	ARN                string `json:"arn"` // with ":*"
	StoredBytes        *int64 `json:"storedBytes,omitempty"`
	Class              string `json:"logGroupClass"`
	GroupARN           string `json:"logGroupArn"` // without
	DeletionProtection *bool  `json:"deletionProtectionEnabled,omitempty"`
}

// describeLogGroups lists log groups by name. With a pattern, which is a part of the name, sizes are
// left out, as AWS does.
//
// Source: AWS, DescribeLogGroups; the members and the error for prefix and pattern were seen.
func (a *API) describeLogGroups(ctx context.Context, _ *awsapi.Call, in *describeLogGroupsRequest) (*describeLogGroupsResponse, error) {
	if in.Prefix != "" && in.Pattern != "" {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	var named map[string]bool
	if in.Identifiers != nil {
		if in.Prefix != "" || in.Pattern != "" || in.Class != "" || in.Accounts != nil {
			return nil, invalid("logGroupIdentifiers can be given with no other filter than includeLinkedAccounts.")
		}
		named = map[string]bool{}
		for _, id := range in.Identifiers {
			name, err := a.identified(id)
			if err != nil {
				return nil, err
			}
			named[name] = true
		}
	}
	all, err := a.groups.all(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(g logstore.Group) bool {
		return !strings.HasPrefix(g.Name, in.Prefix) || !strings.Contains(g.Name, in.Pattern) ||
			in.Class != "" && class(&g) != in.Class || named != nil && !named[g.Name] || !a.ours(in.IncludeLinked, in.Accounts)
	})
	shown, token, err := page("DescribeLogGroups", in.NextToken, or(in.Limit, 50), false, all, func(g logstore.Group) string { return g.Name })
	if err != nil {
		return nil, err
	}
	filters, err := a.Store.Documents(ctx, logstore.DocumentQuery{Kind: metricFilterKind, NoBody: true})
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, f := range filters {
		count[f.Group]++
	}
	out := &describeLogGroupsResponse{LogGroups: []logGroup{}, NextToken: token}
	for _, g := range shown {
		l := logGroup{
			Name: g.Name, Created: g.Created, RetentionDays: g.RetentionDays, MetricFilters: count[g.Name],
			ARN: a.groupARN(g.Name) + ":*", Class: class(&g), GroupARN: a.groupARN(g.Name),
		}
		if in.Pattern == "" {
			l.StoredBytes, l.DeletionProtection = new(g.StoredBytes), new(false)
		}
		out.LogGroups = append(out.LogGroups, l)
	}
	return out, nil
}

func class(g *logstore.Group) string {
	if g.Class == "" {
		return "STANDARD"
	}
	return g.Class
}

// ours says whether a request for groups of linked accounts asks for this server's too. Accounts count
// only with includeLinked (AWS).
func (a *API) ours(includeLinked bool, accounts []string) bool {
	return !includeLinked || accounts == nil || slices.Contains(accounts, a.Account)
}
