package metastore

import (
	"fmt"
	"strconv"
	"strings"

	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
	"weir/internal/tablefile"
)

// The classes that say what the objects of a table hold.
const (
	lazySimple    = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
	regexSerDe    = "org.apache.hadoop.hive.serde2.RegexSerDe"
	csvSerDe      = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
	openXSerDe    = "org.openx.data.jsonserde.JsonSerDe"
	hcatalogSerDe = "org.apache.hive.hcatalog.data.JsonSerDe"
	parquetSerDe  = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
	textInput     = "org.apache.hadoop.mapred.TextInputFormat"
	textOutput    = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
	parquetInput  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
	parquetOutput = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
)

// skipLines is the property that says how many lines at the head of each object are no rows.
const skipLines = "skip.header.line.count"

// Layout returns how the table's objects are read. Errors say what of the table's properties can't be read.
func (t *Table) Layout() (tablefile.Layout, error) {
	l := tablefile.Layout{Parquet: t.Format == Parquet, Separator: 1, Null: `\N`}
	for _, c := range t.Columns {
		typ, err := parseHive(c.Type)
		if err != nil {
			return l, err
		}
		if typ.Kind == types.Varchar && typ.Length > 65535 {
			typ.Length = 0
		}
		l.Columns = append(l.Columns, tablefile.Column{Name: c.Name, Type: typ})
	}
	if l.Parquet {
		return l, nil
	}
	if v, ok := property(t.Properties, "use.null.for.invalid.data"); ok {
		l.NullForInvalid = strings.EqualFold(v, "true")
	}
	switch {
	case strings.EqualFold(t.SerDe, regexSerDe):
		return l, t.pattern(&l)
	case strings.EqualFold(t.SerDe, csvSerDe):
		return l, t.csv(&l)
	case strings.EqualFold(t.SerDe, openXSerDe), strings.EqualFold(t.SerDe, hcatalogSerDe):
		return l, t.json(&l)
	}
	fields, escape, null := t.separators()
	var ok bool
	if fields != "" {
		if l.Separator, ok = separator(fields); !ok {
			return l, fmt.Errorf("fields are terminated by %q: weir takes one byte", fields)
		}
	}
	if escape != "" {
		if l.Escape, ok = separator(escape); !ok {
			return l, fmt.Errorf("fields are escaped by %q: weir takes one byte", escape)
		}
		l.Escaped = true
	}
	if null != "" {
		l.Null = null
	}
	return l, t.skip(&l)
}

// skip sets how many lines are no rows.
func (t *Table) skip(l *tablefile.Layout) error {
	v, ok := property(t.Properties, skipLines)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return fmt.Errorf("%s is %q: a number of lines is expected", skipLines, v)
	}
	l.SkipLines = n
	return nil
}

// pattern sets how Hive's RegexSerDe takes lines apart (Athena User Guide, "Regex SerDe").
func (t *Table) pattern(l *tablefile.Layout) error {
	text, ok := property(t.SerDeProperties, inputRegex)
	if !ok {
		return fmt.Errorf("a table of RegexSerDe has its pattern in WITH SERDEPROPERTIES (%s = '...')", literal(inputRegex))
	}
	pattern, err := function.JavaRegex(text)
	if err != nil {
		return fmt.Errorf("%s: %w", inputRegex, err)
	}
	if v, ok := property(t.SerDeProperties, inputRegex+".case.insensitive"); ok && strings.EqualFold(v, "true") {
		pattern = "(?i:" + pattern + ")"
	}
	for _, c := range l.Columns {
		switch {
		case c.Type.IsInteger(), c.Type.Kind == types.Varchar, c.Type.Kind == types.Double, c.Type.Kind == types.Real:
		default:
			return fmt.Errorf("column %s: a table of RegexSerDe with columns of %s is not supported: string, whole numbers, float and double are", c.Name, c.Type)
		}
	}
	l.Pattern = `\A(?:` + pattern + `)\z` // the whole line matches
	l.Null = "\n"                         // which is in no line
	return t.skip(l)
}

const inputRegex = "input.regex"

// separators returns what ends fields, what escapes and what stands for NULL, "" where nothing is said.
func (t *Table) separators() (fields, escape, null string) {
	of := func(keys ...string) string {
		for _, props := range [][]Property{t.SerDeProperties, t.Properties} {
			for _, k := range keys {
				if v, ok := property(props, k); ok {
					return v
				}
			}
		}
		return ""
	}
	// field.delim counts before serialization.format, which Hive writes beside it (Hive, LazySerDeParameters).
	fields, escape, null = of("field.delim", "serialization.format"), of("escape.delim"), of("serialization.null.format")
	if d := t.Delimited; d != nil {
		if d.Fields != "" {
			fields = d.Fields
		}
		if d.Escaped != "" {
			escape = d.Escaped
		}
		if d.Null != "" {
			null = d.Null
		}
	}
	return fields, escape, null
}
