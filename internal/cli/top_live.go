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
	"weir/internal/contributor"
)

// topLiveFlags are those of weir top --live.
type topLiveFlags struct {
	live, once  bool
	keep        bool
	rule, group string
	every       time.Duration
}

// topLiveHelp explains live lists in a command's help.
const topLiveHelp = `--live shows who had most in the last minutes, as the running server sees them, again and
again until Ctrl-C; --once shows it once. It counts the records of a log group, each of
them, by FIELD and --by, which can be rejects too; or it shows a rule of Contributor
Insights (--rule), which the server has counted already, or a ready rule such as
top-sources-by-bytes. No rule is made. Without --since it looks five minutes back, and as
far as records of the log group come late besides.

--keep shows nothing: it makes a rule of Contributor Insights of a ready rule, under its
name, which the server counts from now on.`

// add adds the flags.
func (f *topLiveFlags) add(c *cli, cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.BoolVar(&f.live, "live", false, "show the last minutes, again and again")
	fl.BoolVar(&f.once, "once", false, "with --live, show it once")
	fl.StringVar(&f.rule, "rule", "", "with --live, a `RULE` of Contributor Insights, or a ready rule, instead of fields")
	fl.StringVar(&f.group, "group", "", "with --live, the log `GROUP` of fields or of a ready rule (default "+app.FlowLogsGroup+")")
	fl.BoolVar(&f.keep, "keep", false, "with --live and --rule, keep a ready rule: count what comes from now on")
	fl.DurationVar(&f.every, "every", 2*time.Second, "with --live, show it after each `TIME`")
	completeNothing(cmd, "every")
	completeFlag(cmd, "group", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return c.groupNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
	})
	completeFlag(cmd, "rule", c.completeRule)
}

