package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/lake"
)

func (c *cli) lakeStatusCommand() *cobra.Command {
	var scope scopeFlags
	r := app.StatusRequest{Most: 20}
	cmd := &cobra.Command{
		Use:   "status [flags] [SOURCE]",
		Short: "Show what the lake holds, and which objects and lines were not taken",
		Long: `Shows what the lake holds, how old the newest record is, and the objects and lines
that were not taken or not whole. With a SOURCE (a folder, a file, a bucket with its
prefix, a log group, an object) it shows what came from there, with the files that are
no flow log. log-group:NAME is the log group NAME of this server.

It also shows which sources are followed (--follow of weir open and weir serve), by
which process, when they were last looked at, what was taken since, how many objects that had
been taken are gone from them (looked for every 10 minutes), and what fails. Of a source
that no process follows any more it shows the last state for 30 days.`,
		Example: "  weir lake status\n  weir lake status --json\n  weir lake status ./AWSLogs -n 100\n  weir lake status s3://my-bucket/AWSLogs",
		Args:    needArgs(0, 1, "the source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.Most < 0 {
				return usage(fmt.Errorf("-n must not be below 0"))
			}
			if len(args) > 0 {
				var err error
				if r.Source, err = ledgerName(args[0]); err != nil {
					return err
				}
			}
			return c.lakeStatus(cmd.Context(), r, &scope)
		},
	}
	cmd.Flags().IntVarP(&r.Most, "number", "n", r.Most, "show at most `N` objects, and as many lines")
	completeNothing(cmd, "number")
	scope.addZone(cmd)
	return cmd
}

// lakeStatus shows the status of the lake or of a source.
func (c *cli) lakeStatus(ctx context.Context, r app.StatusRequest, scope *scopeFlags) error {
	zone, err := scope.zone()
	if err != nil {
		return err
	}
	s, err := c.reader(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	st, err := s.Status(ctx, r)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(st)
	}
	if st.Source != "" {
		line(c.out, "source", "%s", st.Source)
		line(c.out, "records", "%s", number(st.Records))
	} else {
		line(c.out, "data", "%s", st.Data)
	}
	for i := range st.Tables {
		c.printTableStatus(&st.Tables[i], zone)
	}
	c.printNewest(st, zone)
	c.printObjectCounts(st)
	if st.Tail != nil {
		line(c.out, "log groups", "%s of events, %s, in DATA/tail", plural(int64(st.Tail.Objects), "object"), size(st.Tail.Bytes))
	}
	c.printLedgerProblems(st)
	for i := range st.Following {
		c.printFollowing(&st.Following[i], zone)
	}
	return nil
}

// printNewest shows how old the newest record of all tables is.
func (c *cli) printNewest(st *app.StatusReport, zone *time.Location) {
	var newest time.Time
	for _, t := range st.Tables {
		if t.Newest != nil && t.Newest.After(newest) {
			newest = *t.Newest
		}
	}
	if !newest.IsZero() {
		line(c.out, "newest record", "%s", newestAge(newest, time.Now(), zone))
	}
}

// printFollowing shows the state of following a source.
func (c *cli) printFollowing(f *app.FollowState, zone *time.Location) {
	if f.Running {
		line(c.out, "following", "%s since %s, by process %d", f.Source, showTime(f.Since, zone), f.Process)
	} else {
		line(c.out, "not followed", "%s: no process follows it now; this is as of %s", f.Source, showTime(f.Updated, zone))
	}
	look := "not looked at yet"
	if f.Looked != nil {
		look = "looked at " + ago(*f.Looked)
	}
	if f.Objects > 0 {
		look += fmt.Sprintf("; took %s, %s", plural(f.Objects, "object"), plural(f.Records, "record"))
		if f.BadLines > 0 {
			look += ", " + plural(f.BadLines, "bad line")
		}
		if f.LastTaken != nil {
			look += ", the last " + ago(*f.LastTaken) + ": " + f.LastObject
		}
	}
	line(c.out, "", "%s", look)
	if f.Gone != nil && f.Gone.Objects > 0 {
		of := ""
		if f.Gone.From != nil {
			of = " of those since " + showTime(*f.Gone.From, zone)
		}
		line(c.out, "", "gone from it: %s that had been taken%s; looked for %s", plural(f.Gone.Objects, "object"), of, ago(*f.GoneLooked))
	}
	if f.Error == "" {
		return
	}
	good := "it never worked"
	if f.Good != nil {
		good = "it worked last " + ago(*f.Good)
	}
	line(c.out, "", "failing since %s, %s; %s: %s", showTime(*f.FailedSince, zone), plural(int64(f.Failed), "look"), good, f.Error)
	if f.Running && f.Retry != nil {
		line(c.out, "", "tries again in %s", length(max(0, time.Until(*f.Retry))))
	}
}

