package logs

import (
	"context"
	"slices"
	"strings"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

// maxPage is the greatest page of events, in bytes of messages with eventOverhead for each.
const (
	maxPage       = 1 << 20
	eventOverhead = 26
)

type getLogEventsRequest struct {
	Group      string `json:"logGroupName" shape:"group"`
	Identifier string `json:"logGroupIdentifier" shape:"identifier"`
	Stream     string `json:"logStreamName" required:"true" shape:"stream"`
	Start      *int64 `json:"startTime" shape:"time"`
	End        *int64 `json:"endTime" shape:"time"`
	NextToken  string `json:"nextToken" shape:"nonEmpty"`
	Limit      int32  `json:"limit" shape:"page10000"`
	FromHead   bool   `json:"startFromHead"`
	Unmask     bool   `json:"unmask"` // nothing is masked
}

type getLogEventsResponse struct {
	Events   []outputLogEvent `json:"events"`
	Forward  string           `json:"nextForwardToken"`
	Backward string           `json:"nextBackwardToken"`
}

type outputLogEvent struct {
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
	Ingestion int64  `json:"ingestionTime"`
}

// getLogEvents gives the events of a stream, a page at a time. Without a token the newest page comes
// first, unless startFromHead is true. There are always tokens for both directions: at the end the
// same one comes back. startTime is inclusive, endTime exclusive.
//
// Source: AWS, GetLogEvents.
func (a *API) getLogEvents(ctx context.Context, _ *awsapi.Call, in *getLogEventsRequest) (*getLogEventsResponse, error) {
	name, err := a.group(in.Group, in.Identifier)
	if err != nil {
		return nil, err
	}
	_, reader, err := a.groups.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := hasStreams(ctx, reader, name, []string{in.Stream}); err != nil {
		return nil, err
	}
	r := logstore.ReadRequest{Group: name, Streams: []string{in.Stream}, Backward: !in.FromHead}
	var at position
	if in.NextToken != "" {
		if at, r.Backward, err = eventsToken(in.NextToken, name); err != nil {
			return nil, err
		}
	}
	r.From, r.To = bounds(in.Start, in.End, 0)
	sequence := read(ctx, reader, r, at)
	if in.NextToken == "" && r.Backward {
		sequence = reader.Read(ctx, r)
	}
	out := &getLogEventsResponse{Events: []outputLogEvent{}}
	first, last := at, at
	size := 0
	for e, err := range sequence {
		if err != nil {
			return nil, answer(err)
		}
		size += len(e.Message) + eventOverhead
		if len(out.Events) > 0 && size > maxPage {
			break
		}
		if len(out.Events) == 0 {
			first, last = before(&e), after(&e)
		}
		if r.Backward {
			first = before(&e)
		} else {
			last = after(&e)
		}
		out.Events = append(out.Events, outputLogEvent{Timestamp: e.Timestamp, Message: e.Message, Ingestion: e.Ingestion})
		if int64(len(out.Events)) == or(in.Limit, 10_000) {
			break
		}
	}
	if r.Backward {
		slices.Reverse(out.Events)
	}
	out.Forward = "f/" + cursor{Group: name, position: last}.token()
	out.Backward = "b/" + cursor{Group: name, position: first}.token()
	return out, nil
}

// eventsToken reads a token: f/ or b/, and a position.
func eventsToken(token, group string) (at position, backward bool, err error) {
	direction, rest, ok := strings.Cut(token, "/")
	if !ok || direction != "f" && direction != "b" {
		return position{}, false, errToken
	}
	c, err := parseCursor(rest, group)
	if c.Backward { // one of FilterLogEvents
		err = errToken
	}
	return c.position, direction == "b", err
}

// bounds returns a range of time as readers take it: more is 1 where the end is inclusive.
func bounds(start, end *int64, more int64) (from, to int64) {
	if start != nil {
		from = *start
	}
	if end != nil {
		to = min(*end, 1<<62) + more
		if to == 0 { // which would not bound
			from, to = 1, 1
		}
	}
	return from, to
}

// hasStreams says whether streams are there.
func hasStreams(ctx context.Context, reader logstore.Reader, group string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	streams, err := reader.Streams(ctx, group)
	if err != nil {
		return answer(err)
	}
	for _, name := range names {
		if !slices.ContainsFunc(streams, func(s logstore.Stream) bool { return s.Name == name }) {
			return errNoStream
		}
	}
	return nil
}
