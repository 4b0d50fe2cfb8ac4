package logs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/insights"
)

const (
	maxQueryGroups = 50
	// Times of StartQuery are seconds; from here on (the year 5138) they are milliseconds by mistake.
	maxSeconds = 100_000_000_000
)

type startQueryRequest struct {
	Language    string   `json:"queryLanguage" shape:"queryLanguage"`
	Group       string   `json:"logGroupName" shape:"group"`
	Groups      []string `json:"logGroupNames" each:"group"`
	Identifiers []string `json:"logGroupIdentifiers" each:"identifier"`
	Start       *int64   `json:"startTime" required:"true" shape:"time"`
	End         *int64   `json:"endTime" required:"true" shape:"time"`
	Text        string   `json:"queryString" required:"true" shape:"queryText"`
	Limit       int32    `json:"limit" shape:"queryLimit"`
}

type startQueryResponse struct {
	ID string `json:"queryId"`
}

// startQuery checks a query and starts it. The range of time is in seconds and inclusive at both ends,
// so that it ends at the last millisecond of endTime.
//
// Source: AWS, StartQuery; the range and the words for a group that is not there were seen.
func (a *API) startQuery(ctx context.Context, c *awsapi.Call, in *startQueryRequest) (*startQueryResponse, error) {
	if in.Language != "" && in.Language != "CWLI" {
		return nil, invalid("Queries in %s are not supported: use the Logs Insights query language (CWLI).", in.Language)
	}
	if *in.Start > maxSeconds || *in.End > maxSeconds {
		return nil, invalid("startTime and endTime are seconds since the epoch; these look like milliseconds.")
	}
	if *in.End < *in.Start {
		return nil, invalid("Query's end date and time is before its start date and time: endTime %d, startTime %d.", *in.End, *in.Start)
	}
	groups, err := a.queried(ctx, c, in)
	if err != nil {
		return nil, err
	}
	r := QueryRequest{Text: in.Text, Groups: groups, Start: *in.Start * 1000, End: *in.End*1000 + 999, Limit: int64(in.Limit)}
	read, err := a.Runner.Check(ctx, r)
	if compile := new(insights.Error); errors.As(err, &compile) {
		return nil, malformed(in.Text, compile)
	}
	if err != nil {
		return nil, answer(err)
	}
	if len(read) == 0 {
		return nil, invalid("No log group is named: give one of logGroupName, logGroupNames and logGroupIdentifiers, or SOURCE in the query.")
	}
	if len(read) > maxQueryGroups {
		return nil, invalid("A query can read %d log groups at most; %d are named.", maxQueryGroups, len(read))
	}
	id, err := a.jobs.start(c.Identity.AccessKeyID(), r, read)
	if err != nil {
		return nil, err
	}
	return &startQueryResponse{ID: id}, nil
}

// queried returns the names of the groups of a request, nil where none are named.
func (a *API) queried(ctx context.Context, c *awsapi.Call, in *startQueryRequest) ([]string, error) {
	var names []string
	ways := 0
	if in.Group != "" {
		ways, names = ways+1, []string{in.Group}
	}
	if len(in.Groups) > 0 {
		ways, names = ways+1, in.Groups
	}
	if len(in.Identifiers) > 0 {
		ways, names = ways+1, in.Identifiers
	}
	if ways > 1 {
		return nil, invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.")
	}
	if len(names) > maxQueryGroups {
		return nil, invalid("A query can read %d log groups at most; %d are named.", maxQueryGroups, len(names))
	}
	var out []string
	for _, given := range names {
		name, err := a.identified(given)
		if err != nil && !errors.Is(err, errNoGroup) {
			return nil, err
		}
		if err == nil {
			_, _, err = a.groups.find(ctx, name)
		}
		if errors.Is(err, errNoGroup) {
			return nil, notFound("Log group '%s' does not exist for account ID '%s' (Service: AWSLogs; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: %s; Proxy: null)",
				strings.TrimSuffix(given, ":*"), a.Account, c.RequestID)
		}
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}
