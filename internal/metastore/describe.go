package metastore

import (
	"context"
	"fmt"
	"slices"

	"weir/internal/athenasql"
)

// blank is Hive's empty line of a description.
const blank = "\t \t "

// row is a line of a description: three columns of 20 signs.
func row(a, b, c string) string { return fmt.Sprintf("%-20s\t%-20s\t%-20s", a, b, c) }

// describe carries out DESCRIBE (Athena User Guide, "DESCRIBE"; the lines are Hive's).
func (s *Store) describe(ctx context.Context, d *athenasql.Describe, session Session) (*Output, error) {
	t, err := s.mustFind(ctx, d.Name, session)
	if err != nil {
		return nil, err
	}
	all := t.all()
	if d.Column != nil {
		i := slices.IndexFunc(all, func(c Column) bool { return c.Name == d.Column.Text })
		if i < 0 {
			var names []string
			for _, c := range all {
				names = append(names, c.Name)
			}
			e := athenasql.Errorf(codeFailed, d.Column.Span, "SemanticException [Error 10004]: Invalid table alias or column reference %s", d.Column.Text)
			if near := nearest(d.Column.Text, names); near != "" {
				e.Hint = "did you mean " + near + "?"
			}
			return nil, e
		}
		return &Output{Lines: []string{row(all[i].Name, all[i].Type, all[i].Comment)}}, nil
	}
	place := t.Location
	if d.Partition != nil {
		if place, err = s.partitionPlace(ctx, t, d.Partition); err != nil {
			return nil, err
		}
	}
	out := &Output{}
	for _, c := range all {
		out.Lines = append(out.Lines, row(c.Name, c.Type, c.Comment))
	}
	if len(t.Keys) > 0 {
		out.Lines = append(out.Lines, blank, "# Partition Information\t \t ", "# "+row("col_name", "data_type", "comment"), blank)
		for _, k := range t.Keys {
			out.Lines = append(out.Lines, row(k.Name, k.Type, k.Comment))
		}
	}
	if d.Extended || d.Formatted {
		out.Lines = append(out.Lines, t.details(place)...)
	}
	return out, nil
}

// partitionPlace returns the location of a partition, which must be there.
func (s *Store) partitionPlace(ctx context.Context, t *Table, p *athenasql.PartitionDef) (string, error) {
	values, err := t.partitionValues(p)
	if err != nil {
		return "", err
	}
	list, err := s.added(ctx, t)
	if err != nil {
		return "", err
	}
	for _, have := range list {
		if slices.Equal(have.Values, values) {
			return have.Location, nil
		}
	}
	return "", semantic(10006, "Partition not found %s", written(p))
}

// details returns the lines of DESCRIBE FORMATTED, which EXTENDED has too.
func (t *Table) details(place string) []string {
	pair := func(a, b string) string { return fmt.Sprintf("%-20s\t%-20s\t ", a, b) }
	lines := []string{blank, "# Detailed Table Information\t \t ", pair("Database:", t.Database)}
	if !t.Created.IsZero() {
		lines = append(lines, pair("CreateTime:", t.Created.Format("Mon Jan 02 15:04:05 UTC 2006")))
	}
	if place != "" {
		lines = append(lines, pair("Location:", place))
	}
	lines = append(lines, pair("Table Type:", t.Type()))
	if props := t.shownProperties(); len(props) > 0 {
		lines = append(lines, "Table Parameters:\t \t ")
		for _, p := range props {
			lines = append(lines, fmt.Sprintf("\t%-20s\t%-20s", p.Key, p.Value))
		}
	}
	if t.View != "" {
		return append(lines, blank, "# View Information\t \t ", pair("View Original Text:", t.View))
	}
	if t.ready != nil {
		return lines
	}
	serde, input, output := lazySimple, textInput, textOutput
	if t.SerDe != "" {
		serde = t.SerDe
	}
	if t.Format == Parquet {
		serde, input, output = parquetSerDe, parquetInput, parquetOutput
	}
	return append(lines, blank, "# Storage Information\t \t ", pair("SerDe Library:", serde), pair("InputFormat:", input), pair("OutputFormat:", output), pair("Compressed:", "No"))
}
