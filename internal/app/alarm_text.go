package app

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"weir/internal/alarm"
)

// notice is what a message says of a transition.
type notice struct {
	alarm.Action
	// Points are the values that were judged and some before them.
	Points []alarm.Datapoint
	// Threshold is NaN where an alarm has none.
	Threshold float64
	// Evidence is nil where there is none to look for.
	Evidence *evidence
	// Lacking says why there are no points or no evidence.
	Lacking []string
}

// graphRows is how many values a message draws.
const graphRows = 15

// text returns the message for people: what, where, since when, and what to do next.
func (n *notice) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", n.New, n.Definition.Name)
	if n.Definition.Description != "" {
		fmt.Fprintf(&b, "%s\n", n.Definition.Description)
	}
	fmt.Fprintf(&b, "\nIt was %s until %s.\n%s\n", n.Old, millis(n.Time), n.Reason)
	if e := n.Evidence; e != nil && e.To > e.From {
		fmt.Fprintf(&b, "Since %s, for %s.\n", clockTime(e.From), plainSeconds(e.To-e.From))
	}
	b.WriteString(graph(n.Points, n.Threshold))
	if e := n.Evidence; e != nil {
		e.text(&b)
	}
	for _, line := range n.Lacking {
		fmt.Fprintf(&b, "\n%s\n", line)
	}
	for _, line := range n.Lines {
		fmt.Fprintf(&b, "\n%s", line)
	}
	if len(n.Lines) > 0 {
		b.WriteString("\n")
	}
	if e := n.Evidence; e != nil && len(e.Next) > 0 {
		b.WriteString("\nNext:\n")
		for _, c := range e.Next {
			fmt.Fprintf(&b, "  %s\n", c)
		}
	}
	return b.String()
}

// text adds what events say.
func (e *evidence) text(b *strings.Builder) {
	list := func(title string, of []counted) {
		if len(of) == 0 {
			return
		}
		fmt.Fprintf(b, "\n%s:\n", title)
		width := 0
		for _, c := range of {
			width = max(width, len(c.Value))
		}
		for _, c := range of {
			fmt.Fprintf(b, "  %-*s  %s", width, c.Value, plainNumber(c.Count))
			if c.Name != "" && c.Name != c.Value {
				fmt.Fprintf(b, "  %s", c.Name)
			}
			b.WriteString("\n")
		}
	}
	if len(e.Says) > 0 {
		b.WriteString("\n")
	}
	for _, line := range e.Says {
		fmt.Fprintf(b, "%s\n", line)
	}
	list("Where", e.Interfaces)
	list("Targets", e.Targets)
	list("Top sources", e.Sources)
	if e.Cut {
		fmt.Fprintf(b, "\nThere are more than %d log events in this time: counts are of the first of them.\n", evidenceEvents)
	}
}

// graphWidth is how wide the greatest bar of a graph is.
const graphWidth = 40

// graph draws the last values as bars: a line each, so that any font shows it. "" for none.
func graph(points []alarm.Datapoint, threshold float64) string {
	points = points[max(0, len(points)-graphRows):]
	most := 0.0
	for _, p := range points {
		most = max(most, p.Value)
	}
	if len(points) == 0 || most <= 0 || math.IsInf(most, 0) {
		return ""
	}
	var b strings.Builder
	width := 0
	for _, p := range points {
		width = max(width, len(plainNumber(p.Value)))
	}
	b.WriteString("\n")
	mark := -1
	if threshold > 0 && threshold <= most {
		mark = int(math.Ceil(threshold / most * graphWidth))
	}
	for _, p := range points {
		bar := []byte(strings.Repeat(" ", graphWidth+1))
		for i := range max(0, int(math.Round(p.Value/most*graphWidth))) {
			bar[i] = '#'
		}
		if mark >= 0 {
			bar[mark] = '|'
		}
		fmt.Fprintf(&b, "  %s  %*s %s\n", seconds(p.Time).Format("15:04:05"), width, plainNumber(p.Value), strings.TrimRight(string(bar), " "))
	}
	if mark >= 0 {
		fmt.Fprintf(&b, "  | is the threshold, %s; times are UTC\n", plainNumber(threshold))
	}
	return b.String()
}

// plainNumber writes a number as short as it is exact.
func plainNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// millis writes a time in milliseconds since the epoch.
func millis(at int64) string { return clockTime(at / 1000) }

// clockTime writes a time in seconds since the epoch.
func clockTime(at int64) string { return seconds(at).Format("2006-01-02 15:04:05 UTC") }

// plainSeconds writes a length of time.
func plainSeconds(n int64) string {
	switch {
	case n%3600 == 0 && n > 0:
		return fmt.Sprintf("%d h", n/3600)
	case n%60 == 0 && n > 0:
		return fmt.Sprintf("%d min", n/60)
	}
	return fmt.Sprintf("%d s", n)
}

// seconds returns a time of whole seconds since the epoch.
func seconds(at int64) time.Time { return time.Unix(at, 0).UTC() }
