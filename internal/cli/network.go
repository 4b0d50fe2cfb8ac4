package cli

import "github.com/spf13/cobra"

func (c *cli) networkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "network",
		Short: "Keep the network's definition, and how it was before: import, changes, list, show, diff, remove, lint",
		Long: `Keeps the definitions of networks (VPCs, subnets, ENIs, security groups, network ACLs...)
as they were at the times of their imports, in DATA/network. A version belongs to one
account and region; 'weir check' asks those that were in force at its time.
'weir network lint' says what is wrong with a definition's rules.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.networkImportCommand(), c.networkChangesCommand(), c.networkListCommand(), c.networkShowCommand(), c.networkDiffCommand(), c.networkRemoveCommand(), c.networkLintCommand())
	return cmd
}
