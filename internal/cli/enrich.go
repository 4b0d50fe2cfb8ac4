package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) enrichCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enrich",
		Short: "Take what is published about addresses: AWS's networks, countries",
		Long: `Takes files about addresses into DATA/network. With AWS's ip-ranges.json questions know
src-service, src-region, dst-service and dst-region: which services of AWS have an
address, and its Region. With a list of countries they know src-country and dst-country,
and SQL the function country(addr). Both are by the file that was taken last. weir has no
such file with it, and gets none unless it is told to.`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.enrichImportCommand(), c.enrichUpdateCommand())
	return cmd
}

// enrichForms says which files are taken.
const enrichForms = `

Lists of countries are those of ip-location-db, CSV with addresses: iptoasn-country, whose
licence is PDDL 1.0, geo-whois-asn-country and others; and those of iptoasn.com, TSV:
ip2country and ip2asn. One of IPv4 replaces what was known of IPv4 addresses, one of IPv6
that of IPv6. A file with a bad line, or with ranges that overlap and do not agree, is
refused, and what was there stays. Any file may be gzip.`

func (c *cli) enrichImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take ip-ranges.json or a list of countries from a file",
		Long: "Takes ip-ranges.json, as AWS publishes it, or a list of which addresses are in which country,\n" +
			"from a file, in place of what was there. What it is is found from what is in it." + enrichForms,
		Example: "  weir enrich import ip-ranges.json\n  weir enrich import iptoasn-country-ipv4.csv",
		Args:    needArgs(1, 1, "the file"),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			return c.takePublished(args[0], f)
		},
	}
	return cmd
}

func (c *cli) enrichUpdateCommand() *cobra.Command {
	url := app.RangesURL
	cmd := &cobra.Command{
		Use:   "update",
		Short: "Get ip-ranges.json from AWS, or a list of countries from a URL",
		Long: "Gets ip-ranges.json from AWS, in place of what was there; with --url that, or a list of\n" +
			"countries, from elsewhere. Nothing is sent but the request." + enrichForms,
		Example: "  weir enrich update",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := app.FetchPublished(cmd.Context(), url)
			if err != nil {
				return err
			}
			defer body.Close()
			return c.takePublished(url, body)
		},
	}
	cmd.Flags().StringVar(&url, "url", url, "get it from `URL`")
	completeNothing(cmd, "url")
	return cmd
}

// takePublished takes what came from a place and says what it is.
func (c *cli) takePublished(from string, r io.Reader) error {
	e, err := app.TakePublished(c.data, r)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if c.json {
		return c.printJSON(e)
	}
	if len(e.Countries) == 0 {
		_, err = fmt.Fprintf(c.out, "%s of AWS, as of %s\n", plural(int64(e.Networks), "network"), e.Created)
		return err
	}
	var text strings.Builder
	for _, l := range e.Countries {
		in := "1 country"
		if l.Countries != 1 {
			in = number(int64(l.Countries)) + " countries"
		}
		fmt.Fprintf(&text, "%s of %s addresses, in %s\n", plural(int64(l.Ranges), "range"), l.Family, in)
	}
	if e.Without != "" {
		fmt.Fprintf(&text, "no country is known of %s addresses: their list was not taken\n", e.Without)
	}
	_, err = io.WriteString(c.out, text.String())
	return err
}
