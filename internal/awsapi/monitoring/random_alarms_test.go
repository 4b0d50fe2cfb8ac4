package monitoring

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

// randomAlarm makes a request of PutMetricAlarm that is taken, with some of the members that may be there.
func randomAlarm(r *rand.Rand) object {
	text := func() string { return []string{"a", "ä <&> \"b\"", "x=1&y=%20+", "名前", "  ", "l\nm"}[r.IntN(6)] }
	namespace := []string{"a", "AWS/EC2", "b <&> c"}[r.IntN(3)]
	number := func() float64 { return []float64{0, -1.5, 1e7, 1e-9, 100, 123456789.25}[r.IntN(6)] }
	dimensions := func() []any {
		out := list()
		for i := range r.IntN(3) {
			out = append(out, object{"Name": fmt.Sprint(i, text()), "Value": text()})
		}
		return out
	}
	topics := func() []any {
		return list("arn:aws:sns:eu-west-1:123456789012:a", "arn:aws:sns:eu-west-1:123456789012:b")[:r.IntN(3)]
	}
	in := object{
		"AlarmName": "alarm", "EvaluationPeriods": float64(1 + r.IntN(3)), "Threshold": number(),
		"ComparisonOperator": []string{"GreaterThanThreshold", "LessThanOrEqualToThreshold"}[r.IntN(2)], "ActionsEnabled": r.IntN(2) == 0,
	}
	some := func(name string, value any) {
		if r.IntN(2) == 0 {
			in[name] = value
		}
	}
	some("AlarmDescription", text())
	some("OKActions", topics())
	some("AlarmActions", topics())
	some("InsufficientDataActions", topics())
	some("DatapointsToAlarm", 1.0)
	some("TreatMissingData", []string{"breaching", "ignore"}[r.IntN(2)])
	if r.IntN(3) == 0 {
		metric := object{"Namespace": namespace, "MetricName": text(), "Dimensions": dimensions()}
		stat := object{"Metric": metric, "Period": 300.0, "Stat": []string{"Sum", "p99.9", "TM(10%:90%)"}[r.IntN(3)]}
		if r.IntN(2) == 0 {
			stat["Unit"] = "Bytes/Second"
		}
		queries := list(object{"Id": "m1", "ReturnData": false, "MetricStat": stat}, object{"Id": "e1", "ReturnData": true, "Expression": "m1 * 2 < 5", "Label": text()})
		in["Metrics"] = queries
		return in
	}
	in["MetricName"], in["Namespace"], in["Period"] = text(), namespace, []float64{10, 60, 3600}[r.IntN(3)]
	some("Dimensions", dimensions())
	some("Unit", "Percent")
	if r.IntN(2) == 0 {
		in["Statistic"] = "Average"
	} else {
		in["ExtendedStatistic"] = "p99"
		some("EvaluateLowSampleCountPercentile", "evaluate")
	}
	return in
}

// TestAlarmsReadBack puts alarms with random members in a random protocol, and describes them in another: what was given is there, and what
// was not is not, but for the members that are always there.
func TestAlarmsReadBack(t *testing.T) {
	s := newServer(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		in := randomAlarm(r)
		put, describe := protocols[r.IntN(len(protocols))], protocols[r.IntN(len(protocols))]
		if got := ask(t, s.api, put, "PutMetricAlarm", in); got.status != 200 {
			t.Fatalf("%s %v: %d %s", put, in, got.status, got.body)
		}
		want := object{"OKActions": list(), "AlarmActions": list(), "InsufficientDataActions": list(), "Dimensions": list()}
		maps.Copy(want, in)
		out := replay(t, s.api, describe, "DescribeAlarms", object{"AlarmNames": list("alarm")}, object{"MetricAlarms": list(want)})
		got := out.(object)["MetricAlarms"].([]any)[0].(object)
		for _, name := range []string{"AlarmArn", "AlarmConfigurationUpdatedTimestamp", "StateReason", "StateTransitionedTimestamp", "StateUpdatedTimestamp", "StateValue"} {
			if got[name] == nil {
				t.Errorf("%s is not there", name)
			}
			delete(got, name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("put by %s, described by %s: %s", put, describe, diff)
		}
	}
}

// FuzzHistoryToken: a token names the item that it was made of, and any other text is none or is made again as it was.
func FuzzHistoryToken(f *testing.F) {
	f.Add(historyToken(&alarm.HistoryItem{ID: 7, Time: 1_764_466_510_986}))
	f.Add(awsapi.PageToken("DescribeAlarmHistory", "1 x"))
	f.Fuzz(func(t *testing.T, token string) {
		item, ok := historyPlace(token)
		if !ok {
			return
		}
		again, ok := historyPlace(historyToken(item))
		if !ok || again.ID != item.ID || again.Time != item.Time {
			t.Fatalf("%q is %v, which is %v (%t)", token, item, again, ok)
		}
	})
}
