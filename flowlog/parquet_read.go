package flowlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetSource reads Parquet as AWS writes it, as weir's lake holds it, and as
// other writers do: numbers as text or floats, "-" or nothing for what is not
// there.
type parquetSource struct {
	d       *Decoder
	kind    Kind
	shared  bool // both kinds can have these columns
	groups  []parquet.RowGroup
	columns []parquetColumn // flat columns
	unknown []int           // leaf indexes of weir_unknown's keys and values, or nil
	group   *openGroup
	row     int // rows before the current row group's current place
}

// parquetColumn is a leaf column of the file that holds a field.
type parquetColumn struct {
	index int
	field *Field // nil for an unknown field
	name  string // AWS's spelling
	// perSecond is the unit of a timestamp column; 0 where the column is none.
	perSecond int64
	form      valueForm
	scale     int // of a decimal
}

// openParquet opens Parquet in place where r allows it, else from memory. in
// holds r's data from its beginning.
func (d *Decoder) openParquet(r io.Reader, in io.Reader) error {
	at, size, err := randomAccess(r)
	if err != nil {
		return err
	}
	if at == nil {
		data, err := io.ReadAll(io.LimitReader(in, d.opts.MaxMemory+1))
		if err != nil {
			return d.broken(err)
		}
		if int64(len(data)) > d.opts.MaxMemory {
			return fmt.Errorf("%w: Parquet of over %d MiB from a stream; give it as a file", ErrTooLarge, d.opts.MaxMemory>>20)
		}
		at, size = bytes.NewReader(data), int64(len(data))
	}
	f, err := openParquetFile(at, size)
	if err != nil {
		return err
	}
	d.stats.Container = ContainerParquet
	s := &parquetSource{d: d, groups: f.RowGroups()}
	if err := s.schema(f); err != nil {
		return err
	}
	d.src = s
	return nil
}

// openParquetFile opens a file; the library panics on some damaged ones.
func openParquetFile(at io.ReaderAt, size int64) (f *parquet.File, err error) {
	defer recoverParquet(&err)
	if err := checkFooter(at, size); err != nil {
		return nil, err
	}
	f, err = parquet.OpenFile(at, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return f, nil
}

// checkCodecs refuses compressions that the library does not undo. LZ4 it does, but
// it gives other numbers than those that were written, and no error (v0.32.0,
// Column.decompress passes over the slice that lz4.Codec.Decode returns).
func checkCodecs(f *parquet.File) error {
	for _, g := range f.Metadata().RowGroups {
		for _, c := range g.Columns {
			switch codec := c.MetaData.Codec; codec {
			case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd:
			default:
				return fmt.Errorf("compressed with %s; write it anew with zstd, snappy or gzip", codec)
			}
		}
	}
	return nil
}

// checkFooter refuses a footer that is longer than the file: the library would
// make room for it, up to 4 GiB, before it finds that out.
func checkFooter(at io.ReaderAt, size int64) error {
	const tail = 8 // the footer's length, then the magic
	var b [tail]byte
	if size < 4+tail {
		return fmt.Errorf("%w: a Parquet file of %d bytes", ErrCorrupt, size)
	}
	if _, err := at.ReadAt(b[:], size-tail); err != nil && err != io.EOF {
		return err
	}
	if n := int64(binary.LittleEndian.Uint32(b[:])); n > size-4-tail {
		return fmt.Errorf("%w: a Parquet footer of %d bytes in a file of %d", ErrCorrupt, n, size)
	}
	return nil
}

// recoverParquet turns a panic of the Parquet library into an error.
func recoverParquet(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: parquet: %v", ErrCorrupt, r)
	}
}

// randomAccess returns r's content for reading at any place, or nil.
func randomAccess(r io.Reader) (io.ReaderAt, int64, error) {
	switch r := r.(type) {
	case *os.File:
		info, err := r.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return nil, 0, err
		}
		return r, info.Size(), nil
	case interface {
		io.ReaderAt
		Size() int64
	}:
		return r, r.Size(), nil
	}
	return nil, 0, nil
}

// schema finds the fields among the file's columns.
func (s *parquetSource) schema(f *parquet.File) (err error) {
	defer recoverParquet(&err) // schemas that contradict themselves
	columns := f.Root().Columns()
	var names []string
	known := 0
	for _, c := range columns {
		names = append(names, c.Name())
		if _, ok := Lookup(c.Name()); ok {
			known++
		}
	}
	if !isEvidence(names) {
		return fmt.Errorf("%w: Parquet without columns of a flow log", ErrNotFlowLog)
	}
	if err = s.fields(columns); err == nil {
		err = checkCodecs(f)
	}
	switch {
	case err == nil:
		return nil
	case known > 2 || 2*known >= len(names):
		return fmt.Errorf("%w: Parquet %w", ErrUnreadable, err)
	}
	// Another table can have one or two columns of the same name.
	return fmt.Errorf("%w: Parquet %w", ErrNotFlowLog, err)
}

// fields finds the field of each column.
func (s *parquetSource) fields(columns []*parquet.Column) error {
	var names []string
	for _, c := range columns {
		fd, known := Lookup(c.Name())
		if known && fd.Type == Map {
			leaves, err := mapLeaves(c)
			if err != nil {
				return err
			}
			s.unknown = leaves
			continue
		}
		if !c.Leaf() || c.Repeated() {
			return fmt.Errorf("column %s is nested, where a flow log has flat columns", c.Name())
		}
		pc := parquetColumn{index: c.Index(), field: fd, name: CanonicalName(c.Name())}
		pc.form, pc.scale = formOf(c.Type())
		if known {
			if err := pc.check(c); err != nil {
				return err
			}
		} else {
			s.d.unknown(pc.name)
		}
		s.columns = append(s.columns, pc)
		names = append(names, c.Name())
	}
	form, err := newFormat(names)
	if err != nil {
		return fmt.Errorf("columns: %w", err)
	}
	s.kind, s.shared = form.kind, form.Shared()
	s.d.found(form)
	return nil
}

