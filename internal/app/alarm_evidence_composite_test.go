package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/logstore"
)

// filteredFlows makes a log group of flow log records, with a metric filter for each name, and alarms of these names on what they count: more than none in a minute.
func (a *alerted) filteredFlows(filters map[string]string) {
	a.t.Helper()
	a.call("logs", "CreateLogGroup", `{"logGroupName":"flows"}`, "")
	a.call("logs", "CreateLogStream", `{"logGroupName":"flows","logStreamName":"s"}`, "")
	for name, pattern := range filters {
		a.call("logs", "PutMetricFilter", fmt.Sprintf(`{"logGroupName":"flows","filterName":%q,"filterPattern":%q,
			"metricTransformations":[{"metricName":%[1]q,"metricNamespace":"N","metricValue":"1"}]}`, name, pattern), "")
		a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":%q,"Namespace":"N","MetricName":%[1]q,"Statistic":"Sum","Period":60,"EvaluationPeriods":1,
			"Threshold":0,"ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"notBreaching"}`, name), "")
	}
}

// putFlows puts records into the log group, the first at a time and each of the others a second after the one before.
func (a *alerted) putFlows(at time.Time, lines ...string) {
	a.t.Helper()
	var events []logstore.InputEvent
	for i, line := range lines {
		events = append(events, logstore.InputEvent{Timestamp: at.Add(time.Duration(i) * time.Second).UnixMilli(), Message: []byte(line)})
	}
	if _, err := a.w.watch.store.Put(a.t.Context(), "flows", "s", events, a.clock()); err != nil {
		a.t.Fatal(err)
	}
}

// composite puts a composite alarm.
func (a *alerted) composite(name, rule, topic string) {
	a.t.Helper()
	a.call("monitoring", "PutCompositeAlarm", fmt.Sprintf(`{"AlarmName":%q,"AlarmRule":%q,"AlarmActions":[%q]}`, name, rule, topic), "")
}

const (
	rejectPattern = "[version, account, eni, ..., action=REJECT, status]"
	sshPattern    = "[version, account, eni, src, dst, srcport, dstport=22, ...]"
)

// TestCompositeEvidence names who is behind the alarms of a rule, also of one within another: what two of them count of the same log group and time counts once.
func TestCompositeEvidence(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	a.filteredFlows(map[string]string{"refused": rejectPattern, "ssh": sshPattern, "dns": "[version, account, eni, src, dst, srcport, dstport=53, ...]"})
	a.composite("both", "ALARM(refused) AND ALARM(ssh)", arn)
	a.composite("any", "ALARM(both) OR ALARM(ssh) OR ALARM(dns)", arn)
	a.composite("none", "NOT ALARM(dns)", arn)
	a.putFlows(watchedDay.Add(time.Second),
		flowLine(1, "eni-1", 50000, 22, 40, "REJECT"), flowLine(2, "eni-1", 50001, 22, 40, "REJECT"), flowLine(3, "eni-2", 50002, 3389, 40, "REJECT"),
		flowLine(4, "eni-3", 50003, 22, 40, "ACCEPT"), flowLine(5, "eni-4", 50004, 443, 40, "ACCEPT"))
	a.at(watchedDay.Add(time.Minute + time.Second))
	texts := a.texts()
	for _, of := range []string{"both ALARM", "any ALARM"} {
		for _, want := range []string{
			"refused is in ALARM since 2026-", "ssh is in ALARM since 2026-", ": Threshold Crossed: 1 datapoint [3.0 (", "10.0.0.1  4\n",
			"eni-1  2\n", "eni-2  1\n", "eni-3  1\n", "port 22/tcp    3\n", "port 3389/tcp  1\n", "\n  weir logs tail flows --from 2026-03-02T12:00:00Z --to 2026-03-02T12:01:00Z --filter '\" 10.0.0.1 \"'\n", "Since ", ", for 1 min.",
		} {
			if !strings.Contains(texts[of], want) {
				t.Errorf("%s does not say %q", of, want)
			}
		}
		if strings.Contains(texts[of], "eni-4") || strings.Contains(texts[of], "dns is in") || strings.Contains(texts[of], "both is in") != (of == "any ALARM") ||
			strings.Count(texts[of], "\nssh is in ALARM") != 1 || t.Failed() {
			t.Errorf("%s:\n%s", of, texts[of])
		}
	}
	if text := texts["none ALARM"]; !strings.Contains(text, "No alarm of its rule is in ALARM.") || strings.Contains(text, "Since") {
		t.Errorf("none ALARM:\n%s", text)
	}
	d, err := a.s.AlarmDetails(t.Context(), "both")
	if err != nil || d.Why == nil || d.Why.Events != 4 || !slices.Equal(d.Why.LogGroups, []string{"flows"}) || len(d.Why.Says) != 3 || d.Why.To.Sub(d.Why.From) != time.Minute {
		t.Errorf("its details: %+v, %v", d, err)
	}
}

// TestCompositeEvidenceOfTimes takes the events of each alarm's own periods, and goes by the time at which the composite alarm went off.
func TestCompositeEvidenceOfTimes(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	a.filteredFlows(map[string]string{"refused": rejectPattern, "ssh": sshPattern})
	a.call("monitoring", "PutMetricAlarm", `{"AlarmName":"refused","Namespace":"N","MetricName":"refused","Statistic":"Sum","Period":60,"EvaluationPeriods":3,"DatapointsToAlarm":1,
		"Threshold":0,"ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"notBreaching"}`, "")
	a.composite("both", "ALARM(refused) AND ALARM(ssh)", arn)
	a.putFlows(watchedDay.Add(time.Second), flowLine(1, "eni-1", 50000, 3389, 40, "REJECT"), flowLine(2, "eni-2", 50000, 3389, 40, "ACCEPT"))
	a.at(watchedDay.Add(time.Minute + time.Second))
	a.putFlows(watchedDay.Add(time.Minute+time.Second), flowLine(61, "eni-3", 50000, 22, 40, "ACCEPT"), flowLine(62, "eni-4", 50000, 3389, 40, "REJECT"))
	a.at(watchedDay.Add(2*time.Minute + time.Second))
	text := a.texts()["both ALARM"]
	for _, want := range []string{"eni-1  1\n", "eni-3  1\n", "Since ", ", for 2 min."} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if strings.Contains(text, "eni-2") || strings.Contains(text, "eni-4") || t.Failed() { // refused went off before eni-4
		t.Errorf("it says:\n%s", text)
	}
	a.mu.Lock()
	a.now = a.now.Add(time.Second)
	a.mu.Unlock()
	a.call("monitoring", "PutMetricAlarm", `{"AlarmName":"ssh","Namespace":"N","MetricName":"ssh","Statistic":"Sum","Period":60,"EvaluationPeriods":1,
		"Threshold":0,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"breaching"}`, "")
	d, err := a.s.AlarmDetails(t.Context(), "both")
	if err != nil || d.Why == nil || d.Why.Events != 1 || !slices.ContainsFunc(d.Why.Says, func(s string) bool { return strings.Contains(s, "behind ssh are not counted: it was changed since") }) {
		t.Errorf("with an alarm that was changed: %+v, %v", d.Why, err)
	}
}
