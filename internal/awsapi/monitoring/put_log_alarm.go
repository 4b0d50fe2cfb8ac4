package monitoring

import (
	"context"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

type putLogAlarmRequest struct {
	alarmBasics
	Query             scheduledQueryConfiguration `json:"ScheduledQueryConfiguration" required:"true"`
	LogLineCount      *int32                      `json:"ActionLogLineCount"`
	LogLineRole       string                      `json:"ActionLogLineRoleArn"`
	ResultsToEvaluate int32                       `json:"QueryResultsToEvaluate" required:"true" shape:"atLeast1"`
	ResultsToAlarm    int32                       `json:"QueryResultsToAlarm" required:"true" shape:"atLeast1"`
	Threshold         float64                     `json:"Threshold" required:"true"`
	Comparison        string                      `json:"ComparisonOperator" required:"true" shape:"comparison"`
	TreatMissingData  string                      `json:"TreatMissingData" shape:"name"`
	Tags              []tag                       `json:"Tags"`
}

// scheduledQueryConfiguration is AWS's ScheduledQueryConfiguration.
type scheduledQueryConfiguration struct {
	Query       *string               `json:"QueryString" required:"true" shape:"queryText"`
	Groups      []string              `json:"LogGroupIdentifiers" shape:"logGroups" each:"resource"`
	ARN         string                `json:"QueryARN,omitempty" shape:"resource"`
	Role        string                `json:"ScheduledQueryRoleARN" required:"true" shape:"resource"`
	Schedule    scheduleConfiguration `json:"ScheduleConfiguration" required:"true"`
	Aggregation string                `json:"AggregationExpression" required:"true" shape:"expression"`
	Tags        []tag                 `json:"Tags,omitempty"`
}

// scheduleConfiguration is AWS's ScheduleConfiguration.
type scheduleConfiguration struct {
	Expression  string `json:"ScheduleExpression" required:"true" shape:"schedule"`
	StartOffset int64  `json:"StartTimeOffset" required:"true" shape:"startOffset"`
	EndOffset   int64  `json:"EndTimeOffset" shape:"endOffset"`
}

// putLogAlarm makes or changes an alarm on the results of a scheduled query. The roles are kept and not used. Tags are those of a new alarm.
//
// Source: AWS, PutLogAlarm.
func (a *API) putLogAlarm(ctx context.Context, _ *awsapi.Call, in *putLogAlarmRequest) (*struct{}, error) {
	q := &in.Query
	switch {
	case q.ARN != "":
		return nil, validation("This server has no scheduled queries but those of log alarms: leave QueryARN out.")
	case len(q.Tags) > 0:
		return nil, validation("The scheduled query of a log alarm has no tags of its own on this server: leave Tags out of ScheduledQueryConfiguration.")
	case in.LogLineCount != nil && (*in.LogLineCount < 0 || *in.LogLineCount > maxLogLines):
		return nil, validation("ActionLogLineCount must be between 0 and %d.", maxLogLines)
	}
	if a.CheckLogQuery != nil {
		if err := a.CheckLogQuery(*q.Query, q.Groups); err != nil {
			return nil, validation("ScheduledQueryConfiguration.QueryString: %v", err)
		}
	}
	d, err := in.definition()
	if err != nil {
		return nil, err
	}
	d.Log = &alarm.Log{
		Query: *q.Query, LogGroups: q.Groups, RoleARN: q.Role, Schedule: q.Schedule.Expression, StartOffset: q.Schedule.StartOffset,
		EndOffset: q.Schedule.EndOffset, Aggregation: q.Aggregation, ResultsToEvaluate: int(in.ResultsToEvaluate), ResultsToAlarm: int(in.ResultsToAlarm),
		Threshold: in.Threshold, Comparison: in.Comparison, TreatMissingData: in.TreatMissingData, ActionLogLineCount: int(or(in.LogLineCount, 0)),
		ActionLogLineRoleARN: in.LogLineRole,
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, answer(a.Alarms.Put(ctx, d, tags))
}

// maxLogLines is how many log lines an action may have (AWS).
const maxLogLines = 50
