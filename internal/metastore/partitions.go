package metastore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/sqlitedb"
)

// NullPartition is the text of a key's value that is NULL, as Hive writes it.
const NullPartition = "__HIVE_DEFAULT_PARTITION__"

// Partition is a part of a table whose objects lie in one folder.
type Partition struct {
	// Values are those of the table's keys, as text that the keys' types read; NullPartition is NULL.
	Values []string
	// Location is the folder, with its "/".
	Location string
}

// Space is the partitions that a table can have, before any is looked at. The engine evaluates a condition over it.
//
// The partitions of a projection are the product of their keys' values, which can be a million where the values are some
// hundreds: they are given as such, and an engine makes the product where it evaluates the condition.
type Space struct {
	// Keys are the table's keys, with their types.
	Keys []compile.Column
	// Values has the values of each key as text, as in Partition. Where Product is set the partitions are the product of these, with the
	// last key counting fastest: partition i has, of the last key, value i mod its number. Otherwise the lists are as long as each other, and
	// partition i has the i-th of each.
	Values  [][]string
	Product bool
}

// Len returns how many partitions there are.
func (s Space) Len() int {
	if len(s.Values) == 0 {
		return 0
	}
	if !s.Product {
		return len(s.Values[0])
	}
	n := 1
	for _, v := range s.Values {
		n *= len(v)
	}
	return n
}

// At returns the values of a partition.
func (s Space) At(i int) []string {
	out := make([]string, len(s.Values))
	for k := len(s.Values) - 1; k >= 0; k-- {
		if !s.Product {
			out[k] = s.Values[k][i]
			continue
		}
		out[k] = s.Values[k][i%len(s.Values[k])]
		i /= len(s.Values[k])
	}
	return out
}

// Prune returns the indexes of the partitions of a space whose keys meet a condition, in any order.
type Prune func(ctx context.Context, s Space) ([]int, error)

// maxSpace is the most partitions that a product may have: more is a slip of its ranges.
const maxSpace = 50_000_000

// maxPartitions is the most partitions that one scan reads; each is a folder to be listed.
const maxPartitions = 1_000_000

// Partitions returns the partitions of a table that prune keeps; nil keeps all. A table without keys has one, of no values. pinned has the
// values that the query's condition gives to keys by = or IN, which keys with an injected projection need: their values are nowhere else. Errors of the
// user are *[athenasql.Error].
func (s *Store) Partitions(ctx context.Context, t *Table, pinned map[string][]string, prune Prune) ([]Partition, error) {
	if len(t.Keys) == 0 {
		return []Partition{{Location: t.Location}}, nil
	}
	space, locate, err := s.space(ctx, t, pinned)
	if err != nil {
		return nil, err
	}
	var keep []int
	if prune != nil {
		if keep, err = prune(ctx, space); err != nil {
			return nil, err
		}
	} else {
		keep = make([]int, space.Len())
		for i := range keep {
			keep[i] = i
		}
	}
	if len(keep) > maxPartitions {
		return nil, &athenasql.Error{
			Code: athenasql.CodeExceededLimit, Message: fmt.Sprintf("the query would read %d partitions of %s.%s", len(keep), t.Database, t.Name),
			Hint: fmt.Sprintf("at most %d are read: give a condition on %s", maxPartitions, t.keyNames()),
		}
	}
	out := make([]Partition, len(keep))
	for n, i := range keep {
		out[n].Values = space.At(i)
		out[n].Location = locate(i, out[n].Values)
	}
	return out, ctx.Err()
}

// space returns the partitions that a table can have, and what finds the place of one.
func (s *Store) space(ctx context.Context, t *Table, pinned map[string][]string) (Space, func(i int, values []string) string, error) {
	var space Space
	var err error
	if space.Keys, err = compileColumns(t.Keys, true); err != nil {
		return space, nil, err
	}
	p, err := t.projection(pinned)
	if err != nil {
		return space, nil, placedProperty(err, nil)
	}
	if p == nil {
		list, err := s.added(ctx, t)
		space.Values = make([][]string, len(t.Keys))
		for _, part := range list {
			for k, v := range part.Values {
				space.Values[k] = append(space.Values[k], v)
			}
		}
		return space, func(i int, _ []string) string { return list[i].Location }, err
	}
	space.Product = true
	now, size := s.options.Now(), 1
	for _, k := range p.keys {
		if k.values == nil {
			return space, nil, &athenasql.Error{Code: codeConstraint, Message: fmt.Sprintf(
				"For the injected projected partition column %s, the WHERE clause must contain only static equality conditions, and at least one such condition must be present.",
				k.Name,
			)}
		}
		values := k.values(now)
		space.Values = append(space.Values, values)
		if size *= len(values); size > maxSpace {
			return space, nil, &athenasql.Error{
				Code: athenasql.CodeInvalidTable, Message: fmt.Sprintf("the projection of %s.%s has more than %d partitions", t.Database, t.Name, maxSpace),
			}
		}
	}
	return space, func(_ int, values []string) string { return p.location(values) }, nil
}

// keyNames returns the names of the keys, with commas.
func (t *Table) keyNames() string {
	var names []string
	for _, k := range t.Keys {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

// added returns the partitions that were added to a table, in the order of their values.
func (s *Store) added(ctx context.Context, t *Table) ([]Partition, error) {
	var out []Partition
	err := sqlitedb.EachRow(ctx, s.db, "SELECT vals, location FROM partitions WHERE db = ? AND tbl = ? ORDER BY vals", func(r *sql.Rows) error {
		var p Partition
		var values []byte
		if err := r.Scan(&values, &p.Location); err != nil {
			return err
		}
		if err := json.Unmarshal(values, &p.Values); err != nil {
			return err
		}
		out = append(out, p)
		return nil
	}, t.Database, t.Name)
	return out, err
}

// PartitionValues returns the rows of "t$partitions": the values of each partition's keys. Those of a projection are all that it can have.
func (s *Store) PartitionValues(ctx context.Context, t *Table) (Space, error) {
	space, _, err := s.space(ctx, t, nil)
	return space, err
}
