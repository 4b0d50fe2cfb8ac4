package cli

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"weir/flowlog"
	"weir/internal/query"
)

// chartForms are the forms of charts.
var chartForms = []string{"line", "bar"}

// addChart adds --chart.
func addChart(cmd *cobra.Command, form *string) {
	cmd.Flags().StringVar(form, "chart", "", "draw the rows as a `CHART` in place of a table: "+strings.Join(chartForms, ", "))
	complete(cmd, "chart", chartForms...)
}

// chartHelp explains charts in a command's help.
const chartHelp = `--chart draws the rows: "line" over the first column that has times, "bar" a bar for each
row. Columns of numbers are what is drawn, and of text what it is called; a text column
beside times makes a line for each of its values. Charts are as wide as the terminal, and
plain ASCII with NO_COLOR or TERM=dumb in the environment.`

// checkChart fails where --chart is no chart, or other flags ask for other forms of rows.
func (c *cli) checkChart(form, format string) error {
	switch {
	case form == "":
		return nil
	case !slices.Contains(chartForms, form):
		return usage(fmt.Errorf("--chart: no chart %q: it is one of %s", form, strings.Join(chartForms, ", ")))
	case format != "table":
		return usage(fmt.Errorf("--chart draws for people: it excludes the form %s", format))
	}
	return nil
}

// mostChartRows bounds the rows of a chart, which are held in memory.
const mostChartRows = 100_000

// chart is the rows of a query, sorted out for drawing.
type chart struct {
	columns []query.Column
	rows    [][]any
	// time is the column of times, -1: none. labels and numbers are the others, but those that are neither.
	time            int
	labels, numbers []int
	zone            *time.Location
	canvas          canvas
}

// canvas is what charts are drawn on.
type canvas struct {
	width  int
	plain  bool // ASCII alone
	colors bool
}

// canvasOf returns what charts are drawn on where they are written to w: as wide as the terminal, or as COLUMNS says.
func canvasOf(w io.Writer) canvas {
	out := canvas{width: 80}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		out.width = n
	}
	out.plain = os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	if f, ok := w.(*os.File); ok && isTerminal(w) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			out.width = width
		}
		out.colors = !out.plain
	}
	out.width = min(max(out.width, 40), 400)
	return out
}

// printChart draws the rows of a query and returns how many there were.
func printChart(w io.Writer, rows query.Rows, form string, zone *time.Location) (int64, error) {
	c := chart{columns: rows.Columns(), time: -1, zone: zone, canvas: canvasOf(w)}
	for {
		row, err := rows.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return int64(len(c.rows)), err
		}
		if len(c.rows) == mostChartRows {
			return int64(len(c.rows)), hint(fmt.Errorf("a chart has at most %s rows", number(mostChartRows)), "GROUP BY or a LIMIT makes fewer")
		}
		c.rows = append(c.rows, slices.Clone(row))
	}
	if len(c.rows) == 0 {
		_, err := io.WriteString(w, "no rows\n")
		return 0, err
	}
	c.sortOut()
	if len(c.numbers) == 0 {
		return int64(len(c.rows)), hint(usage(errors.New("no column has numbers to draw")), "count(*) or sum(bytes) make some; --chart draws columns of numbers")
	}
	text, err := c.draw(form)
	if err == nil {
		_, err = io.WriteString(w, printableButColors(text))
	}
	return int64(len(c.rows)), err
}

// draw returns the chart of a form.
func (c *chart) draw(form string) (string, error) {
	if form == "line" {
		return c.line()
	}
	return c.bars(), nil
}

// sortOut tells the columns apart.
func (c *chart) sortOut() {
	for i := range c.columns {
		switch {
		case c.time < 0 && c.hasTimes(i):
			c.time = i
		case c.hasNumbers(i) && !isLabel(c.columns[i].Name):
			c.numbers = append(c.numbers, i)
		case !c.isAbsent(i):
			c.labels = append(c.labels, i)
		}
	}
}

// isLabel reports whether numbers of a column only tell things apart: ports and protocols.
func isLabel(name string) bool {
	f, ok := flowlog.Lookup(camelToHyphens(name))
	return ok && f.Numeric() && f.ID != flowlog.Bytes && f.ID != flowlog.Packets && !strings.HasPrefix(f.Name, "packets-lost-")
}

