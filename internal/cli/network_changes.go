package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) networkChangesCommand() *cobra.Command {
	var from, to string
	shown := scopeFlags{}
	cmd := &cobra.Command{
		Use:   "changes [PATH...]",
		Short: "Keep what CloudTrail says of changes between imports, or list it",
		Long: `Takes CloudTrail's log files, in any folders, as they lie in the bucket of a trail, and
keeps the calls that changed the network. Followed are Authorize-, Revoke- and
ModifySecurityGroup*, those of network ACL entries and associations,
ModifyNetworkInterfaceAttribute, CreateRoute and DeleteRoute to internet and NAT gateways,
and those that make and delete security groups and ENIs. Of other calls of EC2 that change
something it keeps what they name: around such a call nobody knows how that is. An event that
comes again is kept once.

Where two imports differ, events that lead from the one to the other say how the rules were
at each time between. Before the first import events are undone from there, as far back as
the files reach without a day of which they have nothing. 'weir network show --at' and
'weir check --at' tell when what changed, and by whom.

Without PATH it lists what is kept. A file or record that can't be understood is named; the
exit code is 3 then.`,
		Example: `  weir network changes ./AWSLogs/111122223333/CloudTrail
  weir network changes
  weir network changes --from 2026-03-01 --to 2026-03-02 --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			zone, err := shown.zone()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				if from != "" || to != "" {
					return usage(fmt.Errorf("--from and --to are about what is listed: they exclude PATH"))
				}
				return c.keepChanges(cmd.Context(), args)
			}
			var bounds [2]time.Time
			for i, text := range []string{from, to} {
				flag := []string{"--from", "--to"}[i]
				if bounds[i], err = shown.moment(flag, text, time.Time{}); err != nil {
					return err
				}
			}
			list, err := app.NetworkChanges(cmd.Context(), c.data, bounds[0], bounds[1])
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(orEmpty(list))
			}
			return c.printChanges(list, zone)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&from, "from", "", "list those at `TIME` and later: RFC 3339, a date, or epoch seconds")
	fl.StringVar(&to, "to", "", "list those before `TIME`")
	shown.addZone(cmd)
	completeNothing(cmd, "from", "to")
	return cmd
}

// keepChanges takes log files, and says what they brought.
func (c *cli) keepChanges(ctx context.Context, paths []string) error {
	r, err := app.KeepChanges(ctx, c.data, paths...)
	if err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		c.code = exitPartial
	}
	if c.json {
		return c.printJSON(r)
	}
	c.few("left out: ", r.Problems)
	c.few("not clear: ", r.Unclear)
	if r.Digests > 0 {
		c.note("%s passed over: digest files hold no events", plural(int64(r.Digests), "file"))
	}
	if r.NotFollowed > 0 {
		c.note("%s by calls that are not followed: what they name counts as unknown from then on", plural(int64(r.NotFollowed), "change"))
	}
	fmt.Fprintf(people{c.out}, "%s of %s: %s, %d known, %s\n", plural(int64(r.Records), "record"), plural(int64(r.Files), "file"), plural(int64(r.New), "new change"), r.Known, plural(int64(r.Failed), "failed call"))
	return nil
}

// printChanges prints a row for each thing that a change did.
func (c *cli) printChanges(list []app.NetworkChange, zone *time.Location) error {
	t := newTable(c.out, []tableColumn{{head: "TIME"}, {head: "ACCOUNT"}, {head: "REGION"}, {head: "EVENT"}, {head: "CHANGE"}, {head: "BY"}})
	for _, change := range list {
		lead := []string{showTime(change.At, zone), change.Account, change.Region, change.Event}
		by := cmp.Or(change.By, "-")
		effects := change.Effects
		switch {
		case change.NotFollowed:
			effects = []string{app.Several(change.IDs) + " not followed"}
		case change.Unclear != "":
			effects = []string{change.IDs[0] + " not clear: " + change.Unclear}
		case len(effects) == 0:
			effects = []string{change.IDs[0] + " nothing of rules"}
		}
		for _, effect := range effects {
			if err := t.add(append(lead, effect, by)); err != nil {
				return err
			}
			lead, by = []string{"", "", "", ""}, ""
		}
	}
	return t.flush()
}
