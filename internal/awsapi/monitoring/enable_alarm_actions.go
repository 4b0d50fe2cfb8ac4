package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

// enableAlarmActions turns the actions of alarms on. Names without an alarm are passed over.
//
// Source: AWS, EnableAlarmActions.
func (a *API) enableAlarmActions(ctx context.Context, _ *awsapi.Call, in *alarmNames) (*struct{}, error) {
	return nil, answer(a.Alarms.EnableActions(ctx, in.Names, true))
}
