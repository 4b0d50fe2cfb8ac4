package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/alarm"
	"weir/internal/insights"
)

// TestLogAlarmEvidence names who is in the records that the query of a log alarm selected, or that its stats were made of.
func TestLogAlarmEvidence(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	a.filteredFlows(map[string]string{"refused": rejectPattern})
	const refused = "parse @message '* * * * * * * * * * * * * *' as v, acc, eni, src, dst, sport, dport, proto, pk, octets, st, en, act, status | filter act = 'REJECT'"
	for name, query := range map[string]string{
		"rows":    refused + " | fields eni, dport | sort dport",
		"stats":   refused + " | stats count(*) as n by dport | filter n > 1",
		"first":   refused + " | sort @timestamp desc | limit 1",
		"dedup":   refused + " | dedup dport",
		"pattern": refused + " | pattern @message",
		"totals":  refused + " | fields 1 as one | addtotals col=true one",
		"all":     "stats count(*)",
		"before":  refused + " | filter @timestamp < now() * 1000 - 57500",
	} {
		a.logAlarm(name, "flows", query, "count(*)", arn, 0)
	}
	a.composite("both", "ALARM(rows) AND ALARM(refused)", arn)
	a.putFlows(watchedDay.Add(time.Second),
		flowLine(1, "eni-1", 50000, 22, 40, "REJECT"), flowLine(2, "eni-1", 50001, 22, 40, "REJECT"), flowLine(3, "eni-2", 50002, 3389, 40, "REJECT"),
		flowLine(4, "eni-3", 50003, 22, 40, "ACCEPT"))
	a.at(watchedDay.Add(time.Minute + time.Second))
	a.at(watchedDay.Add(time.Minute + 2*time.Second)) // composite alarms answer to log alarms
	texts := a.texts()
	for of, want := range map[string][]string{
		"rows":    {"eni-1  2\n", "eni-2  1\n", "port 22/tcp    2\n", "10.0.0.1  3\n", "The log group flows has no LogFormat", "\n  weir logs tail flows --from 2026-03-02T12:00:00Z --to 2026-03-02T12:01:00Z --filter '\" 10.0.0.1 \"'\n", ", for 1 min.", "00  3 ####"},
		"stats":   {"eni-1  2\n", "eni-2  1\n", "00  1 ####"},
		"first":   {"eni-2  1\n", "port 3389/tcp  1\n"},
		"dedup":   {"eni-1  1\n", "eni-2  1\n"},
		"pattern": {"eni-1  2\n", "eni-2  1\n"},
		"totals":  {"can't be told"},
		"all":     {"eni-1  2\n", "eni-3  1\n", "10.0.0.1  4\n"},
		"before":  {"eni-1  2\n", "00  2 ####"}, // now() is the time of the run
		"both":    {"eni-1  2\n", "eni-2  1\n", "10.0.0.1  3\n", "rows is in ALARM since"},
	} {
		text := texts[of+" ALARM"]
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %q:\n%s", of, part, text)
			}
		}
		if of != "all" && strings.Contains(text, "eni-3") || of == "before" && strings.Contains(text, "eni-2  ") || of == "first" && strings.Contains(text, "eni-1") || of == "totals" && strings.Contains(text, "Top sources") {
			t.Errorf("%s names others:\n%s", of, text)
		}
	}
	d, err := a.s.AlarmDetails(t.Context(), "rows")
	if err != nil || d.Why == nil || d.Why.Events != 3 || d.Threshold != 0 || !slices.Equal(d.Runs, []AlarmRun{{watchedDay.Unix() + 60, false, 3, 3}}) || len(d.Points) != 1 {
		t.Errorf("its details: %+v, %v", d, err)
	}
	if d, err = a.s.AlarmDetails(t.Context(), "stats"); err != nil || !slices.Equal(d.Runs, []AlarmRun{{watchedDay.Unix() + 60, false, 1, 1}}) {
		t.Errorf("its details: %+v, %v", d, err)
	}
}

