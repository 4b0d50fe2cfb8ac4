package alarm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// put3 makes three metric alarms that are OK, and says that their actions are done.
func put3(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		w.put(onMetric(name, 1))
		w.value(name, -60, 1)
	}
	w.step()
	w.actions()
	return w
}

// setState sets a state at some seconds after start.
func (w *world) setState(seconds int64, name string, s State) {
	w.t.Helper()
	w.set(seconds)
	if err := w.store.SetState(w.t.Context(), name, s, "by the test", ""); err != nil {
		w.t.Fatal(err)
	}
}

func TestComposite(t *testing.T) {
	w := put3(t)
	w.put(onAlarms("p", `ALARM(a) OR ALARM("arn:aws:cloudwatch:us-east-1:111122223333:alarm:b")`))
	p := w.alarm("p")
	if p.State != OK || p.Reason != "arn:aws:cloudwatch:us-east-1:111122223333:alarm:p was created and its alarm rule evaluates to OK" {
		t.Errorf("%+v", p)
	}
	if got := w.actions(); !slices.Equal(got, []string{"p OK " + toOK}) {
		t.Errorf("when it is created: %q", got)
	}
	w.put(onAlarms("q", "ALARM(p) AND NOT ALARM(c)"))
	w.actions()

	// Both children change in one evaluation: each composite alarm answers once.
	w.value("a", 0, 11)
	w.value("b", 0, 11)
	w.value("c", 0, 1)
	w.run(60)
	if got, want := w.actions(), []string{"a ALARM " + toAlarm, "b ALARM " + toAlarm, "p ALARM " + toAlarm, "q ALARM " + toAlarm}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	p = w.alarm("p")
	if want := "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a transitioned to ALARM at Tuesday 14 November, 2023 23:01:00 UTC"; p.Reason != want {
		t.Errorf("%s", p.Reason)
	}
	want := `{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:a","state":{"value":"ALARM","timestamp":"2023-11-14T23:01:00.000+0000"}},` +
		`{"arn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:b","state":{"value":"ALARM","timestamp":"2023-11-14T23:01:00.000+0000"}}]}`
	if p.ReasonData != want {
		t.Errorf("%s", p.ReasonData)
	}
	// The second child changes nothing, as in AWS's recorded answers; a state that was set stays until a child changes.
	w.setState(70, "b", OK)
	if got := w.actions(); !slices.Equal(got, []string{"b OK " + toOK}) {
		t.Errorf("%q", got)
	}
	w.setState(75, "p", InsufficientData)
	w.actions()
	w.value("a", 60, 11)
	w.value("b", 60, 1)
	w.value("c", 60, 1)
	w.run(120)
	if got := w.alarm("p").State; got != InsufficientData {
		t.Errorf("no child has changed: %s", got)
	}
	w.setState(130, "b", Alarm)
	if got := w.alarm("p").State; got != Alarm {
		t.Errorf("a child has changed: %s", got)
	}
	// An update is judged at once.
	w.put(onAlarms("p", "FALSE"))
	if got := w.alarm("p"); got.State != OK || !strings.HasSuffix(got.Reason, "alarm:p was updated and its alarm rule evaluates to OK") {
		t.Errorf("%+v", got)
	}
	if got := w.alarm("q").State; got != OK {
		t.Errorf("what is on an updated one: %s", got)
	}
}

