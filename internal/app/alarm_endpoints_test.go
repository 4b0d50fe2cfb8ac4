package app

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAlarmEndpoints has a topic with endpoints that hang, redirect to a metadata service, fail, refuse or have a certificate that nobody knows:
// the one that is well gets its message meanwhile, the others' are tried again, and end as dead letters that say why.
func TestAlarmEndpoints(t *testing.T) {
	a, well := newAlerted(t, watchedDay)
	topic := a.topic(well)
	hangs := make(chan struct{})
	serve := func(answer http.HandlerFunc) string {
		s := httptest.NewServer(answer)
		t.Cleanup(s.Close)
		return s.URL
	}
	encrypted := httptest.NewUnstartedServer(http.NotFoundHandler())
	encrypted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelWarn) // handshakes fail
	encrypted.StartTLS()
	t.Cleanup(encrypted.Close)
	want := map[string]string{
		serve(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		}): "redirects are not followed: to http://169.254.169.254/latest/meta-data/",
		serve(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "out of order", http.StatusInternalServerError)
		}): "500 Internal Server Error: out of order",
		serve(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such hook", http.StatusNotFound) }): "404 Not Found: no such hook",
		encrypted.URL: "the certificate of the endpoint is not accepted",
	}
	slow := serve(func(http.ResponseWriter, *http.Request) { <-hangs })
	for _, url := range append(slices.Sorted(maps.Keys(want)), slow) {
		a.call("sns", "Subscribe", fmt.Sprintf(`{"TopicArn":%q,"Protocol":"webhook","Endpoint":%q}`, topic, url), "")
	}
	for _, url := range []string{"http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.1/"} {
		_, err := a.s.CallAPI(t.Context(), "sns", "Subscribe", fmt.Appendf(nil, `{"TopicArn":%q,"Protocol":"webhook","Endpoint":%q}`, topic, url))
		if err == nil || !strings.Contains(err.Error(), "--notify-allow") {
			t.Errorf("%s: %v", url, err)
		}
	}
	a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"a","EvaluationPeriods":1,"Threshold":5,"ComparisonOperator":"GreaterThanThreshold",
		"Namespace":"n","MetricName":"m","Statistic":"Sum","Period":60,"TreatMissingData":"ignore","AlarmActions":[%q]}`, topic), "")
	a.call("monitoring", "SetAlarmState", `{"AlarmName":"a","StateValue":"ALARM","StateReason":"a test"}`, "")
	if some, err := a.w.actions.all(t.Context()); err != nil || !some {
		t.Fatal(some, err)
	}
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		a.w.topics.Deliver(t.Context())
	}()
	<-a.came // while one endpoint hangs
	close(hangs)
	<-delivered
	for range 60 { // no two attempts are farther apart
		a.at(a.clock().Add(10 * time.Minute))
	}
	dead, err := a.w.topics.DeadLetters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range dead {
		got[d.Endpoint] = d.Reason
		if reason := want[d.Endpoint]; reason != "" && strings.Contains(d.Reason, reason) {
			got[d.Endpoint] = reason
		}
		if tries := map[bool]int{true: 1, false: 51}[strings.Contains(d.Reason, "404")]; d.Attempts != tries {
			t.Errorf("%d attempts at what %s, want %d", d.Attempts, d.Reason, tries)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
	if len(a.got) != 1 {
		t.Errorf("the endpoint that is well got %d messages", len(a.got))
	}
}

// TestAlarmClock sets the clock ahead by a day and back again, in the middle of an attack: the alarm's state is kept, and what was told is not told again.
func TestAlarmClock(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	topic := a.topic(endpoint)
	a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"a","EvaluationPeriods":1,"Threshold":5,"ComparisonOperator":"GreaterThanThreshold",
		"Namespace":"n","MetricName":"m","Statistic":"Sum","Period":60,"TreatMissingData":"ignore","AlarmActions":[%q]}`, topic), "")
	minute := func(n int, value float64) {
		t.Helper()
		at := watchedDay.Add(time.Duration(n) * time.Minute)
		a.mu.Lock()
		a.now = at
		a.mu.Unlock()
		a.call("monitoring", "PutMetricData", fmt.Sprintf(`{"Namespace":"n","MetricData":[{"MetricName":"m","Value":%g,"Timestamp":%d}]}`, value, at.Unix()), "")
		a.at(at.Add(time.Minute))
	}
	minute(0, 1)
	minute(1, 10)
	minute(2, 10)
	a.at(watchedDay.Add(24 * time.Hour))
	a.at(watchedDay.Add(24*time.Hour + time.Minute))
	a.at(watchedDay.Add(3 * time.Minute)) // back
	minute(3, 10)
	minute(4, 10)
	if len(a.got) != 1 {
		t.Errorf("%d messages tell of one attack: %v", len(a.got), a.transitions("a"))
	}
	minute(5, 1)
	minute(6, 10)
	if len(a.got) != 2 {
		t.Errorf("%d messages tell of two attacks: %v", len(a.got), a.transitions("a"))
	}
}
