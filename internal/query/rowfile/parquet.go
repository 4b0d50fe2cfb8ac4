package rowfile

import (
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"weir/internal/query"
)

// parquetBatch is how many rows a row group has.
const parquetBatch = 1 << 17

// Parquet writes one Parquet file and returns how many rows there were: integers of 64 bits,
// doubles, text, times in microseconds UTC. What has no such type, such as a list, is JSON
// text. A sum beyond 64 bits is an error. createdBy is the program's name and version, as the
// file's metadata has it.
func Parquet(w io.Writer, rows query.Rows, createdBy string) (int64, error) {
	var fields []arrow.Field
	for _, c := range rows.Columns() {
		fields = append(fields, arrow.Field{Name: c.Name, Type: arrowType(c.Type), Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	out, err := pqarrow.NewFileWriter(schema, writerOnly{w}, parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCreatedBy(createdBy)), pqarrow.DefaultWriterProps())
	if err != nil {
		return 0, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	inBatch := 0
	flush := func() error {
		batch := b.NewRecordBatch()
		defer batch.Release()
		inBatch = 0
		return out.Write(batch)
	}
	n, err := Each(rows, func(row []any) error {
		for i, v := range row {
			if err := appendArrow(b.Field(i), v); err != nil {
				return fmt.Errorf("column %s: %w", fields[i].Name, err)
			}
		}
		if inBatch++; inBatch == parquetBatch {
			return flush()
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	if err := flush(); err != nil {
		return n, err
	}
	return n, out.Close()
}

// writerOnly hides a Close method from the Parquet writer.
type writerOnly struct{ io.Writer }

// arrowType returns the type of a column in Parquet.
func arrowType(t query.Type) arrow.DataType {
	switch t {
	case query.Bool:
		return arrow.FixedWidthTypes.Boolean
	case query.Int:
		return arrow.PrimitiveTypes.Int64
	case query.Float:
		return arrow.PrimitiveTypes.Float64
	case query.Time:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	}
	return arrow.BinaryTypes.String
}

// appendArrow appends a value to a column.
func appendArrow(b array.Builder, v any) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.Int64Builder:
		n, ok := v.(int64)
		if !ok {
			return fmt.Errorf("%s does not fit into 64 bits", v.(*big.Int))
		}
		b.Append(n)
	case *array.Float64Builder:
		b.Append(v.(float64))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.(time.Time).UnixMicro()))
	case *array.StringBuilder:
		b.Append(Text(v))
	}
	return nil
}
