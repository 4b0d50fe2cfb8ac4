package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// The alarms measurement: so many of each watch the events of one log group.
const (
	loadAlarms  = 1000
	loadRules   = 100
	loadFilters = 50
	// loudAlarms are those that go off: all that watch the second filter.
	loudAlarms = loadAlarms / loadFilters
	// loadEvents are put as fast as the server takes them.
	loadEvents = 5_000_000
)

// alarms measures how many events a server takes and counts in a second that many alarms, contributor rules and metric filters watch.
func (b *bench) alarms(ctx context.Context) error {
	lines, err := b.someLines(min(100_000, int(b.records)))
	if err != nil {
		return err
	}
	data, err := os.MkdirTemp(b.dir, "alarms-")
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
	if err := s.watchAll(ctx, e.topic, portsOf(lines)); err != nil {
		return err
	}
	want := loadEvents
	if b.records < barRecords {
		want = 100_000
	}
	_, before, err := memoryOf(server)
	if err != nil {
		return err
	}
	loadBefore := loadNow()
	began := time.Now()
	events, err := s.flood(ctx, lines, want)
	if err != nil {
		return err
	}
	put := time.Since(began)
	if err := s.waitCount(ctx, "filter0", began, events); err != nil {
		return err
	}
	if err := s.waitContributed(ctx, "rule0", began, events); err != nil {
		return err
	}
	took := time.Since(began)
	peak, after, err := memoryOf(server)
	if err != nil {
		return err
	}
	judged, err := s.waitJudged(ctx)
	if err != nil {
		return err
	}
	if judged < loadAlarms {
		return fmt.Errorf("only %d alarms of %d were judged", judged, loadAlarms)
	}
	var some []notified
	if err := until(ctx, func() (bool, error) {
		some, err = e.messages()
		return len(some) >= loudAlarms, err
	}); err != nil {
		return fmt.Errorf("%d messages of %d came: %w", len(some), loudAlarms, err)
	}
	rate := float64(events) / took.Seconds()
	b.row(fmt.Sprintf("%d alarms, %d contributor rules, %d metric filters: %d events put and counted", loadAlarms, loadRules, loadFilters, events), "at least 50,000 events/s", rate >= 50_000,
		"%.0f events/s; put in %.1f s, counted in %.1f s, of which the server took %.1f s of a processor; peak memory %d MiB; %d alarms judged, %d messages; load of the machine %s before and %s behind",
		rate, put.Seconds(), took.Seconds(), (after - before).Seconds(), peak>>20, judged, len(some), loadBefore, loadNow())
	return nil
}

// portsOf returns the destination ports of records, those first that most have.
func portsOf(lines []string) []string {
	count := map[string]int{}
	for _, l := range lines {
		count[strings.Fields(l)[6]]++
	}
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], strings.Compare(a, b)) })
}

