package alarm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

// maxSubject is how many characters a subject may have.
//
// Source: AWS, Amazon SNS API Reference, Publish.
const maxSubject = 100

// message is the JSON that AWS publishes to a topic when an alarm changes its state.
//
// Source: AWS, CloudWatch User Guide, "Schema of Amazon SNS notifications when alarms change state", and messages that AWS sent. A description that is "" is
// written as null: AWS can't tell the two apart either, and null is what it writes of an alarm without one.
type message struct {
	AlarmName                          string
	AlarmDescription                   *string
	AWSAccountID                       string `json:"AWSAccountId"`
	AlarmConfigurationUpdatedTimestamp string `json:",omitempty"`
	NewStateValue                      State
	NewStateReason                     string
	NewStateReasonData                 json.RawMessage `json:",omitempty"`
	StateChangeTime                    string
	Region                             string
	AlarmARN                           string `json:"AlarmArn"`
	OldStateValue                      State
	ActionExecutedAfterMuteWindow      *bool    `json:",omitempty"`
	OKActions                          []string `json:"OKActions"`
	AlarmActions                       []string
	InsufficientDataActions            []string
	Trigger                            *messageTrigger `json:",omitempty"`
	AlarmRule                          string          `json:",omitempty"`
	TriggeringChildren                 *[]messageChild `json:",omitempty"`
	QueryString                        string          `json:",omitempty"`
	LogGroups                          []string        `json:",omitempty"`
}

// A messageTrigger is what a metric alarm watches.
type messageTrigger struct {
	MetricName                       string  `json:",omitempty"`
	Namespace                        string  `json:",omitempty"`
	StatisticType                    string  `json:",omitempty"`
	Statistic                        string  `json:",omitempty"`
	ExtendedStatistic                string  `json:",omitempty"`
	Unit                             any     `json:",omitempty"`
	Dimensions                       *[]pair `json:",omitempty"`
	Period                           int
	EvaluationPeriods                int
	DatapointsToAlarm                int `json:",omitempty"`
	ComparisonOperator               string
	Threshold                        number
	TreatMissingData                 string
	EvaluateLowSampleCountPercentile string
	Metrics                          []any `json:",omitempty"`
}

// A pair is a dimension as a message has it: value first, both in small letters.
type pair struct {
	Value string `json:"value"`
	Name  string `json:"name"`
}

type messageChild struct {
	ARN   string `json:"Arn"`
	State struct {
		Value     State
		Timestamp string
	}
}

