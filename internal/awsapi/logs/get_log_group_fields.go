package logs

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

// maxFieldEvents bounds how many events, the newest of the range, are looked at for their fields.
const maxFieldEvents = 10_000

type getLogGroupFieldsRequest struct {
	Group      string `json:"logGroupName" shape:"group"`
	Time       *int64 `json:"time" shape:"time"` // seconds
	Identifier string `json:"logGroupIdentifier" shape:"identifier"`
}

type getLogGroupFieldsResponse struct {
	Fields []logGroupField `json:"logGroupFields"`
}

type logGroupField struct {
	Name    string `json:"name"`
	Percent int64  `json:"percent"`
}

// getLogGroupFields lists the fields of a group's events, and how many of them have each, the most
// frequent first: of events 8 minutes around a time, or of the last 15 minutes. Of more than 10,000
// events the newest count; AWS does not say how it counts.
//
// Source: AWS, GetLogGroupFields.
func (a *API) getLogGroupFields(ctx context.Context, _ *awsapi.Call, in *getLogGroupFieldsRequest) (*getLogGroupFieldsResponse, error) {
	name, err := a.group(in.Group, in.Identifier)
	if err != nil {
		return nil, err
	}
	g, reader, err := a.groups.find(ctx, name)
	if err != nil {
		return nil, err
	}
	to := a.Now()
	from := to.Add(-15 * time.Minute)
	if in.Time != nil {
		if *in.Time > maxSeconds {
			return nil, invalid("time is seconds since the epoch; this looks like milliseconds.")
		}
		at := time.Unix(*in.Time, 0)
		from, to = at.Add(-8*time.Minute), at.Add(8*time.Minute)
	}
	format := recordFormat(g)
	count := map[string]int64{}
	var events int64
	request := logstore.ReadRequest{Group: name, From: max(0, from.UnixMilli()), To: to.UnixMilli() + 1, Backward: true}
	for e, err := range reader.Read(ctx, request) {
		if err != nil {
			return nil, answer(err)
		}
		events++
		for field := range a.fieldsOf(&e, format) {
			count[field]++
		}
		if events == maxFieldEvents {
			break
		}
	}
	out := &getLogGroupFieldsResponse{Fields: []logGroupField{}}
	for _, field := range slices.Sorted(maps.Keys(count)) {
		out.Fields = append(out.Fields, logGroupField{Name: field, Percent: min(100, (200*count[field]+events)/(2*events))})
	}
	slices.SortStableFunc(out.Fields, func(x, y logGroupField) int {
		if x.Percent != y.Percent {
			return int(y.Percent - x.Percent)
		}
		return strings.Compare(x.Name, y.Name)
	})
	return out, nil
}
