package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// The watch measurement: events come at watchRate in watchBatches a second, while some alarms go off and clear again and again.
const (
	watchRate    = 20_000
	watchBatches = 10
	watchTime    = 6 * time.Minute
	watchAlarms  = 10 // of each kind
	// attempts are those of a batch in odd minutes; even minutes have none.
	attempts = 3
	// metricEvery is how often each of the metrics of high resolution gets a value; it is high in every second period of ten seconds.
	metricEvery = time.Second
)

// attempt is the pattern of what the alarms of a minute count.
const attempt = `[version, account, eni, source=203.0.113.77, destination, srcport, destport=3389, ...]`

// watch measures how long a message takes to an endpoint on this machine from the end of the period that crosses the threshold.
func (b *bench) watch(ctx context.Context) error {
	lines, err := b.someLines(50_000)
	if err != nil {
		return err
	}
	data, err := os.MkdirTemp(b.dir, "watch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	s, server, err := b.startLogs(ctx, data, "--notify-allow", "127.0.0.1")
	if err != nil {
		return err
	}
	defer server.end()
	e, err := s.subscribe(ctx)
	if err != nil {
		return err
	}
	defer e.close()
	if err := s.watchAttempts(ctx, e.topic); err != nil {
		return err
	}
	w := &watchRun{s: s, lines: lines, began: time.Now(), batches: watchBatches, minutes: map[int64]int{}, high: map[int64]bool{}}
	until := w.began.Add(watchTime)
	if b.records < barRecords { // just behind the end of the first odd minute that has ten seconds left
		until = w.began.Add(10 * time.Second).Truncate(2 * time.Minute).Add(2*time.Minute + 10*time.Second)
		w.batches = 2
	}
	loadBefore := loadNow()
	if err := w.run(ctx, until); err != nil {
		return err
	}
	if err := w.counted(ctx); err != nil {
		return err
	}
	for name, period := range map[string]time.Duration{"minute": time.Minute, "ten seconds": 10 * time.Second} {
		crossed := w.crossed(period)
		took, err := w.took(ctx, e, name, period, crossed)
		if err != nil {
			return err
		}
		p99 := took[(len(took)*99+99)/100-1].Seconds()
		mid, _, _ := median(took, time.Duration.Seconds)
		b.row(fmt.Sprintf("end of a period of a %s to message, at %d events/s, %d messages", name, w.batches*watchRate/watchBatches, len(took)), "p99 under 5 s, none lost", p99 < 5,
			"median %.2f s, p99 %.2f s, largest %.2f s; load of the machine %s before and %s behind", mid, p99, took[len(took)-1].Seconds(), loadBefore, loadNow())
	}
	return nil
}

// watchAttempts makes metric filters, and alarms on one of them and on metrics of high resolution.
func (s *logsServer) watchAttempts(ctx context.Context, topic string) error {
	for name, pattern := range map[string]string{"attempts": attempt, "events": ""} {
		if _, err := s.call(ctx, "PutMetricFilter", object{"logGroupName": "bench", "filterName": name, "filterPattern": pattern, "metricTransformations": []object{
			// Without the default value a minute without attempts would have no datapoint, and the alarm would look at the one before it.
			{"metricName": name, "metricNamespace": "Bench", "metricValue": "1", "defaultValue": 0},
		}}); err != nil {
			return err
		}
	}
	for i := range watchAlarms {
		for name, in := range map[string]object{
			"minute":      {"MetricName": "attempts", "Period": 60, "Threshold": 10},
			"ten seconds": {"MetricName": fmt.Sprint("value", i), "Period": 10, "Threshold": 10},
		} {
			in["AlarmName"], in["Namespace"], in["Statistic"], in["EvaluationPeriods"] = fmt.Sprint(name, " ", i), "Bench", "Sum", 1
			in["ComparisonOperator"], in["TreatMissingData"], in["AlarmActions"] = "GreaterThanThreshold", "notBreaching", []string{topic}
			if err := s.metrics(ctx, "PutMetricAlarm", in, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// watchRun is what was put.
type watchRun struct {
	s       *logsServer
	lines   []string
	began   time.Time
	batches int // a second

	mu     sync.Mutex
	events int
	// minutes has the attempts, by minute; high the periods of ten seconds with a high value; both in seconds since the epoch.
	minutes map[int64]int
	high    map[int64]bool
}

// run puts events and metrics until a time.
func (w *watchRun) run(ctx context.Context, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	ticks := make(chan time.Time, watchBatches) // what a slow server is behind
	failed := make(chan error, putConnections+2)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(ticks)
		tick := time.NewTicker(time.Second / time.Duration(w.batches))
		defer tick.Stop()
		for {
			select {
			case at := <-tick.C:
				select {
				case ticks <- at:
				default:
					failed <- fmt.Errorf("the server does not keep up with %d events/s", w.batches*watchRate/watchBatches)
					cancel()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	for range putConnections {
		wg.Go(func() {
			for range ticks {
				if err := w.put(context.WithoutCancel(ctx)); err != nil {
					failed <- err
					cancel()
				}
			}
		})
	}
	wg.Go(func() {
		if err := w.putMetrics(ctx); err != nil {
			failed <- err
			cancel()
		}
	})
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// put puts a batch.
func (w *watchRun) put(ctx context.Context) error {
	now := time.Now()
	size := watchRate / watchBatches
	w.mu.Lock()
	at := w.events % (len(w.lines) - size)
	w.mu.Unlock()
	batch, some := slices.Clone(w.lines[at:at+size]), 0
	if now.Unix()/60%2 == 1 {
		some = attempts
		for i := range some {
			batch[i] = fmt.Sprintf("2 111122223333 eni-0a 203.0.113.77 10.0.0.9 44123 3389 6 1 40 %d %d REJECT OK", now.Unix(), now.Unix()+10)
		}
	}
	body, n, err := putBody(batch, now)
	if err == nil && n != size {
		err = fmt.Errorf("a batch took %d of %d events", n, size)
	}
	if err != nil {
		return err
	}
	r, err := w.s.request(ctx, "PutLogEvents", body)
	if err == nil {
		_, err = w.s.do(r)
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events += n
	w.minutes[now.Unix()/60*60] += some
	return nil
}

// putMetrics puts values of metrics of high resolution until ctx ends.
func (w *watchRun) putMetrics(ctx context.Context) error {
	tick := time.NewTicker(metricEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		now := time.Now().Unix()
		period, value := now/10*10, 0
		if period/10%2 == 1 {
			value = 100
		}
		var some []object
		for i := range watchAlarms {
			some = append(some, object{"MetricName": fmt.Sprint("value", i), "Value": value, "Timestamp": now, "StorageResolution": 1})
		}
		if err := w.s.metrics(context.WithoutCancel(ctx), "PutMetricData", object{"Namespace": "Bench", "MetricData": some}, nil); err != nil {
			return err
		}
		if value > 0 {
			w.mu.Lock()
			w.high[period] = true
			w.mu.Unlock()
		}
	}
}

// countedWithin is how long what was put may take to be counted when no more comes.
const countedWithin = 5 * time.Minute

// counted waits until as many events are counted as were put, and no more.
func (w *watchRun) counted(ctx context.Context) error {
	wanted := 0
	for _, n := range w.minutes {
		wanted += n
	}
	for name, want := range map[string]int{"events": w.events, "attempts": wanted} {
		if err := w.s.waitCount(ctx, name, w.began, want); err != nil {
			return err
		}
	}
	return nil
}

// waitCount waits until a metric, which is 1 for each event that matches, has counted as many as are wanted; more are an error.
func (s *logsServer) waitCount(ctx context.Context, name string, from time.Time, want int) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(countedWithin); ; {
		got, err := s.sum(ctx, name, from)
		if err != nil || got == want {
			return err
		}
		if got > want || time.Now().After(deadline) {
			return fmt.Errorf("the metric %s counts %d events of %d", name, got, want)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// crossed returns the periods of a length in which the threshold was crossed and that are over.
func (w *watchRun) crossed(period time.Duration) map[time.Time]bool {
	out := map[time.Time]bool{}
	add := func(at int64) {
		if begin := time.Unix(at, 0).UTC(); time.Since(begin.Add(period)) > 0 {
			out[begin] = true
		}
	}
	if period == time.Minute {
		for at, n := range w.minutes {
			if n > 10 {
				add(at)
			}
		}
		return out
	}
	for at := range w.high {
		add(at)
	}
	return out
}

// datapointTime finds the period of a reason's datapoint.
var datapointTime = regexp.MustCompile(`\((\d\d/\d\d/\d\d \d\d:\d\d:\d\d)\)`)

// took waits for a message of each alarm and period, and returns how long they took from the period's end, in order.
func (w *watchRun) took(ctx context.Context, e *endpoint, name string, period time.Duration, crossed map[time.Time]bool) ([]time.Duration, error) {
	want := watchAlarms * len(crossed)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(countedWithin); ; {
		some, err := e.messages()
		if err != nil {
			return nil, err
		}
		var took []time.Duration
		seen := map[string]string{}
		for _, m := range some {
			if m.state != "ALARM" || !strings.HasPrefix(m.alarm, name) {
				continue
			}
			found := datapointTime.FindStringSubmatch(m.reason)
			if found == nil {
				return nil, fmt.Errorf("a reason without a datapoint: %s", m.reason)
			}
			at, err := time.Parse("02/01/06 15:04:05", found[1])
			if err != nil {
				return nil, err
			}
			if !crossed[at] {
				return nil, fmt.Errorf("%s went off for the period of %s, which has nothing", m.alarm, at)
			}
			key := m.alarm + at.String()
			if seen[key] != "" {
				return nil, fmt.Errorf("%s sent %s and %s for the period of %s", m.alarm, seen[key], m.id, at)
			}
			seen[key] = m.id
			took = append(took, m.at.Sub(at.Add(period)))
		}
		if len(took) >= want && want > 0 {
			slices.Sort(took)
			return took, nil
		}
		if want == 0 {
			return nil, errors.New("no period crossed the threshold")
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%d messages of %d came for periods of a %s", len(took), want, name)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
