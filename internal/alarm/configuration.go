package alarm

// configuration is the JSON of a change of a definition: Create, Update or Delete.
//
// Source: history that AWS gave ({"version":"1.0","type":"Create","createdAlarm":{...}}), which names members with small letters at first.
func (b *batch) configuration(kind string, a *alarm) any {
	member := map[string]string{"Create": "createdAlarm", "Update": "updatedAlarm", "Delete": "deletedAlarm"}[kind]
	return object{"version": "1.0", "type": kind, member: b.described(a)}
}

func (b *batch) described(a *alarm) object {
	o := object{
		"alarmName": a.Name, "alarmArn": b.s.arn(a.Name), "alarmDescription": a.Description, "actionsEnabled": a.Actions.Enabled,
		"okactions": orEmpty(a.Actions.OK), "alarmActions": orEmpty(a.Actions.Alarm), "insufficientDataActions": orEmpty(a.Actions.InsufficientData),
		"stateValue": a.State, "stateUpdatedTimestamp": isoTime(a.StateUpdated), "alarmConfigurationUpdatedTimestamp": isoTime(a.ConfigurationUpdated),
	}
	switch {
	case a.Composite != nil:
		o["alarmRule"] = a.Composite.Rule
		if a.Composite.Suppressor != "" {
			o["actionsSuppressor"] = a.Composite.Suppressor
			o["actionsSuppressorWaitPeriod"], o["actionsSuppressorExtensionPeriod"] = a.Composite.WaitPeriod, a.Composite.ExtensionPeriod
		}
	case a.Log != nil:
		o["threshold"], o["comparisonOperator"] = number(a.Log.Threshold), a.Log.Comparison
		o["queryResultsToEvaluate"], o["queryResultsToAlarm"] = a.Log.ResultsToEvaluate, a.Log.ResultsToAlarm
		o["scheduledQueryConfiguration"] = object{
			"queryString": a.Log.Query, "logGroupIdentifiers": orEmpty(a.Log.LogGroups), "aggregationExpression": a.Log.Aggregation,
			"scheduleConfiguration": object{"scheduleExpression": a.Log.Schedule, "startTimeOffset": a.Log.StartOffset, "endTimeOffset": a.Log.EndOffset},
		}
		setText(o, "treatMissingData", a.Log.TreatMissingData)
	default:
		describeMetric(o, a.Metric)
	}
	return o
}

func describeMetric(o object, m *Metric) {
	o["threshold"], o["comparisonOperator"], o["evaluationPeriods"] = number(m.Threshold), m.Comparison, m.EvaluationPeriods
	if m.DatapointsToAlarm > 0 {
		o["datapointsToAlarm"] = m.DatapointsToAlarm
	}
	setText(o, "treatMissingData", m.TreatMissingData)
	setText(o, "evaluateLowSampleCountPercentile", m.LowSampleCount)
	if len(m.Queries) > 0 {
		o["metrics"] = queries(m.Queries, false)
		return
	}
	o["namespace"], o["metricName"], o["dimensions"], o["period"] = m.Metric.Namespace, m.Metric.Name, dimensions(m.Metric.Dimensions), m.Period
	setText(o, "unit", m.Unit)
	if standard(m.Statistic) {
		o["statistic"] = m.Statistic
	} else {
		o["extendedStatistic"] = m.Statistic
	}
}

func setText(o object, key, text string) {
	if text != "" {
		o[key] = text
	}
}

// orEmpty makes a list that is written as [] of one that is nil.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
