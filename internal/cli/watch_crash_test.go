package cli

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"weir/internal/accesskey"
)

// TestWatchCrash kills a server with SIGKILL while log events are put, alarms change and messages are sent. Whatever was acknowledged before
// a kill is told by a message with one id, which comes again at most once for each kill; and in the end a metric and a rule of Contributor
// Insights have counted each event that is there once.
func TestWatchCrash(t *testing.T) {
	x := newWatchCrash(t)
	for run := range *kills {
		p := x.serve()
		x.use(p, run)
		x.killed(p)
		x.receiver.idle()
	}
	p := x.serve()
	x.checkCounts()
	x.checkMessages()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	if x.events == 0 || len(x.reasons) < *kills {
		t.Errorf("only %d events and %d changes of alarms were acknowledged", x.events, len(x.reasons))
	}
	repeated := 0
	for _, times := range x.receiver.ids {
		repeated += len(times) - 1
	}
	t.Logf("%d kills; %d events, %d changes of alarms and %d high periods acknowledged; %d messages, %d of them repeated; seed %d",
		*kills, x.events, len(x.reasons), len(x.high), len(x.receiver.ids), repeated, *crashSeed)
}

// watchCrash is a data directory whose server is killed while it watches.
type watchCrash struct {
	*serveCrash
	receiver *messageReceiver

	events  int             // that were acknowledged
	reasons map[string]bool // of changes of alarms that were acknowledged
	// high and low are the periods of ten seconds, in seconds since the epoch, of which a value was acknowledged in time; tried those of which one was put.
	high, low, tried map[int64]bool
}

const (
	watchCrashClients = 4
	watchCrashEvents  = 500 // of a Put
	crashPeriod       = 10  // seconds
)

func newWatchCrash(t *testing.T) *watchCrash {
	t.Helper()
	x := &watchCrash{
		serveCrash: &serveCrash{
			t: t, random: rand.New(rand.NewPCG(*crashSeed, 8)), began: time.Now(), flags: []string{"--notify-allow", "127.0.0.1"},
			server: awsServer{data: filepath.Join(t.TempDir(), "data"), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}},
		},
		receiver: newMessageReceiver(t), reasons: map[string]bool{}, high: map[int64]bool{}, low: map[int64]bool{}, tried: map[int64]bool{},
	}
	var err error
	if x.server.key, err = accesskey.Create(x.server.data, "crash", "", []string{"logs:*", "cloudwatch:*", "sns:*"}, x.began); err != nil {
		t.Fatal(err)
	}
	p := x.serve()
	x.server.done(t, "CreateLogGroup", object{"logGroupName": "events"})
	for client := range watchCrashClients {
		x.server.done(t, "CreateLogStream", object{"logGroupName": "events", "logStreamName": fmt.Sprint(client)})
	}
	x.server.done(t, "PutMetricFilter", object{"logGroupName": "events", "filterName": "events", "filterPattern": "", "metricTransformations": []object{
		{"metricName": "events", "metricNamespace": "Crash", "metricValue": "1"},
	}})
	x.metrics("PutInsightRule", object{"RuleName": "events", "RuleDefinition": `{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["events"], "LogFormat": "CLF",
		"Contribution": {"Keys": ["1"], "Filters": []}, "AggregateOn": "Count"}`})
	topic := x.server.topic(t, x.receiver)
	for name, metric := range map[string]object{
		"set 0": {"MetricName": "none", "Period": 60}, "set 1": {"MetricName": "none", "Period": 60}, "ten seconds": {"MetricName": "value", "Period": crashPeriod},
	} {
		maps.Copy(metric, object{
			"AlarmName": name, "Namespace": "Crash", "Statistic": "Maximum", "EvaluationPeriods": 1, "Threshold": 10, "ComparisonOperator": "GreaterThanThreshold",
			"TreatMissingData": "ignore", "AlarmActions": []string{topic}, "OKActions": []string{topic},
		})
		x.metrics("PutMetricAlarm", metric)
	}
	_ = p.Process.Kill()
	x.killed(p)
	x.receiver.idle()
	return x
}

