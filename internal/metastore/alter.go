package metastore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
	"weir/internal/sqlitedb"
)

// constant returns the text of a value of a partition's key; ok is false where the expression is none.
func constant(e athenasql.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *athenasql.String:
		return e.Value, true
	case *athenasql.Integer:
		return e.Text, true
	case *athenasql.DecimalNumber:
		return e.Text, true
	case *athenasql.DoubleNumber:
		return e.Text, true
	case *athenasql.TypedLiteral:
		return e.Value, true
	case *athenasql.Bool:
		return strconv.FormatBool(e.Value), true
	case *athenasql.Unary:
		if text, ok := constant(e.Of); ok && e.Operator == "-" {
			return "-" + text, true
		}
	}
	return "", false
}

// keyValue returns the value that a definition gives a key, in the form in which values are kept.
func (t *Table) keyValue(v athenasql.PartitionValue) (key int, value string, err error) {
	key = slices.IndexFunc(t.Keys, func(k Column) bool { return k.Name == v.Key.Text })
	if key < 0 {
		return 0, "", athenasql.Errorf(codeFailed, v.Key.Span, "SemanticException [Error 10098]: Non-Partition column appears in the partition specification: %s", v.Key.Text).
			WithHint("the keys are " + t.keyNames())
	}
	text, ok := constant(v.Value)
	if !ok {
		return 0, "", athenasql.Errorf(athenasql.CodeSyntax, v.Span, "the value of a partition key is a constant")
	}
	typ, err := parseHive(t.Keys[key].Type)
	if err != nil {
		return 0, "", err
	}
	value, err = kept(text, typ)
	if err != nil {
		return 0, "", athenasql.Errorf(codeFailed, v.Span, "SemanticException [Error 10248]: Cannot add partition column %s of type string as it cannot be converted to type %s",
			t.Keys[key].Name, t.Keys[key].Type).WithHint(strconv.Quote(text) + " is no " + t.Keys[key].Type)
	}
	return key, value, nil
}

// kept returns the one form that a value has, so that two texts of a value are one partition.
func kept(text string, t types.Type) (string, error) {
	if text == NullPartition {
		return text, nil
	}
	if err := fits(text, t); err != nil {
		return "", err
	}
	if t.IsInteger() {
		n, err := strconv.ParseInt(text, 10, 64)
		return strconv.FormatInt(n, 10), err
	}
	return text, nil
}

// partitionValues returns the values of a definition that names each key once.
func (t *Table) partitionValues(p *athenasql.PartitionDef) ([]string, error) {
	if len(t.Keys) == 0 {
		return nil, athenasql.Errorf(codeFailed, p.Span, "SemanticException table is not partitioned but partition spec exists")
	}
	out, given := make([]string, len(t.Keys)), make([]bool, len(t.Keys))
	for _, v := range p.Keys {
		if v.Operator != "" && v.Operator != "=" {
			return nil, athenasql.Errorf(athenasql.CodeSyntax, v.Span, "a partition is named by =, not by %s", v.Operator)
		}
		key, value, err := t.keyValue(v)
		if err != nil {
			return nil, err
		}
		if given[key] {
			return nil, athenasql.Errorf(athenasql.CodeSyntax, v.Span, "the key %s is given twice", v.Key.Text)
		}
		out[key], given[key] = value, true
	}
	if i := slices.Index(given, false); i >= 0 {
		return nil, athenasql.Errorf(codeFailed, p.Span, "SemanticException partition spec doesn't contain all (%d) partition columns", len(t.Keys)).
			WithHint(t.Keys[i].Name + " is missing")
	}
	return out, nil
}

// addPartitions carries out ALTER TABLE ADD PARTITION: all of them or none.
func (s *Store) addPartitions(ctx context.Context, a *athenasql.AddPartitions, session Session) error {
	t, err := s.mustChange(ctx, a.Table, session)
	if err != nil {
		return err
	}
	var parts []Partition
	for i := range a.Partitions {
		p := &a.Partitions[i]
		values, err := t.partitionValues(p)
		if err != nil {
			return err
		}
		at := t.Location + t.folder(values) + "/"
		if p.Location != "" {
			if at, err = Location(p.Location, p.Span, session); err != nil {
				return err
			}
		}
		parts = append(parts, Partition{values, at})
	}
	return sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		return insert(ctx, tx, t, parts, func(p Partition) error {
			if a.IfNotExists {
				return nil
			}
			return execution("AlreadyExistsException", "Partition already exists: %s", t.folder(p.Values))
		})
	})
}

