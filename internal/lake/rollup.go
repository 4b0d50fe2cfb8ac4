package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"weir/flowlog"
	"weir/internal/rollup"
)

// Rollups of a data file of flow.records lie in a file of the same name below
// DATA/lake/rollups. They are a function of the data file, which never changes, so
// that they are there with it, or not at all: a file without rollups is summed up by
// the query. The table does not know them, and readers of Iceberg do not meet them. An
// empty file says that the records have no rollups and need not be read again for it.

// rollupPath returns where the rollups of a data file lie.
func (p paths) rollupPath(dataFile string) string {
	hour := filepath.Base(filepath.Dir(dataFile))
	return filepath.Join(p.lake, "rollups", hour, filepath.Base(dataFile))
}

// dataPath is rollupPath's opposite.
func (p paths) dataPath(rollups string) string {
	hour := filepath.Base(filepath.Dir(rollups))
	return filepath.Join(p.tableDir(flowlog.KindVPC), "data", hour, filepath.Base(rollups))
}

// columns returns the rows as columns of a file, which all rollups have alike.
func (r *rollupSums) columns(of *columns, is *rollup.Rollup) (*columns, []fileColumn) {
	rows := r.rolled()
	out := &columns{kind: of.kind, n: len(rows.keys)}
	var cols []fileColumn
	add := func(name string, t arrow.DataType, nums *numbers, text *ranked) {
		cols = append(cols, fileColumn{field: arrow.Field{Name: name, Type: t, Nullable: true}, numbers: nums, text: text})
	}
	add(rollup.ID, arrow.PrimitiveTypes.Int32, &numbers{top: 1, low: int64(is.ID)}, nil)
	starts := make([]int64, out.n)
	for i, key := range rows.keys {
		starts[i] = (int64(key&(1<<r.width-1)) + r.first) * is.Unit
	}
	add(rollup.Start, arrow.PrimitiveTypes.Int64, out.valued(starts, nil), nil)
	for _, f := range rollup.Keys() {
		field := flowlog.FieldByID(f)
		nums, text := &numbers{}, &ranked{}
		if at := slices.IndexFunc(r.fields, func(k packed) bool { return k.field == f }); at < 0 {
			nums.codes, text.codes = out.newCodes(0), out.newCodes(0)
		} else if field.Numeric() {
			if c := of.nums[f]; c != nil {
				*nums = *c
			}
			nums.codes = r.fields[at].unpack(out, rows.keys, nums.top)
		} else {
			if c := of.texts[f]; c != nil {
				text.dict = c.dict
			}
			text.codes = r.fields[at].unpack(out, rows.keys, uint32(len(text.dict)))
		}
		if field.Numeric() {
			add(field.Column, arrowType(field.Type), nums, nil)
		} else {
			add(field.Column, dictionaryType, nil, text)
		}
	}
	add(rollup.Records, arrow.PrimitiveTypes.Int64, out.valued(rows.records, nil), nil)
	for s, name := range []string{rollup.Packets, rollup.Bytes} {
		add(name, arrow.PrimitiveTypes.Int64, out.valued(rows.sums[s], rows.has[s]), nil)
	}
	return out, cols
}

// unpack returns the codes of a field in keys, for columns that have as many rows. No
// code is larger than top.
func (k *packed) unpack(to *columns, keys []uint64, top uint32) codes {
	if k.codes != nil && k.codes.constant() {
		return codes{}
	}
	out := to.newCodes(top)
	for i, key := range keys {
		out.words[i] |= key >> k.shift & k.mask << out.shift
	}
	return out
}

// valued returns a column of numbers; has tells which records have one, all where it is
// nil.
func (c *columns) valued(values []int64, has []bool) *numbers {
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for i, v := range values {
		if has == nil || has[i] {
			low, high = min(low, v), max(high, v)
		}
	}
	if low <= high && uint64(high)-uint64(low) >= directSpan {
		coder, all := newNumberCoder(), make([]uint32, len(values))
		defer coder.free()
		for i, v := range values {
			if has == nil || has[i] {
				all[i] = coder.code(v)
			}
		}
		return c.coded(coder, all)
	}
	out := &numbers{low: low}
	if low <= high {
		out.top = uint32(high-low) + 1
	}
	out.codes = c.newCodes(out.top)
	for i, v := range values {
		if has == nil || has[i] {
			out.set(i, uint32(v-low)+1)
		}
	}
	return out
}

