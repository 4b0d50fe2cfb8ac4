package monitoring

import (
	"context"
	"slices"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

// alarmNames is a request that names alarms.
type alarmNames struct {
	Names []string `json:"AlarmNames" required:"true" shape:"alarmNames" each:"name"`
}

// deleteAlarms deletes alarms, a log alarm alone. Names without an alarm are passed over where others have one.
//
// Source: AWS, DeleteAlarms. That it is an error where no name has an alarm is a guess: its model has that error.
func (a *API) deleteAlarms(ctx context.Context, _ *awsapi.Call, in *alarmNames) (*struct{}, error) {
	all, err := a.Alarms.Alarms(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	logs := false
	for i := range all {
		if slices.Contains(in.Names, all[i].Name) {
			names = append(names, all[i].Name)
			logs = logs || all[i].Log != nil
		}
	}
	switch {
	case names == nil:
		return nil, answer(&alarm.Error{Code: "ResourceNotFound"})
	case logs && len(names) > 1:
		return nil, validation("A log alarm can't be deleted with others in one operation.")
	}
	return nil, answer(a.Alarms.Delete(ctx, names))
}
