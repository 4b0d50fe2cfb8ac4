package cli

import (
	"fmt"
	"math"
	"strings"
)

// mostBars is how many rows are drawn as bars.
const mostBars = 100

// bars draws a bar for each number of each row, which are as long as their part of the largest of their column.
func (c *chart) bars() string {
	labels := c.labels
	if c.time >= 0 {
		labels = append([]int{c.time}, labels...)
	}
	numbers := c.numbers
	if len(labels) == 0 && len(numbers) > 1 { // the first column says what each row is
		labels, numbers = numbers[:1], numbers[1:]
	}
	rows := c.rows[:min(len(c.rows), mostBars)]
	names, amounts := make([]string, len(rows)), make([]string, 0, len(rows)*len(numbers))
	nameWidth, amountWidth, columnWidth := 0, 0, 0
	several := len(numbers) > 1
	mostName := c.canvas.width / 2
	if several {
		mostName = c.canvas.width / 3
	}
	most := make([]float64, len(numbers))
	for i, row := range rows {
		names[i] = c.canvas.cut(c.label(row, labels), mostName)
		nameWidth = max(nameWidth, width(names[i]))
		for j, n := range numbers {
			text := "-"
			if f := c.value(row, n); !math.IsNaN(f) {
				text = amount(c.columns[n].Name, f)
				most[j] = max(most[j], math.Abs(f))
			}
			amounts = append(amounts, text)
			amountWidth = max(amountWidth, width(text))
		}
	}
	heads := make([]string, len(numbers))
	for j, n := range numbers {
		heads[j] = c.canvas.cut(printable(c.columns[n].Name), 14)
		columnWidth = max(columnWidth, width(heads[j]))
	}
	title := c.canvas.cut(c.heads(labels), mostName)
	if !several {
		nameWidth, amountWidth, columnWidth = max(nameWidth, width(title)), max(amountWidth, width(heads[0])), -2
	}
	room := max(10, c.canvas.width-nameWidth-amountWidth-columnWidth-6)
	var b strings.Builder
	if !several {
		b.WriteString(strings.TrimRight(pad(title, nameWidth, false)+"  "+pad(heads[0], amountWidth, true), " ") + "\n")
	}
	for i, row := range rows {
		for j, n := range numbers {
			line := pad("", nameWidth, false)
			if j == 0 {
				line = pad(names[i], nameWidth, false)
			}
			if several {
				line += "  " + pad(heads[j], columnWidth, false)
			}
			line += "  " + pad(amounts[i*len(numbers)+j], amountWidth, true)
			if f := c.value(row, n); !math.IsNaN(f) {
				line += "  " + c.canvas.bar(f, most[j], room)
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	if len(rows) < len(c.rows) {
		fmt.Fprintf(&b, "the first %d of %s rows\n", len(rows), number(int64(len(c.rows))))
	}
	return c.canvas.inASCII(b.String())
}

// heads returns the names of columns.
func (c *chart) heads(columns []int) string {
	var names []string
	for _, i := range columns {
		names = append(names, printable(c.columns[i].Name))
	}
	return strings.Join(names, " ")
}

// bar returns a bar whose length is f's part of most, of at most so many places. Below zero it begins with "-".
func (c canvas) bar(f, most float64, room int) string {
	if most == 0 || f == 0 {
		return ""
	}
	sign := ""
	if f < 0 {
		sign, f, room = "-", -f, room-1
	}
	if c.plain {
		return sign + strings.Repeat("#", max(1, int(math.Round(f/most*float64(room)))))
	}
	eighths := max(1, int(math.Round(f/most*float64(8*room))))
	s := sign + strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return s
}
