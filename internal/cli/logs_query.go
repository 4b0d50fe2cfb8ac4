package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/insights"
)

// logsForms are the forms in which the rows of a query are printed.
var logsForms = []string{"table", "json", "jsonl", "csv"}

// logsSince is how far back a query looks where nothing says it.
const logsSince = time.Hour

// logsQueryFlags are the flags of weir logs query.
type logsQueryFlags struct {
	scope   scopeFlags
	groups  []string
	limit   int64
	anyCase bool
	timeout time.Duration
	format  string
	chart   string
	explain bool
}

// logsQueryHelp explains queries in a command's help.
const logsQueryHelp = `The language is that of CloudWatch Logs Insights: commands joined by "|", such as
  filter action = "REJECT" | stats count(*) as n by srcAddr | sort n desc | limit 10
Fields of flow logs have the names that AWS discovers (srcAddr, dstPort, interfaceId), and
are case-sensitive; --any-case finds them in any case and spelling. What weir can't answer
exactly is refused with its place. With "-" the query is read from stdin, and with @FILE
from a file.`

func (c *cli) logsQueryCommand() *cobra.Command {
	var f logsQueryFlags
	cmd := &cobra.Command{
		Use:   "query [flags] 'QUERY'|@FILE|-",
		Short: "Ask in the language of CloudWatch Logs Insights",
		Long: `Runs a query over the events of log groups and prints its rows. Without --group it asks
` + app.FlowLogsGroup + `, and without --since, --from and --to the last hour, by the events' time,
which is the start of their record.

` + logsQueryHelp + `

Times are printed in --tz in a table, in UTC elsewhere. JSON has numbers that the query
computed as numbers, and what events hold as text; what is absent is null there, "-" in a
table and nothing in CSV.

` + chartHelp,
		Example: `  weir logs query 'stats sum(bytes) as b by srcAddr, dstAddr | sort b desc | limit 10' --since 24h
  weir logs query 'filter dstPort = 22 and action = "REJECT" | stats count(*) by srcAddr' --group prod-flow-logs
  weir logs query @top-talkers.txt --from 2026-03-02 --to 2026-03-03 --format csv
  weir logs query --explain @top-talkers.txt --since 30d
  weir logs query --chart line 'stats sum(bytes) as b by bin(1h)' --since 7d`,
		Args:              needArgs(1, 1, "the query"),
		ValidArgsFunction: completeInsights,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.logsQuery(cmd.Context(), args[0], &f)
		},
	}
	f.scope.addTimes(cmd)
	f.add(cmd)
	cmd.Flags().DurationVar(&f.timeout, "timeout", 10*time.Minute, "end the query after this `TIME`")
	cmd.Flags().BoolVar(&f.explain, "explain", false, "show the bytes and events that would be read, as 'estimate' behind the query does, and read nothing")
	cmd.Flags().StringVar(&f.format, "format", "", "`FORM` of the rows: "+strings.Join(logsForms, ", ")+" (default table; json with --json)")
	addChart(cmd, &f.chart)
	complete(cmd, "format", logsForms...)
	completeNothing(cmd, "timeout")
	completeFlag(cmd, "group", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return c.groupNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// add adds the flags of every command that runs a query.
func (f *logsQueryFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&f.groups, "group", nil, "log `GROUP`s whose events are asked (default "+app.FlowLogsGroup+")")
	fl.Int64Var(&f.limit, "limit", 0, "at most `N` rows where the query does not say it (default 10000)")
	fl.BoolVar(&f.anyCase, "any-case", false, "find fields of flow logs in any case and spelling, as AWS does not")
	completeNothing(cmd, "limit")
}

