package flowtable

import (
	"strings"

	"weir/flowlog"
)

// Column is a column of a table, or a key of its partitions.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // Hive's
}

// columnOf returns the column of a field, with the types of Athena's guide: it has protocol as bigint, and addresses as text. Fields that
// weir does not know are text.
func columnOf(name string, f *flowlog.Field) Column {
	c := Column{Name: flowlog.ColumnName(name), Type: "string"}
	switch {
	case f == nil:
	case f.ID == flowlog.Protocol, f.Type == flowlog.Int64:
		c.Type = "bigint"
	case f.Type == flowlog.Int32:
		c.Type = "int"
	}
	return c
}

// columnsOf returns the columns of a format in its order.
func columnsOf(f flowlog.Format) []Column {
	names := f.Names()
	out := make([]Column, len(names))
	for i, name := range names {
		field, ok := f.Field(i)
		if !ok {
			field = nil
		}
		out[i] = columnOf(name, field)
	}
	return out
}

// quoted returns a name as it stands in DDL: in backticks where it is reserved or has other signs than letters, digits and "_".
func quoted(name string) string {
	plain := !reserved[name]
	for i, r := range name {
		plain = plain && (r >= 'a' && r <= 'z' || i > 0 && (r >= '0' && r <= '9' || r == '_'))
	}
	if plain {
		return name
	}
	return "`" + name + "`"
}

// reserved are the words that stand in backticks in DDL.
//
// Source: Athena User Guide, "Escape reserved keywords in queries", reserved keywords in DDL statements.
var reserved = func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(`all alter and array as authorization between bigint binary boolean both by case cashe cast char column conf
constraint commit create cross cube current current_date current_timestamp cursor database date dayofweek decimal delete describe distinct
div double drop else end exchange exists extended external extract false fetch float floor following for foreign from full function grant
group grouping having if import in inner insert int integer intersect interval into is join lateral left less like local macro map more
none not null numeric of on only or order out outer over partialscan partition percent preceding precision preserve primary procedure range
reads reduce regexp references revoke right rlike rollback rollup row rows select set smallint table tablesample then time
timestamp to transform trigger true truncate unbounded union uniquejoin update user using utc_timestamp values varchar views when where
window with`) {
		out[w] = true
	}
	return out
}()