// sums returns the sums for the rollups of records, to which none are added yet; nil
// where there are too few records for rollups.
func (l *Lake) sums(c *columns) *sums {
	if c.kind != flowlog.KindVPC || c.n < l.rollupRecords {
		return nil
	}
	return c.newSums()
}

// writeRollups writes the rollups of the records of a data file, durably; an empty file
// where they do not fit the records. It does nothing where s is nil.
func (l *Lake) writeRollups(ctx context.Context, dataFile string, s *sums) (err error) {
	if s == nil {
		return nil
	}
	path := l.paths.rollupPath(dataFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "*.new")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := f.Chmod(0o644); err != nil { // as data files are
		return err
	}
	out := &syncFile{f}
	if !s.none {
		if err := s.write(ctx, out); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// write writes a file of all rollups.
func (s *sums) write(ctx context.Context, out io.Writer) error {
	var w *fileWriter
	for i := range rollup.All {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, cols := s.rollups[i].columns(s.of, &rollup.All[i])
		if w == nil {
			var err error
			if w, err = newFileWriter(out, cols); err != nil {
				return err
			}
			defer w.free()
		}
		if rows.n == 0 {
			continue
		}
		err := rows.writeGroup(w, cols)
		rows.free()
		if err != nil {
			return err
		}
	}
	return w.close()
}

// writeGroup writes all rows, in their order, as one row group.
func (c *columns) writeGroup(w *fileWriter, cols []fileColumn) error {
	w.sorting.places = sized(&w.sorting.places, c.n)
	rows := w.sorting.places
	for i := range rows {
		rows[i] = uint32(i)
	}
	w.beginGroup(c.words, rows)
	for i := range cols {
		if err := c.writeColumn(w, &cols[i], rows); err != nil {
			return fmt.Errorf("column %s: %w", cols[i].field.Name, err)
		}
	}
	return w.endGroup()
}

// findRollups says where the rollups of a data file lie, if it has some.
func (p paths) findRollups(f *DataFile) {
	if path := p.rollupPath(f.Path); f.Records > 0 {
		info, err := os.Stat(path)
		switch {
		case err != nil:
		case info.Size() == 0:
			f.noRollups = true
		default:
			f.Rollups, f.RollupBytes = path, info.Size()
		}
	}
}

// rollAll writes the rollups of data files that have none: those of an older weir.
func (l *Lake) rollAll(ctx context.Context) error {
	snap, err := l.Snapshot(ctx)
	if err != nil {
		return err
	}
	some := false
	for _, f := range snap.Files(flowlog.KindVPC, Bounds{}) {
		if f.Rollups != "" || f.noRollups || f.Records < int64(l.rollupRecords) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		pieces, err := readPieces(ctx, f.Path)
		if err != nil {
			return err
		}
		cols := merge(flowlog.KindVPC, pieces)
		s := l.sums(cols)
		s.add(cols.words, cols.n)
		err = l.writeRollups(ctx, f.Path, s)
		cols.free()
		if err != nil {
			return fmt.Errorf("cannot write the rollups of %s: %w", f.Path, err)
		}
		some = true
	}
	if !some {
		return nil
	}
	l.snapMu.Lock()
	defer l.snapMu.Unlock()
	if l.snap == snap {
		l.snap = nil // to be read again, with what is new
	}
	return nil
}

// sweepRollups removes the rollups of data files that are gone, and what a crash left.
func (l *Lake) sweepRollups(out *Expired) error {
	dir := filepath.Join(l.paths.lake, "rollups")
	limit := l.now().Add(-graceTime)
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || info.ModTime().After(limit) {
			return err
		}
		if strings.HasSuffix(path, ".parquet") {
			if _, err := os.Stat(l.paths.dataPath(path)); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		out.Files++
		out.Bytes += info.Size()
		return nil
	})
}
