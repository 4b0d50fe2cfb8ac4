package compile

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// catalogName is the only catalog.
const catalogName = "awsdatacatalog"

// relation is what stands behind FROM, compiled: SQL of a table reference, and its columns.
type relation struct {
	sql    string
	fields []field
	// lateral relations read columns of those before them.
	lateral bool
	// description is the relation's name in errors.
	description string
}

// from joins the relations of FROM.
func (c *compiler) from(list []athenasql.Relation, around *scope) relation {
	out := c.relation(list[0], around)
	for _, r := range list[1:] {
		right := c.relation(r, &scope{fields: out.fields, parent: around, siblings: true})
		if keepsAll(r) {
			right.sql = "(" + right.sql + ")"
		}
		out = relation{sql: out.sql + " CROSS JOIN " + side(right), fields: slices.Concat(out.fields, right.fields)}
	}
	return out
}

// keepsAll says that a join keeps rows of its right side that meet nothing, so that it must be done before what stands on its left.
func keepsAll(r athenasql.Relation) bool {
	j, ok := r.(*athenasql.Join)
	return ok && (j.Kind == athenasql.RightJoin || j.Kind == athenasql.FullJoin || keepsAll(j.Left))
}

// relation compiles a relation; around is what a lateral one sees.
func (c *compiler) relation(r athenasql.Relation, around *scope) relation {
	switch r := r.(type) {
	case *athenasql.TableRef:
		return c.tableRef(r, around)
	case *athenasql.SubqueryRef:
		// Only LATERAL sees what stands before it.
		b := c.query(r.Query, outside(around))
		alias := c.alias()
		return relation{sql: "(" + b.sql + ") AS " + alias, fields: b.over(alias)}
	case *athenasql.Lateral:
		b := c.query(r.Query, around)
		alias := c.alias()
		return relation{sql: "(" + b.sql + ") AS " + alias, fields: unscanned(b.over(alias)), lateral: true}
	case *athenasql.Unnest:
		return c.unnest(r, around)
	case *athenasql.Aliased:
		return c.aliased(r, around)
	case *athenasql.Sample:
		return c.sample(r, around)
	case *athenasql.TableFunction:
		return c.tableFunction(r, around)
	case *athenasql.Join:
		return c.join(r, around)
	}
	c.fail(athenasql.CodeNotSupported, r.Position(), "this relation is not supported")
	return relation{}
}

// outside returns the scope without the columns of the relations of the same FROM.
func outside(s *scope) *scope {
	for s.siblings {
		s = s.parent
	}
	return s
}

func unscanned(fields []field) []field {
	for i := range fields {
		fields[i].scan = nil
	}
	return fields
}

// tableRef compiles a name behind FROM: a query of WITH, a view or a table.
func (c *compiler) tableRef(r *athenasql.TableRef, around *scope) relation {
	parts := r.Name.Parts
	if len(parts) == 1 {
		if def := around.cte(parts[0].Text); def != nil {
			b := c.cteBody(def)
			alias := c.alias()
			return relation{sql: "(" + b.sql + ") AS " + alias, fields: b.over(alias, parts[0].Text), description: parts[0].Text}
		}
	}
	t := c.table(r)
	qualifier := []string{catalogName, t.Database, t.Name}
	if t.View != nil {
		b := c.view(t, r)
		alias := c.alias()
		return relation{sql: "(" + b.sql + ") AS " + alias, fields: b.over(alias, qualifier...), description: t.Name}
	}
	if len(c.scans) >= mostScans {
		c.fail(athenasql.CodeExceededLimit, r.Span, "the query reads more than %d tables", mostScans)
	}
	s, alias := c.scan(t), c.alias()
	out := relation{sql: s.mark() + " AS " + alias, description: t.Name}
	for _, column := range t.Columns {
		out.fields = append(out.fields, field{
			qualifier: qualifier, name: column.Name, typ: column.Type, sql: alias + "." + quoteName(column.Name), hidden: column.Hidden,
			scan: s, column: column.Name,
		})
	}
	return out
}

// cteBody compiles a query of WITH and names its columns.
func (c *compiler) cteBody(def *cte) *body {
	b := c.query(def.def.Query, def.scope)
	if def.def.Columns == nil {
		return b
	}
	if len(def.def.Columns) != len(b.fields) {
		c.fail(athenasql.CodeMismatchedColumns, def.def.Name.Span, "Column alias list has %d entries but relation has %d columns",
			len(def.def.Columns), len(b.fields))
	}
	fields := slices.Clone(b.fields)
	for i, n := range def.def.Columns {
		fields[i].name = n.Text
	}
	return &body{sql: b.sql, fields: fields}
}

