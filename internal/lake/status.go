package lake

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"weir/flowlog"
)

// Status describes the lake.
type Status struct {
	Data   string        `json:"data"`
	Tables []TableStatus `json:"tables"`
	// Objects counts the ledger's objects by state.
	Objects map[ObjectState]int64 `json:"objects"`
	// BadLines counts the lines and rows that were not taken, of all objects.
	BadLines int64 `json:"bad_lines"`
	// Problems are the objects that want attention: failed, changed, broken off,
	// with bad lines. Most recent first, at most as many as were asked for.
	Problems      []Object `json:"problems"`
	ProblemsTotal int64    `json:"problems_total"`
	// UnpairedHours counts the hours of flow.records whose pairs the next Compact
	// finds, since records of them or beside them, or the definition of
	// the network, changed.
	UnpairedHours int `json:"unpaired_hours"`
	// StaleHours counts the hours of flow.records that are attributed by other definitions of
	// the network than there are now, or by none, which the next Compact or Attribute brings up
	// to date.
	StaleHours int `json:"stale_hours"`
	// DefinitionProblem says why the definition of the network can't be read; UnpairedHours and
	// StaleHours are not counted then. "" where all is well.
	DefinitionProblem string `json:"definition_problem,omitempty"`
	// UnfinishedBatches counts changes that the next commit will finish.
	UnfinishedBatches int64 `json:"unfinished_batches"`
	Imports           int64 `json:"imports"`
}

// TableStatus describes one table.
type TableStatus struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Records int64  `json:"records"`
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"`
	Hours   int    `json:"hours"`
	// RollupBytes is the size of the rollups beside the data files.
	RollupBytes int64 `json:"rollup_bytes,omitempty"`
	// Oldest and Newest bound the records' times (start and end, else
	// weir_hour); nil in an empty table.
	Oldest        *time.Time `json:"oldest,omitempty"`
	Newest        *time.Time `json:"newest,omitempty"`
	UnknownFields []string   `json:"unknown_fields,omitempty"`
}

// Status returns the lake's status, with at most problems objects that want
// attention.
func (l *Lake) Status(ctx context.Context, problems int) (Status, error) {
	s := Status{Data: l.paths.data, Objects: map[ObjectState]int64{}}
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return s, err
	}
	for _, k := range kinds {
		t := tableStatus(k, snap.Files(k, Bounds{}))
		if t.UnknownFields, err = l.UnknownFields(ctx, k); err != nil {
			return s, err
		}
		s.Tables = append(s.Tables, t)
	}
	if _, err := l.definition(ctx); err != nil {
		s.DefinitionProblem = err.Error()
	} else if s.UnpairedHours, err = l.Unpaired(ctx); err != nil {
		return s, err
	} else if stale, err := l.StaleIn(ctx, snap); err != nil {
		return s, err
	} else {
		s.StaleHours = len(stale)
	}
	rows, err := l.state.QueryContext(ctx,
		"SELECT CASE WHEN other_version IS NOT NULL THEN 'changed' ELSE state END AS s, count(*), sum(bad) FROM objects GROUP BY s")
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var state ObjectState
		var n, bad int64
		if err := rows.Scan(&state, &n, &bad); err != nil {
			return s, err
		}
		s.Objects[state] = n
		s.BadLines += bad
	}
	if err := rows.Err(); err != nil {
		return s, err
	}
	for q, to := range map[string]*int64{
		"SELECT count(*) FROM batches":                    &s.UnfinishedBatches,
		"SELECT count(*) FROM imports":                    &s.Imports,
		"SELECT count(*) FROM objects o WHERE " + wanting: &s.ProblemsTotal,
	} {
		if err := l.state.QueryRowContext(ctx, q).Scan(to); err != nil {
			return s, err
		}
	}
	s.Problems, err = l.objects(ctx, "WHERE "+wanting+" ORDER BY o.at DESC, o.url LIMIT ?", problems)
	return s, err
}

// wanting is the condition of objects that want attention.
const wanting = "(o.state = 'failed' OR o.problem <> '' AND o.state <> 'foreign' OR o.bad > 0 OR o.other_version IS NOT NULL)"