// metrics calls an operation of CloudWatch that must succeed.
func (x *watchCrash) metrics(operation string, in object) object {
	x.t.Helper()
	status, out, err := x.server.tryMetrics(x.t.Context(), operation, in)
	if err != nil || status != http.StatusOK {
		x.t.Fatalf("%s: %d %v %v", operation, status, out, err)
	}
	return out
}

// use lets clients put events and values and change alarms, and kills the server meanwhile: at some time, or while it sends a message.
func (x *watchCrash) use(p *process, run int) {
	x.t.Helper()
	states := x.states()
	var mu sync.Mutex
	var clients sync.WaitGroup
	ctx := context.Background()
	for client := range watchCrashClients {
		clients.Go(func() {
			more := true
			for n := 0; more; n++ {
				more = x.put(ctx, &mu, run, client, n)
			}
		})
	}
	for i := range 2 {
		clients.Go(func() {
			more := true
			for n := 0; more; n++ {
				more = x.change(ctx, &mu, fmt.Sprint("set ", i), states, fmt.Sprintf("run %d change %d of %d", run, n, i))
			}
		})
	}
	clients.Go(func() {
		more := true
		for more {
			more = x.putValue(ctx, &mu)
		}
	})
	kill := func() { _ = p.Process.Kill() }
	if after := time.Duration(300+x.random.IntN(900)) * time.Millisecond; x.random.IntN(2) == 0 {
		x.receiver.next(after, kill)
	} else {
		time.AfterFunc(after, kill)
	}
	clients.Wait()
}

// states returns the states of alarms.
func (x *watchCrash) states() map[string]string {
	x.t.Helper()
	out := map[string]string{}
	for _, a := range x.metrics("DescribeAlarms", object{})["MetricAlarms"].([]any) {
		out[a.(object)["AlarmName"].(string)] = a.(object)["StateValue"].(string)
	}
	return out
}

// put puts events; false says that the server is gone.
func (x *watchCrash) put(ctx context.Context, mu *sync.Mutex, run, client, n int) bool {
	at := time.Now().UnixMilli()
	var events []object
	for i := range watchCrashEvents {
		events = append(events, object{"timestamp": at, "message": fmt.Sprintf("client-%d run %d put %d event %d", client, run, n, i)})
	}
	status, out, err := x.server.try(ctx, "PutLogEvents", object{"logGroupName": "events", "logStreamName": fmt.Sprint(client), "logEvents": events}, x.server.key, time.Now())
	if err != nil {
		return false
	}
	if status != http.StatusOK || out["rejectedLogEventsInfo"] != nil {
		x.t.Errorf("a Put is answered by %d %v", status, out)
		return false
	}
	mu.Lock()
	defer mu.Unlock()
	x.events += watchCrashEvents
	return true
}

// change gives an alarm another state.
func (x *watchCrash) change(ctx context.Context, mu *sync.Mutex, name string, states map[string]string, reason string) bool {
	mu.Lock()
	state := map[bool]string{true: "OK", false: "ALARM"}[states[name] == "ALARM"]
	mu.Unlock()
	status, out, err := x.server.tryMetrics(ctx, "SetAlarmState", object{"AlarmName": name, "StateValue": state, "StateReason": reason})
	if err != nil {
		return false
	}
	if status != http.StatusOK {
		x.t.Errorf("SetAlarmState is answered by %d %v", status, out)
		return false
	}
	mu.Lock()
	defer mu.Unlock()
	x.reasons[reason], states[name] = true, state
	return true
}

