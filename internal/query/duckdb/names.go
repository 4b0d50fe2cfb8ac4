package duckdb

import (
	"maps"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/query"
)

// names is what the tree of a query says of the columns that it may read. Opening the
// lake's files takes DuckDB a while for each column that it is told of, several times
// for each query, so that it is told of these only.
type names struct {
	refs    map[string]bool // the last parts of references, in lower case
	aliases map[string]bool // of expressions
	tables  map[string]bool // names and aliases of tables
	all     bool            // it may read any
	filters bool            // some condition may let files be passed over
}

func newNames() *names {
	return &names{refs: map[string]bool{}, aliases: map[string]bool{}, tables: map[string]bool{}}
}

// collect notes what is at and below a node.
func (n *names) collect(node any) {
	switch node := node.(type) {
	case []any:
		for _, c := range node {
			n.collect(c)
		}
	case map[string]any:
		n.note(node)
		for _, c := range node {
			n.collect(c)
		}
	}
}

// note notes a node.
func (n *names) note(node map[string]any) {
	typ, _ := node["type"].(string)
	alias, _ := node["alias"].(string)
	alias = strings.ToLower(alias)
	_, isExpr := node["class"]
	switch {
	case isExpr && alias != "":
		n.aliases[alias] = true
	case alias != "":
		n.tables[alias] = true
	}
	switch typ {
	case "COLUMN_REF":
		parts, _ := node["column_names"].([]any)
		if len(parts) == 0 {
			n.all = true
			return
		}
		name, _ := parts[len(parts)-1].(string)
		n.refs[strings.ToLower(name)] = true
		for _, p := range parts[:len(parts)-1] { // of a table, or fields of a value: x.y of the column x
			name, _ := p.(string)
			if isColumn(strings.ToLower(name)) {
				n.refs[strings.ToLower(name)] = true
			}
		}
	case "BASE_TABLE":
		name, _ := node["table_name"].(string)
		n.tables[strings.ToLower(name)] = true
	case "STAR", "SHOW_REF", "PIVOT", "POSITIONAL_REFERENCE":
		n.all = true
	case "JOIN":
		n.filters = true
		using, _ := node["using_columns"].([]any)
		if ref, _ := node["ref_type"].(string); ref == "NATURAL" || len(using) > 0 {
			n.all = true
		}
	}
	for _, clause := range []string{"where_clause", "having", "qualify", "sample"} {
		if node[clause] != nil {
			n.filters = true
		}
	}
}

// columns returns the table columns that may be read; nil: any. A name that is neither
// a column's nor given in the query may be a table's, which is all its columns.
func (n *names) columns() []string {
	if n.all {
		return nil
	}
	out := []string{}
	for name := range n.refs {
		switch {
		case n.tables[name]:
			return nil
		case isColumn(name), isNameColumn(name):
			out = append(out, name)
		case slices.Contains(interfaceColumns, name):
		case !n.aliases[name]:
			return nil
		}
	}
	slices.Sort(out)
	return out
}

// asked returns the columns of names that the query names, and does not give to something of
// its own.
func (n *names) asked() []query.NameColumn {
	var out []query.NameColumn
	for _, c := range query.NameColumns() {
		if n.refs[c.String()] && !n.aliases[c.String()] {
			out = append(out, c)
		}
	}
	return out
}

// planNames returns the table columns that the SQL of a plan names; nil: any.
func planNames(p query.Plan) []string {
	set := map[string]bool{}
	var add func(e query.Expr)
	add = func(e query.Expr) {
		switch e := e.(type) {
		case *query.Ref:
			set[e.Name] = true
		case *query.Call:
			for _, a := range e.Args {
				add(a)
			}
		}
	}
	named := func(list []query.Named) {
		for _, n := range list {
			add(n.Expr)
		}
	}
	for _, s := range p.Stages {
		switch s := s.(type) {
		case *query.Filter:
			add(s.Where)
			continue
		case *query.Project:
			named(s.Columns)
		case *query.Aggregate:
			named(s.By)
			for _, a := range s.Aggs {
				add(a.Arg)
				add(a.Where)
			}
		default:
			return nil // it gives all columns on
		}
		return slices.DeleteFunc(slices.Sorted(maps.Keys(set)), func(name string) bool { return !isColumn(name) && !isNameColumn(name) })
	}
	return nil
}

func isNameColumn(name string) bool {
	_, ok := query.LookupName(name)
	return ok
}

// nameColumnsOf splits the columns that a query may read, nil for any, into those of names,
// where it asks for the named table, and the table's, which are also those that tell whose
// names they are.
func nameColumnsOf(only []string, named bool) ([]query.NameColumn, []string) {
	if only == nil {
		if !named {
			return nil, nil
		}
		return query.NameColumns(), nil
	}
	var names []query.NameColumn
	columns := []string{}
	add := func(name string) {
		if !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	for _, name := range only {
		c, isName := query.LookupName(name)
		if !isName {
			add(name)
			continue
		}
		if !named {
			continue // of network_interfaces
		}
		names = append(names, c)
		for _, f := range c.Needs() {
			add(flowlog.FieldByID(f).Column)
		}
	}
	slices.Sort(columns)
	return names, columns
}
