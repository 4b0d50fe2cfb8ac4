package cli

import "github.com/spf13/cobra"

// complete gives a flag's values for tab completion.
func complete(cmd *cobra.Command, flag string, values ...string) {
	completeFlag(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeFlag says how a flag's value is completed.
func completeFlag(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err) // the flag is not there: a mistake in this package
	}
}

// completeNothing is for flags whose values are the user's own, so that no files
// are offered.
func completeNothing(cmd *cobra.Command, flags ...string) {
	for _, f := range flags {
		completeFlag(cmd, f, cobra.NoFileCompletions)
	}
}

// completeDir offers folders for a flag.
func completeDir(cmd *cobra.Command, flag string) { completeFlag(cmd, flag, completeDirs) }

// completeDirs offers folders.
func completeDirs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}