// tableStatus sums up a table's files.
func tableStatus(k flowlog.Kind, files []DataFile) TableStatus {
	t := TableStatus{Name: namespace + "." + tableName(k), Kind: k.String(), Files: len(files)}
	hours := map[time.Time]bool{}
	for i := range files {
		f := &files[i]
		t.Records += f.Records
		t.Bytes += f.Size
		t.RollupBytes += f.RollupBytes
		hours[f.Hour] = true
		low, high := f.span()
		if t.Oldest == nil || low.Before(*t.Oldest) {
			t.Oldest = &low
		}
		if t.Newest == nil || high.After(*t.Newest) {
			t.Newest = &high
		}
	}
	t.Hours = len(hours)
	return t
}

// Newest returns the time of the newest record (its end, else weir_hour), or the
// zero time where there is none.
func (s *Snapshot) Newest() time.Time {
	var newest time.Time
	for _, k := range kinds {
		for _, f := range s.Files(k, Bounds{}) {
			if _, high := f.span(); high.After(newest) {
				newest = high
			}
		}
	}
	return newest
}

// span returns the bounds of the file's records in time: of start and end, and of
// weir_hour for those that lack them.
func (f *DataFile) span() (low, high time.Time) {
	hour := f.Columns[hourColumn]
	low, _ = hour.Min.(time.Time)
	high, _ = hour.Max.(time.Time)
	if s, ok := f.Columns[startColumn].Min.(int64); ok {
		if t := time.Unix(s, 0).UTC(); !f.LacksStart() || t.Before(low) {
			low = t
		}
	}
	end := f.Columns[flowlog.FieldByID(flowlog.End).Column]
	if e, ok := end.Max.(int64); ok {
		if t := time.Unix(e, 0).UTC(); end.Nulls == 0 || t.After(high) {
			high = t
		}
	}
	return low, high
}

// Objects returns the ledger's objects of a source (its URL or path, or what
// lies below it), or all where source is "", in order of their URLs.
func (l *Lake) Objects(ctx context.Context, source string) ([]Object, error) {
	if source == "" {
		return l.objects(ctx, "WHERE o.state <> 'pending' ORDER BY o.url")
	}
	below := strings.TrimSuffix(source, "/") + "/"
	return l.objects(ctx, "WHERE o.state <> 'pending' AND (o.url = ? OR substr(o.url, 1, ?) = ?) ORDER BY o.url", source, len([]rune(below)), below)
}

// Origins returns what the ledger's objects have as their [ObjectRef.Source], where
// that begins with a prefix, in order.
func (l *Lake) Origins(ctx context.Context, prefix string) ([]string, error) {
	return queryStrings(ctx, l.state, "SELECT DISTINCT source FROM objects WHERE substr(source, 1, ?) = ? ORDER BY source", len([]rune(prefix)), prefix)
}

// TakenBelow calls fn with the URL of each object that was taken before a time, alone
// or as a copy of another, and whose URL begins with a prefix, which must not be empty;
// where origin is not "", of those that have it as their [ObjectRef.Source].
func (l *Lake) TakenBelow(ctx context.Context, prefix, origin string, before time.Time, fn func(url string)) error {
	// The first text behind all that begin with the prefix: SQLite compares bytes.
	end := []byte(prefix)
	end[len(end)-1]++
	rows, err := l.state.QueryContext(ctx, `SELECT url FROM objects WHERE state <> 'pending' AND url >= ? AND url < ?
		AND state IN ('taken', 'duplicate') AND at < ? AND (? = '' OR source = ?)`, prefix, string(end), before.Unix(), origin, origin)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var url string
		if err := rows.Scan(&url); err != nil {
			return err
		}
		fn(url)
	}
	return rows.Err()
}

