package app

import (
	"context"
	"fmt"

	"weir/internal/alarm"
)

// maxChildren is how many alarms behind a composite alarm a message names, and looks behind.
const maxChildren = 20

// ofComposite is request for a composite alarm: what is behind the alarms of its rule that were in ALARM when it changed its state.
func (e *alarmEvidence) ofComposite(ctx context.Context, a *alarm.Action) (*evidenceRequest, error) {
	children, more, err := e.alarms.ChildrenIn(ctx, a.Definition.Name, &a.Transition, alarm.Alarm, maxChildren)
	if err != nil {
		return nil, err
	}
	out := &evidenceRequest{}
	for i := range children {
		c := &children[i]
		out.says = append(out.says, childLine(c))
		if c.Definition.Composite != nil {
			continue // what is behind it follows
		}
		why := ""
		switch {
		case c.Since == 0:
			why = "since when it is in ALARM is not kept any more"
		case c.ConfigurationUpdated > a.Time:
			why = "it was changed since"
		}
		if why == "" {
			of, err := e.request(ctx, &alarm.Action{
				Definition: c.Definition, ConfigurationUpdated: c.ConfigurationUpdated,
				Transition: alarm.Transition{New: c.State, Reason: c.Reason, ReasonData: c.ReasonData, Time: c.Since},
			})
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err == nil {
				out.add(of)
				continue
			}
			why = err.Error()
		}
		out.says = append(out.says, fmt.Sprintf("Log events behind %s are not counted: %s.", c.Definition.Name, why))
	}
	switch {
	case len(children) == 0:
		out.says = append(out.says, "No alarm of its rule is in ALARM.")
	case more:
		out.says = append(out.says, fmt.Sprintf("More alarms than these %d are in ALARM: what is behind the others is not counted.", maxChildren))
	}
	if out.to == 0 { // no log events were judged
		out.from, out.to = a.Time/1000, a.Time/1000
	}
	return out, nil
}

// childLine says of an alarm behind a composite one since when it is in its state, and why.
func childLine(c *alarm.Child) string {
	since := ""
	if c.Since > 0 {
		since = " since " + millis(c.Since)
	}
	return fmt.Sprintf("%s is in %s%s: %s", c.Definition.Name, c.State, since, c.Reason)
}