// table finds a table by its name.
func (c *compiler) table(r *athenasql.TableRef) *Table {
	parts := r.Name.Parts
	if len(parts) > 3 {
		c.fail(athenasql.CodeSyntax, r.Span, "Too many dots in table name: %s", written(parts))
	}
	if len(parts) == 3 && parts[0].Text != catalogName {
		c.hinted("the only catalog is AwsDataCatalog", athenasql.CodeCatalogNotFound, parts[0].Span, "Catalog '%s' does not exist", parts[0].Text)
	}
	name, database := parts[len(parts)-1].Text, c.opt.Database
	if len(parts) > 1 {
		database = parts[len(parts)-2].Text
	}
	if database == "" {
		c.fail(athenasql.CodeSyntax, r.Span, "Schema must be specified when session schema is not set")
	}
	t, err := c.opt.Catalog.Table(c.ctx, database, name)
	check(err)
	if t != nil {
		return t
	}
	names, err := c.opt.Catalog.Tables(c.ctx, database)
	check(err)
	if names == nil {
		c.fail(athenasql.CodeSchemaNotFound, r.Span, "Schema '%s' does not exist", database)
	}
	e := athenasql.Errorf(athenasql.CodeTableNotFound, r.Span, "Table '%s.%s.%s' does not exist", catalogName, database, name)
	if n := nearest(name, names); n != "" {
		e.Hint = fmt.Sprintf("did you mean '%s'?", n)
	}
	panic(bail{e})
}

// view compiles the query of a view in the database of its names.
func (c *compiler) view(t *Table, r *athenasql.TableRef) *body {
	name := fmt.Sprintf("%s.%s.%s", catalogName, t.Database, t.Name)
	if slices.Contains(c.views, name) {
		c.fail(athenasql.CodeInvalidView, r.Span, "View '%s' is recursive", name)
	}
	database, parameters, list := c.opt.Database, c.opt.Parameters, c.views
	c.opt.Database, c.opt.Parameters, c.views = t.ViewDatabase, nil, append(slices.Clone(c.views), name)
	var b *body
	err := attempt(func() { b = c.query(t.View, &scope{}) })
	c.opt.Database, c.opt.Parameters, c.views = database, parameters, list
	if e, ok := err.(*athenasql.Error); ok { //nolint:errorlint // what attempt returns is not wrapped
		c.hinted(e.Hint, athenasql.CodeInvalidView, r.Span, "Failed analyzing stored view '%s': %s", name, e.Place(t.ViewText).Error())
	}
	check(err)
	if len(b.fields) != len(t.Columns) {
		c.hinted("create the view anew", athenasql.CodeInvalidView, r.Span, "View '%s' is stale or in invalid state: it has %d columns, and its query %d",
			name, len(t.Columns), len(b.fields))
	}
	out := &body{sql: b.sql, fields: slices.Clone(b.fields)}
	for i, column := range t.Columns {
		if !types.Coerces(b.fields[i].typ, column.Type) {
			c.hinted("create the view anew", athenasql.CodeInvalidView, r.Span,
				"View '%s' is stale or in invalid state: column [%s] of type %s projected from query view at position %d cannot be coerced to column [%s] of type %s",
				name, b.fields[i].name, b.fields[i].typ, i, column.Name, column.Type)
		}
		out.fields[i].name = column.Name
	}
	return out
}

// aliased compiles r AS name (columns).
func (c *compiler) aliased(r *athenasql.Aliased, around *scope) relation {
	out := c.relation(r.Relation, around)
	var fields []field
	for _, f := range out.fields {
		f.qualifier = []string{r.As.Text}
		if r.Columns != nil && f.hidden {
			continue
		}
		fields = append(fields, f)
	}
	if r.Columns != nil {
		if len(r.Columns) != len(fields) {
			c.fail(athenasql.CodeMismatchedColumns, r.Span, "Column alias list has %d entries but '%s' has %d columns available",
				len(r.Columns), r.As.Text, len(fields))
		}
		for i, n := range r.Columns {
			fields[i].name = n.Text
		}
	}
	out.fields, out.description = fields, r.As.Text
	return out
}

