package alarm

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

func invalid(format string, values ...any) error {
	return &Error{Code: "ValidationError", Message: fmt.Sprintf(format, values...)}
}

// check refuses a definition that can't be evaluated, in AWS's words where they are known. Lengths and enumerations that the service model tells are
// the API's to check; metrics and expressions are checked by packages metricstore and metricmath.
func (d *Definition) check() error {
	if err := checkName(d.Name); err != nil {
		return err
	}
	for _, list := range [][]string{d.Actions.OK, d.Actions.Alarm, d.Actions.InsufficientData} {
		if err := checkActions(list); err != nil {
			return err
		}
	}
	switch {
	case d.Metric != nil && d.Composite == nil && d.Log == nil:
		return d.Metric.check()
	case d.Composite != nil && d.Metric == nil && d.Log == nil:
		return d.Composite.check()
	case d.Log != nil && d.Metric == nil && d.Composite == nil:
		return d.Log.check()
	default:
		return invalid("An alarm is on a metric, on other alarms or on logs: just one of them.")
	}
}

func checkName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return invalid("AlarmName must contain valid UTF-8 characters.")
	case name == "" || utf8.RuneCountInString(name) > 255:
		return invalid("AlarmName must have 1 to 255 characters.")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return invalid("AlarmName must not contain ASCII Control characters")
	}
	return nil
}

// maxActions is how many actions a state may have.
const maxActions = 5

func checkActions(list []string) error {
	if len(list) > maxActions {
		return invalid("An alarm has at most %d actions for each state; %d were given.", maxActions, len(list))
	}
	for i, target := range list {
		if parts := strings.SplitN(target, ":", 6); len(parts) != 6 || parts[0] != "arn" || parts[2] == "" || parts[5] == "" {
			return invalid("Invalid arn syntax: %s", target)
		}
		if slices.Contains(list[:i], target) {
			return invalid("The action %s is given twice for one state.", target)
		}
	}
	return nil
}

func checkThreshold(comparison string, threshold float64) error {
	if strings.Contains(comparison, "LowerThreshold") || strings.Contains(comparison, "UpperThreshold") {
		return invalid("ComparisonOperator %s is of anomaly detection, which weir does not have; use one of the four operators that compare with a Threshold.", comparison)
	}
	if comparisonWords[comparison] == "" {
		return invalid("PutMetricAlarm request should have a valid ComparisonOperator parameter")
	}
	if math.IsNaN(threshold) || math.IsInf(threshold, 0) {
		return invalid("PutMetricAlarm request should have valid Threshold parameter")
	}
	return nil
}

func checkTreatment(given string) error {
	if !slices.Contains([]string{"", breaching, notBreaching, ignore, missing}, given) {
		return invalid("Supported values for TreatMissingData are breaching, notBreaching, ignore, and missing.")
	}
	return nil
}

func (m *Metric) check() error {
	if err := checkThreshold(m.Comparison, m.Threshold); err != nil {
		return err
	}
	if err := checkTreatment(m.TreatMissingData); err != nil {
		return err
	}
	if m.EvaluationPeriods < 1 {
		return invalid("EvaluationPeriods must be at least 1.")
	}
	if m.DatapointsToAlarm < 0 || m.DatapointsToAlarm > m.EvaluationPeriods {
		return invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
	}
	if err := m.checkWatched(); err != nil {
		return err
	}
	switch m.LowSampleCount {
	case "", "evaluate", "ignore":
	default:
		return invalid("Supported options for EvaluateLowSampleCountPercentile are evaluate and ignore.")
	}
	if _, is := percentile(m.statistic()); m.LowSampleCount != "" && !is {
		return invalid("Option evaluateLowSampleCountPercentile can not be applied with statistic %s. This option is enabled only for percentile statistics.", m.statistic())
	}
	return nil
}

// maxQueries is how many metrics and expressions an alarm may have together.
const maxQueries = 20

