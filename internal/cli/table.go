package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// tableColumn is a column of a table for people.
type tableColumn struct {
	head  string
	right bool // numbers stand right
}

// tableBlock is how many rows are held until they are printed, so that a table
// of any length needs little memory.
const tableBlock = 1000

// tablePrinter prints a table row by row. Columns are as wide as the widest cell
// so far: where a later block has wider ones, it is wider.
type tablePrinter struct {
	w       io.Writer
	columns []tableColumn
	widths  []int
	held    [][]string
	headed  bool
	// paint, where it is not nil, returns what stands before and behind the line of a row.
	paint func(row []string) (begin, end string)
}

// newTable returns a printer of a table.
func newTable(w io.Writer, columns []tableColumn) *tablePrinter {
	t := &tablePrinter{w: w, columns: slices.Clone(columns), widths: make([]int, len(columns))}
	for i, c := range columns {
		t.columns[i].head = printable(c.head)
		t.widths[i] = width(t.columns[i].head)
	}
	return t
}

// add adds a row, which the table keeps. Its cells are made printable.
func (t *tablePrinter) add(row []string) error {
	for i, cell := range row {
		row[i] = printable(cell)
		t.widths[i] = max(t.widths[i], width(row[i]))
	}
	if t.held = append(t.held, row); len(t.held) < tableBlock {
		return nil
	}
	return t.flush()
}

// flush prints the rows that are held, the heads before the first.
func (t *tablePrinter) flush() error {
	if !t.headed {
		t.headed = true
		heads := make([]string, len(t.columns))
		for i, c := range t.columns {
			heads[i] = c.head
		}
		t.held = append([][]string{heads}, t.held...)
	}
	var text strings.Builder
	for _, row := range t.held {
		t.line(&text, row)
	}
	t.held = t.held[:0]
	_, err := io.WriteString(t.w, text.String())
	return err
}

// rest prints the rows that are held, if there are any.
func (t *tablePrinter) rest() error {
	if len(t.held) == 0 {
		return nil
	}
	return t.flush()
}

// line writes a row with two spaces between its columns.
func (t *tablePrinter) line(text *strings.Builder, row []string) {
	begin, end := "", ""
	if t.paint != nil {
		begin, end = t.paint(row)
	}
	text.WriteString(begin)
	blank := 0 // spaces that are written before the next cell, if there is one
	for i, cell := range row {
		room := t.widths[i] - width(cell)
		if t.columns[i].right {
			blank += room
			room = 0
		}
		if cell != "" {
			text.WriteString(strings.Repeat(" ", blank))
			text.WriteString(cell)
			blank = 0
		}
		blank += room + 2
	}
	text.WriteString(end)
	text.WriteByte('\n')
}

// width returns how many places a text takes on a terminal.
func width(s string) int {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return runewidth.StringWidth(s)
		}
	}
	return len(s)
}

// printTable prints rows under heads.
func printTable(w io.Writer, columns []tableColumn, rows [][]string) error {
	t := newTable(w, columns)
	for _, row := range rows {
		if err := t.add(row); err != nil {
			return err
		}
	}
	return t.flush()
}

// number writes an integer with separators: 1,234,567.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}

// size writes bytes for people: 1.2 MB.
func size(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, u := float64(n), -1
	for f >= 999.95 && u < len(units)-1 {
		f /= 1000
		u++
	}
	return fmt.Sprintf("%.1f %cB", f, units[u])
}

// length writes a length of time for people.
func length(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		h := int(d.Hours())
		if m := int(d.Minutes()) - 60*h; m > 0 {
			return fmt.Sprintf("%d h %d min", h, m)
		}
		return fmt.Sprintf("%d h", h)
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

// plural writes a number with its noun: 1 object, 2 objects.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}
