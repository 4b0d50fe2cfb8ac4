package athenasql

import (
	"fmt"
	"slices"
	"strings"
)

// Levels of expressions: what binds tighter has a higher one. Between predicateLevel and unaryLevel are the operators of values, in the
// order of levels.
const (
	lowest         = iota // a lambda, whose body takes all that follows
	orLevel               // OR
	andLevel              // AND
	notLevel              // NOT
	predicateLevel        // comparisons
	valueLevel            // & (of 5 to 8)
	unaryLevel     = valueLevel + 4
	zoneLevel      = unaryLevel + 1
	primaryLevel   = unaryLevel + 2
)

// levelOf returns how an expression binds.
func levelOf(e Expr) int {
	switch e := e.(type) {
	case *Lambda:
		return lowest
	case *BinaryOp:
		switch {
		case e.Operator == "OR":
			return orLevel
		case e.Operator == "AND":
			return andLevel
		case levels[e.Operator] > 0:
			return valueLevel + levels[e.Operator] - 1
		}
		return predicateLevel
	case *Unary:
		if e.Operator == "NOT" {
			return notLevel
		}
		return unaryLevel
	case *IsNull, *IsDistinct, *Between, *In, *Like, *Quantified:
		return predicateLevel
	case *AtTimeZone:
		return zoneLevel
	}
	return primaryLevel
}

// expr writes an expression, in parentheses where it binds less than level.
func (p *printer) expr(e Expr, level int) {
	if levelOf(e) < level {
		p.put("(")
		defer p.put(")")
	}
	switch e := e.(type) {
	case *Null:
		p.put("NULL")
	case *Bool:
		p.put(strings.ToUpper(fmt.Sprint(e.Value)))
	case *Integer:
		p.put(e.Text)
	case *DecimalNumber:
		p.put(e.Text)
	case *DoubleNumber:
		p.put(e.Text)
	case *String:
		p.put(quote(e.Value))
	case *Binary:
		p.put(hexText(e.Value))
	case *TypedLiteral:
		p.put(e.Type.String(), " ", quote(e.Value))
	case *Interval:
		p.interval(e)
	case *Parameter:
		p.put("?")
	case *Ref:
		p.parts(e.Parts)
	case *Field:
		p.field(e)
	case *Subscript:
		p.expr(e.Of, primaryLevel)
		p.put("[")
		p.expr(e.Index, valueLevel)
		p.put("]")
	case *Unary, *BinaryOp, *AtTimeZone:
		p.operator(e)
	case *IsNull, *IsDistinct, *Between, *In, *Like, *Quantified:
		p.predicate(e)
	default:
		p.form(e)
	}
}

func (p *printer) interval(e *Interval) {
	p.put("INTERVAL ")
	if e.Negative {
		p.put("-")
	}
	p.put(quote(e.Value), " ", strings.ToUpper(e.From))
	if e.To != "" {
		p.put(" TO ", strings.ToUpper(e.To))
	}
}

func (p *printer) field(e *Field) {
	switch e.Of.(type) {
	case *Integer, *DecimalNumber, *DoubleNumber:
		p.put("(")
		p.expr(e.Of, lowest)
		p.put(")")
	default:
		p.expr(e.Of, primaryLevel)
	}
	p.put(".")
	p.name(e.Name)
}

func (p *printer) operator(e Expr) {
	level := levelOf(e)
	switch e := e.(type) {
	case *Unary:
		if e.Operator == "NOT" {
			p.put("NOT ")
			p.expr(e.Of, notLevel)
			return
		}
		p.put(e.Operator)
		if of, ok := e.Of.(*Unary); ok && of.Operator != "NOT" {
			p.put(" ") // two minus signs begin a comment
		}
		p.expr(e.Of, unaryLevel)
	case *AtTimeZone:
		p.expr(e.Of, zoneLevel)
		p.put(" AT TIME ZONE ")
		p.expr(e.Zone, primaryLevel)
	case *BinaryOp:
		left := level
		if level == predicateLevel {
			left = valueLevel
		}
		p.expr(e.Left, left)
		p.put(" ", e.Operator, " ")
		p.expr(e.Right, level+1)
	}
}

func not(not bool) string {
	if not {
		return "NOT "
	}
	return ""
}

func (p *printer) predicate(e Expr) {
	switch e := e.(type) {
	case *IsNull:
		p.expr(e.Of, valueLevel)
		p.put(" IS ", not(e.Not), "NULL")
	case *IsDistinct:
		p.expr(e.Left, valueLevel)
		p.put(" IS ", not(e.Not), "DISTINCT FROM ")
		p.expr(e.Right, valueLevel)
	case *Between:
		p.expr(e.Of, valueLevel)
		p.put(" ", not(e.Not), "BETWEEN ")
		p.expr(e.Low, valueLevel)
		p.put(" AND ")
		p.expr(e.High, valueLevel)
	case *In:
		p.expr(e.Of, valueLevel)
		p.put(" ", not(e.Not), "IN ")
		if e.Query != nil {
			p.inner(e.Query)
			return
		}
		p.put("(")
		p.list(e.List)
		p.put(")")
	case *Like:
		p.expr(e.Of, valueLevel)
		p.put(" ", not(e.Not), "LIKE ")
		p.expr(e.Pattern, valueLevel)
		if e.Escape != nil {
			p.put(" ESCAPE ")
			p.expr(e.Escape, valueLevel)
		}
	case *Quantified:
		p.expr(e.Of, valueLevel)
		p.put(" ", e.Operator, " ", e.Quantifier, " ")
		p.inner(e.Query)
	}
}