// sample compiles TABLESAMPLE.
func (c *compiler) sample(r *athenasql.Sample, around *scope) relation {
	out := c.relation(r.Relation, around)
	v := (&env{c: c, scope: &scope{}, clause: "TABLESAMPLE"}).top(r.Percentage)
	text := v.digits
	if v.num != nil {
		text = fmt.Sprint(*v.num)
	}
	if text == "" {
		c.fail(athenasql.CodeInvalidArguments, v.at, "Sample percentage should be a number")
	}
	percent := numberOf(text)
	if percent < 0 || percent > 100 {
		c.fail(athenasql.CodeInvalidArguments, v.at, "Sample percentage must be between 0 and 100")
	}
	method := "bernoulli"
	if r.System {
		method = "system"
	}
	alias := c.alias()
	for i := range out.fields {
		_, column, _ := strings.Cut(out.fields[i].sql, ".")
		out.fields[i].sql = alias + "." + column
	}
	out.sql = fmt.Sprintf("(SELECT * FROM %s TABLESAMPLE %s(%s%%)) AS %s", out.sql, method, text, alias)
	return out
}

// tableFunction compiles TABLE(sequence(...)), the only one that there is.
func (c *compiler) tableFunction(r *athenasql.TableFunction, around *scope) relation {
	name := written(r.Call.Name.Parts)
	if name != "sequence" {
		c.hinted("TABLE(sequence(start, stop, step)) is", athenasql.CodeNotSupported, r.Span, "table function %s is not supported", name)
	}
	if n := len(r.Call.Args); n < 2 || n > 3 {
		c.fail(athenasql.CodeInvalidArguments, r.Span, "sequence takes start, stop and step")
	}
	e := &env{c: c, scope: around, clause: "TABLE"}
	args := make([]string, len(r.Call.Args))
	for i, x := range r.Call.Args {
		v := e.top(x)
		if !v.constant || !types.Coerces(v.typ, types.Type{Kind: types.BigInt}) {
			c.fail(athenasql.CodeTypeMismatch, v.at, "the arguments of sequence are constants of type bigint")
		}
		args[i] = c.coerce(v, types.Type{Kind: types.BigInt}).sql
	}
	if len(args) == 3 {
		args[2] = "CASE WHEN " + args[2] + " = 0 THEN " + failing(athenasql.CodeInvalidArgument, "Step must not be zero") + " ELSE " + args[2] + " END"
	}
	alias := c.alias()
	return relation{
		sql:    "(SELECT unnest(generate_series(" + strings.Join(args, ", ") + `)) AS "sequential_number") AS ` + alias,
		fields: []field{{name: "sequential_number", typ: types.Type{Kind: types.BigInt}, sql: alias + `."sequential_number"`}},
	}
}

// unnest compiles UNNEST: a column for an array's elements, two for a map, one for each field of an array of rows. Shorter ones are filled up with NULL.
func (c *compiler) unnest(r *athenasql.Unnest, around *scope) relation {
	e := &env{c: c, scope: around, clause: "UNNEST"}
	alias, inner := c.alias(), c.alias()
	var lists, outer, lengths []string
	var fields []field
	add := func(t types.Type, sql string) {
		column := fmt.Sprintf(`"c%d"`, len(fields))
		outer = append(outer, sql+" AS "+column)
		fields = append(fields, field{typ: t, sql: alias + "." + column})
	}
	list := func(sql string) string {
		column := fmt.Sprintf(`"l%d"`, len(lists))
		lists = append(lists, "unnest("+sql+") AS "+column)
		return inner + "." + column
	}
	for _, x := range r.Exprs {
		v := e.top(x)
		switch v.typ.Kind {
		case types.Array:
			lengths = append(lengths, "coalesce(len("+v.sql+"), 0)")
			elem, column := v.typ.Elems[0], list(v.sql)
			if elem.Kind != types.Row {
				add(elem, column)
				continue
			}
			for i, t := range elem.Elems {
				add(t, "struct_extract("+column+", "+quoteText(elem.StructKey(i))+")")
				fields[len(fields)-1].name = elem.Names[i]
			}
		case types.Map:
			lengths = append(lengths, "coalesce(cardinality("+v.sql+"), 0)")
			add(v.typ.Elems[0], list("map_keys("+v.sql+")"))
			add(v.typ.Elems[1], list("map_values("+v.sql+")"))
		default:
			c.fail(athenasql.CodeTypeMismatch, v.at, "Cannot unnest type: %s", v.typ)
		}
	}
	if r.Ordinality {
		most := lengths[0]
		if len(lengths) > 1 {
			most = "greatest(" + strings.Join(lengths, ", ") + ")"
		}
		add(types.Type{Kind: types.BigInt}, list("generate_series(1, CAST("+most+" AS BIGINT))"))
	}
	sql := "(SELECT " + strings.Join(outer, ", ") + " FROM (SELECT " + strings.Join(lists, ", ") + ") AS " + inner + ") AS " + alias
	return relation{sql: sql, fields: fields, lateral: true}
}
