package rowfile

import (
	"bytes"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"weir/internal/query"
)

// list are rows of a list.
type list struct {
	columns []query.Column
	rows    [][]any
}

func (l *list) Columns() []query.Column { return l.columns }
func (l *list) Close() error            { return nil }

func (l *list) Next() ([]any, error) {
	if len(l.rows) == 0 {
		return nil, io.EOF
	}
	row := l.rows[0]
	l.rows = l.rows[1:]
	return row, nil
}

var columns = []query.Column{
	{Name: "b", Type: query.Bool},
	{Name: "i", Type: query.Int},
	{Name: "f", Type: query.Float},
	{Name: "t", Type: query.Text},
	{Name: "at", Type: query.Time},
	{Name: "o", Type: query.Other},
}

func sampleRows() *list {
	return &list{columns, [][]any{
		{true, int64(1<<62 + 1), 0.1, "a,\"b\"", time.Date(2026, 3, 2, 9, 0, 0, 123_456_000, time.UTC), query.Decimal("12.50")},
		{nil, nil, nil, nil, nil, nil},
	}}
}

// TestParquet reads what was written with a reader of its own: each value is what it was.
func TestParquet(t *testing.T) {
	var out bytes.Buffer
	n, err := Parquet(&out, sampleRows(), "weir test")
	if err != nil || n != 2 {
		t.Fatalf("%d rows, %v", n, err)
	}
	r, err := file.NewParquetReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := r.MetaData().GetCreatedBy(); got != "weir test" {
		t.Errorf("created by %q", got)
	}
	in, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := in.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	var got [][]string
	for c := range int(table.NumCols()) {
		column := table.Column(c).Data().Chunk(0)
		got = append(got, []string{table.Schema().Field(c).Name, column.ValueStr(0), column.ValueStr(1)})
	}
	want := [][]string{
		{"b", "true", "(null)"},
		{"i", "4611686018427387905", "(null)"},
		{"f", "0.1", "(null)"},
		{"t", `a,"b"`, "(null)"},
		{"at", "2026-03-02T09:00:00.123456Z", "(null)"},
		{"o", "12.50", "(null)"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParquetRefusesWhatDoesNotFit(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(1), 64)
	_, err := Parquet(io.Discard, &list{columns[1:2], [][]any{{huge}}}, "")
	if err == nil || err.Error() != "column i: 18446744073709551616 does not fit into 64 bits" {
		t.Error(err)
	}
}

func TestCSV(t *testing.T) {
	var out strings.Builder
	n, err := CSV(&out, sampleRows())
	want := "b,i,f,t,at,o\ntrue,4611686018427387905,0.1,\"a,\"\"b\"\"\",2026-03-02T09:00:00.123456Z,12.50\n,,,,,\n"
	if diff := cmp.Diff(want, out.String()); diff != "" || n != 2 || err != nil {
		t.Errorf("%d rows, %v (-want +got):\n%s", n, err, diff)
	}
}
