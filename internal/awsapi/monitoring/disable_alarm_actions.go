package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

// disableAlarmActions turns the actions of alarms off. Names without an alarm are passed over.
//
// Source: AWS, DisableAlarmActions.
func (a *API) disableAlarmActions(ctx context.Context, _ *awsapi.Call, in *alarmNames) (*struct{}, error) {
	return nil, answer(a.Alarms.EnableActions(ctx, in.Names, false))
}
