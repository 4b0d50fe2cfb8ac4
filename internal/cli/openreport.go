package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/app"
	"weir/internal/intake"
	"weir/internal/lake"
)

// shown is how many items of a list the report shows; the rest is counted, and
// can be had with --json or weir lake status.
const shown = 5

// printOpen prints the report of an import.
func (c *cli) printOpen(r *app.OpenReport, zone *time.Location) {
	for i := range r.List.Sources {
		printSource(people{c.out}, &r.List.Sources[i], zone)
	}
	in := &r.Intake
	line(c.out, "taken", "%s of %s, %s in %s", number(in.Taken), plural(in.Objects, "object"), plural(in.Records, "record"),
		length(time.Duration(r.Seconds*float64(time.Second))))
	for _, s := range []struct {
		n    int64
		text string
	}{
		{in.Known, "known from before: nothing to do"},
		{in.Duplicate, "with the same bytes as another object: the records are there already"},
		{in.Empty, "without records"},
		{in.Changed, "changed since they were taken, and left: --replace takes the new ones"},
		{in.Foreign, "no flow log"},
		{in.Failed, "not readable; the same command tries again"},
	} {
		if s.n > 0 {
			line(c.out, "", "%s %s", number(s.n), s.text)
		}
	}
	c.printForeign(r)
	c.printProblems(in)
	if r.WholeLake {
		line(c.out, "", "what follows is of the whole lake, since these are too many objects to tell apart")
	}
	for i := range r.Kinds {
		printKind(c.out, &r.Kinds[i], zone, len(r.Kinds) > 1)
	}
	if r.Newest != nil {
		line(c.out, "newest record", "%s", newestAge(*r.Newest, time.Now(), zone))
	}
}

// line prints a line of the report: a label, and what it is about.
func line(w io.Writer, label, format string, args ...any) {
	fmt.Fprintf(w, "%-15s %s\n", label, printable(fmt.Sprintf(format, args...)))
}

// printHint prints the first lines of an object's hint.
func printHint(w io.Writer, hint string) {
	for i, h := range strings.Split(strings.TrimSpace(hint), "\n") {
		if h != "" && i < mostHints {
			line(w, "", "  hint: %s", h)
		}
	}
}

// foreignShown is how many files that are no flow log are named: in a folder of
// one's own they are few, and elsewhere too many to read.
const foreignShown = 12

// printForeign names the objects that are no flow log, seen from their source,
// with a short reason.
func (c *cli) printForeign(r *app.OpenReport) {
	label, n := "no flow log", 0
	for i := range r.Intake.Problems {
		p := &r.Intake.Problems[i]
		if p.State != lake.Foreign {
			continue
		}
		if n++; n > foreignShown {
			continue
		}
		name := p.URL
		for _, s := range r.List.Sources {
			if below, ok := strings.CutPrefix(p.URL, strings.TrimSuffix(s.Name, "/")+"/"); ok {
				name = below
			}
		}
		line(c.out, label, "%s: %s", name, shortReason(p.Problem))
		label = ""
	}
	if more := r.Intake.Foreign - foreignShown; more > 0 {
		line(c.out, "", "and %s", number(more)+" more")
	}
}

// reasonLength is how much of a reason is shown where many stand together.
const reasonLength = 60

// noFlowLog begins the problem of an object that is none; the label says it too.
const noFlowLog = "no flow log: "

// shortReason shortens why an object is no flow log.
func shortReason(problem string) string {
	s := []rune(strings.TrimPrefix(problem, noFlowLog))
	if len(s) <= reasonLength {
		return string(s)
	}
	return string(s[:reasonLength-3]) + "..."
}

// printProblems prints objects that were not taken, or not whole, and lines that
// were bad.
func (c *cli) printProblems(r *intake.Report) {
	n, left := 0, false
	for i := range r.Problems {
		p := &r.Problems[i]
		if p.State == lake.Duplicate || p.State == lake.Empty || p.State == lake.Foreign {
			continue
		}
		if n++; n > shown {
			left = true
			break
		}
		line(c.out, problemLabel(p.State), "%s: %s", p.URL, p.Problem)
		printHint(c.out, p.Hint)
	}
	if r.BadLines > 0 {
		line(c.out, "bad lines", "%s of %s", number(r.BadLines), number(r.BadLines+r.Records))
		for i := range r.Bad[:min(len(r.Bad), shown)] {
			printBadLine(c.out, &r.Bad[i])
		}
	}
	if left || r.BadLines > shown {
		line(c.out, "", "'weir lake status -n 1000' lists all")
	}
}

