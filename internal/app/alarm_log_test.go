package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/alarm"
	"weir/internal/logstore"
)

// logAlarm puts an alarm that goes off where a query of the last minute gives more than some.
func (a *alerted) logAlarm(name, group, query, aggregation, topic string, more int) {
	a.t.Helper()
	a.call("monitoring", "PutLogAlarm", fmt.Sprintf(`{"AlarmName":%q,"QueryResultsToEvaluate":1,"QueryResultsToAlarm":1,"Threshold":%d,
		"ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"notBreaching","ActionLogLineCount":2,"AlarmActions":[%q],"OKActions":[%[3]q],"ScheduledQueryConfiguration":{
		"QueryString":%s,"LogGroupIdentifiers":[%s],"ScheduledQueryRoleARN":"arn:aws:iam::000000000000:role/r","AggregationExpression":%q,
		"ScheduleConfiguration":{"ScheduleExpression":"rate(1 minute)","StartTimeOffset":60}}}`, name, more, topic, quoted(query), quoted(group), aggregation), "")
}

// texts returns the texts for people of the messages that came, by alarm and state; in what order they come is open.
func (a *alerted) texts() map[string]string {
	a.t.Helper()
	out := map[string]string{}
	for _, m := range a.got {
		var body struct {
			AlarmName, NewStateValue string
			Weir                     weirMember
		}
		text, _ := m["Message"].(string)
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			a.t.Fatal(err)
		}
		out[body.AlarmName+" "+body.NewStateValue] = body.Weir.Text
	}
	return out
}

// TestLogAlarm runs the queries of log alarms on time, over a log group and over records of the lake, and is told of the lines.
func TestLogAlarm(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	a.call("logs", "CreateLogGroup", `{"logGroupName":"app"}`, "")
	a.call("logs", "CreateLogStream", `{"logGroupName":"app","logStreamName":"s"}`, "")
	dir := filepath.Join(t.TempDir(), "logs")
	deliver := func(name string, lines ...string) {
		t.Helper()
		deliverFile(t, dir, name, lines...)
		if _, err := a.s.Open(t.Context(), OpenRequest{Sources: []string{dir}, Brief: true, Follow: true}, nil); err != nil {
			t.Fatal(err)
		}
	}
	deliver("a.log", flowLine(0, "eni-1", 50000, 22, 40, "ACCEPT"))
	a.logAlarm("errors", "app", "filter @message like /ERROR/", "count(*)", arn, 10_001)
	a.logAlarm("rejects", FlowLogsGroup, "filter action = 'REJECT'", "sum(bytes)", arn, 999)
	a.at(watchedDay.Add(time.Minute + time.Second)) // nothing yet
	var events []logstore.InputEvent
	for i := range 10_002 {
		events = append(events, logstore.InputEvent{Timestamp: watchedDay.UnixMilli() + 60_000 + int64(i), Message: fmt.Appendf(nil, "ERROR %d", i)})
	}
	a.mu.Lock()
	a.now = watchedDay.Add(100 * time.Second)
	a.mu.Unlock()
	for part := range slices.Chunk(events, 5001) {
		if _, err := a.w.watch.store.Put(t.Context(), "app", "s", part, a.clock()); err != nil {
			t.Fatal(err)
		}
	}
	opened := filepath.Join(t.TempDir(), "opened")
	deliverFile(t, opened, "old.log", flowLine(64, "eni-3", 50000, 22, 9000, "REJECT"))
	if _, err := a.s.Open(t.Context(), OpenRequest{Sources: []string{opened}, Brief: true}, nil); err != nil { // backfilled: no alarm sees it
		t.Fatal(err)
	}
	deliver("b.log", flowLine(61, "eni-2", 50000, 22, 400, "REJECT"), flowLine(62, "eni-2", 50000, 23, 600, "REJECT"), flowLine(63, "eni-2", 50000, 22, 4000, "ACCEPT"))
	a.at(watchedDay.Add(2*time.Minute + time.Second))
	texts := a.texts()
	if diff := cmp.Diff([]string{"errors ALARM", "errors OK", "rejects ALARM", "rejects OK"}, slices.Sorted(maps.Keys(texts))); diff != "" {
		t.Fatal(diff)
	}
	for of, want := range map[string][]string{
		"errors ALARM":  {"10002.0", "\nERROR 10001\nERROR 10000\n"},
		"rejects ALARM": {"1000.0", "eni-2 10.0.0.1 10.0.0.2 50000 23 6", "eni-2 10.0.0.1 10.0.0.2 50000 22 6", "eni-2  2\n", "port 22/tcp  1\n", "port 23/tcp  1\n"},
	} {
		for _, part := range want {
			if !strings.Contains(texts[of], part) {
				t.Errorf("the message of %s does not say %q:\n%s", of, part, texts[of])
			}
		}
	}
	a.got = nil
	a.at(watchedDay.Add(3*time.Minute + time.Second))
	if diff := cmp.Diff([]string{"errors OK", "rejects OK"}, slices.Sorted(maps.Keys(a.texts()))); diff != "" {
		t.Error(diff)
	}
}

