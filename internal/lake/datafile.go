package lake

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"weir/flowlog"
)

// A DataFile is a Parquet file of a table at one moment.
type DataFile struct {
	// Path is the file's absolute path; Size its bytes; Records what it holds.
	Path    string
	Size    int64
	Records int64
	// Hour is the hour of weir_hour of all its records, UTC.
	Hour time.Time
	// Columns describes the columns by name. A column that is not in the map is
	// in no record of the file.
	Columns map[string]ColumnStats
	// Rollups is the absolute path of the file of the rollups of its records (see
	// package rollup), and RollupBytes its size; "" where it has none.
	Rollups     string
	RollupBytes int64

	noRollups bool // its records have none
}

// ColumnStats is what is known of a column of a file.
type ColumnStats struct {
	// Bytes is the compressed size of the column in the file.
	Bytes int64
	// Nulls counts the records that do not have the field.
	Nulls int64
	// Min and Max bound the values: int64 for numbers, string for text,
	// time.Time for weir_hour; nil where no record has the field.
	Min, Max any
}

// columnTotals collects a column's statistics over row groups.
type columnTotals struct {
	bytes, nulls int64
	min, max     []byte // as Iceberg encodes them
	bounded      bool   // every row group with values said its bounds
}

// describeFile reads a data file's footer and returns it as Iceberg lists it.
func describeFile(t *table.Table, k flowlog.Kind, path string) (iceberg.DataFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return nil, fmt.Errorf("cannot read the data file %s: %w", path, err)
	}
	defer r.Close()
	meta := r.MetaData()
	totals := map[int]*columnTotals{}
	for i := range meta.NumRowGroups() {
		if err := addRowGroup(totals, meta.RowGroup(i)); err != nil {
			return nil, fmt.Errorf("data file %s: %w", path, err)
		}
	}
	hourField, _ := t.Schema().FindFieldByName(hourColumn)
	hours := totals[hourField.ID]
	if hours == nil || hours.min == nil {
		return nil, fmt.Errorf("data file %s has no %s", path, hourColumn)
	}
	low, high := microHour(hours.min), microHour(hours.max)
	if low != high {
		return nil, fmt.Errorf("data file %s spans several hours", path)
	}
	spec := t.Spec()
	partition := spec.Field(0).FieldID
	b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentData, fileURI(path), iceberg.ParquetFile,
		map[int]any{partition: low}, nil, nil, meta.NumRows, info.Size())
	if err != nil {
		return nil, err
	}
	setStats(b, t.Schema(), k, totals, meta.NumRows)
	return b.SortOrderID(t.SortOrder().OrderID()).Build(), nil
}

// microHour returns the hour since the epoch of an encoded timestamp.
func microHour(b []byte) int32 {
	us := int64(binary.LittleEndian.Uint64(b))
	return int32(floorDiv(us, 3600*1e6))
}

// floorDiv divides and rounds down.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// addRowGroup adds the statistics of a row group's columns, by field id.
func addRowGroup(totals map[int]*columnTotals, rg *metadata.RowGroupMetaData) error {
	for i := range rg.NumColumns() {
		chunk, err := rg.ColumnChunk(i)
		if err != nil {
			return err
		}
		id := int(rg.Schema.Column(i).SchemaNode().FieldID())
		t := totals[id]
		if t == nil {
			t = &columnTotals{bounded: true}
			totals[id] = t
		}
		t.bytes += chunk.TotalCompressedSize()
		if err := t.addStats(chunk); err != nil {
			return err
		}
	}
	return nil
}