// form writes the values that begin with a word of their own, and calls.
func (p *printer) form(e Expr) {
	switch e := e.(type) {
	case *Exists:
		p.put("EXISTS ")
		p.inner(e.Query)
	case *Subquery:
		p.inner(e.Query)
	case *Case:
		p.caseOf(e)
	case *Cast:
		if e.Try {
			p.put("TRY_")
		}
		p.put("CAST(")
		p.expr(e.Of, lowest)
		p.put(" AS ", e.To.String(), ")")
	case *Extract:
		p.put("EXTRACT(", quoteName(e.Unit), " FROM ")
		p.expr(e.Of, valueLevel)
		p.put(")")
	case *CurrentTime:
		p.put(e.Name)
		if e.Precision >= 0 {
			p.put("(", fmt.Sprint(e.Precision), ")")
		}
	case *CurrentName:
		p.put(e.Name)
	case *Call:
		p.call(e)
	case *Lambda:
		p.names(e.Params)
		p.put(" -> ")
		p.expr(e.Body, lowest)
	case *ArrayOf:
		p.put("ARRAY[")
		p.list(e.Items)
		p.put("]")
	case *RowOf:
		p.put("ROW(")
		p.list(e.Items)
		p.put(")")
	case *Grouping:
		p.put("GROUPING(")
		each(p, e.Args, func(r Ref) { p.parts(r.Parts) })
		p.put(")")
	}
}

func (p *printer) caseOf(e *Case) {
	p.put("CASE")
	if e.Of != nil {
		p.put(" ")
		p.expr(e.Of, lowest)
	}
	for _, w := range e.Whens {
		p.put(" WHEN ")
		p.expr(w.If, lowest)
		p.put(" THEN ")
		p.expr(w.Then, lowest)
	}
	if e.Else != nil {
		p.put(" ELSE ")
		p.expr(e.Else, lowest)
	}
	p.put(" END")
}

// call writes a call: those that have a form of their own in it.
func (p *printer) call(c *Call) {
	plain := !c.Distinct && !c.Star && len(c.OrderBy) == 0 && len(c.Args) > 0
	bare := plain && c.Filter == nil && c.Nulls == "" && c.Over == nil && c.WithinGroup == nil
	level := lowest
	switch name := c.Name.Parts; {
	case len(name) > 1:
		p.qualified(c.Name)
	case name[0].Text == "trim" && bare && len(c.Args) < 3:
		p.put("trim")
		level = valueLevel
	case name[0].Text == "normalize" && bare && (len(c.Args) == 1 || len(c.Args) == 2 && isNormalForm(c.Args[1])):
		p.put("normalize(")
		p.expr(c.Args[0], valueLevel)
		if len(c.Args) == 2 {
			p.put(", ", c.Args[1].(*String).Value)
		}
		p.put(")")
		return
	case c.WithinGroup != nil:
		p.listagg(c)
		return
	case name[0].Text == "substring" && plain:
		p.put("substring")
	default:
		p.put(callName(name[0].Text))
	}
	p.put("(")
	if c.Distinct {
		p.put("DISTINCT ")
	}
	if c.Star {
		p.put("*")
	}
	each(p, c.Args, func(e Expr) { p.expr(e, level) })
	if space := " "; len(c.OrderBy) > 0 {
		if len(c.Args) == 0 {
			space = ""
		}
		p.orderBy(space, c.OrderBy)
	}
	p.put(")")
	p.callRest(c)
}

// callName quotes a name of a function only where a call by it is read otherwise.
func callName(text string) string {
	switch word := strings.ToUpper(text); {
	case !plainName(text), reserved[word], slices.Contains([]string{"ROW", "TRY_CAST", "POSITION", "SUBSTRING", "ALL", "LATERAL"}, word):
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

func isNormalForm(e Expr) bool {
	s, ok := e.(*String)
	return ok && slices.Contains(normalForms, s.Value)
}

func (p *printer) callRest(c *Call) {
	if c.Filter != nil {
		p.put(" FILTER (WHERE ")
		p.expr(c.Filter, lowest)
		p.put(")")
	}
	if c.Nulls != "" {
		p.put(" ", c.Nulls, " NULLS")
	}
	if w := c.Over; w != nil {
		p.put(" OVER ")
		if w.Base != nil && len(w.PartitionBy) == 0 && len(w.OrderBy) == 0 && w.Frame == nil {
			p.name(*w.Base)
		} else {
			p.window(w)
		}
	}
}

func (p *printer) listagg(c *Call) {
	p.put("listagg(")
	if c.Distinct {
		p.put("DISTINCT ")
	}
	p.list(c.Args)
	if o := c.Overflow; o != nil {
		p.put(" ON OVERFLOW ")
		if o.Error {
			p.put("ERROR")
		} else {
			p.put("TRUNCATE ", quote(o.Filler), map[bool]string{true: " WITH COUNT", false: " WITHOUT COUNT"}[o.WithCount])
		}
	}
	p.put(") WITHIN GROUP (")
	p.orderBy("", c.WithinGroup)
	p.put(")")
	p.callRest(c)
}