// completeRule completes the name of a rule.
func (c *cli) completeRule(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, r := range contributor.ReadyRules() {
		out = append(out, cobra.CompletionWithDesc(r.Name, "Ready rule: "+r.Meaning+"."))
	}
	c.setData()
	if s, err := c.watched(cmd.Context()); err == nil {
		defer s.Close()
		type answer struct {
			InsightRules []struct{ Name, State string }
		}
		_ = eachPage(cmd.Context(), s, "monitoring", "DescribeInsightRules", members{}, func(page *answer) error { // completion says nothing of errors
			for _, r := range page.InsightRules {
				out = append(out, cobra.CompletionWithDesc(r.Name, r.State))
			}
			return nil
		})
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// excluded refuses flags that have no meaning beside --live, or without it.
func (f *topLiveFlags) excluded(cmd *cobra.Command) error {
	if !f.live {
		for _, name := range []string{"once", "rule", "group", "keep", "every"} {
			if cmd.Flags().Changed(name) {
				return usage(fmt.Errorf("--%s is for --live", name))
			}
		}
		return nil
	}
	for _, name := range []string{"where", "tgw", "every-record", "from", "to", "account", "region", "interface", "flow-log", "explain", "max-bytes", "timeout"} {
		if cmd.Flags().Changed(name) {
			return hint(usage(fmt.Errorf("--live excludes --%s", name)), "weir logs query asks anything of a log group's events")
		}
	}
	if f.rule != "" && cmd.Flags().Changed("by") {
		return usage(errors.New("--rule and --by exclude each other: a rule says what it counts"))
	}
	if f.keep {
		if f.rule == "" {
			return usage(errors.New("--keep is for --rule"))
		}
		for _, name := range []string{"once", "every", "since", "number", "tz"} {
			if cmd.Flags().Changed(name) {
				return usage(fmt.Errorf("--keep excludes --%s: it shows nothing", name))
			}
		}
	}
	return nil
}

// topLive shows who had most in the last minutes.
func (c *cli) topLive(ctx context.Context, f *topLiveFlags, scope *scopeFlags, fields []string, by string, n int64) error {
	zone, err := scope.zone()
	if err != nil {
		return err
	}
	r := app.LiveTopRequest{Rule: f.rule, Fields: fields, By: by, Group: f.group, N: int(n), Data: c.data}
	switch {
	case f.rule != "" && len(fields) > 0:
		return usage(errors.New("--rule and fields exclude each other: a rule has its own keys"))
	case f.rule == "" && len(fields) == 0:
		return usage(errors.New("the field is missing"))
	case f.every <= 0:
		return usage(errors.New("--every must be above 0"))
	}
	if scope.since != "" {
		if r.Since, err = parseAge(scope.since); err != nil {
			return usage(fmt.Errorf("--since: %w", err))
		}
	}
	s, err := c.server(ctx, "--live asks the server")
	if err != nil {
		return err
	}
	defer s.Close()
	if f.keep {
		r.Now = time.Now()
		group, err := app.KeepReadyRule(ctx, s, r)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(keptRuleJSON{r.Rule, group})
		}
		_, err = fmt.Fprintf(people{c.out}, "The rule %s counts what comes into %s from now on.\n", r.Rule, group)
		return err
	}
	screen := isTerminal(c.out) && !f.once && !c.json
	for {
		r.Now = time.Now().Truncate(time.Millisecond)
		report, err := app.LiveTop(ctx, s, r)
		if err != nil {
			if ctx.Err() != nil {
				return nil // Ctrl-C is how it ends
			}
			return err
		}
		took := time.Since(r.Now)
		if err := c.printLiveTop(report, f.once, screen, zone); err != nil {
			return err
		}
		if f.once {
			if len(report.Rows) == 0 {
				c.noteNone(ctx, s, report.From, report.To, zone)
			}
			return nil
		}
		// Where the answer takes long the server has other work too.
		select {
		case <-time.After(max(f.every, liveRest*took)):
		case <-ctx.Done():
			return nil
		}
	}
}

// liveRest is how many times as long as an answer took it rests before the next.
const liveRest = 4

// keptRuleJSON is a ready rule that was kept, in JSON.
type keptRuleJSON struct {
	Rule  string `json:"rule"`
	Group string `json:"log_group"`
}

// liveTopJSON is a live list in JSON.
type liveTopJSON struct {
	Of           string    `json:"of"`
	Query        string    `json:"query,omitempty"`
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	By           string    `json:"by"`
	Keys         []string  `json:"keys"`
	Rows         []liveRow `json:"rows"`
	Contributors int64     `json:"contributors"`
	More         bool      `json:"more_contributors,omitempty"`
	Total        float64   `json:"total"`
}

// liveRow is a contributor in JSON.
type liveRow struct {
	Keys  []string `json:"keys"`
	Value float64  `json:"value"`
}

// printLiveTop prints a live list: over the one before it where screen says so.
func (c *cli) printLiveTop(r *app.LiveTopReport, once, screen bool, zone *time.Location) error {
	if c.json {
		out := liveTopJSON{r.Of, r.Query, r.From.UTC(), r.To.UTC(), r.By, orEmpty(r.Keys), []liveRow{}, r.Contributors, r.More, r.Total}
		for _, row := range r.Rows {
			out.Rows = append(out.Rows, liveRow(row))
		}
		if once {
			return c.printJSON(out)
		}
		return c.printJSONLine(out)
	}
	var text strings.Builder
	if screen {
		text.WriteString("\x1b[H\x1b[2J")
	}
	fmt.Fprintf(&text, "%s by %s, of %s\nsince %s, to %s\n\n", printable(strings.Join(r.Keys, ", ")), r.By, printable(r.Of), showTime(r.From, zone), r.To.In(zone).Format("15:04:05"))
	if err := liveTable(&text, r); err != nil {
		return err
	}
	more := ""
	if r.More {
		more = " and more"
	}
	fmt.Fprintf(&text, "\n%s%s, %s in all\n", plural(r.Contributors, "contributor"), more, liveAmount(r.By, r.Total))
	_, err := io.WriteString(c.out, text.String())
	return err
}

// liveTable writes the contributors with bars.
func liveTable(w io.Writer, r *app.LiveTopReport) error {
	var columns []tableColumn
	for _, k := range r.Keys {
		columns = append(columns, tableColumn{head: strings.ToUpper(k)})
	}
	columns = append(columns, tableColumn{head: strings.ToUpper(r.By), right: true}, tableColumn{head: "SHARE", right: true}, tableColumn{})
	var rows [][]string
	for _, row := range r.Rows {
		line := slices.Clone(row.Keys)
		part := "-"
		if r.Total > 0 {
			part = fmt.Sprintf("%.1f%%", 100*row.Value/r.Total)
		}
		rows = append(rows, append(line, liveAmount(r.By, row.Value), part, bar(int64(row.Value), int64(r.Rows[0].Value))))
	}
	return printTable(w, columns, rows)
}

// liveAmount writes what a contributor has.
func liveAmount(by string, v float64) string {
	n, whole := wholeNumber(v).(int64)
	switch {
	case whole && by == "bytes":
		return size(n)
	case whole:
		return number(n)
	}
	return plainFloat(v)
}
