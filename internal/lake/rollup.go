package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
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
// the query. The table does not know them, and readers of Iceberg do not meet them.

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

// rolled is a row of a rollup.
type rolled struct {
	key     uint64 // packed codes of the rollup's keys and the time
	records int64
	sums    [2]int64 // packets, bytes
	has     [2]bool  // some record has it
}

// packing is how codes of columns lie in a key: the first field in the highest bits,
// the time in the lowest.
type packing struct {
	fields []packed
	first  int64 // the earliest time, in units
	time   uint  // bits of it
}

type packed struct {
	field flowlog.FieldID
	codes *codes // nil: no record has the field
	shift uint
	mask  uint64
}

// pack returns the packing of a rollup's keys. It reports false where they do not fit
// into 64 bits: such records are summed up by the query.
func (c *columns) pack(r *rollup.Rollup, times []int64) (packing, bool) {
	p := packing{first: slices.Min(times)}
	p.time = uint(bits.Len64(uint64(slices.Max(times) - p.first)))
	used := p.time
	for _, f := range slices.Backward(r.Keys) {
		k, top := packed{field: f}, uint32(0)
		if text := c.texts[f]; text != nil {
			k.codes, top = &text.codes, uint32(len(text.dict))
		} else if nums := c.nums[f]; nums != nil {
			k.codes, top = &nums.codes, nums.top
		}
		if k.codes != nil && k.codes.constant() {
			top = 0 // code 1 for all
		}
		width := uint(bits.Len32(top))
		k.shift, k.mask = used, 1<<width-1
		used += width
		p.fields = append(p.fields, k)
	}
	return p, used <= 64
}

// code returns the code of a field in a key.
func (k *packed) code(key uint64) uint32 {
	switch {
	case k.codes == nil:
		return 0
	case k.codes.constant():
		return 1
	}
	return uint32(key >> k.shift & k.mask)
}

// times returns when the records count, in units of so many seconds; ok is false where
// one has neither start nor weir-hour.
func (c *columns) times(unit int64) (out []int64, ok bool) {
	out = make([]int64, c.n)
	start, hour := c.nums[flowlog.Start], c.nums[flowlog.WeirHour]
	for i := range out {
		code, from := uint32(0), start
		if start != nil {
			code = start.at(i)
		}
		if code == 0 && hour != nil {
			code, from = hour.at(i), hour
		}
		if code == 0 {
			return nil, false
		}
		out[i] = floorDiv(from.value(code), unit)
	}
	return out, true
}

// chooses returns which records a rollup holds; nil: all.
func (c *columns) chooses(r *rollup.Rollup) func(i int) bool {
	if !r.Some {
		return nil
	}
	refused := uint32(0)
	action := c.texts[flowlog.Action]
	if action != nil {
		refused = uint32(slices.Index(action.dict, rollup.Refused) + 1)
	}
	port := c.nums[flowlog.DstPort]
	return func(i int) bool {
		if refused != 0 && action.at(i) == refused {
			return true
		}
		if port == nil {
			return false
		}
		code := port.at(i)
		return code != 0 && rollup.WellKnown(port.value(code))
	}
}

// rollUp sums the records up, in rows in the order of their keys. It reports false
// where it cannot.
func (c *columns) rollUp(r *rollup.Rollup) ([]rolled, packing, bool) {
	times, ok := c.times(r.Unit)
	if !ok {
		return nil, packing{}, false
	}
	p, ok := c.pack(r, times)
	if !ok {
		return nil, p, false
	}
	var varying []packed
	for _, k := range p.fields {
		if k.mask != 0 {
			varying = append(varying, k)
		}
	}
	var out []rolled
	table := newKeyTable()
	measures := [2]*numbers{c.nums[flowlog.Packets], c.nums[flowlog.Bytes]}
	chosen := c.chooses(r)
	for i := range c.n {
		if chosen != nil && !chosen(i) {
			continue
		}
		key := uint64(times[i] - p.first)
		for j := range varying {
			key |= uint64(varying[j].codes.at(i)) << varying[j].shift
		}
		at, isNew := table.place(key)
		if isNew {
			out = append(out, rolled{key: key})
		}
		if !out[at].count(i, measures) { // beyond 64 bits: one more row of the key
			at = table.again(key)
			out = append(out, rolled{key: key})
			out[at].count(i, measures)
		}
	}
	slices.SortFunc(out, func(a, b rolled) int {
		if a.key != b.key {
			if a.key < b.key {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.records, b.records), slices.Compare(a.sums[:], b.sums[:]))
	})
	return out, p, true
}

// count counts a record, and reports false where a sum is too large for the row.
func (o *rolled) count(i int, measures [2]*numbers) bool {
	next := *o
	next.records++
	for s, m := range measures {
		if m == nil {
			continue
		}
		code := m.at(i)
		if code == 0 {
			continue
		}
		v := m.value(code)
		next.sums[s], next.has[s] = o.sums[s]+v, true
		if v >= 0 && next.sums[s] < o.sums[s] || v < 0 && next.sums[s] > o.sums[s] {
			return false
		}
	}
	*o = next
	return true
}

// keyTable tells the row of a key.
type keyTable struct {
	keys  []uint64
	rows  []uint32 // the row and 1; 0 = free
	n     uint32   // rows
	used  int
	shift uint
}

func newKeyTable() *keyTable {
	const width = 12
	return &keyTable{keys: make([]uint64, 1<<width), rows: make([]uint32, 1<<width), shift: 64 - width}
}

