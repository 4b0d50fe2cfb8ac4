package console

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"weir/internal/alarm"
	"weir/internal/metricmath"
	"weir/internal/metricstore"
)

// The most items of an alarm's history that are shown, and the most messages of which it is said what became of them.
const (
	shownHistory  = 100
	shownMessages = 20
)

// alarmAnswer is the answer of alarm.
type alarmAnswer struct {
	Now   int64     `json:"now"`
	Alarm alarmHead `json:"alarm"`
	// Watches says what the alarm watches, Condition what must be so for ALARM; both for people.
	Watches   []string `json:"watches"`
	Condition string   `json:"condition"`
	// Children are the alarms that the rule of a composite alarm names.
	Children []string       `json:"children"`
	Actions  []alarmTarget  `json:"actions"`
	Messages []alarmMessage `json:"messages"`
	// History is the newest first; More says that there are older items.
	History []historyItem `json:"history"`
	More    bool          `json:"more"`
}

// alarmTarget is an action that is taken in a state.
type alarmTarget struct {
	State  string `json:"state"`
	Target string `json:"target"`
}

// historyItem is an item of an alarm's history.
type historyItem struct {
	At      int64  `json:"at"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
	// From and To are the states of a change of state, else "".
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// alarmMessage is an action that was taken, and what became of its message.
type alarmMessage struct {
	At     int64  `json:"at"`
	Target string `json:"target"`
	// State is Succeeded, Failed or Silenced, as history has it.
	State string `json:"state"`
	Error string `json:"error"`
	// ID is the message's, "" where none was published.
	ID         string     `json:"id"`
	Deliveries []delivery `json:"deliveries"`
}

// delivery is a notify.Delivery as the API writes it.
type delivery struct {
	Protocol string `json:"protocol"`
	Endpoint string `json:"endpoint"`
	State    string `json:"state"`
	Attempts int    `json:"attempts"`
	Reason   string `json:"reason"`
	At       int64  `json:"at"`
}

// alarm answers one alarm with its history, and what became of its messages.
func (c *console) alarm(ctx context.Context, r *request) (any, error) {
	d, err := c.named(ctx, r.values.Get("name"))
	if err != nil {
		return nil, err
	}
	items, err := c.Watching.Alarms.History(ctx, alarm.HistoryRequest{Name: d.Name, Limit: shownHistory + 1})
	if err != nil {
		return nil, err
	}
	now := c.Now().Unix()
	out := alarmAnswer{
		Now: now, Alarm: headOf(d, now), Watches: watches(d), Condition: condition(d), Children: []string{}, Actions: []alarmTarget{}, Messages: []alarmMessage{}, History: []historyItem{},
		More: len(items) > shownHistory,
	}
	if d.Composite != nil {
		if out.Children, err = children(d.Composite); err != nil {
			return nil, err
		}
	}
	for _, of := range []struct {
		state   alarm.State
		targets []string
	}{{alarm.Alarm, d.Actions.Alarm}, {alarm.OK, d.Actions.OK}, {alarm.InsufficientData, d.Actions.InsufficientData}} {
		for _, t := range of.targets {
			out.Actions = append(out.Actions, alarmTarget{string(of.state), t})
		}
	}
	for i := range items[:min(len(items), shownHistory)] {
		item, data := historyOf(&items[i])
		out.History = append(out.History, item)
		if data.ActionState == "" || len(out.Messages) == shownMessages {
			continue
		}
		m := alarmMessage{At: item.At, Target: data.Target, State: data.ActionState, Error: data.Error, Deliveries: []delivery{}}
		if m.ID, _ = strings.CutPrefix(data.Published, "message "); m.ID != "" {
			if m.Deliveries, err = c.deliveries(ctx, m.ID); err != nil {
				return nil, err
			}
		}
		out.Messages = append(out.Messages, m)
	}
	return out, nil
}

// deliveries returns what became of a message.
func (c *console) deliveries(ctx context.Context, id string) ([]delivery, error) {
	of, err := c.Watching.Deliveries(ctx, id)
	out := make([]delivery, len(of))
	for i, d := range of {
		out[i] = delivery{d.Protocol, d.Endpoint, d.State, d.Attempts, d.Reason, d.Time / 1000}
	}
	return out, err
}

// children returns the names of the alarms of a composite alarm.
func children(composite *alarm.Composite) ([]string, error) {
	rule, err := alarm.ParseRule(composite.Rule)
	if err != nil {
		return nil, err
	}
	out := rule.Alarms()
	for i := range out {
		out[i] = alarm.NameOf(out[i])
	}
	return out, nil
}

// historyData is what the JSON of an item of history says, of any kind.
type historyData struct {
	Type     string `json:"type"` // of a change of a definition
	OldState struct {
		Value string `json:"stateValue"`
	} `json:"oldState"`
	NewState struct {
		Value  string          `json:"stateValue"`
		Reason string          `json:"stateReason"`
		Data   json.RawMessage `json:"stateReasonData"`
	} `json:"newState"`
	ActionState string `json:"actionState"`
	Target      string `json:"notificationResource"`
	Published   string `json:"publishedMessage"`
	Error       string `json:"error"`
}

// historyOf returns an item as the API writes it, and its data.
func historyOf(h *alarm.HistoryItem) (historyItem, historyData) {
	var d historyData
	if json.Unmarshal([]byte(h.Data), &d) != nil {
		d = historyData{} // the summary says what happened
	}
	return historyItem{At: h.Time / 1000, Type: h.ItemType, Summary: h.Summary, From: d.OldState.Value, To: d.NewState.Value, Reason: d.NewState.Reason}, d
}

// watches says what an alarm watches.
func watches(d *alarm.Described) []string {
	switch {
	case d.Composite != nil:
		out := []string{d.Composite.Rule}
		if s := d.Composite.Suppressor; s != "" {
			out = append(out, fmt.Sprintf("actions are held back while %s is in ALARM", alarm.NameOf(s)))
		}
		return out
	case d.Log != nil:
		return []string{d.Log.Query, "in " + strings.Join(d.Log.LogGroups, ", "), d.Log.Aggregation, d.Log.Schedule}
	case len(d.Metric.Queries) == 0:
		return []string{metricText(d.Metric.Metric, d.Metric.Statistic, d.Metric.Period)}
	}
	var out []string
	for i := range d.Metric.Queries {
		out = append(out, queryText(&d.Metric.Queries[i]))
	}
	return out
}

// metricText writes a statistic of a metric.
func metricText(m metricstore.Metric, statistic string, period int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s %s", statistic, m.Namespace, m.Name)
	for _, dim := range m.Dimensions {
		fmt.Fprintf(&b, " %s=%s", dim.Name, dim.Value)
	}
	fmt.Fprintf(&b, " each %s", secondsText(int64(period)))
	return b.String()
}

// queryText writes a query of an alarm on an expression.
func queryText(q *metricmath.Query) string {
	text := q.Expression
	if q.Stat != nil {
		text = metricText(q.Stat.Metric, q.Stat.Stat, q.Stat.Period)
	}
	if q.ReturnData {
		text += " (watched)"
	}
	return q.ID + " = " + text
}

// comparisons are the signs of comparison operators.
var comparisons = map[string]string{
	"GreaterThanOrEqualToThreshold": "≥", "GreaterThanThreshold": ">", "LessThanThreshold": "<", "LessThanOrEqualToThreshold": "≤",
}

// condition says what must be so for an alarm to go to ALARM.
func condition(d *alarm.Described) string {
	switch {
	case d.Composite != nil:
		return "the rule holds"
	case d.Log != nil:
		return conditionText(d.Log.Comparison, d.Log.Threshold, d.Log.ResultsToAlarm, d.Log.ResultsToEvaluate, "results", d.Log.TreatMissingData)
	}
	m := d.Metric
	most := m.DatapointsToAlarm
	if most == 0 {
		most = m.EvaluationPeriods
	}
	return conditionText(m.Comparison, m.Threshold, most, m.EvaluationPeriods, "periods of "+secondsText(int64(m.EvaluationPeriod())), m.TreatMissingData)
}

func conditionText(comparison string, threshold float64, least, of int, what, missing string) string {
	if missing == "" {
		missing = "missing"
	}
	sign, known := comparisons[comparison]
	if !known {
		sign = comparison
	}
	return fmt.Sprintf("%s %v in %d of %d %s; missing data are treated as %s", sign, number(threshold), least, of, what, missing)
}

// secondsText writes a length of time.
func secondsText(n int64) string {
	switch {
	case n > 0 && n%3600 == 0:
		return fmt.Sprintf("%d h", n/3600)
	case n > 0 && n%60 == 0:
		return fmt.Sprintf("%d min", n/60)
	}
	return fmt.Sprintf("%d s", n)
}