// logsQuery runs a query and prints its rows.
func (c *cli) logsQuery(ctx context.Context, arg string, f *logsQueryFlags) error {
	text, err := c.queryText(arg)
	if err != nil {
		return err
	}
	form, err := c.logsForm(f.format)
	if err != nil {
		return err
	}
	if err := c.checkChart(f.chart, form); err != nil {
		return err
	}
	zone, err := f.scope.zone()
	if err != nil {
		return err
	}
	r, err := f.request(text, time.Now())
	if err != nil {
		return err
	}
	q, err := app.CheckLogsQuery(text) // before a lake is asked for
	if err != nil {
		return atInsights(err, text)
	}
	if f.explain && !slices.ContainsFunc(q.Commands, isEstimate) {
		r.Text += "\n| estimate" // a comment ends with its line
	}
	if q.Source == nil && len(r.Groups) == 0 {
		r.Groups = []string{app.FlowLogsGroup}
	}
	s, err := c.logsReader(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	began := time.Now()
	stop := c.waiting("asking")
	result, err := s.LogsQuery(ctx, r)
	stop()
	if err != nil {
		return atInsights(err, text)
	}
	if _, err := c.printAnswer(newInsightsRows(result, form == "table" && f.chart == "", zone), form, f.chart, zone); err != nil {
		return err
	}
	for _, note := range result.Notes {
		c.note("%s", note)
	}
	if isTerminal(c.err) && form == "table" {
		st := &result.Statistics
		c.note("%s in %s: %s events matched of %s, %s read", plural(int64(len(result.Rows)), "row"), length(time.Since(began)),
			number(int64(st.RecordsMatched)), number(int64(st.RecordsScanned)), size(int64(st.BytesScanned)))
		c.noteNewest(ctx, s, zone)
	}
	if result.RecordsScanned == 0 {
		c.noteNone(ctx, s, time.UnixMilli(r.Start), time.UnixMilli(r.End+1), zone)
	}
	return nil
}

// isEstimate reports whether a command says what a query would read.
func isEstimate(c insights.Command) bool {
	_, is := c.(*insights.Estimate)
	return is
}

// request returns what the flags ask for.
func (f *logsQueryFlags) request(text string, now time.Time) (app.LogsQuery, error) {
	r := app.LogsQuery{Text: text, Groups: f.groups, Limit: f.limit, AnyCase: f.anyCase, Timeout: f.timeout}
	switch {
	case f.limit < 0 || f.limit > insights.MaxLimit:
		return r, usage(fmt.Errorf("--limit must lie between 1 and %d", insights.MaxLimit))
	case f.timeout < 0:
		return r, usage(errors.New("--timeout must not be below 0; 0 is any time"))
	}
	scope, err := f.scope.scope(now)
	if err != nil {
		return r, err
	}
	switch {
	case !scope.From.IsZero():
		r.Start = scope.From.UnixMilli()
	case scope.To.IsZero():
		r.Start = now.Add(-logsSince).UnixMilli()
	}
	r.End = now.UnixMilli()
	if !scope.To.IsZero() {
		r.End = scope.To.UnixMilli() - 1
	}
	if r.End < r.Start {
		return r, usage(fmt.Errorf("the range begins at %s, after now", showTime(scope.From, time.UTC)))
	}
	return r, nil
}

// queryText returns the text of a query: the argument itself, or what stdin or a file has.
func (c *cli) queryText(arg string) (string, error) { return c.textOf("query", arg) }

// textOf returns a text of a kind, such as a query: the argument itself, or what stdin or a file has.
func (c *cli) textOf(kind, arg string) (string, error) {
	name, ofFile := strings.CutPrefix(arg, "@")
	if _, err := os.Stat(name); ofFile && err != nil && !strings.ContainsAny(name, "|= ") {
		return "", hint(fmt.Errorf("cannot read the %s: %w", kind, err), "@ stands before the name of a file; no "+kind+" begins with it")
	}
	var text []byte
	var err error
	switch {
	case arg == "-":
		text, err = io.ReadAll(c.in)
	case ofFile:
		text, err = os.ReadFile(name)
	default:
		return arg, nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the %s: %w", kind, err)
	}
	return string(text), nil
}

// logsForm returns the form of rows that the flags ask for.
func (c *cli) logsForm(format string) (string, error) {
	if format != "" && !slices.Contains(logsForms, format) {
		return "", usage(fmt.Errorf("--format: no form %q: it is one of %s", format, strings.Join(logsForms, ", ")))
	}
	return c.rowFormat(format)
}

// atInsights adds the place in a query to an error that has one.
func atInsights(err error, text string) error {
	e, ok := errors.AsType[*insights.Error](err)
	if !ok {
		return err
	}
	line, column := e.Line(text)
	out := error(&placed{fmt.Errorf("line %d, column %d: %w", line, column, e), e.Excerpt(text)})
	if e.Hint != "" {
		out = hint(out, e.Hint)
	}
	return usage(out)
}

// waiting says every few seconds how long something takes, until the function that it returns is called.
func (c *cli) waiting(what string) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() {
		defer close(ended)
		tick := time.NewTicker(plainEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.note("%s for %s", what, length(time.Since(began)))
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

func (c *cli) logsCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check 'QUERY'|@FILE|-",
		Short: "Check a query of CloudWatch Logs Insights without running it",
		Long: `Reads a query, checks it as 'weir logs query' does, and prints it in one form: a command
a line, in canonical spelling. What is wrong is said with line, column and place.

` + logsQueryHelp,
		Example: `  weir logs check 'filter dstPort = 22 | stats count(*) by srcAddr'
  weir logs check @top-talkers.txt`,
		Args:              needArgs(1, 1, "the query"),
		ValidArgsFunction: completeInsights,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := c.queryText(args[0])
			if err != nil {
				return err
			}
			if _, err = app.CheckLogsQuery(text); err != nil {
				return atInsights(err, text)
			}
			q, err := insights.ParseQuery(text)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"query": q.String()})
			}
			fmt.Fprintln(c.out, q.String())
			return nil
		},
	}
}

func (c *cli) logsFieldsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "fields [GROUP]",
		Short: "List the fields of the events of a log group",
		Long: `Lists the fields that a query finds in the newest 1,000 events of a log group, which is
` + app.FlowLogsGroup + ` where none is named, and how many percent of these have each.`,
		Example: `  weir logs fields
  weir logs fields prod-flow-logs --json`,
		Args:              needArgs(0, 1, "the log group"),
		ValidArgsFunction: c.completeGroup,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.logsReader(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			fields, err := s.LogFields(cmd.Context(), groupOf(args))
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(fields)
			}
			var rows [][]string
			for _, f := range fields {
				rows = append(rows, []string{f.Name, number(int64(f.Percent)) + " %"})
			}
			return printTable(c.out, []tableColumn{{"FIELD", false}, {"EVENTS", true}}, rows)
		},
	}
}