// place returns the row of a key, and whether it is new.
func (t *keyTable) place(key uint64) (row uint32, isNew bool) {
	mask := uint64(len(t.keys) - 1)
	at := mix(key) >> t.shift
	for ; t.rows[at] != 0; at = (at + 1) & mask {
		if t.keys[at] == key {
			return t.rows[at] - 1, false
		}
	}
	t.n++
	t.used++
	t.keys[at], t.rows[at] = key, t.n
	if 2*t.used > len(t.keys) {
		t.grow()
	}
	return t.n - 1, true
}

// again gives a key, which is there, another row.
func (t *keyTable) again(key uint64) uint32 {
	mask := uint64(len(t.keys) - 1)
	at := mix(key) >> t.shift
	for t.keys[at] != key || t.rows[at] == 0 {
		at = (at + 1) & mask
	}
	t.n++
	t.rows[at] = t.n
	return t.n - 1
}

func (t *keyTable) grow() {
	keys, rows := t.keys, t.rows
	t.keys, t.rows, t.shift = make([]uint64, 4*len(keys)), make([]uint32, 4*len(rows)), t.shift-2
	mask := uint64(len(t.keys) - 1)
	for i, row := range rows {
		if row == 0 {
			continue
		}
		at := mix(keys[i]) >> t.shift
		for t.rows[at] != 0 {
			at = (at + 1) & mask
		}
		t.keys[at], t.rows[at] = keys[i], row
	}
}

// rollupColumns are the columns of the rows of one rollup, as every file has them.
func (c *columns) rollupColumns(r *rollup.Rollup, rows []rolled, p packing) (*columns, []fileColumn) {
	out := &columns{kind: c.kind, n: len(rows)}
	var cols []fileColumn
	numeric := func(name string, t arrow.DataType, value func(row *rolled) (int64, bool)) {
		n := &numbers{dict: []int64{}}
		coder := newNumberCoder(n)
		all := make([]uint32, len(rows))
		for i := range rows {
			if v, ok := value(&rows[i]); ok {
				all[i] = coder.code(v)
			}
		}
		n.codes = out.newCodes(n.top)
		for i, code := range all {
			n.set(i, code)
		}
		cols = append(cols, fileColumn{field: arrow.Field{Name: name, Type: t, Nullable: true}, numbers: n})
	}
	numeric(rollup.ID, arrow.PrimitiveTypes.Int32, func(*rolled) (int64, bool) { return int64(r.ID), true })
	numeric(rollup.Start, arrow.PrimitiveTypes.Int64, func(row *rolled) (int64, bool) {
		return (int64(row.key&(1<<p.time-1)) + p.first) * r.Unit, true
	})
	for _, f := range rollup.Keys() {
		field := flowlog.FieldByID(f)
		at := slices.IndexFunc(p.fields, func(k packed) bool { return k.field == f })
		code := func(row *rolled) uint32 {
			if at < 0 {
				return 0
			}
			return p.fields[at].code(row.key)
		}
		if field.Numeric() {
			numeric(field.Column, arrowType(field.Type), func(row *rolled) (int64, bool) {
				if code := code(row); code != 0 {
					return c.nums[f].value(code), true
				}
				return 0, false
			})
			continue
		}
		text := &ranked{}
		if at >= 0 && c.texts[f] != nil {
			text.dict = c.texts[f].dict
		}
		text.codes = out.newCodes(uint32(len(text.dict)))
		for i := range rows {
			text.set(i, code(&rows[i]))
		}
		cols = append(cols, fileColumn{field: arrow.Field{Name: field.Column, Type: dictionaryType, Nullable: true}, text: text})
	}
	numeric(rollup.Records, arrow.PrimitiveTypes.Int64, func(row *rolled) (int64, bool) { return row.records, true })
	for s, name := range []string{rollup.Packets, rollup.Bytes} {
		numeric(name, arrow.PrimitiveTypes.Int64, func(row *rolled) (int64, bool) { return row.sums[s], row.has[s] })
	}
	return out, cols
}

// writeRollups writes the rollups of the records of a data file, durably, unless it
// has few records, or some that rollups do not fit.
func (l *Lake) writeRollups(ctx context.Context, dataFile string, c *columns) (err error) {
	if c.n < l.rollupRecords {
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
		if err != nil || path == "" {
			_ = f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := f.Chmod(0o644); err != nil { // as data files are
		return err
	}
	out := &syncFile{f}
	var w *fileWriter
	for i := range rollup.All {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := &rollup.All[i]
		sums, p, ok := c.rollUp(r)
		if !ok {
			path = ""
			return nil
		}
		rows, cols := c.rollupColumns(r, sums, p)
		if w == nil {
			if w, err = newFileWriter(out, cols); err != nil {
				return err
			}
		}
		if rows.n == 0 {
			continue
		}
		if err := rows.writeGroup(w, cols); err != nil {
			return err
		}
	}
	if err := w.close(); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// writeGroup writes all rows, in their order, as one row group.
func (c *columns) writeGroup(w *fileWriter, cols []fileColumn) error {
	rows := make([]uint32, c.n)
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
		if info, err := os.Stat(path); err == nil {
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
		if f.Rollups != "" || f.Records < int64(l.rollupRecords) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		pieces, err := readPieces(ctx, f.Path)
		if err != nil {
			return err
		}
		if err := l.writeRollups(ctx, f.Path, merge(flowlog.KindVPC, pieces)); err != nil {
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
