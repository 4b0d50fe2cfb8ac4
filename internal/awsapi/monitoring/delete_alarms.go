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

// deleteAlarms deletes alarms. Names without an alarm are passed over where others have one; of composite alarms it deletes one at a
// time, and a log alarm alone.
//
// Source: AWS, DeleteAlarms. That it is an error where no name has an alarm is a guess: its model has that error.
func (a *API) deleteAlarms(ctx context.Context, _ *awsapi.Call, in *alarmNames) (*struct{}, error) {
	all, err := a.Alarms.Alarms(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	of := map[string]int{}
	for i := range all {
		if slices.Contains(in.Names, all[i].Name) {
			names = append(names, all[i].Name)
			of[all[i].Type()]++
		}
	}
	switch {
	case names == nil:
		return nil, answer(&alarm.Error{Code: "ResourceNotFound"})
	case of[compositeAlarmType] > 1:
		return nil, validation("No more than one composite alarm can be deleted in one operation.")
	case of[logAlarmType] > 0 && len(names) > 1:
		return nil, validation("A log alarm must be deleted in an operation of its own.")
	}
	return nil, answer(a.Alarms.Delete(ctx, names))
}
