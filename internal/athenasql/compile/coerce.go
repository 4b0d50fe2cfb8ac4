package compile

import (
	"fmt"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// coerce returns a value in a type that it can be coerced to (see [types.Coerces]), without changing what it is.
func (c *compiler) coerce(v value, to types.Type) value {
	if v.typ.Equal(to) && !v.null {
		return v
	}
	if to.Zoneless() && v.typ.Kind == types.TimestampTZ {
		return v
	}
	out := v
	out.typ = to
	out.sql = c.coercion(v.sql, v.typ, to)
	switch {
	case v.typ.Kind == types.Unknown:
		out.sql = "CAST(" + v.sql + " AS " + to.SQL() + ")"
	case v.num != nil && to.IsInteger():
		n := integerOf(*v.num, to)
		n.at = v.at
		return n
	case v.num != nil && to.Kind == types.Decimal:
		out.num, out.digits = nil, fmt.Sprint(*v.num)
	case v.num != nil:
		out.num = nil
	}
	if v.digits != "" && to.Kind != types.Decimal {
		out.digits = ""
	}
	if out.sql != v.sql {
		out.column = nil
	}
	out.finite = v.finite || v.typ.IsInteger() || v.typ.Kind == types.Decimal
	return out
}

// coercion is the SQL of a coercion.
func (c *compiler) coercion(sql string, from, to types.Type) string {
	switch {
	case from.Kind == types.Unknown:
		return "CAST(" + sql + " AS " + to.SQL() + ")"
	case from.Kind == types.Array && to.Kind == types.Array:
		return c.elements(sql, from.Elems[0], to.Elems[0])
	case from.Kind == types.Map && to.Kind == types.Map:
		return c.entries(sql, from, to)
	case from.Kind == types.Row && to.Kind == types.Row:
		return c.fields(sql, from, to)
	case to.Kind == types.Char && from.Kind == types.Varchar:
		return "rtrim(" + sql + ", ' ')"
	case to.Kind == types.TimestampTZ && from.Kind == types.Timestamp:
		return "(" + sql + " AT TIME ZONE 'UTC')"
	case to.Kind == types.TimestampTZ && from.Kind == types.Date:
		return "(CAST(" + sql + " AS TIMESTAMP) AT TIME ZONE 'UTC')"
	case from.SQL() == to.SQL():
		return sql
	}
	return "CAST(" + sql + " AS " + to.SQL() + ")"
}

// elements coerces the elements of an array.
func (c *compiler) elements(sql string, from, to types.Type) string {
	if from.Kind == types.Unknown {
		return "CAST(" + sql + " AS " + to.SQL() + "[])"
	}
	p := quoteName("e" + fmt.Sprint(c.next))
	c.next++
	elem := c.coercion(p, from, to)
	if elem == p {
		return sql
	}
	return "list_transform(" + sql + ", lambda " + p + ": " + elem + ")"
}

// entries coerces the keys and values of a map.
func (c *compiler) entries(sql string, from, to types.Type) string {
	keys := c.elements("map_keys("+sql+")", from.Elems[0], to.Elems[0])
	values := c.elements("map_values("+sql+")", from.Elems[1], to.Elems[1])
	if keys == "map_keys("+sql+")" && values == "map_values("+sql+")" {
		return sql
	}
	return "(CASE WHEN " + sql + " IS NOT NULL THEN map(" + keys + ", " + values + ") END)"
}

// fields coerces the fields of a row, which may have other names there.
func (c *compiler) fields(sql string, from, to types.Type) string {
	same := true
	parts := make([]string, len(from.Elems))
	for i := range from.Elems {
		field := "struct_extract(" + sql + ", " + quoteText(from.StructKey(i)) + ")"
		as := c.coercion(field, from.Elems[i], to.Elems[i])
		same = same && as == field && from.StructKey(i) == to.StructKey(i)
		parts[i] = quoteName(to.StructKey(i)) + " := " + as
	}
	if same {
		return sql
	}
	return "(CASE WHEN " + sql + " IS NOT NULL THEN struct_pack(" + strings.Join(parts, ", ") + ") END)"
}

// asText returns a varchar, a char or NULL as a varchar: a char has its blanks there.
func (c *compiler) asText(v value) value {
	varchar := types.Type{Kind: types.Varchar}
	if v.typ.Kind == types.Char {
		return value{sql: fmt.Sprintf("rpad(%s, %d, ' ')", v.sql, v.typ.Length), typ: varchar, at: v.at, constant: v.constant}
	}
	return c.coerce(v, varchar)
}

// array compiles ARRAY[...].
func (e *env) array(x *athenasql.ArrayOf) value {
	if len(x.Items) == 0 {
		return value{sql: "CAST([] AS INTEGER[])", typ: types.ArrayOf(types.Type{}), constant: true}
	}
	values, constant := e.list(x.Items)
	t := e.c.common(values, "All ARRAY elements")
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = e.c.coerce(v, t).sql
	}
	return value{sql: "[" + strings.Join(parts, ", ") + "]", typ: types.ArrayOf(t), constant: constant}
}

