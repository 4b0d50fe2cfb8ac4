package destination

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"weir/internal/agent/config"
	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/awsapi/logs"
	"weir/internal/logstore"
)

// call is a request of one of AWS's JSON protocols.
type call struct {
	operation string
	body      []byte
}

// calls is a service that answers as told, and notes what it was asked.
type calls struct {
	mu     sync.Mutex
	all    []call
	answer func(c call, n int) (status int, body string) // of the nth call, from 0; status 0 cuts the connection
}

func newCalls(t *testing.T, answer func(c call, n int) (int, string)) (*calls, string) {
	s := &calls{answer: answer}
	return s, server(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client left
		}
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		s.mu.Lock()
		defer s.mu.Unlock()
		c := call{operation, body}
		s.all = append(s.all, c)
		status, text := s.answer(c, len(s.all)-1)
		if status == 0 {
			cut()
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}

// at returns a call.
func (s *calls) at(i int) call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[i]
}

// operations are the names of what was asked.
func (s *calls) operations() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.all {
		out = append(out, c.operation)
	}
	return out
}

// groupAt returns a flow log whose log group is at a service.
func groupAt(url string) *config.FlowLog {
	return flowLog(config.Delivery{Type: config.CloudWatchLogs, LogGroup: "/vpc/logs", Endpoint: url})
}

