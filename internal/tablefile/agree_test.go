package tablefile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"weir/flowlog"
	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
	"weir/internal/sharedtest"
	"weir/internal/synth"
)

// awsColumn is the column that AWS's guides make of a field.
func awsColumn(f *flowlog.Field) Column {
	c := Column{f.Column, kind(types.Varchar)}
	switch f.Type {
	case flowlog.Int32:
		c.Type = kind(types.Integer)
	case flowlog.Int64:
		c.Type = kind(types.BigInt)
	}
	return c
}

// decoded returns the records of an object as flowlog reads them, in the columns' form: "-" of absent texts, NULL of absent numbers.
func decoded(t *testing.T, body []byte) (flowlog.Format, []*flowlog.Batch, [][]string) {
	t.Helper()
	d, err := flowlog.NewDecoder(bytes.NewReader(body), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var batches []*flowlog.Batch
	var rows [][]string
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, b)
		f := d.Stats().Formats[0]
		for r := range b.Records() {
			var row []string
			for i := range f.Len() {
				field, ok := f.Field(i)
				if !ok {
					t.Fatal("an unknown field")
				}
				row = append(row, value(r, field))
			}
			rows = append(rows, row)
		}
	}
	if s := d.Stats(); s.Bad > 0 || len(s.Formats) != 1 {
		t.Fatalf("%d bad lines, %d formats", s.Bad, len(s.Formats))
	}
	return d.Stats().Formats[0], batches, rows
}

func value(r flowlog.Record, f *flowlog.Field) string {
	if f.Numeric() {
		n, ok := r.Int(f.ID)
		if !ok {
			return "NULL"
		}
		return strconv.FormatInt(n, 10)
	}
	text, ok := r.Text(f.ID)
	if !ok {
		return "-"
	}
	return text
}

// agree reads a delivered object as a table with the header's columns, once as text and once as the Parquet that AWS delivers, and compares each value
// with flowlog's own reading. It returns how many records there are.
func agree(t *testing.T, name string, body []byte) int {
	t.Helper()
	format, batches, want := decoded(t, body)
	l := layout()
	l.SkipLines = 1
	for i := range format.Len() {
		f, _ := format.Field(i)
		l.Columns = append(l.Columns, awsColumn(f))
	}
	got, err := read(t, l, "s3://b/"+name, string(body))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s as text (-flowlog +table):\n%.2000s", name, diff)
	}
	var pq bytes.Buffer
	w := flowlog.NewParquetWriter(&pq, format)
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// Columns of Parquet go by name: their order does not matter, one that is missing is NULL.
	l.Parquet = true
	slices.Reverse(l.Columns)
	l.Columns = append(l.Columns, Column{"more", kind(types.Double)})
	for i := range want {
		slices.Reverse(want[i])
		want[i] = append(want[i], "NULL")
	}
	if got, err = read(t, l, "s3://b/x.parquet", pq.String()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s as Parquet (-flowlog +table):\n%.2000s", name, diff)
	}
	return len(want)
}

// TestAgrees reads objects that others made.
func TestAgrees(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "data", "flowlogs", "derived-flowlogs"), "AWSLogs/*/vpcflowlogs/*/*/*/*/*.log.gz"))
	if err != nil || len(files) < 40 {
		t.Fatal(len(files), err)
	}
	records := 0
	for _, path := range files[:40] {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		records += agree(t, filepath.Base(path), body)
	}
	if records < 1000 {
		t.Errorf("only %d records were compared", records)
	}
}

