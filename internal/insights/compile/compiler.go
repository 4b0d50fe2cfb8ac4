package compile

import (
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// compiler makes SQL of expressions. Each method reports false where there is none.
type compiler struct {
	in      *input
	context *value.Context
	// names are the values of names that commands gave, by which fields are hidden.
	names map[string]Expression
	// rows says that fields are those of events; else there are only names, as behind stats.
	events bool
	// grouped says that aggregates may stand here: the items of a stats. outer are the names that their
	// arguments see then.
	grouped bool
	outer   map[string]Expression
	// texts are the columns of the last stats by the text of their expression.
	texts map[string]string
	// opaque are names whose values only the reference knows.
	opaque map[string]bool
}

// field returns the value of a name.
func (c *compiler) field(parts []insights.FieldPart) (Expression, bool) {
	whole := joinParts(parts)
	if !c.grouped && (c.opaque[whole] || c.opaque[parts[0].Name]) {
		return absent, false
	}
	if e, ok := c.names[whole]; ok {
		return e, true
	}
	if len(parts) > 1 {
		// A part of what a command made: a list or a map, whose elements are found by the reference.
		if _, ok := c.names[parts[0].Name]; ok {
			return absent, false
		}
	}
	if c.grouped {
		return absent, false // neither an aggregate nor an alias
	}
	if !c.events {
		return absent, true
	}
	return c.in.field(parts)
}

// joinParts returns a path as the name of a column.
func joinParts(parts []insights.FieldPart) string {
	names := make([]string, len(parts))
	for i := range parts {
		names[i] = parts[i].Name
	}
	return strings.Join(names, ".")
}

// ofStats returns the column of the last stats that an expression is the text of, such as count(*).
func (c *compiler) ofStats(x insights.Expr) (Expression, bool) {
	if len(c.texts) == 0 || c.grouped {
		return absent, false
	}
	switch x.(type) {
	case *insights.Call, *insights.Unary, *insights.Binary, *insights.Like, *insights.In, *insights.Index:
		name, ok := c.texts[x.String()]
		if !ok || c.opaque[name] {
			return absent, false
		}
		e, ok := c.names[name]
		return e, ok
	}
	return absent, false
}

// expression compiles an expression.
func (c *compiler) expression(x insights.Expr) (Expression, bool) {
	e, ok := c.ofStats(x)
	if !ok {
		e, ok = c.made(x)
	}
	if !ok || !fits(e.SQL) {
		return absent, false
	}
	return e, true
}

// made compiles an expression that is no column of the last stats.
func (c *compiler) made(x insights.Expr) (Expression, bool) {
	switch x := x.(type) {
	case *insights.Number:
		return constant(value.Number(x.Value)), true
	case *insights.String:
		return constant(value.Text(x.Value)), plain(x.Value)
	case *insights.Bool:
		return constant(value.Bool(x.Value)), true
	case *insights.Field:
		return c.field(x.Parts)
	case *insights.Unary:
		if x.Op != "-" {
			return c.boolean(x)
		}
		e, ok := c.expression(x.X)
		switch {
		case !ok:
			return absent, false
		case e.IsConstant:
			return constant(value.Negate(e.Constant)), true
		}
		return Expression{SQL: "(- " + e.double() + ")", Kind: Float}, true
	case *insights.Binary:
		switch x.Op {
		case "+", "-", "*", "/", "%", "^":
			return c.arithmetic(x)
		}
		return c.boolean(x)
	case *insights.Like, *insights.In:
		return c.boolean(x)
	case *insights.Call:
		return c.call(x)
	}
	return absent, false
}

// boolean compiles what is true, false or absent.
func (c *compiler) boolean(x insights.Expr) (Expression, bool) {
	sql, ok := c.condition(x, false)
	return Expression{SQL: sql, Kind: Bool}, ok
}

// arithmetic compiles x op y of numbers.
func (c *compiler) arithmetic(x *insights.Binary) (Expression, bool) {
	a, ok := c.expression(x.X)
	if !ok {
		return absent, false
	}
	b, ok := c.expression(x.Y)
	if !ok {
		return absent, false
	}
	if a.IsConstant && b.IsConstant {
		return constant(value.Arithmetic(x.Op, a.Constant, b.Constant)), true
	}
	l, r := a.double(), b.double()
	text := "(" + l + " " + x.Op + " " + r + ")"
	if x.Op == "^" {
		text = "pow(" + l + ", " + r + ")"
	}
	return Expression{SQL: FnFinite + "(" + text + ")", Kind: Float}, true
}
