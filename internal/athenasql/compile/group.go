package compile

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// grouped is the inner query of a SELECT that groups: its columns are the keys and the aggregates.
type grouped struct {
	c     *compiler
	alias string
	// source is what the keys and the arguments of aggregates see, scope what stands outside of them sees: the keys alone.
	source *env
	scope  *scope
	keys   []value
	// texts are the keys as they were written, for those that are not compiled twice; sizes are how many expressions each is.
	texts []string
	sizes []int
	// sets are the grouping sets as places of keys; nil without GROUP BY.
	sets [][]int
	aggs []value
}

// mostSets bounds grouping sets, as Trino does.
const mostSets = 2048

// grouping compiles GROUP BY.
func (c *compiler) grouping(s *selection) *grouped {
	g := &grouped{c: c, alias: c.alias()}
	g.source = &env{c: c, scope: s.source, clause: "GROUP BY clause"}
	g.sets = [][]int{{}}
	if by := s.sel.GroupBy; by != nil {
		for _, element := range by.Elements {
			g.sets = g.cross(g.sets, g.element(s, element), element.Span)
		}
		if by.Distinct {
			g.sets = distinctSets(g.sets)
		}
	}
	g.scope = &scope{parent: s.source.parent, aliases: s.source.aliases}
	for _, f := range s.source.fields {
		at := g.key(f.sql)
		if f.ungrouped = at < 0; !f.ungrouped {
			f.sql = g.column(at)
		}
		if len(g.sets) != 1 {
			f.scan = nil
		}
		g.scope.fields = append(g.scope.fields, f)
	}
	arguments := *g.source
	arguments.clause = ""
	g.source = &arguments
	return g
}

// element returns the sets of one element of GROUP BY, adding its keys.
func (g *grouped) element(s *selection, element athenasql.GroupElement) [][]int {
	var sets [][]int
	for _, set := range element.Sets {
		var keys []int
		for _, x := range set {
			keys = append(keys, g.add(s, x))
		}
		sets = append(sets, keys)
	}
	switch element.Kind {
	case athenasql.GroupRollup:
		var out [][]int
		for n := len(sets); n >= 0; n-- {
			out = append(out, slices.Concat(sets[:n]...))
		}
		return out
	case athenasql.GroupCube:
		if len(sets) > 11 {
			g.c.fail(athenasql.CodeExceededLimit, element.Span, "GROUP BY has more than %d grouping sets", mostSets)
		}
		var out [][]int
		for mask := 1<<len(sets) - 1; mask >= 0; mask-- {
			var keys []int
			for i := range sets {
				if mask&(1<<(len(sets)-1-i)) != 0 {
					keys = append(keys, sets[i]...)
				}
			}
			out = append(out, keys)
		}
		return out
	}
	return sets
}

// add compiles a key and returns its place. A name is a column, never an alias of the SELECT list; a number is a column of the list.
func (g *grouped) add(s *selection, x athenasql.Expr) int {
	if n, ok := x.(*athenasql.Integer); ok {
		for _, item := range s.sel.Items {
			if item.Expr == nil {
				g.c.fail(athenasql.CodeNotSupported, n.Span, "a number in GROUP BY is not supported beside * in the SELECT list")
			}
		}
		x = s.sel.Items[g.source.ordinal(n, "GROUP BY", len(s.sel.Items))-1].Expr
	}
	v := g.source.top(x)
	if !v.typ.Comparable() {
		g.c.fail(athenasql.CodeTypeMismatch, v.at, "%s is not comparable, and therefore cannot be used in GROUP BY", v.typ)
	}
	if v.typ.Kind == types.Unknown {
		v = g.c.coerce(v, v.typ)
	}
	if at := g.key(v.sql); at >= 0 {
		return at
	}
	g.keys, g.texts, g.sizes = append(g.keys, v), append(g.texts, athenasql.PrintExpr(x)), append(g.sizes, size(x))
	return len(g.keys) - 1
}

func (g *grouped) key(sql string) int {
	return slices.IndexFunc(g.keys, func(k value) bool { return k.sql == sql })
}

func (g *grouped) column(key int) string { return fmt.Sprintf(`%s."k%d"`, g.alias, key) }

