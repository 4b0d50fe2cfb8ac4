package metastore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"weir/internal/athenasql"
)

// createTable carries out CREATE EXTERNAL TABLE (Athena User Guide, "CREATE TABLE").
func (s *Store) createTable(ctx context.Context, c *athenasql.CreateTable, session Session) error {
	database, name, err := s.newName(ctx, c.Name, session)
	if err != nil {
		return err
	}
	t, err := define(c, session)
	if err != nil {
		return err
	}
	t.Database, t.Name, t.Created = database, name, s.options.Now().UTC().Truncate(time.Second)
	old, err := s.Find(ctx, database, name)
	switch {
	case err != nil:
		return err
	case old != nil && c.IfNotExists:
		return nil
	case old != nil:
		return execution("AlreadyExistsException", "Table %s already exists", name)
	}
	return put(ctx, s.db, t)
}

// define makes a table of its statement, or says what of it is wrong.
func define(c *athenasql.CreateTable, session Session) (*Table, error) {
	t := &Table{
		Comment: c.Comment, SerDe: c.SerDe, SerDeProperties: properties(c.SerDeProperties), Delimited: c.Delimited,
		Properties: properties(c.Properties),
	}
	if len(c.Columns) == 0 {
		return nil, athenasql.Errorf(athenasql.CodeSyntax, c.Name.Span, "a table has at least one column")
	}
	var err error
	if t.Columns, err = definedColumns(c.Columns, nil); err != nil {
		return nil, err
	}
	if t.Keys, err = definedColumns(c.PartitionBy, t.Columns); err != nil {
		return nil, err
	}
	if t.Format, err = format(c); err != nil {
		return nil, err
	}
	if t.Location, err = Location(c.Location, c.LocationAt, session); err != nil {
		return nil, err
	}
	if err := checkProperties(slices.Concat(c.SerDeProperties, c.Properties)); err != nil {
		return nil, err
	}
	if d := c.Delimited; d != nil && d.Lines != "" && d.Lines != "\n" {
		return nil, athenasql.Errorf(athenasql.CodeNotSupported, c.Span, `LINES TERMINATED BY is '\n' or not said, as Hive takes it`)
	}
	if err := t.readable(c.Span); err != nil {
		return nil, err
	}
	if _, err := t.projection(nil); err != nil {
		return nil, placedProperty(err, c.Properties)
	}
	return t, checkTemplate(c.Properties, session)
}

// properties returns properties in the order in which they were written; of those with one key the last counts.
func properties(of []athenasql.Property) []Property {
	var out []Property
	for _, p := range of {
		if p.Key == "transient_lastDdlTime" {
			continue // Hive's own note of when, which SHOW CREATE TABLE writes
		}
		out = slices.DeleteFunc(out, func(o Property) bool { return strings.EqualFold(o.Key, p.Key) })
		out = append(out, Property{p.Key, p.Value})
	}
	return out
}

// definedColumns returns the columns of a definition. Columns of before may not be among them.
func definedColumns(of []athenasql.ColumnDef, before []Column) ([]Column, error) {
	var out []Column
	seen := map[string]bool{}
	for _, b := range before {
		seen[b.Name] = true
	}
	for _, d := range of {
		switch {
		case seen[d.Name.Text] && slices.ContainsFunc(before, func(b Column) bool { return b.Name == d.Name.Text }):
			return nil, athenasql.Errorf(codeFailed, d.Name.Span, "SemanticException [Error 10035]: Column repeated in partitioning columns: %s", d.Name.Text)
		case seen[d.Name.Text]:
			return nil, athenasql.Errorf(codeFailed, d.Name.Span, "SemanticException [Error 10036]: Duplicate column name: %s", d.Name.Text)
		}
		seen[d.Name.Text] = true
		typ, err := columnType(d.Type)
		if err != nil {
			return nil, err
		}
		out = append(out, Column{Name: d.Name.Text, Type: typ.Hive(), Comment: d.Comment})
	}
	return out, nil
}

// textSerDes are the classes that read lines.
var textSerDes = []string{lazySimple, regexSerDe, csvSerDe, openXSerDe, hcatalogSerDe}

// format finds what the objects of a table hold.
func format(c *athenasql.CreateTable) (Format, error) {
	says := map[Format]string{}
	refuse := func(what string) error {
		return athenasql.Errorf(athenasql.CodeNotSupported, c.Span, "tables of %s are not supported", what).
			WithHint("weir reads text by LazySimpleSerDe (ROW FORMAT DELIMITED), OpenCSVSerde and RegexSerDe, JSON by " + openXSerDe + " and " + hcatalogSerDe + ", and Parquet (STORED AS PARQUET)")
	}
	switch class := c.SerDe; {
	case class == "":
	case slices.ContainsFunc(textSerDes, func(c string) bool { return strings.EqualFold(class, c) }):
		says[Text] = "SERDE '" + class + "'"
	case strings.EqualFold(class, parquetSerDe), strings.EqualFold(class, "parquet.hive.serde.ParquetHiveSerDe"):
		says[Parquet] = "SERDE '" + class + "'"
	default:
		return "", refuse("the SerDe " + class)
	}
	if c.Delimited != nil {
		says[Text] = "ROW FORMAT DELIMITED"
	}
	switch c.StoredAs {
	case "":
	case "textfile":
		says[Text] = "STORED AS TEXTFILE"
	case "parquet":
		says[Parquet] = "STORED AS PARQUET"
	default:
		return "", refuse("STORED AS " + strings.ToUpper(c.StoredAs))
	}
	switch c.InputFormat {
	case "":
	case textInput:
		says[Text] = "INPUTFORMAT '" + c.InputFormat + "'"
	case parquetInput, "parquet.hive.DeprecatedParquetInputFormat":
		says[Parquet] = "INPUTFORMAT '" + c.InputFormat + "'"
	default:
		return "", refuse("the input format " + c.InputFormat)
	}
	if says[Text] != "" && says[Parquet] != "" {
		return "", athenasql.Errorf(athenasql.CodeInvalidTable, c.Span, "%s says text, %s says Parquet", says[Text], says[Parquet])
	}
	if says[Parquet] != "" {
		return Parquet, nil
	}
	return Text, nil
}

