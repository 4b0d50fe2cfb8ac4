package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"weir/flowlog"
)

func (c *cli) fieldsCommand() *cobra.Command {
	var tgw bool
	cmd := &cobra.Command{
		Use:   "fields [flags]",
		Short: "List the fields of flow logs and what they mean",
		Long: `Lists the fields of VPC flow logs, versions 2 to 11, or of transit gateway flow
logs, with the version that introduced them, the column that SQL knows them by, and
their meaning. weir's own fields stand last.`,
		Example: "  weir fields\n  weir fields --tgw --json",
		Args:    rejectArgs,
		RunE: func(*cobra.Command, []string) error {
			if c.json {
				return c.printFieldsJSON(kindOf(tgw))
			}
			var rows [][]string
			for _, f := range flowlog.Fields(kindOf(tgw)) {
				v := "-"
				if !f.Own() {
					v = fmt.Sprint(f.Version)
				}
				rows = append(rows, []string{f.Name, v, f.Column, f.Type.SQL(), f.Meaning})
			}
			return printTable(c.out, []tableColumn{{"FIELD", false}, {"VERSION", true}, {"COLUMN", false}, {"TYPE", false}, {"MEANING", false}}, rows)
		},
	}
	cmd.Flags().BoolVar(&tgw, "tgw", false, "transit gateway flow logs instead of VPC flow logs")
	return cmd
}

// printFieldsJSON prints the fields for programs.
func (c *cli) printFieldsJSON(k flowlog.Kind) error {
	type field struct {
		Name    string   `json:"name"`
		Column  string   `json:"column"`
		Version int      `json:"version,omitempty"`
		Type    string   `json:"type"`
		SQLType string   `json:"sql_type"`
		Unit    string   `json:"unit,omitempty"`
		Values  []string `json:"values,omitempty"`
		Meaning string   `json:"meaning"`
	}
	var out []field
	for _, f := range flowlog.Fields(k) {
		out = append(out, field{f.Name, f.Column, f.Version, f.Type.String(), f.Type.SQL(), f.Unit, f.Values, f.Meaning})
	}
	return c.printJSON(out)
}
