package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/query"
)

// limitFlags are the flags that bound a query.
type limitFlags struct {
	explain  bool
	maxBytes string
	maxRows  int64
	timeout  time.Duration
}

// add adds the flags to a command.
func (l *limitFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&l.explain, "explain", false, "show the files and bytes that would be read, and read nothing")
	f.StringVar(&l.maxBytes, "max-bytes", "", "refuse to read more than `SIZE`: 500MB, 2GB")
	f.DurationVar(&l.timeout, "timeout", 10*time.Minute, "end the query after this `TIME`")
	completeNothing(cmd, "max-bytes", "timeout")
}

// limits returns what the flags ask for.
func (l *limitFlags) limits() (query.Limits, error) {
	out := query.Limits{Timeout: l.timeout, MaxRows: l.maxRows}
	if l.timeout < 0 {
		return out, usage(fmt.Errorf("--timeout must not be below 0; 0 is any time"))
	}
	if l.maxRows < 0 {
		return out, usage(fmt.Errorf("--max-rows must not be below 0; 0 is any number"))
	}
	if l.maxBytes != "" {
		n, err := parseSize(l.maxBytes)
		if err != nil {
			return out, usage(fmt.Errorf("--max-bytes: %w", err))
		}
		out.MaxBytes = n
	}
	return out, nil
}

// explained asks what a query would read, within the time of the flags: planning
// computes what is constant, which can be much.
func (l *limitFlags) explained(ctx context.Context, explain func(context.Context) (query.Cost, error)) (query.Cost, error) {
	if l.timeout == 0 {
		return explain(ctx)
	}
	late := fmt.Errorf("%w: it took longer than %v", query.ErrLimit, l.timeout)
	ctx, stop := context.WithTimeoutCause(ctx, l.timeout, late)
	defer stop()
	cost, err := explain(ctx)
	if err != nil && context.Cause(ctx) == late {
		err = late
	}
	return cost, err
}