// Message makes the subject (at most 100 characters of ASCII) and the body (JSON) of what SNS is told of an action. Log lines are not in it: AWS sends
// those by e-mail alone.
func Message(a Action, account, region string) (subject, body string, err error) {
	d := &a.Definition
	m := message{
		AlarmName: d.Name, AWSAccountID: account, NewStateValue: a.New, NewStateReason: a.Reason, OldStateValue: a.Old,
		StateChangeTime: isoTime(a.Time), Region: regionName(region), AlarmARN: ARN(account, region, d.Name),
		OKActions: orEmpty(d.Actions.OK), AlarmActions: orEmpty(d.Actions.Alarm), InsufficientDataActions: orEmpty(d.Actions.InsufficientData),
	}
	if d.Description != "" {
		m.AlarmDescription = &d.Description
	}
	switch {
	case d.Composite != nil:
		m.AlarmRule = d.Composite.Rule
		m.TriggeringChildren = triggeringChildren(a.ReasonData)
	case d.Log != nil:
		m.AlarmConfigurationUpdatedTimestamp = isoTime(a.ConfigurationUpdated)
		m.QueryString, m.LogGroups = d.Log.Query, d.Log.LogGroups
		if a.ReasonData != "" {
			m.NewStateReasonData = json.RawMessage(a.ReasonData)
		}
	default:
		m.AlarmConfigurationUpdatedTimestamp = isoTime(a.ConfigurationUpdated)
		m.ActionExecutedAfterMuteWindow = new(false) // weir has no mute windows
		m.Trigger = triggerOf(d.Metric)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // AWS writes -> as it is
	if err := e.Encode(&m); err != nil {
		return "", "", err
	}
	return subjectOf(&a, region), strings.TrimSuffix(b.String(), "\n"), nil
}

// subjectOf is the subject of a message. A character that is no printable ASCII becomes ?, and a name that is too long is cut, so that the
// state and the region stay.
func subjectOf(a *Action, region string) string {
	before, behind := string(a.New)+": \"", ascii(fmt.Sprintf("\" in %s", regionName(region)))
	name := ascii(a.Definition.Name)
	if room := max(maxSubject-len(before)-len(behind), len("...")); len(name) > room {
		name = name[:room-len("...")] + "..."
	}
	return cut(before+name+behind, maxSubject)
}

// ascii puts ? in place of what is no printable ASCII.
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

func triggerOf(m *Metric) *messageTrigger {
	t := &messageTrigger{
		Period: m.EvaluationPeriod(), EvaluationPeriods: m.EvaluationPeriods, DatapointsToAlarm: m.DatapointsToAlarm, ComparisonOperator: m.Comparison,
		Threshold: number(m.Threshold), TreatMissingData: m.TreatMissingData, EvaluateLowSampleCountPercentile: m.LowSampleCount,
	}
	if len(m.Queries) > 0 {
		for _, q := range queries(m.Queries, true) {
			t.Metrics = append(t.Metrics, q)
		}
		return t
	}
	t.MetricName, t.Namespace, t.Unit, t.Dimensions = m.Metric.Name, m.Metric.Namespace, json.RawMessage("null"), new(pairs(m.Metric.Dimensions))
	if m.Unit != "" {
		t.Unit = m.Unit
	}
	if standard(m.Statistic) {
		t.StatisticType, t.Statistic = "Statistic", strings.ToUpper(m.Statistic)
		if m.Statistic == "SampleCount" {
			t.Statistic = "SAMPLE_COUNT"
		}
	} else {
		t.StatisticType, t.ExtendedStatistic = "ExtendedStatistic", m.Statistic
	}
	return t
}

// standard reports whether a statistic is one of Statistic, not of ExtendedStatistic.
func standard(statistic string) bool {
	return slices.Contains([]string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}, statistic)
}

func pairs(list []metricstore.Dimension) []pair {
	out := make([]pair, 0, len(list))
	for _, d := range list {
		out = append(out, pair{d.Value, d.Name})
	}
	return out
}

func dimensions(list []metricstore.Dimension) []object {
	out := make([]object, 0, len(list))
	for _, d := range list {
		out = append(out, object{"name": d.Name, "value": d.Value})
	}
	return out
}

// queries are the queries of an alarm as JSON: a message names members as the API does, but for those of dimensions; the history begins them with a small letter.
func queries(list []metricmath.Query, capital bool) []object {
	key := func(name string) string {
		if capital {
			return name
		}
		return strings.ToLower(name[:1]) + name[1:]
	}
	out := make([]object, 0, len(list))
	for _, q := range list {
		o := object{key("Id"): q.ID, key("ReturnData"): q.ReturnData}
		setText(o, key("Expression"), q.Expression)
		setText(o, key("Label"), q.Label)
		if q.Period > 0 {
			o[key("Period")] = q.Period
		}
		if s := q.Stat; s != nil {
			stat := object{key("Period"): s.Period, key("Stat"): s.Stat, key("Metric"): object{
				key("Namespace"): s.Metric.Namespace, key("MetricName"): s.Metric.Name, key("Dimensions"): pairs(s.Metric.Dimensions),
			}}
			setText(stat, key("Unit"), s.Unit)
			o[key("MetricStat")] = stat
		}
		out = append(out, o)
	}
	return out
}

// triggeringChildren reads the alarms that a composite alarm answered to.
func triggeringChildren(reasonData string) *[]messageChild {
	out := []messageChild{}
	var t trigger
	if json.Unmarshal([]byte(reasonData), &t) != nil {
		return &out // there are none: SetAlarmState takes any JSON, and none
	}
	for _, c := range t.Alarms {
		child := messageChild{ARN: c.ARN}
		child.State.Value, child.State.Timestamp = c.State.Value, c.State.Timestamp
		out = append(out, child)
	}
	return &out
}
