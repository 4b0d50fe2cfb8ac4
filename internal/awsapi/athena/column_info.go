package athena

import (
	"math"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// columnInfo tells of a column of results.
type columnInfo struct {
	Catalog       string `json:"CatalogName"`
	Schema        string `json:"SchemaName"`
	Table         string `json:"TableName"`
	Name          string `json:"Name"`
	Label         string `json:"Label"`
	Type          string `json:"Type"`
	Precision     int32  `json:"Precision"`
	Scale         int32  `json:"Scale"`
	Nullable      string `json:"Nullable"`
	CaseSensitive bool   `json:"CaseSensitive"`

	of types.Type // not kept: values are texts by then
}

// describe returns the columns of a result as the API has them. The text of utility statements is one column of Hive's type string.
//
// Source: what others saw of Athena: the names of types without their parameters, float for real, these precisions, "hive" for the catalog,
// and names in lower case.
func describe(kind athenasql.Kind, columns []Column) []columnInfo {
	var out []columnInfo
	for _, c := range columns {
		info := columnInfo{Catalog: "hive", Name: c.Name, Label: c.Name, Nullable: "UNKNOWN", Type: c.Type.Name(), of: c.Type}
		if kind != athenasql.DML && c.Type.Kind == types.Varchar {
			info.Type = "string"
			out = append(out, info)
			continue
		}
		switch c.Type.Kind {
		case types.Real:
			info.Type, info.Precision = "float", 17
		case types.Double:
			info.Precision = 17
		case types.TinyInt:
			info.Precision = 3
		case types.SmallInt:
			info.Precision = 5
		case types.Integer:
			info.Precision = 10
		case types.BigInt:
			info.Precision = 19
		case types.Decimal:
			info.Precision, info.Scale = int32(c.Type.Precision), int32(c.Type.Scale) //nolint:gosec // at most 38
		case types.Varchar, types.Char:
			info.Precision, info.CaseSensitive = math.MaxInt32, true
			if 0 < c.Type.Length && c.Type.Length < math.MaxInt32 {
				info.Precision = int32(c.Type.Length) //nolint:gosec // it was compared
			}
		case types.Varbinary:
			info.Precision = 1 << 30
		case types.Time, types.Timestamp, types.TimestampTZ:
			info.Precision = 3
		}
		out = append(out, info)
	}
	return out
}

// printedColumns are the columns that Athena tells of statements that print lines. A line is one cell all the same.
//
// Source: seen by others (athena-local, September 2026). Of a view DESCRIBE has other columns there, "column" and "type".
var printedColumns = map[string][]string{
	"DESCRIBE_TABLE": {"col_name", "data_type", "comment"}, "SHOW_TBLPROPERTIES": {"prpt_name", "prpt_value"}, "SHOW_CREATE_VIEW": {"create view"}, "SHOW_VIEWS": {"views"},
}

// told returns the columns that clients are told of a result.
func told(s Statement, columns []columnInfo) []columnInfo {
	names, ok := printedColumns[s.SubStatement]
	if !ok || len(columns) != 1 {
		return columns
	}
	var out []columnInfo
	for _, n := range names {
		c := columns[0]
		c.Name, c.Label = n, n
		if s.SubStatement == "SHOW_CREATE_VIEW" || s.SubStatement == "SHOW_VIEWS" {
			c.Type = "varchar"
		}
		out = append(out, c)
	}
	return out
}
