package logstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
	"weir/internal/sqlitedb"
)

// RetentionDays are the retentions that a log group can have.
//
// Source: AWS, "PutRetentionPolicy".
var RetentionDays = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// groupNames is what AWS takes as a log group's name, and streamNames as a stream's.
var (
	groupNames  = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)
	streamNames = regexp.MustCompile(`^[^:*]{1,512}$`)
)

// Group returns a group. Errors: ErrNoGroup.
func (s *Store) Group(_ context.Context, name string) (Group, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	g := s.groups[name]
	if g == nil {
		return Group{}, ErrNoGroup
	}
	return s.describe(g), nil
}

// describe returns what is shown of a group. The caller holds mu.
func (s *Store) describe(g *group) Group {
	out := Group{Name: g.name, Created: g.created, RetentionDays: g.retention, Class: g.class, StoredBytes: g.stored, Tags: maps.Clone(g.tags)}
	if g.format > 0 {
		out.Format = s.formats[g.format-1].format.String()
	}
	return out
}

// Groups returns all groups by name.
func (s *Store) Groups(context.Context) ([]Group, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Group, 0, len(s.groups))
	for _, name := range slices.Sorted(maps.Keys(s.groups)) {
		out = append(out, s.describe(s.groups[name]))
	}
	return out, nil
}

// Streams returns the streams of a group by name. Errors: ErrNoGroup.
func (s *Store) Streams(_ context.Context, group string) ([]Stream, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	g := s.groups[group]
	if g == nil {
		return nil, ErrNoGroup
	}
	out := make([]Stream, 0, len(g.streams))
	for _, st := range g.streams {
		out = append(out, st.Stream)
	}
	slices.SortFunc(out, func(a, b Stream) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// CreateGroup makes a group. class "" is STANDARD. Errors: ErrGroupExists, *InvalidError.
func (s *Store) CreateGroup(ctx context.Context, name, class string, tags map[string]string) error {
	if class == "" {
		class = "STANDARD"
	}
	if !groupNames.MatchString(name) {
		return invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	}
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	defer s.revision.Add(1)
	g := newGroup()
	g.name, g.class, g.created = name, class, s.now().UnixMilli()
	maps.Copy(g.tags, tags)
	s.mu.RLock()
	there := s.groups[name] != nil
	s.mu.RUnlock()
	if there {
		return ErrGroupExists
	}
	err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "INSERT INTO groups (name, created, retention, class) VALUES (?, ?, 0, ?)", name, g.created, class)
		if err != nil {
			return err
		}
		if g.id, err = r.LastInsertId(); err != nil {
			return err
		}
		return putTags(ctx, tx, g.id, tags)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[name] = g
	return nil
}

func putTags(ctx context.Context, tx *sql.Tx, id int64, tags map[string]string) error {
	for k, v := range tags {
		if _, err := tx.ExecContext(ctx, "INSERT INTO tags (grp, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", id, k, v); err != nil {
			return err
		}
	}
	return nil
}

// changeGroup changes a group in logs.db by inDB, and then in memory by inMemory, which is called with mu
// held. Errors: ErrNoGroup.
func (s *Store) changeGroup(ctx context.Context, name string, inDB func(*sql.Tx, *group) error, inMemory func(*group)) error {
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	defer s.revision.Add(1)
	s.mu.RLock()
	g := s.groups[name]
	s.mu.RUnlock()
	if g == nil {
		return ErrNoGroup
	}
	if err := sqlitedb.InTx(ctx, s.db, func(tx *sql.Tx) error { return inDB(tx, g) }); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	inMemory(g)
	return nil
}

// SetRetention sets after how many days events are removed; 0: never. Errors: ErrNoGroup, *InvalidError.
func (s *Store) SetRetention(ctx context.Context, name string, days int) error {
	if days != 0 && !slices.Contains(RetentionDays, days) {
		return invalid("%d is no retention in days that a log group can have", days)
	}
	return s.changeGroup(ctx, name, func(tx *sql.Tx, g *group) error {
		_, err := tx.ExecContext(ctx, "UPDATE groups SET retention = ? WHERE id = ?", days, g.id)
		return err
	}, func(g *group) { g.retention = days })
}

// Tag sets tags of a group. Errors: ErrNoGroup.
func (s *Store) Tag(ctx context.Context, name string, tags map[string]string) error {
	return s.changeGroup(ctx, name, func(tx *sql.Tx, g *group) error { return putTags(ctx, tx, g.id, tags) },
		func(g *group) { maps.Copy(g.tags, tags) })
}

// Untag removes tags of a group. Keys that it does not have are no error. Errors: ErrNoGroup.
func (s *Store) Untag(ctx context.Context, name string, keys []string) error {
	return s.changeGroup(ctx, name, func(tx *sql.Tx, g *group) error {
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, "DELETE FROM tags WHERE grp = ? AND key = ?", g.id, k); err != nil {
				return err
			}
		}
		return nil
	}, func(g *group) {
		for _, k := range keys {
			delete(g.tags, k)
		}
	})
}