// printBadLine shows where a line or row is bad, and below what it holds.
func printBadLine(w io.Writer, b *lake.BadLine) {
	line(w, "", "%s: %s", b.URL, badLine(b))
	line(w, "", "  %s", b.Text)
}

// badLine says what is wrong with a line or row, and where.
func badLine(b *lake.BadLine) string {
	e := flowlog.LineError{Line: b.Line, Row: b.Container == string(flowlog.ContainerParquet), Column: b.Column, Field: b.Field, Reason: b.Reason}
	return e.Error()
}

// printKind prints what the records of one kind hold.
func printKind(w io.Writer, k *app.KindReport, zone *time.Location, named bool) {
	if named {
		fmt.Fprintf(w, "\n%s flow logs\n", strings.ToUpper(k.Kind))
	}
	line(w, "records", "%s, %s", number(k.Records), size(k.Bytes))
	line(w, "span", "%s to %s (%s)", showTime(k.Start, zone), showTime(k.End, zone), length(k.End.Sub(k.Start)))
	printGaps(w, k, zone)
	line(w, "accounts", "%s", counts(k.Accounts, 6))
	line(w, "regions", "%s", counts(k.Regions, 6))
	if k.Interfaces > 0 {
		line(w, "interfaces", "%s", number(k.Interfaces))
	}
	line(w, "versions", "%s", counts(k.Versions, 12))
	line(w, "status", "%s", counts(k.Statuses, 4))
	if len(k.Actions) > 0 {
		line(w, "action", "%s", counts(k.Actions, 3))
	}
	if len(k.UnknownFields) > 0 {
		line(w, "unknown fields", "%s (kept: --where, top and weir_unknown['%s'] in SQL)", fieldCounts(k.UnknownFields), k.UnknownFields[0].Value)
	}
	label := "repeats"
	for _, x := range k.Repeats {
		counted := ""
		if k.RepeatsCount {
			counted = ", counted below too"
		}
		line(w, label, "%s (%s) %s%s", plural(x.Records, "record"), size(x.Bytes), repeatText(x.Why), counted)
		label = ""
	}
	printRanking(w, "top talkers", k.Talkers, size)
	printRanking(w, "top refused", k.Refused, func(n int64) string { return plural(n, "record") })
}

// printGaps prints the longest gaps.
func printGaps(w io.Writer, k *app.KindReport, zone *time.Location) {
	if k.GapCount == 0 {
		line(w, "gaps", "none of 10 minutes or more")
		return
	}
	label := "gaps"
	for _, g := range k.Gaps[:min(len(k.Gaps), shown)] {
		of := ""
		if g.FlowLogID != "" {
			of = " of " + g.FlowLogID
		}
		line(w, label, "%s to %s (%s) nothing%s", showTime(g.From, zone), showTime(g.To, zone), length(g.To.Sub(g.From)), of)
		label = ""
	}
	if more := k.GapCount - min(k.GapCount, shown); more > 0 {
		line(w, "", "and %d more", more)
	}
}

// counts lists values with how many records have them.
func counts(list []app.Count, most int) string {
	if len(list) == 1 {
		return valueText(list[0])
	}
	var parts []string
	for i, c := range list {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(list)-most))
			break
		}
		parts = append(parts, valueText(c)+" "+number(c.N))
	}
	return strings.Join(parts, ", ")
}

// valueText returns a value of a report for people.
func valueText(c app.Count) string {
	if c.Value == "" {
		return "(absent)"
	}
	return c.Value
}

// fieldCounts lists fields with how many records have them.
func fieldCounts(list []app.Count) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = c.Value + " " + number(c.N)
	}
	return strings.Join(parts, ", ")
}

// printRanking prints the first values of a ranking.
func printRanking(w io.Writer, label string, list []app.Count, show func(int64) string) {
	wide := 0
	for _, c := range list {
		wide = max(wide, len(show(c.N)))
	}
	for _, c := range list {
		line(w, label, "%*s  %s", wide, show(c.N), c.Value)
		label = ""
	}
}
