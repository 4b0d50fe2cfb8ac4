package reference

import (
	"weir/internal/insights"
	"weir/internal/insights/lookup"
	"weir/internal/insights/value"
)

// lookup takes columns from the first row of a lookup table whose keys are equal, exactly and in this case; cidrlookup from
// the row of the longest network that holds the address. With OUTPUT the columns are absent where no row is found;
// OUTPUTNEW sets only what is absent or an empty text.
//
// Source: AWS, "lookup" and "cidrlookup".
func (r *run) lookup(c *insights.Lookup) error {
	table, err := r.table(c)
	if err != nil {
		return err
	}
	find, err := finder(table, c)
	if err != nil {
		return err
	}
	return r.each(func(row *Row) {
		at, found := find(row)
		for _, o := range c.Output {
			if c.New {
				old := row.named(o.As)
				if s, _ := old.Text(); !found || !old.IsAbsent() && (s != "" || old.IsStructured()) {
					r.set(row, o.As, old)
					continue
				}
			}
			v := value.Absent
			if found {
				v = value.Text(table.Cell(at, o.Column))
			}
			r.set(row, o.As, v)
		}
	})
}

// table finds the table of a command and checks that it has the columns.
func (r *run) table(c *insights.Lookup) (*lookup.Table, error) {
	missing := func(message string) error { return &insights.Error{Span: c.Span, Message: message} }
	if r.env.Table == nil {
		return nil, missing("there are no lookup tables here")
	}
	table, err := r.env.Table(r.ctx, c.Table)
	if err != nil {
		return nil, err
	}
	if table == nil {
		return nil, missing("there is no lookup table " + c.Table)
	}
	for _, k := range c.Keys {
		if k.Column != "" && !table.Has(k.Column) {
			return nil, missing("the lookup table " + c.Table + " has no column " + k.Column)
		}
	}
	for _, o := range c.Output {
		if !table.Has(o.Column) {
			return nil, missing("the lookup table " + c.Table + " has no column " + o.Column)
		}
	}
	return table, nil
}

// finder returns what finds the row of a table for a row.
func finder(table *lookup.Table, c *insights.Lookup) (func(*Row) (int, bool), error) {
	if c.CIDR {
		key := c.Keys[0]
		column := key.Column
		if column == "" {
			var ok bool
			if column, ok = table.NetworkColumn(); !ok {
				return nil, &insights.Error{Span: c.Span, Message: "the lookup table " + c.Table + " has no column of networks", Hint: "name the column: cidrlookup table field as column OUTPUT ..."}
			}
		}
		networks := table.Networks(column)
		return func(row *Row) (int, bool) {
			s, _ := row.named(key.Field).Text()
			return networks.Find(s)
		}, nil
	}
	columns := make([]string, len(c.Keys))
	for i, k := range c.Keys {
		columns[i] = k.Column
	}
	index := table.Index(columns)
	return func(row *Row) (int, bool) {
		texts := make([]string, len(c.Keys))
		for i, k := range c.Keys {
			s, ok := row.named(k.Field).Text()
			if !ok {
				return 0, false
			}
			texts[i] = s
		}
		return index.Find(texts)
	}, nil
}