func (c *cli) queryCommand() *cobra.Command {
	var scope scopeFlags
	var limits limitFlags
	var lang, format, chart string
	var groups []string
	var athena athenaFlags
	cmd := &cobra.Command{
		Use:   "query [flags] 'SQL'|-",
		Short: "Ask in SQL, in that of Amazon Athena, or in the language of CloudWatch Logs Insights",
		Long: `Runs one SELECT over the tables vpc_flow_logs and tgw_flow_logs and prints its
rows. Columns have AWS's names ("start" and "end" are epoch seconds, absent fields
are NULL) and are listed by 'weir fields'; weir_* columns are weir's own. The SQL is
DuckDB's. With "-" the text is read from stdin.

Besides SQL's own functions there are ip_in(addr, cidr), ip_class(addr) (private,
public, loopback, ...) and ip_prefix(addr, bits), for IPv4 and IPv6; port_name(port,
protocol), the service that a port is for by IANA's registry; and country(addr), once
'weir enrich' has taken a list of countries. Fields that weir does not know are in
weir_unknown['name'].

Once 'weir network import' has taken a definition, named_vpc_flow_logs is vpc_flow_logs
with the names of each record's time behind its columns: interface_name, interface_role,
interface_resource, interface_instance, interface_subnet, interface_vpc, interface_az and
interface_state of the network interface that recorded, and src_interface, src_name,
src_role, dst_interface, dst_name and dst_role of those that have the addresses in the
same VPC. network_interfaces has a row for each network interface and time (valid_from to
valid_to, epoch seconds). interface_state tells how much imports tell of that time:
'unchanged' between two that found the same, 'latest' since the last one, 'changed' between
two that differ, 'dated' where CloudTrail says when it came or went, and 'assumed
unchanged' before the first. With 'weir enrich',
named_vpc_flow_logs has src_service, src_region and src_country too, and dst_...; and
always src_port_name and dst_port_name.

The flags for time, account, region, interface and flow log bound both tables; a
record without a start counts at its object's slot (weir_hour). Times are printed in
--tz in a table, in UTC elsewhere. JSON has integers as numbers, times in RFC 3339 and
null where a value is absent; a table shows "-" there, CSV nothing.

` + chartHelp + `

--lang insights takes a query of CloudWatch Logs Insights, as 'weir logs query' does.
--lang athena takes a statement of Amazon Athena, as 'weir athena run' does.`,
		Example: `  weir query 'SELECT srcaddr, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1 ORDER BY 2 DESC LIMIT 10'
  weir query --since 24h --format csv "SELECT * FROM vpc_flow_logs WHERE action = 'REJECT'" > rejects.csv
  weir query --explain 'SELECT count(*) FROM vpc_flow_logs WHERE start >= 1772445600'
  weir query "SELECT count(*) FROM vpc_flow_logs WHERE ip_in(dstaddr, '10.0.0.0/8') AND ip_class(srcaddr) = 'public'"
  weir query 'DESCRIBE vpc_flow_logs'
  weir query --chart line "SELECT date_trunc('hour', to_timestamp(start)) AS h, sum(bytes) FROM vpc_flow_logs GROUP BY 1"
  weir query --lang insights 'stats sum(bytes) as b by srcAddr | sort b desc | limit 10' --since 24h`,
		Args: needArgs(1, 1, "the query"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
			switch lang {
			case "insights":
				return completeInsights(cmd, args, text)
			case "athena":
				return c.completeAthena(cmd, args, text)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case !slices.Contains(queryLanguages, lang):
				return usage(fmt.Errorf("--lang: no language %q: it is one of %s", lang, strings.Join(queryLanguages, ", ")))
			case lang != "athena" && (cmd.Flags().Changed("database") || cmd.Flags().Changed("param")):
				return onlyOf(cmd, "athena", "database", "param")
			case lang == "athena":
				return c.queryAthena(cmd, args[0], &athena, &scope, athenaFlags{limits: limits, format: format, chart: chart})
			case lang == "insights":
				if err := onlyOf(cmd, "sql", sqlFlags...); err != nil {
					return err
				}
				return c.logsQuery(cmd.Context(), args[0], &logsQueryFlags{scope: scope, groups: groups, timeout: limits.timeout, format: format, chart: chart, explain: limits.explain})
			}
			if err := onlyOf(cmd, "insights", "group"); err != nil {
				return err
			}
			form, err := c.rowFormat(format)
			if err != nil {
				return err
			}
			if err := c.checkChart(chart, form); err != nil {
				return err
			}
			return c.query(cmd.Context(), args[0], &scope, &limits, form, chart)
		},
	}
	scope.add(cmd)
	limits.add(cmd)
	athena.add(cmd)
	cmd.Flags().StringVar(&lang, "lang", "sql", "`LANGUAGE` of the query: "+strings.Join(queryLanguages, ", "))
	cmd.Flags().StringSliceVar(&groups, "group", nil, "with --lang insights: log `GROUP`s whose events are asked")
	cmd.Flags().StringVar(&format, "format", "", "`FORM` of the rows: "+strings.Join(rowFormats, ", ")+" (default table; json with --json)")
	addChart(cmd, &chart)
	cmd.Flags().Int64Var(&limits.maxRows, "max-rows", 0, "fail where there are more than `N` rows; 0 is any number")
	complete(cmd, "format", rowFormats...)
	complete(cmd, "lang", queryLanguages...)
	completeFlag(cmd, "group", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return c.groupNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// queryLanguages are the languages of weir query.
var queryLanguages = []string{"sql", "athena", "insights"}

// sqlFlags are the flags of weir query that only SQL has.
var sqlFlags = []string{"account", "region", "interface", "flow-log", "max-bytes", "max-rows"}

// queryAthena runs a statement of Athena with the flags of weir query. The text bounds its records itself.
func (c *cli) queryAthena(cmd *cobra.Command, text string, own *athenaFlags, scope *scopeFlags, shared athenaFlags) error {
	if err := onlyOf(cmd, "sql", "account", "region", "interface", "flow-log", "since", "from", "to"); err != nil {
		return hint(err, "a statement bounds its records itself: WHERE date = DATE '2026-03-02', start >= 1772409600")
	}
	if err := onlyOf(cmd, "insights", "group"); err != nil {
		return err
	}
	if _, err := scope.zone(); err != nil {
		return err
	}
	shared.database, shared.params = own.database, own.params
	return c.athenaRun(cmd.Context(), text, &shared)
}

// onlyOf fails where a flag is given that only another language has.
func onlyOf(cmd *cobra.Command, lang string, flags ...string) error {
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			return usage(fmt.Errorf("--%s is for --lang %s", name, lang))
		}
	}
	return nil
}

