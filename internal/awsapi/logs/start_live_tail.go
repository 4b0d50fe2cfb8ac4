package logs

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"weir/internal/awsapi"
	"weir/internal/awsapi/eventstream"
	"weir/internal/filterpattern"
	"weir/internal/logstore"
)

const (
	// maxUpdate is the number of events of an update; of more a sample is shown (AWS).
	maxUpdate = 500
	// longestTail is how long a live tail goes on (AWS).
	longestTail = 3 * time.Hour
	// maxTails bounds the live tails at the same time, as AWS's quota does.
	maxTails = 15
	// A client that takes nothing for so long is gone.
	frameTimeout = 30 * time.Second
	// The answer begins so late: aws-sdk-go-v2 (smithy-go 1.28) closes the connection where it comes before
	// net/http has looked for more of the request's body, within some microseconds of its last byte.
	beginAfter = 50 * time.Millisecond
)

type startLiveTailRequest struct {
	Groups   []string `json:"logGroupIdentifiers" required:"true" shape:"tailGroups" each:"identifier"`
	Streams  []string `json:"logStreamNames" shape:"streams" each:"stream"`
	Prefixes []string `json:"logStreamNamePrefixes" shape:"streams" each:"stream"`
	Pattern  string   `json:"logEventFilterPattern" shape:"filterPattern"`
}

type sessionStart struct {
	RequestID string   `json:"requestId"`
	SessionID string   `json:"sessionId"`
	Groups    []string `json:"logGroupIdentifiers"`
	Streams   []string `json:"logStreamNames"`
	Prefixes  []string `json:"logStreamNamePrefixes"`
	Pattern   string   `json:"logEventFilterPattern"`
}

type sessionUpdate struct {
	Metadata sessionMetadata `json:"sessionMetadata"`
	Results  []liveEvent     `json:"sessionResults"`
}

type sessionMetadata struct {
	Sampled bool `json:"sampled"`
}

type liveEvent struct {
	Stream    string `json:"logStreamName"`
	Group     string `json:"logGroupIdentifier"`
	Message   string `json:"message"`
	Timestamp int64  `json:"timestamp"`
	Ingestion int64  `json:"ingestionTime"`
}

// startLiveTail shows events of groups as they come: each second those of the last, at most 500, for at
// most three hours. Streams or prefixes choose in a single group.
//
// Source: AWS, StartLiveTail; the Smithy specification, "Amazon Event Stream".
func (a *API) startLiveTail(ctx context.Context, c *awsapi.Call, in *startLiveTailRequest, w http.ResponseWriter) error {
	t, err := a.newTail(ctx, in)
	if err != nil {
		return err
	}
	if a.tails.Add(1) > maxTails {
		a.tails.Add(-1)
		return limitExceeded("No more than %d live tails can go on at the same time.", maxTails)
	}
	defer a.tails.Add(-1)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	feed := a.Store.Follow(t.groups...)
	defer feed.Close()
	go func() { cancel(t.follow(ctx, feed)) }()

	select {
	case <-time.After(beginAfter):
	case <-ctx.Done():
	}
	w.Header().Set("Content-Type", eventstream.ContentType)
	w.WriteHeader(http.StatusOK)
	s := stream{control: http.NewResponseController(w), w: w}
	s.send("initial-response", struct{}{})
	s.send("sessionStart", sessionStart{
		RequestID: c.RequestID, SessionID: uuid.NewString(), Groups: in.Groups, Streams: orEmpty(in.Streams), Prefixes: orEmpty(in.Prefixes), Pattern: in.Pattern,
	})
	t.run(ctx, &s)
	return nil
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// A tail is what a live tail shows.
type tail struct {
	api    *API
	groups []string
	in     *startLiveTailRequest
	filter *filterpattern.Pattern

	mu      sync.Mutex
	sample  []arrived // of those since the last update
	seen    int       // how many match
	missed  bool
	longest time.Duration
}

// arrived is an event and its place among those that came.
type arrived struct {
	place int
	event logstore.Event
}

func (a *API) newTail(ctx context.Context, in *startLiveTailRequest) (*tail, error) {
	if len(in.Groups) > 1 && (in.Streams != nil || in.Prefixes != nil) {
		return nil, invalid("logStreamNames and logStreamNamePrefixes can be given with one log group only.")
	}
	if in.Streams != nil && in.Prefixes != nil {
		return nil, invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
	}
	filter, err := pattern(in.Pattern)
	if err != nil {
		return nil, err
	}
	groups, err := a.identifiedAll(ctx, in.Groups)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if _, err := a.groups.writable(ctx, g); err != nil {
			return nil, err // of the lake's no events come
		}
	}
	return &tail{api: a, groups: groups, in: in, filter: filter, longest: longestTail}, nil
}

