package flowlogstore

import (
	"context"
	"database/sql"
	"maps"
	"strings"
	"unicode/utf8"

	"weir/internal/sqlitedb"
)

// maxTags is how many tags a flow log can have.
//
// Source: AWS, CreateTags.
const maxTags = 50

// The greatest lengths in characters. The model says 127 for keys, the user guide 128, which is what EC2 takes elsewhere.
const (
	maxTagKey   = 128
	maxTagValue = 256
)

// checkTagKey checks a tag's key as such.
func checkTagKey(key string) error {
	switch n := utf8.RuneCountInString(key); {
	case n == 0:
		return missing("Tag.Key")
	case n > maxTagKey:
		return refuse("InvalidParameterValue", "Tag key exceeds the maximum length of %d characters", maxTagKey)
	}
	return nil
}

// checkTags checks tags that are put beside what there is.
func checkTags(have, tags map[string]string) error {
	for key, value := range tags {
		if err := checkTagKey(key); err != nil {
			return err
		}
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		}
		if utf8.RuneCountInString(value) > maxTagValue {
			return refuse("InvalidParameterValue", "Tag value exceeds the maximum length of %d characters", maxTagValue)
		}
	}
	all := maps.Clone(have)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	if len(all) > maxTags {
		return refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return nil
}

// Tag puts tags on flow logs, in place of those with the same keys; on all of them or on none. It fails with an *Error where one is not there,
// or would have too many.
func (s *Store) Tag(ctx context.Context, ids []string, tags map[string]string) error {
	return s.tagging(ctx, ids, func(tx *sql.Tx, id string) error {
		have := map[string]string{}
		if err := sqlitedb.EachRow(ctx, tx, "SELECT key, value FROM tags WHERE id = ?", func(r *sql.Rows) error {
			var key, value string
			err := r.Scan(&key, &value)
			have[key] = value
			return err
		}, id); err != nil {
			return err
		}
		if err := checkTags(have, tags); err != nil {
			return err
		}
		return putTags(ctx, tx, id, tags)
	})
}

// A TagChoice says which tags go: those of a key, where Value is not nil only with that value.
type TagChoice struct {
	Key   string
	Value *string
}

// Untag takes tags from flow logs; where none are chosen, all of them. It fails with an *Error where a flow log is not there.
func (s *Store) Untag(ctx context.Context, ids []string, choice []TagChoice) error {
	return s.tagging(ctx, ids, func(tx *sql.Tx, id string) error {
		if len(choice) == 0 {
			_, err := tx.ExecContext(ctx, "DELETE FROM tags WHERE id = ?", id)
			return err
		}
		for _, c := range choice {
			if err := checkTagKey(c.Key); err != nil {
				return err
			}
			// A value that is NULL is any.
			if _, err := tx.ExecContext(ctx, "DELETE FROM tags WHERE id = ? AND key = ? AND value = coalesce(?, value)", id, c.Key, c.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

// tagging calls fn for each of some flow logs in a transaction.
func (s *Store) tagging(ctx context.Context, ids []string, fn func(tx *sql.Tx, id string) error) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	return sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		if err := exists(ctx, tx, ids); err != nil {
			return err
		}
		for _, id := range ids {
			if err := fn(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// putTags keeps tags that were checked.
func putTags(ctx context.Context, tx *sql.Tx, id string, tags map[string]string) error {
	for key, value := range tags {
		if _, err := tx.ExecContext(ctx, "INSERT INTO tags (id, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", id, key, value); err != nil {
			return err
		}
	}
	return nil
}
