package monitoring

import (
	"strings"

	"weir/internal/alarm"
)

// alarmBasics are the members of a request that all alarms have.
type alarmBasics struct {
	Name                    string   `json:"AlarmName" required:"true" shape:"name"`
	Description             string   `json:"AlarmDescription" shape:"description"`
	ActionsEnabled          *bool    `json:"ActionsEnabled"`
	OKActions               []string `json:"OKActions" shape:"actions" each:"resource"`
	AlarmActions            []string `json:"AlarmActions" shape:"actions" each:"resource"`
	InsufficientDataActions []string `json:"InsufficientDataActions" shape:"actions" each:"resource"`
	// ActionConfiguration, and WarmUpConfiguration of alarms that have it, are refused.
	ActionConfiguration *struct{} `json:"ActionConfiguration"`
	WarmUpConfiguration *struct{} `json:"WarmUpConfiguration"`
}

// definition returns an alarm of them, which watches nothing yet. Actions are topics: nothing else can be carried out here.
func (b *alarmBasics) definition() (alarm.Definition, error) {
	d := alarm.Definition{Name: b.Name, Description: b.Description, Actions: alarm.Actions{
		Enabled: b.ActionsEnabled == nil || *b.ActionsEnabled, OK: b.OKActions, Alarm: b.AlarmActions, InsufficientData: b.InsufficientDataActions,
	}}
	if b.ActionConfiguration != nil {
		return d, validation("This server does not add an alarm's tags to its messages: leave ActionConfiguration out.")
	}
	if b.WarmUpConfiguration != nil {
		return d, validation("Alarms of this server have no warm-up period: leave WarmUpConfiguration out.")
	}
	for _, list := range [][]string{b.OKActions, b.AlarmActions, b.InsufficientDataActions} {
		for _, action := range list {
			parts := strings.Split(action, ":")
			if len(parts) >= 6 && (parts[2] != "sns" || len(parts) > 6) { // package alarm says what is no ARN
				return d, validation("The action %s is not one that this server can carry out: topics of SNS are, such as arn:aws:sns:REGION:ACCOUNT:NAME.", action)
			}
		}
	}
	return d, nil
}
