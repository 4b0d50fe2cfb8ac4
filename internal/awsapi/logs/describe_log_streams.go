package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

type describeLogStreamsRequest struct {
	Group      string `json:"logGroupName" shape:"group"`
	Identifier string `json:"logGroupIdentifier" shape:"identifier"`
	Prefix     string `json:"logStreamNamePrefix" shape:"stream"`
	OrderBy    string `json:"orderBy" shape:"orderBy"`
	Descending bool   `json:"descending"`
	NextToken  string `json:"nextToken" shape:"nonEmpty"`
	Limit      int32  `json:"limit" shape:"page50"`
}

type describeLogStreamsResponse struct {
	LogStreams []logStream `json:"logStreams"`
	NextToken  string      `json:"nextToken,omitempty"`
}

type logStream struct {
	Name          string `json:"logStreamName"`
	Created       int64  `json:"creationTime"`
	FirstEvent    int64  `json:"firstEventTimestamp,omitempty"`
	LastEvent     int64  `json:"lastEventTimestamp,omitempty"`
	LastIngestion int64  `json:"lastIngestionTime,omitempty"`
	SequenceToken string `json:"uploadSequenceToken,omitempty"`
	ARN           string `json:"arn"`
	StoredBytes   int64  `json:"storedBytes"` // 0 since 2019
}

// describeLogStreams lists the streams of a group, by name or by the time of the last event.
//
// Source: AWS, DescribeLogStreams.
func (a *API) describeLogStreams(ctx context.Context, _ *awsapi.Call, in *describeLogStreamsRequest) (*describeLogStreamsResponse, error) {
	name, err := a.group(in.Group, in.Identifier)
	if err != nil {
		return nil, err
	}
	byTime := in.OrderBy == "LastEventTime"
	if byTime && in.Prefix != "" {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	_, reader, err := a.groups.find(ctx, name)
	if err != nil {
		return nil, err
	}
	streams, err := reader.Streams(ctx, name)
	if err != nil {
		return nil, answer(err)
	}
	streams = slices.DeleteFunc(slices.Clone(streams), func(s logstore.Stream) bool { return !strings.HasPrefix(s.Name, in.Prefix) })
	key := func(s logstore.Stream) string { return s.Name }
	if byTime {
		key = func(s logstore.Stream) string { return fmt.Sprintf("%020d %s", s.LastEvent, s.Name) }
	}
	slices.SortFunc(streams, func(x, y logstore.Stream) int {
		if in.Descending {
			x, y = y, x
		}
		return cmp.Compare(key(x), key(y))
	})
	shown, token, err := page("DescribeLogStreams", in.NextToken, or(in.Limit, 50), in.Descending, streams, key)
	if err != nil {
		return nil, err
	}
	out := &describeLogStreamsResponse{LogStreams: []logStream{}, NextToken: token}
	for _, s := range shown {
		l := logStream{
			Name: s.Name, Created: s.Created, FirstEvent: s.FirstEvent, LastEvent: s.LastEvent, LastIngestion: s.LastIngestion,
			ARN: a.groupARN(name) + ":log-stream:" + s.Name,
		}
		if s.LastIngestion != 0 {
			l.SequenceToken = sequenceToken(s.LastIngestion)
		}
		out.LogStreams = append(out.LogStreams, l)
	}
	return out, nil
}

// sequenceToken returns a token as AWS still gives it: any is taken.
func sequenceToken(ingestion int64) string { return fmt.Sprintf("%056d", ingestion) }
