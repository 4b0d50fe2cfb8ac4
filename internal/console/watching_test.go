package console

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/alarm"
	"weir/internal/contributor"
	"weir/internal/metricmath"
	"weir/internal/metricstore"
	"weir/internal/notify"
)

// watched is a console over alarms and rules that a test makes, under a clock that it drives. Values, log events and deliveries are made up.
type watched struct {
	t        *testing.T
	h        http.Handler
	alarms   *alarm.Store
	rules    *contributor.Store
	watching *Watching
	now      int64 // seconds since the epoch
	asked    []*alarm.Action
	behind   *Behind
	failing  error
}

const topic = "arn:aws:sns:us-east-1:111111111111:woken"

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{t: t, now: t0}
	clock := func() time.Time { return time.Unix(w.now, 0) }
	dir := t.TempDir()
	var err error
	if w.alarms, err = alarm.Open(t.Context(), dir, alarm.Options{Account: "111111111111", Region: "us-east-1", Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.alarms.Close() })
	if w.rules, err = contributor.Open(t.Context(), dir, contributor.Options{Account: "111111111111", Region: "us-east-1", Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.rules.Close() })
	d := testDeps(t)
	d.Now = clock
	w.watching = &Watching{
		Alarms: w.alarms, Rules: w.rules,
		Values: func(_ context.Context, m *alarm.Metric, from, to int64) ([]alarm.Datapoint, error) {
			var out []alarm.Datapoint
			for at := from; at < to; at += int64(m.EvaluationPeriod()) {
				if at%300 != 0 { // one of five is missing
					out = append(out, alarm.Datapoint{Time: at, Value: float64(at-t0) / 120})
				}
			}
			return out, w.failing
		},
		Behind: func(_ context.Context, a *alarm.Action) (*Behind, error) {
			w.asked = append(w.asked, a)
			return w.behind, w.failing
		},
		Deliveries: func(_ context.Context, id string) ([]notify.Delivery, error) {
			if id != "m-1" {
				return nil, fmt.Errorf("asked of %q", id)
			}
			return []notify.Delivery{
				{SubscriptionARN: topic + ":1", Protocol: "https", Endpoint: "https://hooks.example/a", State: notify.Delivered, Attempts: 1, Time: (t0 + 301) * 1000},
				{SubscriptionARN: topic + ":2", Protocol: "email", Endpoint: "ops@example.com", State: notify.Waiting, Attempts: 2, Reason: "the server said 451", Time: (t0 + 900) * 1000},
			}, w.failing
		},
	}
	d.Watching = w.watching
	w.h = New(d)
	return w
}

// at sets the clock to seconds behind t0.
func (w *watched) at(seconds int64) { w.now = t0 + seconds }

func (w *watched) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// fill makes the alarms of the tests: one on a metric, that went to ALARM and told of it, one on an expression, a composite one and one on a
// query.
func (w *watched) fill() {
	w.t.Helper()
	ctx := w.t.Context()
	metric := metricstore.Metric{Namespace: "Weir/FlowLogs", Name: "Rejects", Dimensions: []metricstore.Dimension{{Name: "PortClass", Value: "SSH"}}}
	w.do(w.alarms.Put(ctx, alarm.Definition{
		Name: "ssh/refused", Description: "Somebody tries SSH", Actions: alarm.Actions{Enabled: true, Alarm: []string{topic}, OK: []string{topic}},
		Metric: &alarm.Metric{
			Metric: metric, Statistic: "Sum", Period: 60, EvaluationPeriods: 3, DatapointsToAlarm: 2, Threshold: 20.5, Comparison: "GreaterThanOrEqualToThreshold", TreatMissingData: "notBreaching",
		},
	}, nil))
	w.at(60)
	w.do(w.alarms.SetState(ctx, "ssh/refused", alarm.OK, "all is well", ""))
	w.at(300)
	w.do(w.alarms.SetState(ctx, "ssh/refused", alarm.Alarm, "Threshold Crossed: 2 datapoints", `{"version":"1.0","threshold":20.5}`))
	for range 2 {
		actions, err := w.alarms.Actions(ctx)
		w.do(err)
		for _, a := range actions {
			w.do(w.alarms.ActionDone(ctx, a.ID, a.New == alarm.Alarm, map[bool]string{true: "message m-1", false: "Topic does not exist"}[a.New == alarm.Alarm]))
		}
	}
	w.do(w.alarms.Put(ctx, alarm.Definition{
		Name: "share", Actions: alarm.Actions{Enabled: false},
		Metric: &alarm.Metric{
			Queries: []metricmath.Query{
				{ID: "m1", Stat: &metricmath.Stat{Metric: metric, Period: 300, Stat: "p99"}},
				{ID: "e1", Expression: "m1 * 2", ReturnData: true, Label: "twice"},
			},
			EvaluationPeriods: 1, Threshold: 1e6, Comparison: "LessThanThreshold",
		},
	}, nil))
	w.do(w.alarms.Put(ctx, alarm.Definition{Name: "any", Actions: alarm.Actions{Enabled: true}, Composite: &alarm.Composite{
		Rule: `ALARM("ssh/refused") OR ALARM(share)`, Suppressor: "share", WaitPeriod: 60, ExtensionPeriod: 60,
	}}, nil))
	w.do(w.alarms.Put(ctx, alarm.Definition{Name: "query", Actions: alarm.Actions{Enabled: true}, Log: &alarm.Log{
		Query: "filter action = 'REJECT'", LogGroups: []string{"/weir/flow-logs"}, RoleARN: "arn:aws:iam::111111111111:role/r", Schedule: "rate(5 minutes)", StartOffset: 300,
		Aggregation: "count(*)", ResultsToEvaluate: 1, ResultsToAlarm: 1, Threshold: 5, Comparison: "GreaterThanThreshold",
	}}, nil))
}

