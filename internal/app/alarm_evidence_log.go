package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"weir/internal/alarm"
	"weir/internal/insights"
	"weir/internal/insights/reference"
	"weir/internal/insights/value"
)

// evidenceRuns is how many runs of a log alarm's query are looked at for one message.
const evidenceRuns = 5

// ofLog is request for a log alarm: the events that its query selected in those runs that crossed the threshold.
func (e *alarmEvidence) ofLog(ctx context.Context, a *alarm.Action) (*evidenceRequest, error) {
	l := a.Definition.Log
	runs, err := e.runs(ctx, a)
	if err != nil {
		return nil, err
	}
	out := &evidenceRequest{}
	if len(runs) > evidenceRuns {
		out.says = append(out.says, fmt.Sprintf("Of the %d runs that crossed the threshold, the log events of the last %d are counted.", len(runs), evidenceRuns))
		runs = runs[:evidenceRuns]
	}
	for _, at := range runs {
		r := &evidenceRequest{from: at - l.StartOffset, to: at - l.EndOffset}
		untold, err := e.s.selected(ctx, runOf(l, at), r)
		if err != nil {
			return nil, err
		}
		if untold != "" {
			return &evidenceRequest{from: r.from, to: r.to, says: []string{"Which log events are behind it can't be told: " + untold + "."}}, nil
		}
		out.add(r)
	}
	if len(out.choices) == 0 {
		out.says = append(out.says, "Its query selected no log events.")
	}
	return out, nil
}

// runs returns the times of the runs that are behind an action, in seconds since the epoch, the newest first. Where its reason tells of none that crossed the
// threshold, such as in a test or where results are missing, it is the last one.
func (e *alarmEvidence) runs(ctx context.Context, a *alarm.Action) ([]int64, error) {
	if crossed := a.Definition.Log.Crossed(a.ReasonData); len(crossed) > 0 {
		return crossed, nil
	}
	kept, err := e.alarms.Results(ctx, a.Definition.Name, 0, a.Time/1000, 1)
	if _, gone := errors.AsType[*alarm.Error](err); gone || err == nil && len(kept) == 0 { // deleted meanwhile, or never run
		return []int64{a.Time / 1000}, nil
	}
	if err != nil {
		return nil, err
	}
	return []int64{kept[0].Time}, nil
}

// selected adds to a request those events that a query selects: that its rows are, or, where it makes rows of others, that it made them of. untold says why that can't be told:
// where there are rows that no event is, or where a query with dedup has more than are counted.
func (s *Local) selected(ctx context.Context, r LogsQuery, out *evidenceRequest) (untold string, err error) {
	q, err := insights.ParseQuery(r.Text)
	if err != nil {
		return "", err
	}
	before := eventsOf(q)
	// The first, should there be more than are counted, and nothing of them but which they are. Behind dedup nothing can stand that says so.
	whole := slices.ContainsFunc(before.Commands, func(c insights.Command) bool { _, is := c.(*insights.Dedup); return is })
	r.Text = before.String()
	if !whole {
		if r.Text != "" {
			r.Text += "\n| "
		}
		r.Text += "sort @timestamp asc\n| display @timestamp"
	}
	r.Limit = evidenceEvents + 1
	result, err := s.LogsQuery(ctx, r)
	if err != nil {
		return "", err
	}
	tooMany := len(result.Ptrs) > evidenceEvents
	switch {
	case len(result.Ptrs) != len(result.Rows) || slices.Contains(result.Ptrs, ""):
		return "its query makes rows of its own before it counts", nil
	case tooMany && whole:
		return fmt.Sprintf("its query has dedup, and more than %d rows", evidenceEvents), nil
	case tooMany:
		result.Ptrs, out.cut = result.Ptrs[:evidenceEvents], true
	}
	if len(result.Ptrs) == 0 {
		return "", nil
	}
	ptrs := make(map[string]bool, len(result.Ptrs))
	for _, ptr := range result.Ptrs {
		ptrs[ptr] = true
	}
	groups, err := s.queryGroups(ctx, q, r.Groups)
	if err != nil {
		return "", err
	}
	start, end := reference.Window(q.Source, value.Context{Start: r.Start, End: r.End, Now: cmp.Or(r.Now, s.now().UnixMilli())})
	for _, group := range groups {
		out.choices = append(out.choices, choice{group, start, end + 1, func(e *lakeEvent) bool { return ptrs[e.Ptr()] }})
	}
	return "", nil
}

// eventsOf returns a query without the first command that makes other rows of events, and what is behind it.
func eventsOf(q *insights.Query) *insights.Query {
	out := &insights.Query{Source: q.Source}
	for _, c := range q.Commands {
		if (reference.View{}).After(c).Aggregated {
			break
		}
		out.Commands = append(out.Commands, c)
	}
	return out
}
