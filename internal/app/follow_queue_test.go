package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/intake"
	"weir/internal/lake"
)

// testQueue is a queue of SQS: it gives each script of messages to one receiving, and
// ends the follower by end once there are no more.
type testQueue struct {
	url string
	end func()

	mu      sync.Mutex
	scripts [][]string // bodies; one that begins with "!" is an error
	deleted []string   // bodies
	release []string
	hidden  chan string // gets what is released or hidden anew, where it is not nil
}

func newTestQueue(t *testing.T, scripts ...[]string) *testQueue {
	t.Helper()
	q := &testQueue{scripts: scripts}
	server := httptest.NewServer(q)
	t.Cleanup(server.Close)
	q.url = server.URL + "/111122223333/events"
	return q
}

func (q *testQueue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var in struct {
		Entries []struct{ ReceiptHandle string }
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	out := map[string]any{}
	switch op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."); op {
	case "ReceiveMessage":
		if len(q.scripts) == 0 {
			q.end()
			break
		}
		next := q.scripts[0]
		q.scripts = q.scripts[1:]
		var messages []map[string]string
		for _, body := range next {
			if code, ok := strings.CutPrefix(body, "!"); ok {
				w.WriteHeader(http.StatusBadRequest)
				out = map[string]any{"__type": code, "message": "no"}
				break
			}
			messages = append(messages, map[string]string{"MessageId": fmt.Sprint("id-", len(messages)), "ReceiptHandle": body, "Body": body})
		}
		if len(messages) > 0 {
			out["Messages"] = messages
		}
	default:
		for _, e := range in.Entries {
			if op == "DeleteMessageBatch" {
				q.deleted = append(q.deleted, e.ReceiptHandle)
			} else {
				q.release = append(q.release, e.ReceiptHandle)
				select {
				case q.hidden <- e.ReceiptHandle:
				default:
				}
			}
		}
		out["Successful"], out["Failed"] = []any{}, []any{}
	}
	_ = json.NewEncoder(w).Encode(out)
}

// s3Event is what S3 says of an object of a bucket.
func s3Event(name, bucket, key string) string {
	return fmt.Sprintf(`{"Records":[{"eventSource":"aws:s3","eventName":%q,"s3":{"bucket":{"name":%q},"object":{"key":%q}}}]}`, name, bucket, key)
}

func created(bucket, key string) string { return s3Event("ObjectCreated:Put", bucket, key) }

// taker takes the objects that are named: some fail, and so do some calls.
type taker struct {
	Service
	mu     sync.Mutex
	asked  []string
	failed []string // keys
	errs   []error
	taking func()
}

func (s *taker) Open(_ context.Context, r OpenRequest, _ func(Progress)) (*OpenReport, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(r.Keys) == 0 {
		return &OpenReport{}, nil // a listing
	}
	s.asked = append(s.asked, r.Sources[0]+": "+strings.Join(r.Keys, " "))
	report := &OpenReport{List: &ListReport{}}
	for _, key := range r.Keys {
		if slices.Contains(s.failed, key) {
			report.Intake.Problems = append(report.Intake.Problems, intake.Problem{URL: strings.TrimSuffix(r.Sources[0], "/AWSLogs") + "/" + key, State: lake.Failed, Problem: "broken"})
		} else {
			report.Intake.Committed++
		}
	}
	if s.taking != nil {
		s.taking()
	}
	var err error
	if len(s.errs) > 0 {
		err, s.errs = s.errs[0], s.errs[1:]
	}
	return report, err
}

func (s *taker) Compact(context.Context, func(Progress)) (lake.Compacted, error) {
	return lake.Compacted{}, nil
}

