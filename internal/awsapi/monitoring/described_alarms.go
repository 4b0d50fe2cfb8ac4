package monitoring

import (
	"slices"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

// alarmList are alarms by their kinds.
type alarmList struct {
	CompositeAlarms []compositeAlarm `json:"CompositeAlarms"`
	LogAlarms       []logAlarm       `json:"LogAlarms"`
	MetricAlarms    []metricAlarm    `json:"MetricAlarms"`
}

// describedAlarm are the members that all alarms have, in answers. What is nil is left out.
type describedAlarm struct {
	Name                    string      `json:"AlarmName"`
	ARN                     string      `json:"AlarmArn"`
	Description             string      `json:"AlarmDescription,omitempty"`
	ConfigurationUpdated    awsapi.Time `json:"AlarmConfigurationUpdatedTimestamp,omitzero"`
	ActionsEnabled          *bool       `json:"ActionsEnabled,omitzero"`
	OKActions               []string    `json:"OKActions,omitzero"`
	AlarmActions            []string    `json:"AlarmActions,omitzero"`
	InsufficientDataActions []string    `json:"InsufficientDataActions,omitzero"`
	State                   string      `json:"StateValue,omitempty"`
	StateReason             string      `json:"StateReason,omitempty"`
	StateReasonData         string      `json:"StateReasonData,omitempty"`
	StateUpdated            awsapi.Time `json:"StateUpdatedTimestamp,omitzero"`
	StateTransitioned       awsapi.Time `json:"StateTransitionedTimestamp,omitzero"`
}

// metricAlarm is AWS's MetricAlarm.
type metricAlarm struct {
	describedAlarm
	MetricName        string            `json:"MetricName,omitempty"`
	Namespace         string            `json:"Namespace,omitempty"`
	Statistic         string            `json:"Statistic,omitempty"`
	ExtendedStatistic string            `json:"ExtendedStatistic,omitempty"`
	Dimensions        []dimension       `json:"Dimensions,omitzero"`
	Period            int32             `json:"Period,omitempty"`
	Unit              string            `json:"Unit,omitempty"`
	EvaluationPeriods int32             `json:"EvaluationPeriods,omitempty"`
	DatapointsToAlarm int32             `json:"DatapointsToAlarm,omitempty"`
	Threshold         *float64          `json:"Threshold,omitzero"`
	Comparison        string            `json:"ComparisonOperator,omitempty"`
	TreatMissingData  string            `json:"TreatMissingData,omitempty"`
	LowSampleCount    string            `json:"EvaluateLowSampleCountPercentile,omitempty"`
	Metrics           []metricDataQuery `json:"Metrics,omitempty"`
	EvaluationState   string            `json:"EvaluationState,omitempty"`
}

// compositeAlarm is AWS's CompositeAlarm.
type compositeAlarm struct {
	describedAlarm
	Rule             string `json:"AlarmRule,omitempty"`
	SuppressedBy     string `json:"ActionsSuppressedBy,omitempty"`
	SuppressedReason string `json:"ActionsSuppressedReason,omitempty"`
	Suppressor       string `json:"ActionsSuppressor,omitempty"`
	WaitPeriod       *int32 `json:"ActionsSuppressorWaitPeriod,omitzero"`
	ExtensionPeriod  *int32 `json:"ActionsSuppressorExtensionPeriod,omitzero"`
}

// logAlarm is AWS's LogAlarm.
type logAlarm struct {
	describedAlarm
	Query             *scheduledQueryConfiguration `json:"ScheduledQueryConfiguration,omitzero"`
	ResultsToEvaluate int32                        `json:"QueryResultsToEvaluate,omitempty"`
	ResultsToAlarm    int32                        `json:"QueryResultsToAlarm,omitempty"`
	Threshold         *float64                     `json:"Threshold,omitzero"`
	Comparison        string                       `json:"ComparisonOperator,omitempty"`
	TreatMissingData  string                       `json:"TreatMissingData,omitempty"`
	EvaluationState   string                       `json:"EvaluationState,omitempty"`
	LogLineCount      int32                        `json:"ActionLogLineCount,omitempty"`
	LogLineRole       string                       `json:"ActionLogLineRoleArn,omitempty"`
}

// described returns what all alarms have. Lists without elements are there (recorded).
func (a *API) described(d *alarm.Described) describedAlarm {
	list := func(actions []string) []string { return append([]string{}, actions...) }
	return describedAlarm{
		Name: d.Name, ARN: a.alarmARN(d.Name), Description: d.Description, ConfigurationUpdated: awsapi.Time(d.ConfigurationUpdated),
		ActionsEnabled: &d.Actions.Enabled, OKActions: list(d.Actions.OK), AlarmActions: list(d.Actions.Alarm),
		InsufficientDataActions: list(d.Actions.InsufficientData), State: string(d.State), StateReason: d.Reason, StateReasonData: d.ReasonData,
		StateUpdated: awsapi.Time(d.StateUpdated), StateTransitioned: awsapi.Time(d.StateTransitioned),
	}
}

// list returns alarms by their kinds, in their order: whole, or where only is not nil what it leaves of the members that all alarms have.
func (a *API) list(alarms []alarm.Described, only func(describedAlarm) describedAlarm) alarmList {
	out := alarmList{CompositeAlarms: []compositeAlarm{}, LogAlarms: []logAlarm{}, MetricAlarms: []metricAlarm{}}
	for i := range alarms {
		d := &alarms[i]
		composite, log, metric := compositeAlarm{}, logAlarm{}, metricAlarm{}
		all := a.described(d)
		switch {
		case only != nil:
			all = only(all)
		case d.Composite != nil:
			composite = shownComposite(d)
		case d.Log != nil:
			log = shownLog(d)
		default:
			metric = shownMetricAlarm(d)
		}
		composite.describedAlarm, log.describedAlarm, metric.describedAlarm = all, all, all
		switch {
		case d.Composite != nil:
			out.CompositeAlarms = append(out.CompositeAlarms, composite)
		case d.Log != nil:
			out.LogAlarms = append(out.LogAlarms, log)
		default:
			out.MetricAlarms = append(out.MetricAlarms, metric)
		}
	}
	return out
}

func shownMetricAlarm(d *alarm.Described) metricAlarm {
	m := d.Metric
	out := metricAlarm{
		MetricName: m.Metric.Name, Namespace: m.Metric.Namespace, Dimensions: shownMetric(m.Metric).Dimensions, Period: int32(m.Period), Unit: m.Unit,
		EvaluationPeriods: int32(m.EvaluationPeriods), DatapointsToAlarm: int32(m.DatapointsToAlarm), Threshold: &m.Threshold, Comparison: m.Comparison,
		TreatMissingData: m.TreatMissingData, LowSampleCount: m.LowSampleCount, Metrics: shownQueries(m.Queries), EvaluationState: d.EvaluationState,
	}
	if simpleStatistic(m.Statistic) {
		out.Statistic = m.Statistic
	} else {
		out.ExtendedStatistic = m.Statistic
	}
	return out
}

func shownComposite(d *alarm.Described) compositeAlarm {
	out := compositeAlarm{Rule: d.Composite.Rule, SuppressedBy: d.SuppressedBy, SuppressedReason: d.SuppressedReason, Suppressor: d.Composite.Suppressor}
	if out.Suppressor != "" {
		out.WaitPeriod, out.ExtensionPeriod = new(int32(d.Composite.WaitPeriod)), new(int32(d.Composite.ExtensionPeriod))
	}
	return out
}

func shownLog(d *alarm.Described) logAlarm {
	l := d.Log
	return logAlarm{
		Query: &scheduledQueryConfiguration{
			Query: &l.Query, Groups: slices.Clone(l.LogGroups), Role: l.RoleARN, Aggregation: l.Aggregation,
			Schedule: scheduleConfiguration{Expression: l.Schedule, StartOffset: l.StartOffset, EndOffset: l.EndOffset},
		},
		ResultsToEvaluate: int32(l.ResultsToEvaluate), ResultsToAlarm: int32(l.ResultsToAlarm), Threshold: &l.Threshold, Comparison: l.Comparison,
		TreatMissingData: l.TreatMissingData, EvaluationState: d.EvaluationState, LogLineCount: int32(l.ActionLogLineCount), LogLineRole: l.ActionLogLineRoleARN,
	}
}