// TestAgreesWithSynth reads objects with all fields of a VPC flow log, and of a transit gateway's.
func TestAgreesWithSynth(t *testing.T) {
	for _, k := range []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW} {
		c := synth.DefaultConfig()
		var names []string
		for _, f := range flowlog.Fields(k) {
			if !f.Own() {
				names = append(names, f.Name)
			}
		}
		var err error
		if c.Format, err = flowlog.ParseLogFormat(strings.Join(names, " ")); err != nil {
			t.Fatal(err)
		}
		c.Duration, c.Records, c.ObjectsPerSlot = time.Hour, 600, 1
		records := 0
		if _, err := synth.Generate(t.Context(), c, func(o synth.Object) error {
			records += agree(t, filepath.Base(o.Key), o.Content)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if records != 600 {
			t.Errorf("%s: %d records were compared", k, records)
		}
	}
}

// TestParquetTypes reads a column of each type of Parquet as each type of a table: what fits, and what Athena refuses.
func TestParquetTypes(t *testing.T) {
	dec := func(p, s int) types.Type { return types.Type{Kind: types.Decimal, Precision: p, Scale: s} }
	tests := []struct {
		node  parquet.Node
		value parquet.Value
		typ   types.Type
		want  string // "" is HIVE_BAD_DATA
	}{
		{parquet.Int(32), parquet.Int32Value(7), kind(types.Integer), "7"},
		{parquet.Int(32), parquet.Int32Value(7), kind(types.BigInt), "7"},
		{parquet.Int(32), parquet.Int32Value(7), kind(types.Varchar), ""},
		{parquet.Int(32), parquet.Int32Value(7), kind(types.Double), ""},
		{parquet.Int(32), parquet.Int32Value(7), dec(10, 2), "700"},
		{parquet.Int(64), parquet.Int64Value(7), kind(types.Integer), "7"},
		{parquet.Int(64), parquet.Int64Value(1 << 40), kind(types.Integer), ""},
		{parquet.Int(64), parquet.Int64Value(300), kind(types.TinyInt), ""},
		{parquet.Int(64), parquet.Int64Value(1 << 40), kind(types.BigInt), "1099511627776"},
		{parquet.Int(64), parquet.Int64Value(1), kind(types.Timestamp), ""},
		{parquet.String(), parquet.ByteArrayValue([]byte("añb")), kind(types.Varchar), "añb"},
		{parquet.String(), parquet.ByteArrayValue([]byte("añb")), types.Type{Kind: types.Varchar, Length: 2}, "añ"},
		{parquet.String(), parquet.ByteArrayValue([]byte("1")), kind(types.BigInt), ""},
		{parquet.Leaf(parquet.BooleanType), parquet.BooleanValue(true), kind(types.Boolean), "true"},
		{parquet.Leaf(parquet.BooleanType), parquet.BooleanValue(true), kind(types.Integer), ""},
		{parquet.Leaf(parquet.FloatType), parquet.FloatValue(0.5), kind(types.Real), "0.5"},
		{parquet.Leaf(parquet.FloatType), parquet.FloatValue(0.5), kind(types.Double), "0.5"},
		{parquet.Leaf(parquet.DoubleType), parquet.DoubleValue(0.5), kind(types.Double), "0.5"},
		{parquet.Leaf(parquet.DoubleType), parquet.DoubleValue(0.5), kind(types.Real), ""},
		{parquet.Date(), parquet.Int32Value(20484), kind(types.Date), "20484"},
		{parquet.Date(), parquet.Int32Value(20484), kind(types.Integer), ""},
		{parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(5), kind(types.Timestamp), "5000"},
		{parquet.Timestamp(parquet.Microsecond), parquet.Int64Value(5499), kind(types.Timestamp), "5000"},
		{parquet.Timestamp(parquet.Microsecond), parquet.Int64Value(5500), kind(types.Timestamp), "6000"},
		{parquet.Timestamp(parquet.Nanosecond), parquet.Int64Value(-5_400_000), kind(types.Timestamp), "-5000"},
		{parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(5), kind(types.BigInt), ""},
		{parquet.Decimal(2, 9, parquet.Int32Type), parquet.Int32Value(-12345), dec(9, 1), "-1235"},
		{parquet.Decimal(2, 9, parquet.Int32Type), parquet.Int32Value(-12345), dec(3, 2), ""},
		{parquet.Decimal(0, 9, parquet.Int32Type), parquet.Int32Value(5), kind(types.BigInt), "5"},
	}
	for _, tt := range tests {
		var body bytes.Buffer
		// Names of columns are compared without regard to case.
		w := parquet.NewGenericWriter[any](&body, parquet.NewSchema("s", parquet.Group{"Col": parquet.Optional(tt.node)}))
		if _, err := w.WriteRows([]parquet.Row{{tt.value.Level(0, 1, 0)}, {parquet.NullValue().Level(0, 0, 0)}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := read(t, Layout{Parquet: true, Columns: []Column{{"col", tt.typ}}}, "s3://b/x", body.String())
		if tt.want == "" {
			if e, ok := errors.AsType[*athenasql.Error](err); !ok || e.Code != athenasql.CodeBadData {
				t.Errorf("%s as %s: %v %v; want %s", tt.node, tt.typ, got, err, athenasql.CodeBadData)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s as %s: %v", tt.node, tt.typ, err)
			continue
		}
		if diff := cmp.Diff([][]string{{tt.want}, {"NULL"}}, got); diff != "" {
			t.Errorf("%s as %s (-want +got):\n%s", tt.node, tt.typ, diff)
		}
	}
}

// FuzzParquet reads any bytes as Parquet: an error, or as many rows as the object says.
func FuzzParquet(f *testing.F) {
	var body bytes.Buffer
	w := flowlog.NewParquetWriter(&body, flowlog.DefaultFormat(flowlog.KindVPC))
	d, err := flowlog.NewDecoder(strings.NewReader("2 123456789010 eni-1 10.0.0.1 10.0.0.2 443 1024 6 1 40 1769817600 1769817660 ACCEPT OK\n"), flowlog.Options{})
	if err != nil {
		f.Fatal(err)
	}
	b, err := d.Next()
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		f.Fatal(err)
	}
	f.Add(body.Bytes())
	f.Add([]byte("PAR1\x00\x00\x00\x00\x00\x00\x00\x00PAR1"))
	l := &Layout{Parquet: true, Columns: []Column{{"srcaddr", kind(types.Varchar)}, {"srcport", kind(types.BigInt)}, {"bytes", kind(types.Integer)}, {"none", kind(types.Date)}}}
	f.Fuzz(func(t *testing.T, body []byte) {
		var out bytes.Buffer
		w, err := newWriter(&out, l)
		if err != nil {
			t.Fatal(err)
		}
		defer w.release()
		err = convertParquet(t.Context(), l, Object{URL: "s3://b/x"}, content{bytes.NewReader(body)}, w)
		if e, ok := errors.AsType[*athenasql.Error](err); err != nil && (!ok || e.Code != athenasql.CodeBadData) {
			t.Fatal(err)
		}
	})
}
