package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/internal/awsapi"
)

type describeQueriesRequest struct {
	Group      string `json:"logGroupName" shape:"group"`
	Status     string `json:"status" shape:"queryStatus"`
	MaxResults int32  `json:"maxResults" shape:"listLimit"`
	NextToken  string `json:"nextToken" shape:"nonEmpty"`
	Language   string `json:"queryLanguage" shape:"queryLanguage"`
}

type describeQueriesResponse struct {
	Queries   []queryInfo `json:"queries"`
	NextToken string      `json:"nextToken,omitempty"`
}

type queryInfo struct {
	Language string  `json:"queryLanguage"`
	ID       string  `json:"queryId"`
	Text     string  `json:"queryString"`
	Status   string  `json:"status"`
	Created  int64   `json:"createTime"`
	Group    string  `json:"logGroupName,omitempty"`
	Duration int64   `json:"queryDuration"` // milliseconds
	Bytes    float64 `json:"bytesScanned"`
	User     string  `json:"userIdentity"`
}

// describeQueries lists the queries that are remembered, the newest first.
//
// Source: AWS, DescribeQueries. The form of the text was seen for one group; for several it is our own,
// as a query can say it.
func (a *API) describeQueries(_ context.Context, _ *awsapi.Call, in *describeQueriesRequest) (*describeQueriesResponse, error) {
	all := slices.DeleteFunc(a.jobs.list(), func(j job) bool {
		return in.Group != "" && !slices.Contains(j.groups, in.Group) || in.Status != "" && j.status != in.Status || in.Language != "" && in.Language != "CWLI"
	})
	key := func(j job) string { return fmt.Sprintf("%020d %s", j.created.UnixNano(), j.id) }
	slices.SortFunc(all, func(x, y job) int { return strings.Compare(key(y), key(x)) })
	shown, token, err := page("DescribeQueries", in.NextToken, or(in.MaxResults, 1000), true, all, key)
	if err != nil {
		return nil, err
	}
	out := &describeQueriesResponse{Queries: []queryInfo{}, NextToken: token}
	for _, j := range shown {
		info := queryInfo{
			Language: "CWLI", ID: j.id, Text: stored(&j), Status: j.status, Created: j.created.UnixMilli(), Bytes: j.statistics.BytesScanned,
			User: "arn:aws:iam::" + a.Account + ":user/" + j.key,
		}
		if len(j.groups) > 0 {
			info.Group = j.groups[0]
		}
		switch {
		case j.began.IsZero():
		case j.active():
			info.Duration = a.Now().Sub(j.began).Milliseconds()
		default:
			info.Duration = j.ended.Sub(j.began).Milliseconds()
		}
		out.Queries = append(out.Queries, info)
	}
	return out, nil
}

// stored returns the text of a query as AWS stores it, with its groups and its range of time.
func stored(j *job) string {
	if j.request.Groups == nil {
		return j.request.Text
	}
	return fmt.Sprintf("SOURCE %s START=%d END=%d | %s", `"`+strings.Join(j.request.Groups, `", "`)+`"`, j.request.Start, j.request.End, j.request.Text)
}
