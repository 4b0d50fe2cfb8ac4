package alarm

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

func dimension(name, value string) []metricstore.Dimension {
	return []metricstore.Dimension{{Name: name, Value: value}}
}

// TestMessageForms holds the forms of messages against public ones that AWS sent, but for what tells whose they were.
func TestMessageForms(t *testing.T) {
	at := int64(1_636_512_355_640) // 2021-11-10T02:45:55.640
	stat := func(name, dimensionName, value string) *metricmath.Stat {
		return &metricmath.Stat{Metric: metricstore.Metric{Namespace: "AWS/NetworkELB", Name: name, Dimensions: dimension(dimensionName, value)}, Period: 60, Stat: "Average"}
	}
	for name, test := range map[string]struct {
		action Action
		region string
		want   string
	}{
		"an expression": {
			Action{Transition: Transition{Old: InsufficientData, New: Alarm, Reason: "a -> b", Time: at}, ConfigurationUpdated: at, Definition: Definition{
				Name: "testAlarm", Metric: &Metric{
					EvaluationPeriods: 5, Threshold: 65, Comparison: "LessThanThreshold", TreatMissingData: "missing", Queries: []metricmath.Query{
						{ID: "expr_1", Expression: "100*(healthyHostCount/fleetCapacity)", ReturnData: true},
						{ID: "healthyHostCount", Label: "HealthyHostCount", Stat: stat("HealthyHostCount", "TargetGroup", "testTargetGroup")},
					},
				},
			}},
			"us-west-2",
			`{"AlarmName":"testAlarm","AlarmDescription":null,"AWSAccountId":"1","AlarmConfigurationUpdatedTimestamp":"2021-11-10T02:45:55.640+0000","NewStateValue":"ALARM",
			"NewStateReason":"a -> b","StateChangeTime":"2021-11-10T02:45:55.640+0000","Region":"US West (Oregon)","AlarmArn":"arn:aws:cloudwatch:us-west-2:1:alarm:testAlarm",
			"OldStateValue":"INSUFFICIENT_DATA","ActionExecutedAfterMuteWindow":false,"OKActions":[],"AlarmActions":[],"InsufficientDataActions":[],
			"Trigger":{"Period":60,"EvaluationPeriods":5,"ComparisonOperator":"LessThanThreshold","Threshold":65.0,"TreatMissingData":"missing","EvaluateLowSampleCountPercentile":"","Metrics":[
			{"Expression":"100*(healthyHostCount/fleetCapacity)","Id":"expr_1","ReturnData":true},
			{"Id":"healthyHostCount","Label":"HealthyHostCount","MetricStat":{"Metric":{"Dimensions":[{"value":"testTargetGroup","name":"TargetGroup"}],"MetricName":"HealthyHostCount","Namespace":"AWS/NetworkELB"},"Period":60,"Stat":"Average"},"ReturnData":false}]}}`,
		},
		"an extended statistic": {
			Action{Transition: Transition{Old: Alarm, New: OK, Time: at}, ConfigurationUpdated: at, Definition: Definition{
				Name: "cpu", Actions: Actions{OK: []string{toOK}}, Metric: &Metric{
					Metric:    metricstore.Metric{Namespace: "AWS/EC2", Name: "CPUUtilization", Dimensions: dimension("InstanceId", "i-0b")},
					Statistic: "p90", Period: 300, EvaluationPeriods: 3, DatapointsToAlarm: 2, Threshold: 60, Comparison: "GreaterThanThreshold", LowSampleCount: "ignore",
				},
			}},
			"us-west-1",
			`{"AlarmName":"cpu","AlarmDescription":null,"AWSAccountId":"1","AlarmConfigurationUpdatedTimestamp":"2021-11-10T02:45:55.640+0000","NewStateValue":"OK",
			"NewStateReason":"","StateChangeTime":"2021-11-10T02:45:55.640+0000","Region":"US West (N. California)","AlarmArn":"arn:aws:cloudwatch:us-west-1:1:alarm:cpu",
			"OldStateValue":"ALARM","ActionExecutedAfterMuteWindow":false,"OKActions":["` + toOK + `"],"AlarmActions":[],"InsufficientDataActions":[],
			"Trigger":{"MetricName":"CPUUtilization","Namespace":"AWS/EC2","StatisticType":"ExtendedStatistic","ExtendedStatistic":"p90","Unit":null,
			"Dimensions":[{"value":"i-0b","name":"InstanceId"}],"Period":300,"EvaluationPeriods":3,"DatapointsToAlarm":2,"ComparisonOperator":"GreaterThanThreshold","Threshold":60.0,
			"TreatMissingData":"","EvaluateLowSampleCountPercentile":"ignore"}}`,
		},
		"a composite alarm": {
			Action{Transition: Transition{
				Old: OK, New: Alarm, Reason: "arn:aws:cloudwatch:us-east-1:1:alarm:f transitioned to ALARM at Wednesday 10 November, 2021 02:45:55 UTC", Time: at,
				ReasonData: `{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:us-east-1:1:alarm:f","state":{"value":"ALARM","timestamp":"2021-11-10T02:45:55.640+0000"}}]}`,
			}, Definition: Definition{Name: "monitor", Description: "d", Composite: &Composite{Rule: "ALARM(arn:aws:cloudwatch:us-east-1:1:alarm:f)"}}},
			"us-east-1",
			`{"AlarmName":"monitor","AlarmDescription":"d","AWSAccountId":"1","NewStateValue":"ALARM",
			"NewStateReason":"arn:aws:cloudwatch:us-east-1:1:alarm:f transitioned to ALARM at Wednesday 10 November, 2021 02:45:55 UTC","StateChangeTime":"2021-11-10T02:45:55.640+0000",
			"Region":"US East (N. Virginia)","AlarmArn":"arn:aws:cloudwatch:us-east-1:1:alarm:monitor","OldStateValue":"OK","OKActions":[],"AlarmActions":[],"InsufficientDataActions":[],
			"AlarmRule":"ALARM(arn:aws:cloudwatch:us-east-1:1:alarm:f)","TriggeringChildren":[{"Arn":"arn:aws:cloudwatch:us-east-1:1:alarm:f","State":{"Value":"ALARM","Timestamp":"2021-11-10T02:45:55.640+0000"}}]}`,
		},
	} {
		_, body, err := Message(test.action, "1", test.region)
		var got, want map[string]any
		if err != nil || json.Unmarshal([]byte(body), &got) != nil || json.Unmarshal([]byte(test.want), &want) != nil {
			t.Fatalf("%s: %s %v", name, body, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%s\nAWS sends %s", name, body, test.want)
		}
		if strings.Contains(body, `\u003e`) {
			t.Errorf("%s: %s", name, body)
		}
	}
	// What was set by hand need not name alarms.
	for _, data := range []string{"", `"text"`, `{"triggeringAlarms":5}`, `[]`} {
		a := Action{Transition: Transition{ReasonData: data}, Definition: onAlarms("c", "TRUE")}
		if _, body, err := Message(a, "1", "us-east-1"); err != nil || !strings.Contains(body, `"TriggeringChildren":[]`) {
			t.Errorf("%s: %s %v", data, body, err)
		}
	}
}

func TestSubjects(t *testing.T) {
	for _, test := range []struct{ name, region, want string }{
		{"a", "eu-west-1", `INSUFFICIENT_DATA: "a" in EU (Ireland)`},
		{"ä\n\"x\"", "weir", `INSUFFICIENT_DATA: "??"x"" in weir`},
		{strings.Repeat("n", 255), "us-east-1", `INSUFFICIENT_DATA: "` + strings.Repeat("n", 100-20-26-3) + `..." in US East (N. Virginia)`},
		{"a", strings.Repeat("r", 200), `INSUFFICIENT_DATA: "a" in ` + strings.Repeat("r", 100-26)},
	} {
		subject, _, err := Message(Action{Transition: Transition{New: InsufficientData}, Definition: onMetric(test.name, 1)}, "1", test.region)
		if err != nil || subject != test.want || len(subject) > maxSubject {
			t.Errorf("%q, not %q, %v", subject, test.want, err)
		}
	}
}