func (e *env) list(items []athenasql.Expr) (values []value, constant bool) {
	constant = true
	for _, item := range items {
		v := e.expr(item)
		constant = constant && v.constant
		values = append(values, v)
	}
	return values, constant
}

// row compiles ROW(...): its fields have no names.
func (e *env) row(x *athenasql.RowOf) value {
	values, constant := e.list(x.Items)
	elems := make([]types.Type, len(values))
	for i, v := range values {
		elems[i] = v.typ
	}
	t := types.RowOf(nil, elems...)
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = quoteName(t.StructKey(i)) + " := " + e.c.coerce(v, v.typ).sql
	}
	return value{sql: "struct_pack(" + strings.Join(parts, ", ") + ")", typ: t, constant: constant, items: values}
}

// rowField compiles a field of a row by its name.
func (e *env) rowField(v value, name athenasql.Name) value {
	if v.typ.Kind != types.Row {
		e.c.fail(athenasql.CodeTypeMismatch, name.Span, "Expression is not of type ROW: it is %s", v.typ)
	}
	at := -1
	for i, n := range v.typ.Names {
		if !strings.EqualFold(n, name.Text) || n == "" {
			continue
		}
		if at >= 0 {
			e.c.fail(athenasql.CodeAmbiguousName, name.Span, "Ambiguous row field reference: %s", name.Text)
		}
		at = i
	}
	if at < 0 {
		err := athenasql.Errorf(athenasql.CodeColumnNotFound, name.Span, "row has no field '%s': it is %s", name.Text, v.typ)
		if n := nearest(name.Text, v.typ.Names); n != "" {
			err.Hint = fmt.Sprintf("did you mean '%s'?", n)
		}
		panic(bail{err})
	}
	return fieldOf(v, at)
}

func fieldOf(v value, at int) value {
	return value{sql: "struct_extract(" + v.sql + ", " + quoteText(v.typ.StructKey(at)) + ")", typ: v.typ.Elems[at], at: v.at, constant: v.constant}
}

// subscript compiles x[i] of arrays (which count from 1), maps and rows. What is not there is an error, as in Trino.
func (e *env) subscript(x *athenasql.Subscript) value {
	of, index := e.expr(x.Of), e.expr(x.Index)
	constant := of.constant && index.constant
	switch of.typ.Kind {
	case types.Array:
		if !index.typ.IsInteger() && !index.null {
			e.c.fail(athenasql.CodeTypeMismatch, index.at, "Cannot use %s for subscript of %s", index.typ, of.typ)
		}
		i := e.c.coerce(index, types.Type{Kind: types.BigInt})
		sql := "(CASE"
		if index.num == nil || *index.num < 1 {
			sql += " WHEN " + i.sql + " = 0 THEN " + failing(athenasql.CodeInvalidArgument, "SQL array indices start at 1") +
				" WHEN " + i.sql + " < 0 THEN " + failing(athenasql.CodeInvalidArgument, "Array subscript is negative")
		}
		sql += " WHEN " + i.sql + " > len(" + of.sql + ") THEN " +
			failing(athenasql.CodeInvalidArgument, "Array subscript must be less than or equal to array length") +
			" ELSE " + of.sql + "[" + i.sql + "] END)"
		return value{sql: sql, typ: of.typ.Elems[0], constant: constant}
	case types.Map:
		if !types.Coerces(index.typ, of.typ.Elems[0]) {
			e.c.fail(athenasql.CodeTypeMismatch, index.at, "Cannot use %s for subscript of %s", index.typ, of.typ)
		}
		key := e.c.coerce(index, of.typ.Elems[0])
		return value{
			sql: "(CASE WHEN NOT map_contains(" + of.sql + ", " + key.sql + ") THEN " + failing(athenasql.CodeInvalidArgument, "Key not present in map") +
				" ELSE " + of.sql + "[" + key.sql + "] END)",
			typ: of.typ.Elems[1], constant: constant,
		}
	case types.Row:
		if index.num == nil || *index.num < 1 || int(*index.num) > len(of.typ.Elems) {
			e.c.fail(athenasql.CodeInvalidArgument, index.at, "a row's subscript is a constant from 1 to %d", len(of.typ.Elems))
		}
		return fieldOf(of, int(*index.num)-1)
	}
	e.c.fail(athenasql.CodeTypeMismatch, x.Span, "Cannot use %s for subscript of %s", index.typ, of.typ)
	return value{}
}