// IsSpent reports whether the object at a URL was taken with records, none of which
// the lake has any more, since all are beyond the retention.
func (l *Lake) IsSpent(ctx context.Context, url string) (bool, error) {
	var spent bool
	err := l.state.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM objects o WHERE o.url = ? AND o.state = 'taken' AND o.records > 0
		AND NOT EXISTS (SELECT 1 FROM object_hours h WHERE h.object = o.id))`, url).Scan(&spent)
	return spent, err
}

// recordsOf is how many records the lake has of an object o: fewer than were taken
// once some are beyond the retention.
const recordsOf = "(SELECT coalesce(sum(h.records), 0) FROM object_hours h WHERE h.object = o.id)"

// objects returns objects of the ledger, named o in the clause.
func (l *Lake) objects(ctx context.Context, clause string, args ...any) ([]Object, error) {
	rows, err := l.state.QueryContext(ctx, `SELECT o.source, o.url, o.size, o.state, coalesce(s.url, ''), o.container, coalesce(f.text, ''),
		`+recordsOf+`, o.bad, o.problem, o.hint, o.at, o.other_version FROM objects o
		LEFT JOIN objects s ON s.id = o.same_as LEFT JOIN formats f ON f.id = o.formats `+clause, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Object
	for rows.Next() {
		var o Object
		var formats string
		var at int64
		var other sql.NullString
		if err := rows.Scan(&o.Source, &o.URL, &o.Size, &o.State, &o.SameAs, &o.Container, &formats,
			&o.Records, &o.Bad, &o.Problem, &o.Hint, &at, &other); err != nil {
			return nil, err
		}
		if formats != "" {
			o.Formats = strings.Split(formats, "\n")
		}
		if other.Valid {
			o.State = Changed
			o.Problem = "other bytes lie there now than those that were taken"
			o.Hint = "weir open --replace takes the new ones in their place"
		}
		o.At = time.Unix(at, 0).UTC()
		out = append(out, o)
	}
	return out, rows.Err()
}

// BadLine is a line or row that was not taken.
type BadLine struct {
	URL string `json:"url"`
	// Container is the object's form; where it is parquet, Line is a row.
	Container string `json:"container,omitempty"`

	Line   int    `json:"line"`
	Column int    `json:"column,omitempty"`
	Field  string `json:"field,omitempty"`
	Text   string `json:"text"`
	Reason string `json:"reason"`
}

// BadLines returns the bad lines that the ledger keeps of a source's objects, or
// of all where source is "", at most most.
func (l *Lake) BadLines(ctx context.Context, source string, most int) ([]BadLine, error) {
	below := strings.TrimSuffix(source, "/") + "/"
	rows, err := l.state.QueryContext(ctx, `SELECT o.url, o.container, b.line, b.col, b.field, b.text, b.reason FROM bad_lines b
		JOIN objects o ON o.id = b.object WHERE o.state <> 'pending' AND (?1 = '' OR o.url = ?1 OR substr(o.url, 1, ?2) = ?3)
		ORDER BY o.url, b.line LIMIT ?4`, source, len([]rune(below)), below, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []BadLine
	for rows.Next() {
		var b BadLine
		if err := rows.Scan(&b.URL, &b.Container, &b.Line, &b.Column, &b.Field, &b.Text, &b.Reason); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// Canonical returns the objects that answer for the records of the objects with
// the given URLs: themselves, or those with the same bytes. all says that the
// lake has no other records.
func (l *Lake) Canonical(ctx context.Context, urls []string) (canonical []string, all bool, err error) {
	rows, err := l.state.QueryContext(ctx, `SELECT o.url, s.url, coalesce(s.records, o.records) FROM objects o LEFT JOIN objects s ON s.id = o.same_as
		WHERE o.state IN ('taken', 'duplicate')`)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	wanted := make(map[string]bool, len(urls))
	for _, u := range urls {
		wanted[u] = true
	}
	records := map[string]int64{} // of each object that is wanted
	left := map[string]bool{}
	for rows.Next() {
		var url string
		var same sql.NullString
		var n int64
		if err := rows.Scan(&url, &same, &n); err != nil {
			return nil, false, err
		}
		owner := url
		if same.Valid {
			owner = same.String
		}
		if wanted[url] {
			records[owner] = n
		} else if !same.Valid {
			left[owner] = true
		}
	}
	if err := rows.Err(); err != nil {
		return nil, false, err
	}
	all = true
	for owner := range left {
		if _, ok := records[owner]; !ok {
			all = false
		}
	}
	return sortedKeys(records), all, nil
}