// followQueue follows buckets with a queue until that has no more messages, and
// returns what was told.
func followQueue(t *testing.T, q *testQueue, s Service, sources ...string) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	q.end = cancel
	var told []string
	f := Follow{Queue: q.url, Report: func(r Round) {
		var text strings.Builder
		fmt.Fprintf(&text, "%s: %d", r.Source, r.Objects)
		for _, p := range r.Problems {
			fmt.Fprintf(&text, "; %s: %s", p.URL, p.Problem)
		}
		if r.Err != nil {
			fmt.Fprintf(&text, "; %s, again in %s", r.Err, r.Wait)
		}
		if r.Back {
			text.WriteString("; back")
		}
		told = append(told, strings.ReplaceAll(text.String(), q.url, "QUEUE"))
	}}
	after := func(d time.Duration) <-chan time.Time {
		if d >= everyQueued {
			return nil // the listing of the buckets is not what is tested
		}
		return closed
	}
	r := OpenRequest{Sources: sources, S3: S3Options{Env: map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
	}}}
	if err := f.runWith(ctx, s, r, after); err != nil {
		t.Fatal(err)
	}
	return told
}

func TestFollowQueue(t *testing.T) {
	good, bad := created("logs", "AWSLogs/a+b"), created("logs", "AWSLogs/bad")
	removed, other := s3Event("ObjectRemoved:Delete", "logs", "AWSLogs/c"), created("logs", "elsewhere/d")
	const test = `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}`
	both := strings.Replace(good, `]}`, `,`+strings.TrimPrefix(bad, `{"Records":[`), 1)
	q := newTestQueue(t, []string{test, good, good, removed}, []string{bad, "hello", other, created("logs2", "x")}, []string{bad, "hello"}, []string{both})
	s := &taker{failed: []string{"AWSLogs/bad"}}
	told := followQueue(t, q, s, "s3://logs/AWSLogs", "s3://logs2", "/folder")
	wantTold := []string{
		"s3://logs/AWSLogs: 1",
		"s3://logs/AWSLogs: 0; s3://logs/AWSLogs/bad: broken",
		"s3://logs2: 1",
		"QUEUE: 0; QUEUE message id-1: cannot read the message: no event of S3: invalid character 'h' looking for beginning of value; " +
			"QUEUE: messages are about s3://logs, of which nothing that they name is followed",
		"s3://logs/AWSLogs: 1",
	}
	if diff := cmp.Diff(wantTold, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	// What has two objects stays while one of them fails.
	if diff := cmp.Diff([]string{test, good, good, removed, created("logs2", "x")}, q.deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	wantAsked := []string{"s3://logs/AWSLogs: AWSLogs/a b", "s3://logs/AWSLogs: AWSLogs/bad", "s3://logs2: x", "s3://logs/AWSLogs: AWSLogs/bad", "s3://logs/AWSLogs: AWSLogs/a b AWSLogs/bad"}
	if diff := cmp.Diff(wantAsked, s.asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

// TestFollowQueueFailures checks that nothing is deleted that was not taken, and what
// is told of a queue that throttles or is gone.
func TestFollowQueueFailures(t *testing.T) {
	a := created("logs", "a")
	q := newTestQueue(t, []string{a}, []string{a}, []string{"!RequestThrottled"}, []string{"!RequestThrottled"}, []string{"!QueueDoesNotExist"}, []string{a})
	s := &taker{errs: []error{errors.New("the disk is full"), errors.New("the disk is full")}}
	told := followQueue(t, q, s, "s3://logs")
	want := []string{
		"s3://logs: 1", "QUEUE: 0; the disk is full, again in 2s", "s3://logs: 1",
		"QUEUE: 0; cannot ask QUEUE: throttled: RequestThrottled: no, again in 8s",
		"QUEUE: 0; cannot ask QUEUE: no such queue: QueueDoesNotExist: no, again in 32s",
		"s3://logs: 1", "QUEUE: 0; back",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{a}, q.deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
}

// TestFollowQueueEnds ends while messages are in hand: what was taken is deleted, the
// rest given back.
func TestFollowQueueEnds(t *testing.T) {
	a, b := created("logs", "a"), created("logs", "b")
	q := newTestQueue(t, []string{a, b})
	s := &taker{failed: []string{"b"}}
	s.taking = func() { q.end() }
	followQueue(t, q, s, "s3://logs")
	if diff := cmp.Diff([]string{a}, q.deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{b}, q.release); diff != "" {
		t.Errorf("given back (-want +got):\n%s", diff)
	}
	q = newTestQueue(t, []string{a})
	s = &taker{errs: []error{fmt.Errorf("gone: %w", ErrStopped)}}
	q.end = func() {}
	err := Follow{Queue: q.url, Report: func(Round) {}}.Run(t.Context(), s, OpenRequest{Sources: []string{"s3://logs"}, S3: S3Options{Env: map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
	}}})
	if !errors.Is(err, ErrStopped) || len(q.deleted) != 0 {
		t.Errorf("%v, deleted %v", err, q.deleted)
	}
}

// TestFollowQueueHides checks that messages stay hidden for as long as their objects
// take.
func TestFollowQueueHides(t *testing.T) {
	a := created("logs", "a")
	q := newTestQueue(t, []string{a})
	q.hidden = make(chan string, 100)
	s := &taker{taking: func() {
		if got := <-q.hidden; got != a {
			t.Errorf("hides %q", got)
		}
	}}
	f := Follow{Queue: q.url, Now: time.Now, Report: func(Round) {}}
	l := queueFollower{f: f, s: s, told: told{}, tidy: &tidier{s: s, tidied: time.Now()}, hide: time.Millisecond, r: OpenRequest{
		Sources: []string{"s3://logs"}, S3: S3Options{Env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}},
	}}
	if wait, err := l.round(t.Context()); wait != 0 || err != nil {
		t.Errorf("%v, %v", wait, err)
	}
	if diff := cmp.Diff([]string{a}, q.deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
}

// TestFollowState reads the state of following while it is and when it is not.
func TestFollowState(t *testing.T) {
	data := t.TempDir()
	began := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	now := began
	f := Follow{Data: data, Now: func() time.Time { return now }}
	a := f.newState("s3://logs")
	b := f.newState("s3://logs") // another process, say
	old := f.newState("/gone")
	old.close()
	at := func(d time.Duration) *time.Time {
		t := began.Add(d)
		return &t
	}
	a.looked(&Round{At: began, Objects: 2, Records: 10, BadLines: 1, last: "s3://logs/b", gone: &Gone{Objects: 2, From: at(-trailing)}})
	a.looked(&Round{At: *at(time.Second), Err: errors.New("away"), Wait: time.Minute})
	a.looked(&Round{At: *at(time.Minute), Err: errors.New("away"), Wait: time.Minute})
	a.took(&Round{At: *at(61 * time.Second), Objects: 1, Records: 5, last: "s3://logs/c"})
	b.looked(&Round{At: began})
	check := func(want ...FollowState) {
		t.Helper()
		got, err := followStates(data, now)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if got[i].Process == 0 {
				t.Error("no process")
			}
			got[i].Process = 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	running := FollowState{
		Source: "s3://logs", Running: true, Since: began, Updated: *at(61 * time.Second), Looked: at(time.Minute), Good: at(0), Objects: 3, Records: 15, BadLines: 1,
		LastObject: "s3://logs/c", LastTaken: at(61 * time.Second), Gone: &Gone{Objects: 2, From: at(-trailing)}, GoneLooked: at(0), Error: "away", Failed: 2, FailedSince: at(time.Second), Retry: at(2 * time.Minute),
	}
	second := FollowState{Source: "s3://logs", Running: true, Since: began, Updated: began, Looked: at(0), Good: at(0)}
	gone := FollowState{Source: "/gone", Since: began, Updated: began}
	check(running, second, gone)
	b.close()
	check(running, gone)
	a.looked(&Round{At: *at(2 * time.Minute)})
	a.close()
	running.Running, running.Looked, running.Good, running.Updated = false, at(2*time.Minute), at(2*time.Minute), *at(2 * time.Minute)
	running.Error, running.Failed, running.FailedSince, running.Retry = "", 0, nil, nil
	check(gone, running)
	now = now.Add(stateKept + time.Hour)
	check()
	if b := f.newState("s3://logs"); b == nil || !strings.HasSuffix(b.path, ".json") || strings.Contains(b.path, "-2") {
		t.Errorf("a new process does not take the old one's place: %+v", b)
	}
	(*stateFile)(nil).looked(&Round{})
	(*stateFile)(nil).took(&Round{})
	(*stateFile)(nil).close()
}
