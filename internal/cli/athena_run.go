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
	"weir/internal/athenasql"
	"weir/internal/lake"
	"weir/internal/query"
)

// athenaFlags are the flags of commands that run statements of Athena.
type athenaFlags struct {
	database string
	params   []string
	limits   limitFlags
	format   string
	chart    string
}

// athenaRunHelp explains statements in a command's help.
const athenaRunHelp = `The SQL is that of Amazon Athena, engine version 3, which is Trino's, and its DDL. The lake's
own tables are in the database weir: vpc_flow_logs and tgw_flow_logs, with AWS's column
names and a date. CREATE EXTERNAL TABLE makes tables over objects in a folder or bucket,
which are read where they lie. What weir can't answer exactly is refused with its place,
by Athena's codes. Trino itself was not run beside it.`

func (c *cli) athenaRunCommand() *cobra.Command {
	var f athenaFlags
	cmd := &cobra.Command{
		Use:   "run [flags] 'SQL'|@FILE|-",
		Short: "Run a statement in the SQL of Amazon Athena",
		Long: `Runs one statement and prints its rows, as 'weir query --lang athena' does. With "-" the text
is read from stdin, and with @FILE from a file. --param fills in the ? of the text, one after
the other: each is a literal of SQL, a text in its quotes.

` + athenaRunHelp + `

Dates and times are printed as Athena prints them; a table shows "-" where a value is NULL,
CSV nothing and JSON null. Statements that have no rows print what Athena prints.

` + chartHelp,
		Example: `  weir athena run 'SELECT srcaddr, sum(bytes) AS b FROM vpc_flow_logs GROUP BY 1 ORDER BY 2 DESC LIMIT 10'
  weir athena run "SELECT * FROM vpc_flow_logs WHERE date = DATE '2026-03-02' AND action = ?" --param "'REJECT'"
  weir athena run 'SHOW TABLES'
  weir athena run @create-table.sql
  weir athena run --explain 'SELECT count(*) FROM vpc_flow_logs'
  weir athena run --chart line "SELECT date_trunc('hour', from_unixtime(start)) AS h, sum(bytes) AS bytes FROM vpc_flow_logs GROUP BY 1"`,
		Args:              needArgs(1, 1, "the statement"),
		ValidArgsFunction: c.completeAthena,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.athenaRun(cmd.Context(), args[0], &f)
		},
	}
	f.add(cmd)
	f.limits.add(cmd)
	cmd.Flags().StringVar(&f.format, "format", "", "`FORM` of the rows: "+strings.Join(rowFormats, ", ")+" (default table; json with --json)")
	cmd.Flags().Int64Var(&f.limits.maxRows, "max-rows", 0, "fail where there are more than `N` rows; 0 is any number")
	addChart(cmd, &f.chart)
	complete(cmd, "format", rowFormats...)
	return cmd
}

// add adds the flags that only statements of Athena have.
func (f *athenaFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.database, "database", "", "`DATABASE` of tables that are named without one (default "+app.AthenaDatabase+")")
	cmd.Flags().StringArrayVar(&f.params, "param", nil, "`VALUE` of the next ? in the statement, a literal of SQL")
	completeNothing(cmd, "database", "param")
}

// athenaRun runs a statement and prints what it gives.
func (c *cli) athenaRun(ctx context.Context, arg string, f *athenaFlags) error {
	text, err := c.queryText(arg)
	if err != nil {
		return err
	}
	form, err := c.rowFormat(f.format)
	if err != nil {
		return err
	}
	if err := c.checkChart(f.chart, form); err != nil {
		return err
	}
	limits, err := f.limits.limits()
	if err != nil {
		return err
	}
	r := app.AthenaRequest{Text: text, Database: f.database, Parameters: f.params, MaxBytes: limits.MaxBytes, MaxRows: limits.MaxRows, Timeout: limits.Timeout}
	stmt, err := athenasql.Parse(text) // before a lake is asked for
	if err != nil {
		return atAthena(err, text, 0)
	}
	lines := 0
	if _, explained := stmt.(*athenasql.Explain); f.limits.explain && !explained {
		r.Text, lines = explainPrefix+text, 1
	}
	began := time.Now()
	stop := c.waiting("asking")
	s, result, err := c.askAthena(ctx, stmt, r)
	stop()
	if err != nil {
		return atAthena(err, text, lines)
	}
	defer s.Close()
	defer result.Close()
	n, err := c.printAthena(result, form, f.chart)
	for _, note := range result.Notes {
		c.note("%s", note)
	}
	if err != nil {
		return atAthena(err, text, lines)
	}
	if isTerminal(c.err) && form == "table" {
		switch {
		case result.Kind == athenasql.DML:
			c.note("%s in %s, %s scanned", plural(n, "row"), length(time.Since(began)), size(result.Statistics.BytesScanned))
		case n == 0:
			c.note("done in %s", length(time.Since(began)))
		}
	}
	return nil
}

