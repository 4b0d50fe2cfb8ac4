package lake

import (
	"context"
	"database/sql"
	"errors"
)

// An Arrival says how the records of an object count for what watches records as they come, such as metric filters.
type Arrival int

const (
	// Live records came to a source that is followed.
	Live Arrival = iota
	// Backfilled records were opened, or lay there when their source was followed for the first time.
	Backfilled
	// Again are records of an object that takes the place of another one, or has its bytes: the first one counted.
	Again
)

// Arrived is an object whose records the lake has for good.
type Arrived struct {
	// ID is the [Delivery.ID]: an object that becomes known as taken later has a greater one, but for one that is [Again].
	ID      int64
	URL     string
	Arrival Arrival
	// Records is how many the object has.
	Records int64
	// From and To bound the weir_hour of its records, in seconds since the epoch; To is exclusive.
	From, To int64
}

// arrival returns how the object's records count.
func (w *ObjectWriter) arrival() Arrival {
	switch {
	case w.copies, w.replaces != 0, w.inherits != 0:
		return Again
	case w.im.opts.Live:
		return Live
	}
	return Backfilled
}

// Arrivals returns the objects with records that were taken after the one with an ID, in the order of their IDs, at most
// most of them.
func (l *Lake) Arrivals(ctx context.Context, after int64, most int) ([]Arrived, error) {
	rows, err := l.state.QueryContext(ctx, `SELECT o.id, o.url, o.arrival, o.records, min(h.hour), max(h.hour) + 3600
		FROM objects o JOIN object_hours h ON h.object = o.id WHERE o.id > ? AND o.state = 'taken' AND o.records > 0
		GROUP BY o.id ORDER BY o.id LIMIT ?`, after, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Arrived
	for rows.Next() {
		var a Arrived
		if err := rows.Scan(&a.ID, &a.URL, &a.Arrival, &a.Records, &a.From, &a.To); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// HasLive reports whether there are live records of objects that were taken after the one with an ID, up to another.
func (l *Lake) HasLive(ctx context.Context, after, to int64) (bool, error) {
	var live bool
	err := l.state.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM objects
		WHERE id > ? AND id <= ? AND state = 'taken' AND records > 0 AND arrival = ?)`, after, to, Live).Scan(&live)
	return live, err
}

// Backfilled returns the URLs of the objects that are [Backfilled] and have records of some time, in seconds since the epoch; to is exclusive.
func (l *Lake) Backfilled(ctx context.Context, from, to int64) ([]string, error) {
	rows, err := l.state.QueryContext(ctx, `SELECT DISTINCT o.url FROM objects o JOIN object_hours h ON h.object = o.id
		WHERE h.hour > ? AND h.hour < ? AND o.arrival = ? AND o.state = 'taken' ORDER BY o.url`, from-3600, to, Backfilled)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var url string
		if err := rows.Scan(&url); err != nil {
			return nil, err
		}
		out = append(out, url)
	}
	return out, rows.Err()
}

// Followed reports whether a source was followed, and taken once as a whole then: see [Lake.NoteFollowed].
func (l *Lake) Followed(ctx context.Context, source string) (bool, error) {
	var since int64
	err := l.state.QueryRowContext(ctx, "SELECT since FROM followed WHERE source = ?", source).Scan(&since)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// NoteFollowed notes that a source is followed, and that what it has by now was taken.
func (l *Lake) NoteFollowed(ctx context.Context, source string) error {
	if err := l.writable(); err != nil {
		return err
	}
	_, err := l.state.ExecContext(ctx, "INSERT OR IGNORE INTO followed (source, since) VALUES (?, ?)", source, l.now().Unix())
	return err
}
