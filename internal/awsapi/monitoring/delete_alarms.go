package monitoring

import (
	"context"

	"weir/internal/awsapi"
)

// alarmNames is a request that names alarms.
type alarmNames struct {
	Names []string `json:"AlarmNames" required:"true" shape:"alarmNames" each:"name"`
}

// deleteAlarms deletes alarms, all of them or none.
//
// Source: AWS, DeleteAlarms.
func (a *API) deleteAlarms(ctx context.Context, _ *awsapi.Call, in *alarmNames) (*struct{}, error) {
	return nil, answer(a.Alarms.Delete(ctx, in.Names))
}
