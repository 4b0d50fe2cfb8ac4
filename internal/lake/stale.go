package lake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"weir/flowlog"
)

// staleFiles returns the data files of an hour of flow.records of whose records something else
// was told than is now.
func (l *Lake) staleFiles(hour int64, files []DataFile, told map[string]attributed, a Attribution) []DataFile {
	now := attributed{}
	if a != nil {
		now.sum = a.Sum(hour)
	}
	var out []DataFile
	for _, f := range files {
		if told[l.paths.relative(f.Path)] != now {
			out = append(out, f)
		}
	}
	return out
}

// Stale returns the hours of flow.records of whose records something else is told by
// definitions of the network than their files have, newest first.
func (l *Lake) Stale(ctx context.Context) ([]time.Time, error) {
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return l.StaleIn(ctx, snap)
}

// StaleIn is Stale for a snapshot of the lake.
func (l *Lake) StaleIn(ctx context.Context, snap *Snapshot) ([]time.Time, error) {
	a, err := l.attribution(ctx)
	if err != nil {
		return nil, err
	}
	told, err := l.attributedFiles(ctx)
	if err != nil {
		return nil, err
	}
	var out []time.Time
	for hour, files := range snap.vpcHours() {
		if len(l.staleFiles(hour, files, told, a)) > 0 {
			out = append(out, time.Unix(hour, 0).UTC())
		}
	}
	slices.SortFunc(out, func(a, b time.Time) int { return b.Compare(a) })
	return out, nil
}

// Attributed says what Attribute did.
type Attributed struct {
	// Hours counts the hours that were stale and are not any more, Records what lies in them.
	Hours   int   `json:"hours"`
	Records int64 `json:"records"`
	// Files counts the data files that were written anew, of Bytes now; what the others say is
	// as it was.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// Attribute brings the hours that are stale up to date, newest first: an hour for each commit,
// so that a long run can be ended at any time. Where the pairs of one are to be found again, that
// is done with it. progress, which may be nil, is called after each hour.
func (l *Lake) Attribute(ctx context.Context, progress func(done, total int)) (Attributed, error) {
	var out Attributed
	if err := l.writable(); err != nil {
		return out, err
	}
	hours, err := l.Stale(ctx)
	if err != nil {
		return out, err
	}
	for i, hour := range hours {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if err := l.attributeHour(ctx, hour.Unix(), &out); err != nil {
			return out, fmt.Errorf("cannot attribute the records of the hour %s: %w", hour.Format("2006-01-02T15Z"), err)
		}
		if progress != nil {
			progress(i+1, len(hours))
		}
	}
	return out, nil
}

// attributeHour brings an hour up to date.
func (l *Lake) attributeHour(ctx context.Context, hour int64, out *Attributed) error {
	l.write.Lock()
	defer l.write.Unlock()
	s, err := l.hourState(ctx, hour)
	if err != nil || len(l.stale(&s)) == 0 {
		return err // or another change came first
	}
	if s.unsettled(l) {
		done, err := l.pairNow(ctx, &s)
		if err != nil {
			return err
		}
		out.Files += done.FilesAfter
		out.Bytes += done.BytesAfter
		if s, err = l.hourState(ctx, hour); err != nil {
			return err
		}
	}
	if err := l.attributeFiles(ctx, &s, out); err != nil {
		return err
	}
	out.Hours++
	out.Records += fileRecords(s.files)
	return nil
}

// stale returns the stale files of an hour.
func (l *Lake) stale(s *hourState) []DataFile {
	return l.staleFiles(s.hour, s.files, s.told, s.definition.attribution)
}

// attributeFiles brings the stale files of an hour up to date.
func (l *Lake) attributeFiles(ctx context.Context, s *hourState, out *Attributed) error {
	c, bytes, err := l.attributed(ctx, s)
	if err != nil || len(c.told) == 0 {
		return err
	}
	files := len(c.add[flowlog.KindVPC])
	if files == 0 { // all is as it was
		return l.setAttributed(ctx, c.told)
	}
	if err := l.commit(ctx, c); err != nil {
		return err
	}
	out.Files += files
	out.Bytes += bytes
	return nil
}

// attributed writes the stale files of an hour anew, one at a time in memory, and returns the
// change and the size of its files.
func (l *Lake) attributed(ctx context.Context, s *hourState) (change, int64, error) {
	const k = flowlog.KindVPC
	c := change{
		op: "attribute", add: map[flowlog.Kind][]string{}, remove: map[flowlog.Kind][]string{},
		paired: map[int64]pairedHour{s.hour: s.paired[s.hour]}, // no record comes or goes
	}
	bytes := int64(0)
	for _, f := range l.stale(s) {
		path, size, told, err := l.attributeFile(ctx, s, f)
		if err != nil {
			c.discard()
			return c, 0, err
		}
		if path == "" {
			c.tell(f.Path, told)
			continue
		}
		c.tell(path, told)
		c.add[k], c.remove[k] = append(c.add[k], path), append(c.remove[k], f.Path)
		bytes += size
	}
	return c, bytes, nil
}

// attributeFile writes a file with what is told of its records, and returns the file and its
// size, or "" where it has all that already.
func (l *Lake) attributeFile(ctx context.Context, s *hourState, f DataFile) (path string, size int64, told attributed, err error) {
	pieces, err := readPieces(ctx, f.Path)
	if err != nil {
		return "", 0, told, err
	}
	cols := merge(flowlog.KindVPC, pieces)
	was := cols.toldColumns()
	told, err = cols.attribute(s.definition.attribution, s.hour, pieces, cols.answers())
	if err != nil || cols.sameTold(was) {
		cols.free()
		return "", 0, told, err
	}
	path, size, err = l.writeSized(ctx, hourKey{flowlog.KindVPC, s.hour}, cols)
	return path, size, told, err
}
