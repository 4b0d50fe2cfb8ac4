package lake

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// An ObjectRef is a delivered object by the place where it lies.
type ObjectRef struct {
	// Source says where it was listed: a bucket or folder.
	Source string
	// URL is the place: s3://bucket/key, or an absolute path. It becomes
	// weir_object. Objects of two services that have the same URL are one place:
	// the second is a changed one, unless its bytes are the same.
	URL string
	// Size is in bytes. Version is what changes when the object does: its ETag,
	// or its modification time.
	Size    int64
	Version string
	// Slot is the start of the key's 5-minute slot, UTC; the zero time where the
	// key does not tell.
	Slot time.Time
	// FlowLogID, LogOwner and Region are the key's; "" where it does not tell.
	FlowLogID, LogOwner, Region string
}

// ObjectState is what became of an object.
type ObjectState string

// The states of objects in the ledger.
const (
	// Taken: its records are in the lake.
	Taken ObjectState = "taken"
	// Duplicate: another object with the same bytes answers for its records.
	Duplicate ObjectState = "duplicate"
	// Empty: it has no records.
	Empty ObjectState = "empty"
	// Foreign: it is no flow log, or its format is not known.
	Foreign ObjectState = "foreign"
	// Failed: it could not be read; the next import tries again.
	Failed ObjectState = "failed"
	// Changed: other bytes than those that were taken lie there now; they are
	// taken with Replace only.
	Changed ObjectState = "changed"

	pending ObjectState = "pending" // its batch is under way
	gone    ObjectState = "gone"    // leaves the ledger with its batch
)

// An Object is what the ledger knows of a delivered object.
type Object struct {
	Source    string      `json:"source"`
	URL       string      `json:"url"`
	Size      int64       `json:"size"` // bytes
	State     ObjectState `json:"state"`
	SameAs    string      `json:"same_as,omitempty"` // URL of the object with the same bytes
	Container string      `json:"container,omitempty"`
	Formats   []string    `json:"formats,omitempty"` // LogFormats
	Records   int64       `json:"records"`
	Bad       int64       `json:"bad_lines"`
	Problem   string      `json:"problem,omitempty"`
	Hint      string      `json:"hint,omitempty"`
	At        time.Time   `json:"at"`
}

// holds reports whether the row's object has records, or stands for some.
func (r *objectRow) holds() bool { return r != nil && (r.state == Taken || r.state == Duplicate) }

// objectRow is a row of the ledger.
type objectRow struct {
	id           int64
	size         int64
	version      string
	sha256       []byte
	state        ObjectState
	otherSize    sql.NullInt64
	otherVersion sql.NullString
}

// prepareFinds prepares what is asked for every object of an import.
func (l *Lake) prepareFinds(ctx context.Context) (err error) {
	l.byPlaces, err = l.state.PrepareContext(ctx,
		`SELECT url, id, size, version, sha256, state, other_size, other_version FROM objects
			WHERE url IN (?`+strings.Repeat(", ?", Looks-1)+`) AND state <> 'pending'`)
	if err != nil {
		return err
	}
	l.byContent, err = l.state.PrepareContext(ctx, "SELECT id FROM objects WHERE sha256 = ? AND state = 'taken'")
	return err
}

// findObject returns the row of a place, or nil.
func (l *Lake) findObject(ctx context.Context, url string) (*objectRow, error) {
	rows, err := l.findObjects(ctx, []string{url})
	return rows[url], err
}

// findObjects returns the rows of at most [Looks] places, by URL. A statement that
// asks for all at once takes little longer than one that asks for one.
func (l *Lake) findObjects(ctx context.Context, urls []string) (map[string]*objectRow, error) {
	places := make([]any, Looks) // NULL is equal to none
	for i, url := range urls {
		places[i] = url
	}
	rows, err := l.byPlaces.QueryContext(ctx, places...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]*objectRow{}
	for rows.Next() {
		var url string
		var r objectRow
		if err := rows.Scan(&url, &r.id, &r.size, &r.version, &r.sha256, &r.state, &r.otherSize, &r.otherVersion); err != nil {
			return nil, err
		}
		out[url] = &r
	}
	return out, rows.Err()
}

// findContent returns the id of the object whose records have these bytes'
// content, or 0. Empty objects have no records to answer for.
func (l *Lake) findContent(ctx context.Context, sha256 []byte) (int64, error) {
	var id int64
	err := l.byContent.QueryRowContext(ctx, sha256).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}