// Location checks the place of a table's or partition's objects, which was written at a place of the statement, and returns it with a "/" at its end.
func Location(text string, at athenasql.Span, session Session) (string, error) {
	refuse := func(format string, args ...any) error {
		return athenasql.Errorf(athenasql.CodeInvalidTable, at, "LOCATION %s: %s", literal(text), fmt.Sprintf(format, args...)).
			WithHint("a location is a folder: 's3://BUCKET/FOLDER/', or 'file:///FOLDER/' of this machine")
	}
	scheme, rest, ok := strings.Cut(text, "://")
	switch {
	case text == "":
		return "", athenasql.Errorf(athenasql.CodeSyntax, at, "a table over objects needs a LOCATION").
			WithHint("LOCATION 's3://BUCKET/FOLDER/'")
	case !ok:
		return "", refuse("it has no scheme")
	case scheme == "s3":
		bucket, _, _ := strings.Cut(rest, "/")
		if bucket == "" || strings.ContainsAny(bucket, " :*?") {
			return "", refuse("%q is no bucket", bucket)
		}
		if strings.Contains(rest, "*") {
			return "", refuse("a folder is meant as it is written, and * is no pattern")
		}
	case scheme == "file" && session.Remote:
		return "", refuse(remoteFolder)
	case scheme == "file":
		u, err := url.Parse(text)
		if err != nil || u.Host != "" && u.Host != "localhost" || !path.IsAbs(u.Path) || u.RawQuery != "" || u.Fragment != "" {
			return "", refuse("it is no absolute path of this machine")
		}
		if slices.Contains(strings.Split(u.Path, "/"), "..") {
			return "", refuse("a path has no ..")
		}
	default:
		return "", refuse("%s:// is not read", scheme)
	}
	return strings.TrimRight(text, "/") + "/", nil
}

// remoteFolder says why a folder is refused.
const remoteFolder = "folders of the server's machine are not for those who ask over the network"

// checkTemplate refuses a template of locations that is of this machine where the statement came over the network.
func checkTemplate(of []athenasql.Property, session Session) error {
	for _, p := range of {
		scheme, _, _ := strings.Cut(strings.TrimSpace(p.Value), "://")
		if strings.EqualFold(p.Key, locationTemplate) && session.Remote && scheme != "s3" {
			return athenasql.Errorf(athenasql.CodeInvalidTable, p.Span, "%s %s: %s", locationTemplate, literal(p.Value), remoteFolder).
				WithHint("a template begins with s3://BUCKET/")
		}
	}
	return nil
}

// readOtherwise are the properties that would change how objects are read and which weir does not follow, with the values that change nothing.
var readOtherwise = map[string][]string{
	"skip.footer.line.count":               {"0"},
	"serialization.encoding":               {"utf-8", "utf8"},
	"serialization.last.column.takes.rest": {"false"},
	"timestamp.formats":                    {""},
	"textinputformat.record.delimiter":     {"\n"},
	"line.delim":                           {"\n"},
	"parquet.column.index.access":          {"false"},
	"has_encrypted_data":                   {"false"},
	"read_restored_glacier_objects":        {"false"},
	"transactional":                        {"false"},
	"table_type":                           {"hive", "external_table"},
	"external":                             {"true"},
}

// checkProperties refuses properties that would change how a table is read and are not followed. Others are kept.
func checkProperties(of []athenasql.Property) error {
	for _, p := range of {
		harmless, listed := readOtherwise[strings.ToLower(p.Key)]
		if listed && !slices.ContainsFunc(harmless, func(v string) bool { return strings.EqualFold(v, p.Value) }) {
			return athenasql.Errorf(athenasql.CodeNotSupported, p.Span, "%s with the value %s is not supported", literal(p.Key), literal(p.Value))
		}
		key := strings.ToLower(p.Key)
		if key == skipLines && (p.Value == "" || strings.Trim(p.Value, "0123456789") != "" || len(p.Value) > 9) {
			return athenasql.Errorf(athenasql.CodeInvalidTable, p.Span, "%s is %s: a number of lines is expected", skipLines, literal(p.Value))
		}
	}
	return nil
}

// placedProperty gives an error the place of the property that it is of.
func placedProperty(err error, of []athenasql.Property) error {
	pe, ok := errors.AsType[*projectionError](err)
	if !ok {
		return err
	}
	e := athenasql.Errorf(athenasql.CodeInvalidTable, athenasql.Span{}, "%s", pe.text).WithHint(pe.hint)
	for _, p := range of {
		if strings.EqualFold(p.Key, pe.key) {
			e.Span = p.Span
		}
	}
	return e
}
