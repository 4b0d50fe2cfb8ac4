package cli

import "github.com/spf13/cobra"

func (c *cli) networkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "network",
		Short: "Look at a network's definition: lint",
		Long: `A network's definition is what 'aws ec2 describe-*' prints: its VPCs, subnets, ENIs,
security groups and network ACLs.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.networkLintCommand())
	return cmd
}
