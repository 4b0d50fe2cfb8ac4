package app

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/logstore"
)

// TestAlarmEvidence names in a message the records that add to the alarm's metric, and no others that its metric filter matches.
func TestAlarmEvidence(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	a.call("logs", "CreateLogGroup", `{"logGroupName":"flows"}`, "")
	a.call("logs", "CreateLogStream", `{"logGroupName":"flows","logStreamName":"s"}`, "")
	a.call("logs", "PutMetricFilter", `{"logGroupName":"flows","filterName":"refused","filterPattern":"[version, account, eni, ..., action=REJECT, status]",
		"metricTransformations":[{"metricName":"Refused","metricNamespace":"N","metricValue":"1","dimensions":{"Interface":"$eni"}}]}`, "")
	a.call("logs", "PutMetricFilter", `{"logGroupName":"flows","filterName":"all","filterPattern":"","metricTransformations":[{"metricName":"Refused","metricNamespace":"N","metricValue":"1"}]}`, "")
	a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"refused","Namespace":"N","MetricName":"Refused","Dimensions":[{"Name":"Interface","Value":"eni-2"}],"Statistic":"Sum",
		"Period":60,"EvaluationPeriods":1,"Threshold":0,"ComparisonOperator":"GreaterThanThreshold","AlarmActions":[%q]}`, arn), "")
	var events []logstore.InputEvent
	for i, line := range []string{
		flowLine(1, "eni-1", 50000, 22, 40, "REJECT"), flowLine(1, "eni-1", 50000, 22, 40, "REJECT"), flowLine(2, "eni-2", 50001, 3389, 40, "REJECT"), flowLine(3, "eni-2", 50000, 22, 40, "ACCEPT"),
	} {
		events = append(events, logstore.InputEvent{Timestamp: watchedDay.Add(time.Duration(i+1) * time.Second).UnixMilli(), Message: []byte(line)})
	}
	if _, err := a.w.watch.store.Put(t.Context(), "flows", "s", events, a.clock()); err != nil {
		t.Fatal(err)
	}
	a.at(watchedDay.Add(time.Minute + time.Second))
	text := a.texts()["refused ALARM"]
	if !strings.Contains(text, "eni-2  1\n") || !strings.Contains(text, "port 3389/tcp  1\n") || strings.Contains(text, "eni-1") || strings.Contains(text, "port 22") {
		t.Errorf("the message says:\n%s", text)
	}
}

// TestAlarmEvidenceOfFlows names the records behind an alarm on weir's own metrics of flow logs.
func TestAlarmEvidenceOfFlows(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	dir := filepath.Join(t.TempDir(), "logs")
	for i, lines := range [][]string{{flowLine(0, "eni-1", 50000, 22, 40, "REJECT")}, {
		flowLine(61, "eni-1", 50000, 22, 40, "REJECT"), flowLine(62, "eni-2", 22, 50000, 40, "REJECT"), flowLine(63, "eni-3", 50000, 443, 40, "REJECT"), flowLine(64, "eni-4", 50000, 22, 40, "ACCEPT"),
	}} {
		deliverFile(t, dir, fmt.Sprint(i, ".log"), lines...)
		if _, err := a.s.Open(t.Context(), OpenRequest{Sources: []string{dir}, Brief: true, Follow: true}, nil); err != nil {
			t.Fatal(err)
		}
	}
	a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"ssh","Namespace":"Weir/FlowLogs","MetricName":"Rejects","Dimensions":[{"Name":"PortClass","Value":"SSH"}],"Statistic":"Sum",
		"Period":60,"EvaluationPeriods":1,"Threshold":0,"ComparisonOperator":"GreaterThanThreshold","AlarmActions":[%q]}`, arn), "")
	a.at(watchedDay.Add(2*time.Minute + LakeLateness + time.Second))
	text := a.texts()["ssh ALARM"]
	for _, want := range []string{"[2.0 (", "eni-1  1\n", "eni-2  1\n", "10.0.0.2 port 22/tcp     1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the message does not say %q", want)
		}
	}
	if strings.Contains(text, "eni-3") || strings.Contains(text, "eni-4") || t.Failed() {
		t.Errorf("the message says:\n%s", text)
	}
}