// TestLogGroupOfWeir delivers to the API of CloudWatch Logs that weir serve has: log group and streams are made, and what is too old or too new is lost.
func TestLogGroupOfWeir(t *testing.T) {
	now := time.Unix(1418530070, 0)
	store, err := logstore.Open(t.Context(), t.TempDir(), logstore.Options{Now: func() time.Time { return now }, FlushAge: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	api, err := logs.New(logs.Options{Account: "123456789012", Region: "us-east-1", Store: store, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	service := httptest.NewServer(awsapi.NewRouter(awsapitest.Anyone{}, api.Log, api.Service()))
	defer service.Close()
	l := groupAt(service.URL)
	d := open(t, l)
	at := func(line string, seconds int64) string {
		return strings.Replace(line, "1418530010", fmt.Sprint(seconds), 1)
	}
	first := at(rejected, 1418530009)
	b := batch(t, accepted, at(accepted, now.Unix()-15*24*3600), first, at(accepted, now.Unix()+3*3600), strings.Replace(noData, "1431280876", "1418530012", 1))
	want := Outcome{Records: 3, Lost: 2, Why: whyOld + "; " + whyNew}
	if out, err := deliver(t.Context(), t, d, item(t, l, b)); err != "" || out != want {
		t.Errorf("%+v: %s", out, err)
	}
	c := cloudwatchlogs.NewFromConfig(keys.Copy(), func(o *cloudwatchlogs.Options) { o.Region, o.BaseEndpoint = "us-east-1", &service.URL })
	out, err := c.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: &l.Delivery.LogGroup, LogStreamName: aws.String("eni-1235b8ca123456789-all"), StartFromHead: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range out.Events {
		got = append(got, fmt.Sprint(*e.Timestamp, " ", *e.Message))
	}
	if want := []string{"1418530009000 " + first, "1418530010000 " + accepted, "1418530012000 " + strings.Replace(noData, "1431280876", "1418530012", 1)}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	// Streams by traffic type, of what is there already.
	l.Traffic = "REJECT"
	if out, err := deliver(t.Context(), t, d, item(t, l, batch(t, first))); err != "" || out != (Outcome{Records: 1}) {
		t.Errorf("%+v: %s", out, err)
	}
	streams, err := c.DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: &l.Delivery.LogGroup})
	if err != nil || len(streams.LogStreams) != 2 || *streams.LogStreams[1].LogStreamName != "eni-1235b8ca123456789-reject" {
		t.Errorf("%+v: %v", streams, err)
	}
}

// TestLogGroupResumes has requests that fail: those that were answered are not sent again, and one that may have been taken is counted.
func TestLogGroupResumes(t *testing.T) {
	const refused = `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	var lines []string
	for i := range 3 { // streams, a request each
		lines = append(lines, strings.Replace(accepted, "eni-1235b8ca123456789", fmt.Sprint("eni-", i), 1))
	}
	s, url := newCalls(t, func(_ call, n int) (int, string) {
		switch n {
		case 1:
			return 400, refused
		case 2:
			return 0, ""
		case 4:
			return 500, `{"__type":"InternalFailure","message":"?"}`
		case 5:
			return 400, `{"__type":"DataAlreadyAcceptedException","message":"?"}`
		}
		return 200, `{"nextSequenceToken":"1"}`
	})
	l := groupAt(url)
	d := open(t, l)
	it := item(t, l, batch(t, lines...))
	for i, want := range []struct {
		out Outcome
		err string
	}{
		{Outcome{Records: 1}, "Rate limited: put log events into /vpc/logs, stream eni-1-all: ThrottlingException: Rate exceeded"},
		{Outcome{}, "Unknown error: put log events into /vpc/logs, stream eni-1-all: "},
		{Outcome{Records: 1, Repeated: 1}, "Unknown error: put log events into /vpc/logs, stream eni-2-all: InternalFailure: ?"},
		{Outcome{Records: 1, Repeated: 1}, ""},
		{Outcome{Records: 3}, ""}, // it is forgotten
	} {
		if out, err := deliver(t.Context(), t, d, it); out != want.out || !strings.HasPrefix(err, want.err) || (err == "") != (want.err == "") {
			t.Errorf("%d: %+v: %s, want %+v", i, out, err, want)
		}
	}
	if n := len(s.operations()); n != 9 {
		t.Errorf("%d requests", n)
	}
}

// TestLogGroupMissing has groups that can't be made, and ones that another makes meanwhile.
func TestLogGroupMissing(t *testing.T) {
	missing := func(what string) (int, string) {
		return 400, `{"__type":"ResourceNotFoundException","message":"The specified log ` + what + ` does not exist."}`
	}
	for _, tc := range []struct {
		answer func(operation string, n int) (int, string)
		asked  string
		want   string
	}{
		{func(operation string, n int) (int, string) {
			switch {
			case n == 0 || n == 1:
				return missing("group")
			case operation != "PutLogEvents":
				return 400, `{"__type":"ResourceAlreadyExistsException","message":"The specified log group already exists"}`
			}
			return 200, "{}"
		}, "PutLogEvents CreateLogStream CreateLogGroup CreateLogStream PutLogEvents", ""},
		{func(operation string, _ int) (int, string) {
			if operation == "CreateLogGroup" {
				return 400, `{"__type":"LimitExceededException","message":"Resource limit exceeded."}`
			}
			return missing("group")
		}, "PutLogEvents CreateLogStream CreateLogGroup", "Rate limited: create the log group /vpc/logs: LimitExceededException: Resource limit exceeded."},
		{func(operation string, _ int) (int, string) {
			if operation == "CreateLogStream" {
				return 400, `{"__type":"AccessDeniedException","message":"no identity-based policy allows it"}`
			}
			return missing("stream")
		}, "PutLogEvents CreateLogStream", "Access error: create the log stream eni-1235b8ca123456789-all: AccessDeniedException: no identity-based policy allows it"},
		{func(string, int) (int, string) { return missing("group") }, "PutLogEvents CreateLogStream CreateLogGroup", "Access error: create the log group /vpc/logs: ResourceNotFoundException: The specified log group does not exist."},
	} {
		s, url := newCalls(t, func(c call, n int) (int, string) { return tc.answer(c.operation, n) })
		l := groupAt(url)
		_, err := deliver(t.Context(), t, open(t, l), item(t, l, batch(t, accepted)))
		if got := strings.Join(s.operations(), " "); err != tc.want || got != tc.asked {
			t.Errorf("%s after %s, want %s after %s", err, got, tc.want, tc.asked)
		}
	}
}

// TestBatches cuts log events at each limit of PutLogEvents.
func TestBatches(t *testing.T) {
	const hour = 3600_000
	many := make([]event, mostEvents+1)
	large := event{1, strings.Repeat("x", mostBatch-eventRoom)}
	for _, tc := range []struct {
		name   string
		events []event
		want   []int // events of each
		lost   int
	}{
		{"none", nil, nil, 0},
		{"number", many, []int{mostEvents, 1}, 0},
		{"size", []event{large, {1, ""}}, []int{1, 1}, 0},
		{"just", []event{{1, large.line[eventRoom:]}, {1, ""}}, []int{2}, 0},
		{"too large", []event{{1, "a"}, {1, large.line + "x"}, {1, "b"}}, []int{2}, 1},
		{"span", []event{{0, "a"}, {24*hour - 1, "b"}, {24 * hour, "c"}, {48 * hour, "d"}}, []int{2, 1, 1}, 0},
	} {
		batches, lost := batchesOf([]stream{{"s", tc.events}})
		var got []int
		for _, b := range batches {
			got = append(got, len(b.events))
		}
		if !slices.Equal(got, tc.want) || lost != tc.lost {
			t.Errorf("%s: %v, %d lost", tc.name, got, lost)
		}
	}
}

// TestLargeEvents are lost, once, and the rest is not.
func TestLargeEvents(t *testing.T) {
	s, url := newCalls(t, func(_ call, n int) (int, string) {
		if n == 0 {
			return 503, `{"__type":"ServiceUnavailableException","message":"?"}`
		}
		return 200, "{}"
	})
	l := groupAt(url)
	d := open(t, l)
	it := &Item{FlowLog: l, Slot: slot, Data: pack(t, linesForm+"\n=eni-1-all\n1 a\n1 "+strings.Repeat("x", mostBatch)+"\n")}
	if out, err := deliver(t.Context(), t, d, it); out != (Outcome{}) || err == "" {
		t.Errorf("%+v: %s", out, err)
	}
	if out, err := deliver(t.Context(), t, d, it); out != (Outcome{Records: 1, Repeated: 1, Lost: 1, Why: whyTooLarge}) || err != "" {
		t.Errorf("%+v: %s", out, err)
	}
	var in struct {
		LogEvents []struct{ Message string }
	}
	if err := json.Unmarshal(s.at(1).body, &in); err != nil || len(in.LogEvents) != 1 || in.LogEvents[0].Message != "a" {
		t.Errorf("%+v: %v", in, err)
	}
}

// TestLost reads what PutLogEvents says of events that it did not take.
func TestLost(t *testing.T) {
	i := aws.Int32
	for _, tc := range []struct {
		info        *types.RejectedLogEventsInfo
		old, tooNew int
	}{
		{nil, 0, 0},
		{&types.RejectedLogEventsInfo{}, 0, 0},
		{&types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(2)}, 2, 0},
		{&types.RejectedLogEventsInfo{TooOldLogEventEndIndex: i(2), ExpiredLogEventEndIndex: i(3)}, 3, 0},
		{&types.RejectedLogEventsInfo{TooNewLogEventStartIndex: i(4)}, 0, 1},
		{&types.RejectedLogEventsInfo{TooNewLogEventStartIndex: i(0), TooOldLogEventEndIndex: i(9)}, 5, 0},
	} {
		if old, tooNew := lostOf(tc.info, 5); old != tc.old || tooNew != tc.tooNew {
			t.Errorf("%+v: %d and %d", tc.info, old, tooNew)
		}
	}
}

// TestNotLines has an item of another destination, and a context that ended.
func TestNotLines(t *testing.T) {
	for _, kind := range []config.DestinationType{config.CloudWatchLogs, config.Firehose, config.S3, config.Folder} {
		l := flowLog(config.Delivery{Type: kind, LogGroup: "g", DeliveryStream: "s", Bucket: "b", Endpoint: "http://127.0.0.1:1"})
		l.Destination = t.TempDir()
		d := open(t, l)
		if out, err := deliver(t.Context(), t, d, &Item{FlowLog: l, Slot: slot, Data: []byte("x")}); out != (Outcome{}) || !strings.HasPrefix(err, "Unknown error: ") {
			t.Errorf("%s: %+v: %s", kind, out, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if out, err := deliver(ctx, t, d, item(t, l, batch(t, accepted))); out != (Outcome{}) || err == "" {
			t.Errorf("%s: %+v: %s", kind, out, err)
		}
	}
}
