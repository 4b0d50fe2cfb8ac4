package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) enrichCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enrich",
		Short: "Take what is published about addresses: the networks of AWS",
		Long: `Takes AWS's ip-ranges.json, which lists the networks of AWS, into DATA/network. Questions
then know src-service, src-region, dst-service and dst-region: which services of AWS have
an address, and its Region, by the file that was taken last.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.enrichImportCommand(), c.enrichUpdateCommand())
	return cmd
}

func (c *cli) enrichImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "import FILE",
		Short:   "Take ip-ranges.json from a file",
		Long:    "Takes ip-ranges.json, as AWS publishes it, from a file, in place of what was there.",
		Example: "  weir enrich import ip-ranges.json",
		Args:    needArgs(1, 1, "the file"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			return c.takeRanges(args[0], text)
		},
	}
	return cmd
}

func (c *cli) enrichUpdateCommand() *cobra.Command {
	url := app.RangesURL
	cmd := &cobra.Command{
		Use:     "update",
		Short:   "Get ip-ranges.json from AWS",
		Long:    "Gets ip-ranges.json from AWS, in place of what was there. Nothing is sent but the request.",
		Example: "  weir enrich update",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := app.FetchRanges(cmd.Context(), url)
			if err != nil {
				return err
			}
			return c.takeRanges(url, text)
		},
	}
	cmd.Flags().StringVar(&url, "url", url, "get it from `URL`")
	completeNothing(cmd, "url")
	return cmd
}

// takeRanges takes what came from a place and says what it is.
func (c *cli) takeRanges(from string, text []byte) error {
	r, err := app.TakeRanges(c.data, text)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if c.json {
		return c.printJSON(r)
	}
	_, err = fmt.Fprintf(c.out, "%s of AWS, as of %s\n", plural(int64(r.Networks), "network"), r.Created)
	return err
}
