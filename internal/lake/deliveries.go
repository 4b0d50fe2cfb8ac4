package lake

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
)

// A Delivery is what the ledger knows of how an object's records came.
type Delivery struct {
	// ID counts objects: those that come later have greater ones.
	ID int64
	// At is when the object was taken.
	At time.Time
	// Formats are the formats that its records have, in the order in which they were found, which
	// of Parquet are its columns. Formats that can't be written as a LogFormat are not among them.
	Formats []flowlog.Format
}

// Deliveries returns how the objects at the URLs were delivered, by URL. Places that the ledger does
// not know are left out.
func (l *Lake) Deliveries(ctx context.Context, urls []string) (map[string]Delivery, error) {
	list, err := json.Marshal(urls)
	if err != nil {
		return nil, err
	}
	// Records whose batch is under way are seen a moment before their object is known as taken.
	rows, err := l.state.QueryContext(ctx, `SELECT o.url, o.id, o.at, coalesce(f.text, '') FROM json_each(?) u
		JOIN objects o ON o.url = u.value LEFT JOIN formats f ON f.id = o.formats ORDER BY o.state <> 'pending'`, string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	parsed := map[string][]flowlog.Format{}
	out := map[string]Delivery{}
	for rows.Next() {
		var url, text string
		var id, at int64
		if err := rows.Scan(&url, &id, &at, &text); err != nil {
			return nil, err
		}
		formats, known := parsed[text]
		if !known {
			formats = parseFormats(text)
			parsed[text] = formats
		}
		out[url] = Delivery{id, time.Unix(at, 0).UTC(), formats}
	}
	return out, rows.Err()
}

// LastTaken returns the [Delivery.ID] of the object that was taken last, 0 where there is none.
func (l *Lake) LastTaken(ctx context.Context) (int64, error) {
	var id int64
	err := l.state.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM objects WHERE state = 'taken'").Scan(&id)
	return id, err
}

// TakenAfter returns the URLs of the objects with records that were taken after the one with an ID, in the
// order of their IDs, and the last of these.
func (l *Lake) TakenAfter(ctx context.Context, id int64) (urls []string, last int64, err error) {
	rows, err := l.state.QueryContext(ctx, "SELECT url, id FROM objects WHERE id > ? AND state = 'taken' AND records > 0 ORDER BY id", id)
	if err != nil {
		return nil, id, err
	}
	defer rows.Close()
	last = id
	for rows.Next() {
		var url string
		if err := rows.Scan(&url, &last); err != nil {
			return nil, id, err
		}
		urls = append(urls, url)
	}
	return urls, last, rows.Err()
}

// Formats returns all formats that objects of the ledger have, each once.
func (l *Lake) Formats(ctx context.Context) ([]flowlog.Format, error) {
	texts, err := queryStrings(ctx, l.state, "SELECT text FROM formats ORDER BY id")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var out []flowlog.Format
	for _, text := range texts {
		for _, f := range parseFormats(text) {
			if !seen[f.String()] {
				seen[f.String()] = true
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// parseFormats reads the formats of an object, one a line.
func parseFormats(text string) []flowlog.Format {
	var out []flowlog.Format
	for line := range strings.SplitSeq(text, "\n") {
		if f, err := flowlog.ParseLogFormat(line); err == nil {
			out = append(out, f)
		}
	}
	return out
}

// JoinFormats returns the format in which the lines of an object's records of a kind are told: its own, and
// where it has several, one with the fields of all, since nothing says which a record came in. Without any it
// is AWS's default format.
func JoinFormats(k flowlog.Kind, formats []flowlog.Format) flowlog.Format {
	out, found := flowlog.DefaultFormat(k), false
	for _, f := range formats {
		f, err := f.As(k)
		if err != nil {
			continue // of the other kind
		}
		if !found {
			out, found = f, true
			continue
		}
		have := out.Names()
		missing := slices.DeleteFunc(f.Names(), func(name string) bool { return slices.Contains(have, name) })
		if all, err := out.With(missing...); err == nil {
			out = all
		}
	}
	return out
}

// IsFile reports whether a place is one file: an absolute path that does not end in a slash.
func IsFile(place string) bool {
	return strings.HasPrefix(place, "/") && !strings.HasSuffix(place, "/")
}

// Delivered sums up what a flow log delivered to a place.
type Delivered struct {
	// FlowLogID is the flow log by the objects' keys, "" where they don't tell.
	FlowLogID string
	// Objects and Bytes count the objects whose records the lake has, as they were delivered, and
	// Records what it has of them.
	Objects, Bytes, Records int64
	// First is when the first of them was taken.
	First time.Time
	// Formats are their formats, each once.
	Formats []flowlog.Format
}

// DeliveredBelow sums up what was delivered to a place, or to all where it is "", by flow log. A place is
// what the URLs of its objects begin with, or the absolute path of a file (see [IsFile]).
func (l *Lake) DeliveredBelow(ctx context.Context, place string) ([]Delivered, error) {
	where, args := "TRUE", []any{}
	switch {
	case IsFile(place):
		where, args = "o.url = ?", []any{place}
	case place != "":
		// The first text behind all that begin with the place: SQLite compares bytes.
		end := []byte(place)
		end[len(end)-1]++
		where, args = "o.url >= ? AND o.url < ?", []any{place, string(end)}
	}
	rows, err := l.state.QueryContext(ctx, `SELECT o.flow_log_id, o.formats, count(*), sum(o.size),
			sum((SELECT coalesce(sum(h.records), 0) FROM object_hours h WHERE h.object = o.id)), min(o.at), coalesce(max(f.text), '')
		FROM objects o LEFT JOIN formats f ON f.id = o.formats WHERE o.state = 'taken' AND (`+where+`)
		GROUP BY o.flow_log_id, o.formats ORDER BY o.flow_log_id, o.formats`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Delivered
	for rows.Next() {
		var d Delivered
		var formats sql.NullInt64
		var first int64
		var text string
		if err := rows.Scan(&d.FlowLogID, &formats, &d.Objects, &d.Bytes, &d.Records, &first, &text); err != nil {
			return nil, err
		}
		d.First, d.Formats = time.Unix(first, 0).UTC(), parseFormats(text)
		if n := len(out); n > 0 && out[n-1].FlowLogID == d.FlowLogID {
			out[n-1].Add(d)
			continue
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Add adds what another sum has.
func (d *Delivered) Add(e Delivered) {
	d.Objects += e.Objects
	d.Bytes += e.Bytes
	d.Records += e.Records
	if e.First.Before(d.First) {
		d.First = e.First
	}
	for _, f := range e.Formats {
		has := false
		for _, have := range d.Formats {
			has = has || have.Equal(f)
		}
		if !has {
			d.Formats = append(d.Formats, f)
		}
	}
}