// cross joins each set with each.
func (g *grouped) cross(a, b [][]int, at athenasql.Span) [][]int {
	if len(a)*len(b) > mostSets {
		g.c.fail(athenasql.CodeExceededLimit, at, "GROUP BY has more than %d grouping sets", mostSets)
	}
	var out [][]int
	for _, x := range a {
		for _, y := range b {
			set := slices.Concat(x, y)
			slices.Sort(set)
			out = append(out, slices.Compact(set))
		}
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		if !slices.ContainsFunc(out, func(o []int) bool { return slices.Equal(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// match returns the key that an expression is: one that means the same, or of those with queries and lambdas one that is written so.
func (g *grouped) match(x athenasql.Expr) (value, bool) {
	// What is the same has as many parts: most expressions are not looked at twice.
	if len(g.keys) == 0 || !slices.Contains(g.sizes, size(x)) {
		return value{}, false
	}
	at := -1
	if plain(x) {
		var v value
		if attempt(func() { v = g.source.expr(x) }) != nil {
			return value{}, false
		}
		at = g.key(v.sql)
	} else if aggregates(x) == nil && windowed(x) == nil {
		at = slices.Index(g.texts, athenasql.PrintExpr(x))
	}
	if at < 0 {
		return value{}, false
	}
	k := g.keys[at]
	return value{sql: g.column(at), typ: k.typ, finite: k.finite}, true
}

// aggregate adds an aggregate to the inner query and returns the column that it is.
func (g *grouped) aggregate(v value) value {
	at := slices.IndexFunc(g.aggs, func(a value) bool { return a.sql == v.sql })
	if at < 0 {
		at = len(g.aggs)
		g.aggs = append(g.aggs, v)
	}
	v.sql, v.constant, v.column = fmt.Sprintf(`%s."a%d"`, g.alias, at), false, nil
	return v
}

// sql writes the inner query over FROM and WHERE.
func (g *grouped) sql(from string) string {
	var list []string
	for i, k := range g.keys {
		list = append(list, fmt.Sprintf(`%s AS "k%d"`, k.sql, i))
	}
	for i, a := range g.aggs {
		list = append(list, fmt.Sprintf(`%s AS "a%d"`, a.sql, i))
	}
	if len(list) == 0 {
		list = []string{"count(*)"}
	}
	out := "SELECT " + strings.Join(list, ", ") + from
	switch {
	case len(g.sets) == 1 && len(g.sets[0]) == 0:
		if len(g.aggs) > 0 || len(g.keys) == 0 {
			return out
		}
		return out + " GROUP BY ()"
	case len(g.sets) == 1:
		places := make([]string, len(g.keys))
		for i := range g.keys {
			places[i] = fmt.Sprint(i + 1)
		}
		return out + " GROUP BY " + strings.Join(places, ", ")
	}
	sets := make([]string, len(g.sets))
	for i, set := range g.sets {
		keys := make([]string, len(set))
		for j, k := range set {
			keys[j] = g.keys[k].sql
		}
		sets[i] = "(" + strings.Join(keys, ", ") + ")"
	}
	return out + " GROUP BY GROUPING SETS (" + strings.Join(sets, ", ") + ")"
}

// grouping compiles GROUPING(a, b).
func (e *env) grouping(x *athenasql.Grouping) value {
	if e.group == nil {
		e.c.fail(athenasql.CodeNotSupported, x.Span, "GROUPING is of a query with GROUP BY")
	}
	if len(x.Args) > 31 {
		e.c.fail(athenasql.CodeInvalidArguments, x.Span, "GROUPING has at most 31 arguments")
	}
	args := make([]string, len(x.Args))
	for i := range x.Args {
		v := e.group.source.ref(&x.Args[i])
		if e.group.key(v.sql) < 0 {
			e.c.fail(athenasql.CodeInvalidArguments, v.at, "The arguments to GROUPING() must be keys of GROUP BY")
		}
		args[i] = v.sql
	}
	if len(e.group.sets) == 1 {
		return value{sql: "CAST(0 AS INTEGER)", typ: types.Type{Kind: types.Integer}, at: x.Span}
	}
	return e.group.aggregate(value{sql: "CAST(grouping(" + strings.Join(args, ", ") + ") AS INTEGER)", typ: types.Type{Kind: types.Integer}, at: x.Span})
}
