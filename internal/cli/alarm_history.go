package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

// historyFlags are those of weir alarm history.
type historyFlags struct {
	scope scopeFlags
	kind  string
	n     int
}

// historyKinds are the kinds of items of a history, by what people call them.
var historyKinds = map[string]string{"state": "StateUpdate", "action": "Action", "configuration": "ConfigurationUpdate"}

func (c *cli) alarmHistoryCommand() *cobra.Command {
	var f historyFlags
	cmd := &cobra.Command{
		Use:   "history [NAME]",
		Short: "Show what happened to an alarm, or to all of them",
		Long: `Shows the changes of state, actions and changes of definition of an alarm, or of all, the
newest first. They are kept for 30 days, also of alarms that were deleted.`,
		Example: `  weir alarm history ssh
  weir alarm history --since 24h --kind action --json`,
		Args:              needArgs(0, 1, ""),
		ValidArgsFunction: c.completeAlarm(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.alarmHistory(cmd.Context(), args, &f)
		},
	}
	f.scope.addTimes(cmd)
	cmd.Flags().StringVar(&f.kind, "kind", "", "items of the `KIND`: state, action, configuration")
	cmd.Flags().IntVarP(&f.n, "number", "n", 50, "show `N` items")
	complete(cmd, "kind", "state", "action", "configuration")
	completeNothing(cmd, "number")
	return cmd
}

// A historyItem is an item of the history of an alarm, as DescribeAlarmHistory shows it.
type historyItem struct {
	Name     string `json:"AlarmName"`
	Time     epoch  `json:"Timestamp"`
	ItemType string `json:"HistoryItemType"`
	Summary  string `json:"HistorySummary"`
	Data     string `json:"HistoryData"`
}

// alarmHistory shows the history of alarms.
func (c *cli) alarmHistory(ctx context.Context, args []string, f *historyFlags) error {
	zone, err := f.scope.zone()
	if err != nil {
		return err
	}
	scope, err := f.scope.scope(time.Now())
	if err != nil {
		return err
	}
	in := members{}
	switch kind, known := historyKinds[f.kind]; {
	case f.n < 1:
		return usage(errors.New("-n must be above 0"))
	case known:
		in["HistoryItemType"] = kind
	case f.kind != "":
		return usage(fmt.Errorf("--kind: %q is none of state, action, configuration", f.kind))
	}
	if len(args) > 0 {
		in["AlarmName"] = args[0]
	}
	if !scope.From.IsZero() {
		in["StartDate"] = epochOf(scope.From)
	}
	if !scope.To.IsZero() {
		in["EndDate"] = epochOf(scope.To)
	}
	s, err := c.watched(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	items, err := alarmItems(ctx, s, in, f.n)
	if err != nil {
		return err
	}
	if len(items) == 0 && len(args) > 0 {
		if _, err := describeAlarm(ctx, s, args[0]); err != nil {
			return err
		}
	}
	if c.json {
		return c.printJSON(shownItems(items))
	}
	if len(items) == 0 {
		c.note("nothing happened")
		return nil
	}
	var rows [][]string
	for _, i := range items {
		rows = append(rows, []string{showTime(i.Time.time(), zone), i.Name, i.Summary})
	}
	return printTable(c.out, []tableColumn{{head: "TIME"}, {head: "ALARM"}, {head: "WHAT HAPPENED"}}, rows)
}

// shownItem is an item of a history in JSON.
type shownItem struct {
	Time    time.Time       `json:"time"`
	Alarm   string          `json:"alarm"`
	Kind    string          `json:"kind"`
	Summary string          `json:"summary"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// shownItems returns items for JSON.
func shownItems(items []historyItem) []shownItem {
	out := []shownItem{}
	for _, i := range items {
		one := shownItem{Time: i.Time.time().UTC(), Alarm: i.Name, Kind: i.ItemType, Summary: i.Summary}
		if json.Valid([]byte(i.Data)) {
			one.Data = json.RawMessage(i.Data)
		}
		out = append(out, one)
	}
	return out
}

// alarmItems returns at most n items of histories, the newest first.
func alarmItems(ctx context.Context, s app.Service, in members, n int) ([]historyItem, error) {
	in["AlarmTypes"] = []string{"MetricAlarm", "CompositeAlarm", "LogAlarm"}
	var out []historyItem
	for {
		in["MaxRecords"] = min(n-len(out), 100)
		page, err := callAPI[struct {
			AlarmHistoryItems []historyItem
			NextToken         string
		}](ctx, s, "monitoring", "DescribeAlarmHistory", in)
		if err != nil {
			return nil, err
		}
		out = append(out, page.AlarmHistoryItems...)
		if page.NextToken == "" || len(out) >= n {
			return out, nil
		}
		in["NextToken"] = page.NextToken
	}
}
