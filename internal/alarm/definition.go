package alarm

import (
	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

// A State is the state of an alarm.
type State string

// The states of alarms.
const (
	OK               State = "OK"
	Alarm            State = "ALARM"
	InsufficientData State = "INSUFFICIENT_DATA"
)

// Actions are what happens when an alarm changes its state: names of resources, such as the ARN of a topic.
type Actions struct {
	Enabled                     bool
	OK, Alarm, InsufficientData []string
}

// A Definition is what all alarms have. Just one of Metric, Composite and Log is not nil.
type Definition struct {
	Name, Description string
	Actions           Actions
	Metric            *Metric
	Composite         *Composite
	Log               *Log
}

// A Metric is an alarm on a metric or on an expression.
//
// Source: AWS, CloudWatch API Reference, PutMetricAlarm.
type Metric struct {
	// Metric, Statistic (Sum, p99), Unit and Period (seconds) are of an alarm on one metric; Queries of one on an expression: one of
	// them returns data.
	Metric    metricstore.Metric
	Statistic string
	Unit      string
	Period    int
	Queries   []metricmath.Query
	// EvaluationPeriods is N, DatapointsToAlarm M, 0 where it was not given.
	EvaluationPeriods, DatapointsToAlarm int
	Threshold                            float64
	Comparison                           string
	// TreatMissingData and LowSampleCount are as they were given, "" where they were not.
	TreatMissingData, LowSampleCount string
}

// A Composite is an alarm on the states of others.
//
// Source: AWS, CloudWatch API Reference, PutCompositeAlarm.
type Composite struct {
	Rule string
	// Suppressor is the name or ARN of the alarm that holds actions back, "" for none; the periods are in seconds.
	Suppressor                  string
	WaitPeriod, ExtensionPeriod int
}

// A Log is an alarm on the results of a scheduled Logs Insights query.
//
// Source: AWS, CloudWatch API Reference, PutLogAlarm.
type Log struct {
	Query     string
	LogGroups []string
	// RoleARN and ActionLogLineRoleARN are kept and not used.
	RoleARN  string
	Schedule string
	// StartOffset and EndOffset say what each run asks for, in seconds before it.
	StartOffset, EndOffset            int64
	Aggregation                       string
	ResultsToEvaluate, ResultsToAlarm int
	Threshold                         float64
	Comparison                        string
	TreatMissingData                  string
	ActionLogLineCount                int
	ActionLogLineRoleARN              string
}
