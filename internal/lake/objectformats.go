package lake

import (
	"context"
	"database/sql"
	"time"

	"weir/flowlog"
)

// ObjectFormat is what the ledger knows of the LogFormats of taken objects.
type ObjectFormat struct {
	// ID tells it from others.
	ID int64
	// Formats are the formats that the records of one object have, in the order in which they were found;
	// of Parquet its columns. A format that can't be written as a LogFormat is not among them.
	Formats []flowlog.Format
	// Objects counts the taken objects that have these.
	Objects int64
}

// ObjectFormats returns the formats of the taken objects, those of most objects first.
func (l *Lake) ObjectFormats(ctx context.Context) ([]ObjectFormat, error) {
	rows, err := l.state.QueryContext(ctx, `SELECT coalesce(o.formats, 0), coalesce(max(f.text), ''), count(*)
		FROM objects o LEFT JOIN formats f ON f.id = o.formats WHERE o.state = 'taken' GROUP BY 1 ORDER BY 3 DESC, 1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []ObjectFormat
	for rows.Next() {
		var f ObjectFormat
		var text string
		if err := rows.Scan(&f.ID, &text, &f.Objects); err != nil {
			return nil, err
		}
		f.Formats = parseFormats(text)
		out = append(out, f)
	}
	return out, rows.Err()
}

// EachTaken calls do with the URL of each object that is taken, or is about to be, the [ObjectFormat.ID] of its formats, and when it
// was taken, until do fails.
func (l *Lake) EachTaken(ctx context.Context, do func(url string, format int64, at time.Time) error) error {
	rows, err := l.state.QueryContext(ctx, "SELECT url, formats, at FROM objects WHERE state IN ('taken', 'pending')")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var url string
		var format sql.NullInt64
		var at int64
		if err := rows.Scan(&url, &format, &at); err != nil {
			return err
		}
		if err := do(url, format.Int64, time.Unix(at, 0).UTC()); err != nil {
			return err
		}
	}
	return rows.Err()
}