// TestAlarmEvidenceOfVPC names the records of a VPC, which the imported definition tells where they do not.
func TestAlarmEvidenceOfVPC(t *testing.T) {
	a, endpoint := newAlerted(t, watchedDay)
	arn := a.topic(endpoint)
	importOf(t, a.s.lake.Data(), moved+"  eni-2: {subnet: subnet-2, addresses: [10.1.0.1]}\n", watchedDay)
	dir := filepath.Join(t.TempDir(), "logs")
	for i, lines := range [][]string{{flowLine(0, "eni-1", 50000, 22, 40, "ACCEPT")}, {
		flowLine(61, "eni-1", 50000, 22, 40, "REJECT"), flowLine(62, "eni-2", 50000, 22, 40, "REJECT"), flowLine(63, "eni-1", 50000, 443, 40, "ACCEPT"), flowLine(64, "eni-3", 50000, 22, 40, "REJECT"),
	}} {
		deliverFile(t, dir, fmt.Sprint(i, ".log"), lines...)
		if _, err := a.s.Open(t.Context(), OpenRequest{Sources: []string{dir}, Brief: true, Follow: true}, nil); err != nil {
			t.Fatal(err)
		}
	}
	a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"vpc","Namespace":"Weir/FlowLogs","MetricName":"Rejects","Dimensions":[{"Name":"VpcId","Value":"vpc-1"}],"Statistic":"Sum",
		"Period":60,"EvaluationPeriods":1,"Threshold":0,"ComparisonOperator":"GreaterThanThreshold","AlarmActions":[%q]}`, arn), "")
	a.at(watchedDay.Add(2*time.Minute + LakeLateness + time.Second))
	text := a.texts()["vpc ALARM"]
	if !strings.Contains(text, "[1.0 (") || !strings.Contains(text, "eni-1  1\n") || strings.Contains(text, "eni-2") || strings.Contains(text, "eni-3") || strings.Contains(text, "443") {
		t.Errorf("the message says:\n%s", text)
	}
}

// TestRecordEnds takes no line for a record whose words are longer than those of one.
func TestRecordEnds(t *testing.T) {
	at := positionsOf(flowlog.DefaultFormat(flowlog.KindVPC))
	line := flowLine(0, "eni-1", 50000, 22, 40, "REJECT")
	if x, ok := at.of(line); !ok || x != (recordEnds{"10.0.0.1", "10.0.0.2", "50000", "22", "6", "eni-1", watchedDay.Unix()}) {
		t.Errorf("%v, %v", x, ok)
	}
	if x, ok := at.of(strings.Replace(line, "eni-1", strings.Repeat("e", 300_000), 1)); ok {
		t.Errorf("a word of 300 KB is %d bytes of an interface", len(x.eni))
	}
}

// TestMost holds what is chosen in one pass against what sorting gives, of counts with many ties.
func TestMost(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		counts, want := map[int]float64{}, []ranked[int]{}
		text := func(k int) string { return strings.Repeat("x", k) } // of 0 it is ""
		for range n {
			k := random.IntN(30)
			counts[k] = float64(random.IntN(3))
		}
		for k, c := range counts {
			if k > 0 {
				want = append(want, ranked[int]{k, text(k), c})
			}
		}
		slices.SortFunc(want, func(a, b ranked[int]) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.key, b.key)) })
		for _, some := range []int{1, 5} {
			if got, want := most(counts, text, some), want[:min(some, len(want))]; !slices.Equal(got, want) {
				t.Fatalf("%v: %v, want %v", counts, got, want)
			}
		}
	}
}

// TestAlarmEvidenceScan gives 'weir scan' the time at which the records start, where their events are of another: whoever puts records may give them the time of the moment.
func TestAlarmEvidenceScan(t *testing.T) {
	for _, c := range []struct {
		start    int // of the first record, in seconds behind the minute
		from, to string
	}{
		{1, "12:00:00", "12:01:00"},
		{-70, "11:58:50", "12:01:00"},
		{90, "12:00:00", "12:01:32"},
		{-7200, "12:00:00", "12:01:00"}, // nobody's record
	} {
		a, endpoint := newAlerted(t, watchedDay)
		arn := a.topic(endpoint)
		a.flowGroup("flows", flowlog.DefaultFormat(flowlog.KindVPC).String())
		a.call("logs", "PutMetricFilter", `{"logGroupName":"flows","filterName":"f","filterPattern":"REJECT","metricTransformations":[{"metricName":"Refused","metricNamespace":"N","metricValue":"1"}]}`, "")
		a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"refused","Namespace":"N","MetricName":"Refused","Statistic":"Sum","Period":60,"EvaluationPeriods":1,"Threshold":0,
			"ComparisonOperator":"GreaterThanThreshold","AlarmActions":[%q]}`, arn), "")
		a.put("flows", watchedDay.Unix(), []string{flowLine(c.start, "eni-1", 50000, 22, 40, "REJECT"), flowLine(c.start+1, "eni-1", 50001, 22, 40, "REJECT")})
		want := fmt.Sprintf("\n  weir scan --from 2026-03-02T%sZ --to 2026-03-02T%sZ --attempts 2\n", c.from, c.to)
		if text := a.texts()["refused ALARM"]; !strings.Contains(text, want) {
			t.Errorf("%d s: the message does not say %q:\n%s", c.start, want, text)
		}
	}
}

// TestAlarmEvidenceAttempts has 'weir scan' find attempts that were enough for the alarm, and are too few for it by itself; of other services, and from its own threshold on, it is asked for nothing.
func TestAlarmEvidenceAttempts(t *testing.T) {
	for _, c := range []struct {
		attempts, records, port int
		want                    string
	}{
		{15, 15, 22, " --attempts 15"},
		{4, 40, 3389, " --attempts 4"}, // several records of each
		{29, 29, 22, " --attempts 29"},
		{30, 30, 22, ""},
		{45, 45, 22, ""},
		{15, 15, 443, ""},
	} {
		a, endpoint := newAlerted(t, watchedDay)
		arn := a.topic(endpoint)
		a.flowGroup("flows", flowlog.DefaultFormat(flowlog.KindVPC).String())
		a.call("logs", "PutMetricFilter", `{"logGroupName":"flows","filterName":"f","filterPattern":"REJECT","metricTransformations":[{"metricName":"Refused","metricNamespace":"N","metricValue":"1"}]}`, "")
		a.call("monitoring", "PutMetricAlarm", fmt.Sprintf(`{"AlarmName":"refused","Namespace":"N","MetricName":"Refused","Statistic":"Sum","Period":60,"EvaluationPeriods":1,"Threshold":0,
			"ComparisonOperator":"GreaterThanThreshold","AlarmActions":[%q]}`, arn), "")
		a.put("flows", watchedDay.Unix(), times(c.records, func(i int) string { return flowLine(i, "eni-1", 50000+i%c.attempts, c.port, 40, "REJECT") }))
		want := "\n  weir scan --from 2026-03-02T12:00:00Z --to 2026-03-02T12:01:00Z" + c.want + "\n"
		if text := a.texts()["refused ALARM"]; !strings.Contains(text, want) {
			t.Errorf("%d attempts at %d: the message does not say %q:\n%s", c.attempts, c.port, want, text)
		}
	}
}