// explainPrefix makes a statement one that says what it would read. The line end keeps the columns of places.
const explainPrefix = "EXPLAIN\n"

// askAthena runs a statement. The caller closes the service and the result, where there is no error. What changes nothing is asked without
// holding the data directory, as far as that goes: tables over objects, whose files are made when they are asked, need it.
func (c *cli) askAthena(ctx context.Context, stmt athenasql.Statement, r app.AthenaRequest) (app.Service, *app.AthenaResult, error) {
	switch stmt.(type) {
	case *athenasql.Query, *athenasql.Show, *athenasql.Describe, *athenasql.Explain:
	default:
		return ask(ctx, c.writer, r)
	}
	s, result, err := ask(ctx, c.reader, r)
	e, ok := errors.AsType[*athenasql.Error](err)
	if !ok || e.Code != athenasql.CodeNotSupported {
		return s, result, err
	}
	s, result, again := ask(ctx, c.writer, r)
	if errors.Is(again, lake.ErrLocked) {
		return nil, nil, err
	}
	return s, result, again
}

// ask runs a statement with a service that it opens.
func ask(ctx context.Context, open func(context.Context) (app.Service, error), r app.AthenaRequest) (app.Service, *app.AthenaResult, error) {
	s, err := open(ctx)
	if err != nil {
		return nil, nil, err
	}
	result, err := s.Athena(ctx, r)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, result, nil
}

// printAthena prints what a statement gives and returns how many rows that were. Statements that are no queries give lines of text.
func (c *cli) printAthena(result *app.AthenaResult, form, chart string) (int64, error) {
	if result.Kind == athenasql.DML || form != "table" || chart != "" {
		if len(result.Columns) == 0 && form == "parquet" {
			return 0, usage(errors.New("the statement has no rows, and Parquet needs columns"))
		}
		exact := form == "parquet" || chart != ""
		return c.printAnswer(result.AsRows(exact), form, chart, time.UTC)
	}
	n := int64(0)
	for {
		row, err := result.Next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n++
		var cells []string
		for _, text := range result.Texts(row) {
			if text == nil {
				cells = append(cells, "")
				continue
			}
			cells = append(cells, *text)
		}
		if _, err := fmt.Fprintln(people{c.out}, strings.Join(cells, "\t")); err != nil {
			return n, err
		}
	}
}

// atData are the codes of errors that the data makes, and not the text of a statement.
var atData = []string{
	athenasql.CodeDivisionByZero, athenasql.CodeInvalidCast, athenasql.CodeInvalidArgument, athenasql.CodeOutOfRange, athenasql.CodeSubqueryRows,
	athenasql.CodeBadData, athenasql.CodeCursor, athenasql.CodePermission, athenasql.CodeExceededLimit,
}

// atAthena adds the place in a statement to an error that has one. Lines are how many stand before the text in what was run.
func atAthena(err error, text string, lines int) error {
	e, ok := errors.AsType[*athenasql.Error](err)
	if !ok {
		return err
	}
	shown := *e
	if before := lines * len(explainPrefix); before > 0 && shown.Line > lines {
		shown.Line -= lines
		shown.Span.Start, shown.Span.End = max(0, shown.Span.Start-before), max(0, shown.Span.End-before)
	}
	out := error(shown.Place(text))
	if shown.Line > 0 {
		place := query.TextError{Offset: shown.Span.Start, Length: shown.Span.End - shown.Span.Start}
		out = &placed{out, place.Excerpt(text)}
	}
	switch {
	case e.Hint != "":
		out = hint(out, e.Hint)
	case errors.Is(err, query.ErrLimit):
		out = hint(out, kindHints(query.ErrLimit)...)
	}
	if slices.Contains(atData, e.Code) {
		return out
	}
	return fmt.Errorf("%w: %w", query.ErrRefused, out)
}