// SetFormat says in which LogFormat the flow log writes whose records the group's events are; "" that it is
// not known. It is for events that are flushed from then on, those in the tail included. Errors: ErrNoGroup,
// *InvalidError.
func (s *Store) SetFormat(ctx context.Context, name, logFormat string) error {
	var f flowlog.Format
	text := ""
	if logFormat != "" {
		var err error
		if f, err = flowlog.ParseLogFormat(logFormat); err != nil {
			return invalid("no LogFormat: %v", err)
		}
		text = f.String()
	}
	number := int64(0)
	isNew := false
	return s.changeGroup(ctx, name, func(tx *sql.Tx, g *group) error {
		if text != "" {
			err := tx.QueryRowContext(ctx, "SELECT id FROM formats WHERE text = ?", text).Scan(&number)
			if isNew = errors.Is(err, sql.ErrNoRows); isNew {
				err = tx.QueryRowContext(ctx, "INSERT INTO formats (id, text) SELECT coalesce(max(id), 0) + 1, ? FROM formats RETURNING id", text).Scan(&number)
			}
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE groups SET format = ? WHERE id = ?", sql.NullInt64{Int64: number, Valid: number > 0}, g.id)
		return err
	}, func(g *group) {
		if isNew {
			s.formats = append(s.formats, storedFormat{format: f})
		}
		g.format = number
	})
}

// formatOf returns the LogFormat of a group and its number, 0 where none is known. The caller holds mu.
func (s *Store) formatOf(g *group) (int64, flowlog.Format) {
	if g.format == 0 || s.formats[g.format-1].err != nil {
		return 0, flowlog.Format{}
	}
	return g.format, s.formats[g.format-1].format
}

// Formats returns all LogFormats that groups have or had: that of number n, as files have it in the
// column form, is at n-1. One that this weir can't read is the zero Format.
func (s *Store) Formats() []flowlog.Format {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]flowlog.Format, len(s.formats))
	for i := range s.formats {
		out[i] = s.formats[i].format
	}
	return out
}

// DeleteGroup removes a group with all that it has, its documents included. Records that were made of its
// events stay. Errors: ErrNoGroup.
func (s *Store) DeleteGroup(ctx context.Context, name string) error {
	s.maint.Lock()
	defer s.maint.Unlock()
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	err := s.changeGroup(ctx, name, func(tx *sql.Tx, g *group) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM documents WHERE grp = ?", name); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM groups WHERE id = ?", g.id)
		return err
	}, func(g *group) {
		delete(s.groups, name)
		s.dropBlocks(g, func(*block) bool { return true })
		s.dropFiles(g, g.files)
		os.Remove(s.groupDir(g)) // where no snapshot has a file
	})
	return err
}

// dropBlocks removes blocks from the tail's memory; after a crash nobody takes them up. The caller holds mu
// and flushMu.
func (s *Store) dropBlocks(g *group, is func(*block) bool) {
	for i, list := range []*[]*block{&g.frozen, &g.active} {
		*list = slices.DeleteFunc(slices.Clone(*list), func(b *block) bool {
			if !is(b) {
				return false
			}
			g.stored -= b.stored()
			s.releaseLocked(b.size())
			s.fresh -= int64(i) * b.size()
			return true
		})
	}
}

func (s *Store) groupDir(g *group) string {
	return filepath.Join(s.dirs.events, strconv.FormatInt(g.id, 10))
}

// CreateStream makes a stream. Errors: ErrNoGroup, ErrStreamExists, *InvalidError.
func (s *Store) CreateStream(ctx context.Context, groupName, name string) error {
	if !streamNames.MatchString(name) {
		return invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	}
	st := &stream{Stream: Stream{Name: name, Created: s.now().UnixMilli()}}
	return s.changeGroup(ctx, groupName, func(tx *sql.Tx, g *group) error {
		s.mu.RLock()
		there := g.streams[name] != nil
		s.mu.RUnlock()
		if there {
			return ErrStreamExists
		}
		r, err := tx.ExecContext(ctx, "INSERT INTO streams (grp, name, created, first_event, last_event, last_ingestion) VALUES (?, ?, ?, 0, 0, 0)",
			g.id, name, st.Created)
		if err != nil {
			return err
		}
		st.id, err = r.LastInsertId()
		return err
	}, func(g *group) { g.addStream(st) })
}
