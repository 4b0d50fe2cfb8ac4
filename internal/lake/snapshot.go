package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/table"

	"weir/flowlog"
)

// A Snapshot is the tables at one moment. Its files stay in place for at least
// 15 minutes after another commit replaced them. It is not changed; callers
// share it.
type Snapshot struct {
	// At is when the newest of the tables' snapshots was committed, or the zero
	// time in an empty lake.
	At time.Time

	files  map[flowlog.Kind][]DataFile
	fields map[flowlog.Kind]map[string]int // column -> field id in the files
	where  map[flowlog.Kind]string         // metadata locations: the snapshot's identity
}

// Bounds bounds the files of a snapshot that are asked for. The zero time does
// not bound.
type Bounds struct {
	// From and To bound start, From inclusive, To exclusive. Records without
	// start count at weir_hour.
	From, To time.Time
}

// Snapshot returns the tables as they are now.
func (l *Lake) Snapshot(ctx context.Context) (*Snapshot, error) {
	l.snapMu.Lock()
	defer l.snapMu.Unlock()
	if l.snap != nil && maps.Equal(l.snap.where, l.locations(ctx)) {
		return l.snap, nil
	}
	s := &Snapshot{
		files:  map[flowlog.Kind][]DataFile{},
		fields: map[flowlog.Kind]map[string]int{},
		where:  map[flowlog.Kind]string{},
	}
	same := l.snap != nil
	for _, k := range kinds {
		t, err := loadTable(ctx, l.cat, l.paths, k)
		if errors.Is(err, catalog.ErrNoSuchTable) || errors.Is(err, catalog.ErrNoSuchNamespace) {
			return nil, fmt.Errorf("%w: %s", ErrNoLake, l.paths.data)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read table %s.%s: %w", namespace, tableName(k), err)
		}
		s.where[k] = t.MetadataLocation()
		if same && l.snap.where[k] == s.where[k] {
			s.files[k], s.fields[k] = l.snap.files[k], l.snap.fields[k]
			s.At = l.snap.At
			continue
		}
		if err := s.add(ctx, t, k, l.paths); err != nil {
			return nil, fmt.Errorf("cannot read table %s.%s: %w", namespace, tableName(k), err)
		}
	}
	l.snap = s
	return s, nil
}

// locations returns where the tables' metadata is, as far as the catalog says. It asks
// the catalog's table itself, which is that of Iceberg's JDBC catalogs: to load the
// tables takes 2 ms, a tenth of what a small query does.
func (l *Lake) locations(ctx context.Context) map[flowlog.Kind]string {
	rows, err := l.catDB.QueryContext(ctx, "SELECT table_name, metadata_location FROM iceberg_tables WHERE table_namespace = ?", namespace)
	if err != nil {
		return nil
	}
	defer rows.Close()
	out := map[flowlog.Kind]string{}
	for rows.Next() {
		var name, location string
		if err := rows.Scan(&name, &location); err != nil {
			return nil
		}
		for _, k := range kinds {
			if tableName(k) == name {
				out[k] = location
			}
		}
	}
	if rows.Err() != nil {
		return nil
	}
	return out
}

// add lists a table's files.
func (s *Snapshot) add(ctx context.Context, t *table.Table, k flowlog.Kind, p paths) error {
	s.fields[k] = map[string]int{}
	for _, f := range t.Schema().Fields() {
		s.fields[k][f.Name] = f.ID
	}
	current := t.CurrentSnapshot()
	if current == nil {
		return nil
	}
	if at := time.UnixMilli(current.TimestampMs).UTC(); at.After(s.At) {
		s.At = at
	}
	scan := t.Scan()
	defer scan.Close()
	tasks, err := scan.PlanFiles(ctx)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		f, err := newDataFile(t.Schema(), k, task.File)
		if err != nil {
			return err
		}
		if k == flowlog.KindVPC {
			p.findRollups(&f)
		}
		s.files[k] = append(s.files[k], f)
	}
	// In the order of hours, in which a question for the first records of a time reads
	// fewest: Iceberg has none.
	slices.SortFunc(s.files[k], func(a, b DataFile) int { return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Path, b.Path)) })
	return nil
}

// Files returns the files of a kind's table that may hold records within the
// bounds. The slice is the caller's, what the maps hold is shared.
func (s *Snapshot) Files(k flowlog.Kind, b Bounds) []DataFile {
	var out []DataFile
	for _, f := range s.files[k] {
		if f.mayHold(b) {
			out = append(out, f)
		}
	}
	return out
}

// FieldIDs returns the field id of each column of a kind's table, by which the
// files know the column.
func (s *Snapshot) FieldIDs(k flowlog.Kind) map[string]int { return s.fields[k] }

// Same reports whether two snapshots are of the same moment.
func (s *Snapshot) Same(t *Snapshot) bool {
	for _, k := range kinds {
		if s.where[k] != t.where[k] {
			return false
		}
	}
	return true
}

// startColumn is the column that Bounds bounds.
var startColumn = flowlog.FieldByID(flowlog.Start).Column

// mayHold reports whether the file may hold a record within the bounds.
func (f *DataFile) mayHold(b Bounds) bool {
	start, has := f.Columns[startColumn]
	if has {
		low, ok1 := start.Min.(int64)
		high, ok2 := start.Max.(int64)
		if !ok1 || !ok2 || overlaps(low, high, b) {
			return true
		}
	}
	if has && start.Nulls == 0 {
		return false
	}
	hour := f.Columns[hourColumn]
	low, ok1 := hour.Min.(time.Time)
	high, ok2 := hour.Max.(time.Time)
	return !ok1 || !ok2 || overlaps(low.Unix(), high.Unix(), b)
}

// LacksStart reports whether a record of the file has no start.
func (f *DataFile) LacksStart() bool {
	start, has := f.Columns[startColumn]
	return !has || start.Nulls > 0
}

// overlaps reports whether seconds from low to high, inclusive, meet the bounds.
func overlaps(low, high int64, b Bounds) bool {
	if !b.From.IsZero() && high < b.From.Unix() {
		return false
	}
	return b.To.IsZero() || low < ceilUnix(b.To)
}

// ceilUnix returns the seconds of a time, rounded up: start is in whole seconds,
// so start < To is start < ceil(To).
func ceilUnix(t time.Time) int64 {
	s := t.Unix()
	if t.Nanosecond() > 0 {
		s++
	}
	return s
}