func TestNamesOfComposites(t *testing.T) {
	w := put3(t)
	w.put(onAlarms("p", "ALARM(a)"))
	w.put(onAlarms("q", "ALARM(p)"))
	suppressed := onAlarms("s", "ALARM(a)")
	suppressed.Composite.Suppressor = "c"
	w.put(suppressed)
	for rule, want := range map[string]string{
		"ALARM(none)": "AlarmRule names the alarm none, which does not exist",
		"ALARM(p)":    "A composite alarm cannot have a child relation with itself via its AlarmRule",
		"ALARM(q)":    "cycle: p, q, p",
		"ALARM(\"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a\")": "no alarm of this account and Region",
		"ALARM(\"arn:aws:cloudwatch:us-east-1:2:alarm:a\")":            "no alarm of this account and Region",
		"ALARM(\"arn:aws:sns:us-east-1:111122223333:a\")":              "no alarm of this account and Region",
		"ALARM(": "AlarmRule, character 7",
	} {
		if err := w.store.Put(t.Context(), onAlarms("p", rule), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if got := w.alarm("p").Composite.Rule; got != "ALARM(a)" {
		t.Errorf("what was refused is there: %s", got)
	}
	for names, want := range map[string]string{
		"a":   "Cannot delete a as there are composite alarm(s) depending on it.",
		"p":   "Cannot delete p as there are composite alarm(s) depending on it.",
		"c":   "Cannot delete c as there are composite alarm(s) depending on it.", // a suppressor
		"q,p": "more than one composite alarm",
		"b,a": "Cannot delete a as",
	} {
		if err := w.store.Delete(t.Context(), strings.Split(names, ",")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", names, err)
		}
	}
	if all, err := w.store.Alarms(t.Context()); err != nil || len(all) != 6 {
		t.Errorf("%d alarms are left: %v", len(all), err)
	}
	for _, names := range []string{"q,b,none", "s,c", "p,a"} {
		if err := w.store.Delete(t.Context(), strings.Split(names, ",")); err != nil {
			t.Errorf("%s: %v", names, err)
		}
	}
	if all, err := w.store.Alarms(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d alarms are left: %v", len(all), err)
	}
}

func TestParentsOfAnAlarm(t *testing.T) {
	w := put3(t)
	for i := range maxParents {
		w.put(onAlarms(fmt.Sprint("p", i), "ALARM(a)"))
	}
	var e *Error
	if err := w.store.Put(t.Context(), onAlarms("more", "ALARM(a)"), nil); err == nil || !asError(err, &e) || e.Code != "LimitExceeded" {
		t.Error(err)
	}
	w.put(onAlarms("p0", "ALARM(a) OR ALARM(b)")) // an update is none more
}

// TestSuppression has the six examples of AWS's guide: WaitPeriod is 2 units, ExtensionPeriod 3; a unit is 10 seconds. c is the suppressor, p is on a.
func TestSuppression(t *testing.T) {
	type event struct {
		at    int64
		name  string
		state State
	}
	for _, test := range []struct {
		name   string
		events []event
		// want tells when actions are taken, and what holds them back at each unit from 2 on: W, E, A, or -.
		want []string
		by   string
	}{
		{"1: not after WaitPeriod", []event{{2, "a", Alarm}}, []string{"4 p ALARM"}, "WW------"},
		{"2: by alarm before WaitPeriod expires", []event{{2, "a", Alarm}, {3, "c", Alarm}}, nil, "WAAAAAAA"},
		{"3: transition in WaitPeriod", []event{{2, "a", Alarm}, {3, "a", OK}}, []string{"5 p OK"}, "WWW-----"},
		{"4: transition while suppressed", []event{{1, "c", Alarm}, {2, "a", Alarm}}, nil, "AAAAAAAA"},
		{"5: not after ExtensionPeriod", []event{{2, "a", Alarm}, {3, "c", Alarm}, {6, "c", OK}}, []string{"9 p ALARM"}, "WAAAEEE-"},
		{"6: transition in ExtensionPeriod", []event{{2, "a", Alarm}, {3, "c", Alarm}, {6, "c", OK}, {7, "a", OK}}, []string{"9 p OK"}, "WAAAEWW-"},
		{"off and back with nothing held", []event{{2, "c", Alarm}, {3, "c", OK}}, nil, "--------"},
		{"twice", []event{{2, "a", Alarm}, {3, "c", Alarm}, {5, "c", InsufficientData}, {6, "c", Alarm}, {7, "c", OK}}, nil, "WAAEAEEE"},
		{"it goes off when the wait ends", []event{{2, "a", Alarm}, {4, "c", Alarm}}, nil, "WWAAAAAA"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			for _, name := range []string{"a", "c"} {
				d := onMetric(name, 1)
				d.Metric.TreatMissingData, d.Actions = ignore, Actions{}
				w.put(d)
				w.setState(0, name, OK)
			}
			p := onAlarms("p", "ALARM(a)")
			p.Composite.Suppressor, p.Composite.WaitPeriod, p.Composite.ExtensionPeriod = "c", 20, 30
			w.put(p)
			w.setState(0, "p", OK)
			for _, end := range []int64{20, 40} { // the actions of its creation are of another test
				w.run(float64(end))
			}
			w.actions()
			const base = 100
			var told []string
			var by strings.Builder
			for unit := int64(1); unit < 10; unit++ {
				w.set(base + unit*10)
				for _, e := range test.events {
					if e.at == unit {
						w.setState(base+unit*10, e.name, e.state)
					}
				}
				w.step()
				if unit == 3 {
					w.reopen()
				}
				waiting, err := w.store.Actions(t.Context())
				if err != nil || len(waiting) > 0 && waiting[0].Time != w.now {
					t.Errorf("an action's time is %d, not %d: %v", waiting[0].Time, w.now, err)
				}
				for _, a := range w.actions() {
					told = append(told, fmt.Sprint(unit, " ", a[:strings.LastIndex(a, " ")]))
				}
				if unit >= 2 {
					by.WriteString(map[string]string{"": "-", byWait: "W", byExtension: "E", byAlarm: "A"}[w.alarm("p").SuppressedBy])
				}
			}
			if !slices.Equal(told, test.want) || by.String() != test.by {
				t.Errorf("actions %q, not %q; held back by %s, not %s", told, test.want, by.String(), test.by)
			}
			if d := w.alarm("p"); d.SuppressedBy != "" && d.SuppressedReason != "Actions suppressed by "+d.SuppressedBy {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestSuppressorReplaced(t *testing.T) {
	w := put3(t)
	p := onAlarms("p", "ALARM(a)")
	w.put(p)
	w.actions()
	p.Composite.Suppressor, p.Composite.WaitPeriod = "b", 100
	w.put(p)
	w.setState(10, "a", Alarm)
	if got := w.actions(); !slices.Equal(got, []string{"a ALARM " + toAlarm}) {
		t.Errorf("held back: %q", got)
	}
	w.setState(20, "c", Alarm)
	w.actions()
	p.Composite.Suppressor = "c" // which is in ALARM
	w.put(p)
	if got := w.alarm("p").SuppressedBy; got != byAlarm {
		t.Errorf("by %q", got)
	}
	p.Composite.Suppressor, p.Composite.WaitPeriod = "", 0
	w.put(p)
	if got := w.actions(); !slices.Equal(got, []string{"p ALARM " + toAlarm}) || w.alarm("p").SuppressedBy != "" {
		t.Errorf("without a suppressor: %q", got)
	}
	w.run(300)
	if got := w.actions(); slices.ContainsFunc(got, func(a string) bool { return strings.HasPrefix(a, "p ALARM") }) {
		t.Errorf("again: %q", got)
	}
	for member, d := range map[string]Composite{
		"not be its own":         {Rule: "TRUE", Suppressor: "p"},
		"names the alarm none":   {Rule: "TRUE", Suppressor: "none"},
		"must not be negative":   {Rule: "TRUE", Suppressor: "a", WaitPeriod: -1},
		"is required when suppr": {Rule: "TRUE", WaitPeriod: 60},
	} {
		if err := w.store.Put(t.Context(), Definition{Name: "p", Composite: &d}, nil); err == nil || !strings.Contains(err.Error(), member) {
			t.Errorf("%s: %v", member, err)
		}
	}
}

func onLogs(name string) Definition {
	return Definition{Name: name, Actions: allActions, Log: &Log{
		Query: "fields @message", LogGroups: []string{"g"}, Schedule: "rate(5 minutes)", StartOffset: 300, Aggregation: "count(*)",
		ResultsToEvaluate: 5, ResultsToAlarm: 3, Threshold: 100, Comparison: "GreaterThanThreshold", ActionLogLineCount: 2,
	}}
}

func TestLogAlarm(t *testing.T) {
	w := newWorld(t)
	w.set(10)
	w.put(onLogs("l"))
	for i, v := range []float64{1, 142, 135, 120, 1, 1, 1, 1} {
		w.results[int64(i+1)*300] = LogResult{Value: v, Lines: []string{fmt.Sprint("line ", i)}}
	}
	want := []State{InsufficientData, InsufficientData, InsufficientData, Alarm, Alarm, Alarm, OK}
	for i, state := range want {
		w.run(float64(i+1)*300 + 1) // Run calls a little late
		if got := w.alarm("l").State; got != state {
			t.Errorf("after %d results: %s, not %s", i+1, got, state)
		}
		if i == 1 {
			w.reopen()
		}
		if i != 3 {
			continue
		}
		list, err := w.store.Actions(t.Context())
		if err != nil || len(list) != 1 || !slices.Equal(list[0].Lines, []string{"line 3"}) {
			t.Fatalf("%+v %v", list, err)
		}
		_, body, err := Message(list[0], "1", "us-east-1")
		if err != nil || !strings.Contains(body, `"NewStateReason":"Threshold Crossed: 3 out of the last 5 query results [120.0 (14/11/23 23:20:00), 135.0 (14/11/23 23:15:00), 142.0 (14/11/23 23:10:00)] `+
			`were greater than the threshold (100.0) (minimum 3 datapoints for OK -> ALARM transition)."`) || !strings.Contains(body, `"NewStateReasonData":{"version":"1.0"`) {
			t.Errorf("%s %v", body, err)
		}
	}
	var d struct {
		Results []struct {
			Timestamp string
			Value     float64
		}
	}
	if err := json.Unmarshal([]byte(w.alarm("l").ReasonData), &d); err != nil || len(d.Results) != 5 || d.Results[0].Value != 1 || d.Results[0].Timestamp != "2023-11-14T23:35:00.000+0000" {
		t.Errorf("%s %v", w.alarm("l").ReasonData, err)
	}
	// Another threshold judges the same results; another query begins anew.
	changed := onLogs("l")
	changed.Log.Threshold = 0
	w.put(changed)
	w.results[2400] = LogResult{Value: 1}
	w.run(2401)
	if got := w.alarm("l").State; got != Alarm {
		t.Errorf("with another threshold: %s", got)
	}
	changed.Log.Query = "fields @message | limit 1"
	w.put(changed)
	if got := w.alarm("l").State; got != InsufficientData {
		t.Errorf("with another query: %s", got)
	}
	w.results[2700], w.results[3000] = LogResult{Value: 1}, LogResult{Value: 1}
	w.run(3001)
	if got := w.alarm("l").State; got != InsufficientData {
		t.Errorf("after two results of five: %s", got)
	}
	w.failing = &Error{Code: "ValidationError", Message: "MalformedQueryException"}
	w.run(3301)
	if got := w.alarm("l"); got.EvaluationState != evaluationError || got.Reason != "MalformedQueryException" {
		t.Errorf("%+v", got)
	}
}

func TestMissingResults(t *testing.T) {
	for how, want := range map[string][]State{
		"":           {InsufficientData, InsufficientData, InsufficientData, InsufficientData},
		breaching:    {InsufficientData, InsufficientData, Alarm, Alarm},
		notBreaching: {InsufficientData, InsufficientData, OK, OK},
		ignore:       {InsufficientData, InsufficientData, InsufficientData, InsufficientData},
	} {
		w := newWorld(t)
		d := onLogs("l")
		d.Log.TreatMissingData, d.Log.Aggregation = how, "avg(duration)"
		w.put(d)
		for i, state := range want {
			w.run(float64(i+1) * 300)
			if got := w.alarm("l").State; got != state {
				t.Errorf("%s, after %d results: %s, not %s", how, i+1, got, state)
			}
		}
	}
}

// TestMissedRuns checks that of the runs that a gap has, the last is made, as of its time.
func TestMissedRuns(t *testing.T) {
	w := newWorld(t)
	d := onLogs("l")
	d.Log.ResultsToAlarm, d.Log.ResultsToEvaluate = 1, 2
	w.put(d)
	w.run(300)
	w.results[3600] = LogResult{Value: 101}
	w.results[3300] = LogResult{Value: 102}
	w.set(3700)
	w.reopen()
	w.step()
	if got := w.alarm("l"); got.State != Alarm || !strings.Contains(got.Reason, "[101.0 (15/11/23 00:00:00)]") {
		t.Errorf("%s", got.Reason)
	}
}
