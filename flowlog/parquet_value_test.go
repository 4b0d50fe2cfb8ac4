package flowlog_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"weir/flowlog"
)

// TestParquetUnsigned reads columns of integers without a sign, plain and from a
// dictionary: what a signed column would have as negative is a large number.
func TestParquetUnsigned(t *testing.T) {
	type row struct {
		SrcAddr string `parquet:"srcaddr"`
		SrcPort uint16 `parquet:"srcport"`
		Start   uint32 `parquet:"start"`
		Packets uint32 `parquet:"packets"`
		Bytes   uint64 `parquet:"bytes,dict"`
		Account uint64 `parquet:"account_id"`
		New32   uint32 `parquet:"new32,dict"`
		New64   uint64 `parquet:"new64"`
	}
	rows := []row{
		{"10.0.0.1", 65535, 3_000_000_000, math.MaxUint32, 1 << 40, 456789012, 3_000_000_000, math.MaxUint64},
		{"10.0.0.2", 0, 1_700_000_000, 0, 0, 999_999_999_999, 0, 0},
		{"10.0.0.3", 0, 1_700_000_000, 0, math.MaxUint64, 1, 0, 0},
	}
	want := []map[string]string{
		{
			"srcaddr": "10.0.0.1", "srcport": "65535", "start": "3000000000", "packets": "4294967295", "bytes": "1099511627776",
			"account-id": "000456789012", "new32": "3000000000", "new64": "18446744073709551615",
		},
		{
			"srcaddr": "10.0.0.2", "srcport": "0", "start": "1700000000", "packets": "0", "bytes": "0",
			"account-id": "999999999999", "new32": "0", "new64": "0",
		},
	}
	batches, stats, err := decode(t, writeParquet(t, rows), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, records(batches)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	wantBad := []string{"row 3: bytes: 18446744073709551615 is out of range (0 to 9223372036854775807)"}
	if diff := cmp.Diff(wantBad, badLines(stats)); diff != "" {
		t.Errorf("bad (-want +got):\n%s", diff)
	}
}

// TestParquetUnknownForms reads columns that the table does not know, whose values
// mean more than their physical type says.
func TestParquetUnknownForms(t *testing.T) {
	type row struct {
		SrcAddr string  `parquet:"srcaddr"`
		Small   int32   `parquet:"small,decimal(2:9)"`
		Large   int64   `parquet:"large,decimal(3:18)"`
		Fixed   [5]byte `parquet:"fixed,decimal(2:11)"`
		Whole   int32   `parquet:"whole,decimal(0:9)"`
		Day     int32   `parquet:"day,date"`
		Raw     []byte  `parquet:"raw"`
		Kind    string  `parquet:"kind,enum"`
	}
	rows := []row{
		{"10.0.0.1", 12345, -5, [5]byte{0xff, 0xff, 0xff, 0xff, 0x85}, 7, 20454, []byte{0xff, 0xfe}, "blue"},
		{"10.0.0.2", -7, 1234567, [5]byte{0, 0, 0, 1, 0}, -7, -1, []byte("a"), "red"},
	}
	want := []map[string]string{
		{"srcaddr": "10.0.0.1", "small": "123.45", "large": "-0.005", "fixed": "-1.23", "whole": "7", "day": "2026-01-01", "raw": "fffe", "kind": "blue"},
		{"srcaddr": "10.0.0.2", "small": "-0.07", "large": "1234.567", "fixed": "2.56", "whole": "-7", "day": "1969-12-31", "raw": "61", "kind": "red"},
	}
	for name, data := range map[string][]byte{
		"plain": writeParquet(t, rows),
		"zstd":  writeParquet(t, rows, parquet.Compression(&parquet.Zstd)),
	} {
		t.Run(name, func(t *testing.T) {
			batches, stats, err := decode(t, data, flowlog.Options{})
			if err != nil || stats.Bad > 0 {
				t.Fatalf("bad %v, error %v", badLines(stats), err)
			}
			if diff := cmp.Diff(want, records(batches)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParquetPandas checks what pandas leaves behind where it made text of columns
// with gaps, or numbers of account ids. A tag can have any word.
func TestParquetPandas(t *testing.T) {
	type row struct {
		SrcAddr string   `parquet:"srcaddr"`
		SrcPort string   `parquet:"srcport"`
		Action  string   `parquet:"action,dict"`
		VPC     string   `parquet:"vpc_id"`
		Tag     string   `parquet:"instance_tag"`
		Account *float64 `parquet:"account_id,optional"`
		Start   string   `parquet:"start"`
		New     string   `parquet:"new_field"`
	}
	rows := []row{
		{"10.0.0.1", "443.0", "ACCEPT", "vpc-1", "None", new(1.0), "1700000000.0", "None"},
		{"None", "<NA>", "None", "nan", "nan", new(0.0), "1700000000", "nan"},
		{"<NA>", "NaT", "null", "NULL", "null", new(-1.0), "1700000000.00", "-"},
		{"10.0.0.4", "443.5", "NaN", "NaT", "-", nil, "1700000000", "-"},
		{"10.0.0.5", ".0", "NaN", "NaT", "-", nil, "1700000000", "-"},
		{"10.0.0.6", "-1.0", "NaN", "NaT", "-", new(-5.0), "1700000000", "-"},
	}
	want := []map[string]string{
		{
			"srcaddr": "10.0.0.1", "srcport": "443", "action": "ACCEPT", "vpc-id": "vpc-1", "instance-tag": "None",
			"account-id": "000000000001", "start": "1700000000", "new-field": "None",
		},
		{"instance-tag": "nan", "start": "1700000000", "new-field": "nan"},
		{"instance-tag": "null", "start": "1700000000"},
	}
	batches, stats, err := decode(t, writeParquet(t, rows), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, records(batches)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	wantBad := []string{
		`row 4: srcport: "443.5" is not a number`,
		`row 5: srcport: ".0" is not a number`,
		"row 6: account-id: -5 is no account id",
	}
	if diff := cmp.Diff(wantBad, badLines(stats)); diff != "" {
		t.Errorf("bad (-want +got):\n%s", diff)
	}
}
