package app

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/logstore"
	"weir/internal/notify"
)

// alerted is a data directory that is watched under a clock that the test drives, with a receiver of messages.
type alerted struct {
	t     *testing.T
	s     *Local
	api   *awsAPI
	w     *alerting
	mu    sync.Mutex
	now   time.Time
	got   []map[string]any // messages
	came  chan struct{}    // has a value when a message came
	links []string         // of confirmations
}

func newAlerted(t *testing.T, now time.Time) (*alerted, string) {
	t.Helper()
	a := &alerted{t: t, now: now, came: make(chan struct{}, 1)}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var m map[string]any
		if err == nil {
			err = json.Unmarshal(raw, &m)
		}
		if err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if link, ok := m["SubscribeURL"].(string); ok && m["Type"] == "SubscriptionConfirmation" {
			a.links = append(a.links, link)
			return
		}
		a.got = append(a.got, m)
		select {
		case a.came <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(receiver.Close)
	a.open(t.TempDir())
	t.Cleanup(a.close)
	return a, receiver.URL
}

// open opens a data directory, as a server does.
func (a *alerted) open(data string) {
	a.t.Helper()
	s, err := OpenLocal(a.t.Context(), LocalOptions{Data: data, Now: a.clock})
	if err != nil {
		a.t.Fatal(err)
	}
	a.s = s
	if a.api, err = s.openAPI(a.t.Context(), ServeOptions{Log: slog.New(slog.DiscardHandler), Notify: notify.Options{URL: "http://weir.test", Allow: []string{"127.0.0.1"}}}); err != nil {
		a.t.Fatal(err)
	}
	a.w, s.watching = a.api.alerting, a.api.watch
}

func (a *alerted) close() {
	if err := a.s.Close(); err != nil {
		a.t.Error(err)
	}
}

func (a *alerted) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

// call carries out an operation and returns a member of the answer.
func (a *alerted) call(service, operation, in, member string) string {
	a.t.Helper()
	out, err := a.s.CallAPI(a.t.Context(), service, operation, []byte(in))
	if err != nil {
		a.t.Fatalf("%s: %v", operation, err)
	}
	var answer map[string]any
	if err := json.Unmarshal(out, &answer); err != nil {
		a.t.Fatal(err)
	}
	text, _ := answer[member].(string)
	return text
}

// topic makes a topic with a subscriber that is confirmed.
func (a *alerted) topic(endpoint string) (arn string) {
	a.t.Helper()
	arn = a.call("sns", "CreateTopic", `{"Name":"woken"}`, "TopicArn")
	a.call("sns", "Subscribe", fmt.Sprintf(`{"TopicArn":%q,"Protocol":"http","Endpoint":%q}`, arn, endpoint), "")
	a.deliver()
	if len(a.links) != 1 {
		a.t.Fatalf("%d confirmations", len(a.links))
	}
	link, err := url.Parse(a.links[0])
	if err != nil {
		a.t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	a.api.before(http.NotFoundHandler()).ServeHTTP(rec, httptest.NewRequestWithContext(a.t.Context(), http.MethodGet, link.RequestURI(), nil))
	if rec.Code != http.StatusOK {
		a.t.Fatalf("the confirmation: %d %s", rec.Code, rec.Body)
	}
	return arn
}

// deliver sends what is to be sent now, and waits for it.
func (a *alerted) deliver() {
	a.t.Helper()
	a.w.topics.Deliver(a.t.Context())
}

// at lets it be a time, and does all that is due.
func (a *alerted) at(now time.Time) {
	a.t.Helper()
	a.mu.Lock()
	a.now = now
	a.mu.Unlock()
	if _, err := a.w.alarms.Step(a.t.Context(), a.w.source); err != nil {
		a.t.Fatal(err)
	}
	for {
		some, err := a.w.actions.all(a.t.Context())
		if err != nil {
			a.t.Fatal(err)
		}
		if !some {
			break
		}
	}
	a.deliver()
}

// TestAlarmSays counts attempts at SSH by a rule of Contributor Insights, and is told once who it was.
func TestAlarmSays(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a, endpoint := newAlerted(t, begin)
	arn := a.topic(endpoint)
	a.flowGroup("flows", flowlog.DefaultFormat(flowlog.KindVPC).String())
	a.call("monitoring", "PutInsightRule", `{"RuleName":"ssh","RuleDefinition":`+quoted(`{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["flows"],"LogFormat":"CLF",
		"Fields":{"4":"srcaddr","7":"dstport"},"Contribution":{"Keys":["srcaddr"],"Filters":[{"Match":"dstport","EqualTo":22}]},"AggregateOn":"Count"}`)+`}`, "")
	a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"ssh attempts","EvaluationPeriods":1,"Threshold":20,"ComparisonOperator":"GreaterThanOrEqualToThreshold",
		"TreatMissingData":"notBreaching","AlarmActions":[%[1]q],"OKActions":[%[1]q],
		"Metrics":[{"Id":"e1","Expression":"INSIGHT_RULE_METRIC('ssh', 'MaxContributorValue')","Period":60,"ReturnData":true}]}`, arn), "")
	line := func(at time.Time, src string, port, dst int) logstore.InputEvent {
		return logstore.InputEvent{Timestamp: at.UnixMilli(), Message: fmt.Appendf(nil, "2 123456789010 eni-1 %s 10.0.0.5 %d %d 6 1 40 %d %d REJECT OK", src, port, dst, at.Unix(), at.Unix()+10)}
	}
	put := func(events ...logstore.InputEvent) {
		t.Helper()
		if _, err := a.w.watch.store.Put(t.Context(), "flows", "eni-1", events, a.clock()); err != nil {
			t.Fatal(err)
		}
	}
	a.at(begin.Add(time.Minute + time.Second)) // nothing yet: OK, which is said
	for minute := 1; minute < 6; minute++ {
		at := begin.Add(time.Duration(minute) * time.Minute)
		a.mu.Lock()
		a.now = at.Add(30 * time.Second)
		a.mu.Unlock()
		var some []logstore.InputEvent
		for i := range 25 {
			if minute == 2 || minute == 3 {
				some = append(some, line(at, "198.51.100.7", 40000+i, 22))
			}
			some = append(some, line(at, "198.51.100.8", 40000+i, 443))
		}
		put(append(some, line(at, "203.0.113.9", 5000, 22))...)
		a.at(at.Add(time.Minute + time.Second))
	}
	var states []string
	ids := map[any]bool{}
	for _, m := range a.got {
		var body struct {
			NewStateValue string
			Weir          weirMember
		}
		text, _ := m["Message"].(string)
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatal(err)
		}
		states = append(states, body.NewStateValue)
		ids[m["MessageId"]] = true
		if body.NewStateValue != "ALARM" {
			continue
		}
		for _, want := range []string{
			"ALARM: ssh attempts", "Since 2026-03-02 12:02:00 UTC, for 1 min.", "Most by srcaddr: 198.51.100.7 25\n", "\n  198.51.100.7  25\n", "10.0.0.5 port 22/tcp  25", "eni-1  25",
			"weir why 198.51.100.7 10.0.0.5:22/tcp --at 2026-03-02T12:02:59Z", "weir scan --from 2026-03-02T12:02:00Z --to 2026-03-02T12:03:00Z --attempts 25\n",
			"12:01:00   1 ##                              |\n  12:02:00  25 ################################|#######\n  | is the threshold, 20",
		} {
			if !strings.Contains(body.Weir.Text, want) {
				t.Errorf("the message does not say %q:\n%s", want, body.Weir.Text)
			}
		}
		if strings.Contains(body.Weir.Text, "198.51.100.8") || strings.Contains(body.Weir.Text, "203.0.113.9") || len(body.Weir.Sources) != 1 || body.Weir.Sources[0] != (counted{"198.51.100.7", "", 25}) {
			t.Errorf("the message names others:\n%s", body.Weir.Text)
		}
	}
	if got := strings.Join(states, " "); got != "OK ALARM OK" || len(ids) != len(states) {
		t.Errorf("messages say %s, by %d ids", got, len(ids))
	}
}

func quoted(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
