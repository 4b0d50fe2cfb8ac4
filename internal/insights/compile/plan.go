package compile

import (
	"slices"
	"strconv"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// A Plan is what SQL does of a query: it gives events, or the rows of its first stats. The reference
// evaluator does Rest on what it gives.
type Plan struct {
	// Stats is nil where the plan gives events.
	Stats *Stats
	// Rest are the commands that are done on the rows: all of the query where they are events.
	Rest []insights.Command

	in    *input
	where []string
	// order is what events are in the order of, and enough how many of the first decide the answer, 0
	// where all are needed.
	order  order
	enough int64
	// Exact says that the filters are all of the query's up to where Enough was found.
	exact bool
	// dedup are the keys of a dedup, of which the first event in the order is needed; nil: all events are.
	dedup []Expression
	// firsts is how many combinations of the keys are shown, 0: all.
	firsts int64
}

// order is one key of an order.
type order struct {
	at   Expression
	desc bool
	time bool // @timestamp itself, which no command changed
}

// Stats are the rows of a stats.
type Stats struct {
	SQL     string
	Columns []Column
	// Done says that the SQL does all commands behind the stats too, so that its rows are the answer's.
	Done    bool
	counted string // the column that counts the events of each row, "" where all that the source has are
}

// Column is a column of rows: its name in the query, and how its values are read. The last column of
// the SQL behind these is the number of events that the filters let through, NULL where that is all that
// the one source has.
type Column struct {
	Name string
	// By says that it is a group key.
	By bool
	At Expression
}

// most is how many rows a query gives where it has no limit.
const most = 10_000

// New makes the plan of a checked query over sources. limit is how many rows are asked for where the
// query says nothing, 0: what the language says, -1: all.
func New(q *insights.Query, sources []Source, limit int64, context *value.Context) *Plan {
	if limit == 0 {
		limit = most
	}
	p := &Plan{Rest: q.Commands, in: newInput(sources), exact: true}
	c := &compiler{in: p.in, context: context, events: true, names: map[string]Expression{}, opaque: map[string]bool{}}
	if at, ok := c.field([]insights.FieldPart{{Name: "@timestamp"}}); ok {
		p.order = order{at: at, desc: true, time: true}
	}
	ordered, sorted := true, false // p.order is right; a sort was there
	for i, cmd := range q.Commands {
		switch cmd := cmd.(type) {
		case *insights.Filter:
			p.exact = c.filter(&p.where, cmd.Where) && p.exact
		case *insights.Sort:
			ordered, sorted = p.sort(c, cmd, ordered), true
		case *insights.Limit:
			p.stop(ordered, cmd.N)
			return p
		case *insights.Dedup:
			p.dedups(c, cmd, ordered)
			p.firsts = limit
			if i+1 < len(q.Commands) { // nothing but a limit stands behind a dedup
				if l, ok := q.Commands[i+1].(*insights.Limit); ok {
					p.firsts = l.N
				}
			}
			return p
		case *insights.Stats:
			if p.exact && !sorted && p.stats(c, cmd, q.Commands[i+1:], limit) {
				p.Rest = q.Commands[i+1:]
			}
			return p
		default:
			if !c.define(cmd) {
				p.exact = p.exact && !slices.ContainsFunc(q.Commands[i:], isFilter)
				return p
			}
		}
	}
	p.stop(ordered, limit)
	return p
}

func isFilter(c insights.Command) bool {
	_, ok := c.(*insights.Filter)
	return ok
}

// stop says that the first n rows are enough.
func (p *Plan) stop(ordered bool, n int64) {
	if p.exact && ordered && n > 0 {
		p.enough = n
	}
}

// dedups notes the keys of a dedup, where all of them and the order have a form.
func (p *Plan) dedups(c *compiler, cmd *insights.Dedup, ordered bool) {
	texts := p.order.at.Dash && !p.order.desc // "-", NULL in SQL, is before numbers
	if !p.exact || !ordered || p.order.at.Kind == Absent || texts {
		return
	}
	var keys []Expression
	for _, x := range cmd.Fields {
		e, ok := c.expression(x)
		if !ok {
			return
		}
		keys = append(keys, e)
	}
	p.dedup = keys
}

// sort notes the first key of an order: what else orders rows does not change which values of it are
// the first. A key that is the same for all rows orders nothing. ordered says whether the order before is
// known, and sort whether this one is.
func (p *Plan) sort(c *compiler, cmd *insights.Sort, ordered bool) bool {
	found := false
	for _, k := range cmd.Keys {
		at, ok := c.expression(k.Expr)
		if k.As != "" {
			c.hide(k.As)
		}
		switch {
		case found || ok && at.IsConstant:
		case !ok:
			ordered, found = false, true
		default:
			p.order = order{at: at, desc: k.Desc}
			if f, is := k.Expr.(*insights.Field); is {
				_, hidden := c.names["@timestamp"]
				p.order.time = joinParts(f.Parts) == "@timestamp" && !hidden
			}
			ordered, found = true, true
		}
	}
	return ordered
}

// filter adds what of a condition has a form in SQL, and reports whether all has.
func (c *compiler) filter(where *[]string, x insights.Expr) bool {
	if b, ok := x.(*insights.Binary); ok && b.Op == "and" {
		left := c.filter(where, b.X)
		return c.filter(where, b.Y) && left
	}
	s, ok := c.condition(x, true)
	size := len(s)
	for _, w := range *where {
		size += len(w)
	}
	if !ok || size > maxText {
		return false
	}
	*where = append(*where, s)
	return true
}

// define notes the names that a command gives, where it keeps each row as one row; it reports false
// for others.
func (c *compiler) define(cmd insights.Command) bool {
	switch cmd := cmd.(type) {
	case *insights.Fields:
		c.items(cmd.Items)
	case *insights.Display:
		c.items(cmd.Items)
	case *insights.Unmask:
	case *insights.Lookup:
		for _, o := range cmd.Output {
			c.hide(o.As)
		}
	case *insights.Parse:
		return c.parse(cmd)
	default:
		return false
	}
	return true
}

// items notes the names of fields and display.
func (c *compiler) items(list []insights.Item) {
	for _, it := range list {
		if f, ok := it.Expr.(*insights.Field); ok && !it.Aliased && joinParts(f.Parts) == it.Name {
			continue
		}
		e, ok := c.expression(it.Expr)
		c.set(it.Name, e, ok)
	}
}

// set gives a name its value, or notes that only the reference knows it.
func (c *compiler) set(name string, e Expression, ok bool) {
	if !ok {
		c.hide(name)
		return
	}
	c.names[name] = e
	delete(c.opaque, name)
}

func (c *compiler) hide(name string) {
	delete(c.names, name)
	c.opaque[name] = true
}

// parse notes the names of a parse that keeps each row as one.
func (c *compiler) parse(cmd *insights.Parse) bool {
	if cmd.Multi {
		return false
	}
	names := cmd.Names()
	groups := make([]int, len(names))
	for i := range groups {
		groups[i] = i + 1
	}
	if cmd.Kind == insights.ParseRegex {
		re, err := value.CompileRegex(cmd.Text)
		if err != nil {
			return false
		}
		if cmd.As == nil {
			groups = nil
			for i, n := range re.SubexpNames() {
				if n != "" {
					groups = append(groups, i)
				}
			}
		}
		if len(groups) != len(names) || len(names) > re.NumSubexp() {
			return false
		}
	}
	e, ok := c.parsed(cmd)
	fn := map[insights.ParseKind]string{insights.ParseGlob: FnGlob, insights.ParseRegex: FnCapture}[cmd.Kind]
	if !ok || fn == "" || !plain(cmd.Text) {
		for _, n := range names {
			c.hide(n)
		}
		return true
	}
	for i, n := range names {
		at := Expression{SQL: fn + "(" + e.text() + ", " + Quote(cmd.Text) + ", " + strconv.Itoa(groups[i]) + ")", Kind: Text}
		if e.Kind == Absent {
			at = absent
		}
		c.set(n, at, true)
	}
	return true
}

// parsed compiles what a parse reads.
func (c *compiler) parsed(cmd *insights.Parse) (Expression, bool) {
	if cmd.Field != nil {
		return c.expression(cmd.Field)
	}
	return c.field([]insights.FieldPart{{Name: "@message"}})
}

// stats compiles a stats and what can be left out behind it, or reports false.
func (p *Plan) stats(c *compiler, cmd *insights.Stats, rest []insights.Command, limit int64) bool {
	if cmd.Offset != nil {
		return false
	}
	s := &Stats{}
	behind := &compiler{in: p.in, context: c.context, names: map[string]Expression{}, opaque: map[string]bool{}}
	behind.texts = map[string]string{}
	for _, it := range slices.Concat(cmd.By, cmd.Aggs) {
		if _, twice := behind.names[it.Name]; twice {
			return false // the later one counts
		}
		behind.names[it.Name] = absent
		behind.texts[it.Expr.String()] = it.Name
	}
	var selects, group []string
	add := func(name string, by bool, e Expression) {
		column := "c" + strconv.Itoa(len(s.Columns))
		sql := e.SQL
		if e.Kind == Absent {
			sql = "NULL"
		}
		e.SQL, e.IsConstant, e.Constant = column, false, value.Absent
		if by && e.Seconds != "" {
			sql, e.SQL, e.Seconds = e.Seconds, "("+column+" * 1000)", column
		}
		s.Columns = append(s.Columns, Column{Name: name, By: by, At: e})
		selects = append(selects, sql+" AS "+column)
		if by {
			group = append(group, strconv.Itoa(len(s.Columns)))
		}
		if e.Kind == Absent {
			behind.names[name] = absent
			return
		}
		behind.names[name] = e
	}
	for _, it := range cmd.By {
		e, ok := c.expression(it.Expr)
		if !ok {
			return false
		}
		if e.Kind == Tagged {
			e = Expression{SQL: e.text(), Kind: Text}
		}
		add(it.Name, true, e)
	}
	grouped := *c
	grouped.grouped, grouped.outer, grouped.names = true, c.names, map[string]Expression{}
	for _, it := range cmd.Aggs {
		e, ok := grouped.expression(it.Expr)
		if !ok {
			return false
		}
		add(it.Name, false, e)
		grouped.names[it.Name] = e
	}
	switch i := slices.IndexFunc(selects, func(s string) bool { return strings.HasPrefix(s, "count(*) AS ") }); {
	case i >= 0:
		s.counted = s.Columns[i].At.SQL
	case p.unfiltered():
	default:
		s.counted = "n"
		selects = append(selects, "count(*) AS n")
	}
	text := "SELECT " + strings.Join(selects, ", ") + p.in.from(p.where)
	if len(group) > 0 {
		text += " GROUP BY " + strings.Join(group, ", ")
	}
	s.SQL = s.behind(text, behind, rest, limit)
	if len(s.SQL) > maxText {
		return false
	}
	p.Stats = s
	return true
}

// MaxRows is how many rows of a stats the reference may be given. SQL that could give more gives one more.
const MaxRows = 2_000_000

// What is bounded, so that DuckDB plans a query soon: planning does not end where the query is cancelled. A
// name stands in SQL for the whole that it was given, and so a short query could be long SQL. What is beyond
// is left to the reference.
const (
	maxText       = 512 << 10 // bytes of a plan's SQL
	maxExpression = 64 << 10  // bytes of an expression's
	maxNested     = 200       // parentheses in each other; DuckDB takes 1,000 calls and operators
)

// fits reports whether the SQL of an expression is within the bounds.
func fits(sql string) bool {
	if len(sql) > maxExpression {
		return false
	}
	depth, text := 0, false
	for i := range len(sql) {
		switch c := sql[i]; {
		case c == '\'':
			text = !text
		case text:
		case c == '(':
			if depth++; depth > maxNested {
				return false
			}
		case c == ')':
			depth--
		}
	}
	return true
}

// unfiltered says that all rows of one table count.
func (p *Plan) unfiltered() bool {
	return len(p.in.sources) == 1 && len(p.where) == 0 && len(p.in.sources[0].Where) == 0
}

// behind returns the SELECT of the rows of a stats that are needed for the commands behind it, in the
// order of rows behind stats.
func (s *Stats) behind(stats string, c *compiler, rest []insights.Command, limit int64) string {
	var where, by, ties []string
	var keys []sortTerm
	for i := range s.Columns {
		if s.Columns[i].By {
			at := &s.Columns[i].At
			by = append(by, at.terms(false)...)
			if at.Kind == Text && !at.Address || at.Kind == Tagged { // 1 and 1.0 are different
				ties = append(ties, at.text())
			}
		}
	}
	by = append(by, ties...) // behind all keys, as where rows of events are equal in all
	exact, ordered, enough := true, true, limit
	plain := true // all commands are filters, sorts and a limit at the end
commands:
	for i, cmd := range rest {
		switch cmd := cmd.(type) {
		case *insights.Filter:
			exact = c.filter(&where, cmd.Where) && exact
		case *insights.Sort:
			var terms []sortTerm
			for _, k := range cmd.Keys {
				e, ok := c.expression(k.Expr)
				ordered = ordered && ok
				if k.As != "" {
					c.hide(k.As)
					plain = false
				}
				if ok && !e.IsConstant {
					terms = append(terms, sortTerm{e, k.Desc})
				}
			}
			keys = append(terms, keys...)
		case *insights.Limit:
			enough = cmd.N
			plain = plain && i == len(rest)-1
			break commands
		default:
			plain = false
			if !c.define(cmd) {
				exact = false // all rows are needed
				break commands
			}
		}
	}
	list := make([]string, len(s.Columns))
	for i := range s.Columns {
		list[i] = s.Columns[i].At.SQL
	}
	if !ordered {
		keys = nil
	}
	var terms []string
	for i := range keys {
		terms = append(terms, keys[i].at.terms(keys[i].desc)...)
	}
	terms = append(terms, by...)
	text := "WITH g AS MATERIALIZED (" + stats + ")"
	s.Done = plain && exact && ordered
	dear := len(terms) > 1 && strings.Contains(strings.Join(terms[1:], ""), FnPrefix)
	if exact && ordered && dear && len(keys) > 0 && enough >= 0 && enough <= fewRows {
		if t, w := keys[0].bound(enough, where); t != "" {
			text += ", t AS (" + t + ")"
			where = append(where, w)
		}
	}
	total := "CAST(NULL AS BIGINT)"
	if s.counted != "" {
		total = "(SELECT CAST(sum(" + s.counted + ") AS BIGINT) FROM g)"
	}
	text += " SELECT " + strings.Join(append(list, total), ", ") + " FROM g" + whereText(where)
	if len(terms) > 0 {
		text += " ORDER BY " + strings.Join(terms, ", ")
	}
	switch {
	case exact && ordered && enough >= 0:
		text += " LIMIT " + strconv.FormatInt(enough, 10)
	default:
		text += " LIMIT " + strconv.Itoa(MaxRows+1)
	}
	return text
}

// fewRows is how many rows a bound is worth looking for.
const fewRows = 10_000

// sortTerm is a key of a sort.
type sortTerm struct {
	at   Expression
	desc bool
}

// bound returns a SELECT of one value that bounds the first n rows by a key that is a number, and the
// condition of rows that lies within: the other keys, which are dear to compute, are needed of those alone.
func (k *sortTerm) bound(n int64, where []string) (selected, condition string) {
	if k.at.Dash || k.at.Kind != Int && k.at.Kind != Float && k.at.Kind != Time {
		return "", ""
	}
	last, op := "max", " <= "
	if k.desc {
		last, op = "min", " >= "
	}
	enough := strconv.FormatInt(n, 10)
	return "SELECT CASE WHEN count(k) = " + enough + " THEN " + last + "(k) END AS k FROM (SELECT " + k.at.SQL + " AS k FROM g" + whereText(where) +
			" ORDER BY " + k.at.terms(k.desc)[0] + " LIMIT " + enough + ")",
		"coalesce(" + k.at.SQL + op + "(SELECT k FROM t), true)"
}

// terms returns what rows are ordered by to be in the natural order of a value, absent last.
func (e *Expression) terms(desc bool) []string {
	dir := " ASC"
	if desc {
		dir = " DESC"
	}
	switch e.Kind {
	case Absent:
		return nil
	case Int, Float, Bool, Time, Digits:
		if e.Dash && !desc {
			return []string{e.SQL + dir + " NULLS FIRST"} // texts before numbers
		}
		return []string{e.SQL + dir + " NULLS LAST"}
	}
	return []string{e.key() + dir + " NULLS LAST"}
}

// key returns what is in the natural order of the value: an integer, DOUBLE or VARCHAR.
func (e *Expression) key() string {
	switch e.Kind {
	case Tagged:
		return FnTaggedKey + "(" + e.SQL + ")"
	case Text:
		return FnKey + "(" + e.text() + ")"
	}
	return e.SQL
}
