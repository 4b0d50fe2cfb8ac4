package logstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"weir/internal/sqlitedb"
)

// ErrNoDocument says that a document does not exist; ask with [errors.Is].
var ErrNoDocument = errors.New("the document does not exist")

// Document is something that is kept for log groups, such as a metric filter or a lookup table: who puts it
// knows the form of its body.
type Document struct {
	Kind  string
	Group string // the log group that it is of, and goes with; "" for none
	Name  string
	// OfLake says that the group is one of the lake, of which the store knows nothing: the document stays until it is deleted.
	OfLake bool
	// Created is when a document of this kind, group and name was put first, in milliseconds since the
	// epoch. Put sets it.
	Created int64
	Body    []byte
}

// Revision returns a number that grows with each change of documents and of log groups, before the change is told: who
// keeps what it read of them beside the number that was there before asks for it again where that is another one. It is of
// this process.
func (s *Store) Revision() int64 { return s.revision.Load() }

// PutDocument keeps a document, in place of the one of its kind, group and name, and returns when that was
// put first. Errors: ErrNoGroup.
func (s *Store) PutDocument(ctx context.Context, d Document) (created int64, err error) {
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	defer s.revision.Add(1)
	s.mu.RLock()
	missing := d.Group != "" && !d.OfLake && s.groups[d.Group] == nil
	s.mu.RUnlock()
	if missing {
		return 0, ErrNoGroup
	}
	if d.Body == nil {
		d.Body = []byte{}
	}
	err = s.db.QueryRowContext(ctx, `INSERT INTO documents (kind, grp, name, created, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET body = excluded.body RETURNING created`, d.Kind, d.Group, d.Name, s.now().UnixMilli(), d.Body).Scan(&created)
	return created, err
}

// Document returns a document. Errors: ErrNoDocument.
func (s *Store) Document(ctx context.Context, kind, group, name string) (Document, error) {
	d := Document{Kind: kind, Group: group, Name: name}
	err := s.db.QueryRowContext(ctx, "SELECT created, body FROM documents WHERE kind = ? AND grp = ? AND name = ?", kind, group, name).
		Scan(&d.Created, &d.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return Document{}, ErrNoDocument
	}
	return d, err
}

// DocumentQuery asks for documents of a kind.
type DocumentQuery struct {
	Kind string
	// Group is the log group whose documents are asked for, "" for all.
	Group string
	// Prefix begins the names that are asked for.
	Prefix string
	// NoBody leaves the bodies out.
	NoBody bool
}

// Documents returns documents by group and name.
func (s *Store) Documents(ctx context.Context, q DocumentQuery) ([]Document, error) {
	body := "body"
	if q.NoBody {
		body = "x''"
	}
	query := "SELECT grp, name, created, " + body + " FROM documents WHERE kind = ?"
	args := []any{q.Kind}
	if q.Group != "" {
		query += " AND grp = ?"
		args = append(args, q.Group)
	}
	var out []Document
	err := sqlitedb.EachRow(ctx, s.db, query+" ORDER BY grp, name", func(r *sql.Rows) error {
		d := Document{Kind: q.Kind}
		if err := r.Scan(&d.Group, &d.Name, &d.Created, &d.Body); err != nil {
			return err
		}
		if strings.HasPrefix(d.Name, q.Prefix) {
			out = append(out, d)
		}
		return nil
	}, args...)
	return out, err
}

// DeleteDocument removes a document. Errors: ErrNoDocument.
func (s *Store) DeleteDocument(ctx context.Context, kind, group, name string) error {
	s.metaMu.Lock()
	defer s.metaMu.Unlock()
	defer s.revision.Add(1)
	r, err := s.db.ExecContext(ctx, "DELETE FROM documents WHERE kind = ? AND grp = ? AND name = ?", kind, group, name)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNoDocument)
	}
	return nil
}
