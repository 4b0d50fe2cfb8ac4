package cli

import "github.com/spf13/cobra"

func (c *cli) athenaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "athena",
		Short: "Ask in the SQL of Amazon Athena, and write the tables that Athena needs",
		Args:  subcommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.athenaRunCommand(), c.athenaTablesCommand(), c.athenaDDLCommand(), c.athenaSavedCommand())
	return cmd
}
