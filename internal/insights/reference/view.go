package reference

import (
	"slices"
	"strconv"

	"weir/internal/insights"
)

// A Column is what a result shows under a name: a field of the row, or with Field nil the column that a command made.
type Column struct {
	Name  string
	Field *insights.Field
}

// A View is what commands say of the rows behind them, whatever the rows are: what is shown, and what the last stats was.
type View struct {
	// Columns are shown, in order. Before any command says so, @timestamp and @message are.
	Columns []Column
	// Stats is the last stats, nil where there was none.
	Stats *insights.Stats
	// Aggregated says that the rows are no events.
	Aggregated bool
	// Limited says that a limit was among the commands.
	Limited bool

	patterns  bool // the rows are those of pattern
	selected  bool // fields, stats or the like chose columns
	displayed bool // display chose Columns, and they stay
}

// ViewOf returns the view behind commands.
func ViewOf(commands []insights.Command) View {
	var v View
	for _, c := range commands {
		v = v.After(c)
	}
	return v
}

// Result returns what is shown in the end, without @ptr.
func (v View) Result() []Column {
	columns := slices.Clone(v.Columns)
	if !v.selected && !v.displayed {
		columns = slices.Concat(fieldColumns("@timestamp", "@message"), slices.DeleteFunc(columns, func(c Column) bool {
			return c.Name == "@timestamp" || c.Name == "@message"
		}))
	}
	return slices.DeleteFunc(columns, func(c Column) bool { return c.Name == "@ptr" })
}

func fieldColumns(names ...string) []Column {
	var out []Column
	for _, n := range names {
		out = append(out, Column{n, &insights.Field{Parts: partsOf(n)}})
	}
	return out
}

// After returns the view behind one more command.
func (v View) After(c insights.Command) View {
	v.Columns = slices.Clip(v.Columns)
	switch c := c.(type) {
	case *insights.Fields:
		v.selected = true
		v.items(c.Items)
	case *insights.Display:
		v.displayed, v.Columns = false, nil
		v.items(c.Items)
		v.displayed = true
	case *insights.Limit:
		v.Limited = true
	case *insights.Stats:
		v = View{Stats: c, Limited: v.Limited}
		v.fixed(statsNames(c)...)
	case *insights.CountFrequent:
		names := []string{}
		for _, f := range c.Fields {
			names = append(names, nameOf(f))
		}
		v = View{Limited: v.Limited}
		v.fixed(append(names, "_approxcount")...)
	case *insights.Pattern:
		v = View{Limited: v.Limited, patterns: true}
		v.fixed(patternColumns...)
	case *insights.Diff, *insights.LogCompare:
		v = View{Limited: v.Limited}
		v.fixed(diffColumns...)
	case *insights.Estimate:
		v = View{Limited: v.Limited}
		v.fixed(estimateColumns...)
	default:
		v.add(made(c)...)
		if u, ok := c.(*insights.Unmask); ok {
			v.add(Column{nameOf(u.Field), plainField(u.Field)})
		}
	}
	return v
}

// fixed makes these the columns of rows that are no events.
func (v *View) fixed(names ...string) {
	v.selected, v.Aggregated = true, true
	for _, n := range names {
		v.add(Column{Name: n})
	}
}

// add shows columns, each once; behind display nothing more is shown.
func (v *View) add(columns ...Column) {
	if v.displayed {
		return
	}
	for _, c := range columns {
		if !slices.ContainsFunc(v.Columns, func(old Column) bool { return old.Name == c.Name }) {
			v.Columns = append(v.Columns, c)
		}
	}
}

func (v *View) items(items []insights.Item) {
	for _, it := range items {
		c := Column{Name: it.Name}
		if !it.Aliased {
			c.Field = plainField(it.Expr)
		}
		v.add(c)
	}
}

// made returns the columns that a command makes beside those that there are.
func made(c insights.Command) []Column {
	var names []string
	switch c := c.(type) {
	case *insights.Parse:
		names = c.Names()
	case *insights.Sort:
		for _, k := range c.Keys {
			if k.As != "" {
				names = append(names, k.As)
			}
		}
	case *insights.Unnest:
		names = []string{c.Into}
	case *insights.Lookup:
		for _, o := range c.Output {
			names = append(names, o.As)
		}
	case *insights.AddTotals:
		if c.Row {
			names = []string{c.FieldName}
		}
	case *insights.Accum:
		if c.As != c.Field.Name() {
			names = []string{c.As}
		}
	case *insights.AutoRegress:
		names = lagNames(c)
	case *insights.Sessionize:
		names = []string{c.As}
	case *insights.Outlier:
		if c.Mark {
			names = []string{outlierColumn}
		}
	case *insights.AppendCols:
		for _, inner := range ViewOf(c.Query.Commands).Result() {
			names = append(names, inner.Name)
		}
	}
	var out []Column
	for _, n := range names {
		out = append(out, Column{Name: n})
	}
	return out
}

// lagNames returns the columns of autoregress: the field's name, or the one given, with _p and the distance; a name that was
// given for a single distance as it is.
func lagNames(c *insights.AutoRegress) []string {
	if c.From == c.To && c.As != c.Field.Name() {
		return []string{c.As}
	}
	var names []string
	for lag := c.From; lag <= c.To; lag++ {
		names = append(names, c.As+"_p"+strconv.Itoa(lag))
	}
	return names
}

// plainField returns an expression that is a field, else nil.
func plainField(x insights.Expr) *insights.Field {
	f, _ := x.(*insights.Field)
	return f
}

// nameOf returns the name of the column of an expression that has none of its own.
func nameOf(x insights.Expr) string {
	if f := plainField(x); f != nil {
		return f.Name()
	}
	return x.String()
}
