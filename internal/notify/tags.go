package notify

import (
	"context"
	"database/sql"
	"maps"
	"strings"
	"unicode/utf8"
)

const maxTags = 50

// checkTags checks tags by the rules of AWS: at most 50, keys of 1 to 128 characters, values of at most 256, and no key that begins with aws:.
func checkTags(tags map[string]string) error {
	for k, v := range tags {
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return invalid("Tags Reason: the key of a tag has 1 to 128 characters")
		case utf8.RuneCountInString(v) > 256:
			return invalid("Tags Reason: the value of the tag %s has more than 256 characters", k)
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return invalid("Tags Reason: the key %s begins with aws:, which is AWS's", k)
		}
	}
	if len(tags) > maxTags {
		return &Error{"TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded"}
	}
	return nil
}

// tagged returns the topic of a tag's operation.
func (s *Store) tagged(ctx context.Context, db asker, arn string) (*Topic, error) {
	if _, err := s.here("ResourceArn", arn); err != nil {
		return nil, err
	}
	t, err := readTopic(ctx, db, arn)
	if err == nil && t == nil {
		err = &Error{"ResourceNotFound", "Resource does not exist"}
	}
	return t, err
}

// Tags returns the tags of a topic.
func (s *Store) Tags(ctx context.Context, arn string) (map[string]string, error) {
	t, err := s.tagged(ctx, s.db, arn)
	if err != nil {
		return nil, err
	}
	return t.Tags, nil
}

// Tag adds tags to a topic, in place of those of the same keys.
func (s *Store) Tag(ctx context.Context, arn string, tags map[string]string) error {
	return s.changeTags(ctx, arn, func(all map[string]string) { maps.Copy(all, tags) })
}

// Untag takes tags from a topic. Keys that are not there are no error.
func (s *Store) Untag(ctx context.Context, arn string, keys []string) error {
	return s.changeTags(ctx, arn, func(all map[string]string) {
		for _, k := range keys {
			delete(all, k)
		}
	})
}

func (s *Store) changeTags(ctx context.Context, arn string, change func(map[string]string)) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		t, err := s.tagged(ctx, tx, arn)
		if err != nil {
			return err
		}
		if t.Tags == nil {
			t.Tags = map[string]string{}
		}
		change(t.Tags)
		if err := checkTags(t.Tags); err != nil {
			return err
		}
		return putTopic(ctx, tx, t)
	})
}
