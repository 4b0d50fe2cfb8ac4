package insights

import (
	"slices"
	"strings"
)

// A LookupKey is a column of a lookup table and the field that it is compared with.
type LookupKey struct{ Column, Field string }

// A LookupOutput is a column of a lookup table and the name that it gets.
type LookupOutput struct{ Column, As string }

// Lookup takes columns from a lookup table: lookup (equal keys) or cidrlookup (CIDR is true: one key,
// whose column holds networks; Column is "" where the query does not name it).
type Lookup struct {
	Span
	CIDR  bool
	Table string
	Keys  []LookupKey
	// New says OUTPUTNEW: only absent fields are filled.
	New    bool
	Output []LookupOutput
}

var lookupForm = CommandForm{
	Name:   "lookup",
	Syntax: "lookup table column [as field], ... OUTPUT|OUTPUTNEW column [as name], ...",
	Doc:    "Takes columns from the row of a lookup table whose keys are equal.",
	Page:   "CWL_QuerySyntax-Lookup",
	parse: func(p *parser, start int) Command {
		c := &Lookup{Table: p.table()}
		p.list(func() {
			k := LookupKey{Column: p.newName()}
			if k.Field = p.alias(); k.Field == "" {
				k.Field = k.Column
			}
			c.Keys = append(c.Keys, k)
		})
		p.lookupOutput(c)
		c.Span = p.from(start)
		return c
	},
}

var cidrlookupForm = CommandForm{
	Name:   "cidrlookup",
	Syntax: "cidrlookup table field [as column] OUTPUT|OUTPUTNEW column [as name], ...",
	Doc:    "Takes columns from the row of a lookup table whose network holds the address.",
	Page:   "CWL_QuerySyntax-Cidrlookup",
	parse: func(p *parser, start int) Command {
		c := &Lookup{CIDR: true, Table: p.table()}
		k := LookupKey{Field: p.field().Name()}
		k.Column = p.alias()
		c.Keys = []LookupKey{k}
		p.lookupOutput(c)
		c.Span = p.from(start)
		return c
	},
}

// table reads the name of a lookup table.
func (p *parser) table() string {
	p.try(wantTable, "")
	return p.newName()
}

func (p *parser) lookupOutput(c *Lookup) {
	if c.New = p.word("OUTPUTNEW"); !c.New {
		p.needWord("OUTPUT")
	}
	p.list(func() {
		o := LookupOutput{Column: p.newName()}
		if o.As = p.alias(); o.As == "" {
			o.As = o.Column
		}
		c.Output = append(c.Output, o)
	})
}

// Name returns the command's name.
func (c *Lookup) Name() string {
	if c.CIDR {
		return "cidrlookup"
	}
	return "lookup"
}

func (c *Lookup) print(p *printer) {
	p.write(c.Name(), " ", quoteName(c.Table), " ")
	printList(p, c.Keys, func(k LookupKey) {
		first, second := k.Column, k.Field
		if c.CIDR {
			first, second = k.Field, k.Column
		}
		p.renamed(first, second)
	})
	if c.New {
		p.write(" OUTPUTNEW ")
	} else {
		p.write(" OUTPUT ")
	}
	printList(p, c.Output, func(o LookupOutput) { p.renamed(o.Column, o.As) })
}

// renamed writes a name, and another one for it where it has one.
func (p *printer) renamed(name, as string) {
	p.write(quoteName(name))
	if as != "" && as != name {
		p.write(" as ", quoteName(as))
	}
}

func (c *Lookup) walk(func(Expr)) {}

func (c *Lookup) check(k *checker) Command {
	if tables := k.options.LookupTables; tables != nil && !slices.Contains(tables, c.Table) {
		hint := "there are none"
		if near := nearest(c.Table, tables); near != "" {
			hint = "did you mean " + near + "?"
		} else if len(tables) > 0 {
			hint = "lookup tables are " + strings.Join(tables, ", ")
		}
		failf(c.Span, hint, "there is no lookup table %s", c.Table)
	}
	for i, o := range c.Output {
		if slices.ContainsFunc(c.Output[:i], func(p LookupOutput) bool { return p.As == o.As }) {
			failf(c.Span, "", "two fields are called %s", o.As)
		}
		k.scope.add(o.As)
	}
	return c
}
