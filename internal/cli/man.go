package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (c *cli) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the man pages to a folder",
		Long:    "Writes a man page for each command to a folder.",
		Example: "  weir man /usr/local/share/man/man1",
		Args:    needArgs(1, 1, "the folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("cannot make the folder: %w", err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			// A fixed date: the same weir writes the same pages.
			date := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
			return doc.GenManTree(root, &doc.GenManHeader{Title: "WEIR", Section: "1", Source: "weir " + version, Manual: "weir", Date: &date}, args[0])
		},
	}
}
