package monitoring

import (
	"context"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

type putCompositeAlarmRequest struct {
	alarmBasics
	Rule            string `json:"AlarmRule" required:"true" shape:"alarmRule"`
	Tags            []tag  `json:"Tags"`
	Suppressor      string `json:"ActionsSuppressor" shape:"alarmARN"`
	WaitPeriod      *int32 `json:"ActionsSuppressorWaitPeriod"`
	ExtensionPeriod *int32 `json:"ActionsSuppressorExtensionPeriod"`
}

// putCompositeAlarm makes or changes an alarm on the states of others. Tags are those of a new alarm.
//
// Source: AWS, PutCompositeAlarm: an alarm with a suppressor has both periods.
func (a *API) putCompositeAlarm(ctx context.Context, _ *awsapi.Call, in *putCompositeAlarmRequest) (*struct{}, error) {
	d, err := in.definition()
	if err != nil {
		return nil, err
	}
	d.Composite = &alarm.Composite{Rule: in.Rule, Suppressor: in.Suppressor}
	switch {
	case in.Suppressor == "" && (in.WaitPeriod != nil || in.ExtensionPeriod != nil):
		return nil, validation("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must not be set without ActionsSuppressor.")
	case in.Suppressor != "" && (in.WaitPeriod == nil || in.ExtensionPeriod == nil):
		return nil, validation("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be set with ActionsSuppressor.")
	case in.Suppressor != "" && (*in.WaitPeriod < 0 || *in.ExtensionPeriod < 0):
		return nil, validation("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must not be negative.")
	case in.Suppressor != "":
		d.Composite.WaitPeriod, d.Composite.ExtensionPeriod = int(*in.WaitPeriod), int(*in.ExtensionPeriod)
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	return nil, answer(a.Alarms.Put(ctx, d, tags))
}
