package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/app"
)

func (c *cli) athenaTablesCommand() *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:   "tables [flags] [TABLE]",
		Short: "List the databases and tables of Athena's SQL, or the columns of a table",
		Long: `Lists the databases and their tables: the lake's own in the database weir, and what CREATE TABLE
and CREATE VIEW made. With a table, as TABLE or DATABASE.TABLE, lists its columns; the keys of
its partitions are last.`,
		Example: `  weir athena tables
  weir athena tables vpc_flow_logs
  weir athena tables flow_logs.vpc_flow_logs --json`,
		Args: needArgs(0, 1, "the table"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var out []string
			if len(args) == 0 {
				out = c.athenaTableNames(cmd.Context())
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.reader(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			databases, err := s.AthenaDatabases(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return c.listAthenaTables(databases)
			}
			return c.showAthenaTable(databases, database, args[0])
		},
	}
	cmd.Flags().StringVar(&database, "database", app.AthenaDatabase, "`DATABASE` of a table that is named without one")
	completeNothing(cmd, "database")
	return cmd
}

// listAthenaTables lists databases and tables.
func (c *cli) listAthenaTables(databases []app.AthenaDatabaseInfo) error {
	if c.json {
		return c.printJSON(orEmpty(databases))
	}
	var rows [][]string
	for _, d := range databases {
		if len(d.Tables) == 0 {
			rows = append(rows, []string{d.Name, "", "", "", ""})
		}
		for i := range d.Tables {
			t := &d.Tables[i]
			var keys []string
			for _, k := range t.PartitionKeys {
				keys = append(keys, k.Name)
			}
			rows = append(rows, []string{d.Name, t.Name, t.Type, number(int64(len(t.Columns))), strings.Join(keys, ", ")})
		}
	}
	return printTable(c.out, []tableColumn{{"DATABASE", false}, {"TABLE", false}, {"TYPE", false}, {"COLUMNS", true}, {"PARTITIONED BY", false}}, rows)
}

// showAthenaTable lists the columns of a table.
func (c *cli) showAthenaTable(databases []app.AthenaDatabaseInfo, database, name string) error {
	if d, t, ok := strings.Cut(name, "."); ok {
		database, name = d, t
	}
	for _, d := range databases {
		for i := range d.Tables {
			if t := &d.Tables[i]; strings.EqualFold(d.Name, database) && strings.EqualFold(t.Name, name) {
				return c.printAthenaTable(t)
			}
		}
	}
	return hint(usage(fmt.Errorf("there is no table %s.%s", database, name)), "'weir athena tables' lists them")
}

// printAthenaTable prints the columns of a table.
func (c *cli) printAthenaTable(t *app.AthenaTable) error {
	if c.json {
		return c.printJSON(t)
	}
	var rows [][]string
	for _, list := range []struct {
		columns []app.AthenaColumn
		key     string
	}{{t.Columns, ""}, {t.PartitionKeys, "partition key"}} {
		for _, column := range list.columns {
			rows = append(rows, []string{column.Name, column.Type, list.key, column.Comment})
		}
	}
	return printTable(c.out, []tableColumn{{"COLUMN", false}, {"TYPE", false}, {"", false}, {"", false}}, rows)
}

// athenaTableNames returns the tables by the names that statements have for them; none where they can't be had.
func (c *cli) athenaTableNames(ctx context.Context) []string {
	c.setData()
	s, err := c.reader(ctx)
	if err != nil {
		return nil
	}
	defer s.Close()
	databases, err := s.AthenaDatabases(ctx)
	if err != nil {
		return nil // completion says nothing of errors
	}
	var out []string
	for _, d := range databases {
		for i := range d.Tables {
			if d.Name == app.AthenaDatabase {
				out = append(out, d.Tables[i].Name)
			} else {
				out = append(out, d.Name+"."+d.Tables[i].Name)
			}
		}
	}
	return out
}