// putValue puts a value that is high in every second period.
func (x *watchCrash) putValue(ctx context.Context, mu *sync.Mutex) bool {
	now := time.Now()
	period := now.Unix() / crashPeriod * crashPeriod
	of, value := x.low, 0
	if period/crashPeriod%2 == 1 {
		of, value = x.high, 100
	}
	mu.Lock()
	x.tried[period] = true
	mu.Unlock()
	status, out, err := x.server.tryMetrics(ctx, "PutMetricData", object{"Namespace": "Crash", "MetricData": []object{
		{"MetricName": "value", "Value": value, "Timestamp": now.Unix(), "StorageResolution": 1},
	}})
	if err != nil {
		return false
	}
	if status != http.StatusOK {
		x.t.Errorf("PutMetricData is answered by %d %v", status, out)
		return false
	}
	if time.Now().Unix() < period+crashPeriod { // else the period may have been judged before
		mu.Lock()
		of[period] = true
		mu.Unlock()
	}
	return true
}

// eventually waits until something holds, which says what does not.
func (x *watchCrash) eventually(holds func() string) {
	x.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(2 * time.Minute); ; <-tick.C {
		said := holds()
		if said == "" {
			return
		}
		if time.Now().After(deadline) {
			x.t.Fatal(said)
		}
	}
}

// checkCounts compares what the metric filter and the rule counted with the events that are there.
func (x *watchCrash) checkCounts() {
	x.t.Helper()
	var there float64
	if _, err := fmt.Sscan(x.query("stats count(*) as n")[0], &there); err != nil {
		x.t.Fatal(err)
	}
	if there < float64(x.events) {
		x.t.Errorf("%v events are there, and %d were acknowledged", there, x.events)
	}
	from, to := x.began.Truncate(time.Minute).Add(-time.Minute).Unix(), time.Now().Truncate(time.Minute).Add(2*time.Minute).Unix()
	var sum, contributed float64
	x.eventually(func() string {
		sum = 0
		for _, p := range x.metrics("GetMetricStatistics", object{
			"Namespace": "Crash", "MetricName": "events", "StartTime": from, "EndTime": to, "Period": 60, "Statistics": []string{"Sum"},
		})["Datapoints"].([]any) {
			sum += p.(object)["Sum"].(float64)
		}
		contributed = x.metrics("GetInsightRuleReport", object{"RuleName": "events", "StartTime": from, "EndTime": to, "Period": 60})["AggregateValue"].(float64)
		if sum < there || contributed < there {
			return fmt.Sprintf("of %v events the metric counts %v and the rule %v", there, sum, contributed)
		}
		return ""
	})
	if sum != there || contributed != there {
		x.t.Errorf("of %v events the metric counts %v and the rule %v", there, sum, contributed)
	}
}

// checkMessages checks that each change has a message with one id.
func (x *watchCrash) checkMessages() {
	x.t.Helper()
	x.eventually(func() string {
		for reason := range x.reasons {
			if len(x.receiver.of(reason)) == 0 {
				return fmt.Sprintf("no message tells of %q", reason)
			}
		}
		for at := range x.high {
			if x.low[at-crashPeriod] && at+crashPeriod < time.Now().Unix() && len(x.receiver.at("ten seconds", at)) == 0 {
				return fmt.Sprintf("no message tells of the high period at %s", time.Unix(at, 0).UTC())
			}
		}
		return ""
	})
	x.receiver.mu.Lock()
	defer x.receiver.mu.Unlock()
	for reason, ids := range x.receiver.reasons {
		if len(ids) != 1 {
			x.t.Errorf("%q has the ids %v", reason, ids)
		}
	}
	for id, times := range x.receiver.ids {
		if slices.Sort(times); len(slices.Compact(slices.Clone(times))) != len(times) {
			x.t.Errorf("the message %s came between kills more than once: %v", id, times)
		}
	}
	for _, at := range x.receiver.highs("ten seconds") {
		if !x.tried[at] || at/crashPeriod%2 == 0 {
			x.t.Errorf("the alarm went off for the period at %s, which is not high", time.Unix(at, 0).UTC())
		}
	}
}
