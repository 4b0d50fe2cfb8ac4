package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/athenasql/flowtable"
	"weir/internal/source"
)

// ddlFlags are the flags of weir athena ddl.
type ddlFlags struct {
	format, table, database, partitions string
	logFormat                           string
	regions, owners                     []string
	create                              bool
	scope                               scopeFlags // its times
	s3                                  s3Flags
}

// defaultDatabase is the database of the tables that weir athena ddl writes where nothing else is said. weir's own has a vpc_flow_logs.
const defaultDatabase = "flow_logs"

func (c *cli) athenaDDLCommand() *cobra.Command {
	var f ddlFlags
	cmd := &cobra.Command{
		Use:   "ddl [flags] SOURCE",
		Short: "Print the statements that make Athena's table over the flow logs in a bucket or folder",
		Long: `Lists a bucket (s3://BUCKET/PREFIX) or a folder, reads the newest object of each flow log
there, and prints the CREATE EXTERNAL TABLE that Athena needs for them, in AWS or in weir:
the columns in the order of the objects, under AWS's names and types, text or Parquet, and
partitions as the folders have them (by day or by hour, Hive-compatible or not). Nothing is
taken into the lake.

--partitions says how the table knows its partitions: "projection" computes them from the
accounts and regions that were found and the days since the oldest one, "hive" takes them
from the names of Hive-compatible folders by MSCK REPAIR TABLE, and "none" adds each day
that is there with ALTER TABLE ADD PARTITION.

Records of a text table all have the same fields. Of flow logs with different fields in the
same folders the newest wins, and the others are named on stderr; in different folders each
has its table. --from and --since bound what is listed, and with it the first day.

--create carries the statements out here, so that 'weir athena run' finds the tables.`,
		Example: `  weir athena ddl s3://my-bucket > tables.sql
  weir athena ddl s3://my-bucket/prefix --region us-east-1 --table vpc_flow_logs --database security
  weir athena ddl ./AWSLogs --partitions none
  weir athena ddl ./AWSLogs --create
  weir athena ddl s3://my-bucket --json`,
		Args: needArgs(1, 1, "the source"),
		RunE: func(cmd *cobra.Command, args []string) error { return c.athenaDDL(cmd.Context(), args[0], &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "", "only objects of the `FORM`: text, parquet (default: each that is there)")
	fl.StringVar(&f.table, "table", "", "`NAME` of the table (default vpc_flow_logs, or tgw_flow_logs)")
	fl.StringVar(&f.database, "database", defaultDatabase, "`NAME` of the database, which the statements make too")
	fl.StringVar(&f.partitions, "partitions", string(flowtable.Projection), "`WAY` in which partitions are known: projection, hive, none")
	fl.BoolVar(&f.create, "create", false, "make the tables here, and do not print the statements")
	fl.StringVar(&f.logFormat, "log-format", "", "`FORMAT` of objects without a header, as in EC2's LogFormat")
	fl.StringSliceVar(&f.regions, "region", nil, "objects of the `REGION`, by their keys")
	fl.StringSliceVar(&f.owners, "log-owner", nil, "objects of flow logs that the `ACCOUNT` made, by their keys")
	f.scope.addTimes(cmd)
	f.s3.add(cmd)
	complete(cmd, "format", "text", "parquet")
	complete(cmd, "partitions", "projection", "hive", "none")
	completeNothing(cmd, "table", "database", "log-format", "region", "log-owner")
	return cmd
}

// request returns what the flags ask for.
func (f *ddlFlags) request(arg string, now time.Time) (app.AthenaDDLRequest, error) {
	r := app.AthenaDDLRequest{Table: f.table, Database: f.database}
	switch f.format {
	case "":
	case "text", "parquet":
		parquet := f.format == "parquet"
		r.Parquet = &parquet
	default:
		return r, usage(fmt.Errorf("--format: no form %q: it is text or parquet", f.format))
	}
	if !slices.Contains(flowtable.Ways, flowtable.Partitions(f.partitions)) {
		return r, usage(fmt.Errorf("--partitions: no way %q: it is projection, hive or none", f.partitions))
	}
	for flag, name := range map[string]string{"--table": f.table, "--database": f.database} {
		if strings.ContainsAny(name, "`\"'.\\\n") || name != strings.TrimSpace(name) {
			return r, usage(fmt.Errorf("%s: %q is no name: it has neither dots nor quotes", flag, name))
		}
	}
	if f.database == "" {
		return r, usage(fmt.Errorf("--database must not be empty"))
	}
	name, err := sourceName(arg)
	if err != nil {
		return r, err
	}
	if spec, err := source.ParseSpec(name); err == nil && spec.Kind == source.KindLogGroup {
		return r, hint(usage(fmt.Errorf("%s is a log group, and Athena's tables lie in S3", arg)), "'weir logs query' asks log groups")
	}
	if f.logFormat != "" {
		if _, err := parseFormat("--log-format", f.logFormat); err != nil {
			return r, err
		}
	}
	times, err := f.scope.scope(now)
	if err != nil {
		return r, err
	}
	r.Open = app.OpenRequest{
		Sources: []string{name}, LogFormat: f.logFormat, S3: f.s3.options(),
		Selection: source.Selection{From: times.From, To: times.To, Regions: f.regions, LogOwners: f.owners},
	}
	if err := r.Open.Selection.Check(); err != nil {
		return r, usage(err)
	}
	return r, nil
}

// shownTable is a table in JSON.
type shownTable struct {
	Database      string             `json:"database"`
	Table         string             `json:"table"`
	Kind          string             `json:"kind"`
	Format        string             `json:"format"`
	Location      string             `json:"location"`
	Columns       []flowtable.Column `json:"columns"`
	PartitionKeys []flowtable.Column `json:"partition_keys"`
	Statements    []string           `json:"statements"`
}

// athenaDDL prints the statements.
func (c *cli) athenaDDL(ctx context.Context, arg string, f *ddlFlags) error {
	r, err := f.request(arg, time.Now())
	if err != nil {
		return err
	}
	stop := c.waiting("listing")
	report, err := app.AthenaDDL(ctx, r)
	stop()
	if err != nil {
		return err
	}
	if report.List.Denied() {
		c.code = exitPartial
	}
	how := flowtable.Partitions(f.partitions)
	var shown []shownTable
	for _, t := range report.Tables {
		statements, err := t.Statements(how)
		if err != nil {
			return usage(err)
		}
		form := "text"
		if t.Parquet {
			form = "parquet"
		}
		shown = append(shown, shownTable{
			t.Database, t.Name, t.Kind.String(), form, t.Layout.Root, t.Columns, orEmpty(t.Keys(how)), statements,
		})
	}
	for _, s := range report.List.Sources {
		for _, fault := range s.Faults {
			c.note("%s", fault.Problem)
		}
	}
	for _, n := range report.Notes {
		c.note("%s", n)
	}
	if f.create {
		return c.createTables(ctx, f.database, shown)
	}
	if c.json {
		return c.printJSON(map[string]any{"database": flowtable.CreateDatabase(f.database), "tables": shown, "notes": orEmpty(report.Notes)})
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s;\n", flowtable.CreateDatabase(f.database))
	for _, t := range shown {
		for _, s := range t.Statements {
			fmt.Fprintf(&text, "\n%s;\n", s)
		}
	}
	_, err = fmt.Fprint(people{c.out}, text.String())
	return err
}

// createTables carries statements out.
func (c *cli) createTables(ctx context.Context, database string, tables []shownTable) error {
	s, err := c.writer(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	run := func(text string) error {
		result, err := s.Athena(ctx, app.AthenaRequest{Text: text})
		if err != nil {
			return atAthena(err, text, 0)
		}
		defer result.Close()
		_, err = c.printAthena(result, "table", "")
		return err
	}
	if err := run(flowtable.CreateDatabase(database)); err != nil {
		return err
	}
	for _, t := range tables {
		for _, text := range t.Statements {
			if err := run(text); err != nil {
				return err
			}
		}
		c.note("%s.%s is there", t.Database, t.Table)
	}
	return nil
}
