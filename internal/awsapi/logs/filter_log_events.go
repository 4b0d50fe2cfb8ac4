package logs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"weir/internal/awsapi"
	"weir/internal/filterpattern"
	"weir/internal/logstore"
)

const (
	// A page of FilterLogEvents ends after so many events or so long, also where few match: the client
	// comes back for the rest.
	maxSearched = 500_000
	maxSearch   = 10 * time.Second
	// backwardSince is the least start of a search from the newest (AWS).
	backwardSince = 1_704_067_200_000 // 2024-01-01
)

type filterLogEventsRequest struct {
	Group       string   `json:"logGroupName" shape:"group"`
	Identifier  string   `json:"logGroupIdentifier" shape:"identifier"`
	Streams     []string `json:"logStreamNames" shape:"streams" each:"stream"`
	Prefix      string   `json:"logStreamNamePrefix" shape:"stream"`
	Start       *int64   `json:"startTime" shape:"time"`
	End         *int64   `json:"endTime" shape:"time"`
	Pattern     string   `json:"filterPattern" shape:"filterPattern"`
	NextToken   string   `json:"nextToken" shape:"nonEmpty"`
	Limit       int32    `json:"limit" shape:"page10000"`
	FromHead    *bool    `json:"startFromHead"`
	Interleaved bool     `json:"interleaved"` // always
	Unmask      bool     `json:"unmask"`      // nothing is masked
}

type filterLogEventsResponse struct {
	Events   []filteredLogEvent `json:"events"`
	Searched []struct{}         `json:"searchedLogStreams"` // empty since 2020 (AWS)
	// NextToken is "" at the end.
	NextToken string `json:"nextToken,omitempty"`
}

type filteredLogEvent struct {
	Stream    string `json:"logStreamName"`
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
	Ingestion int64  `json:"ingestionTime"`
	ID        string `json:"eventId"`
}

// filterLogEvents gives the events of a group that match a pattern, over all streams or some, by
// timestamp and ingestion time. Pages may be empty; the last has no token. startTime and endTime are
// inclusive.
//
// Source: AWS, FilterLogEvents.
func (a *API) filterLogEvents(ctx context.Context, _ *awsapi.Call, in *filterLogEventsRequest) (*filterLogEventsResponse, error) {
	name, err := a.group(in.Group, in.Identifier)
	if err != nil {
		return nil, err
	}
	if in.Streams != nil && in.Prefix != "" {
		return nil, invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
	}
	filter, err := pattern(in.Pattern)
	if err != nil {
		return nil, err
	}
	r := logstore.ReadRequest{Group: name, Streams: in.Streams, Prefix: in.Prefix}
	r.From, r.To = bounds(in.Start, in.End, 1)
	var at *position
	if in.NextToken != "" {
		c, err := parseCursor(in.NextToken, name)
		if err != nil {
			return nil, err
		}
		at, r.Backward = &c.position, c.Backward
	} else if in.FromHead != nil && !*in.FromHead {
		if r.From < backwardSince {
			return nil, invalid("startFromHead false needs a startTime on or after 2024-01-01T00:00:00Z.")
		}
		r.Backward = true
	}
	_, reader, err := a.groups.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := hasStreams(ctx, reader, name, in.Streams); err != nil {
		return nil, err
	}
	return a.search(ctx, reader, r, at, filter, int(or(in.Limit, 10_000)))
}

func (a *API) search(ctx context.Context, reader logstore.Reader, r logstore.ReadRequest, at *position, filter *filterpattern.Pattern, limit int) (*filterLogEventsResponse, error) {
	sequence := reader.Read(ctx, r)
	if at != nil {
		sequence = read(ctx, reader, r, *at)
	}
	out := &filterLogEventsResponse{Events: []filteredLogEvent{}, Searched: []struct{}{}}
	deadline := a.Now().Add(maxSearch)
	searched, size := 0, 0
	var last *logstore.Event // of which there is one where a page is full
	for e, err := range sequence {
		if err != nil {
			return nil, answer(err)
		}
		full := len(out.Events) == limit || searched == maxSearched || searched%1024 == 1023 && a.Now().After(deadline)
		matches := false
		if !full {
			matches = filter.Matches(e.Message)
			full = matches && len(out.Events) > 0 && size+len(e.Message)+eventOverhead > maxPage
		}
		if full {
			c := cursor{Group: r.Group, Backward: r.Backward, position: after(last)}
			if r.Backward {
				c.position = before(last)
			}
			out.NextToken = c.token()
			break
		}
		searched, last = searched+1, &e
		if matches {
			size += len(e.Message) + eventOverhead
			out.Events = append(out.Events, filteredLogEvent{Stream: e.Stream, Timestamp: e.Timestamp, Message: e.Message, Ingestion: e.Ingestion, ID: e.ID()})
		}
	}
	return out, nil
}

// pattern reads a filter pattern.
func pattern(text string) (*filterpattern.Pattern, error) {
	p, err := filterpattern.Parse(text)
	if wrong := new(filterpattern.Error); errors.As(err, &wrong) {
		message := fmt.Sprintf("%s, at offset %d", wrong.Message, wrong.Offset)
		if wrong.Hint != "" {
			message += " (" + wrong.Hint + ")"
		}
		return nil, invalid("%s", message)
	}
	return p, err
}
