package insights

import (
	"strconv"
	"strings"
)

// String returns the query in canonical form, a command on each line. It parses to an equal one.
func (q *Query) String() string {
	p := &printer{between: "\n| "}
	p.query(q)
	return p.String()
}

// printer writes queries.
type printer struct {
	strings.Builder
	between string
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

func (p *printer) query(q *Query) {
	if q.Source != nil {
		q.Source.write(p)
	}
	for i, c := range q.Commands {
		if i > 0 || q.Source != nil {
			p.write(p.between)
		}
		c.print(p)
	}
}

// nested writes a query in parentheses, on the same line.
func (p *printer) nested(q *Query) {
	between := p.between
	p.between = " | "
	p.write("(")
	p.query(q)
	p.write(")")
	p.between = between
}

// printList writes things with commas between.
func printList[T any](p *printer, list []T, one func(T)) {
	for i, x := range list {
		if i > 0 {
			p.write(", ")
		}
		one(x)
	}
}

func (p *printer) fields(fields []*Field) {
	printList(p, fields, func(f *Field) { p.write(f.String()) })
}

func (p *printer) exprs(list []Expr) {
	printList(p, list, func(x Expr) { p.expr(x, levelOr) })
}

func (p *printer) names(names []string) {
	printList(p, names, func(s string) { p.write(quoteName(s)) })
}

// items writes items; one without an alias as it was written, because that is its column's name.
func (p *printer) items(items []Item) {
	printList(p, items, func(it Item) {
		switch {
		case it.Aliased:
			p.expr(it.Expr, levelOr)
			p.write(" as ", quoteName(it.Name))
		case isField(it.Expr) || it.Name == "":
			p.expr(it.Expr, levelOr)
		default:
			p.write(it.Name)
		}
	})
}

// exprString writes an expression alone.
func exprString(x Expr) string {
	p := &printer{between: " | "}
	p.expr(x, levelOr)
	return p.String()
}

// quote writes a text in quotes.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}

// slashes writes a regular expression between slashes.
func slashes(s string) string {
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(s); i++ {
		if s[i] == '/' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
		if s[i] == '\\' && i+1 < len(s) {
			i++
			b.WriteByte(s[i])
		}
	}
	b.WriteByte('/')
	return b.String()
}

// level returns the precedence of an expression.
func level(x Expr) int {
	switch x := x.(type) {
	case *Binary:
		switch x.Op {
		case "or":
			return levelOr
		case "and":
			return levelAnd
		case "+", "-":
			return levelSum
		case "*", "/", "%":
			return levelProduct
		case "^":
			return levelPower
		}
		return levelComparison
	case *Unary:
		if x.Op == "not" {
			return levelNot
		}
		return levelMinus
	case *Like, *In:
		return levelComparison
	}
	return levelPrimary
}

// expr writes an expression, in parentheses where it binds less than is asked for.
func (p *printer) expr(x Expr, least int) {
	if level(x) < least {
		p.write("(")
		p.expr(x, levelOr)
		p.write(")")
		return
	}
	switch x := x.(type) {
	case *Number:
		p.write(numberText(x))
	case *String:
		p.write(quote(x.Value))
	case *Bool:
		p.write(strconv.FormatBool(x.Value))
	case *Period:
		p.write(periodText(x))
	case *Field:
		p.field(x)
	case *Call:
		p.call(x)
	case *Regex:
		p.write(slashes(x.Text))
	case *Unary:
		p.write(x.Op)
		if x.Op == "not" {
			p.write(" ")
		}
		p.expr(x.X, level(x))
	case *Binary:
		p.binary(x)
	case *Like:
		p.expr(x.X, levelSum)
		p.not(x.Not)
		p.write(" like ")
		if x.Regex {
			p.write(slashes(x.Text))
		} else {
			p.write(quote(x.Text))
		}
	case *In:
		p.expr(x.X, levelSum)
		p.not(x.Not)
		p.write(" in ")
		if x.Query != nil {
			p.nested(x.Query)
			return
		}
		p.write("[")
		printList(p, x.List, func(y Expr) { p.expr(y, levelSum) })
		p.write("]")
	case *Index:
		p.index(x)
	}
}

func (p *printer) not(not bool) {
	if not {
		p.write(" not")
	}
}

func (p *printer) field(f *Field) {
	for i, part := range f.Parts {
		if i > 0 {
			p.write(".")
		}
		if part.Quoted {
			p.write("`", part.Name, "`")
		} else {
			p.write(part.Name)
		}
	}
}

func (p *printer) call(c *Call) {
	if c.Text == "" {
		p.write(c.Func)
	} else {
		p.write(c.Text)
	}
	p.write("(")
	if c.Star {
		p.write("*")
	}
	p.exprs(c.Args)
	p.write(")")
}

func (p *printer) binary(b *Binary) {
	own := level(b)
	left, right := own, own+1
	switch own {
	case levelComparison:
		left = own + 1
	case levelPower:
		left, right = levelPrimary, levelMinus // right to left, and a minus may stand at the right
	}
	p.expr(b.X, left)
	p.write(" ", b.Op, " ")
	p.expr(b.Y, right)
}

func (p *printer) index(x *Index) {
	p.expr(x.X, levelPrimary)
	switch {
	case x.Position:
		p.write("[", x.Key, "]")
	case isPath(x.Key):
		p.write(".", x.Key)
	default:
		p.write(".`", x.Key, "`")
	}
}

// isPath reports whether a key can stand behind a dot without backticks. Digits could, but would look like
// a fraction.
func isPath(key string) bool { return isPlain(key) && !strings.Contains(key, ".") }

func numberText(n *Number) string {
	if n.Text == "" {
		return strconv.FormatFloat(n.Value, 'g', -1, 64)
	}
	return n.Text
}

func periodText(d *Period) string {
	if d.Text == "" {
		return d.short()
	}
	return d.Text
}

func (x *Number) String() string { return exprString(x) }
func (x *String) String() string { return exprString(x) }
func (x *Bool) String() string   { return exprString(x) }
func (x *Period) String() string { return exprString(x) }
func (f *Field) String() string  { return exprString(f) }
func (c *Call) String() string   { return exprString(c) }
func (x *Regex) String() string  { return exprString(x) }
func (x *Unary) String() string  { return exprString(x) }
func (b *Binary) String() string { return exprString(b) }
func (x *Like) String() string   { return exprString(x) }
func (x *In) String() string     { return exprString(x) }
func (x *Index) String() string  { return exprString(x) }

func (x *Number) expr() {}
func (x *String) expr() {}
func (x *Bool) expr()   {}
func (x *Period) expr() {}
func (f *Field) expr()  {}
func (c *Call) expr()   {}
func (x *Regex) expr()  {}
func (x *Unary) expr()  {}
func (b *Binary) expr() {}
func (x *Like) expr()   {}
func (x *In) expr()     {}
func (x *Index) expr()  {}