// TestLogAlarmEvidenceOfRuns takes the events of the runs that crossed the threshold, each event once.
func TestLogAlarmEvidenceOfRuns(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	a.filteredFlows(nil)
	a.call("monitoring", "PutLogAlarm", fmt.Sprintf(`{"AlarmName":"twice","QueryResultsToEvaluate":3,"QueryResultsToAlarm":2,"Threshold":0,"ComparisonOperator":"GreaterThanThreshold",
		"AlarmActions":[%q],"ScheduledQueryConfiguration":{"QueryString":"filter @message like /REJECT/","LogGroupIdentifiers":["flows"],"ScheduledQueryRoleARN":"arn:aws:iam::000000000000:role/r",
		"AggregationExpression":"count(*)","ScheduleConfiguration":{"ScheduleExpression":"rate(1 minute)","StartTimeOffset":120,"EndTimeOffset":0}}}`, arn), "")
	for minute, line := range []string{flowLine(1, "eni-1", 50000, 22, 40, "REJECT"), flowLine(61, "eni-2", 50000, 22, 40, "REJECT")} {
		a.putFlows(watchedDay.Add(time.Duration(minute)*time.Minute+time.Second), line)
		a.at(watchedDay.Add(time.Duration(minute+1)*time.Minute + time.Second))
	}
	text := a.texts()["twice ALARM"]
	for _, want := range []string{"eni-1  1\n", "eni-2  1\n", ", for 3 min.", ":00  1 ", ":00  2 "} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	// What a test or a drill tells of is the last run.
	for reason, want := range map[string]int64{"": 2, `{"results":[{"timestamp":"` + watchedDay.Add(time.Minute).Format("2006-01-02T15:04:05.000-0700") + `","value":1}]}`: 1} {
		d, err := a.w.alarms.Alarm(t.Context(), "twice")
		if err != nil {
			t.Fatal(err)
		}
		of := &alarm.Action{Definition: d.Definition, Transition: alarm.Transition{New: alarm.Alarm, ReasonData: reason, Time: a.clock().UnixMilli()}}
		if e, err := a.w.actions.evidence(t.Context(), of); err != nil || e.Matched != want {
			t.Errorf("%q: %+v, %v", reason, e, err)
		}
	}
	a.call("monitoring", "DeleteAlarms", `{"AlarmNames":["twice"]}`, "")
	gone := &alarm.Action{Definition: alarm.Definition{Name: "twice", Log: &alarm.Log{Query: "filter @message like /none/", LogGroups: []string{"flows"}, StartOffset: 60}}}
	gone.New, gone.Time = alarm.Alarm, a.clock().UnixMilli()
	if e, err := a.w.actions.evidence(t.Context(), gone); err != nil || e.Matched != 0 || !slices.Equal(e.Says, []string{"Its query selected no log events."}) {
		t.Errorf("of an alarm that is gone: %+v, %v", e, err)
	}
	// SOURCE chooses log groups, and a time that is counted from the run.
	gone.Definition.Log = &alarm.Log{Query: "SOURCE 'flows' START=-90s | filter @message like /REJECT/ | stats count(*)", StartOffset: 600}
	if e, err := a.w.actions.evidence(t.Context(), gone); err != nil || e.Matched != 1 || !slices.Equal(e.Groups, []string{"flows"}) || e.Interfaces[0].Value != "eni-2" {
		t.Errorf("of a query with SOURCE: %+v, %v", e, err)
	}
}

// TestEventsOf leaves of a query what keeps events.
func TestEventsOf(t *testing.T) {
	for text, want := range map[string]string{
		"stats count(*)": "",
		"filter a = 1 | stats count(*) by b | filter c > 1":      "filter a = 1",
		"filter a = 1 | pattern @message | stats count(*)":       "filter a = 1",
		"SOURCE 'g' START=-1h | stats count(*) as n":             "SOURCE \"g\" START=-1h",
		"fields a as b | dedup b | sort b | limit 3":             "fields a as b\n| dedup b\n| sort b\n| limit 3",
		"filter a like /stats/ | parse b '* *' as c, d | diff":   "filter a like /stats/\n| parse b \"* *\" as c, d",
		"unnest list into one | countFrequent one | display one": "unnest list into one",
	} {
		q, err := insights.ParseQuery(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := eventsOf(q).String(); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
