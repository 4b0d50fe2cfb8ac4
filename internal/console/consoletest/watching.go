package main

import (
	"context"
	"fmt"
	"time"

	"weir/internal/alarm"
	"weir/internal/console"
	"weir/internal/contributor"
	"weir/internal/metricstore"
	"weir/internal/notify"
)

const (
	account = "123456789012"
	region  = "eu-central-1"
	topic   = "arn:aws:sns:eu-central-1:123456789012:woken"
	group   = "/weir/flow-logs"
)

// watching stands for what watches: real alarms, whose states the commands set, and real rules over a few records. What alarms see, and what became of messages,
// is made up.
type watching struct {
	alarms *alarm.Store
	rules  *contributor.Store
	// set is what the clock shows while the stories are told; the zero time afterwards.
	set time.Time
}

// openWatching opens it in a directory, with its stories but where it is to be empty.
func openWatching(ctx context.Context, dir string, now func() time.Time, empty bool) (*watching, error) {
	w := &watching{}
	clock := func() time.Time {
		if !w.set.IsZero() {
			return w.set
		}
		return now()
	}
	var err error
	if w.alarms, err = alarm.Open(ctx, dir, alarm.Options{Account: account, Region: region, Now: clock}); err != nil {
		return nil, err
	}
	if w.rules, err = contributor.Open(ctx, dir, contributor.Options{Account: account, Region: region, Now: clock}); err != nil {
		return nil, err
	}
	if empty {
		return w, nil
	}
	if err := w.tell(ctx); err != nil {
		return nil, err
	}
	w.set = time.Time{}
	return w, nil
}

// close closes the stores.
func (w *watching) close() {
	_ = w.alarms.Close()
	_ = w.rules.Close()
}

// night is the minute from which on SSH is refused in the stories.
var night = begin.Add(23*time.Hour + 50*time.Minute)

// tell makes the alarms and rules, with what has happened to them.
func (w *watching) tell(ctx context.Context) error {
	on := alarm.Actions{Enabled: true, Alarm: []string{topic}}
	ssh := alarm.Metric{
		Metric:    metricstore.Metric{Namespace: "Weir/FlowLogs", Name: "Rejects", Dimensions: []metricstore.Dimension{{Name: "PortClass", Value: "SSH"}}},
		Statistic: "Sum", Period: 60, EvaluationPeriods: 2, Threshold: 20, Comparison: "GreaterThanThreshold", TreatMissingData: "notBreaching",
	}
	bytes := ssh
	bytes.Metric = metricstore.Metric{Namespace: "Weir/FlowLogs", Name: "Bytes"}
	w.set = begin.Add(20 * time.Hour)
	for _, d := range []alarm.Definition{
		{Name: "egress", Actions: on, Metric: &bytes},
		{Name: "refused ssh", Description: "Somebody tries SSH again and again.", Actions: on, Metric: &ssh},
		{Name: "new/one", Actions: alarm.Actions{}, Metric: &bytes},
		{Name: "refused by query", Actions: on, Log: &alarm.Log{
			Query: "filter action = 'REJECT'", LogGroups: []string{group}, RoleARN: "arn:aws:iam::" + account + ":role/r", Schedule: "rate(5 minutes)", StartOffset: 300,
			Aggregation: "count(*)", ResultsToEvaluate: 1, ResultsToAlarm: 1, Threshold: 12, Comparison: "GreaterThanThreshold",
		}},
		{Name: "any", Actions: on, Composite: &alarm.Composite{Rule: `ALARM("refused ssh") OR ALARM(egress)`}},
	} {
		if err := w.alarms.Put(ctx, d, nil); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		name   string
		after  time.Duration
		state  alarm.State
		reason string
	}{
		{"egress", 20*time.Hour + 2*time.Minute, alarm.OK, "Threshold Crossed: 1 datapoint was not greater than the threshold (20.0)."},
		{"refused ssh", 20*time.Hour + 2*time.Minute, alarm.OK, "Threshold Crossed: 1 datapoint was not greater than the threshold (20.0)."},
		{"refused by query", 20*time.Hour + 5*time.Minute, alarm.OK, "Threshold Crossed: 1 query result was not greater than the threshold (12.0)."},
		{"refused ssh", 23*time.Hour + 52*time.Minute, alarm.Alarm, "Threshold Crossed: 2 datapoints were greater than the threshold (20.0)."},
	} {
		w.set = begin.Add(s.after)
		if err := w.alarms.SetState(ctx, s.name, s.state, s.reason, ""); err != nil {
			return err
		}
	}
	if err := w.sent(ctx); err != nil {
		return err
	}
	return w.count(ctx)
}

// sent says that all actions were carried out.
func (w *watching) sent(ctx context.Context) error {
	actions, err := w.alarms.Actions(ctx)
	if err != nil {
		return err
	}
	for _, a := range actions {
		if err := w.alarms.ActionDone(ctx, a.ID, true, "message "+a.ID); err != nil {
			return err
		}
	}
	return nil
}