// rule makes a rule that counts refused records by source, and gives it records: n of the n-th source, in one minute each.
func (w *watched) rule(sources int) {
	w.t.Helper()
	w.do(w.rules.Put(w.t.Context(), contributor.PutRequest{Name: "refused", Definition: `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["/weir/*"],"LogFormat":"CLF",
		"Fields":{"4":"srcaddr","13":"action"},"Contribution":{"Keys":["srcaddr"],"Filters":[{"Match":"action","In":["REJECT"]}]},"AggregateOn":"Count"}`}))
	var events []contributor.Event
	for n := range sources {
		for k := range n + 1 {
			events = append(events, contributor.Event{
				Timestamp: (t0 + int64(k)*60) * 1000, Ingestion: w.now * 1000,
				Message: fmt.Sprintf("2 111111111111 eni-1 192.0.2.%d 10.0.0.2 40000 22 6 1 60 1767225600 1767225650 REJECT OK", n),
			})
		}
	}
	w.do(w.rules.Add(w.t.Context(), "test", []byte("1"), []contributor.Batch{{Group: "/weir/flow-logs", Events: events}}))
}

func TestAlarmsAreListed(t *testing.T) {
	w := newWatched(t)
	none := decoded[alarmsAnswer](t, w.h, "GET", "/api/v1/alarms", "", 200)
	if none.Alarms == nil || len(none.Alarms) != 0 {
		t.Errorf("listed %+v", none)
	}
	w.fill()
	w.at(360)
	got := decoded[alarmsAnswer](t, w.h, "GET", "/api/v1/alarms", "", 200)
	want := alarmsAnswer{Now: t0 + 360, Alarms: []alarmHead{
		{
			Name: "any", Type: "composite", State: "ALARM", Since: t0 + 300, Updated: t0 + 300, ActionsEnabled: true, Reason: got.Alarms[0].Reason,
			SuppressedBy: "WaitPeriod", SuppressedReason: "Actions suppressed by WaitPeriod",
		},
		{Name: "query", Type: "log", State: "INSUFFICIENT_DATA", Since: t0 + 300, Updated: t0 + 300, ActionsEnabled: true, Reason: "Unchecked: Initial alarm creation"},
		{Name: "share", Type: "metric", State: "INSUFFICIENT_DATA", Since: t0 + 300, Updated: t0 + 300, Reason: "Unchecked: Initial alarm creation"},
		{Name: "ssh/refused", Description: "Somebody tries SSH", Type: "metric", State: "ALARM", Since: t0 + 300, Updated: t0, ActionsEnabled: true, Reason: "Threshold Crossed: 2 datapoints"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOneAlarm(t *testing.T) {
	w := newWatched(t)
	w.fill()
	w.at(400)
	w.do(w.alarms.SetState(t.Context(), "ssh/refused", alarm.OK, "over", ""))
	actions, err := w.alarms.Actions(t.Context())
	w.do(err)
	w.do(w.alarms.ActionDone(t.Context(), actions[0].ID, false, "Topic does not exist"))
	got := decoded[alarmAnswer](t, w.h, "GET", "/api/v1/alarm?name=ssh/refused", "", 200)
	if diff := cmp.Diff([]string{"Sum of Weir/FlowLogs Rejects PortClass=SSH each 1 min"}, got.Watches); diff != "" {
		t.Error(diff)
	}
	if want := "≥ 20.5 in 2 of 3 periods of 1 min; missing data are treated as notBreaching"; got.Condition != want {
		t.Errorf("condition %q", got.Condition)
	}
	wantMessages := []alarmMessage{
		{At: t0 + 400, Target: topic, State: "Failed", Error: "Topic does not exist", Deliveries: []delivery{}},
		{At: t0 + 300, Target: topic, State: "Succeeded", ID: "m-1", Deliveries: []delivery{
			{"https", "https://hooks.example/a", "delivered", 1, "", t0 + 301}, {"email", "ops@example.com", "waiting", 2, "the server said 451", t0 + 900},
		}},
		{At: t0 + 60, Target: topic, State: "Failed", Error: "Topic does not exist", Deliveries: []delivery{}},
	}
	// The first change to OK told of nothing yet when the alarm went off: both were carried out at once.
	wantMessages[2].At = t0 + 300
	if diff := cmp.Diff(wantMessages, got.Messages); diff != "" {
		t.Errorf("messages: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]alarmTarget{{"ALARM", topic}, {"OK", topic}}, got.Actions); diff != "" {
		t.Error(diff)
	}
	states := []string{}
	for _, h := range got.History {
		if h.To != "" {
			states = append(states, fmt.Sprintf("%d %s>%s %s", h.At-t0, h.From, h.To, h.Reason))
		}
	}
	if diff := cmp.Diff([]string{"400 ALARM>OK over", "300 OK>ALARM Threshold Crossed: 2 datapoints", "60 INSUFFICIENT_DATA>OK all is well"}, states); diff != "" {
		t.Error(diff)
	}
	if first := got.History[len(got.History)-1]; first.Type != "ConfigurationUpdate" || first.At != t0 || got.More {
		t.Errorf("history ends with %+v, more %v", first, got.More)
	}
	for _, tc := range []struct {
		name      string
		watches   []string
		condition string
		children  []string
	}{
		{"share", []string{"m1 = p99 of Weir/FlowLogs Rejects PortClass=SSH each 5 min", "e1 = m1 * 2 (watched)"}, "< 1000000 in 1 of 1 periods of 5 min; missing data are treated as missing", []string{}},
		{"any", []string{`ALARM("ssh/refused") OR ALARM(share)`, "actions are held back while share is in ALARM"}, "the rule holds", []string{"ssh/refused", "share"}},
		{"query", []string{"filter action = 'REJECT'", "in /weir/flow-logs", "count(*)", "rate(5 minutes)"}, "> 5 in 1 of 1 results; missing data are treated as missing", []string{}},
	} {
		one := decoded[alarmAnswer](t, w.h, "GET", "/api/v1/alarm?name="+tc.name, "", 200)
		if diff := cmp.Diff([]any{tc.watches, tc.condition, tc.children}, []any{one.Watches, one.Condition, one.Children}); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tc.name, diff)
		}
	}
	p := decoded[map[string]problem](t, w.h, "GET", "/api/v1/alarm?name=gone", "", 404)["error"]
	if p.Param != "name" || p.Hint == "" {
		t.Errorf("problem %+v", p)
	}
}

// restless are alarms that changed each second since t0+700, more often than is shown.
type restless struct{ anyAlarms }

func (restless) History(_ context.Context, r alarm.HistoryRequest) ([]alarm.HistoryItem, error) {
	var out []alarm.HistoryItem
	for i := range int64(min(r.Limit, mostBands+5)) {
		states := [2]string{"OK", "ALARM"}
		out = append(out, alarm.HistoryItem{
			ID: i, Time: (t0 + 700 + i) * 1000, ItemType: "StateUpdate", Summary: "again",
			Data: fmt.Sprintf(`{"oldState":{"stateValue":%q},"newState":{"stateValue":%q}}`, states[(i+1)%2], states[i%2]),
		})
	}
	if !r.Ascending {
		slices.Reverse(out)
	}
	return out, nil
}

func TestWhatIsLongIsCut(t *testing.T) {
	w := newWatched(t)
	w.fill()
	w.watching.Alarms = restless{w.alarms}
	got := decoded[alarmAnswer](t, w.h, "GET", "/api/v1/alarm?name=share", "", 200)
	if len(got.History) != shownHistory || !got.More || got.History[0].At <= got.History[1].At {
		t.Errorf("%d items, more %v", len(got.History), got.More)
	}
	w.at(3000)
	path := fmt.Sprintf("/api/v1/alarm-values?name=share&from=%d&to=%d", t0, t0+3000)
	values := decoded[alarmValuesAnswer](t, w.h, "GET", path, "", 200)
	last := stateBand{t0 + 700 + mostBands - 2, t0 + 700 + mostBands - 1, "OK"}
	if n := len(values.Bands); values.Note == "" || n != mostBands || values.Bands[n-1] != last || values.Bands[0] != (stateBand{t0, t0 + 700, "ALARM"}) {
		t.Errorf("the last of %d bands is %+v, note %q", n, values.Bands[n-1], values.Note)
	}
}

func TestValuesOfAnAlarm(t *testing.T) {
	w := newWatched(t)
	w.fill()
	w.at(600)
	values := func(name string, from, to int64, status int) string {
		answer := send(t, w.h, "GET", fmt.Sprintf("/api/v1/alarm-values?name=%s&from=%d&to=%d", name, t0+from, t0+to), "")
		if answer.Code != status {
			t.Errorf("%s: status %d, want %d", name, answer.Code, status)
		}
		return answer.Body.String()
	}
	get := func(name string, from, to int64) alarmValuesAnswer {
		t.Helper()
		return decoded[alarmValuesAnswer](t, w.h, "GET", fmt.Sprintf("/api/v1/alarm-values?name=%s&from=%d&to=%d", name, t0+from, t0+to), "", 200)
	}
	threshold := 20.5
	for _, tc := range []struct {
		name     string
		of       string
		from, to int64
		want     alarmValuesAnswer
	}{
		{
			"whole periods and all states", "ssh/refused", -30, 430,
			alarmValuesAnswer{
				From: t0 - 30, To: t0 + 430, Period: 60, Threshold: &threshold, Comparison: "≥", Times: []int64{t0 + 60, t0 + 120, t0 + 180, t0 + 240, t0 + 360}, Values: []float64{0.5, 1, 1.5, 2, 3},
				Bands: []stateBand{{t0, t0 + 60, "INSUFFICIENT_DATA"}, {t0 + 60, t0 + 300, "OK"}, {t0 + 300, t0 + 430, "ALARM"}},
			},
		},
		{
			"between two changes", "ssh/refused", 100, 200,
			alarmValuesAnswer{
				From: t0 + 100, To: t0 + 200, Period: 60, Threshold: &threshold, Comparison: "≥", Times: []int64{t0 + 120}, Values: []float64{1},
				Bands: []stateBand{{t0 + 100, t0 + 200, "OK"}},
			},
		},
		{
			"behind all changes", "ssh/refused", 500, 510,
			alarmValuesAnswer{
				From: t0 + 500, To: t0 + 510, Period: 60, Threshold: &threshold, Comparison: "≥", Times: []int64{}, Values: []float64{}, Bands: []stateBand{{t0 + 500, t0 + 510, "ALARM"}},
			},
		},
		{
			"no values of its own", "any", 0, 600,
			alarmValuesAnswer{From: t0, To: t0 + 600, Times: []int64{}, Values: []float64{}, Bands: []stateBand{{t0 + 300, t0 + 600, "ALARM"}}},
		},
	} {
		if diff := cmp.Diff(tc.want, get(tc.of, tc.from, tc.to)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tc.name, diff)
		}
	}
	if ahead := get("ssh/refused", 540, 900); ahead.To != t0+601 || len(ahead.Times) != 1 || ahead.Bands[0].To != t0+601 {
		t.Errorf("ahead of the clock: %+v", ahead)
	}
	// A state counts from the second in which it began.
	w.do(w.alarms.SetState(t.Context(), "ssh/refused", alarm.OK, "over", ""))
	if last := get("ssh/refused", 540, 900).Bands; len(last) != 2 || last[1] != (stateBand{t0 + 600, t0 + 601, "OK"}) {
		t.Errorf("states: %+v", last)
	}
	w.at(1e6)
	for name, want := range map[string]string{
		values("ssh/refused", 0, 60*(mostValues+1), 400):                       "the range has more than 2000 periods",
		values("gone", 0, 60, 404):                                             "there is no alarm of this name",
		send(t, w.h, "GET", "/api/v1/alarm-values?name=any", "").Body.String(): "the values of an alarm need a range",
	} {
		if !strings.Contains(name, want) {
			t.Errorf("got %s, want %q", name, want)
		}
	}
	w.failing = errors.New("the disk is gone")
	if got := values("ssh/refused", 0, 600, 500); !strings.Contains(got, "the disk is gone") {
		t.Errorf("got %s", got)
	}
}

// TestStatesAreDrawnAsHistoryHasThem deletes an alarm and makes another one of its name.
func TestStatesAreDrawnAsHistoryHasThem(t *testing.T) {
	w := newWatched(t)
	w.fill()
	ctx := t.Context()
	w.at(400)
	w.do(w.alarms.Delete(ctx, []string{"any"}))
	w.do(w.alarms.Delete(ctx, []string{"query"}))
	w.at(500)
	w.do(w.alarms.Put(ctx, alarm.Definition{Name: "query", Metric: &alarm.Metric{
		Metric: metricstore.Metric{Namespace: "n", Name: "m"}, Statistic: "Sum", Period: 60, EvaluationPeriods: 1, Threshold: 1, Comparison: "LessThanThreshold",
	}}, nil))
	w.at(600)
	path := fmt.Sprintf("/api/v1/alarm-values?name=query&from=%d&to=%d", t0, t0+600)
	got := decoded[alarmValuesAnswer](t, w.h, "GET", path, "", 200)
	if diff := cmp.Diff([]stateBand{{t0 + 300, t0 + 400, "INSUFFICIENT_DATA"}, {t0 + 500, t0 + 600, "INSUFFICIENT_DATA"}}, got.Bands); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBehindAnAlarm(t *testing.T) {
	w := newWatched(t)
	w.fill()
	w.rule(7)
	const path = "/api/v1/alarm-behind?name="
	w.behind = &Behind{
		From: t0, To: t0 + 180, Groups: []string{"/weir/flow-logs"}, Matched: 12, Sources: []Counted{{"192.0.2.6", "scanner", 7}}, Targets: []Counted{{"10.0.0.2 port 22/tcp", "", 12}},
		Interfaces: []Counted{{"eni-1", "web", 12}}, Next: []string{"weir why 192.0.2.6 10.0.0.2:22/tcp"},
	}
	got := decoded[behindAnswer](t, w.h, "GET", path+"ssh/refused", "", 200)
	report, err := w.rules.Report(t.Context(), contributor.ReportRequest{Name: "refused", From: t0, To: t0 + 180, Period: 60, MaxContributors: 5})
	if err != nil {
		t.Fatal(err)
	}
	top := ruleTop{Rule: "refused", Keys: report.KeyLabels, Statistic: "SampleCount"}
	for _, c := range report.Contributors {
		top.Contributors = append(top.Contributors, ruleTopRow{c.Keys, c.Value})
	}
	if len(top.Contributors) != 5 || top.Contributors[0].Value != 3 {
		t.Fatalf("the report has %+v", top)
	}
	went := int64(t0 + 300)
	want := behindAnswer{
		At: &went, From: t0, To: t0 + 180, Groups: w.behind.Groups, Matched: 12, Sources: w.behind.Sources, Targets: w.behind.Targets, Interfaces: w.behind.Interfaces, Says: []string{}, Next: w.behind.Next,
		Ask:   []askedQuery{{"The log events of this time", "insights", "SOURCE '/weir/flow-logs' | fields @timestamp, @message\n| sort @timestamp desc"}},
		Rules: []ruleTop{top},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantAsked := alarm.Transition{Old: alarm.OK, New: alarm.Alarm, Reason: "Threshold Crossed: 2 datapoints", ReasonData: `{"version":"1.0","threshold":20.5}`, Time: (t0 + 300) * 1000}
	if len(w.asked) != 1 || cmp.Diff(wantAsked, w.asked[0].Transition) != "" || w.asked[0].Definition.Name != "ssh/refused" {
		t.Errorf("asked of %+v", w.asked)
	}

	w.behind = &Behind{From: t0, To: t0 + 60, Rules: []string{"other"}}
	if other := decoded[behindAnswer](t, w.h, "GET", path+"ssh/refused", "", 200); len(other.Rules) != 0 || len(other.Ask) != 0 || other.Sources == nil {
		t.Errorf("without log events: %+v", other)
	}
	never := decoded[behindAnswer](t, w.h, "GET", path+"share", "", 200)
	if never.At != nil || never.Rules == nil {
		t.Errorf("never in ALARM: %+v", never)
	}
	w.at(600)
	w.do(w.alarms.SetState(t.Context(), "query", alarm.Alarm, "six", ""))
	w.behind = &Behind{From: t0 + 300, To: t0 + 600, Groups: w.behind.Groups}
	query := decoded[behindAnswer](t, w.h, "GET", path+"query", "", 200)
	if diff := cmp.Diff([]askedQuery{{"The query of the alarm", "insights", "SOURCE '/weir/flow-logs' | filter action = 'REJECT'"}}, query.Ask); diff != "" || query.From != t0+300 || query.To != t0+600 {
		t.Errorf("%s from %d to %d", diff, query.From-t0, query.To-t0)
	}
	w.failing = errors.New("no log group")
	decoded[map[string]problem](t, w.h, "GET", path+"ssh/refused", "", 500)
}

func TestSilence(t *testing.T) {
	w := newWatched(t)
	w.fill()
	w.at(400)
	body := func(name string, until any) string { return fmt.Sprintf(`{"name":%q,"until":%v}`, name, until) }
	got := decoded[alarmHead](t, w.h, "POST", "/api/v1/silence", body("ssh/refused", t0+4000), 200)
	if got.SilencedUntil == nil || *got.SilencedUntil != t0+4000 {
		t.Errorf("silenced until %v", got.SilencedUntil)
	}
	if d, err := w.alarms.Alarm(t.Context(), "ssh/refused"); err != nil || d.SilencedUntil != (t0+4000)*1000 {
		t.Errorf("kept %d, %v", d.SilencedUntil, err)
	}
	if forever := decoded[alarmHead](t, w.h, "POST", "/api/v1/silence", body("ssh/refused", int64(lastMoment)), 200); forever.SilencedUntil == nil || *forever.SilencedUntil != lastMoment {
		t.Errorf("silenced until %v", forever.SilencedUntil)
	}
	if off := decoded[alarmHead](t, w.h, "POST", "/api/v1/silence", body("ssh/refused", 0), 200); off.SilencedUntil != nil {
		t.Errorf("silenced until %d", *off.SilencedUntil)
	}
	for _, tc := range []struct {
		name, body string
		status     int
	}{
		{"no time", `{"name":"ssh/refused"}`, 400},
		{"a time before all", body("ssh/refused", -1), 400},
		{"a time behind all", body("ssh/refused", int64(lastMoment)+1), 400},
		{"no alarm", body("gone", 0), 404},
		{"another member", `{"name":"ssh/refused","until":0,"why":""}`, 400},
	} {
		if w := send(t, w.h, "POST", "/api/v1/silence", tc.body); w.Code != tc.status {
			t.Errorf("%s: status %d: %s", tc.name, w.Code, w.Body)
		}
	}
	if w := send(t, w.h, "POST", "/api/v1/silence", body("ssh/refused", 0), "Content-Type", "text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a form: status %d", w.Code)
	}
}

func TestContributorsAreThoseOfTheReport(t *testing.T) {
	w := newWatched(t)
	w.rule(120)
	rules := decoded[rulesAnswer](t, w.h, "GET", "/api/v1/rules", "", 200)
	if len(rules.Rules) != 1 || !rules.Rules[0].Enabled || rules.Rules[0].Name != "refused" || rules.Rules[0].Statistic != "SampleCount" || len(rules.Ready) != len(contributor.ReadyRules()) {
		t.Errorf("rules %+v", rules)
	}
	path := fmt.Sprintf("/api/v1/contributors?rule=refused&from=%d&to=%d", t0+70, t0+60*90-1)
	got := decoded[struct {
		Result           string
		Columns          []columnAnswer
		Rows             [][]any
		Aggregate        float64
		Unique, From, To int64
		More             bool
		Notes            []string
		Statistic, Rule  string
	}](t, w.h, "GET", path, "", 200)
	report, err := w.rules.Report(t.Context(), contributor.ReportRequest{Name: "refused", From: t0 + 60, To: t0 + 60*90, Period: 60, MaxContributors: 100})
	if err != nil {
		t.Fatal(err)
	}
	if got.Aggregate != report.AggregateValue || got.Unique != report.UniqueContributors || got.Unique != 119 || got.From != t0+60 || got.To != t0+60*90 || !got.More || got.Rule != "refused" || got.Statistic != "SampleCount" {
		t.Errorf("all of %+v, want %v of %d", got, report.AggregateValue, report.UniqueContributors)
	}
	if diff := cmp.Diff([]columnAnswer{{"srcaddr", "text", ""}, {"SampleCount", "number", ""}}, got.Columns); diff != "" {
		t.Error(diff)
	}
	shown := got.Rows
	want := [][]any{}
	for _, c := range report.Contributors {
		want = append(want, []any{c.Keys[0], c.Value})
	}
	if diff := cmp.Diff(want, shown); diff != "" || len(shown) != 100 {
		t.Errorf("-report +shown:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"These are the first 100 of 119 contributors; a report names no more."}, got.Notes); diff != "" {
		t.Error(diff)
	}

	// The file has the rows that were shown, also where more were counted since; asked anew, it has those of now.
	w.rule(1)
	export := func(result string) [][]any {
		t.Helper()
		body := fmt.Sprintf(`{"rule":"refused","from":%d,"to":%d,"format":"csv","name":"n","result":%q}`, t0, t0+60*90, result)
		answer := send(t, w.h, "POST", "/api/v1/export", body)
		lines, err := csv.NewReader(answer.Body).ReadAll()
		if err != nil || answer.Code != 200 {
			t.Fatal(answer.Code, err)
		}
		out := [][]any{}
		for _, l := range lines[1:] {
			n, err := strconv.ParseFloat(l[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, []any{l[0], n})
		}
		return out
	}
	if diff := cmp.Diff(shown, export(got.Result)); diff != "" {
		t.Errorf("-shown +exported:\n%s", diff)
	}
	if anew := export(""); anew[0][1] != 90.0 || len(anew) != 100 {
		t.Errorf("anew %v...", anew[0])
	}
	for _, tc := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/api/v1/contributors?rule=gone&from=1&to=99", "", 404},
		{"GET", "/api/v1/contributors?from=1&to=99", "", 400},
		{"GET", "/api/v1/contributors?rule=refused", "", 400},
		{"GET", "/api/v1/contributors?rule=refused&from=0&to=1767225600", "", 400},
		{"POST", "/api/v1/export", `{"rule":"gone","from":1,"to":99,"format":"csv"}`, 404},
		{"POST", "/api/v1/export", `{"rule":"refused","from":99,"to":1,"format":"csv"}`, 400},
		{"POST", "/api/v1/query", `{"rule":"refused","from":1,"to":99}`, 400},
		{"POST", "/api/v1/export", `{"rule":"refused","language":"sql","text":"SELECT 1","from":1,"to":99,"format":"csv"}`, 400},
		{"POST", "/api/v1/export", `{"interfaces":"eni-3","language":"sql","text":"SELECT 1","from":1,"to":99,"format":"csv"}`, 400},
	} {
		if answer := send(t, w.h, tc.method, tc.path, tc.body); answer.Code != tc.status {
			t.Errorf("%s %s %s: status %d, want %d: %s", tc.method, tc.path, tc.body, answer.Code, tc.status, answer.Body)
		}
	}
	for _, rule := range []string{"refused", "top-refused-ports"} {
		path := fmt.Sprintf("/api/v1/contributors?rule=%s&interfaces=eni-3&from=%d&to=%d", rule, t0, t0+60*90)
		if p := decoded[map[string]problem](t, w.h, "GET", path, "", 400)["error"]; p.Param != "interfaces" {
			t.Errorf("%s: problem %+v", rule, p)
		}
	}
}

func TestNotesOfReports(t *testing.T) {
	got := reportNotes(&contributor.Report{
		Skipped: contributor.Skipped{Large: 2, LargeSum: 3e9, NoNumber: 1}, Unfit: []contributor.Unfit{{Group: "/g", Reason: "it has no field 4"}},
	})
	want := []string{
		"2 log events did not count: their values are beyond 1,000,000,000, and together 3000000000.", "1 log events did not count: their values are no numbers.",
		"Nothing of the log group /g counts: it has no field 4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutWhatWatches(t *testing.T) {
	h := New(testDeps(t))
	for _, path := range []string{"alarms", "alarm?name=a", "rules", "contributors?rule=r&from=1&to=2"} {
		if status, body := get(t, h, "/api/v1/"+path); status != http.StatusNotFound {
			t.Errorf("%s: status %d: %s", path, status, body)
		}
	}
	if answer := send(t, h, "POST", "/api/v1/export", `{"rule":"r","from":1,"to":2,"format":"csv"}`); answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), "there are no rules") {
		t.Errorf("export: status %d: %s", answer.Code, answer.Body)
	}
}

type anyAlarms = Alarms

// silentAlarms are alarms of which only changes are told.
type silentAlarms struct {
	anyAlarms
	changes chan struct{}
}

func (s silentAlarms) Changes(context.Context) <-chan struct{} { return s.changes }

func TestEventsTellOfAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := testDeps(t)
		changes := make(chan struct{})
		d.Watching = &Watching{Alarms: silentAlarms{changes: changes}}
		ctx, leave := context.WithCancel(t.Context())
		w := &streamWriter{http.Header{}, make(chan string)}
		over := make(chan bool)
		go func() {
			New(d).ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/events", nil))
			close(over)
		}()
		<-w.writes
		changes <- struct{}{}
		if got := <-w.writes; got != "event: alarms\ndata: {}\n\n" {
			t.Errorf("got %q", got)
		}
		leave()
		<-over
	})
}