// addStats widens the bounds by those of a column chunk.
func (t *columnTotals) addStats(chunk *metadata.ColumnChunkMetaData) error {
	set, err := chunk.StatsSet()
	if err != nil {
		return err
	}
	if !set {
		t.bounded = false
		return nil
	}
	s, err := chunk.Statistics()
	if err != nil {
		return err
	}
	t.nulls += s.NullCount()
	if !s.HasMinMax() {
		t.bounded = t.bounded && s.NullCount() == chunk.NumValues()
		return nil
	}
	low, high := s.EncodeMin(), s.EncodeMax()
	less := lessBytes
	switch s.(type) {
	case *metadata.Int32Statistics:
		less = func(a, b []byte) bool {
			return int32(binary.LittleEndian.Uint32(a)) < int32(binary.LittleEndian.Uint32(b))
		}
	case *metadata.Int64Statistics:
		less = func(a, b []byte) bool {
			return int64(binary.LittleEndian.Uint64(a)) < int64(binary.LittleEndian.Uint64(b))
		}
	}
	if t.min == nil || less(low, t.min) {
		t.min = low
	}
	if t.max == nil || less(t.max, high) {
		t.max = high
	}
	return nil
}

func lessBytes(a, b []byte) bool { return strings.Compare(string(a), string(b)) < 0 }

// setStats gives Iceberg the statistics. Columns that are not in the file are
// told to be NULL throughout, so that a filter on them passes the file over.
func setStats(b *iceberg.DataFileBuilder, schema *iceberg.Schema, k flowlog.Kind, totals map[int]*columnTotals, records int64) {
	sizes, values, nulls := map[int]int64{}, map[int]int64{}, map[int]int64{}
	lower, upper := map[int][]byte{}, map[int][]byte{}
	for _, f := range flowlog.Fields(k) {
		nested, ok := schema.FindFieldByName(f.Column)
		if !ok {
			continue
		}
		if m, ok := nested.Type.(*iceberg.MapType); ok {
			for _, id := range []int{m.KeyID, m.ValueID} {
				if t := totals[id]; t != nil {
					sizes[id] = t.bytes
				}
			}
			continue
		}
		values[nested.ID] = records
		t := totals[nested.ID]
		if t == nil {
			nulls[nested.ID] = records
			continue
		}
		sizes[nested.ID], nulls[nested.ID] = t.bytes, t.nulls
		if t.bounded && t.min != nil {
			lower[nested.ID], upper[nested.ID] = t.min, t.max
		}
	}
	b.ColumnSizes(sizes).ValueCounts(values).NullValueCounts(nulls).LowerBoundValues(lower).UpperBoundValues(upper)
}

// newDataFile returns what Iceberg lists as a DataFile.
func newDataFile(schema *iceberg.Schema, k flowlog.Kind, d iceberg.DataFile) (DataFile, error) {
	path, err := uriPath(d.FilePath())
	if err != nil {
		return DataFile{}, err
	}
	out := DataFile{Path: path, Size: d.FileSizeBytes(), Records: d.Count(), Columns: map[string]ColumnStats{}}
	sizes, nulls := d.ColumnSizes(), d.NullValueCounts()
	lower, upper := d.LowerBoundValues(), d.UpperBoundValues()
	for _, f := range flowlog.Fields(k) {
		nested, ok := schema.FindFieldByName(f.Column)
		if !ok {
			continue
		}
		if m, ok := nested.Type.(*iceberg.MapType); ok {
			if sizes[m.ValueID] > 0 {
				out.Columns[f.Column] = ColumnStats{Bytes: sizes[m.KeyID] + sizes[m.ValueID]}
			}
			continue
		}
		if nulls[nested.ID] == d.Count() {
			continue
		}
		stats := ColumnStats{Bytes: sizes[nested.ID], Nulls: nulls[nested.ID]}
		if lower[nested.ID] != nil {
			stats.Min, stats.Max = decodeBound(f.Type, lower[nested.ID]), decodeBound(f.Type, upper[nested.ID])
		}
		out.Columns[f.Column] = stats
	}
	if hour, ok := out.Columns[hourColumn].Min.(time.Time); ok {
		out.Hour = hour.Truncate(time.Hour)
	}
	return out, nil
}

// decodeBound decodes Iceberg's encoding of a bound.
func decodeBound(t flowlog.Type, b []byte) any {
	switch t {
	case flowlog.Int32:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case flowlog.Int64:
		return int64(binary.LittleEndian.Uint64(b))
	case flowlog.Timestamp:
		return time.UnixMicro(int64(binary.LittleEndian.Uint64(b))).UTC()
	}
	return string(b)
}