// follow takes events until ctx or the feed ends.
func (t *tail) follow(ctx context.Context, feed *logstore.Feed) error {
	for {
		events, missed, err := feed.Next(ctx)
		if err != nil {
			return err
		}
		t.take(events, missed)
	}
}

// take keeps a sample of what matches.
func (t *tail) take(events []logstore.Event, missed int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.missed = t.missed || missed > 0
	for i := range events {
		e := &events[i]
		if !t.shows(e) {
			continue
		}
		t.seen++
		if len(t.sample) < maxUpdate {
			t.sample = append(t.sample, arrived{t.seen, *e})
		} else if at := rand.IntN(t.seen); at < maxUpdate { // each is kept with the same chance
			t.sample[at] = arrived{t.seen, *e}
		}
	}
}

func (t *tail) shows(e *logstore.Event) bool {
	if t.in.Streams != nil && !slices.Contains(t.in.Streams, e.Stream) {
		return false
	}
	if t.in.Prefixes != nil && !slices.ContainsFunc(t.in.Prefixes, func(p string) bool { return strings.HasPrefix(e.Stream, p) }) {
		return false
	}
	return t.filter.Matches(e.Message)
}

// update returns what came since the last one.
func (t *tail) update() sessionUpdate {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := sessionUpdate{Metadata: sessionMetadata{Sampled: t.missed || t.seen > len(t.sample)}, Results: []liveEvent{}}
	slices.SortFunc(t.sample, func(x, y arrived) int { return cmp.Compare(x.place, y.place) })
	for _, s := range t.sample {
		u.Results = append(u.Results, liveEvent{
			Stream: s.event.Stream, Group: t.api.groupARN(s.event.Group), Message: s.event.Message, Timestamp: s.event.Timestamp, Ingestion: s.event.Ingestion,
		})
	}
	t.sample, t.seen, t.missed = t.sample[:0], 0, false
	return u
}

// run sends updates until the time is over, the client is gone, or the groups are.
func (t *tail) run(ctx context.Context, s *stream) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	over := time.After(t.longest)
	for s.err == nil {
		select {
		case <-tick.C:
			s.send("sessionUpdate", t.update())
		case <-over:
			s.exception("SessionTimeoutException", "The session has timed out.")
			return
		case <-ctx.Done():
			// Where the client is gone this reaches nobody.
			s.exception("SessionStreamingException", "The session was ended.")
			return
		}
	}
}

// A stream sends messages to a client, each at once. err is the first error.
type stream struct {
	w       io.Writer
	control *http.ResponseController
	err     error
}

func (s *stream) send(kind string, v any) {
	s.write(v, func(payload []byte) eventstream.Message { return eventstream.Event(kind, payload) })
}

func (s *stream) exception(kind, message string) {
	s.write(map[string]string{"message": message}, func(payload []byte) eventstream.Message { return eventstream.Exception(kind, payload) })
}

func (s *stream) write(v any, message func([]byte) eventstream.Message) {
	if s.err != nil {
		return
	}
	var frame []byte
	payload, err := json.Marshal(v)
	if err == nil {
		frame, err = eventstream.Append(nil, message(payload))
	}
	if err == nil {
		_ = s.control.SetWriteDeadline(time.Now().Add(frameTimeout)) // not all writers have a connection
		_, err = s.w.Write(frame)
	}
	if err == nil {
		err = s.control.Flush()
	}
	s.err = err
}
