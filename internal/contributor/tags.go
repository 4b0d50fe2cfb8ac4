package contributor

import (
	"context"
	"database/sql"
	"fmt"

	"weir/internal/sqlitedb"
)

// id returns the id of a rule.
func (s *Store) id(name string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.rules[name]
	if k == nil {
		return 0, ErrNoRule
	}
	return k.id, nil
}

// Tags returns the tags of a rule. Errors: ErrNoRule.
func (s *Store) Tags(ctx context.Context, name string) (map[string]string, error) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	id, err := s.id(name)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	err = sqlitedb.EachRow(ctx, s.db, "SELECT key, value FROM tags WHERE rule = ?", func(r *sql.Rows) error {
		var key, value string
		err := r.Scan(&key, &value)
		out[key] = value
		return err
	}, id)
	if err != nil {
		return nil, fmt.Errorf("cannot read the tags of a rule: %w", err)
	}
	return out, nil
}

// Tag adds tags to a rule, or changes them. Errors: ErrNoRule, *InvalidError.
func (s *Store) Tag(ctx context.Context, name string, tags map[string]string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return s.changeTags(ctx, name, func(tx *sql.Tx, id int64) error {
		if err := storeTags(ctx, tx, id, tags); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM tags WHERE rule = ?", id).Scan(&n); err != nil {
			return err
		}
		if n > maxTags {
			return invalid("a rule has at most %d tags", maxTags)
		}
		return nil
	})
}

// Untag removes tags of a rule; keys that it has not are no error. Errors: ErrNoRule.
func (s *Store) Untag(ctx context.Context, name string, keys []string) error {
	return s.changeTags(ctx, name, func(tx *sql.Tx, id int64) error {
		for _, key := range keys {
			if _, err := tx.ExecContext(ctx, "DELETE FROM tags WHERE rule = ? AND key = ?", id, key); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) changeTags(ctx context.Context, name string, change func(*sql.Tx, int64) error) error {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	id, err := s.id(name)
	if err != nil {
		return err
	}
	if err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error { return change(tx, id) }); err != nil {
		return fmt.Errorf("cannot write the tags of a rule: %w", err)
	}
	return nil
}

func storeTags(ctx context.Context, tx *sql.Tx, id int64, tags map[string]string) error {
	for key, value := range tags {
		_, err := tx.ExecContext(ctx, "INSERT INTO tags (rule, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", id, key, value)
		if err != nil {
			return err
		}
	}
	return nil
}
