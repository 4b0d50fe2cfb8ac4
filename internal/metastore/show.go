package metastore

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"weir/internal/athenasql"
)

// show carries out SHOW (Athena User Guide, "SHOW ...").
func (s *Store) show(ctx context.Context, sh *athenasql.Show, session Session) (*Output, error) {
	matches, err := pattern(sh)
	if err != nil {
		return nil, err
	}
	var lines []string
	switch what := strings.ToUpper(sh.What); what {
	case "DATABASES", "SCHEMAS":
		all, err := s.Databases(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range all {
			lines = append(lines, d.Name)
		}
	case "TABLES", "VIEWS":
		if lines, err = s.showTables(ctx, sh, session, what == "VIEWS"); err != nil {
			return nil, err
		}
	case "CATALOGS":
		lines = []string{Catalog}
	case "FUNCTIONS":
		lines = slices.Clone(s.options.Functions)
	default:
		return s.showTable(ctx, what, sh, session)
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return !matches(l) })
	return &Output{Lines: lines}, nil
}

// showTables returns the names of tables, views among them, or of views alone.
func (s *Store) showTables(ctx context.Context, sh *athenasql.Show, session Session, views bool) ([]string, error) {
	database := session.Database
	if sh.In != nil {
		database = sh.In.Text
	}
	names, err := s.TableNames(ctx, database)
	switch {
	case err != nil:
		return nil, err
	case names == nil:
		return nil, databaseNotFound(database)
	case !views:
		return names, nil
	}
	var out []string
	for _, n := range names {
		t, err := s.Find(ctx, database, n)
		if err != nil {
			return nil, err
		}
		if t != nil && t.View != "" {
			out = append(out, n)
		}
	}
	return out, nil
}

