package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/savedquery"
)

// savedLanguages are the languages of saved queries.
var savedLanguages = []string{"athena", "insights"}

// savedFlags are the flags of weir athena saved.
type savedFlags struct {
	lang, table string
	src, dst    string
	scope       scopeFlags // its times
	run         bool
	format      string
	chart       string
	timeout     time.Duration
}

func (c *cli) athenaSavedCommand() *cobra.Command {
	var f savedFlags
	cmd := &cobra.Command{
		Use:   "saved [flags] [NAME]",
		Short: "List the analyses that AWS offers with Athena, or show one",
		Long: `Lists the sixteen analyses that AWS's integration of flow logs with Athena offers, by its names
(AWS does not publish their texts: these are weir's), or prints the text of one: in Athena's
SQL, or with --lang insights in the language of Logs Insights, for 'weir logs query'. Both
find the same over the same records.

--src and --dst fill in the address that some need; open, it is ? in SQL. --table
reads another table, and the flags for time bound the records in SQL; Logs Insights is told
the time beside the query.

--run runs it: in SQL over all records where no time is said, and in the language of Logs
Insights over those of the last hour.`,
		Example: `  weir athena saved
  weir athena saved VpcFlowLogsTopTalkers
  weir athena saved VpcFlowLogsTopTalkers --run --since 24h --chart bar
  weir athena saved VpcFlowLogsTrafficFrmSrcAddr --src 10.0.1.5 --since 24h
  weir athena saved VpcFlowLogsRejectedTraffic --lang insights | weir logs query - --since 24h`,
		Args: needArgs(0, 1, "the name"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var out []string
			for _, q := range savedquery.All() {
				if len(args) == 0 {
					out = append(out, cobra.CompletionWithDesc(q.Name, q.Description))
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case !slices.Contains(savedLanguages, f.lang):
				return usage(fmt.Errorf("--lang: no language %q: it is one of %s", f.lang, strings.Join(savedLanguages, ", ")))
			case !f.run && (f.chart != "" || f.format != ""):
				return usage(errors.New("--chart and --format are for --run"))
			case f.run && len(args) == 0:
				return usage(errors.New("--run needs the name of a query"))
			case f.run:
				return c.runSaved(cmd.Context(), args[0], &f)
			case len(args) == 0:
				return c.listSaved()
			}
			return c.showSaved(args[0], &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.lang, "lang", "athena", "`LANGUAGE` of the text: "+strings.Join(savedLanguages, ", "))
	fl.StringVar(&f.table, "table", "", "`TABLE` that SQL reads, as TABLE or DATABASE.TABLE (default "+savedquery.DefaultTable+")")
	fl.StringVar(&f.src, "src", "", "source `ADDRESS`, for queries that need one")
	fl.StringVar(&f.dst, "dst", "", "destination `ADDRESS`, for queries that need one")
	fl.BoolVar(&f.run, "run", false, "run the query and print its rows")
	fl.StringVar(&f.format, "format", "", "with --run: `FORM` of the rows: "+strings.Join(logsForms, ", ")+" (default table; json with --json)")
	fl.DurationVar(&f.timeout, "timeout", 10*time.Minute, "with --run: end the query after this `TIME`")
	addChart(cmd, &f.chart)
	f.scope.addTimes(cmd)
	complete(cmd, "lang", savedLanguages...)
	complete(cmd, "format", logsForms...)
	completeNothing(cmd, "table", "src", "dst", "timeout")
	return cmd
}

// shownSaved is a saved query in JSON.
type shownSaved struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Fields      []string `json:"fields"`
	Parameter   string   `json:"parameter,omitempty"`
	Note        string   `json:"note,omitempty"`
	Athena      string   `json:"athena"`
	Insights    string   `json:"insights"`
}

// shownSavedOf returns a saved query with its texts.
func shownSavedOf(q *savedquery.Query, f savedquery.Fill) (shownSaved, error) {
	out := shownSaved{Name: q.Name, Description: q.Description, Parameter: string(q.Parameter), Note: q.Note}
	for _, id := range q.Fields {
		out.Fields = append(out.Fields, flowlog.FieldByID(id).Name)
	}
	var err error
	if out.Athena, err = q.Athena(f); err != nil {
		return out, usage(err)
	}
	out.Insights, err = q.Insights(f)
	return out, err
}

// listSaved lists the saved queries.
func (c *cli) listSaved() error {
	var shown []shownSaved
	var rows [][]string
	for _, q := range savedquery.All() {
		s, err := shownSavedOf(q, savedquery.Fill{})
		if err != nil {
			return err
		}
		shown = append(shown, s)
		needs := ""
		switch q.Parameter {
		case savedquery.Source:
			needs = "--src"
		case savedquery.Destination:
			needs = "--dst"
		}
		rows = append(rows, []string{q.Name, needs, q.Description})
	}
	if c.json {
		return c.printJSON(shown)
	}
	return printTable(c.out, []tableColumn{{"NAME", false}, {"NEEDS", false}, {"WHAT IT FINDS", false}}, rows)
}

// fill returns what the flags put into a query.
func (f *savedFlags) fill(scope query.Scope) savedquery.Fill {
	return savedquery.Fill{Table: f.table, Source: f.src, Destination: f.dst, From: scope.From, To: scope.To}
}

// savedNamed finds a saved query.
func savedNamed(name string) (*savedquery.Query, error) {
	q, ok := savedquery.Find(name)
	if !ok {
		return nil, hint(usage(fmt.Errorf("no saved query %q", name)), "'weir athena saved' lists them")
	}
	return q, nil
}

// runSaved runs a saved query.
func (c *cli) runSaved(ctx context.Context, name string, f *savedFlags) error {
	q, err := savedNamed(name)
	if err != nil {
		return err
	}
	scope, err := f.scope.scope(time.Now())
	if err != nil {
		return err
	}
	s, err := shownSavedOf(q, f.fill(scope))
	switch {
	case err != nil:
		return err
	case q.Parameter == savedquery.Source && f.src == "":
		return usage(fmt.Errorf("%s needs a %s: --src", q.Name, q.Parameter))
	case q.Parameter == savedquery.Destination && f.dst == "":
		return usage(fmt.Errorf("%s needs a %s: --dst", q.Name, q.Parameter))
	case f.lang == "insights" && f.table != "":
		return usage(errors.New("--table is for SQL"))
	case f.lang == "insights":
		return c.logsQuery(ctx, s.Insights, &logsQueryFlags{scope: f.scope, format: f.format, chart: f.chart, timeout: f.timeout})
	}
	return c.athenaRun(ctx, s.Athena, &athenaFlags{format: f.format, chart: f.chart, limits: limitFlags{timeout: f.timeout}})
}

// showSaved prints the text of a saved query.
func (c *cli) showSaved(name string, f *savedFlags) error {
	q, err := savedNamed(name)
	if err != nil {
		return err
	}
	scope, err := f.scope.scope(time.Now())
	if err != nil {
		return err
	}
	s, err := shownSavedOf(q, f.fill(scope))
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(s)
	}
	text := s.Athena
	if f.lang == "insights" {
		text = s.Insights
		if !scope.From.IsZero() || !scope.To.IsZero() {
			c.note("Logs Insights is told the time beside the query, not in it")
		}
	}
	if q.Parameter != "" && f.src == "" && f.dst == "" {
		c.note("it needs a %s", q.Parameter)
	}
	_, err = fmt.Fprintln(people{c.out}, text)
	return err
}
