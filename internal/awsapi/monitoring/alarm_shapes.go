package monitoring

import "weir/internal/awsapi"

// comparisons are the operators of alarms. Those of bands are refused where alarms are put.
var comparisons = []string{
	"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold",
	"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold",
}

// alarmShapes are of the operations on alarms and insight rules, beside those that metrics have.
var alarmShapes = awsapi.Shapes{
	"actions":            between(0, 5),
	"alarmARN":           between(1, 1600),
	"alarmNames":         between(0, 100),
	"alarmRule":          between(1, 10_240),
	"alarmType":          oneOf(compositeAlarmType, metricAlarmType, logAlarmType),
	"atLeast1":           between(1, 0),
	"comparison":         oneOf(comparisons...),
	"contributorID":      between(1, 16),
	"description":        between(0, 1024),
	"endOffset":          between(0, 30*24*3600),
	"evaluationInterval": between(10, 3600),
	"expression":         between(1, 2048),
	"historyItemType":    oneOf("ConfigurationUpdate", "StateUpdate", "Action", "AlarmContributorStateUpdate", "AlarmContributorAction"),
	"logGroups":          between(1, 50),
	"maxRecords":         between(1, 100),
	"promQL":             between(1, 10_000),
	"promQLPeriod":       between(0, 24*3600),
	"queryText":          between(0, 10_000),
	"resource":           between(1, 1024),
	"ruleDefinition":     {Min: 1, Max: 8192, Pattern: `[\x00-\x7F]+`},
	"ruleMetric":         {Min: 1, Max: 32, Pattern: `[\x20-\x7E]+`},
	"ruleName":           {Min: 1, Max: 128, Pattern: `[\x20-\x7E]+`},
	"ruleResults":        between(1, 500),
	"ruleState":          {Min: 1, Max: 32, Pattern: `[\x20-\x7E]+`},
	"scanBy":             oneOf("TimestampDescending", "TimestampAscending"),
	"schedule":           between(1, 256),
	"startOffset":        between(1, 30*24*3600),
	"state":              oneOf("INSUFFICIENT_DATA", "ALARM", "OK"), // in the order that was recorded in an error
	"stateReason":        between(0, 1023),
	"stateReasonData":    between(0, 4000),
	"tagKey":             between(1, 128),
	"tagValue":           between(0, 256),
	"template":           {Min: 1, Max: 128, Pattern: `[0-9A-Za-z][\-\.\_0-9A-Za-z]{0,126}[0-9A-Za-z]`},
	"timezone":           between(1, 50),
}
