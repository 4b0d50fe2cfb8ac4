package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/agentapi"
	"weir/internal/agentstore"
)

func (c *cli) agentListCommand() *cobra.Command {
	shown := scopeFlags{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the agents that joined, and how they are",
		Long: `Lists the agents that joined: when each was last heard of, the generation of the policy that is
in force there, its network interfaces, and how delivery goes. What does not work stands below,
with why: policies that an agent refuses, devices, and flow logs that it can't deliver.`,
		Example: "  weir agent list\n  weir agent list --json",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			zone, err := shown.zone()
			if err != nil {
				return err
			}
			return c.withAgents(cmd.Context(), func(s *agentstore.Store) error {
				list, err := s.Agents(cmd.Context())
				if err != nil {
					return err
				}
				if c.json {
					return c.printJSON(orEmpty(list))
				}
				return c.printAgents(list, zone)
			})
		},
	}
	shown.addZone(cmd)
	return cmd
}

// printAgents prints a list of agents, and what does not work.
func (c *cli) printAgents(list []agentstore.Agent, zone *time.Location) error {
	if len(list) == 0 {
		c.note("no agent joined; 'weir agent token create' makes a token to join with")
		return nil
	}
	var rows [][]string
	for i := range list {
		a := &list[i]
		interfaces, delivery := "-", "-"
		if a.Report != nil {
			interfaces, delivery = interfacesText(a.Report), "SUCCESS"
			for _, l := range a.Report.FlowLogs {
				if l.Error != "" {
					delivery = "FAILED"
				}
			}
		}
		rows = append(rows, []string{a.Name, a.Version, showTime(a.Seen, zone), policyText(a.Report), interfaces, delivery})
	}
	if err := printTable(c.out, []tableColumn{{head: "NAME"}, {head: "VERSION"}, {head: "LAST SEEN"}, {head: "POLICY"}, {head: "INTERFACES"}, {head: "DELIVERY"}}, rows); err != nil {
		return err
	}
	for i := range list {
		if r := list[i].Report; r != nil {
			for _, text := range troublesOf(r) {
				fmt.Fprintf(c.out, "%s: %s\n", list[i].Name, printableLines(text))
			}
		}
	}
	return nil
}

// troublesOf says what does not work at an agent.
func troublesOf(r *agentapi.Report) (out []string) {
	if r.Refused != nil {
		out = append(out, fmt.Sprintf("refuses policy %d: %s", r.Refused.Generation, r.Refused.Reason))
	}
	for _, d := range r.Devices {
		if d.Why != "" {
			out = append(out, d.Name+": "+d.Why)
		}
	}
	for _, l := range r.FlowLogs {
		if l.Error != "" {
			out = append(out, l.ID+": "+l.Error)
		}
	}
	return append(out, r.Troubles...)
}
