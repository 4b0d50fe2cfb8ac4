package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) logsLatenessCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lateness GROUP [TIME|usual]",
		Short: "Show or set how late the events of a log group come",
		Long: `Shows how late the events of a log group come at most, or sets it. An alarm on a metric that
a metric filter makes of them is evaluated that much later, for the same periods. It is 0s
for log groups of the store, whose events are put, and ` + app.LakeLateness.String() + ` for those of the lake, since
AWS delivers flow logs some minutes after the flows, unless something else was set;
"usual" takes that back.`,
		Example: `  weir logs lateness /weir/flow-logs
  weir logs lateness /weir/flow-logs 7m
  weir logs lateness app 90s
  weir logs lateness app usual`,
		Args: needArgs(1, 2, "the log group"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []string{"usual"}, cobra.ShellCompDirectiveNoFileComp
			}
			return c.completeGroup(cmd, args, text)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return c.showLateness(cmd.Context(), args[0])
			}
			change := app.LogGroupChange{Name: args[0], SetLateness: true, Lateness: -1}
			if args[1] != "usual" {
				var err error
				if change.Lateness, err = time.ParseDuration(args[1]); err != nil || change.Lateness < 0 {
					return usage(fmt.Errorf("%q is no time such as 90s or 12m, nor usual", args[1]))
				}
			}
			return c.changeLogGroup(cmd.Context(), change)
		},
	}
}

// showLateness shows how late the events of a log group come.
func (c *cli) showLateness(ctx context.Context, group string) error {
	g, err := c.logGroup(ctx, group)
	switch {
	case err != nil:
		return err
	case c.json:
		return c.printJSON(map[string]any{"name": g.Name, "lateness_seconds": g.Lateness.Seconds()})
	}
	_, err = fmt.Fprintln(people{c.out}, g.Lateness)
	return err
}