// TestLogAlarmQueries refuses queries that can't run, and says of alarms what became so.
func TestLogAlarmQueries(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	for query, want := range map[string]string{
		`"QueryString":"filter","LogGroupIdentifiers":["app"]`:                                                "QueryString",
		`"QueryString":"fields @message"`:                                                                     "no log group",
		`"QueryString":"SOURCE logGroups(namePrefix: ['a']) | fields @message","LogGroupIdentifiers":["app"]`: "SOURCE",
	} {
		_, err := a.s.CallAPI(t.Context(), "monitoring", "PutLogAlarm", []byte(`{"AlarmName":"a","QueryResultsToEvaluate":1,"QueryResultsToAlarm":1,"Threshold":1,
			"ComparisonOperator":"GreaterThanThreshold","ScheduledQueryConfiguration":{"ScheduledQueryRoleARN":"arn:aws:iam::000000000000:role/r","AggregationExpression":"count(*)",
			"ScheduleConfiguration":{"ScheduleExpression":"rate(1 minute)","StartTimeOffset":60},`+query+`}}`))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", query, err, want)
		}
	}
	a.logAlarm("missing", "gone", "filter @message like /ERROR/ | sort @message", "max(n)", arn, 1)
	a.at(watchedDay.Add(time.Minute + time.Second))
	d, err := a.w.alarms.Alarm(t.Context(), "missing")
	if err != nil || d.State != alarm.InsufficientData || d.EvaluationState != "EVALUATION_ERROR" || !strings.Contains(d.Reason, "gone") {
		t.Errorf("the alarm on a log group that is not there: %+v, %v", d, err)
	}
	_, err = a.s.ReplayAlarm(t.Context(), ReplayRequest{"missing", watchedDay, a.clock()})
	if u := new(UsageError); !errors.As(err, &u) || !strings.Contains(u.Message, "gone") || u.Hint != "" {
		t.Errorf("its replay: %v", err)
	}
	a.call("logs", "CreateLogGroup", `{"logGroupName":"gone"}`, "")
	a.at(watchedDay.Add(2*time.Minute + time.Second))
	if d, err = a.w.alarms.Alarm(t.Context(), "missing"); err != nil || d.State != alarm.OK || d.EvaluationState != "" {
		t.Errorf("the alarm on a log group that came: %+v, %v", d, err)
	}
}

// TestLogResult makes the number of a log alarm behind the query and, where no stats can stand there, of its rows: both are the same.
func TestLogResult(t *testing.T) {
	a, _ := newAlerted(t, watchedDay)
	a.call("logs", "CreateLogGroup", `{"logGroupName":"app"}`, "")
	a.call("logs", "CreateLogStream", `{"logGroupName":"app","logStreamName":"s"}`, "")
	var events []logstore.InputEvent
	for _, m := range []string{`{"d":{"b":5},"time-taken":3,"n":2}`, `{"d":{"b":7},"time-taken":1}`, `{"n":"much"}`} {
		events = append(events, logstore.InputEvent{Timestamp: watchedDay.UnixMilli(), Message: []byte(m)})
	}
	if _, err := a.w.watch.store.Put(t.Context(), "app", "s", events, a.clock()); err != nil {
		t.Fatal(err)
	}
	const fields = "fields @message, n, d.b, `time-taken`"
	for aggregation, want := range map[string]alarm.LogResult{
		"sum(d.b)": {Value: 12}, "max(time-taken)": {Value: 3}, "min(`time-taken`)": {Value: 1}, "avg(n)": {Value: 2}, "count(n)": {Value: 2}, "COUNT( * )": {Value: 3},
		"count(nothing)": {Missing: true},
	} {
		for _, query := range []string{fields, fields + " | sort @message | limit 100"} {
			l := &alarm.Log{Query: query, LogGroups: []string{"app"}, StartOffset: 60, Aggregation: aggregation}
			got, err := a.w.source.LogResult(t.Context(), l, watchedDay.Unix()+30)
			if strings.Contains(query, "limit") && want.Missing && err != nil && strings.Contains(err.Error(), "gives no field") {
				continue // of rows it is known that none has it
			}
			if err != nil || got.Value != want.Value || got.Missing != want.Missing || got.Rows != 3 {
				t.Errorf("%s of %s: %v, %v", aggregation, query, got, err)
			}
		}
	}
}
