package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) networkListCommand() *cobra.Command {
	shown := scopeFlags{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the versions",
		Long: `Lists the versions by account, region and time. SINCE and UNTIL are the times of the
first and the last import that found it; between UNTIL and the next version's SINCE
nobody knows which of both held.`,
		Example: "  weir network list",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			zone, err := shown.zone()
			if err != nil {
				return err
			}
			list, err := app.NetworkVersions(cmd.Context(), c.data)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(orEmpty(list))
			}
			var rows [][]string
			for _, v := range list {
				rows = append(rows, []string{
					strconv.FormatInt(v.ID, 10), v.Account, v.Region, showTime(v.Since, zone), showTime(v.Until, zone), strconv.Itoa(v.Imports),
				})
			}
			return printTable(c.out, []tableColumn{
				{head: "VERSION", right: true}, {head: "ACCOUNT"}, {head: "REGION"}, {head: "SINCE"}, {head: "UNTIL"}, {head: "IMPORTS", right: true},
			}, rows)
		},
	}
	shown.addZone(cmd)
	return cmd
}

func (c *cli) networkRemoveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove VERSION",
		Short: "Remove a version that should not be there",
		Long: `Removes a version, as where the wrong files were imported. The version before it is then
taken for its time. Its number is not used again.`,
		Example: "  weir network remove 7",
		Args:    needArgs(1, 1, "the version"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, ok := versionID(args[0])
			if !ok {
				return usage(fmt.Errorf("%q is no version: 'weir network list' has their numbers", args[0]))
			}
			if err := app.RemoveNetworkVersion(cmd.Context(), c.data, id); err != nil {
				return err
			}
			c.note("version %d is removed", id)
			return nil
		},
	}
	cmd.ValidArgsFunction = c.completeVersions(1)
	return cmd
}

// versionID reads the number of a version. Epoch seconds are longer.
func versionID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0 && len(text) < 9
}

// completeVersions offers the numbers of versions for the first arguments.
func (c *cli) completeVersions(most int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var out []string
		if c.setData(); len(args) < most {
			list, _ := app.NetworkVersions(cmd.Context(), c.data) // there is nothing to offer
			for _, v := range list {
				out = append(out, fmt.Sprintf("%d\t%s since %s", v.ID, v.Place, showTime(v.Since, time.UTC)))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
