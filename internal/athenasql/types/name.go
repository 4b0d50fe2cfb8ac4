package types

import (
	"fmt"
	"strings"

	"weir/internal/athenasql"
)

// maxDecimal is the most digits of a decimal, maxFraction the most of a second's fraction that DuckDB keeps.
const (
	maxDecimal  = 38
	maxFraction = 6
	fraction    = 3 // of a timestamp or time whose precision is not said
)

// simple are the types without parameters, by their names in Trino and in Hive.
var simple = map[string]Kind{
	"unknown": Unknown, "boolean": Boolean, "tinyint": TinyInt, "smallint": SmallInt, "integer": Integer, "int": Integer, "bigint": BigInt,
	"real": Real, "float": Real, "double": Double, "double precision": Double, "string": Varchar, "varbinary": Varbinary, "binary": Varbinary,
	"json": JSON, "date": Date, "interval day to second": IntervalDay, "interval year to month": IntervalYear,
	"ipaddress": IPAddress, "uuid": UUID, "ipprefix": IPPrefix,
}

// FromName returns the type that a name says, in Trino's spelling or in Hive's. Errors are *[athenasql.Error] of the name's place:
// TYPE_NOT_FOUND, or NOT_SUPPORTED where Athena has the type and weir has not.
func FromName(n athenasql.TypeName) (Type, error) {
	name := strings.ToLower(n.Name)
	if k, ok := simple[name]; ok {
		if len(n.Params)+len(n.Elems) > 0 {
			return Type{}, notFound(n, "has no parameters")
		}
		return Type{Kind: k}, nil
	}
	switch name {
	case "varchar", "char":
		return text(n, name)
	case "decimal", "dec", "numeric":
		return decimal(n)
	case "time", "time without time zone", "timestamp", "timestamp without time zone", "timestamp with time zone":
		return moment(n, name)
	case "array", "map", "row", "struct":
		return nested(n, name)
	case "time with time zone", "hyperloglog", "p4hyperloglog", "qdigest", "tdigest", "setdigest", "geometry", "sphericalgeography",
		"color", "jsonpath", "uniontype":
		return Type{}, athenasql.Errorf(athenasql.CodeNotSupported, n.Span, "type %s is not supported", name)
	}
	return Type{}, athenasql.Errorf(athenasql.CodeTypeNotFound, n.Span, "Unknown type: %s", name)
}

func notFound(n athenasql.TypeName, format string, args ...any) error {
	return athenasql.Errorf(athenasql.CodeTypeNotFound, n.Span, "type %s %s", n.Name, fmt.Sprintf(format, args...))
}

func text(n athenasql.TypeName, name string) (Type, error) {
	t := Type{Kind: Varchar}
	if name == "char" {
		t = Type{Kind: Char, Length: 1}
	}
	switch {
	case len(n.Elems) > 0 || len(n.Params) > 1:
		return Type{}, notFound(n, "takes its length alone")
	case len(n.Params) == 1:
		// A varchar of no length at all would look unbounded, and holds nothing but ''.
		if t.Length = n.Params[0]; t.Length < 1 || t.Kind == Char && t.Length > 65536 {
			return Type{}, notFound(n, "has a length of 1 or more")
		}
	}
	return t, nil
}

func decimal(n athenasql.TypeName) (Type, error) {
	t := Type{Kind: Decimal, Precision: maxDecimal}
	if len(n.Elems) > 0 || len(n.Params) > 2 {
		return Type{}, notFound(n, "takes a precision and a scale")
	}
	if len(n.Params) > 0 {
		t.Precision = n.Params[0]
	}
	if len(n.Params) > 1 {
		t.Scale = n.Params[1]
	}
	if t.Precision < 1 || t.Precision > maxDecimal || t.Scale < 0 || t.Scale > t.Precision {
		return Type{}, notFound(n, "has a precision from 1 to %d and a scale up to it", maxDecimal)
	}
	return t, nil
}

func moment(n athenasql.TypeName, name string) (Type, error) {
	t := Type{Kind: Timestamp, Precision: fraction}
	switch {
	case strings.HasSuffix(name, "with time zone"):
		t.Kind, t.Zone = TimestampTZ, "UTC"
	case strings.HasPrefix(name, "time") && !strings.HasPrefix(name, "timestamp"):
		t.Kind = Time
	}
	if len(n.Elems) > 0 || len(n.Params) > 1 {
		return Type{}, notFound(n, "takes a precision alone")
	}
	if len(n.Params) == 1 {
		t.Precision = n.Params[0]
	}
	if t.Precision > maxFraction && t.Precision <= 12 {
		return Type{}, athenasql.Errorf(athenasql.CodeNotSupported, n.Span, "%s(%d) is not supported", n.Name, t.Precision).
			WithHint(fmt.Sprintf("the precision is at most %d", maxFraction))
	}
	if t.Precision < 0 || t.Precision > 12 {
		return Type{}, notFound(n, "has a precision from 0 to %d", maxFraction)
	}
	return t, nil
}

