package athenasql

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// String of a type is its name as Trino writes it: "array(varchar(10))".
func (t TypeName) String() string {
	switch {
	case t.Name == "row" && len(t.Elems) > 0:
		var b strings.Builder
		for i, e := range t.Elems {
			if i > 0 {
				b.WriteString(", ")
			}
			if i < len(t.Fields) && t.Fields[i].Text != "" {
				b.WriteString(quoteName(t.Fields[i].Text) + " ")
			}
			b.WriteString(e.String())
		}
		return "row(" + b.String() + ")"
	case strings.HasSuffix(t.Name, " with time zone"):
		return strings.TrimSuffix(t.Name, " with time zone") + t.params() + " with time zone"
	case strings.HasPrefix(t.Name, "interval "), t.Name == "double", t.Name == "array", t.Name == "row":
		return t.Name + t.params()
	}
	return quoteName(t.Name) + t.params()
}

// params returns (10, 2) or (bigint, varchar), "" where there is none.
func (t TypeName) params() string {
	var list []string
	for _, n := range t.Params {
		list = append(list, fmt.Sprint(n))
	}
	for _, e := range t.Elems {
		list = append(list, e.String())
	}
	if list == nil {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// Hive returns a type as Hive's statements write it: "array<varchar(10)>".
func (t TypeName) Hive() string {
	switch t.Name {
	case "array", "map", "struct", "uniontype":
		var list []string
		for i, e := range t.Elems {
			field := ""
			if i < len(t.Fields) && t.Name == "struct" {
				field = ddlQuote(t.Fields[i].Text) + ":"
			}
			list = append(list, field+e.Hive())
		}
		return t.Name + "<" + strings.Join(list, ",") + ">"
	}
	var list []string
	for _, n := range t.Params {
		list = append(list, fmt.Sprint(n))
	}
	if list == nil {
		return t.Name
	}
	return t.Name + "(" + strings.Join(list, ",") + ")"
}

func hexText(b []byte) string { return "X'" + strings.ToUpper(hex.EncodeToString(b)) + "'" }