// ago says how long ago a time is.
func ago(t time.Time) string { return length(max(0, time.Since(t))) + " ago" }

// printTableStatus shows what a table holds.
func (c *cli) printTableStatus(t *lake.TableStatus, zone *time.Location) {
	if t.Records == 0 {
		line(c.out, t.Name, "no records")
		return
	}
	line(c.out, t.Name, "%s in %s, %s (%.1f B each), %s", plural(t.Records, "record"), plural(int64(t.Files), "file"),
		size(t.Bytes), float64(t.Bytes)/float64(t.Records), plural(int64(t.Hours), "hour"))
	if t.RollupBytes > 0 {
		line(c.out, "", "and %s of rollups (%.1f B each)", size(t.RollupBytes), float64(t.RollupBytes)/float64(t.Records))
	}
	line(c.out, "", "from %s to %s", showTime(*t.Oldest, zone), showTime(*t.Newest, zone))
	if len(t.UnknownFields) > 0 {
		line(c.out, "", "fields that weir does not know: %s", strings.Join(t.UnknownFields, ", "))
	}
}

// objectStates are the states in the order in which they are shown, and what
// they mean.
var objectStates = []struct {
	state lake.ObjectState
	text  string
}{
	{lake.Taken, "taken"},
	{lake.Duplicate, "with the same bytes as another object"},
	{lake.Empty, "without records"},
	{lake.Foreign, "that are no flow log"},
	{lake.Failed, "that could not be read"},
	{lake.Changed, "that changed since they were taken"},
}

// printObjectCounts shows how many objects are in which state.
func (c *cli) printObjectCounts(st *app.StatusReport) {
	label := "objects"
	for _, s := range objectStates {
		if n := st.Objects[s.state]; n > 0 {
			line(c.out, label, "%s %s", number(n), s.text)
			label = ""
		}
	}
	if st.Objects[lake.Foreign] > 0 && st.Source == "" {
		line(c.out, "", "('weir lake status SOURCE' names those that are no flow log)")
	}
	if st.DefinitionProblem != "" {
		line(c.out, "definition", "%s; which hours are to be paired again or attributed anew is not known", st.DefinitionProblem)
	}
	if st.UnpairedHours > 0 {
		line(c.out, "pairs", "of %s to be found again: weir lake compact", plural(int64(st.UnpairedHours), "hour"))
	}
	if st.StaleHours > 0 {
		line(c.out, "attribution", "of %s by older definitions, or by none: weir lake attribute", plural(int64(st.StaleHours), "hour"))
	}
	if st.UnfinishedBatches > 0 {
		line(c.out, "unfinished", "%s; the next command that writes finishes them", plural(st.UnfinishedBatches, "change"))
	}
}

// printLedgerProblems shows objects that want attention, and bad lines.
func (c *cli) printLedgerProblems(st *app.StatusReport) {
	for i := range st.Problems {
		o := &st.Problems[i]
		if o.Problem == "" {
			continue // it has bad lines only, which stand below
		}
		line(c.out, problemLabel(o.State), "%s: %s", o.URL, strings.TrimPrefix(o.Problem, noFlowLog))
		printHint(c.out, o.Hint)
	}
	if more := st.ProblemsTotal - int64(len(st.Problems)); more > 0 {
		line(c.out, "", "and %s (-n %d shows them)", plural(more, "more object"), st.ProblemsTotal)
	}
	if st.BadLines == 0 {
		return
	}
	line(c.out, "bad lines", "%s", number(st.BadLines))
	for i := range st.Lines {
		printBadLine(c.out, &st.Lines[i])
	}
	if more := st.BadLines - int64(len(st.Lines)); more > 0 {
		line(c.out, "", "and %s", plural(more, "more line"))
	}
}

// problemLabel names the state of an object that has a problem. One that was
// taken in spite of it broke off after good records.
func problemLabel(s lake.ObjectState) string {
	switch s {
	case lake.Taken:
		return "not whole"
	case lake.Foreign:
		return "no flow log"
	}
	return string(s)
}