func nested(n athenasql.TypeName, name string) (Type, error) {
	if len(n.Params) > 0 {
		return Type{}, notFound(n, "takes types alone")
	}
	t := Type{Kind: Row}
	for i, e := range n.Elems {
		elem, err := FromName(e)
		if err != nil {
			return Type{}, err
		}
		field := ""
		if i < len(n.Fields) {
			field = n.Fields[i].Text
		}
		t.Elems, t.Names = append(t.Elems, elem), append(t.Names, field)
	}
	switch {
	case name == "array":
		t.Kind, t.Names = Array, nil
		if len(t.Elems) != 1 {
			return Type{}, notFound(n, "takes one type")
		}
	case name == "map":
		t.Kind, t.Names = Map, nil
		if len(t.Elems) != 2 {
			return Type{}, notFound(n, "takes two types")
		}
	case len(t.Elems) == 0:
		return Type{}, notFound(n, "has one field or more")
	}
	return t, nil
}

// ArrayOf returns the type of an array.
func ArrayOf(elem Type) Type { return Type{Kind: Array, Elems: []Type{elem}} }

// MapOf returns the type of a map.
func MapOf(key, value Type) Type { return Type{Kind: Map, Elems: []Type{key, value}} }

// RowOf returns the type of a row.
func RowOf(names []string, fields ...Type) Type {
	if names == nil {
		names = make([]string, len(fields))
	}
	return Type{Kind: Row, Elems: fields, Names: names}
}

var names = [...]string{
	"unknown", "boolean", "tinyint", "smallint", "integer", "bigint", "real", "double", "decimal", "varchar", "char", "varbinary", "json",
	"date", "time", "timestamp", "timestamp with time zone", "interval day to second", "interval year to month", "array", "map", "row",
	"ipaddress", "uuid", "ipprefix", "function",
}

// Name returns the type's name without its parameters, as Athena says it of a column of a result: "varchar", "timestamp with time zone".
func (t Type) Name() string { return names[t.Kind] }

// String returns the type as Trino shows it: "varchar(5)", "decimal(10,2)", "timestamp(3) with time zone", "row(a integer, varchar)".
func (t Type) String() string {
	switch t.Kind {
	case Varchar:
		if t.Length == 0 {
			return "varchar"
		}
		return fmt.Sprintf("varchar(%d)", t.Length)
	case Char:
		return fmt.Sprintf("char(%d)", t.Length)
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case Time, Timestamp:
		return fmt.Sprintf("%s(%d)", t.Name(), t.Precision)
	case TimestampTZ:
		return fmt.Sprintf("timestamp(%d) with time zone", t.Precision)
	case Array, Map, Row:
		return t.Name() + "(" + t.join(", ", func(i int) string {
			if t.Kind == Row && t.Names[i] != "" {
				return fieldName(t.Names[i]) + " " + t.Elems[i].String()
			}
			return t.Elems[i].String()
		}) + ")"
	}
	return t.Name()
}

// fieldName quotes a field's name where it is no plain word, as Trino does.
func fieldName(s string) string {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
		}
	}
	return s
}

func (t Type) join(between string, part func(i int) string) string {
	parts := make([]string, len(t.Elems))
	for i := range t.Elems {
		parts[i] = part(i)
	}
	return strings.Join(parts, between)
}

// Hive returns the type as Hive's DDL and the metadata of tables say it: "string", "int", "float", "struct<a:int>". Types that Hive has not are
// named as Trino does.
func (t Type) Hive() string {
	switch t.Kind {
	case Integer:
		return "int"
	case Real:
		return "float"
	case Varchar:
		if t.Length == 0 {
			return "string"
		}
	case Varbinary:
		return "binary"
	case Timestamp:
		return "timestamp"
	case Array, Map:
		return t.Name() + "<" + t.join(",", func(i int) string { return t.Elems[i].Hive() }) + ">"
	case Row:
		return "struct<" + t.join(",", func(i int) string { return t.FieldName(i) + ":" + t.Elems[i].Hive() }) + ">"
	}
	return t.String()
}

var duckdb = map[Kind]string{
	Unknown: "INTEGER", Boolean: "BOOLEAN", TinyInt: "TINYINT", SmallInt: "SMALLINT", Integer: "INTEGER", BigInt: "BIGINT", Real: "FLOAT",
	Double: "DOUBLE", Varchar: "VARCHAR", Char: "VARCHAR", Varbinary: "BLOB", JSON: "VARCHAR", Date: "DATE", Time: "TIME",
	Timestamp: "TIMESTAMP", TimestampTZ: "TIMESTAMPTZ", IntervalDay: "BIGINT", IntervalYear: "INTEGER", IPAddress: "VARCHAR", UUID: "UUID",
	IPPrefix: "VARCHAR",
}

// SQL returns the type of the value in DuckDB: see the package's documentation.
func (t Type) SQL() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case Array:
		return t.Elems[0].SQL() + "[]"
	case Map:
		return "MAP(" + t.Elems[0].SQL() + ", " + t.Elems[1].SQL() + ")"
	case Row:
		return "STRUCT(" + t.join(", ", func(i int) string { return quote(t.StructKey(i)) + " " + t.Elems[i].SQL() }) + ")"
	}
	return duckdb[t.Kind]
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// FieldName returns the name under which a row's field is shown: its own, or "field0" and so on where it has none.
func (t Type) FieldName(i int) string {
	if t.Names[i] != "" {
		return t.Names[i]
	}
	return fmt.Sprintf("field%d", i)
}

// StructKey returns the name of a row's field in DuckDB's STRUCT, which must be unique: [Type.FieldName], or with its place where an earlier
// field has the same.
func (t Type) StructKey(i int) string {
	name := t.FieldName(i)
	for j := range i {
		if strings.EqualFold(t.FieldName(j), name) {
			return fmt.Sprintf("%s#%d", name, i)
		}
	}
	return name
}
