package alarm

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func stateUpdated(t *testing.T, data string) State {
	t.Helper()
	var d struct {
		NewState struct{ StateValue State }
	}
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return d.NewState.StateValue
}

// TestReasons holds reasons against ones that AWS gave, in its recorded answers and in public messages of alarms.
func TestReasons(t *testing.T) {
	for _, test := range []struct {
		comparison string
		threshold  float64
		m, n       int // m is 0 where it was not given
		treatment  string
		values     []float64 // the newest first; NaN is missing
		at         int64     // when the newest began
		period     int64
		want       string
	}{
		{"GreaterThanThreshold", 21, 0, 1, "", []float64{21.5}, 1772100840, 10, "Threshold Crossed: 1 datapoint [21.5 (26/02/26 10:14:00)] was greater than the threshold (21.0)."},
		{
			"GreaterThanThreshold", 0, 1, 1, "",
			[]float64{0.33574153327928674},
			1678122180, 60,
			"Threshold Crossed: 1 out of the last 1 datapoints [0.33574153327928674 (06/03/23 17:03:00)] was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).",
		},
		{
			"GreaterThanThreshold", 50, 1, 1, "",
			[]float64{0.0666851903306472},
			1569937560, 300,
			"Threshold Crossed: 1 out of the last 1 datapoints [0.0666851903306472 (01/10/19 13:46:00)] was not greater than the threshold (50.0) (minimum 1 datapoint for ALARM -> OK transition).",
		},
		{
			"GreaterThanOrEqualToThreshold", 7, 3, 3, "",
			[]float64{8.891518474692088, 9.72, 9.18241509182415},
			1626304680, 60,
			"Threshold Crossed: 3 out of the last 3 datapoints [8.891518474692088 (14/07/21 23:18:00), 9.72 (14/07/21 23:17:00), 9.18241509182415 (14/07/21 23:16:00)] were greater than or equal to the threshold (7.0) (minimum 3 datapoints for OK -> ALARM transition).",
		},
		{
			"GreaterThanThreshold", 60, 0, 3, "",
			[]float64{0.050002640067216934, 0.04333311112870379, 0.03166697224583412},
			1646996280, 300,
			"Threshold Crossed: 3 datapoints [0.050002640067216934 (11/03/22 10:58:00), 0.04333311112870379 (11/03/22 10:53:00), 0.03166697224583412 (11/03/22 10:48:00)] were not greater than the threshold (60.0).",
		},
		{
			"LessThanThreshold", 65, 5, 5, "",
			[]float64{0, 0, 0, 0, 0},
			1588203120, 60,
			"Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold (65.0). The most recent datapoints which crossed the threshold: [0.0 (29/04/20 23:32:00), 0.0 (29/04/20 23:31:00), 0.0 (29/04/20 23:30:00), 0.0 (29/04/20 23:29:00), 0.0 (29/04/20 23:28:00)] (minimum 5 datapoints for OK -> ALARM transition).",
		},
		{
			"GreaterThanThreshold", 10, 0, 5, "",
			[]float64{27.5, 27.5, 27.5, 27.5, 27.5},
			1502222940, 60,
			"Threshold Crossed: 5 datapoints were greater than the threshold (10.0). The most recent datapoints which crossed the threshold: [27.5 (08/08/17 20:09:00), 27.5 (08/08/17 20:08:00), 27.5 (08/08/17 20:07:00), 27.5 (08/08/17 20:06:00), 27.5 (08/08/17 20:05:00)].",
		},
		{
			"GreaterThanOrEqualToThreshold", 1, 1, 20, "notBreaching", append([]float64{613}, nans(21)...), 1710591300, 60,
			"Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was greater than or equal to the threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).",
		},
		{
			"LessThanOrEqualToThreshold", 0, 0, 8, "breaching", append([]float64{2}, nans(9)...), 1787132160, 900,
			"Threshold Crossed: 1 datapoint [2.0 (19/08/26 09:36:00)] was not less than or equal to the threshold (0.0) and 7 missing datapoints were treated as [Breaching].",
		},
		{"GreaterThanThreshold", 2, 0, 2, "breaching", nans(4), 1772100840, 10, "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."},
		{"GreaterThanThreshold", 2, 0, 1, "notBreaching", nans(3), 1772100840, 60, "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."},
		{"GreaterThanThreshold", 2, 2, 3, "breaching", append([]float64{0}, nans(4)...), 1772100840, 60, "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching]."},
		{"GreaterThanThreshold", 2, 0, 1, "", nans(3), 1772100840, 60, "Insufficient Data: 1 datapoint was unknown."},
		{"GreaterThanThreshold", 5, 0, 5, "missing", nans(7), 1772100840, 60, "Insufficient Data: 5 datapoints were unknown."},
	} {
		slots := make([]slot, len(test.values))
		for i, v := range test.values {
			slots[i] = slot{time: test.at - int64(i)*test.period, there: !math.IsNaN(v), Datapoint: Datapoint{Value: v}}
		}
		m := &Metric{EvaluationPeriods: test.n, DatapointsToAlarm: test.m}
		j := judge(slots, test.comparison, test.threshold, m.datapointsToAlarm(), test.n, treatment(test.treatment))
		if got := reasonOf(&j, test.comparison, test.threshold, test.m, test.n, "datapoint"); got != test.want {
			t.Errorf("%s\nAWS says %s", got, test.want)
		}
	}
}

