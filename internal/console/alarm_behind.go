package console

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/internal/alarm"
	"weir/internal/contributor"
)

// topContributors is how many contributors of each rule are shown beside an alarm.
const topContributors = 5

// behindAnswer is the answer of alarm-behind.
type behindAnswer struct {
	// At is when the alarm went to ALARM last, null where that is not known; what follows is of the periods that were judged then.
	At   *int64 `json:"at"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
	// Matched counts the log events of the groups that count; Cut says that there are more than were looked at.
	Groups     []string  `json:"groups"`
	Matched    integer   `json:"matched"`
	Cut        bool      `json:"cut"`
	Sources    []Counted `json:"sources"`
	Targets    []Counted `json:"targets"`
	Interfaces []Counted `json:"interfaces"`
	// Says are lines of what is known beside events.
	Says []string `json:"says"`
	// Next are commands to run next.
	Next []string `json:"next"`
	// Ask are queries for the page "Query", over From to To.
	Ask   []askedQuery `json:"ask"`
	Rules []ruleTop    `json:"rules"`
}

// askedQuery is a query for the page "Query".
type askedQuery struct {
	Title    string `json:"title"`
	Language string `json:"language"`
	Text     string `json:"text"`
}

// ruleTop are the contributors of a rule that contributed most.
type ruleTop struct {
	Rule         string       `json:"rule"`
	Keys         []string     `json:"keys"`
	Statistic    string       `json:"statistic"`
	Contributors []ruleTopRow `json:"contributors"`
}

type ruleTopRow struct {
	Keys  []string `json:"keys"`
	Value float64  `json:"value"`
}

// alarmBehind answers what log events and rules say of why an alarm went to ALARM last.
func (c *console) alarmBehind(ctx context.Context, r *request) (any, error) {
	d, err := c.named(ctx, r.values.Get("name"))
	if err != nil {
		return nil, err
	}
	out := behindAnswer{
		Groups: []string{}, Sources: []Counted{}, Targets: []Counted{}, Interfaces: []Counted{}, Says: []string{}, Next: []string{}, Ask: []askedQuery{}, Rules: []ruleTop{},
	}
	went, err := c.wentToAlarm(ctx, d)
	if err != nil || went == nil {
		return out, err
	}
	out.At = new(went.Time / 1000)
	behind, err := c.Watching.Behind(ctx, went)
	if err != nil || behind == nil {
		return out, err
	}
	out.From, out.To, out.Matched, out.Cut = behind.From, behind.To, integer(behind.Matched), behind.Cut
	out.Groups, out.Next = append(out.Groups, behind.Groups...), append(out.Next, behind.Next...)
	out.Sources, out.Targets, out.Interfaces = append(out.Sources, behind.Sources...), append(out.Targets, behind.Targets...), append(out.Interfaces, behind.Interfaces...)
	out.Says = append(out.Says, behind.Says...)
	if l := d.Log; l != nil {
		if len(out.Groups) == 0 {
			out.Groups = append(out.Groups, l.LogGroups...)
		}
		out.Ask = []askedQuery{{"The query of the alarm", "insights", inGroups(l.LogGroups, l.Query)}}
		return out, nil
	}
	if len(behind.Groups) > 0 {
		out.Ask = []askedQuery{{"The log events of this time", "insights", inGroups(behind.Groups, "fields @timestamp, @message\n| sort @timestamp desc")}}
	}
	out.Rules, err = c.topOfRules(ctx, behind)
	return out, err
}

// inGroups returns a query of Logs Insights over log groups.
func inGroups(groups []string, query string) string {
	var text strings.Builder
	for _, g := range groups {
		text.WriteString("SOURCE '" + g + "' | ")
	}
	return text.String() + query
}

// wentToAlarm returns the last change to ALARM as the action of one, nil where history has none.
func (c *console) wentToAlarm(ctx context.Context, d *alarm.Described) (*alarm.Action, error) {
	items, err := c.Watching.Alarms.History(ctx, alarm.HistoryRequest{Name: d.Name, ItemType: "StateUpdate", Limit: mostBands})
	if err != nil {
		return nil, err
	}
	for i := range items {
		_, data := historyOf(&items[i])
		if data.NewState.Value != string(alarm.Alarm) || data.OldState.Value == string(alarm.Alarm) {
			continue
		}
		return &alarm.Action{
			Definition: d.Definition, ConfigurationUpdated: d.ConfigurationUpdated,
			Transition: alarm.Transition{
				Old: alarm.State(data.OldState.Value), New: alarm.Alarm, Reason: data.NewState.Reason, ReasonData: string(data.NewState.Data), Time: items[i].Time,
			},
		}, nil
	}
	return nil, nil
}

// topOfRules returns who contributed most to the rules that an alarm watches and to others of its log groups, in the periods that were judged.
func (c *console) topOfRules(ctx context.Context, b *Behind) ([]ruleTop, error) {
	out := []ruleTop{}
	rules, err := c.Watching.Rules.Rules(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rules {
		rule := &rules[i]
		if !slices.Contains(b.Rules, rule.Name) && !slices.ContainsFunc(b.Groups, rule.Rule.Matches) {
			continue
		}
		report, err := c.Watching.Rules.Report(ctx, contributor.ReportRequest{Name: rule.Name, From: b.From, To: b.To, Period: 60, MaxContributors: topContributors, Live: true})
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", strconv.Quote(rule.Name), err)
		}
		top := ruleTop{Rule: rule.Name, Keys: report.KeyLabels, Statistic: report.AggregationStatistic, Contributors: []ruleTopRow{}}
		for _, contributed := range report.Contributors {
			top.Contributors = append(top.Contributors, ruleTopRow{contributed.Keys, contributed.Value})
		}
		out = append(out, top)
	}
	return out, nil
}