func (m *Metric) checkWatched() error {
	if len(m.Queries) == 0 {
		if m.Metric.Name == "" || m.Metric.Namespace == "" {
			return invalid("An alarm needs a MetricName and a Namespace, or Metrics.")
		}
		if m.Statistic == "" {
			return invalid("PutMetricAlarm request should have a Statistic parameter")
		}
		return checkPeriod(m.Period, m.EvaluationPeriods)
	}
	if m.Metric.Name != "" || m.Metric.Namespace != "" || m.Statistic != "" || m.Period != 0 || m.Unit != "" {
		return invalid("Scalar metric parameters must not be set if list of Metrics is set.")
	}
	if len(m.Queries) > maxQueries {
		return invalid("An alarm may specify at most %d metric queries.", maxQueries)
	}
	returned := 0
	for _, q := range m.Queries {
		if q.ReturnData {
			returned++
		}
		if q.Stat != nil {
			if err := checkPeriod(q.Stat.Period, m.EvaluationPeriods); err != nil {
				return err
			}
		}
		if strings.Contains(strings.ToUpper(q.Expression), "ANOMALY_DETECTION_BAND") {
			return invalid("Metrics: the expression of %s is of anomaly detection, which weir does not have.", q.ID)
		}
	}
	if returned != 1 {
		return invalid("Exactly one metric query must have ReturnData set to true.")
	}
	if m.EvaluationPeriod() == 0 {
		return invalid("Metrics: no period is given; an expression without metrics needs a Period.")
	}
	return checkPeriod(m.EvaluationPeriod(), m.EvaluationPeriods)
}

func checkPeriod(period, periods int) error {
	if period < 1 || period != 10 && period != 20 && period != 30 && period%minute != 0 {
		return invalid("Period must be 10, 20, 30 or a multiple of 60")
	}
	// What follows multiplies numbers that callers give.
	if total := float64(period) * float64(periods); period < hour && total > day {
		return invalid("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for alarms using period < 3600")
	} else if total > week {
		return invalid("Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for alarms using period >= 3600")
	}
	return nil
}

func (c *Composite) check() error {
	if _, err := ParseRule(c.Rule); err != nil {
		return err
	}
	if c.WaitPeriod < 0 || c.ExtensionPeriod < 0 {
		return invalid("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must not be negative.")
	}
	if c.Suppressor == "" && (c.WaitPeriod > 0 || c.ExtensionPeriod > 0) {
		return invalid("ActionsSuppressor is required when suppressor periods are specified.")
	}
	return nil
}

// The limits of log alarms.
//
// Source: AWS, CloudWatch API Reference, PutLogAlarm and ScheduleConfiguration.
const (
	maxResults   = 100
	maxLogGroups = 50
	maxLogLines  = 50
	maxOffset    = 30 * day // in seconds
)

func (l *Log) check() error {
	if err := checkThreshold(l.Comparison, l.Threshold); err != nil {
		return err
	}
	if err := checkTreatment(l.TreatMissingData); err != nil {
		return err
	}
	switch {
	case l.ResultsToEvaluate < 1 || l.ResultsToEvaluate > maxResults:
		return invalid("QueryResultsToEvaluate must be 1 to %d.", maxResults)
	case l.ResultsToAlarm < 1 || l.ResultsToAlarm > l.ResultsToEvaluate:
		return invalid("QueryResultsToAlarm must be 1 to QueryResultsToEvaluate.")
	case l.StartOffset < 1 || l.StartOffset > maxOffset || l.EndOffset < 0 || l.EndOffset >= l.StartOffset:
		return invalid("StartTimeOffset must be 1 to %d seconds, and EndTimeOffset 0 or more and less than it.", maxOffset)
	case l.ActionLogLineCount < 0 || l.ActionLogLineCount > maxLogLines:
		return invalid("ActionLogLineCount must be 0 to %d.", maxLogLines)
	case len(l.LogGroups) > maxLogGroups:
		return invalid("LogGroupIdentifiers must have 1 to %d log groups.", maxLogGroups)
	}
	if _, err := ParseSchedule(l.Schedule); err != nil {
		return err
	}
	_, err := ParseAggregation(l.Aggregation)
	return err
}
