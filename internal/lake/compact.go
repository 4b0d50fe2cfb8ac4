package lake

import (
	"context"
	"fmt"
	"slices"

	"weir/flowlog"
)

// compactRecords is the largest number of records of a file that compaction
// makes, which bounds its memory. Larger files are left as they are.
const compactRecords = 2 << 20

// Compacted says what Compact did.
type Compacted struct {
	// Paired counts the hours whose pairs were found, Attributed those that were brought up to
	// date with definitions of the network besides, Hours those whose files were put together.
	Paired      int   `json:"paired"`
	Attributed  int   `json:"attributed"`
	Hours       int   `json:"hours"`
	FilesBefore int   `json:"files_before"`
	FilesAfter  int   `json:"files_after"`
	BytesBefore int64 `json:"bytes_before"`
	BytesAfter  int64 `json:"bytes_after"`
}

// add adds what was done to an hour's files.
func (c *Compacted) add(d Compacted) {
	c.Hours += d.Hours
	c.FilesBefore += d.FilesBefore
	c.FilesAfter += d.FilesAfter
	c.BytesBefore += d.BytesBefore
	c.BytesAfter += d.BytesAfter
}

// Compact finds the pairs of hours whose records, or whose neighbours' records,
// changed, attributes those that are stale ([Lake.Attribute]), puts the small files of each hour together, sorted anew, and sums up what
// has no rollups: an hour for each commit, so that a long run can be ended at any time. progress, which may be
// nil, is called after each hour.
func (l *Lake) Compact(ctx context.Context, progress func(done, total int)) (Compacted, error) {
	var out Compacted
	if err := l.writable(); err != nil {
		return out, err
	}
	if err := l.pairAll(ctx, &out, progress); err != nil {
		return out, err
	}
	told, err := l.Attribute(ctx, progress)
	out.Attributed = told.Hours
	if err != nil {
		return out, err
	}
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return out, err
	}
	var groups []compaction
	for _, k := range kinds {
		groups = append(groups, compactions(k, snap.Files(k, Bounds{}))...)
	}
	for i, g := range groups {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		done, err := l.compact(ctx, g)
		if err != nil {
			return out, fmt.Errorf("cannot compact the hour %s: %w", g.files[0].Hour.Format("2006-01-02T15Z"), err)
		}
		out.add(done)
		if progress != nil {
			progress(i+1, len(groups))
		}
	}
	return out, l.rollAll(ctx)
}

// compaction is files of one hour that are put together.
type compaction struct {
	kind  flowlog.Kind
	files []DataFile
}

// compactions picks files that are worth putting together: of each hour the
// smaller ones, as many as make one file.
func compactions(k flowlog.Kind, files []DataFile) []compaction {
	byHour := map[int64][]DataFile{}
	for _, f := range files {
		byHour[f.Hour.Unix()] = append(byHour[f.Hour.Unix()], f)
	}
	var out []compaction
	for _, hour := range byHour {
		slices.SortFunc(hour, func(a, b DataFile) int { return int(a.Records - b.Records) })
		var group []DataFile
		n := int64(0)
		for _, f := range hour {
			if n+f.Records > compactRecords {
				break
			}
			group = append(group, f)
			n += f.Records
		}
		if len(group) > 1 {
			out = append(out, compaction{k, group})
		}
	}
	slices.SortFunc(out, func(a, b compaction) int { return a.files[0].Hour.Compare(b.files[0].Hour) })
	return out
}

// compact puts files together and commits. Files that are no longer in the
// table, since another change took them, are left out.
func (l *Lake) compact(ctx context.Context, g compaction) (Compacted, error) {
	l.write.Lock()
	defer l.write.Unlock()
	if err := l.recover(ctx); err != nil {
		return Compacted{}, err
	}
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return Compacted{}, err
	}
	now := map[string]bool{}
	for _, f := range snap.Files(g.kind, Bounds{}) {
		now[f.Path] = true
	}
	files := slices.DeleteFunc(g.files, func(f DataFile) bool { return !now[f.Path] })
	if len(files) < 2 {
		return Compacted{}, nil
	}
	out := Compacted{Hours: 1, FilesBefore: len(files), FilesAfter: 1}
	var pieces []piece
	c := change{op: "compact", add: map[flowlog.Kind][]string{}, remove: map[flowlog.Kind][]string{}}
	for _, f := range files {
		batches, err := readFile(ctx, f.Path)
		if err != nil {
			return out, err
		}
		for _, b := range batches {
			pieces = append(pieces, piece{batch: b})
		}
		c.remove[g.kind] = append(c.remove[g.kind], f.Path)
		out.BytesBefore += f.Size
	}
	key := hourKey{g.kind, files[0].Hour.Unix()}
	path, err := l.writeColumns(ctx, key, merge(g.kind, pieces))
	if err != nil {
		return out, err
	}
	c.add[g.kind] = []string{path}
	paired, err := l.pairedHours(ctx, [2]int64{key.hour, key.hour})
	if err != nil {
		c.discard()
		return out, err
	}
	c.paired = paired // no record comes or goes
	told, err := l.attributedFiles(ctx)
	if err != nil {
		c.discard()
		return out, err
	}
	of := told[l.paths.relative(files[0].Path)]
	for _, f := range files[1:] {
		if told[l.paths.relative(f.Path)] != of {
			of = attributed{mixed: true}
		}
	}
	c.tell(path, of)
	if err := l.commit(ctx, c); err != nil {
		return out, err
	}
	if snap, err = l.Snapshot(ctx); err != nil {
		return out, err
	}
	for _, f := range snap.Files(g.kind, Bounds{}) {
		if f.Path == path {
			out.BytesAfter = f.Size
		}
	}
	return out, nil
}