// pattern returns what tells whether a name meets LIKE.
func pattern(sh *athenasql.Show) (func(string) bool, error) {
	if sh.Like == "" {
		return func(string) bool { return true }, nil
	}
	var b strings.Builder
	b.WriteString("(?i)^(?:")
	for i := 0; i < len(sh.Like); i++ {
		c := sh.Like[i]
		switch {
		case sh.Regex && c == '*', !sh.Regex && c == '%':
			b.WriteString(".*")
		case sh.Regex && c == '.' && i+1 < len(sh.Like) && sh.Like[i+1] == '*':
			// Hive's * is any text already; people write .* all the same.
		case sh.Regex && c == '|':
			b.WriteByte('|')
		case sh.Regex && strings.IndexByte(".[]()^$+?-", c) >= 0:
			b.WriteByte(c)
		case !sh.Regex && c == '_':
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteString(")$")
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, athenasql.Errorf(athenasql.CodeSyntax, sh.Span, "%s is no pattern: * stands for any text, | is between choices", literal(sh.Like))
	}
	return re.MatchString, nil
}

// showTable shows something of one table.
func (s *Store) showTable(ctx context.Context, what string, sh *athenasql.Show, session Session) (*Output, error) {
	if sh.Name == nil {
		return nil, athenasql.Errorf(athenasql.CodeSyntax, sh.Span, "SHOW %s names a table", what)
	}
	q := *sh.Name
	if sh.In != nil && len(q.Parts) == 1 {
		q.Parts = append([]athenasql.Name{*sh.In}, q.Parts...)
	}
	t, err := s.mustFind(ctx, q, session)
	if err != nil {
		return nil, err
	}
	out := &Output{}
	switch what {
	case "COLUMNS":
		for _, c := range t.all() {
			out.Lines = append(out.Lines, fmt.Sprintf("%-20s", c.Name))
		}
	case "PARTITIONS":
		if out.Lines, err = s.showPartitions(ctx, t); err != nil {
			return nil, err
		}
	case "TBLPROPERTIES":
		return t.showProperties(sh.Property), nil
	case "CREATE TABLE":
		switch {
		case t.View != "":
			return nil, semantic(0, "%s is a view", t.Name).WithHint("SHOW CREATE VIEW " + t.Name)
		case t.ready != nil:
			return nil, athenasql.Errorf(athenasql.CodeNotSupported, sh.Span, "%s.%s is a table of the lake's own, which no statement made", t.Database, t.Name).
				WithHint("DESCRIBE " + t.Name + " shows its columns")
		}
		out.Lines = t.ddl()
	case "CREATE VIEW":
		if t.View == "" {
			return nil, semantic(0, "%s is no view", t.Name).WithHint("SHOW CREATE TABLE " + t.Name)
		}
		out.Lines = strings.Split("CREATE VIEW "+t.Database+"."+t.Name+" AS\n"+t.View, "\n")
	default:
		return nil, athenasql.Errorf(athenasql.CodeNotSupported, sh.Span, "SHOW %s is not supported", what)
	}
	return out, nil
}

// showPartitions returns the partitions that were added to a table, or that one of Ready has.
func (s *Store) showPartitions(ctx context.Context, t *Table) ([]string, error) {
	if len(t.Keys) == 0 {
		return nil, execution("MetaException", "Table %s is not a partitioned table", t.Name)
	}
	var out []string
	if t.ready != nil {
		list, err := s.options.ReadyPartitions(ctx, t.ready)
		for _, values := range list {
			out = append(out, t.folder(values))
		}
		slices.Sort(out)
		return out, err
	}
	list, err := s.added(ctx, t)
	for _, p := range list {
		out = append(out, t.folder(p.Values))
	}
	return out, err
}

// showProperties returns the table's properties, or the value of one.
func (t *Table) showProperties(key string) *Output {
	if key != "" {
		v, ok := property(t.Properties, key)
		if !ok {
			v = fmt.Sprintf("Table %s.%s does not have property: %s", t.Database, t.Name, key)
		}
		return &Output{Lines: []string{v}}
	}
	out := &Output{}
	for _, p := range t.shownProperties() {
		out.Lines = append(out.Lines, p.Key+"\t"+p.Value)
	}
	return out
}

// shownProperties are the table's properties with Hive's own.
func (t *Table) shownProperties() []Property {
	out := slices.Clone(t.Properties)
	if _, ok := property(out, "EXTERNAL"); !ok && t.View == "" {
		out = slices.Insert(out, 0, Property{"EXTERNAL", "TRUE"})
	}
	if !t.Created.IsZero() {
		out = append(out, Property{"transient_lastDdlTime", fmt.Sprint(t.Created.Unix())})
	}
	return out
}

// ddl returns the statement that makes the table, as Hive writes it.
func (t *Table) ddl() []string {
	lines := []string{"CREATE EXTERNAL TABLE " + backtick(t.Name) + "("}
	column := func(c Column) string {
		text := "  " + backtick(c.Name) + " " + c.Type
		if c.Comment != "" {
			text += " COMMENT " + literal(c.Comment)
		}
		return text
	}
	list := func(of []Column) {
		for i, c := range of {
			end := ", "
			if i == len(of)-1 {
				end = ")"
			}
			lines = append(lines, column(c)+end)
		}
	}
	list(t.Columns)
	if t.Comment != "" {
		lines = append(lines, "COMMENT "+literal(t.Comment))
	}
	if len(t.Keys) > 0 {
		lines = append(lines, "PARTITIONED BY ( ")
		list(t.Keys)
	}
	lines = append(lines, t.rowFormat()...)
	input, output := textInput, textOutput
	if t.Format == Parquet {
		input, output = parquetInput, parquetOutput
	}
	lines = append(lines, "STORED AS INPUTFORMAT ", "  "+literal(input)+" ", "OUTPUTFORMAT ", "  "+literal(output), "LOCATION", "  "+literal(t.Location))
	lines = append(lines, "TBLPROPERTIES (")
	props := t.shownProperties()
	for i, p := range props {
		end := ", "
		if i == len(props)-1 {
			end = ")"
		}
		lines = append(lines, "  "+literal(p.Key)+"="+literal(p.Value)+end)
	}
	return lines
}

// rowFormat returns the lines of ROW FORMAT.
func (t *Table) rowFormat() []string {
	var lines []string
	d := t.Delimited
	switch {
	case d != nil:
		lines = append(lines, "ROW FORMAT DELIMITED ")
		for _, p := range []Property{
			{"FIELDS TERMINATED BY", d.Fields},
			{"ESCAPED BY", d.Escaped},
			{"COLLECTION ITEMS TERMINATED BY", d.Items},
			{"MAP KEYS TERMINATED BY", d.Keys},
			{"LINES TERMINATED BY", d.Lines},
			{"NULL DEFINED AS", d.Null},
		} {
			if p.Value != "" {
				lines = append(lines, "  "+p.Key+" "+literal(p.Value)+" ")
			}
		}
	case t.SerDe != "" || t.Format == Parquet:
		class := t.SerDe
		if class == "" {
			class = parquetSerDe
		}
		lines = append(lines, "ROW FORMAT SERDE ", "  "+literal(class)+" ")
		if len(t.SerDeProperties) > 0 {
			lines = append(lines, "WITH SERDEPROPERTIES ( ")
			for i, p := range t.SerDeProperties {
				end := ", "
				if i == len(t.SerDeProperties)-1 {
					end = ") "
				}
				lines = append(lines, "  "+literal(p.Key)+"="+literal(p.Value)+end)
			}
		}
	}
	return lines
}