// watchAll makes all that watches: the first filter and the first rule count each event; a fifth of the rules count all events by their sources and the like, the others
// choose some by ports, as the filters do. An alarm of ten is on a rule, the others are on what filters count, and some of these go off.
func (s *logsServer) watchAll(ctx context.Context, topic string, ports []string) error {
	for i := range loadFilters {
		pattern := fmt.Sprintf(`[version, account, eni, source, destination, srcport, destport=%s, protocol, packets, bytes, start, end, action, status]`, ports[i])
		if i == 0 {
			pattern = ""
		}
		name := fmt.Sprint("filter", i)
		if _, err := s.call(ctx, "PutMetricFilter", object{"logGroupName": "bench", "filterName": name, "filterPattern": pattern, "metricTransformations": []object{
			{"metricName": name, "metricNamespace": "Bench", "metricValue": "1"},
		}}); err != nil {
			return err
		}
	}
	for i := range loadRules {
		contribution := object{"Keys": [][]string{{"srcaddr"}, {"srcaddr", "dstport"}, {"interface-id"}, {"srcaddr", "dstaddr"}}[i%4], "Filters": []object{}}
		if i >= loadRules/5 {
			contribution["Filters"] = []object{{"Match": "dstport", "In": []string{ports[i]}}, {"Match": "action", "In": []string{[]string{"ACCEPT", "REJECT"}[i%2]}}}
		}
		definition, err := json.Marshal(object{
			"Schema": object{"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": []string{"bench"}, "LogFormat": "CLF", "AggregateOn": "Count", "Contribution": contribution,
			"Fields": object{"3": "interface-id", "4": "srcaddr", "5": "dstaddr", "7": "dstport", "13": "action"},
		})
		if err != nil {
			return err
		}
		if err := s.metrics(ctx, "PutInsightRule", object{"RuleName": fmt.Sprint("rule", i), "RuleDefinition": string(definition)}, nil); err != nil {
			return err
		}
	}
	for i := range loadAlarms {
		in := object{"AlarmName": fmt.Sprint("alarm", i), "EvaluationPeriods": 1 + i%5, "Threshold": 1_000_000_000, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": []string{topic}}
		switch i % 10 {
		case 0: // each rule has one
			in["Metrics"] = []object{{"Id": "e1", "Expression": fmt.Sprintf("INSIGHT_RULE_METRIC('rule%d', 'MaxContributorValue')", i/10), "Period": 60}}
		default:
			in["Namespace"], in["MetricName"], in["Statistic"], in["Period"] = "Bench", fmt.Sprint("filter", i%loadFilters), "Sum", 60
			if i%loadFilters == 1 {
				in["Threshold"], in["EvaluationPeriods"] = 0, 1
			}
		}
		if err := s.metrics(ctx, "PutMetricAlarm", in, nil); err != nil {
			return err
		}
	}
	return nil
}

// flood puts at least so many events over some connections, and returns how many it put.
func (s *logsServer) flood(ctx context.Context, lines []string, want int) (int, error) {
	var mu sync.Mutex
	begun, events := 0, 0
	failed := make(chan error, putConnections)
	var wg sync.WaitGroup
	for range putConnections {
		wg.Go(func() {
			for {
				mu.Lock()
				at := begun * 7000 % (len(lines) - min(len(lines)-1, putEvents))
				begun++
				enough := events >= want
				mu.Unlock()
				if enough {
					return
				}
				n, err := s.putSome(ctx, lines[at:])
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				events += n
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
		return events, nil
	}
}

// putSome puts as many of the lines as a request takes.
func (s *logsServer) putSome(ctx context.Context, lines []string) (int, error) {
	body, n, err := putBody(lines, time.Now())
	if err != nil {
		return 0, err
	}
	r, err := s.request(ctx, "PutLogEvents", body)
	if err == nil {
		_, err = s.do(r)
	}
	return n, err
}

// waitContributed waits until a rule has counted as many events as are wanted; more are an error.
func (s *logsServer) waitContributed(ctx context.Context, rule string, from time.Time, want int) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(countedWithin); ; {
		var out struct{ AggregateValue float64 }
		err := s.metrics(ctx, "GetInsightRuleReport", object{
			"RuleName": rule, "StartTime": from.Truncate(time.Minute).Unix(), "EndTime": time.Now().Add(time.Minute).Truncate(time.Minute).Unix(), "Period": 60, "MaxContributorCount": 1,
		}, &out)
		got := int(out.AggregateValue)
		if err != nil || got == want {
			return err
		}
		if got > want || time.Now().After(deadline) {
			return fmt.Errorf("%s counts %d events of %d", rule, got, want)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// waitJudged waits until all alarms have a state, which they get when the minute is over and what came in it is counted, and returns how many have one after
// two minutes at most.
func (s *logsServer) waitJudged(ctx context.Context) (int, error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		n, err := s.judgedAlarms(ctx)
		if err != nil || n == loadAlarms || time.Now().After(deadline) {
			return n, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return n, ctx.Err()
		}
	}
}

// judgedAlarms returns how many alarms have another state than the one that they begin with.
func (s *logsServer) judgedAlarms(ctx context.Context) (int, error) {
	n, next := 0, ""
	for {
		in := object{"MaxRecords": 100}
		if next != "" {
			in["NextToken"] = next
		}
		var out struct {
			MetricAlarms []struct{ StateValue string }
			NextToken    string
		}
		if err := s.metrics(ctx, "DescribeAlarms", in, &out); err != nil {
			return 0, err
		}
		for _, a := range out.MetricAlarms {
			if !strings.HasPrefix(a.StateValue, "INSUFFICIENT") {
				n++
			}
		}
		if next = out.NextToken; next == "" {
			return n, nil
		}
	}
}