// insert adds partitions; exists says what becomes of one that is there.
func insert(ctx context.Context, tx *sql.Tx, t *Table, parts []Partition, exists func(Partition) error) error {
	for _, p := range parts {
		key, err := json.Marshal(p.Values)
		if err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, "INSERT INTO partitions (db, tbl, vals, location) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", t.Database, t.Name, string(key), p.Location)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err == nil && n == 0 {
			err = exists(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inPartition changes one partition, which must be there.
func (s *Store) inPartition(ctx context.Context, t *Table, values []string, change func(tx *sql.Tx, key string) (sql.Result, error)) error {
	key, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		r, err := change(tx, string(key))
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err == nil && n == 0 {
			err = semantic(10006, "Partition not found {%s}", t.folder(values))
		}
		return err
	})
}

// renamePartition carries out ALTER TABLE PARTITION RENAME TO PARTITION. Objects stay where they are.
func (s *Store) renamePartition(ctx context.Context, a *athenasql.RenamePartition, session Session) error {
	t, err := s.mustChange(ctx, a.Table, session)
	if err != nil {
		return err
	}
	from, err := t.partitionValues(&a.From)
	if err != nil {
		return err
	}
	to, err := t.partitionValues(&a.To)
	if err != nil {
		return err
	}
	key, err := json.Marshal(to)
	if err != nil {
		return err
	}
	if slices.Equal(from, to) {
		return nil
	}
	return s.inPartition(ctx, t, from, func(tx *sql.Tx, old string) (sql.Result, error) {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM partitions WHERE db = ? AND tbl = ? AND vals = ?", t.Database, t.Name, string(key)).Scan(&n); err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, execution("AlreadyExistsException", "Partition already exists: %s", t.folder(to))
		}
		return tx.ExecContext(ctx, "UPDATE partitions SET vals = ? WHERE db = ? AND tbl = ? AND vals = ?", string(key), t.Database, t.Name, old)
	})
}

// dropPartitions carries out ALTER TABLE DROP PARTITION: each definition drops all partitions that meet it.
func (s *Store) dropPartitions(ctx context.Context, a *athenasql.DropPartitions, session Session) error {
	t, err := s.mustChange(ctx, a.Table, session)
	if err != nil {
		return err
	}
	list, err := s.added(ctx, t)
	if err != nil {
		return err
	}
	var drop []Partition
	for i := range a.Partitions {
		p := &a.Partitions[i]
		meets, err := t.condition(p)
		if err != nil {
			return err
		}
		found := false
		for _, part := range list {
			if meets(part.Values) {
				found = true
				drop = append(drop, part)
			}
		}
		if !found && !a.IfExists {
			return semantic(10006, "Partition not found %s", written(p))
		}
	}
	return sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		for _, p := range drop {
			key, err := json.Marshal(p.Values)
			if err == nil {
				_, err = tx.ExecContext(ctx, "DELETE FROM partitions WHERE db = ? AND tbl = ? AND vals = ?", t.Database, t.Name, string(key))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// written names what a definition asks for.
func written(p *athenasql.PartitionDef) string {
	var parts []string
	for _, v := range p.Keys {
		text, _ := constant(v.Value)
		parts = append(parts, fmt.Sprintf("%s %s %s", v.Key.Text, cmp.Or(v.Operator, "="), literal(text)))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// condition returns what tells whether a partition meets a definition, whose keys may be some of the table's and have other operators than =.
func (t *Table) condition(p *athenasql.PartitionDef) (func(values []string) bool, error) {
	if len(t.Keys) == 0 {
		return nil, athenasql.Errorf(codeFailed, p.Span, "SemanticException table is not partitioned but partition spec exists")
	}
	var all []func([]string) bool
	for _, v := range p.Keys {
		key, value, err := t.keyValue(v)
		if err != nil {
			return nil, err
		}
		typ, err := parseHive(t.Keys[key].Type)
		if err != nil {
			return nil, err
		}
		holds, ok := map[string]func(c int) bool{
			"": func(c int) bool { return c == 0 }, "=": func(c int) bool { return c == 0 },
			"<>": func(c int) bool { return c != 0 }, "!=": func(c int) bool { return c != 0 },
			"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
			">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
		}[v.Operator]
		if !ok {
			return nil, athenasql.Errorf(athenasql.CodeSyntax, v.Span, "the operator %s is not of partitions", v.Operator)
		}
		all = append(all, func(values []string) bool {
			// NULL meets nothing but its own name.
			if (values[key] == NullPartition) != (value == NullPartition) {
				return false
			}
			return holds(compareValues(values[key], value, typ))
		})
	}
	return func(values []string) bool {
		return !slices.ContainsFunc(all, func(f func([]string) bool) bool { return !f(values) })
	}, nil
}

// compareValues compares two values of a key.
func compareValues(a, b string, t types.Type) int {
	switch {
	case t.IsInteger():
		return cmp.Compare(mustInt(a), mustInt(b))
	case t.IsNumeric():
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// mustInt reads a number that was checked when it was kept.
func mustInt(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
