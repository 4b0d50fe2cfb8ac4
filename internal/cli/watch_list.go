package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) watchListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the detections that were made",
		Long:    "Lists the detections that were made, by their tags, with the state of the worst of their alarms, and who is told.",
		Example: "  weir watch list\n  weir watch list --json",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.watched(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			list, err := app.Detections(cmd.Context(), s)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(orEmpty(list))
			}
			if len(list) == 0 {
				c.note("no detection was made: 'weir watch detections' lists those that are ready")
				return nil
			}
			var rows [][]string
			for i := range list {
				w := &list[i]
				rows = append(rows, []string{w.Detection, w.Group, w.State, strings.Join(toldOf(w), ", ")})
			}
			return printTable(c.out, []tableColumn{{head: "DETECTION"}, {head: "LOG GROUP"}, {head: "STATE"}, {head: "TOLD"}}, rows)
		},
	}
}

// toldOf returns who is told, and who has not confirmed yet.
func toldOf(w *app.WatchedDetection) []string {
	var out []string
	for _, r := range w.Told {
		if r.Pending {
			r.Target += " (not confirmed)"
		}
		out = append(out, r.Target)
	}
	return out
}

func (c *cli) watchShowCommand() *cobra.Command {
	var group string
	cmd := &cobra.Command{
		Use:   "show DETECTION",
		Short: "Show a detection that was made",
		Long:  "Shows a detection that was made: its alarms with their states and reasons, its rules, and who is told.",
		Example: `  weir watch show ssh-bruteforce
  weir watch show ssh-bruteforce --group prod-flow-logs --json`,
		Args:              needArgs(1, 1, "the detection"),
		ValidArgsFunction: c.completeKept,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.watched(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			list, err := app.Detections(cmd.Context(), s)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(list, func(w app.WatchedDetection) bool { return w.Detection == args[0] && w.Group == group })
			if i < 0 {
				return hint(usage(fmt.Errorf("there is no detection %s for the log group %s", args[0], group)), "'weir watch list' lists those that are there")
			}
			if c.json {
				return c.printJSON(list[i])
			}
			return c.printKept(&list[i])
		},
	}
	c.groupFlag(cmd, &group)
	return cmd
}

// groupFlag adds the flag that says which log group's detection is meant.
func (c *cli) groupFlag(cmd *cobra.Command, group *string) {
	cmd.Flags().StringVar(group, "group", app.FlowLogsGroup, "log `GROUP` whose records are watched")
	completeFlag(cmd, "group", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return c.groupNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
	})
}

func (c *cli) printKept(w *app.WatchedDetection) error {
	out := people{c.out}
	fmt.Fprintf(out, "%s of %s\n", w.Detection, w.Group)
	for _, a := range w.Alarms {
		fmt.Fprintf(out, "\nalarm %s: %s\n  %s\n", a.Name, a.State, a.Description)
		if a.Reason != "" {
			fmt.Fprintf(out, "  %s\n", a.Reason)
		}
	}
	fmt.Fprintf(out, "\nrules: %s\n", strings.Join(w.Rules, ", "))
	told := toldOf(w)
	if len(told) == 0 {
		told = []string{"nobody"}
	}
	_, err := fmt.Fprintf(out, "told: %s\n", strings.Join(told, ", "))
	return err
}

func (c *cli) watchRemoveCommand() *cobra.Command {
	var group string
	cmd := &cobra.Command{
		Use:   "remove DETECTION",
		Short: "Remove a detection that was made",
		Long: `Removes what a detection made for a log group, and nothing else: its alarms, its rules with
what they counted, and its topic with its subscriptions. Messages that wait go to the dead
letters.`,
		Example: `  weir watch remove ssh-bruteforce
  weir watch remove ssh-bruteforce --group prod-flow-logs`,
		Args:              needArgs(1, 1, "the detection"),
		ValidArgsFunction: c.completeKept,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.watched(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			made, err := app.RemoveDetection(cmd.Context(), s, args[0], group)
			if err != nil {
				return asFlags(err)
			}
			return c.printMade(made)
		},
	}
	c.groupFlag(cmd, &group)
	return cmd
}
