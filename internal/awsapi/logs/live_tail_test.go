package logs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/eventstream"
	"weir/internal/logstore"
)

// message reads the next message of a live tail: its type, and its payload into v.
func nextMessage(t *testing.T, body *http.Response, v any) string {
	t.Helper()
	m, err := eventstream.Read(body.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(m.Payload, v); err != nil {
		t.Fatal(err)
	}
	return m.Header(":event-type") + m.Header(":exception-type")
}

func TestLiveTail(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "s", "other")
	server := httptest.NewServer(s.http)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	arn := s.api.groupARN("g")
	body := fmt.Sprintf(`{"logGroupIdentifiers":[%q],"logStreamNames":["s"],"logEventFilterPattern":"REJECT"}`, arn)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "Logs_20140328.StartLiveTail")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Content-Type"); got != "application/vnd.amazon.eventstream" {
		t.Fatal(got)
	}
	var first object
	if got := nextMessage(t, response, &first); got != "initial-response" || len(first) != 0 {
		t.Errorf("%s %v", got, first)
	}
	var start sessionStart
	if got := nextMessage(t, response, &start); got != "sessionStart" || start.RequestID != response.Header.Get("X-Amzn-Requestid") || len(start.SessionID) != 36 {
		t.Errorf("%s %v", got, start)
	}
	start.RequestID, start.SessionID = "", ""
	if diff := cmp.Diff(sessionStart{Groups: []string{arn}, Streams: []string{"s"}, Prefixes: []string{}, Pattern: "REJECT"}, start); diff != "" {
		t.Error(diff)
	}
	now := testTime.UnixMilli()
	s.put("s", now, "1 REJECT", "2 ACCEPT", "3 REJECT")
	s.put("other", now, "4 REJECT")
	want := []liveEvent{
		{Stream: "s", Group: arn, Message: "1 REJECT", Timestamp: now, Ingestion: now},
		{Stream: "s", Group: arn, Message: "3 REJECT", Timestamp: now + 2, Ingestion: now},
	}
	var got []liveEvent
	for updates := 0; len(got) < len(want) && updates < 5; updates++ {
		var u sessionUpdate
		if kind := nextMessage(t, response, &u); kind != "sessionUpdate" || u.Metadata.Sampled || u.Results == nil {
			t.Fatalf("%s %+v", kind, u)
		}
		got = append(got, u.Results...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// The feed ends with the store; the client is told.
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		var end object
		if kind := nextMessage(t, response, &end); kind != "sessionUpdate" {
			if kind != "SessionStreamingException" || end["message"] == nil {
				t.Errorf("the end is %s %v", kind, end)
			}
			break
		}
	}
}

func TestLiveTailRefuses(t *testing.T) {
	s := newServer(t, func(o *Options) { o.Lake = fakeLake{} })
	s.group("g")
	s.group("h")
	both := []string{s.api.groupARN("g"), s.api.groupARN("h")}
	for name, tt := range map[string]struct {
		in   object
		want string
	}{
		"no such group":       {object{"logGroupIdentifiers": []string{s.api.groupARN("none")}}, "ResourceNotFoundException: The specified log group does not exist."},
		"streams of two":      {object{"logGroupIdentifiers": both, "logStreamNames": []string{"s"}}, "InvalidParameterException: logStreamNames and logStreamNamePrefixes can be given with one log group only."},
		"names, prefixes":     {object{"logGroupIdentifiers": both[:1], "logStreamNames": []string{"s"}, "logStreamNamePrefixes": []string{"s"}}, "InvalidParameterException: logStreamNames and logStreamNamePrefixes are mutually exclusive parameters."},
		"a group of the lake": {object{"logGroupIdentifiers": []string{s.api.groupARN(lakeGroup)}}, "InvalidParameterException: The log group /weir/flow-logs is read-only: its events are the flow log records of the lake."},
		"a bad pattern":       {object{"logGroupIdentifiers": both, "logEventFilterPattern": "[a"}, "InvalidParameterException: If a filter pattern starts with '[' it must end with ']', at offset 0"},
	} {
		if got := s.refused("StartLiveTail", tt.in); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	s.api.tails.Store(maxTails)
	if got := s.refused("StartLiveTail", object{"logGroupIdentifiers": both}); got != "LimitExceededException: No more than 15 live tails can go on at the same time." {
		t.Error(got)
	}
}

func TestLiveTailsSample(t *testing.T) {
	s := newServer(t, nil)
	s.group("g")
	tail, err := s.api.newTail(t.Context(), &startLiveTailRequest{Groups: []string{"g"}})
	if err != nil {
		t.Fatal(err)
	}
	var events []logstore.Event
	for i := range 2000 {
		events = append(events, logstore.Event{Group: "g", Stream: "s", Timestamp: int64(i), Message: "m"})
	}
	tail.take(events[:1000], 0)
	tail.take(events[1000:], 0)
	u := tail.update()
	if len(u.Results) != 500 || !u.Metadata.Sampled {
		t.Fatalf("%d events, sampled: %v", len(u.Results), u.Metadata.Sampled)
	}
	late := 0
	for i, e := range u.Results {
		if i > 0 && e.Timestamp <= u.Results[i-1].Timestamp {
			t.Fatal("not in order")
		}
		if e.Timestamp >= 1000 {
			late++
		}
	}
	if late < 150 || late > 350 { // 250 are expected; further off in one of 10^18
		t.Errorf("of the second half %d are shown", late)
	}
	tail.take(events[:3], 0)
	if u := tail.update(); len(u.Results) != 3 || u.Metadata.Sampled {
		t.Errorf("%d events, sampled: %v", len(u.Results), u.Metadata.Sampled)
	}
	tail.take(events[:1], 7)
	if u := tail.update(); !u.Metadata.Sampled {
		t.Error("events were missed, and it is not told")
	}
}

func TestLiveTailsEnd(t *testing.T) {
	s := newServer(t, nil)
	s.group("g")
	tail, err := s.api.newTail(t.Context(), &startLiveTailRequest{Groups: []string{"g"}})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := httptest.NewRecorder()
		began := time.Now()
		tail.run(t.Context(), &stream{w: w, control: http.NewResponseController(w)})
		if took := time.Since(began); took != 3*time.Hour {
			t.Errorf("it took %s", took)
		}
		var last eventstream.Message
		n := 0
		for ; w.Body.Len() > 0; n++ {
			if last, err = eventstream.Read(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if n < 3*3600-1 || last.Header(":exception-type") != "SessionTimeoutException" {
			t.Errorf("%d messages, the last is %v", n, last)
		}
	})
}