// query runs SQL and prints the rows.
func (c *cli) query(ctx context.Context, text string, scope *scopeFlags, limits *limitFlags, format, chart string) error {
	if text == "-" {
		b, err := io.ReadAll(c.in)
		if err != nil {
			return fmt.Errorf("cannot read the query: %w", err)
		}
		text = string(b)
	}
	zone, err := scope.zone()
	if err != nil {
		return err
	}
	r := app.SQLRequest{SQL: text}
	if r.Scope, err = scope.scope(time.Now()); err != nil {
		return err
	}
	if r.Limits, err = limits.limits(); err != nil {
		return err
	}
	s, err := c.reader(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if limits.explain {
		cost, err := limits.explained(ctx, func(ctx context.Context) (query.Cost, error) { return s.ExplainSQL(ctx, r) })
		if err != nil {
			return at(err, text)
		}
		return c.printCost(cost)
	}
	began := time.Now()
	rows, err := s.Query(ctx, r)
	if err != nil {
		return at(err, text)
	}
	defer rows.Close()
	n, err := c.printAnswer(rows, format, chart, zone)
	if err != nil {
		return at(err, text)
	}
	c.noteStale(query.StaleOf(rows))
	if isTerminal(c.err) && format == "table" {
		c.note("%s in %s", plural(n, "row"), length(time.Since(began)))
		c.noteNewest(ctx, s, zone)
	}
	return nil
}

// printAnswer prints the rows of a query, or draws them, and returns how many there were.
func (c *cli) printAnswer(rows query.Rows, format, chart string, zone *time.Location) (int64, error) {
	if chart != "" {
		return printChart(c.out, rows, chart, zone)
	}
	return printRows(c.out, rows, format, zone)
}

// rowFormat returns the form of rows that the flags ask for.
func (c *cli) rowFormat(format string) (string, error) {
	switch {
	case format == "" && c.json:
		return "json", nil
	case format == "":
		return "table", nil
	case !slices.Contains(rowFormats, format):
		return "", usage(fmt.Errorf("--format: no form %q: it is one of %s", format, strings.Join(rowFormats, ", ")))
	case c.json && format != "json":
		return "", usage(fmt.Errorf("--json and --format %s exclude each other", format))
	case format == "parquet" && isTerminal(c.out):
		return "", errTerminal
	}
	return format, nil
}

// errTerminal says that Parquet would go to a terminal.
var errTerminal = usage(errors.New("parquet is nothing for a terminal: send it to a file with >"))

// printCost shows what a query would read.
func (c *cli) printCost(cost query.Cost) error {
	if c.json {
		return c.printJSON(map[string]any{
			"files": orEmpty(cost.Files), "files_total": cost.FilesTotal, "bytes": cost.Bytes, "bytes_total": cost.BytesTotal,
			"records": cost.Records, "columns": orEmpty(cost.Columns),
		})
	}
	fmt.Fprintf(c.out, "reads at most %s of %s: %d of %s, %s\n", size(cost.Bytes), size(cost.BytesTotal), len(cost.Files),
		plural(int64(cost.FilesTotal), "file"), plural(cost.Records, "record"))
	if len(cost.Files) == 0 {
		return nil
	}
	fmt.Fprintf(c.out, "columns: %s\n", strings.Join(cost.Columns, ", "))
	fmt.Fprintln(c.out)
	var rows [][]string
	for _, f := range cost.Files {
		rows = append(rows, []string{size(f.Bytes), size(f.Size), number(f.Records), f.Path})
	}
	return printTable(c.out, []tableColumn{{"READ", true}, {"SIZE", true}, {"RECORDS", true}, {"FILE", false}}, rows)
}

// orEmpty returns a list that JSON shows as [] and not as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
