package cli

import (
	"github.com/spf13/cobra"

	"weir/internal/netmodel"
)

func (c *cli) networkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "network",
		Short: "Keep the network's definition, and how it was before: import, changes, list, show, diff, remove, lint, flowlogs, schema",
		Long: `Keeps the definitions of networks (VPCs, subnets, ENIs, security groups, network ACLs...)
as they were at the times of their imports, in DATA/network. A version belongs to one
account and region; 'weir check' asks those that were in force at its time.
'weir network lint' says what is wrong with a definition's rules, and 'weir network
flowlogs' what of it no flow log records.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.networkImportCommand(), c.networkChangesCommand(), c.networkListCommand(), c.networkShowCommand(), c.networkDiffCommand(), c.networkRemoveCommand(), c.networkLintCommand(), c.networkFlowLogsCommand(), c.networkSchemaCommand())
	return cmd
}

func (c *cli) networkSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of network definitions in YAML",
		Long: `Prints the JSON schema (draft 7) of network definitions in YAML. Editors check and complete
by it what has the first line '# yaml-language-server: $schema=network.schema.json'.`,
		Example: `  weir network schema > network.schema.json`,
		Args:    rejectArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := c.out.Write(netmodel.FormSchema())
			return err
		},
	}
}
