package compile

import (
	"slices"
	"strconv"

	"weir/internal/athenasql"
)

// volatile functions are not the same at each call: a condition with one is not for partitions.
var volatile = []string{"rand", "random", "uuid", "shuffle"}

// prune adds to the scans those parts of a condition that read keys of the partitions of one scan, columns of its objects and constants alone: a row for which one is not true
// does not matter. may says of which fields' scans that holds, nil: of all that no outer join may leave out.
func (c *compiler) prune(x athenasql.Expr, s *scope, may func(*field) bool) {
	if b, ok := x.(*athenasql.BinaryOp); ok && b.Operator == "AND" {
		c.prune(b.Left, s, may)
		c.prune(b.Right, s, may)
		return
	}
	if !plain(x) || calls(x, volatile) {
		return
	}
	var of *scan
	over := &scope{}
	objects := false
	for _, r := range refs(x) {
		f, _ := c.resolve(s, r)
		if f == nil || f.scan == nil || f.nullable || !slices.ContainsFunc(s.fields, func(o field) bool { return o.sql == f.sql }) ||
			!f.scan.isListed(f.column) || of != nil && of != f.scan || may != nil && !may(f) {
			return
		}
		of = f.scan
		objects = objects || !of.isPartition(f.column)
		if !slices.ContainsFunc(over.fields, func(o field) bool { return o.name == f.name && slices.Equal(o.qualifier, f.qualifier) }) {
			over.fields = append(over.fields, field{qualifier: f.qualifier, name: f.name, typ: f.typ, sql: quoteName(f.column), column: f.column})
		}
	}
	if of == nil {
		return
	}
	e := &env{c: c, scope: over}
	if objects {
		of.objects = append(of.objects, e.expr(x).sql)
		return
	}
	of.partitions = append(of.partitions, e.expr(x).sql)
	of.pin(e, x)
}

// pin notes the constants that a condition gives to a partition key.
func (s *scan) pin(e *env, x athenasql.Expr) {
	var sides []athenasql.Expr
	switch x := x.(type) {
	case *athenasql.BinaryOp:
		if x.Operator == "=" {
			sides = []athenasql.Expr{x.Left, x.Right}
		}
	case *athenasql.In:
		if !x.Not && x.Query == nil {
			sides = append([]athenasql.Expr{x.Of}, x.List...)
		}
	}
	key := ""
	var values []string
	for _, side := range sides {
		switch v := e.expr(side); {
		case v.column != nil && key == "":
			key = v.column.column
		case v.text != nil:
			values = append(values, *v.text)
		case v.num != nil:
			values = append(values, strconv.FormatInt(*v.num, 10))
		default:
			return // of some value nothing is known
		}
	}
	if key == "" {
		return
	}
	if s.pinned == nil {
		s.pinned = map[string][]string{}
	}
	s.pinned[key] = append(s.pinned[key], values...)
}

// isPartition says whether a column is a key of the table's partitions.
func (s *scan) isPartition(column string) bool {
	return slices.ContainsFunc(s.table.Columns, func(c Column) bool { return c.Name == column && c.Partition })
}

// isListed says whether a column is a key of the table's partitions or one of its objects.
func (s *scan) isListed(column string) bool {
	return slices.ContainsFunc(s.table.Columns, func(c Column) bool { return c.Name == column && (c.Partition || c.Object) })
}