// camelToHyphens returns a field as Logs Insights spells it in AWS's spelling: dstPort as dstport, tcpFlags as tcp-flags.
func camelToHyphens(name string) string {
	switch name {
	case "srcPort", "dstPort":
		return strings.ToLower(name)
	}
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// each reports whether is holds for all values of a column that are there, of which there must be one.
func (c *chart) each(column int, is func(any) bool) bool {
	any := false
	for _, row := range c.rows {
		if row[column] == nil {
			continue
		}
		if !is(row[column]) {
			return false
		}
		any = true
	}
	return any
}

// isAbsent reports whether a column has no value at all.
func (c *chart) isAbsent(column int) bool {
	return !slices.ContainsFunc(c.rows, func(row []any) bool { return row[column] != nil })
}

// hasTimes reports whether a column has times: as such, as text, or as seconds of the fields that have them.
func (c *chart) hasTimes(column int) bool {
	f, known := flowlog.Lookup(c.columns[column].Name)
	return c.each(column, func(v any) bool {
		_, ok := timeOf(v, known && f.Epoch)
		return ok
	})
}

// hasNumbers reports whether a column has numbers.
func (c *chart) hasNumbers(column int) bool {
	return c.each(column, func(v any) bool {
		_, ok := numberOf(v)
		return ok
	})
}

// dateForms are the spellings of times in text: of Athena, of Logs Insights, and what date_format makes.
var dateForms = []string{
	"2006-01-02 15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02", "2006-01-02 15:04", "2006-01-02T15:04:05Z07:00", "2006/01/02", "2006-01-02 15",
	"2006/01/02 15:04", "2006-01-02T15:04",
}

// timeOf returns a value as a time. epoch says that numbers are seconds since the epoch.
func timeOf(v any, epoch bool) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case int64:
		return time.Unix(v, 0), epoch
	case string:
		for _, form := range dateForms {
			if t, err := time.Parse(form, v); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// numberOf returns a value as a number; those that are not finite are none.
func numberOf(v any) (float64, bool) {
	var f float64
	switch v := v.(type) {
	case int64:
		f = float64(v)
	case float64:
		f = v
	case *big.Int:
		f, _ = new(big.Float).SetInt(v).Float64()
	case query.Decimal:
		var err error
		if f, err = strconv.ParseFloat(string(v), 64); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

// value returns a number of a row; NaN where it is absent.
func (c *chart) value(row []any, column int) float64 {
	if f, ok := numberOf(row[column]); ok {
		return f
	}
	return math.NaN()
}

// label returns what a row is called.
func (c *chart) label(row []any, columns []int) string {
	var parts []string
	for _, i := range columns {
		parts = append(parts, printable(cell(row[i], c.zone)))
	}
	return strings.Join(parts, " ")
}

// amount writes a number of a column for people: bytes with their units.
func amount(column string, f float64) string {
	if name := strings.ToLower(column); strings.Contains(name, "bytes") && !strings.Contains(name, "per") && f >= 0 && f < 1<<62 {
		return size(int64(math.Round(f)))
	}
	switch {
	case f == math.Trunc(f) && math.Abs(f) < 1e12:
		return number(int64(f))
	case math.Abs(f) >= 100 && math.Abs(f) < 1e12:
		return number(int64(math.Round(f)))
	}
	return strconv.FormatFloat(f, 'g', 4, 64)
}

// cut returns a text that takes at most so many places.
func (c canvas) cut(text string, most int) string {
	if width(text) <= most {
		return text
	}
	end := "…"
	if c.plain {
		end = "~"
	}
	for width(text) > most-1 && text != "" {
		r := []rune(text)
		text = string(r[:len(r)-1])
	}
	return text + end
}

// inASCII returns a chart without signs beyond ASCII.
func (c canvas) inASCII(text string) string {
	if !c.plain {
		return text
	}
	return strings.NewReplacer("┤", "|", "┼", "+", "│", "|", "─", "-", "└", "+", "┬", "+", "█", "#", "…", "~").Replace(text)
}

// printableButColors is printable for lines that have the colours of a chart.
func printableButColors(text string) string {
	const escape = "\x1b"
	if !strings.Contains(text, escape) {
		return printableLines(text)
	}
	parts := strings.Split(text, escape)
	for i, p := range parts {
		parts[i] = printableLines(p)
	}
	return strings.Join(parts, escape)
}

// pad returns a text with blanks behind it, or before it where right says so.
func pad(text string, places int, right bool) string {
	blanks := strings.Repeat(" ", max(0, places-width(text)))
	if right {
		return blanks + text
	}
	return text + blanks
}