// mapLeaves returns the leaf indexes of a map's keys and values.
func mapLeaves(c *parquet.Column) ([]int, error) {
	if entries := c.Columns(); len(entries) == 1 && entries[0].Repeated() && !entries[0].Leaf() {
		if kv := entries[0].Columns(); len(kv) == 2 && isText(kv[0]) && isText(kv[1]) {
			return []int{kv[0].Index(), kv[1].Index()}, nil
		}
	}
	return nil, fmt.Errorf("column %s is no map of text", c.Name())
}

// isText reports whether a column is one of single texts.
func isText(c *parquet.Column) bool {
	return c.Leaf() && !c.Repeated() && c.Type().Kind() == parquet.ByteArray
}

// check refuses a column whose type can't hold the field, and finds the unit of
// a timestamp.
func (p *parquetColumn) check(c *parquet.Column) error {
	t := c.Type()
	refuse := func() error {
		return fmt.Errorf("column %s has type %s, which can't hold %s", c.Name(), t, p.field.Type)
	}
	if logical := t.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.TimestampType:
			if !p.field.Epoch && p.field.Type != Timestamp || l.Unit.Value == nil {
				return refuse()
			}
			p.perSecond = int64(time.Second / l.Unit.Value.Duration())
			return nil
		case *format.DecimalType, *format.DateType, *format.TimeType, *format.UUIDType:
			return refuse()
		}
	}
	switch t.Kind() {
	case parquet.Boolean, parquet.Int96, parquet.FixedLenByteArray:
		return refuse()
	default:
		if p.field.Type == Timestamp {
			return refuse()
		}
		return nil
	}
}

// openGroup is a row group that is being read.
type openGroup struct {
	cursors []*cursor
	unknown *mapCursor
	left    int64
}

func (s *parquetSource) next() (b *Batch, err error) {
	defer recoverParquet(&err)
	for {
		if s.group == nil {
			if len(s.groups) == 0 {
				return nil, io.EOF
			}
			s.group = s.open(s.groups[0])
			s.groups = s.groups[1:]
		}
		if s.group.left == 0 {
			s.group.close()
			s.group = nil
			continue
		}
		b, err := s.read(int(min(s.group.left, int64(s.d.opts.BatchRecords))))
		if err != nil || b.n > 0 {
			return b, err
		}
	}
}

func (s *parquetSource) open(g parquet.RowGroup) *openGroup {
	o := &openGroup{left: g.NumRows()}
	chunks := g.ColumnChunks()
	for i := range s.columns {
		col := &s.columns[i]
		o.cursors = append(o.cursors, &cursor{
			col: col, exact: s.d.opts.Exact, words: !s.d.opts.Exact && col.field != nil && !col.field.named(),
			pages: chunks[col.index].Pages(),
		})
	}
	if s.unknown != nil {
		o.unknown = newMapCursor(chunks[s.unknown[0]].Pages(), chunks[s.unknown[1]].Pages())
	}
	return o
}

func (o *openGroup) close() {
	for _, c := range o.cursors {
		c.pages.Close()
	}
	if o.unknown != nil {
		o.unknown.close()
	}
}

// read makes a batch of the next n rows; bad rows are counted and left out.
func (s *parquetSource) read(n int) (*Batch, error) {
	b := NewBatch(s.kind)
	b.n = n
	bad := map[int]*LineError{}
	for _, c := range s.group.cursors {
		if err := c.fill(b, n, bad); err != nil {
			return nil, fmt.Errorf("%w: Parquet column %s: %w", ErrCorrupt, c.col.name, err)
		}
	}
	if s.group.unknown != nil {
		if err := s.group.unknown.fill(b, n, bad, s.d); err != nil {
			return nil, fmt.Errorf("%w: Parquet column %s: %w", ErrCorrupt, fields[WeirUnknown].Column, err)
		}
	}
	s.group.left -= int64(n)
	if v, ok := b.At(0).Int(Version); s.shared && ok && v == tgwVersion {
		b.kind = KindTGW
	}
	if !s.d.opts.Exact {
		b.clearPlaceholders()
	}
	if len(bad) > 0 {
		kept := NewBatch(b.kind)
		for i := range n {
			if e := bad[i]; e != nil {
				e.Line, e.Row = s.row+i+1, true
				s.d.bad(e, []byte(e.Text))
				continue
			}
			kept.AppendFrom(b.At(i))
		}
		b = kept
	}
	s.row += n
	return b, nil
}

// clearPlaceholders makes absent what stands in traffic fields of NODATA and
// SKIPDATA records: AWS's Parquet was seen with NULL, 0 and -1 there.
func (b *Batch) clearPlaceholders() {
	status := b.texts[LogStatus]
	if status == nil {
		return
	}
	for i := range b.n {
		if code := status.At(i); code == 0 || status.Dict[code] == "OK" {
			continue
		}
		for id := range fields {
			if nums := b.nums[id]; fields[id].Traffic && i < len(nums) && nums[i] == 0 {
				nums[i] = Absent
			}
		}
	}
}
