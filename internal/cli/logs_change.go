package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/app"
)

func (c *cli) logsCreateCommand() *cobra.Command {
	var format string
	var days int
	cmd := &cobra.Command{
		Use:   "create GROUP",
		Short: "Make a log group for events that are put into it",
		Long: `Makes a log group of the store, for what clients of AWS put into it through 'weir serve'.
--log-format says in which format a flow log delivers into it: events that are its
records become records of the lake too.`,
		Example: `  weir logs create app
  weir logs create vpc-flow-logs --log-format default --retention 30`,
		Args: needArgs(1, 1, "the log group"),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := app.LogGroupChange{Name: args[0], Create: true, SetRetention: days != 0, RetentionDays: days}
			if format != "" {
				f, err := c.logFormat("--log-format", format)
				if err != nil {
					return err
				}
				change.SetFormat, change.Format = true, f.String()
			}
			return c.changeLogGroup(cmd.Context(), change)
		},
	}
	cmd.Flags().StringVar(&format, "log-format", "", "`FORMAT` of the flow log that delivers into it, as in EC2's LogFormat, or default")
	cmd.Flags().IntVar(&days, "retention", 0, "keep events for `DAYS`; 0 is for ever")
	complete(cmd, "log-format", "default")
	completeNothing(cmd, "retention")
	return cmd
}

func (c *cli) logsDeleteCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "delete GROUP",
		Short: "Remove a log group with all its events",
		Long: `Removes a log group of the store with its streams and events, after a yes. Records of the
lake that were made of its events stay. Of the log groups of the lake, 'weir logs name
--remove' takes the name away.`,
		Example:           "  weir logs delete app --yes",
		Args:              needArgs(1, 1, "the log group"),
		ValidArgsFunction: c.completeGroup,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes {
				sure, err := c.confirm("remove log group " + args[0] + " with all its events?")
				if err != nil {
					return err
				}
				if !sure {
					return hint(fmt.Errorf("nobody said yes to removing %s", args[0]), "--yes removes it without asking")
				}
			}
			return c.changeLogGroup(cmd.Context(), app.LogGroupChange{Name: args[0], Delete: true})
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (c *cli) logsRetentionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "retention GROUP DAYS|never",
		Short: "Set how long a log group keeps its events",
		Long: `Sets after how many days events of a log group of the store are removed: one of the
numbers that AWS has, or "never". 'weir lake expire' bounds the records of the lake.`,
		Example: `  weir logs retention app 30
  weir logs retention app never`,
		Args:              needArgs(2, 2, "the log group or the number of days"),
		ValidArgsFunction: c.completeGroup,
		RunE: func(cmd *cobra.Command, args []string) error {
			days := 0
			if args[1] != "never" {
				var err error
				if days, err = strconv.Atoi(args[1]); err != nil || days < 1 {
					return usage(fmt.Errorf("%q is no number of days, nor never", args[1]))
				}
			}
			return c.changeLogGroup(cmd.Context(), app.LogGroupChange{Name: args[0], SetRetention: true, RetentionDays: days})
		},
	}
}

func (c *cli) logsFormatCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "format GROUP [FORMAT|default|none]",
		Short: "Show or set in which format a flow log delivers into a log group",
		Long: `Shows the LogFormat of the records in a log group, or sets that of one of the store:
"default" is AWS's default format, "none" says that events are no records. Events that
are records in the format, and print as the same bytes, become records of the lake from
then on; all others stay text. Fields that weir does not know are kept by name, and named.

A log group that nothing was said of gets from 'weir serve' the format of the flow log which
delivers there, where the imported definition of the network has one. "none" stays.`,
		Example: `  weir logs format vpc-flow-logs default
  weir logs format vpc-flow-logs '${version} ${interface-id} ${srcaddr} ${dstaddr} ${bytes} ${start} ${end}'
  weir logs format vpc-flow-logs`,
		Args: needArgs(1, 2, "the log group"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return []string{"default", "none"}, cobra.ShellCompDirectiveNoFileComp
			}
			return c.completeGroup(cmd, args, text)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return c.showFormat(cmd.Context(), args[0])
			}
			change := app.LogGroupChange{Name: args[0], SetFormat: true}
			if args[1] != "none" {
				f, err := c.logFormat("the format", args[1])
				if err != nil {
					return err
				}
				change.Format = f.String()
			}
			return c.changeLogGroup(cmd.Context(), change)
		},
	}
}

// logFormat reads the LogFormat of a log group, and names the fields that weir does not know.
func (c *cli) logFormat(what, text string) (*flowlog.Format, error) {
	if text == "default" {
		f := flowlog.DefaultFormat(flowlog.KindVPC)
		return &f, nil
	}
	f, err := parseFormat(what, text)
	if err == nil && len(f.UnknownFields()) > 0 {
		c.note("fields that weir does not know: %s", strings.Join(f.UnknownFields(), ", "))
	}
	return f, err
}

// showFormat shows the LogFormat of a log group.
func (c *cli) showFormat(ctx context.Context, group string) error {
	g, err := c.logGroup(ctx, group)
	switch {
	case err != nil:
		return err
	case c.json:
		return c.printJSON(map[string]any{"name": g.Name, "format": g.Format})
	case g.Format == "":
		c.note("no format is known that all its events have")
		return nil
	}
	_, err = fmt.Fprintln(people{c.out}, g.Format)
	return err
}

// changeLogGroup changes a log group.
func (c *cli) changeLogGroup(ctx context.Context, change app.LogGroupChange) error {
	s, err := c.writer(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.ChangeLogGroup(ctx, change)
}
