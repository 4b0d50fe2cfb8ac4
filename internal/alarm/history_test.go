package alarm

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"weir/internal/sharedtest"
)

func TestHistory(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.put(onMetric("a", 1))
	w.put(onAlarms("c", "ALARM(a)"))
	for i := range int64(6) {
		w.setState(i*10, "a", []State{OK, Alarm}[i%2])
	}
	get := func(r HistoryRequest) (out []HistoryItem) {
		t.Helper()
		out, err := w.store.History(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	all := get(HistoryRequest{Limit: 100})
	if len(all) != 2+1+6+5 { // two definitions, and the states of both
		t.Errorf("%d items", len(all))
	}
	up := get(HistoryRequest{Limit: 100, Ascending: true})
	slices.Reverse(up)
	if !reflect.DeepEqual(up, all) {
		t.Error("ascending is not descending the other way round")
	}
	// Pages of any length are the whole.
	for _, ascending := range []bool{true, false} {
		for limit := 1; limit < 6; limit++ {
			var got []HistoryItem
			r := HistoryRequest{Ascending: ascending, Limit: limit}
			for page := get(r); len(page) > 0; page = get(r) {
				got = append(got, page...)
				r.After = &page[len(page)-1]
			}
			if ascending {
				slices.Reverse(got)
			}
			if !reflect.DeepEqual(got, all) {
				t.Errorf("pages of %d: %d items of %d", limit, len(got), len(all))
			}
		}
	}
	for i, test := range []struct {
		r    HistoryRequest
		want int
	}{
		{HistoryRequest{Name: "a"}, 7},
		{HistoryRequest{Name: "a", ItemType: itemConfiguration}, 1},
		{HistoryRequest{Types: []string{"CompositeAlarm"}}, 7},
		{HistoryRequest{Types: []string{"CompositeAlarm", "MetricAlarm"}}, 14},
		{HistoryRequest{Types: []string{"LogAlarm"}}, 0},
		{HistoryRequest{ItemType: itemStateUpdate, From: (start + 10) * 1000, To: (start + 20) * 1000}, 4},
		{HistoryRequest{ItemType: itemStateUpdate, From: (start+10)*1000 + 1}, 8},
		{HistoryRequest{Limit: 3}, 3},
	} {
		if test.r.Limit == 0 {
			test.r.Limit = 100
		}
		if got := get(test.r); len(got) != test.want {
			t.Errorf("%d: %d items, not %d", i, len(got), test.want)
		}
	}
	// It outlives the alarm, and ends after thirty days.
	if err := w.store.Delete(ctx, []string{"a", "c"}); err != nil {
		t.Fatal(err)
	}
	if got := get(HistoryRequest{Name: "a", Limit: 100}); len(got) != 8 || got[0].Summary != `Alarm "a" deleted` {
		t.Errorf("%d items, %v", len(got), got[0])
	}
	w.set(30*day + 20)
	w.step()
	if got := get(HistoryRequest{Name: "a", Limit: 100}); len(got) != 5 {
		t.Errorf("after 30 days: %d items", len(got))
	}
	var left int
	if err := w.store.db.QueryRowContext(ctx, "SELECT count(*) FROM history WHERE name = 'a'").Scan(&left); err != nil || left != 5 {
		t.Errorf("%d are kept: %v", left, err)
	}
	if got := w.actions(); len(got) == 0 {
		t.Error("actions of an alarm that was deleted are lost")
	}
}

func TestLongHistory(t *testing.T) {
	w := newWorld(t)
	w.put(onMetric("a", 1))
	w.put(onMetric(strings.Repeat("ä", 255), 1))
	long := `"` + strings.Repeat("x", 3990) + `"`
	for i, s := range []State{OK, Alarm, OK} {
		w.set(int64(i))
		if err := w.store.SetState(t.Context(), "a", s, "why", long); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.store.History(t.Context(), HistoryRequest{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range list {
		if len(h.Data) > maxHistoryData || !json.Valid([]byte(h.Data)) || len(h.Summary) > maxSummary || strings.ToValidUTF8(h.Summary, "?") != h.Summary {
			t.Errorf("%q has %d bytes of data", h.Summary, len(h.Data))
		}
	}
}

func TestOutbox(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.put(onMetric("a", 1))
	w.setState(0, "a", Alarm)
	select {
	case <-w.store.ActionsReady():
	default:
		t.Error("nobody is told of an action")
	}
	first, err := w.store.Actions(ctx)
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	// The action is of the alarm as it was, whatever becomes of that.
	changed := onMetric("a", 2)
	changed.Actions.Alarm = nil
	w.put(changed)
	if err := w.store.Delete(ctx, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	select {
	case <-w.store.ActionsReady():
	default:
		t.Error("nobody is told after a restart")
	}
	again, err := w.store.Actions(ctx)
	if err != nil || !reflect.DeepEqual(first, again) {
		t.Errorf("%+v\n%+v %v", first, again, err)
	}
	if a := again[0]; a.Definition.Metric.EvaluationPeriods != 1 || a.Target != toAlarm || a.Old != InsufficientData || a.New != Alarm || a.Time != start*1000 || a.Number != 1 {
		t.Errorf("%+v", a)
	}
	// One that is made again under the name has other ids.
	w.put(onMetric("a", 1))
	w.setState(1, "a", Alarm)
	both, err := w.store.Actions(ctx)
	if err != nil || len(both) != 2 || both[0].ID == both[1].ID {
		t.Fatal(both, err)
	}
	for _, done := range []struct {
		id   string
		ok   bool
		text string
	}{{both[0].ID, false, "no such topic"}, {both[0].ID, true, "twice"}, {"unknown", true, ""}, {both[1].ID, true, strings.Repeat("long", 2000)}} {
		if err := w.store.ActionDone(ctx, done.id, done.ok, done.text); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.store.History(ctx, HistoryRequest{ItemType: itemAction, Ascending: true, Limit: 10})
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if want := `{"actionState":"Failed","error":"no such topic","notificationResource":"` + toAlarm + `","stateUpdateTimestamp":1700002800000}`; list[0].Data != want ||
		list[0].Summary != "Failed to execute action "+toAlarm+`. Received error: "no such topic"` {
		t.Errorf("%+v", list[0])
	}
	if want := `{"actionState":"Succeeded","notificationResource":"` + toAlarm + `","stateUpdateTimestamp":1700002801000}`; list[1].Data != want ||
		list[1].Summary != "Successfully executed action "+toAlarm {
		t.Errorf("%+v", list[1])
	}
	// More than are returned at once come in their order.
	for i := range int64(150) {
		w.setState(10+i, "a", []State{OK, Alarm}[i%2])
	}
	var got []string
	for some := w.actions(); len(some) > 0; some = w.actions() {
		got = append(got, some...)
	}
	if len(got) != 150 || got[0] != "a OK "+toOK || got[149] != "a ALARM "+toAlarm {
		t.Errorf("%d actions", len(got))
	}
}

// TestMessages holds messages against those that AWS sent: in its recorded answers, and in public ones, with names of another account.
func TestMessages(t *testing.T) {
	topic := []string{"arn:aws:sns:us-west-2:1:t"}
	recorded := func(name string) map[string]any {
		t.Helper()
		text, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "localstack-aws-snapshots", "cloudwatch__test_cloudwatch.snapshot.json"))
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]struct {
			Recorded map[string]json.RawMessage `json:"recorded-content"`
		}
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
		var out map[string]any
		if err := json.Unmarshal(all["tests/aws/services/cloudwatch/test_cloudwatch.py::TestCloudwatch::test_put_metric_alarm"].Recorded[name], &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	w := newWorld(t)
	d := onMetric("<alarm-name:1>", 1)
	d.Description = "testing cloudwatch alarms"
	d.Actions = Actions{Enabled: true, OK: topic, Alarm: topic}
	d.Metric.Metric.Name, d.Metric.Metric.Namespace, d.Metric.Metric.Dimensions = "my-metric1", "<namespace:1>", dimension("InstanceId", "abc")
	d.Metric.Unit, d.Metric.Period, d.Metric.Threshold, d.Metric.Statistic, d.Metric.TreatMissingData = "Seconds", 10, 21, "Average", ignore
	w.put(d)
	w.mu.Lock()
	w.values["my-metric1"] = map[int64]Datapoint{start - 10: {Time: start - 10, Value: 21.5, SampleCount: 2}}
	w.mu.Unlock()
	w.step()
	list, err := w.store.Actions(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	subject, body, err := Message(list[0], "111111111111", "us-east-1")
	if err != nil || subject != `ALARM: "<alarm-name:1>" in US East (N. Virginia)` {
		t.Errorf("%s %v", subject, err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := recorded("alarm-triggered-sqs-msg")
	// What the record hides: names of things of its own, and times.
	maps.Copy(want, map[string]any{
		"AlarmArn": "arn:aws:cloudwatch:us-east-1:111111111111:alarm:<alarm-name:1>", "Region": "US East (N. Virginia)", "OKActions": []any{topic[0]}, "AlarmActions": []any{topic[0]},
		"StateChangeTime": "2023-11-14T23:00:00.000+0000", "AlarmConfigurationUpdatedTimestamp": "2023-11-14T23:00:00.000+0000",
		"NewStateReason": strings.ReplaceAll(want["NewStateReason"].(string), "MM/DD/YY HH:MM:SS", "14/11/23 22:59:50"),
	})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nAWS sends %v", got, want)
	}
	history := recorded("describe-alarm-history")["AlarmHistoryItems"].([]any)[0].(map[string]any)
	items, err := w.store.History(t.Context(), HistoryRequest{ItemType: itemStateUpdate, Limit: 1})
	if err != nil || len(items) != 1 || items[0].Summary != history["HistorySummary"] || items[0].AlarmType != history["AlarmType"] {
		t.Fatalf("%+v %v", items, err)
	}
	text := strings.NewReplacer("2023-11-14T23:00:00.000+0000", "date", "2023-11-14T22:59:50.000+0000", "date", "14/11/23 22:59:50", "MM/DD/YY HH:MM:SS").Replace(items[0].Data)
	var data map[string]any
	if err := json.Unmarshal([]byte(text), &data); err != nil || !reflect.DeepEqual(data, history["HistoryData"]) {
		t.Errorf("%s\nAWS has %v", text, history["HistoryData"])
	}
}
