package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/netmodel"
	"weir/internal/versions"
)

func (c *cli) networkDiffCommand() *cobra.Command {
	zone := scopeFlags{}
	cmd := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Show what differs between two versions or times",
		Long: `Shows which things came, went and changed, and of those that changed what: rules, entries,
addresses, groups. BEFORE and AFTER are numbers of versions of one account and region, or
times. Two times compare all that was in force; a version and a time, what was in force
where the version is of. Exit code 4 where they differ.`,
		Example: `  weir network diff 1 3
  weir network diff 2026-03-01 now
  weir network diff 3 2026-03-02T12:00:00Z --json`,
		Args: needArgs(2, 2, "what to compare"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var moments [2]app.NetworkMoment
			for i, arg := range args {
				var err error
				if moments[i], err = zone.networkMoment(arg, time.Now()); err != nil {
					return err
				}
			}
			d, err := app.DiffNetwork(cmd.Context(), c.data, moments[0], moments[1])
			if err != nil {
				return err
			}
			if len(d.Changes) > 0 {
				c.code = exitFindings
			}
			if c.json {
				d.Changes = orEmpty(d.Changes)
				return c.printJSON(d)
			}
			return c.printNetworkDiff(&d)
		},
	}
	zone.addZone(cmd)
	cmd.ValidArgsFunction = c.completeVersions(2)
	return cmd
}

// networkMoment reads the number of a version, a time, or now.
func (s *scopeFlags) networkMoment(text string, now time.Time) (app.NetworkMoment, error) {
	if id, ok := versionID(text); ok {
		return app.NetworkMoment{ID: id}, nil
	}
	zone, err := s.zone()
	if err != nil || text == "now" {
		return app.NetworkMoment{At: now}, err
	}
	t, err := parseTime(text, zone)
	if err != nil {
		return app.NetworkMoment{}, hint(usage(fmt.Errorf("%w, now, or the number of a version", err)), "'weir network list' has the numbers")
	}
	return app.NetworkMoment{At: t}, nil
}

// printNetworkDiff prints a row for each change and each detail of it.
func (c *cli) printNetworkDiff(d *app.NetworkDiff) error {
	c.note("before: %s; after: %s", versionsOf(d.Before), versionsOf(d.After))
	if len(d.Changes) == 0 {
		fmt.Fprintln(c.out, "nothing differs")
		return nil
	}
	t := newTable(c.out, []tableColumn{{}, {head: "KIND"}, {head: "ID"}, {head: "NAME"}, {head: "MEMBER"}, {head: "DIFFERENCE"}})
	for _, change := range d.Changes {
		lead := []string{change.What, change.Kind, change.ID, change.Name}
		add := func(member, sign string, values []string) error {
			for _, v := range values {
				if err := t.add(append(lead, member, sign+v)); err != nil {
					return err
				}
				lead, member = []string{"", "", "", ""}, ""
			}
			return nil
		}
		if change.What != netmodel.Changed {
			if err := add("", "", []string{""}); err != nil {
				return err
			}
		}
		for _, detail := range change.Details {
			member := detail.Member
			if err := add(member, "- ", detail.Went); err != nil {
				return err
			}
			if len(detail.Went) > 0 {
				member = ""
			}
			if err := add(member, "+ ", detail.Came); err != nil {
				return err
			}
		}
	}
	return t.flush()
}

// versionsOf names versions.
func versionsOf(list []versions.Version) string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprintf("version %d of %s", v.ID, v.Place))
	}
	return strings.Join(out, ", ")
}

// networkHints returns what to do about errors of a network's definition.
func networkHints(err error) []string {
	place, ok := errors.AsType[*netmodel.PlaceError](err)
	switch {
	case ok && place.Account:
		return []string{"--account ACCOUNT says whose answers these are: import the files of each account by themselves"}
	case ok && place.Region:
		return []string{"--region REGION says where they are of: import the files of each region by themselves"}
	case errors.Is(err, versions.ErrNone):
		return []string{"weir network import DIR takes what 'aws ec2 describe-*' prints"}
	case errors.Is(err, versions.ErrTaken):
		return []string{"--at says another time; 'weir network remove' takes a version away"}
	case errors.Is(err, versions.ErrNoVersion):
		return []string{"'weir network list' has the numbers"}
	case errors.Is(err, app.ErrUnsure):
		return []string{"without --strict the answer is given, and says so"}
	}
	return nil
}
