package app

import (
	"context"

	"weir/internal/alarm"
	"weir/internal/console"
)

// shownWatching is what the console shows of what watches.
func (w *alerting) shownWatching() *console.Watching {
	return &console.Watching{
		Alarms: w.alarms, Rules: w.contributors, Values: w.source.Values, Deliveries: w.topics.Deliveries,
		Behind: func(ctx context.Context, a *alarm.Action) (*console.Behind, error) {
			found, err := w.actions.evidence(ctx, a)
			if err != nil {
				return nil, err
			}
			return shownBehind(a, found), nil
		},
	}
}

// shownBehind is evidence as the console shows it. An alarm without log events behind it may watch rules all the same.
func shownBehind(a *alarm.Action, found *evidence) *console.Behind {
	out := &console.Behind{}
	if m := a.Definition.Metric; m != nil {
		_, out.Rules = uses(m)
		out.From, out.To = crossed(a, m)
	}
	if found == nil {
		return out
	}
	out.From, out.To, out.Says = found.From, found.To, found.Says
	out.Groups, out.Matched, out.Cut, out.Next = found.Groups, found.Matched, found.Cut, found.Next
	out.Sources, out.Targets, out.Interfaces = shownCounts(found.Sources), shownCounts(found.Targets), shownCounts(found.Interfaces)
	return out
}

func shownCounts(list []counted) []console.Counted {
	var out []console.Counted
	for _, c := range list {
		out = append(out, console.Counted(c))
	}
	return out
}
