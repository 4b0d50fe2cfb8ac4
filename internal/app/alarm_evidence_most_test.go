package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/contributor"
	"weir/internal/detection"
)

// TestAlarmEvidenceOfGreatest names in the message of an alarm on the greatest contributor of a rule who that is, and no host that has more records and less of what is counted.
func TestAlarmEvidenceOfGreatest(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Unix()
	// Each of eight hosts has many records, and below the threshold of anything.
	busy := func(record func(host string, i int) string) []string {
		var out []string
		for host := range 8 {
			out = append(out, times(40, func(i int) string { return record(fmt.Sprint("10.0.0.", 20+host), i) })...)
		}
		return out
	}
	for _, c := range []struct {
		name, detection, alarm string
		threshold              float64
		lines                  []string
		want, not              []string
	}{
		{
			name: "few large records", detection: "large-egress", alarm: "weir-large-egress-g", threshold: 1e9,
			lines: slices.Concat(
				busy(func(host string, i int) string {
					return flagged(host, "203.0.113.1", 4000+i, 443, 50, "ACCEPT", 2, "egress")
				}),
				times(2, func(i int) string { return flagged("10.0.0.9", "192.0.2.1", 4000+i, 443, 6e8, "ACCEPT", 2, "egress") }),
				times(1, func(i int) string { return flagged("10.0.0.8", "192.0.2.2", 4000+i, 8443, 1e9, "ACCEPT", 2, "egress") }), // at the threshold
				times(1, func(i int) string {
					return flagged("10.0.0.7", "192.0.2.3", 4000+i, 443, 999999999, "ACCEPT", 2, "egress")
				}),
			),
			want: []string{"Most by srcaddr: 10.0.0.9 1200000000; 10.0.0.8 1000000000\n", "\n  10.0.0.9  2\n  10.0.0.8  1\n", "weir why 10.0.0.9 192.0.2.1:443/tcp "},
			not:  []string{"10.0.0.20", "203.0.113.1", "10.0.0.7"},
		},
		{
			name: "a scan beside a busy server", detection: "port-scan", alarm: "weir-port-scan-g-ports", threshold: 25,
			lines: slices.Concat(
				busy(func(host string, i int) string {
					return flagged(host, "10.0.1.1", 4000+i, 443, 50, "ACCEPT", 2, "ingress")
				}),
				times(30, func(i int) string { return flagged("192.0.2.1", "10.0.1.1", 4000, 100+i, 40, "REJECT", 2, "ingress") }),
			),
			want: []string{"Most by srcaddr: 192.0.2.1 30\n", "\n  192.0.2.1  30\n", "weir why 192.0.2.1 10.0.1.1:100/tcp "},
			not:  []string{"10.0.0.20", "10.0.1.1 port 443"},
		},
		{
			name: "six sources", detection: "ssh-bruteforce", alarm: "weir-ssh-bruteforce-g-refused", threshold: 10,
			lines: times(60, func(i int) string {
				return flagged(fmt.Sprint("192.0.2.", 1+i%6), "10.0.0.1", 4000+i, 22, 40, "REJECT", 2, "ingress")
			}),
			want: []string{"Most by srcaddr: 192.0.2.1 10; 192.0.2.2 10; 192.0.2.3 10; 192.0.2.4 10; 192.0.2.5 10; and 1 more\n", "10.0.0.1 port 22/tcp  60\n"},
		},
	} {
		a, endpoint := newAlerted(t, time.Unix(begin-60, 0))
		a.flowGroup("g", withFlags)
		a.add(DetectionRequest{
			Name: c.detection, Group: "g", Values: map[string]float64{detection.Threshold: c.threshold, detection.Period: 60},
			Targets: []detection.Target{{Protocol: "http", Endpoint: endpoint}},
		})
		a.confirm()
		a.put("g", begin, c.lines)
		_, texts := a.told()
		text := texts[c.alarm+" ALARM"]
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the message does not say %q:\n%s", c.name, want, text)
			}
		}
		for _, not := range c.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: the message says %q:\n%s", c.name, not, text)
			}
		}
	}
}

