package console

import (
	"context"

	"weir/internal/alarm"
)

// alarmsAnswer is the answer of alarms.
type alarmsAnswer struct {
	Now    int64       `json:"now"`
	Alarms []alarmHead `json:"alarms"`
}

// alarmHead is what the list has of an alarm.
type alarmHead struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Type is metric, composite or log.
	Type  string `json:"type"`
	State string `json:"state"`
	// Since is when it came into its state, Updated when it was last written.
	Since   int64  `json:"since"`
	Updated int64  `json:"updated"`
	Reason  string `json:"reason"`
	// Evaluation is "" where all is well; see [alarm.Described].
	Evaluation     string `json:"evaluation"`
	ActionsEnabled bool   `json:"actions_enabled"`
	// SilencedUntil is null where the alarm is not silenced.
	SilencedUntil *int64 `json:"silenced_until"`
	// SuppressedBy and SuppressedReason say what holds the actions of a composite alarm back.
	SuppressedBy     string `json:"suppressed_by"`
	SuppressedReason string `json:"suppressed_reason"`
}

// alarmTypes are the kinds of alarms as the API writes them.
var alarmTypes = map[string]string{"MetricAlarm": "metric", "CompositeAlarm": "composite", "LogAlarm": "log"}

// headOf returns the head of an alarm at a time in seconds since the epoch.
func headOf(d *alarm.Described, now int64) alarmHead {
	out := alarmHead{
		Name: d.Name, Description: d.Description, Type: alarmTypes[d.Type()], State: string(d.State), Since: d.StateTransitioned / 1000, Updated: d.ConfigurationUpdated / 1000,
		Reason: d.Reason, Evaluation: d.EvaluationState, ActionsEnabled: d.Actions.Enabled, SuppressedBy: d.SuppressedBy, SuppressedReason: d.SuppressedReason,
	}
	if until := d.SilencedUntil / 1000; until > now {
		out.SilencedUntil = &until
	}
	return out
}

// alarms answers all alarms, by name.
func (c *console) alarms(ctx context.Context, _ *request) (any, error) {
	all, err := c.Watching.Alarms.Alarms(ctx)
	if err != nil {
		return nil, err
	}
	out := alarmsAnswer{Now: c.Now().Unix(), Alarms: make([]alarmHead, len(all))}
	for i := range all {
		out.Alarms[i] = headOf(&all[i], out.Now)
	}
	return out, nil
}

// silenceRequest is the body of silence.
type silenceRequest struct {
	Name string `json:"name"`
	// Until is when actions are carried out again, in seconds since the epoch; one that is past ends the silence.
	Until *int64 `json:"until"`
}

// silence holds the actions of an alarm back, and answers its head.
func (c *console) silence(ctx context.Context, r *silenceRequest) (any, error) {
	if r.Until == nil || *r.Until < 0 || *r.Until > lastMoment {
		return nil, badParam("until", "seconds since the epoch; 0 ends the silence", "it is not said until when")
	}
	if _, err := c.named(ctx, r.Name); err != nil {
		return nil, err
	}
	if err := c.Watching.Alarms.Silence(ctx, r.Name, *r.Until*1000); err != nil {
		return nil, err
	}
	d, err := c.named(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	return headOf(d, c.Now().Unix()), nil
}