// count makes a rule that counts refused records by source, with 30 sources in the last minutes of the day: the n-th has n records.
func (w *watching) count(ctx context.Context) error {
	err := w.rules.Put(ctx, contributor.PutRequest{Name: "refused-by-source", Definition: `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["/weir/*"],"LogFormat":"CLF",
		"Fields":{"4":"srcaddr","13":"action"},"Contribution":{"Keys":["srcaddr"],"Filters":[{"Match":"action","In":["REJECT"]}]},"AggregateOn":"Count"}`})
	if err != nil {
		return err
	}
	var events []contributor.Event
	for n := 1; n <= 30; n++ {
		for range n {
			events = append(events, contributor.Event{
				Timestamp: night.UnixMilli(), Ingestion: w.set.UnixMilli(), Message: fmt.Sprintf("2 123456789012 eni-1 203.0.113.%d 10.0.1.10 40000 22 6 1 60 1 2 REJECT OK", n),
			})
		}
	}
	return w.rules.Add(ctx, "consoletest", []byte("1"), []contributor.Batch{{Group: group, Events: events}})
}

// turn turns the state of the alarm on SSH.
func (w *watching) turn(ctx context.Context) error {
	d, err := w.alarms.Alarm(ctx, "refused ssh")
	if err != nil {
		return err
	}
	next := alarm.Alarm
	if d.State == alarm.Alarm {
		next = alarm.OK
	}
	if err := w.alarms.SetState(ctx, d.Name, next, "the test turns it", ""); err != nil {
		return err
	}
	return w.sent(ctx)
}

// ranQueries are alarms whose queries ran every five minutes, and gave nothing each seventh time.
type ranQueries struct{ *alarm.Store }

// Results makes up what the runs gave.
func (ranQueries) Results(_ context.Context, _ string, from, to int64, _ int) ([]alarm.Result, error) {
	var out []alarm.Result
	for at := (from + 299) / 300 * 300; at <= to; at += 300 {
		run := at / 300
		out = append(out, alarm.Result{Time: at, Missing: run%7 == 0, Value: float64(run % 11), Rows: run % 11})
	}
	return out, nil
}

// shown is what the console is given.
func (w *watching) shown() *console.Watching {
	return &console.Watching{
		Alarms: ranQueries{w.alarms}, Rules: w.rules,
		Values: func(_ context.Context, m *alarm.Metric, from, to int64) ([]alarm.Datapoint, error) {
			var out []alarm.Datapoint
			for at := from; at < to; at += int64(m.Period) {
				minute := at / 60
				switch {
				case minute%17 == 0: // missing
				case at >= night.Unix():
					out = append(out, alarm.Datapoint{Time: at, Value: float64(40 + minute%3)})
				default:
					out = append(out, alarm.Datapoint{Time: at, Value: float64(minute % 5)})
				}
			}
			return out, nil
		},
		Behind: func(_ context.Context, a *alarm.Action) (*console.Behind, error) {
			if a.Definition.Metric == nil {
				return &console.Behind{Says: []string{"refused ssh is in ALARM since 2026-11-02 23:52:00 UTC: Threshold Crossed"}}, nil
			}
			return &console.Behind{
				From: night.Unix(), To: night.Unix() + 120, Groups: []string{group}, Matched: 84,
				Sources: []console.Counted{{Value: "203.0.113.30", Name: "", Count: 60}, {Value: "203.0.113.29", Name: "scanner, Example Net", Count: 24}},
				Targets: []console.Counted{{Value: "10.0.1.10 port 22/tcp", Name: "web-1", Count: 84}}, Interfaces: []console.Counted{{Value: "eni-0a1b2c3d4e5f60001", Name: "web-1", Count: 84}},
				Next: []string{"weir why 203.0.113.30 10.0.1.10:22/tcp --at 2026-11-02T23:51:59Z"},
			}, nil
		},
		Deliveries: func(context.Context, string) ([]notify.Delivery, error) {
			return []notify.Delivery{
				{SubscriptionARN: topic + ":1", Protocol: "https", Endpoint: "https://hooks.example.com/a", State: notify.Delivered, Attempts: 1, Time: night.UnixMilli()},
				{SubscriptionARN: topic + ":2", Protocol: "email", Endpoint: "ops@example.com", State: notify.Waiting, Attempts: 2, Reason: "the server said 451", Time: night.Add(time.Hour).UnixMilli()},
				{SubscriptionARN: topic + ":3", Protocol: "http", Endpoint: "http://old.example.com/", State: notify.Dead, Attempts: 4, Reason: "the endpoint answered 503", Time: night.UnixMilli()},
			}, nil
		},
	}
}
