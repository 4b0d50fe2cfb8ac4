package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) alarmCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "alarm",
		Short: "Show alarms, test them, and keep them silent for a while",
		Long: `Alarms are those of CloudWatch: they watch metrics, the contributors of log events, each
other, or what a query finds, and send messages when their states change. 'weir serve'
evaluates them. Clients of AWS and Terraform make them, and so do 'weir alarm put' and
'weir watch add'.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.alarmListCommand(), c.alarmShowCommand(), c.alarmHistoryCommand(), c.alarmTestCommand(), c.alarmSilenceCommand(), c.alarmPutCommand(), c.alarmDeleteCommand())
	return cmd
}

// alarmStates are the states of alarms.
var alarmStates = []string{"OK", "ALARM", "INSUFFICIENT_DATA"}

// An alarmShown is an alarm as DescribeAlarms shows it, as far as commands look at it.
type alarmShown struct {
	Name                    string `json:"AlarmName"`
	Description             string `json:"AlarmDescription"`
	State                   string `json:"StateValue"`
	Reason                  string `json:"StateReason"`
	Transitioned            epoch  `json:"StateTransitionedTimestamp"`
	EvaluationState         string `json:"EvaluationState"`
	ActionsEnabled          bool   `json:"ActionsEnabled"`
	OKActions, AlarmActions []string
	InsufficientDataActions []string
	// Those of alarms on metrics.
	MetricName, Namespace, Statistic, ExtendedStatistic, Unit, TreatMissingData, ComparisonOperator string
	Dimensions                                                                                      []struct{ Name, Value string }
	Period, EvaluationPeriods, DatapointsToAlarm                                                    int
	Threshold                                                                                       float64
	Metrics                                                                                         []struct {
		ID         string `json:"Id"`
		Expression string
		ReturnData *bool
		MetricStat *struct {
			Metric struct{ Namespace, MetricName string }
			Stat   string
			Period int
		}
	}
	// Those of composite alarms.
	AlarmRule, ActionsSuppressor, ActionsSuppressedBy string
	// Those of log alarms.
	ScheduledQueryConfiguration *struct {
		QueryString           string
		LogGroupIdentifiers   []string
		AggregationExpression string
		ScheduleConfiguration struct{ ScheduleExpression string }
	}
	QueryResultsToEvaluate, QueryResultsToAlarm int

	// kind is MetricAlarm, CompositeAlarm or LogAlarm, and raw the alarm as it was shown.
	kind string
	raw  json.RawMessage
}

// describeAlarms returns the alarms that a request of DescribeAlarms is for, of all kinds, by name.
func describeAlarms(ctx context.Context, s app.Service, in members) ([]alarmShown, error) {
	in["AlarmTypes"] = []string{"MetricAlarm", "CompositeAlarm", "LogAlarm"}
	var out []alarmShown
	type answer struct{ MetricAlarms, CompositeAlarms, LogAlarms []json.RawMessage }
	err := eachPage(ctx, s, "monitoring", "DescribeAlarms", in, func(page *answer) error {
		for _, list := range []struct {
			kind string
			of   []json.RawMessage
		}{{"MetricAlarm", page.MetricAlarms}, {"CompositeAlarm", page.CompositeAlarms}, {"LogAlarm", page.LogAlarms}} {
			for _, raw := range list.of {
				a := alarmShown{kind: list.kind, raw: raw}
				if err := json.Unmarshal(raw, &a); err != nil {
					return err
				}
				out = append(out, a)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b alarmShown) int { return cmp.Compare(a.Name, b.Name) })
	return out, err
}

// describeAlarm returns an alarm.
func describeAlarm(ctx context.Context, s app.Service, name string) (*alarmShown, error) {
	list, err := describeAlarms(ctx, s, members{"AlarmNames": []string{name}})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, noAlarm(name)
	}
	return &list[0], nil
}

// noAlarm says that there is no alarm.
func noAlarm(name string) error {
	return hint(usage(fmt.Errorf("there is no alarm %s", name)), "weir alarm list shows those that there are")
}

// completeAlarm completes the names of alarms; most < 0 is any number.
func (c *cli) completeAlarm(most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if most >= 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		c.setData()
		s, err := c.watched(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer s.Close()
		list, _ := describeAlarms(cmd.Context(), s, members{}) // completion says nothing of errors
		for i := range list {
			if !slices.Contains(args, list[i].Name) {
				out = append(out, cobra.CompletionWithDesc(list[i].Name, list[i].State))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func (c *cli) alarmListCommand() *cobra.Command {
	var f scopeFlags
	var state, prefix string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the alarms with their states",
		Long: `Lists the alarms with their states, since when they are in them, and why. A state with
"silent" has its actions held back, and one with "off" has none ('weir alarm silence',
DisableAlarmActions).`,
		Example: `  weir alarm list
  weir alarm list --state ALARM --json`,
		Args: rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			zone, err := f.zone()
			if err != nil {
				return err
			}
			in := members{}
			if state != "" {
				if state = strings.ToUpper(state); !slices.Contains(alarmStates, state) {
					return usage(fmt.Errorf("--state: %q is none of %s", state, strings.Join(alarmStates, ", ")))
				}
				in["StateValue"] = state
			}
			if prefix != "" {
				in["AlarmNamePrefix"] = prefix
			}
			return c.alarmList(cmd.Context(), in, zone)
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "alarms in the `STATE`: "+strings.Join(alarmStates, ", "))
	cmd.Flags().StringVar(&prefix, "prefix", "", "alarms whose names begin with `TEXT`")
	complete(cmd, "state", alarmStates...)
	completeNothing(cmd, "prefix")
	f.addZone(cmd)
	return cmd
}

// listedAlarm is an alarm in JSON.
type listedAlarm struct {
	Name    string     `json:"name"`
	Kind    string     `json:"kind"`
	State   string     `json:"state"`
	Since   time.Time  `json:"since"`
	Reason  string     `json:"reason"`
	Silence *time.Time `json:"silenced_until,omitempty"`
	Actions bool       `json:"actions_enabled"`
}

// alarmList lists alarms.
func (c *cli) alarmList(ctx context.Context, in members, zone *time.Location) error {
	s, err := c.watched(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := describeAlarms(ctx, s, in)
	if err != nil {
		return err
	}
	silenced, err := s.SilencedAlarms(ctx)
	if err != nil {
		return err
	}
	if c.json {
		out := []listedAlarm{}
		for i := range list {
			a := &list[i]
			l := listedAlarm{Name: a.Name, Kind: a.kind, State: a.State, Since: a.Transitioned.time().UTC(), Reason: a.Reason, Actions: a.ActionsEnabled}
			if until, is := silenced[a.Name]; is {
				l.Silence = new(until.UTC())
			}
			out = append(out, l)
		}
		return c.printJSON(out)
	}
	if len(list) == 0 {
		c.note("there are no such alarms; 'weir alarm put', 'weir watch add' and clients of AWS make some")
		return nil
	}
	var rows [][]string
	for i := range list {
		a := &list[i]
		state := a.State
		if _, is := silenced[a.Name]; is {
			state += ", silent"
		}
		if !a.ActionsEnabled {
			state += ", off"
		}
		rows = append(rows, []string{a.Name, state, showTime(a.Transitioned.time(), zone), shorten(a.Reason, listedReason)})
	}
	return printTable(c.out, []tableColumn{{head: "NAME"}, {head: "STATE"}, {head: "SINCE"}, {head: "REASON"}}, rows)
}

// listedReason is how long a reason is in a list.
const listedReason = 90

// shorten cuts a text that is longer than some characters.
func shorten(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
