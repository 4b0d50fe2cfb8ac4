package monitoring

import (
	"context"
	"encoding/json"

	"weir/internal/alarm"
	"weir/internal/awsapi"
)

type setAlarmStateRequest struct {
	Name       string  `json:"AlarmName" required:"true" shape:"name"`
	State      string  `json:"StateValue" required:"true" shape:"state"`
	Reason     *string `json:"StateReason" required:"true" shape:"stateReason"`
	ReasonData string  `json:"StateReasonData" shape:"stateReasonData"`
}

// setAlarmState sets an alarm's state until it is evaluated again, with its actions.
//
// Source: AWS, SetAlarmState; that an alarm that is not there has an error without a message was recorded.
func (a *API) setAlarmState(ctx context.Context, _ *awsapi.Call, in *setAlarmStateRequest) (*struct{}, error) {
	if in.ReasonData != "" && !json.Valid([]byte(in.ReasonData)) {
		return nil, awsapi.Errorf("InvalidFormatFault", "StateReasonData was not syntactically valid JSON.")
	}
	err := a.Alarms.SetState(ctx, in.Name, alarm.State(in.State), *in.Reason, in.ReasonData)
	if notThere(err) {
		return nil, &awsapi.Error{Code: "ResourceNotFound", Status: 404}
	}
	return nil, answer(err)
}
