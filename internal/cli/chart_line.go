package cli

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/guptarohit/asciigraph"

	"weir/flowlog"
)

// lineHeight is how many rows a chart of lines has, and mostLines how many lines.
const (
	lineHeight = 15
	mostLines  = 6
)

// lineColors are the colours of lines, in a terminal; lineSigns tell lines apart where there are none.
var (
	lineColors = []asciigraph.AnsiColor{asciigraph.Blue, asciigraph.Red, asciigraph.Green, asciigraph.Orange, asciigraph.Purple, asciigraph.Cyan}
	lineSigns  = []string{"*", "+", "o", "x", "#", "@"}
)

// point is a value at a time.
type point struct {
	at time.Time
	y  float64
}

// series is one line.
type series struct {
	name   string
	column string // whose numbers it has
	points []point
	most   float64
}

// line draws the numbers over the times.
func (c *chart) line() (string, error) {
	if c.time < 0 {
		return "", hint(usage(fmt.Errorf("a line needs a column of times, and there is none")),
			"date_trunc('hour', ...) or bin(1h) make times", "--chart bar draws a bar for each row")
	}
	all := c.series()
	drawn := all[:min(len(all), mostLines)]
	first, last := bounds(drawn)
	if first.Equal(last) {
		return "", hint(usage(fmt.Errorf("a line needs two times, and all rows have %s", showTime(first, c.zone))), "--chart bar draws a bar for each row")
	}
	top, low := 0.0, 0.0
	names := map[string]bool{}
	for _, s := range drawn {
		names[s.column] = true
		for _, p := range s.points {
			top, low = max(top, p.y), min(low, p.y)
		}
	}
	if top == low {
		top = low + 1
	}
	column := drawn[0].column
	if len(names) > 1 {
		column = "" // units differ
	}
	format := func(f float64) string { return amount(column, f) }
	places := max(20, c.canvas.width-labelWidth(low, top, format)-10)
	data := make([][]float64, len(drawn))
	merged := false
	for i, s := range drawn {
		var more bool
		data[i], more = spread(s.points, first, last, places)
		merged = merged || more
	}
	options := []asciigraph.Option{
		asciigraph.Height(lineHeight), asciigraph.LowerBound(low), asciigraph.UpperBound(top), asciigraph.YAxisValueFormatter(format),
		asciigraph.XAxisRange(float64(first.Unix()), float64(last.Unix())), asciigraph.XAxisTickCount(max(2, places/24)),
		asciigraph.XAxisValueFormatter(c.timeLabel(first, last)),
	}
	signs := c.canvas.plain || !c.canvas.colors && len(drawn) > 1
	var chars []asciigraph.CharSet
	for i := range drawn {
		if signs {
			chars = append(chars, asciigraph.CreateCharSet(lineSigns[i]))
		}
	}
	if signs {
		options = append(options, asciigraph.SeriesChars(chars...))
	} else if c.canvas.colors {
		options = append(options, asciigraph.SeriesColors(lineColors[:len(drawn)]...))
	}
	text := asciigraph.PlotMany(data, options...) + "\n" + c.legend(drawn, signs)
	if len(drawn) < len(all) {
		text += fmt.Sprintf("the %d largest of %d lines\n", len(drawn), len(all))
	}
	if merged {
		text += "a place is the largest of the values in it\n"
	}
	return c.canvas.inASCII(text), nil
}

// labelWidth returns how wide the labels beside lines are at most: the library puts one at each row, of which there are lineHeight or one
// more or less.
func labelWidth(low, top float64, format func(float64) string) int {
	most := 0
	for rows := lineHeight - 1; rows <= lineHeight+1; rows++ {
		for i := range rows + 1 {
			most = max(most, width(format(top-float64(i)*(top-low)/float64(rows))))
		}
	}
	return most
}

