package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
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

// measures are what is summed up of the records of a file: when they count, in units of
// so many seconds, and their packets and bytes, or flowlog.Absent.
type measures struct {
	unit  int64
	times []int64
	sums  [2][]int64 // packets, bytes; nil: no record has it

	// Memory for rollUp: keys by record, and their rows.
	keys []uint64
	rows []uint32
}

// measures returns what is summed up of the records, but for their times.
func (c *columns) measures() *measures {
	m := &measures{keys: make([]uint64, c.n), rows: make([]uint32, 0, c.n)}
	for s, f := range []flowlog.FieldID{flowlog.Packets, flowlog.Bytes} {
		nums := c.nums[f]
		if nums == nil {
			continue
		}
		values := nums.units(1)
		values[0] = flowlog.Absent
		m.sums[s] = make([]int64, c.n)
		for i := range m.sums[s] {
			m.sums[s][i] = values[nums.at(i)]
		}
	}
	return m
}

// setTimes sets the records' times in a unit. It reports false where a record has
// neither start nor weir-hour.
func (c *columns) setTimes(m *measures, unit int64) bool {
	if m.unit == unit {
		return true
	}
	m.unit, m.times = unit, sized(&m.times, c.n)
	start, hour := c.nums[flowlog.Start], c.nums[flowlog.WeirHour]
	starts, hours := start.units(unit), hour.units(unit)
	for i := range m.times {
		code, from := uint32(0), starts
		if start != nil {
			code = start.at(i)
		}
		if code == 0 && hour != nil {
			code, from = hour.at(i), hours
		}
		if code == 0 {
			return false
		}
		m.times[i] = from[code]
	}
	return true
}

// units returns the numbers by code, rounded down to units.
func (c *numbers) units(unit int64) []int64 {
	if c == nil {
		return nil
	}
	out := make([]int64, c.top+1)
	for code := uint32(1); code <= c.top; code++ {
		out[code] = floorDiv(c.value(code), unit)
	}
	return out
}

// chooses returns which records a rollup holds; nil: all.
func (c *columns) chooses(r *rollup.Rollup) func(i int) bool {
	if !r.Some {
		return nil
	}
	refused := ^uint32(0)
	action, port := c.texts[flowlog.Action], c.nums[flowlog.DstPort]
	if action == nil {
		action = &ranked{}
	} else if at := slices.Index(action.dict, rollup.Refused); at >= 0 {
		refused = uint32(at) + 1
	}
	if port == nil {
		return func(i int) bool { return action.at(i) == refused }
	}
	known := make([]bool, port.top+1)
	for code := uint32(1); code <= port.top; code++ {
		known[code] = rollup.WellKnown(port.value(code))
	}
	return func(i int) bool { return known[port.at(i)] || action.at(i) == refused }
}

// rollUp sums the records up, in rows in the order of their keys. It reports false
// where it cannot.
func (c *columns) rollUp(r *rollup.Rollup, m *measures) ([]rolled, packing, bool) {
	if !c.setTimes(m, r.Unit) {
		return nil, packing{}, false
	}
	p, ok := c.pack(r, m.times)
	if !ok {
		return nil, p, false
	}
	keys := m.keys
	for i, t := range m.times {
		keys[i] = uint64(t - p.first)
	}
	for _, k := range p.fields {
		if k.mask == 0 {
			continue
		}
		words, from, to, mask := k.codes.words[:len(keys)], k.codes.shift, k.shift, k.codes.mask
		for i, w := range words {
			keys[i] |= (w >> from & mask) << to
		}
	}
	table := newKeyTable()
	rows := m.rows[:0]
	if chosen := c.chooses(r); chosen == nil {
		for _, key := range keys {
			rows = append(rows, table.row(key))
		}
	} else {
		for i, key := range keys {
			row := uint32(noRow)
			if chosen(i) {
				row = table.row(key)
			}
			rows = append(rows, row)
		}
	}
	m.rows = rows
	out, ok := m.sum(rows, table.order)
	slices.SortFunc(out, func(a, b rolled) int { return cmp.Compare(a.key, b.key) })
	return out, p, ok
}

