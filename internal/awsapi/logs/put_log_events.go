package logs

import (
	"context"
	"sync"

	"weir/internal/awsapi"
	"weir/internal/logstore"
)

// maxPutBody leaves room for a batch in which each byte is escaped.
const maxPutBody = 8 << 20

type putLogEventsRequest struct {
	Group  string          `json:"logGroupName" required:"true" shape:"group"`
	Stream string          `json:"logStreamName" required:"true" shape:"stream"`
	Events []InputLogEvent `json:"logEvents" required:"true" shape:"events"`
	// SequenceToken is not looked at, as AWS does since 2023.
	SequenceToken string  `json:"sequenceToken" shape:"nonEmpty"`
	Entity        *entity `json:"entity"`
}

// InputLogEvent is AWS's name, which errors show.
type InputLogEvent struct {
	Timestamp *int64 `json:"timestamp" required:"true" shape:"time"`
	Message   string `json:"message" required:"true" shape:"message"`
}

type entity struct {
	Keys       map[string]string `json:"keyAttributes" shape:"entityKeys" keys:"entityKey" each:"entityValue"`
	Attributes map[string]string `json:"attributes" shape:"entityAttributes" keys:"entityAttributeKey" each:"entityValue"`
}

type putLogEventsResponse struct {
	NextSequenceToken string                 `json:"nextSequenceToken"`
	Rejected          *rejectedLogEventsInfo `json:"rejectedLogEventsInfo,omitempty"`
	RejectedEntity    *rejectedEntityInfo    `json:"rejectedEntityInfo,omitempty"`
}

type rejectedLogEventsInfo struct {
	TooNewStart *int `json:"tooNewLogEventStartIndex,omitempty"`
	TooOldEnd   *int `json:"tooOldLogEventEndIndex,omitempty"`
	ExpiredEnd  *int `json:"expiredLogEventEndIndex,omitempty"`
}

type rejectedEntityInfo struct {
	Error string `json:"errorType"`
}

// A batch is a decoded request. Messages may be parts of the request's body.
type batch struct {
	group, stream string
	events        []logstore.InputEvent
	hasEntity     bool
	unescaped     []byte // holds the messages that had escapes
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// putLogEvents keeps events of a log stream. They are durable when it is answered. Events that are too
// old, too new or expired are left out, and the answer says which. Entities are not kept, and the answer
// says so.
//
// Source: AWS, PutLogEvents. Package logstore checks the batch.
func (a *API) putLogEvents(ctx context.Context, c *awsapi.Call) (*putLogEventsResponse, error) {
	b := batches.Get().(*batch)
	defer func() {
		clear(b.events)
		*b = batch{events: b.events[:0], unescaped: b.unescaped[:0]}
		if cap(b.unescaped) <= 2*logstore.MaxBatchBytes {
			batches.Put(b)
		}
	}()
	if err := b.decode(c); err != nil {
		return nil, err
	}
	now := a.Now()
	rejected, err := a.Store.Put(ctx, b.group, b.stream, b.events, now)
	if err != nil {
		return nil, a.groups.writing(ctx, b.group, err)
	}
	out := &putLogEventsResponse{NextSequenceToken: sequenceToken(now.UnixMilli())}
	if rejected != (logstore.Rejected{}) {
		out.Rejected = new(rejectedLogEventsInfo(rejected))
	}
	if b.hasEntity {
		out.RejectedEntity = &rejectedEntityInfo{Error: "UnsupportedLogGroupType"}
	}
	return out, nil
}

// decode reads the body: fast where it is as nearly all are, else as all others are read.
func (b *batch) decode(c *awsapi.Call) error {
	if b.scan(c.Body) {
		return nil
	}
	var in putLogEventsRequest
	if err := c.Decode(&in); err != nil {
		return err
	}
	b.group, b.stream, b.hasEntity, b.events = in.Group, in.Stream, in.Entity != nil, b.events[:0]
	for _, e := range in.Events {
		b.events = append(b.events, logstore.InputEvent{Timestamp: *e.Timestamp, Message: []byte(e.Message)})
	}
	return nil
}