// series returns a line for each column of numbers, of each value of the labels, the one with the largest value first.
func (c *chart) series() []*series {
	var out []*series
	at := map[string]*series{}
	f, known := flowlog.Lookup(c.columns[c.time].Name)
	for _, row := range c.rows {
		t, ok := timeOf(row[c.time], known && f.Epoch)
		if !ok {
			continue // absent
		}
		label := c.label(row, c.labels)
		for _, n := range c.numbers {
			name := printable(c.columns[n].Name)
			if label != "" && len(c.numbers) > 1 {
				name = label + ", " + name
			} else if label != "" {
				name = label
			}
			s := at[name]
			if s == nil {
				s = &series{name: name, column: c.columns[n].Name, most: math.Inf(-1)}
				at[name] = s
				out = append(out, s)
			}
			if y := c.value(row, n); !math.IsNaN(y) {
				s.points = append(s.points, point{t, y})
				s.most = max(s.most, y)
			}
		}
	}
	out = slices.DeleteFunc(out, func(s *series) bool { return len(s.points) == 0 })
	for _, s := range out {
		slices.SortStableFunc(s.points, func(a, b point) int { return a.at.Compare(b.at) })
	}
	slices.SortStableFunc(out, func(a, b *series) int { return cmp.Or(cmp.Compare(b.most, a.most), cmp.Compare(a.name, b.name)) })
	return out
}

// bounds returns the first and the last time of lines.
func bounds(all []*series) (first, last time.Time) {
	for i, s := range all {
		begin, end := s.points[0].at, s.points[len(s.points)-1].at
		if i == 0 || begin.Before(first) {
			first = begin
		}
		if i == 0 || end.After(last) {
			last = end
		}
	}
	return first, last
}

// spread puts points into so many places between two times. Between points that lie as close as most of them do there is a line; NaN is in the
// places of longer gaps. merged says that some places had several points, of which they have the largest.
func spread(points []point, first, last time.Time, n int) (out []float64, merged bool) {
	out = make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	place := func(t time.Time) int {
		return int(math.Round(float64(t.Sub(first)) / float64(last.Sub(first)) * float64(n-1)))
	}
	var steps []time.Duration
	for i := 1; i < len(points); i++ {
		if d := points[i].at.Sub(points[i-1].at); d > 0 {
			steps = append(steps, d)
		}
	}
	slices.Sort(steps)
	var usual time.Duration
	if len(steps) > 0 {
		usual = steps[len(steps)/2]
	}
	for i, p := range points {
		at := place(p.at)
		if !math.IsNaN(out[at]) {
			merged = true
			out[at] = max(out[at], p.y)
		} else {
			out[at] = p.y
		}
		if i == 0 || p.at.Sub(points[i-1].at) > usual*3/2 {
			continue
		}
		from := place(points[i-1].at)
		for j := from + 1; j < at; j++ {
			out[j] = out[from] + (out[at]-out[from])*float64(j-from)/float64(at-from)
		}
	}
	return out, merged
}

// timeLabel returns how times are written below a chart of a range.
func (c *chart) timeLabel(first, last time.Time) func(float64) string {
	form := "2006-01-02"
	switch d := last.Sub(first); {
	case d <= 24*time.Hour:
		form = "15:04"
	case d <= 14*24*time.Hour:
		form = "01-02 15:04"
	}
	return func(f float64) string { return time.Unix(int64(f), 0).In(c.zone).Format(form) }
}

// legend says which line is what, and the range of times.
func (c *chart) legend(drawn []*series, signs bool) string {
	first, last := bounds(drawn)
	text := fmt.Sprintf("%s to %s\n", showTime(first, c.zone), showTime(last, c.zone))
	var b strings.Builder
	for i, s := range drawn {
		mark := "─"
		if signs {
			mark = lineSigns[i]
		}
		if c.canvas.colors {
			mark = lineColors[i].String() + mark + asciigraph.Default.String()
		}
		most := ", at most " + amount(s.column, s.most)
		b.WriteString(mark + " " + c.canvas.cut(s.name, c.canvas.width-width(most)-2) + most + "\n")
	}
	return b.String() + text
}