func nans(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

func TestReasonData(t *testing.T) {
	w := newWorld(t)
	d := onMetric("a", 2)
	d.Metric.Unit, d.Metric.Statistic = "Seconds", "Average"
	w.put(d)
	w.value("a", -180, 12)
	w.value("a", -120, 21.5)
	w.step()
	// The form is that of AWS's recorded answers; a missing period has a time alone, and one more than two is there because its datapoint counted.
	want := `{"version":"1.0","queryDate":"2023-11-14T23:00:00.000+0000","startDate":"2023-11-14T22:57:00.000+0000","unit":"Seconds","statistic":"Average","period":60,` +
		`"recentDatapoints":[12.0,21.5],"threshold":10.0,"evaluatedDatapoints":[{"timestamp":"2023-11-14T22:59:00.000+0000"},` +
		`{"timestamp":"2023-11-14T22:58:00.000+0000","sampleCount":1.0,"value":21.5},{"timestamp":"2023-11-14T22:57:00.000+0000","sampleCount":1.0,"value":12.0}]}`
	if got := w.alarm("a").ReasonData; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}

	d.Name, d.Metric.EvaluationPeriods, d.Metric.Metric.Name = "long", 1440, "long"
	w.put(d)
	for at := int64(-86400); at < 0; at += 60 {
		w.value("long", at, 11)
	}
	w.step()
	long := w.alarm("long")
	if !json.Valid([]byte(long.ReasonData)) || len(long.ReasonData) > maxReasonData || long.State != Alarm || len(long.Reason) > maxReason {
		t.Errorf("%s, %d characters of reason, data %d: %.200s", long.State, len(long.Reason), len(long.ReasonData), long.ReasonData)
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0", 1: "1.0", -2.5: "-2.5", 9999999: "9999999.0", 1e7: "1.0E7", 12345678.5: "1.23456785E7", 0.001: "0.001", 0.0001: "1.0E-4", 1e300: "1.0E300",
		1.5e-10: "1.5E-10", math.MaxFloat64: "1.7976931348623157E308",
	} {
		if got := number(v).String(); got != want {
			t.Errorf("%v: %s, not %s", v, got, want)
		}
		var back float64
		if text, err := json.Marshal(number(v)); err != nil || json.Unmarshal(text, &back) != nil || back != v {
			t.Errorf("%v is %s in JSON, which is read as %v (%v)", v, text, back, err)
		}
	}
	if strings.Contains(number(math.Inf(1)).String(), "E") {
		t.Error("an infinite number has no exponent")
	}
}

func TestFitting(t *testing.T) {
	for n := range 30 {
		for most := range 80 {
			text, err := fitting(n, most, func(k int) any { return make([]int, k) })
			var got []int
			if err != nil || json.Unmarshal([]byte(text), &got) != nil {
				t.Fatalf("%d in %d: %s %v", n, most, text, err)
			}
			if want := max(0, min(n, (most-1)/2)); len(got) != want {
				t.Fatalf("%d in %d: %d, not %d", n, most, len(got), want)
			}
		}
	}
}
