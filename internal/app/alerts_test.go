package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/logstore"
)

// bothServices returns a data directory's own service, and the same over a socket.
func bothServices(t *testing.T, s *Local) map[string]Service {
	t.Helper()
	socket, err := listenUnix(t.Context(), s.lake.Data())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(rpcHandler(context.Background(), s, "test"))
	srv.Listener.Close()
	srv.Listener = socket
	srv.Start()
	t.Cleanup(srv.Close)
	remote, err := Dial(t.Context(), s.lake.Data(), "test")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Service{"here": s, "socket": remote}
}

// TestAlerts asks what weir has of alarms beside AWS's operations, here and over the socket, under a clock that the test drives.
func TestAlerts(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a, endpoint := newAlerted(t, begin)
	arn := a.topic(endpoint)
	a.flowGroup("flows", flowlog.DefaultFormat(flowlog.KindVPC).String())
	a.call("logs", "PutMetricFilter", `{"logGroupName":"flows","filterName":"ssh","filterPattern":"REJECT","metricTransformations":[{"metricName":"ssh","metricNamespace":"mine","metricValue":"1"}]}`, "")
	if err := setLateness(t.Context(), a.w.watch.store, "flows", false, 90*time.Second); err != nil {
		t.Fatal(err)
	}
	put := func(name string) {
		a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":%q,"Namespace":"mine","MetricName":"ssh","Statistic":"Sum","Period":60,"EvaluationPeriods":1,"Threshold":2,
			"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"notBreaching","AlarmActions":[%q],"OKActions":[%q]}`, name, arn, "arn:aws:sns:us-east-1:000000000000:gone"), "")
	}
	put("ssh")
	var events []logstore.InputEvent
	at := begin.Add(2 * time.Minute)
	for i := range 3 {
		events = append(events, logstore.InputEvent{Timestamp: at.UnixMilli(), Message: fmt.Appendf(nil, "2 123456789010 eni-1 198.51.100.7 10.0.0.5 %d 22 6 1 40 %d %d REJECT OK", 40000+i, at.Unix(), at.Unix()+10)})
	}
	a.at(at)
	if _, err := a.w.watch.store.Put(t.Context(), "flows", "eni-1", events, a.clock()); err != nil {
		t.Fatal(err)
	}
	for now := at; now.Before(at.Add(3 * time.Minute)); now = now.Add(30 * time.Second) {
		a.at(now)
	}
	a.got = nil
	for name, s := range bothServices(t, a.s) {
		t.Run(name, func(t *testing.T) {
			d, err := s.AlarmDetails(t.Context(), "ssh")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]AlarmPoint{{at.Unix(), 3}}, d.Points); diff != "" || d.Threshold != 2 || d.Period != 60 || d.Lateness != 90*time.Second || d.Lacking != "" {
				t.Errorf("%+v: %s", d, diff)
			}
			if d.Why == nil || d.Why.Events != 3 || len(d.Why.Sources) != 1 || d.Why.Sources[0].Value != "198.51.100.7" || !d.Why.From.Equal(at) || len(d.Why.Next) != 2 ||
				!strings.HasPrefix(d.Why.Next[0], "weir why 198.51.100.7 ") || !strings.HasPrefix(d.Why.Next[1], "weir scan --from ") {
				t.Errorf("why: %+v", d.Why)
			}
			replay, err := s.ReplayAlarm(t.Context(), ReplayRequest{"ssh", begin, a.clock()})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range replay.Transitions {
				got = append(got, x.Old+" "+x.New+" "+x.At.UTC().Format("15:04:05"))
			}
			// It is judged 90 seconds after each minute's end; the last that is due now is the minute of the attempts.
			want := []string{"INSUFFICIENT_DATA OK 12:02:30", "OK ALARM 12:04:30"}
			if diff := cmp.Diff(want, got); diff != "" || replay.Evaluations != 3 || !replay.To.Equal(a.clock().Add(-90*time.Second)) {
				t.Errorf("%+v: %s", replay, diff)
			}
			// A test goes to each action, marked, and changes nothing.
			sent, err := s.TestAlarm(t.Context(), "ssh")
			if err != nil || len(sent) != 2 || sent[0].ID == "" || len(sent[0].To) != 1 || sent[1].Refused == "" {
				t.Fatalf("%+v, %v", sent, err)
			}
			left, err := s.Undelivered(t.Context(), sent[0].ID)
			if err != nil || len(left) != 1 || left[0].SubscriptionARN != sent[0].To[0].ARN || left[0].Attempts != 0 {
				t.Errorf("%+v, %v", left, err)
			}
			a.deliver()
			if left, err = s.Undelivered(t.Context(), sent[0].ID); err != nil || len(left) != 0 {
				t.Errorf("%+v, %v", left, err)
			}
			if len(a.got) != 1 {
				t.Fatalf("%d messages", len(a.got))
			}
			var body struct{ AlarmDescription, NewStateValue, NewStateReason string }
			text, _ := a.got[0]["Message"].(string)
			if err := json.Unmarshal([]byte(text), &body); err != nil {
				t.Fatal(err)
			}
			subject, _ := a.got[0]["Subject"].(string)
			if !strings.HasPrefix(subject, `TEST: ALARM: "ssh"`) || !strings.HasPrefix(body.AlarmDescription, "TEST: ") || !strings.HasPrefix(body.NewStateReason, "TEST: ") || body.NewStateValue != "ALARM" {
				t.Errorf("%s %s", subject, text)
			}
			a.got = nil
			topic, err := s.TestTopic(t.Context(), arn)
			if err != nil || len(topic.To) != 1 || topic.Refused != "" {
				t.Errorf("%+v, %v", topic, err)
			}
			a.deliver()
			if subject, _ := a.got[0]["Subject"].(string); !strings.HasPrefix(subject, "TEST: ") {
				t.Errorf("%v", a.got[0])
			}
			a.got = nil
			// Silence is until a time, and ends.
			until := a.clock().Add(time.Hour)
			if err := s.SilenceAlarm(t.Context(), SilenceRequest{"ssh", until}); err != nil {
				t.Fatal(err)
			}
			silenced, err := s.SilencedAlarms(t.Context())
			if err != nil || len(silenced) != 1 || !silenced["ssh"].Equal(until) {
				t.Errorf("%v, %v", silenced, err)
			}
			if err := s.SilenceAlarm(t.Context(), SilenceRequest{"ssh", time.UnixMilli(0)}); err != nil {
				t.Fatal(err)
			}
			if silenced, err := s.SilencedAlarms(t.Context()); err != nil || len(silenced) != 0 {
				t.Errorf("%v, %v", silenced, err)
			}
			for what, err := range map[string]error{
				"silence": s.SilenceAlarm(t.Context(), SilenceRequest{"no", until}),
				"letter":  s.ChangeDeadLetter(t.Context(), DeadLetterChange{ID: 7}),
				"replay":  second(s.ReplayAlarm(t.Context(), ReplayRequest{"no", begin, until})),
				"early":   second(s.ReplayAlarm(t.Context(), ReplayRequest{"ssh", begin.Add(-16 * 24 * time.Hour), begin})),
				"late":    second(s.ReplayAlarm(t.Context(), ReplayRequest{"ssh", a.clock().Add(-time.Minute), until})),
				"details": second(s.AlarmDetails(t.Context(), "no")),
			} {
				if u := new(UsageError); !errors.As(err, &u) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// second returns the error of a result.
func second[T any](_ T, err error) error { return err }
