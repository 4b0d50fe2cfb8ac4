package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"weir/internal/query"
)

func (c *cli) lakeAttributeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "attribute",
		Short: "Tell anew which rules decided, where definitions came or changed",
		Long: `Brings the fields weir-reject-stage, weir-reject-rule, weir-allow-rules, weir-attribution
and weir-ruleset up to date with the definitions of the network that 'weir network import'
took. Only hours of which they tell something else than before are written anew, the newest
first, one at a time: it can be ended and begun again at any time. 'weir lake status' says
how many hours there are. Imports, 'weir lake compact' and 'weir serve' do this by themselves.`,
		Example: "  weir network import ./describe && weir lake attribute\n  weir lake attribute --json",
		Args:    rejectArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.writer(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			p := c.progress("attributing")
			r, err := s.Attribute(cmd.Context(), p.show)
			p.end()
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(r)
			}
			if r.Hours == 0 {
				fmt.Fprintln(c.out, "all hours are up to date with the definitions")
				return nil
			}
			fmt.Fprintf(c.out, "%s of %s: brought up to date, %s written anew, %s\n", plural(int64(r.Hours), "hour"), plural(r.Records, "record"),
				plural(int64(r.Files), "file"), size(r.Bytes))
			return nil
		},
	}
}

// noteStale says that what an answer tells of rules may be another soon.
func (c *cli) noteStale(s query.Stale) {
	if s.Any() {
		c.note("%s", s)
	}
}