// noRow is the row of a record that a rollup does not hold.
const noRow = math.MaxUint32

// sum sums up what goes into the rows of keys. It reports false where a sum is beyond
// 64 bits.
func (m *measures) sum(rows []uint32, keys []uint64) ([]rolled, bool) {
	out := make([]rolled, len(keys))
	for row, key := range keys {
		out[row].key = key
	}
	records := make([]int64, len(keys))
	for _, row := range rows {
		if row != noRow {
			records[row]++
		}
	}
	for row, n := range records {
		out[row].records = n
	}
	// One array after the other: each is small enough to lie near.
	for s, values := range m.sums {
		if values == nil {
			continue
		}
		sums, has := make([]int64, len(keys)), make([]bool, len(keys))
		beyond := int64(0) // negative once a sum was
		for i, row := range rows {
			v := values[i]
			if row == noRow || v == flowlog.Absent {
				continue
			}
			before := sums[row]
			after := before + v
			beyond |= (before ^ after) & (v ^ after)
			sums[row], has[row] = after, true
		}
		if beyond < 0 {
			return nil, false
		}
		for row := range out {
			out[row].sums[s], out[row].has[s] = sums[row], has[row]
		}
	}
	return out, true
}

// spread spreads the bits of a key, which is dense, into the upper ones.
func spread(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 }

// keyTable tells the row of a key.
type keyTable struct {
	slots []slot
	order []uint64 // the keys by row
	shift uint
}

// slot holds a key and its row and 1; 0 = free.
type slot struct {
	key uint64
	row uint32
}

func newKeyTable() *keyTable {
	const width = 12
	return &keyTable{slots: make([]slot, 1<<width), shift: 64 - width}
}

// row returns the row of a key, which may be new.
func (t *keyTable) row(key uint64) uint32 {
	mask := uint64(len(t.slots) - 1)
	at := spread(key) >> t.shift
	for ; ; at = (at + 1) & mask {
		s := &t.slots[at&mask]
		if s.row == 0 {
			break
		}
		if s.key == key {
			return s.row - 1
		}
	}
	t.order = append(t.order, key)
	t.slots[at] = slot{key, uint32(len(t.order))}
	if 2*len(t.order) > len(t.slots) {
		t.grow()
	}
	return uint32(len(t.order) - 1)
}

func (t *keyTable) grow() {
	t.slots, t.shift = make([]slot, 4*len(t.slots)), t.shift-2
	mask := uint64(len(t.slots) - 1)
	for row, key := range t.order {
		at := spread(key) >> t.shift
		for t.slots[at].row != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = slot{key, uint32(row + 1)}
	}
}

// rollupColumns are the columns of the rows of one rollup, as every file has them.
func (c *columns) rollupColumns(r *rollup.Rollup, rows []rolled, p packing) (*columns, []fileColumn) {
	out := &columns{kind: c.kind, n: len(rows)}
	var cols []fileColumn
	numeric := func(name string, t arrow.DataType, value func(row *rolled) (int64, bool)) {
		coder := newNumberCoder()
		all := make([]uint32, len(rows))
		for i := range rows {
			if v, ok := value(&rows[i]); ok {
				all[i] = coder.code(v)
			}
		}
		cols = append(cols, fileColumn{field: arrow.Field{Name: name, Type: t, Nullable: true}, numbers: out.coded(coder, all)})
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
		if err != nil {
			_ = f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := f.Chmod(0o644); err != nil { // as data files are
		return err
	}
	out := &syncFile{f}
	var w *fileWriter
	m := c.measures()
	for i := range rollup.All {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := &rollup.All[i]
		sums, p, ok := c.rollUp(r, m)
		if !ok {
			if err := errors.Join(f.Truncate(0), out.Close()); err != nil {
				return err
			}
			return os.Rename(f.Name(), path)
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
