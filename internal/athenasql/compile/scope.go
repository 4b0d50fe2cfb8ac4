package compile

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// field is a column that names can mean.
type field struct {
	// qualifier is what may stand before the name: catalog, database and table, or an alias alone.
	qualifier []string
	name      string // "" of a column without a name
	typ       types.Type
	sql       string
	hidden    bool
	// scan and column are where the field is from, where it is a table's column as it was read.
	scan   *scan
	column string
	// nullable fields are of the side of an outer join that may be absent.
	nullable bool
	// ungrouped fields can't be read outside of aggregates.
	ungrouped bool
	// qualified fields are found by names with a qualifier alone: the two sides of a column of USING. Trino does not find these at all; where a
	// side is never absent there is one thing that the name can mean.
	qualified bool
}

// scope is the names that an expression sees.
type scope struct {
	fields []field
	parent *scope
	ctes   map[string]*cte
	// aliases are the names of the SELECT list, which are no columns here: they are for hints.
	aliases []string
	// lambda says that the fields are parameters of a lambda.
	lambda bool
	// siblings says that the fields are of the relations that stand before in the same FROM.
	siblings bool
}

// cte is a query of WITH.
type cte struct {
	def   athenasql.CTE
	scope *scope // where its query is compiled
}

// cte returns the query of WITH that a name means, nil where there is none.
func (s *scope) cte(name string) *cte {
	for ; s != nil; s = s.parent {
		if c := s.ctes[name]; c != nil {
			return c
		}
	}
	return nil
}

// find returns the fields of this scope alone that a name means.
func (s *scope) find(parts []athenasql.Name) []*field {
	var out []*field
	last := len(parts) - 1
	for i := range s.fields {
		f := &s.fields[i]
		if f.name != parts[last].Text || f.name == "" || f.qualified && last == 0 || last > len(f.qualifier) {
			continue
		}
		suffix := f.qualifier[len(f.qualifier)-last:]
		if slices.EqualFunc(suffix, parts[:last], func(q string, n athenasql.Name) bool { return q == n.Text }) {
			out = append(out, f)
		}
	}
	return out
}

// resolve returns the field that a name means, and how many of its parts are the field's: the others are fields of a row.
func (c *compiler) resolve(s *scope, r *athenasql.Ref) (*field, int) {
	for n := len(r.Parts); n > 0; n-- {
		for at := s; at != nil; at = at.parent {
			found := at.find(r.Parts[:n])
			if len(found) > 1 {
				c.fail(athenasql.CodeAmbiguousName, r.Span, "Column '%s' is ambiguous", written(r.Parts[:n]))
			}
			if len(found) == 1 {
				return found[0], n
			}
		}
	}
	return nil, 0
}

// ref compiles a name.
func (e *env) ref(r *athenasql.Ref) value {
	f, n := e.c.resolve(e.scope, r)
	if f == nil {
		e.c.unresolved(e.scope, r)
	}
	if f.ungrouped {
		panic(bail{notAggregate(e.whole, r)})
	}
	if f.scan != nil {
		f.scan.use(f.column)
	}
	v := value{sql: f.sql, typ: f.typ, at: r.Span, column: f}
	for _, part := range r.Parts[n:] {
		v = e.rowField(v, part)
	}
	return v
}

// notAggregate is the error of an expression that is neither aggregated nor grouped. Trino names the whole expression of the SELECT list.
func notAggregate(whole athenasql.Expr, r *athenasql.Ref) *athenasql.Error {
	var x athenasql.Expr = r
	if whole != nil {
		x = whole
	}
	err := athenasql.Errorf(athenasql.CodeNotAggregate, x.Position(), "'%s' must be an aggregate expression or appear in GROUP BY clause", exprText(x))
	if x != athenasql.Expr(r) {
		return err.WithHint(written(r.Parts) + " is neither of GROUP BY nor within an aggregate function")
	}
	return err
}

// unresolved ends with the error of a name that is no column.
func (c *compiler) unresolved(s *scope, r *athenasql.Ref) {
	name := written(r.Parts)
	last := r.Parts[len(r.Parts)-1].Text
	var names []string
	for at := s; at != nil; at = at.parent {
		if slices.Contains(at.aliases, last) && len(r.Parts) == 1 {
			c.hinted("a name of the SELECT list can't be used here: write its expression", athenasql.CodeColumnNotFound, r.Span,
				"Column '%s' cannot be resolved", name)
		}
		for i := range at.fields {
			f := &at.fields[i]
			if f.name == last && len(r.Parts) > 1 && len(f.qualifier) == 0 && !at.lambda {
				c.hinted(fmt.Sprintf("%s has no table, such as a column of USING: write it alone", last), athenasql.CodeColumnNotFound, r.Span,
					"Column '%s' cannot be resolved", name)
			}
			names = append(names, f.name)
		}
	}
	err := athenasql.Errorf(athenasql.CodeColumnNotFound, r.Span, "Column '%s' cannot be resolved", name)
	if r.Parts[0].Quoted && len(r.Parts) == 1 && nearest(last, names) == "" {
		err.Hint = "texts are in single quotes, names in double quotes"
	}
	if n := nearest(last, names); n != "" {
		err.Hint = fmt.Sprintf("did you mean '%s'?", n)
	}
	panic(bail{err})
}

// written is a name as it stands, in lower case.
func written(parts []athenasql.Name) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.Text
	}
	return strings.Join(out, ".")
}

// nearest returns the name that differs least from one, "" where none is near.
func nearest(name string, from []string) string {
	best, least := "", 1+len(name)/3
	for _, n := range from {
		if d := distance(name, n); n != "" && d < least+1 && (best == "" || d < distance(name, best)) {
			best = n
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		last := row[0]
		row[0]++
		for j := range y {
			cost := last
			if x[i] != y[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
