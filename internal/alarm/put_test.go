package alarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

func asError(err error, e **Error) bool { return errors.As(err, e) }

func TestDefinitionsStay(t *testing.T) {
	w := newWorld(t)
	metric := onMetric("m", 3)
	metric.Description, metric.Metric.DatapointsToAlarm, metric.Metric.TreatMissingData, metric.Metric.Unit = "a\n\"b\" <", 2, ignore, "Bytes"
	metric.Metric.Metric.Dimensions = []metricstore.Dimension{{Name: "d", Value: "v"}}
	expression := Definition{Name: "e", Metric: &Metric{EvaluationPeriods: 1, Comparison: "LessThanThreshold", Queries: []metricmath.Query{
		{ID: "x", Stat: &metricmath.Stat{Metric: metric.Metric.Metric, Period: 60, Stat: "p99.9"}}, {ID: "y", Expression: "x*2", Label: "twice", ReturnData: true},
	}}}
	all := []Definition{onAlarms("c", "ALARM(m)"), expression, onLogs("l"), metric}
	for _, i := range []int{3, 1, 2, 0} {
		w.put(all[i])
	}
	w.reopen()
	got, err := w.store.Alarms(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range got {
		if !reflect.DeepEqual(d.Definition, all[i]) {
			t.Errorf("%+v\nput %+v", d.Definition, all[i])
		}
	}
	if m := got[3]; m.State != InsufficientData || m.Reason != "Unchecked: Initial alarm creation" || m.ConfigurationUpdated != start*1000 || m.StateTransitioned != start*1000 {
		t.Errorf("%+v", m)
	}
	// An update replaces the definition, and leaves the state.
	w.value("m", -60, 11)
	w.step()
	w.set(7)
	metric.Description, metric.Metric.Threshold = "", 1000
	w.put(metric)
	if m := w.alarm("m"); m.Description != "" || m.ConfigurationUpdated != (start+7)*1000 || m.StateUpdated != start*1000 {
		t.Errorf("%+v", m)
	}
	if err := w.store.Put(t.Context(), onAlarms("m", "TRUE"), nil); err == nil || err.Error() != "AlarmName [m] is already used by another alarm of a different type" {
		t.Error(err)
	}
	if _, err := w.store.Alarm(t.Context(), "none"); err == nil || err.Error() != "ResourceNotFound" {
		t.Error(err)
	}
	types := []string{got[0].Type(), got[1].Type(), got[2].Type()}
	if !slices.Equal(types, []string{"CompositeAlarm", "MetricAlarm", "LogAlarm"}) {
		t.Error(types)
	}
}

func TestRefusedDefinitions(t *testing.T) {
	change := func(fn func(*Metric)) Definition {
		d := onMetric("a", 1)
		fn(d.Metric)
		return d
	}
	logs := func(fn func(*Log)) Definition {
		d := onLogs("a")
		fn(d.Log)
		return d
	}
	query := func(queries ...metricmath.Query) Definition {
		return Definition{Name: "a", Metric: &Metric{EvaluationPeriods: 1, Comparison: "LessThanThreshold", Queries: queries}}
	}
	stat := &metricmath.Stat{Period: 60, Stat: "Sum"}
	named := func(name string) Definition {
		d := onMetric("a", 1)
		d.Name = name
		return d
	}
	acting := func(targets ...string) Definition {
		d := onMetric("a", 1)
		d.Actions.Alarm = targets
		return d
	}
	w := newWorld(t)
	for i, test := range []struct {
		d    Definition
		want string
	}{
		{Definition{Name: "a"}, "just one of them"},
		{Definition{Name: "a", Log: onLogs("a").Log, Metric: onMetric("a", 1).Metric}, "just one of them"},
		{named(""), "1 to 255"},
		{named(strings.Repeat("ä", 256)), "1 to 255"},
		{named("a\nb"), "ASCII Control"},
		{named("\xff"), "UTF-8"},
		{acting("nonsense"), "Invalid arn syntax: nonsense"},
		{acting(toOK, toOK), "given twice"},
		{acting("arn:a:b:c:d:1", "arn:a:b:c:d:2", "arn:a:b:c:d:3", "arn:a:b:c:d:4", "arn:a:b:c:d:5", "arn:a:b:c:d:6"), "at most 5"},
		{change(func(m *Metric) { m.Comparison = "GreaterThanUpperThreshold" }), "anomaly detection"},
		{change(func(m *Metric) { m.Comparison = "LessThanLowerThreshold" }), "anomaly detection"},
		{change(func(m *Metric) { m.Comparison = "LessThanLowerOrGreaterThanUpperThreshold" }), "anomaly detection"},
		{change(func(m *Metric) { m.Comparison = "Equal" }), "valid ComparisonOperator"},
		{change(func(m *Metric) { m.Threshold = math.NaN() }), "valid Threshold"},
		{change(func(m *Metric) { m.TreatMissingData = "Missing" }), "Supported values for TreatMissingData"},
		{change(func(m *Metric) { m.EvaluationPeriods = 0 }), "at least 1"},
		{change(func(m *Metric) { m.DatapointsToAlarm = 2 }), "DatapointsToAlarm must be less than or equal to EvaluationPeriods"},
		{change(func(m *Metric) { m.Period = 15 }), "Period must be 10, 20, 30 or a multiple of 60"},
		{change(func(m *Metric) { m.Period = 0 }), "Period must be"},
		{change(func(m *Metric) { m.Period, m.EvaluationPeriods = 60, 1441 }), "(EvaluationPeriods * Period must be <= 86400) for alarms using period < 3600"},
		{change(func(m *Metric) { m.Period, m.EvaluationPeriods = 3600, 169 }), "(EvaluationPeriods * Period must be <= 604800)"},
		{change(func(m *Metric) { m.Period, m.EvaluationPeriods = math.MaxInt/60*60, math.MaxInt }), "more than a week"},
		{change(func(m *Metric) { m.Statistic = "" }), "should have a Statistic"},
		{change(func(m *Metric) { m.Metric.Name = "" }), "MetricName"},
		{change(func(m *Metric) { m.LowSampleCount = "ignore" }), "can not be applied with statistic Sum"},
		{change(func(m *Metric) { m.LowSampleCount, m.Statistic = "maybe", "p90" }), "evaluate and ignore"},
		{change(func(m *Metric) { m.Queries = []metricmath.Query{{ID: "x", Stat: stat, ReturnData: true}} }), "must not be set if list of Metrics is set"},
		{query(metricmath.Query{ID: "x", Stat: stat}), "Exactly one metric query"},
		{query(metricmath.Query{ID: "x", Stat: stat, ReturnData: true}, metricmath.Query{ID: "y", Stat: stat, ReturnData: true}), "Exactly one metric query"},
		{query(metricmath.Query{ID: "x", Expression: "1", ReturnData: true}), "no period is given"},
		{query(metricmath.Query{ID: "x", Expression: "1", Period: 90, ReturnData: true}), "Period must be"},
		{query(metricmath.Query{ID: "x", Stat: stat}, metricmath.Query{ID: "y", Expression: "anomaly_detection_band(x)", ReturnData: true}), "anomaly detection"},
		{query(slices.Repeat([]metricmath.Query{{ID: "x", Stat: stat}}, 21)...), "at most 20"},
		{logs(func(l *Log) { l.ResultsToEvaluate = 101 }), "1 to 100"},
		{logs(func(l *Log) { l.ResultsToAlarm = 6 }), "QueryResultsToAlarm"},
		{logs(func(l *Log) { l.StartOffset = 0 }), "StartTimeOffset"},
		{logs(func(l *Log) { l.EndOffset = 300 }), "EndTimeOffset"},
		{logs(func(l *Log) { l.ActionLogLineCount = 51 }), "0 to 50"},
		{logs(func(l *Log) { l.LogGroups = make([]string, 51) }), "1 to 50"},
		{logs(func(l *Log) { l.Schedule = "often" }), "ScheduleExpression"},
		{logs(func(l *Log) { l.Aggregation = "count(*) by host" }), "AggregationExpression"},
		{logs(func(l *Log) { l.Comparison = "GreaterThanUpperThreshold" }), "anomaly detection"},
		{logs(func(l *Log) { l.TreatMissingData = "x" }), "TreatMissingData"},
	} {
		var e *Error
		if err := w.store.Put(t.Context(), test.d, nil); err == nil || !strings.Contains(err.Error(), test.want) || !asError(err, &e) || e.Code != "ValidationError" {
			t.Errorf("%d: %v, not %s", i, err, test.want)
		}
		if all, err := w.store.Alarms(t.Context()); err != nil || len(all) > 0 {
			t.Errorf("%d: what was refused is there", i)
		}
	}
	for _, d := range []Definition{
		change(func(m *Metric) { m.Period, m.EvaluationPeriods = 60, 1440 }), change(func(m *Metric) { m.Period, m.EvaluationPeriods = 3600, 168 }),
		change(func(m *Metric) { m.Period, m.EvaluationPeriods = 10, 8640 }), query(metricmath.Query{ID: "x", Expression: "1", Period: 10, ReturnData: true}),
	} {
		w.put(d)
	}
}

func TestTags(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	if err := w.store.Put(ctx, onMetric("a", 1), map[string]string{"k": "v"}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Put(ctx, onMetric("a", 2), map[string]string{"ignored": "as AWS does"}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Tag(ctx, "a", map[string]string{"k": "w", "tag1": "foo"}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Untag(ctx, "a", []string{"tag1", "none"}); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	if got, err := w.store.Tags(ctx, "a"); err != nil || !reflect.DeepEqual(got, map[string]string{"k": "w"}) {
		t.Errorf("%v %v", got, err)
	}
	many := map[string]string{}
	for i := range maxTags {
		many[fmt.Sprint("t", i)] = ""
	}
	var e *Error
	if err := w.store.Tag(ctx, "a", many); !asError(err, &e) || e.Code != "LimitExceeded" {
		t.Error(err)
	}
	if got, err := w.store.Tags(ctx, "a"); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
	many["more"] = ""
	if err := w.store.Put(ctx, onMetric("b", 1), many); !asError(err, &e) || e.Code != "LimitExceeded" {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"tag": w.store.Tag(ctx, "b", nil), "untag": w.store.Untag(ctx, "b", nil), "silence": w.store.Silence(ctx, "b", 1), "tags": func() error { _, err := w.store.Tags(ctx, "b"); return err }(),
	} {
		if !asError(err, &e) || e.Code != "ResourceNotFound" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := w.store.Delete(ctx, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	w.put(onMetric("a", 1))
	if got, err := w.store.Tags(ctx, "a"); err != nil || len(got) != 0 {
		t.Errorf("one that was made again has %v %v", got, err)
	}
}

func TestActionsOffAndSilence(t *testing.T) {
	w, ctx := put3(t), t.Context()
	if err := w.store.EnableActions(ctx, []string{"a", "none", "a"}, false); err != nil {
		t.Fatal(err)
	}
	w.setState(1, "a", Alarm)
	if got := w.actions(); len(got) > 0 || w.alarm("a").Actions.Enabled {
		t.Errorf("%q", got)
	}
	if err := w.store.EnableActions(ctx, []string{"a"}, true); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Silence(ctx, "a", (start+100)*1000); err != nil {
		t.Fatal(err)
	}
	w.reopen()
	w.setState(99, "a", OK)
	if got := w.actions(); len(got) > 0 || w.alarm("a").SilencedUntil != (start+100)*1000 {
		t.Errorf("%q", got)
	}
	w.setState(100, "a", Alarm)
	if got := w.actions(); !slices.Equal(got, []string{"a ALARM " + toAlarm}) {
		t.Errorf("%q", got)
	}
	if err := w.store.Silence(ctx, "a", 1); err != nil {
		t.Fatal(err)
	}
	if w.alarm("a").SilencedUntil != 0 {
		t.Error("a time that is past ends the silence")
	}
	want := []string{
		`ConfigurationUpdate Alarm "a" created`, "StateUpdate Alarm updated from INSUFFICIENT_DATA to OK", "Action Successfully executed action " + toOK,
		`ConfigurationUpdate Alarm "a" updated`, "StateUpdate Alarm updated from OK to ALARM", `ConfigurationUpdate Alarm "a" updated`,
		`ConfigurationUpdate Alarm "a" silenced until 2023-11-14T23:01:40.000+0000`, "StateUpdate Alarm updated from ALARM to OK",
		"Action Held back action " + toOK + ": the alarm is silenced until 2023-11-14T23:01:40.000+0000",
		"StateUpdate Alarm updated from OK to ALARM", "Action Successfully executed action " + toAlarm, `ConfigurationUpdate Alarm "a" silenced no more`,
	}
	list, err := w.store.History(ctx, HistoryRequest{Name: "a", Ascending: true, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range list {
		got = append(got, h.ItemType+" "+h.Summary)
		if !json.Valid([]byte(h.Data)) || h.AlarmType != "MetricAlarm" {
			t.Errorf("%+v", h)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
