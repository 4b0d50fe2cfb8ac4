package insights

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"weir/internal/insights/value"
)

// CheckOptions are what a query is checked with.
type CheckOptions struct {
	// LookupTables are the names of the lookup tables that there are; nil where nobody knows.
	LookupTables []string
}

// Check says whether a query that was parsed means something: names and arguments of functions, where
// commands may stand, and what names are known. A fault is an [*Error].
func Check(q *Query, o CheckOptions) error {
	_, err := Resolve(q, o)
	return err
}

// Resolve checks a query and returns a copy in which names are what they mean: behind stats, an
// expression that is a column of it, such as count(*), is the [Field] of one quoted part with the
// column's name. The query itself stays as it is.
//
// Source: AWS, "stats": a name behind stats must be defined there, and the text of an aggregate is one.
func Resolve(q *Query, o CheckOptions) (*Query, error) {
	var out *Query
	err := guard(func() { out = (&checker{options: o}).query(q) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Read parses, checks and resolves a query: what is evaluated.
func Read(text string, o CheckOptions) (*Query, error) {
	q, err := ParseQuery(text)
	if err != nil {
		return nil, err
	}
	return Resolve(q, o)
}

// checker checks a query, command by command.
type checker struct {
	options CheckOptions
	nested  bool // the query stands in another one
	scope   scope
	before  []Command // of this query
	after   []Command
	stats   int // how many there were
	// filter says that a condition of filter is checked, where a query may stand.
	filter bool
}

func (c *checker) query(q *Query) *Query {
	out := &Query{Span: q.Span, Source: q.Source}
	for i, command := range q.Commands {
		c.before, c.after = q.Commands[:i], q.Commands[i+1:]
		if checked := command.check(c); checked != nil {
			out.Commands = append(out.Commands, checked)
		}
	}
	return out
}

// inner checks a query that stands in this one.
//
// Source: AWS, "subqueries" and "join": they do not nest.
func (c *checker) inner(q *Query) *Query {
	if c.nested {
		fail(q.Span, "a query that stands in another one can't have one in it", "")
	}
	return (&checker{options: c.options, nested: true}).query(q)
}

// outermost fails in a query that stands in another one.
func (c *checker) outermost(command Command) {
	if c.nested {
		failf(command.Place(), "", "%s can't stand in a query that stands in another one", command.Name())
	}
}

// once fails where a command of the same type was before.
func once[T Command](c *checker, command T) {
	for _, b := range c.before {
		if _, ok := b.(T); ok {
			failf(command.Place(), "", "%s can stand in a query once", command.Name())
		}
	}
}

// seen reports whether a command of a type was before.
func seen[T Command](c *checker) bool {
	return slices.ContainsFunc(c.before, func(b Command) bool {
		_, ok := b.(T)
		return ok
	})
}

// An exprPlace is where an expression stands.
type exprPlace struct {
	stats  bool // in stats: only names that are known
	top    bool // outside of any aggregate of an item of stats
	inside bool // in an aggregate
	given  map[string]bool
}

// expr checks an expression that stands in no stats.
func (c *checker) expr(x Expr) Expr { return c.resolve(x, exprPlace{}) }

func (c *checker) exprs(list []Expr) []Expr {
	out := make([]Expr, len(list))
	for i, x := range list {
		out[i] = c.expr(x)
	}
	return out
}

// fields checks fields, which may be written names of columns.
func (c *checker) fields(list []*Field) []*Field {
	if list == nil {
		return nil
	}
	out := make([]*Field, len(list))
	for i, f := range list {
		out[i] = c.plainField(f)
	}
	return out
}

// plainField checks a field where nothing else can stand.
func (c *checker) plainField(f *Field) *Field {
	g, _ := c.field(f, exprPlace{}).(*Field)
	return g
}

// items checks items that stand in no stats, and adds what they define.
func (c *checker) items(list []Item) []Item {
	out := make([]Item, len(list))
	for i, it := range list {
		out[i] = it
		out[i].Expr = c.expr(it.Expr)
		if it.Aliased || !isField(out[i].Expr) {
			c.scope.add(it.Name)
		}
	}
	return out
}

// resolve checks an expression and returns it resolved.
func (c *checker) resolve(x Expr, at exprPlace) Expr {
	if name := c.columnOf(x, at); name != "" {
		return &Field{Span: x.Place(), Parts: []FieldPart{{Name: name, Quoted: true}}}
	}
	switch x := x.(type) {
	case *Field:
		return c.field(x, at)
	case *Call:
		return c.call(x, at)
	case *Unary:
		if x.Op == "not" {
			checkCondition(x.X)
		}
		return &Unary{Span: x.Span, Op: x.Op, X: c.resolve(x.X, at)}
	case *Binary:
		if x.Op == "and" || x.Op == "or" {
			checkCondition(x.X)
			checkCondition(x.Y)
		}
		return &Binary{Span: x.Span, Op: x.Op, X: c.resolve(x.X, at), Y: c.resolve(x.Y, at)}
	case *Like:
		return &Like{Span: x.Span, X: c.resolve(x.X, at), Not: x.Not, Regex: x.Regex, Text: x.Text}
	case *In:
		return c.in(x, at)
	case *Index:
		return &Index{Span: x.Span, X: c.resolve(x.X, at), Key: x.Key, Position: x.Position}
	case *Period:
		hint := "it is an argument of bin, datefloor, dateceil and rate"
		if ms, ok := (value.Period{N: x.N, Unit: x.Unit}).Millis(); ok {
			hint += fmt.Sprintf("; for arithmetic write its milliseconds, %d", ms)
		}
		fail(x.Span, "a period can't stand here", hint)
	case *Regex:
		fail(x.Span, "a regular expression can't stand here", "it stands behind like and =~, and as the second argument of regexReplace")
	}
	return x
}

// checkCondition fails where a text stands for a condition, as people write it who mean one more value to
// compare with.
//
// Source: AWS, "Boolean operators": their operands are true or false.
func checkCondition(x Expr) {
	if s, ok := x.(*String); ok {
		failf(s.Span, "repeat the field: a = \"x\" or a = \"y\"; several values: a in [\"x\", \"y\"]", "a text is no condition")
	}
}

// checkPlain fails where a map or a list is made.
//
// Source: AWS, "Structure types": they can't stand in dedup, pattern, sort and stats.
func checkPlain(x Expr, command string) {
	call, ok := x.(*Call)
	if !ok {
		return
	}
	if f, ok := value.Lookup(call.Func); ok && (f.Name == "jsonParse" || f.Result == value.ListKind || f.Result == value.MapKind) {
		failf(call.Span, "take an element of it: jsonParse(@message).status", "%s takes no map and no list", command)
	}
}

// columnOf returns the column of the last stats that an expression is, "" where it is none. In a later
// stats aggregates are new ones, and bin is that of @timestamp.
func (c *checker) columnOf(x Expr, at exprPlace) string {
	if c.scope.columns == nil || at.top || isField(x) {
		return ""
	}
	if call, ok := x.(*Call); ok && at.stats && call.Func == "bin" {
		return ""
	}
	return c.scope.column(x)
}

func (c *checker) field(f *Field, at exprPlace) Expr {
	if at.top {
		if at.given[f.Name()] {
			return f
		}
		hint := "aggregates are such as count(*) and sum(bytes); what groups rows stands behind by"
		if a, ok := LookupAggregate(f.Name()); ok {
			hint = "an aggregate has parentheses: " + a.Signature
		}
		failf(f.Span, hint, "%s is neither an aggregate nor a name that was given before in this stats", f)
	}
	if c.scope.closed && !c.scope.knows(f) && len(f.Parts) == 1 && f.Parts[0].Quoted {
		if name := c.writtenColumn(f); name != "" {
			return &Field{Span: f.Span, Parts: []FieldPart{{Name: name, Quoted: true}}}
		}
	}
	if at.stats && !c.scope.knows(f) {
		failf(f.Span, "known here: "+c.scope.list(), "invalid reference: %s does not exist any more", f)
	}
	return f
}

// writtenColumn returns the column whose expression stands in backticks, such as `max(sum_x)` of
// max(sum_x) as max_x; "" where there is none.
func (c *checker) writtenColumn(f *Field) string {
	name := ""
	_ = guard(func() { // no expression: no column
		p := newParser(f.Parts[0].Name)
		if x := p.expr(); p.tok.kind == endToken {
			name = c.scope.column(x)
		}
	})
	return name
}

func (c *checker) in(x *In, at exprPlace) Expr {
	out := &In{Span: x.Span, X: c.resolve(x.X, at), Not: x.Not}
	for _, y := range x.List {
		out.List = append(out.List, c.resolve(y, at))
	}
	if x.Query != nil {
		if !c.filter {
			fail(x.Query.Span, "a query can stand only in the condition of filter", "")
		}
		out.Query = c.inner(x.Query)
		checkColumn(out)
	}
	return out
}

// checkColumn fails where the query of an in does not say which column is asked for: the only one, or the
// one of the field's name.
//
// Source: AWS, "subqueries": they must return the field that the outer query refers to.
func checkColumn(in *In) {
	shown := shownNames(in.Query)
	f, ok := in.X.(*Field)
	if len(shown) == 1 || ok && slices.Contains(shown, f.Name()) {
		return
	}
	if len(shown) == 0 {
		fail(in.Query.Span, "the query does not say which field is asked for", "end it with: | fields "+exprString(in.X))
	}
	failf(in.Query.Span, "show one column, or one that is called as the field", "the query shows %s", strings.Join(shown, ", "))
}

// shownNames returns the columns that a query says to show, none where it shows events.
func shownNames(q *Query) []string {
	var shown []string
	fixed := false // by display
	for _, c := range q.Commands {
		switch c := c.(type) {
		case *Fields:
			if !fixed {
				shown = appendNew(shown, c.Items)
			}
		case *Display:
			fixed = true
			shown = appendNew(nil, c.Items)
		case *Stats:
			fixed = false
			shown = appendNew(appendNew(nil, c.By), c.Aggs)
		}
	}
	return shown
}

func isStats(c Command) bool {
	_, ok := c.(*Stats)
	return ok
}

func appendNew(names []string, items []Item) []string {
	for _, it := range items {
		if !slices.Contains(names, it.Name) {
			names = append(names, it.Name)
		}
	}
	return names
}

func (c *checker) call(x *Call, at exprPlace) Expr {
	if a, ok := LookupAggregate(x.Func); ok {
		return c.aggregate(a, x, at)
	}
	f, ok := value.Lookup(x.Func)
	if !ok {
		hint := foreignFunction(x.Text)
		if near := nearest(x.Text, functionNames()); hint == "" && near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		failf(Span{x.Start, x.Start + len(x.Text)}, hint, "there is no function %q", x.Text)
	}
	if x.Star {
		failf(x.Span, f.Signature, "* can't stand in %s", f.Name)
	}
	checkCount(x, f.Min, f.Max, f.Signature)
	if f.Field == "@timestamp" && at.stats && c.scope.closed && !c.scope.names["@timestamp"] {
		hint := "keep a time in the stats before, as in max(@timestamp) as @t, and use dateceil(@t, 5m)"
		if name := c.scope.column(x); name != "" {
			hint = "the column is written in backticks: `" + name + "`"
		}
		failf(x.Span, hint, "invalid reference: %s needs @timestamp, which does not exist any more", f.Name)
	}
	out := &Call{Span: x.Span, Func: f.Name, Text: x.Text}
	for i, arg := range x.Args {
		out.Args = append(out.Args, c.argument(f, i, arg, at))
	}
	checkConstants(f, out)
	return out
}

// argument checks an argument of a function.
func (c *checker) argument(f *value.Func, i int, arg Expr, at exprPlace) Expr {
	switch f.Param(i) {
	case value.PeriodParam:
		if _, ok := arg.(*Period); !ok {
			failf(arg.Place(), f.Signature, "a period such as 5m stands here")
		}
		return arg
	case value.RegexParam:
		switch arg := arg.(type) {
		case *Regex:
			return arg
		case *String:
			checkRegex(arg.Value, func(int, int) Span { return arg.Span })
			return arg
		}
		failf(arg.Place(), f.Signature, "a regular expression stands here, between slashes or as a text")
	}
	return c.resolve(arg, at)
}

// checkCount fails where a call has too few or too many arguments.
func checkCount(x *Call, least, most int, signature string) {
	n := len(x.Args)
	if n >= least && (most < 0 || n <= most) {
		return
	}
	want := fmt.Sprintf("%d to %d", least, most)
	switch {
	case least == most:
		want = fmt.Sprint(least)
	case most < 0:
		want = fmt.Sprintf("at least %d", least)
	}
	failf(x.Span, signature, "%s takes %s arguments, not %d", x.Func, want, n)
}

// checkConstants lets a function look at its arguments that are constants.
func checkConstants(f *value.Func, x *Call) {
	if f.Check == nil {
		return
	}
	args := make([]*value.Value, len(x.Args))
	for i, arg := range x.Args {
		args[i] = constantValue(arg)
	}
	err := f.Check(args)
	if err == nil {
		return
	}
	var fault *value.ArgError
	if !errors.As(err, &fault) || fault.Arg >= len(x.Args) {
		fail(x.Span, err.Error(), f.Signature)
		return
	}
	fail(x.Args[fault.Arg].Place(), fault.Message, fault.Hint)
}

// constantValue returns what a constant is, nil for what is none.
func constantValue(x Expr) *value.Value {
	var v value.Value
	switch x := x.(type) {
	case *String:
		v = value.Text(x.Value)
	case *Bool:
		v = value.Bool(x.Value)
	case *Regex:
		v = value.Text(x.Text)
	case *Period:
		v = value.Text(x.short())
	default:
		n, ok := constantNumber(x)
		if !ok {
			return nil
		}
		v = value.Number(n)
	}
	return &v
}

// aggregate checks a call of an aggregate.
func (c *checker) aggregate(a *Aggregate, x *Call, at exprPlace) Expr {
	switch {
	case at.inside:
		fail(x.Span, "an aggregate can't stand in another one", "a second stats goes on with what the first one makes")
	case !at.top:
		hint := "it stands in stats: stats " + exprString(x)
		if c.scope.columns != nil {
			hint = "known here: " + c.scope.list()
		}
		failf(x.Span, hint, "the aggregate %s can't stand here", x.Text)
	}
	a.check(x)
	out := &Call{Span: x.Span, Func: a.Name, Text: x.Text, Star: x.Star}
	for i, arg := range x.Args {
		if a.Period > 0 && i == a.Period {
			if _, ok := arg.(*Period); !ok {
				failf(arg.Place(), a.Signature, "a period such as 5m stands here")
			}
			out.Args = append(out.Args, arg)
			continue
		}
		checkPlain(arg, "stats")
		out.Args = append(out.Args, c.resolve(arg, exprPlace{stats: true, inside: true}))
	}
	return out
}
