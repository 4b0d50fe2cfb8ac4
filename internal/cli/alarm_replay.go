package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

// replaySince is how far back an alarm is tested where nothing says it: values of less than a minute are kept for three hours.
const replaySince = 2 * time.Hour

// alarmTestFlags are those of weir alarm test.
type alarmTestFlags struct {
	scope  scopeFlags
	notify bool
	wait   time.Duration
}

func (c *cli) alarmTestCommand() *cobra.Command {
	var f alarmTestFlags
	cmd := &cobra.Command{
		Use:   "test NAME",
		Short: "Say what an alarm would have done, or send a test to its actions",
		Long: `Judges an alarm, as it is defined now, at each time of the last 2 hours, or of --since,
--from and --to, at which it would have been judged, and prints the changes of state that
it would have made. It begins without data, as a new alarm does; values are those that
are kept now, also where they came later than the alarm would have waited. Nothing is sent,
and nothing changes. Of a log alarm the query runs for each of those times.

With --notify it sends a message to each action of the alarm instead, which says TEST in its
subject, text and reason, and says what became of it, as 'weir notify test' does.`,
		Example: `  weir alarm test ssh
  weir alarm test ssh --since 24h --json
  weir alarm test ssh --notify`,
		Args:              needArgs(1, 1, "the alarm"),
		ValidArgsFunction: c.completeAlarm(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.notify {
				if f.scope.since+f.scope.from+f.scope.to != "" {
					return usage(errors.New("--notify sends a message now: it excludes --since, --from and --to"))
				}
				return c.alarmNotify(cmd.Context(), args[0], f.wait)
			}
			return c.alarmReplay(cmd.Context(), args[0], &f)
		},
	}
	f.scope.addTimes(cmd)
	cmd.Flags().BoolVar(&f.notify, "notify", false, "send a message marked TEST to the alarm's actions")
	addWait(cmd, &f.wait)
	return cmd
}

// replayJSON is a replay in JSON.
type replayJSON struct {
	Alarm       string                `json:"alarm"`
	From        time.Time             `json:"from"`
	To          time.Time             `json:"to"`
	Evaluations int                   `json:"evaluations"`
	State       string                `json:"state"`
	Transitions []app.AlarmTransition `json:"transitions"`
}

// alarmReplay shows what an alarm would have done.
func (c *cli) alarmReplay(ctx context.Context, name string, f *alarmTestFlags) error {
	zone, err := f.scope.zone()
	if err != nil {
		return err
	}
	now := time.Now().Truncate(time.Second)
	scope, err := f.scope.scope(now)
	if err != nil {
		return err
	}
	r := app.ReplayRequest{Name: name, From: scope.From, To: scope.To}
	if r.To.IsZero() {
		r.To = now
	}
	if r.From.IsZero() {
		r.From = r.To.Add(-replaySince)
	}
	s, err := c.watched(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	stop := c.waiting("judging")
	replay, err := s.ReplayAlarm(ctx, r)
	stop()
	if err != nil {
		return err
	}
	if c.json {
		out := replayJSON{name, replay.From.UTC(), replay.To.UTC(), replay.Evaluations, replay.State, []app.AlarmTransition{}}
		for _, t := range replay.Transitions {
			t.At = t.At.UTC()
			out.Transitions = append(out.Transitions, t)
		}
		return c.printJSON(out)
	}
	var rows [][]string
	for _, t := range replay.Transitions {
		rows = append(rows, []string{showTime(t.At, zone), t.Old, t.New, t.Reason})
	}
	if len(rows) > 0 {
		if err := printTable(c.out, []tableColumn{{head: "TIME"}, {head: "FROM"}, {head: "TO"}, {head: "REASON"}}, rows); err != nil {
			return err
		}
		fmt.Fprintln(c.out)
	}
	_, err = fmt.Fprintf(c.out, "%s from %s to %s: %s, %s at the end\n", plural(int64(replay.Evaluations), "evaluation"), showTime(replay.From, zone), showTime(replay.To, zone),
		plural(int64(len(rows)), "change"), replay.State)
	return err
}

// alarmNotify sends a test to the actions of an alarm.
func (c *cli) alarmNotify(ctx context.Context, name string, wait time.Duration) error {
	s, err := c.server(ctx, "it is the server that sends messages")
	if err != nil {
		return err
	}
	defer s.Close()
	sent, err := s.TestAlarm(ctx, name)
	if err != nil {
		return err
	}
	if len(sent) == 0 {
		return hint(fmt.Errorf("the alarm %s has no actions", name), "AlarmActions of PutMetricAlarm names topics", "'weir notify topics' lists those that there are")
	}
	return c.followTests(ctx, s, sent, wait)
}