// TestReadyRulesCountRecords counts ready rules over the records of the lake, also where their columns are larger than a number of JavaScript.
func TestReadyRulesCountRecords(t *testing.T) {
	w := newWatched(t)
	type answer struct {
		Columns   []columnAnswer
		Rows      [][]any
		Ready     bool
		Statistic string
		Aggregate any
		Unique    int64
		Notes     []string
	}
	integer := func(name string) columnAnswer { return columnAnswer{name, "integer", ""} }
	text := func(name string) columnAnswer { return columnAnswer{name, "text", ""} }
	for _, tc := range []struct {
		rule      string
		more      string
		columns   []columnAnswer
		rows      [][]any
		statistic string
		aggregate float64
	}{
		{
			"top-sources-by-bytes", "",
			[]columnAnswer{text("srcaddr"), integer("Sum")},
			[][]any{{"10.0.0.2", 5000.0}, {"10.0.0.1", 1060.0}, {"10.0.0.9", 400.0}, {"10.0.0.3", 300.0}, {"2001:db8::1", 200.0}},
			"Sum", 6960,
		},
		{
			"top-sources-by-records", "&to=1767225661",
			[]columnAnswer{text("srcaddr"), integer("SampleCount")},
			[][]any{{"10.0.0.1", 2.0}, {"10.0.0.3", 2.0}, {"10.0.0.2", 1.0}, {"2001:db8::1", 1.0}},
			"SampleCount", 6,
		},
		{
			"top-destinations-by-rejects", "", []columnAnswer{text("dstaddr"), integer("SampleCount")}, [][]any{{"10.0.0.2", 2.0}}, "SampleCount", 2,
		},
		{
			"top-refused-ports", "", []columnAnswer{text("protocol"), text("dstport"), integer("SampleCount")}, [][]any{{"6", "22", 1.0}, {"6", "3389", 1.0}}, "SampleCount", 2,
		},
		{
			"top-nat-gateway-talkers", "&interfaces=eni-3,+eni-9", []columnAnswer{text("srcaddr"), text("dstaddr"), integer("Sum")}, [][]any{{"10.0.0.9", "10.0.0.2", 400.0}}, "Sum", 400,
		},
		{
			"top-sources-by-rejects", "&from=1767225840&to=1767225841", []columnAnswer{text("srcaddr"), integer("SampleCount")}, [][]any{}, "SampleCount", 0,
		},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			path := "/api/v1/contributors?rule=" + tc.rule + tc.more
			if !strings.Contains(tc.more, "from=") {
				path += "&from=1767225601"
			}
			if !strings.Contains(tc.more, "to=") {
				path += "&to=1767229200"
			}
			got := decoded[answer](t, w.h, "GET", path, "", 200)
			want := answer{tc.columns, tc.rows, true, tc.statistic, tc.aggregate, int64(len(tc.rows)), []string{"The rule is not kept: this is counted over the records of the lake, each of them."}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	p := decoded[map[string]problem](t, w.h, "GET", "/api/v1/contributors?rule=top-nat-gateway-talkers&from=1&to=99", "", 400)["error"]
	if p.Param != "interfaces" || p.Hint == "" {
		t.Errorf("problem %+v", p)
	}
	body := `{"rule":"top-nat-gateway-talkers","interfaces":"eni-3","from":1767225600,"to":1767229200,"format":"csv","name":"n"}`
	if got := send(t, w.h, "POST", "/api/v1/export", body).Body.String(); got != "srcaddr,dstaddr,Sum\n10.0.0.9,10.0.0.2,400\n" {
		t.Errorf("exported %q", got)
	}
}

// runs is a source of log alarms whose query gives the minutes since t0, and each fourth minute nothing.
type runs struct{ alarm.Source }

func (runs) Settle(context.Context, int64) error { return nil }

func (runs) LogResult(_ context.Context, _ *alarm.Log, at int64) (alarm.LogResult, error) {
	minutes := (at - t0) / 60
	return alarm.LogResult{Value: float64(minutes), Missing: minutes%4 == 0, Rows: minutes}, nil
}

func (runs) Lateness(context.Context, *alarm.Metric) (int64, error) {
	return 0, errors.New("not asked for here")
}

// manyRuns are alarms whose queries ran each second.
type manyRuns struct{ anyAlarms }

func (manyRuns) Results(_ context.Context, _ string, from, to int64, limit int) ([]alarm.Result, error) {
	var out []alarm.Result
	for at := max(from, to-int64(limit)+1); at <= to; at++ {
		out = append(out, alarm.Result{Time: at, Value: 1})
	}
	return out, nil
}

// TestValuesOfALogAlarm draws what the runs of its query gave.
func TestValuesOfALogAlarm(t *testing.T) {
	w := newWatched(t)
	w.do(w.alarms.Put(t.Context(), alarm.Definition{Name: "query", Log: &alarm.Log{
		Query: "filter action = 'REJECT'", LogGroups: []string{"/weir/flow-logs"}, RoleARN: "arn:aws:iam::111111111111:role/r", Schedule: "rate(1 minute)", StartOffset: 300,
		Aggregation: "count(*)", ResultsToEvaluate: 1, ResultsToAlarm: 1, Threshold: 5, Comparison: "GreaterThanThreshold",
	}}, nil))
	for second := int64(60); second <= 360; second += 60 {
		w.at(second)
		if _, err := w.alarms.Step(t.Context(), runs{}); err != nil {
			t.Fatal(err)
		}
	}
	get := func(from, to int64) alarmValuesAnswer {
		t.Helper()
		return decoded[alarmValuesAnswer](t, w.h, "GET", fmt.Sprintf("/api/v1/alarm-values?name=query&from=%d&to=%d", t0+from, t0+to), "", 200)
	}
	threshold := 5.0
	want := alarmValuesAnswer{
		From: t0 + 60, To: t0 + 360, Threshold: &threshold, Comparison: ">", Runs: []int64{t0 + 60, t0 + 120, t0 + 180, t0 + 240, t0 + 300},
		Times: []int64{t0 + 60, t0 + 120, t0 + 180, t0 + 300}, Values: []float64{1, 2, 3, 5}, Bands: []stateBand{{t0 + 60, t0 + 240, "OK"}, {t0 + 240, t0 + 300, "INSUFFICIENT_DATA"}, {t0 + 300, t0 + 360, "OK"}},
	}
	if diff := cmp.Diff(want, get(60, 360)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if none := get(0, 60); none.Runs == nil || len(none.Runs)+len(none.Values) != 0 {
		t.Errorf("before the first run: %+v", none)
	}
	w.behind = &Behind{From: t0, To: t0 + 300, Says: []string{"Its query selected no log events."}}
	got := decoded[behindAnswer](t, w.h, "GET", "/api/v1/alarm-behind?name=query", "", 200)
	if !slices.Equal(got.Says, w.behind.Says) || got.From != t0 || got.To != t0+300 || !slices.Equal(got.Groups, []string{"/weir/flow-logs"}) || len(got.Ask) != 1 {
		t.Errorf("behind it: %+v", got)
	}
	w.at(1e6)
	w.watching.Alarms = manyRuns{w.alarms}
	if many := get(0, 1e6); len(many.Runs) != mostValues || many.Runs[mostValues-1] != t0+1e6-1 || !strings.Contains(many.Note, "the last 2000 are drawn") {
		t.Errorf("%d runs, up to %d, note %q", len(many.Runs), many.Runs[len(many.Runs)-1]-t0, many.Note)
	}
}
