package alarm

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"weir/internal/sqlitedb"
)

// checkTags refuses more tags than an alarm may have.
func checkTags(n int) error {
	if n > maxTags {
		return &Error{Code: "LimitExceeded", Message: fmt.Sprintf("An alarm can have at most %d tags.", maxTags)}
	}
	return nil
}

// putTags adds tags to an alarm, or replaces those of the same keys.
func (b *batch) putTags(id int64, tags map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if _, err := b.tx.ExecContext(b.ctx, "INSERT INTO tags VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", id, key, tags[key]); err != nil {
			return err
		}
	}
	return nil
}

// Tags returns the tags of an alarm; ResourceNotFound where there is none.
func (s *Store) Tags(ctx context.Context, name string) (map[string]string, error) {
	a := s.current()[name]
	if a == nil {
		return nil, notFound()
	}
	tags := map[string]string{}
	err := sqlitedb.EachRow(ctx, s.db, "SELECT key, value FROM tags WHERE alarm = ?", func(r *sql.Rows) error {
		var key, value string
		err := r.Scan(&key, &value)
		tags[key] = value
		return err
	}, a.id)
	return tags, err
}

// Tag adds tags to an alarm, or replaces those of the same keys; ResourceNotFound where there is none.
func (s *Store) Tag(ctx context.Context, name string, tags map[string]string) error {
	return s.write(ctx, func(b *batch) error {
		a := b.get(name)
		if a == nil {
			return notFound()
		}
		if err := b.putTags(a.id, tags); err != nil {
			return err
		}
		var n int
		if err := b.tx.QueryRowContext(b.ctx, "SELECT count(*) FROM tags WHERE alarm = ?", a.id).Scan(&n); err != nil {
			return err
		}
		return checkTags(n)
	})
}

// Untag takes tags off an alarm; ResourceNotFound where there is none. Keys that it does not have are left out.
func (s *Store) Untag(ctx context.Context, name string, keys []string) error {
	return s.write(ctx, func(b *batch) error {
		a := b.get(name)
		if a == nil {
			return notFound()
		}
		for _, key := range keys {
			if _, err := b.tx.ExecContext(b.ctx, "DELETE FROM tags WHERE alarm = ? AND key = ?", a.id, key); err != nil {
				return err
			}
		}
		return nil
	})
}
