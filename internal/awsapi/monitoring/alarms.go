package monitoring

import (
	"context"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

// Alarms keeps alarms and knows their states; *[alarm.Store] does. It is safe for concurrent use.
//
// Errors that are an *[alarm.Error] are the client's.
type Alarms interface {
	Put(ctx context.Context, d alarm.Definition, tags map[string]string) error
	Alarms(ctx context.Context) ([]alarm.Described, error)
	Delete(ctx context.Context, names []string) error
	SetState(ctx context.Context, name string, state alarm.State, reason, reasonData string) error
	EnableActions(ctx context.Context, names []string, on bool) error
	History(ctx context.Context, r alarm.HistoryRequest) ([]alarm.HistoryItem, error)
	Tags(ctx context.Context, name string) (map[string]string, error)
	Tag(ctx context.Context, name string, tags map[string]string) error
	Untag(ctx context.Context, name string, keys []string) error
}

// Kinds of alarms, as requests name them.
const (
	metricAlarmType    = "MetricAlarm"
	compositeAlarmType = "CompositeAlarm"
	logAlarmType       = "LogAlarm"
)

// alarmTypes are the kinds that a request is for: metric alarms alone where it names none (AWS).
func alarmTypes(asked []string) []string {
	if len(asked) == 0 {
		return []string{metricAlarmType}
	}
	return asked
}

func (a *API) alarmARN(name string) string { return alarm.ARN(a.Account, a.Region, name) }

// alarmOperations are the operations on alarms, and those on tags, which alarms have.
func (a *API) alarmOperations() map[string]awsapi.Operation {
	return map[string]awsapi.Operation{
		"DeleteAlarms":            awsapi.Handle(a.deleteAlarms),
		"DescribeAlarmHistory":    awsapi.Handle(a.describeAlarmHistory),
		"DescribeAlarms":          awsapi.Handle(a.describeAlarms),
		"DescribeAlarmsForMetric": awsapi.Handle(a.describeAlarmsForMetric),
		"DisableAlarmActions":     awsapi.Handle(a.disableAlarmActions),
		"EnableAlarmActions":      awsapi.Handle(a.enableAlarmActions),
		"ListTagsForResource":     awsapi.Handle(a.listTagsForResource),
		"PutCompositeAlarm":       awsapi.Handle(a.putCompositeAlarm),
		"PutLogAlarm":             awsapi.Handle(a.putLogAlarm),
		"PutMetricAlarm":          awsapi.Handle(a.putMetricAlarm),
		"SetAlarmState":           awsapi.Handle(a.setAlarmState),
		"TagResource":             awsapi.Handle(a.tagResource),
		"UntagResource":           awsapi.Handle(a.untagResource),
	}
}