// TestAlarmEvidenceOfSums says in the message of an alarm on the sum of a rule who has most of it, and names those of all records: of a rule that counts, these say it.
func TestAlarmEvidenceOfSums(t *testing.T) {
	for value, want := range map[string]string{
		"bytes": "\nMost by srcaddr dstaddr: 10.0.0.9 192.0.2.1 900; 10.0.0.8 192.0.2.2 100\n\nWhere:\n  eni-1  6\n",
		"":      "\n\nWhere:\n  eni-1  6\n",
	} {
		a, endpoint := newAlerted(t, watchedDay)
		arn := a.topic(endpoint)
		a.flowGroup("g", withFlags)
		valueOf, statistic := "", "Count"
		if value != "" {
			valueOf, statistic = fmt.Sprintf(`"ValueOf":%q,`, value), "Sum"
		}
		a.call("monitoring", "PutInsightRule", `{"RuleName":"r","RuleDefinition":`+quoted(`{"Schema":{"Name":"WeirLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"FlowLog",
			"Contribution":{`+valueOf+`"Keys":["srcaddr","dstaddr"],"Filters":[]},"AggregateOn":"`+statistic+`"}`)+`}`, "")
		a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"a","EvaluationPeriods":1,"Threshold":5,"ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"notBreaching","AlarmActions":[%q],
			"Metrics":[{"Id":"e","Expression":"INSIGHT_RULE_METRIC('r', 'Sum')","Period":60,"ReturnData":true}]}`, arn), "")
		a.put("g", watchedDay.Unix(), append(
			times(5, func(i int) string { return flagged("10.0.0.8", "192.0.2.2", 4000+i, 443, 20, "ACCEPT", 2, "egress") }),
			flagged("10.0.0.9", "192.0.2.1", 4000, 443, 900, "ACCEPT", 2, "egress")))
		if text := a.texts()["a ALARM"]; !strings.Contains(text, want) || strings.Contains(text, "Most by") != (value != "") {
			t.Errorf("%q: the message does not say %q:\n%s", value, want, text)
		}
	}
}

// TestMostLine counts those that it does not name; a report may have left out others.
func TestMostLine(t *testing.T) {
	for n, want := range map[int]string{1: "", 5: "", 6: "; and 1 more", 99: "; and 94 more", 100: "; and at least 95 more"} {
		var most []contributor.Contributor
		for i := range n {
			most = append(most, contributor.Contributor{Keys: []string{"a", fmt.Sprint(i)}, Value: float64(n - i)})
		}
		got := mostLine([]string{"x", "y"}, most)
		if !strings.HasPrefix(got, fmt.Sprintf("Most by x y: a 0 %d", n)) || !strings.HasSuffix(got, want) || strings.Contains(got, "more") != (want != "") {
			t.Errorf("%d: %s", n, got)
		}
	}
}

// TestAlarmEvidenceOfSpike names who is behind a spike, and not who is refused all the time: what is behind an alarm is in the periods whose values crossed the threshold.
func TestAlarmEvidenceOfSpike(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Unix()
	a, endpoint := newAlerted(t, time.Unix(begin, 0))
	a.flowGroup("g", withFlags)
	a.add(DetectionRequest{
		Name: "reject-spike", Group: "g", Values: map[string]float64{detection.Threshold: 20, detection.Times: 3}, Targets: []detection.Target{{Protocol: "http", Endpoint: endpoint}},
	})
	a.confirm()
	refused := func(source string) func(i int) string {
		return func(i int) string { return flagged(source, "10.0.0.1", 4000+i, 22, 40, "REJECT", 2, "ingress") }
	}
	for minute := range int64(64) {
		lines := times(5, refused("192.0.2.1"))
		if minute == 63 {
			lines = append(lines, times(100, refused("192.0.2.66"))...)
		}
		a.put("g", begin+minute*60, lines)
	}
	_, texts := a.told()
	text := texts["weir-reject-spike-g ALARM"]
	for _, want := range []string{"Since 2026-03-02 13:03:00 UTC, for 1 min.", "Top sources:\n  192.0.2.66  100\n  192.0.2.1   5\n", "weir why 192.0.2.66 ", "weir scan --from 2026-03-02T13:03:00Z "} {
		if !strings.Contains(text, want) {
			t.Errorf("the message does not say %q:\n%s", want, text)
		}
	}
}

// TestAlarmEvidenceOfThresholds names those over the threshold of each of two alarms on one rule that go off at the same time, and are looked up together.
func TestAlarmEvidenceOfThresholds(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	a.flowGroup("g", withFlags)
	a.call("monitoring", "PutInsightRule", `{"RuleName":"r","RuleDefinition":`+quoted(`{"Schema":{"Name":"WeirLogRule","Version":1},"LogGroupNames":["g"],"LogFormat":"FlowLog",
		"Contribution":{"Keys":["srcaddr"],"Filters":[]},"AggregateOn":"Count"}`)+`}`, "")
	for name, threshold := range map[string]int{"high": 25, "low": 10} {
		a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":%q,"EvaluationPeriods":1,"Threshold":%d,"ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"notBreaching","AlarmActions":[%q],
			"Metrics":[{"Id":"e","Expression":"INSIGHT_RULE_METRIC('r', 'MaxContributorValue')","Period":60,"ReturnData":true}]}`, name, threshold, arn), "")
	}
	from := func(source string) func(i int) string {
		return func(i int) string { return flagged(source, "10.0.0.1", 4000+i, 443, 40, "ACCEPT", 2, "ingress") }
	}
	a.put("g", watchedDay.Unix(), append(times(30, from("192.0.2.1")), times(15, from("192.0.2.2"))...))
	texts := a.texts()
	if text := texts["low ALARM"]; !strings.Contains(text, "Most by srcaddr: 192.0.2.1 30; 192.0.2.2 15\n") {
		t.Errorf("low: %s", text)
	}
	if text := texts["high ALARM"]; !strings.Contains(text, "Most by srcaddr: 192.0.2.1 30\n") || strings.Contains(text, "192.0.2.2") {
		t.Errorf("high: %s", text)
	}
}
