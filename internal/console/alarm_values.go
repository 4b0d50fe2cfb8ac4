package console

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"weir/internal/alarm"
)

const (
	// mostValues is how many values of an alarm are drawn at most.
	mostValues = 2000
	// mostBands is how many changes of state are drawn at most.
	mostBands = 1000
)

// number is a value as the API writes it; a whole one without a point.
type number float64

// String writes the number in full.
func (n number) String() string { return strconv.FormatFloat(float64(n), 'f', -1, 64) }

// alarmValuesAnswer is the answer of alarm-values.
type alarmValuesAnswer struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// Period is in seconds; 0 where the alarm has no values of periods.
	Period int64 `json:"period"`
	// Runs are the times of the runs of a log alarm's query, null of other alarms.
	Runs       []int64  `json:"runs"`
	Threshold  *float64 `json:"threshold"`
	Comparison string   `json:"comparison"`
	// Times are the beginnings of those periods that have a value, or the times of those runs of a log alarm that have one.
	Times  []int64     `json:"times"`
	Values []float64   `json:"values"`
	Bands  []stateBand `json:"bands"`
	// Note says that not all states are there, or "".
	Note string `json:"note,omitempty"`
}

// stateBand is a time in which the alarm was in a state.
type stateBand struct {
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	State string `json:"state"`
}

// alarmValues answers the values that an alarm sees over a time, which ends now at the latest, and its states. Values are of whole periods.
func (c *console) alarmValues(ctx context.Context, r *request) (any, error) {
	d, err := c.named(ctx, r.values.Get("name"))
	if err != nil {
		return nil, err
	}
	from, to := r.scope.From.Unix(), r.scope.To.Unix()
	if r.scope.From.IsZero() || r.scope.To.IsZero() {
		return nil, badParam("from", momentHint(c.Now()), "the values of an alarm need a range")
	}
	now := c.Now().Unix()
	to = max(from, min(to, now+1)) // the state that began in this second is one, too
	out := alarmValuesAnswer{From: from, To: to, Times: []int64{}, Values: []float64{}}
	note := ""
	if m := d.Metric; m != nil {
		out.Period, out.Threshold, out.Comparison = int64(m.EvaluationPeriod()), &m.Threshold, comparisons[m.Comparison]
		if (to-from)/out.Period > mostValues {
			return nil, badParam("from", "choose a shorter range", "the range has more than %d periods", mostValues)
		}
		first := (from + out.Period - 1) / out.Period * out.Period
		last := min(to, now) / out.Period * out.Period
		if first < last {
			points, err := c.Watching.Values(ctx, m, first, last)
			if err != nil {
				return nil, err
			}
			for _, p := range points {
				out.Times = append(out.Times, p.Time)
				out.Values = append(out.Values, p.Value)
			}
		}
	}
	if l := d.Log; l != nil {
		out.Threshold, out.Comparison = &l.Threshold, comparisons[l.Comparison]
		runs, err := c.Watching.Alarms.Results(ctx, d.Name, from, to-1, mostValues+1)
		if err != nil {
			return nil, err
		}
		if len(runs) > mostValues {
			note = fmt.Sprintf("There are more runs in this time: the last %d are drawn.", mostValues)
		}
		out.Runs = []int64{}
		for _, r := range runs[max(0, len(runs)-mostValues):] {
			out.Runs = append(out.Runs, r.Time)
			if !r.Missing {
				out.Times, out.Values = append(out.Times, r.Time), append(out.Values, r.Value)
			}
		}
	}
	out.Bands, out.Note, err = c.bands(ctx, d, from, to)
	out.Note = cmp.Or(out.Note, note)
	return out, err
}

// bands returns the states of an alarm over a time, oldest first, as its history tells them. Before it was made there is none.
func (c *console) bands(ctx context.Context, d *alarm.Described, from, to int64) ([]stateBand, string, error) {
	items, err := c.Watching.Alarms.History(ctx, alarm.HistoryRequest{Name: d.Name, From: from * 1000, Ascending: true, Limit: mostBands + 1})
	if err != nil {
		return nil, "", err
	}
	note := ""
	if len(items) > mostBands {
		items = items[:mostBands]
		to = min(to, items[mostBands-1].Time/1000)
		note = "The alarm changed so often that its states are drawn only up to then."
	}
	out := []stateBand{}
	state, since := string(d.State), from
	until := func(at int64, next string) {
		at = min(at, to)
		if state != "" && since < at {
			out = append(out, stateBand{since, at, state})
		}
		state, since = next, max(since, at)
	}
	began := false // whether the state at the beginning is known
	for i := range items {
		item, data := historyOf(&items[i])
		switch {
		case data.NewState.Value != "":
			if !began {
				state = data.OldState.Value
			}
			until(item.At, data.NewState.Value)
		case data.Type == "Create":
			state, since = "", item.At
			until(item.At, string(alarm.InsufficientData))
		case data.Type == "Delete":
			if !began {
				state = "" // what it was is not told
			}
			until(item.At, "")
		default:
			continue
		}
		began = true
	}
	until(to, "")
	return out, note, nil
}
