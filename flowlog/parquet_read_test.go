package flowlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"weir/flowlog"
)

// awsParquet is an object as AWS delivered it.
const awsParquet = "testdata/sekoia-automation/111111111111_vpcflowlogs_eu-west-3_fl-032a163fae170ae52_20220831T1255Z_2ad4bef5.parquet"

// readFile returns a file's content.
func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// jsonRecords returns records as generic JSON objects.
func jsonRecords(t testing.TB, batches []*flowlog.Batch) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, b := range batches {
		for r := range b.Records() {
			var m map[string]any
			if err := json.Unmarshal(flowlog.AppendJSON(nil, r), &m); err != nil {
				t.Fatal(err)
			}
			out = append(out, m)
		}
	}
	return out
}

// TestAWSParquet reads an object that AWS delivered, and compares with the rows
// that its keepers expect.
func TestAWSParquet(t *testing.T) {
	var lines []string
	if err := json.Unmarshal(readFile(t, "testdata/sekoia-automation/test_parquet_result.json"), &lines); err != nil {
		t.Fatal(err)
	}
	var want []map[string]any
	for _, l := range lines {
		var m map[string]any
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatal(err)
		}
		want = append(want, m)
	}
	batches, stats, err := decode(t, readFile(t, awsParquet), flowlog.Options{})
	if err != nil || stats.Bad > 0 || stats.Container != flowlog.ContainerParquet || stats.Records != 7 {
		t.Fatalf("%d records of container %q, bad %v, error %v", stats.Records, stats.Container, stats.BadLines, err)
	}
	if diff := cmp.Diff(want, jsonRecords(t, batches)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestPandasParquet reads what pandas wrote: account ids as numbers, numbers as
// text, None for what is not there, and a protocol that can't be one.
func TestPandasParquet(t *testing.T) {
	batches, stats, err := decode(t, readFile(t, "testdata/flowlogs-reader/flows.parquet"), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2 123456789010 eni-102010ab 198.51.100.1 192.0.2.1 443 49152 6 10 840 1439387263 1439387264 ACCEPT OK",
		"2 123456789010 eni-202010ab - - - - - - - 1439387263 1439387264 - NODATA",
	}
	if diff := cmp.Diff(want, texts(batches, flowlog.DefaultFormat(flowlog.KindVPC))); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	bad := []*flowlog.LineError{{Line: 3, Row: true, Field: "protocol", Text: "8080", Reason: "8080 is out of range (0 to 255)"}}
	if diff := cmp.Diff(bad, stats.BadLines); diff != "" {
		t.Errorf("bad rows (-want +got):\n%s", diff)
	}
}

// TestParquetInPlace reads from a file, from memory, through a stream, and
// within gzip.
func TestParquetInPlace(t *testing.T) {
	data := readFile(t, awsParquet)
	file, err := os.Open(filepath.FromSlash(awsParquet))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, r := range map[string]io.Reader{
		"file":    file,
		"memory":  bytes.NewReader(data),
		"section": io.NewSectionReader(bytes.NewReader(append([]byte("before"), data...)), 6, int64(len(data))),
		"stream":  io.MultiReader(bytes.NewReader(data)),
		"gzip":    bytes.NewReader(gz(t, string(data))),
	} {
		t.Run(name, func(t *testing.T) {
			d, err := flowlog.NewDecoder(r, flowlog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			b, err := d.Next()
			if err != nil || b.Len() != 7 {
				t.Errorf("batch %v, error %v", b, err)
			}
		})
	}
	_, err = flowlog.NewDecoder(io.MultiReader(bytes.NewReader(data)), flowlog.Options{MaxMemory: 1000})
	if !errors.Is(err, flowlog.ErrTooLarge) {
		t.Errorf("a stream above the limit: %v", err)
	}
}

// writeParquet writes rows with the Parquet library's own types.
func writeParquet[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := parquet.Write(&buf, rows, options...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestParquetTypes reads one record that other writers typed in their own ways.
func TestParquetTypes(t *testing.T) {
	type text struct {
		Start    string `parquet:"start"`
		SrcAddr  string `parquet:"srcaddr"`
		Bytes    string `parquet:"bytes"`
		Account  string `parquet:"account_id"`
		Protocol string `parquet:"protocol"`
	}
	type dictionary struct {
		Start    int64  `parquet:"start,dict"`
		SrcAddr  string `parquet:"srcaddr,dict"`
		Bytes    int64  `parquet:"bytes,dict"`
		Account  string `parquet:"account_id,dict"`
		Protocol int32  `parquet:"protocol,dict"`
	}
	type floats struct {
		Start    float64 `parquet:"start"`
		SrcAddr  string  `parquet:"SRCADDR"`
		Bytes    float64 `parquet:"bytes"`
		Account  int64   `parquet:"account-id"`
		Protocol float32 `parquet:"protocol"`
	}
	type widths struct {
		Start    time.Time `parquet:"start,timestamp(microsecond)"`
		SrcAddr  string    `parquet:"srcaddr,delta"`
		Bytes    int32     `parquet:"bytes"`
		Account  int64     `parquet:"account_id"`
		Protocol uint8     `parquet:"protocol"`
	}
	type optional struct {
		Start    *time.Time `parquet:"start,optional,timestamp(nanosecond)"`
		SrcAddr  *string    `parquet:"srcaddr,optional"`
		Bytes    *uint64    `parquet:"bytes,optional"`
		Account  *float64   `parquet:"account_id,optional"`
		Protocol *int64     `parquet:"protocol,optional"`
	}
	const start = 1418530010
	when := time.Unix(start, 0).UTC()
	tests := map[string][]byte{
		"text":              writeParquet(t, []text{{"1418530010", "10.0.0.1", "4249", "000456789010", "6"}}),
		"text, with millis": writeParquet(t, []text{{"1418530010999", "10.0.0.1", "4249", "000456789010", "6"}}),
		"dictionaries":      writeParquet(t, []dictionary{{start, "10.0.0.1", 4249, "000456789010", 6}}),
		"milliseconds":      writeParquet(t, []dictionary{{start*1000 + 123, "10.0.0.1", 4249, "000456789010", 6}}),
		"floats":            writeParquet(t, []floats{{start, "10.0.0.1", 4249, 456789010, 6}}),
		"timestamps":        writeParquet(t, []widths{{when, "10.0.0.1", 4249, 456789010, 6}}),
		"optional":          writeParquet(t, []optional{{&when, new("10.0.0.1"), new(uint64(4249)), new(456789010.0), new(int64(6))}}),
		"pages of version 2": writeParquet(t, []optional{{&when, new("10.0.0.1"), new(uint64(4249)), new(456789010.0), new(int64(6))}},
			parquet.DataPageVersion(2), parquet.Compression(&parquet.Zstd)),
		"snappy": writeParquet(t, []dictionary{{start, "10.0.0.1", 4249, "000456789010", 6}}, parquet.Compression(&parquet.Snappy)),
	}
	want := []map[string]any{{"account_id": "000456789010", "srcaddr": "10.0.0.1", "protocol": 6.0, "bytes": 4249.0, "start": float64(start)}}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			batches, stats, err := decode(t, data, flowlog.Options{})
			if err != nil || stats.Bad > 0 {
				t.Fatalf("bad %v, error %v", stats.BadLines, err)
			}
			if diff := cmp.Diff(want, jsonRecords(t, batches)); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

// placeholders is a record as Parquet writers fill it where fields are not there.
type placeholders struct {
	Status  string   `parquet:"log_status"`
	SrcAddr *string  `parquet:"srcaddr,optional"`
	SrcPort *int32   `parquet:"srcport,optional"`
	Bytes   *float64 `parquet:"bytes,optional"`
	Path    *int32   `parquet:"traffic_path,optional"`
	Flags   *int32   `parquet:"tcp_flags,optional"`
	Packets string   `parquet:"packets"`
}

// TestParquetAbsent checks what counts as "not there": NULL, "-", -1, NaN and
// pandas' words everywhere; 0 where it is no value of the field, and in the
// traffic fields of records without traffic.
func TestParquetAbsent(t *testing.T) {
	rows := []placeholders{
		{"OK", new("10.0.0.1"), new(int32(0)), new(0.0), new(int32(0)), new(int32(0)), "0"},
		{"OK", new("-"), new(int32(-1)), new(-1.0), new(int32(-1)), new(int32(-1)), "-1"},
		{"OK", nil, nil, nil, nil, nil, ""},
		{"OK", new(""), nil, new(math.NaN()), nil, nil, "None"},
		{"NODATA", new("-"), new(int32(0)), new(0.0), new(int32(0)), new(int32(0)), "0"},
		{"SKIPDATA", new("-"), new(int32(-1)), nil, new(int32(0)), new(int32(-1)), "-"},
	}
	want := []map[string]string{
		{"log-status": "OK", "srcaddr": "10.0.0.1", "srcport": "0", "bytes": "0", "tcp-flags": "0", "packets": "0"},
		{"log-status": "OK"},
		{"log-status": "OK"},
		{"log-status": "OK"},
		{"log-status": "NODATA"},
		{"log-status": "SKIPDATA"},
	}
	batches, stats, err := decode(t, writeParquet(t, rows), flowlog.Options{})
	if err != nil || stats.Bad > 0 {
		t.Fatalf("bad %v, error %v", stats.BadLines, err)
	}
	var got []map[string]string
	for r := range batches[0].Records() {
		got = append(got, record(r))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// badRow is a record in which each field can be wrong.
type badRow struct {
	SrcAddr string  `parquet:"srcaddr,dict"`
	DstAddr string  `parquet:"dstaddr"`
	DstPort int32   `parquet:"dstport,dict"`
	Bytes   float64 `parquet:"bytes"`
	Packets string  `parquet:"packets"`
	Start   int64   `parquet:"start,timestamp(millisecond)"`
	Colour  string  `parquet:"colour"`
}

// TestParquetBadRows checks that a bad row costs itself only, in every batch, and
// is named with its number.
func TestParquetBadRows(t *testing.T) {
	good := badRow{"10.0.0.1", "10.0.0.2", 22, 40, "1", 1418530010123, "blue"}
	rows := make([]badRow, 30)
	for i := range rows {
		rows[i] = good
	}
	faults := []struct {
		row  int
		want string
		set  func(*badRow)
	}{
		{2, `row 2: srcaddr: "10.0.0" is not an IP address`, func(r *badRow) { r.SrcAddr = "10.0.0" }},
		{3, `row 3: dstaddr: "fe80::1%eth0" is not an IP address`, func(r *badRow) { r.DstAddr = "fe80::1%eth0" }},
		{11, "row 11: dstport: 65536 is out of range (0 to 65535)", func(r *badRow) { r.DstPort = 65536 }},
		{12, "row 12: bytes: 0.5 is no whole number", func(r *badRow) { r.Bytes = 0.5 }},
		{13, "row 13: bytes: 1e+300 is no whole number", func(r *badRow) { r.Bytes = 1e300 }},
		{20, `row 20: packets: "+1" is not a number`, func(r *badRow) { r.Packets = "+1" }},
		{21, "row 21: bytes: -5 is out of range (0 to 9223372036854775807)", func(r *badRow) { r.Bytes = -5 }},
		{22, "row 22: start: -1000000 is out of range (0 to 99999999999)", func(r *badRow) { r.Start = -1000000 }},
		{23, `row 23: colour: "\xff\xfe" is not UTF-8 text`, func(r *badRow) { r.Colour = "\xff\xfe" }},
		{30, `row 30: srcaddr: "10.0.0" is not an IP address`, func(r *badRow) { r.SrcAddr, r.DstPort = "10.0.0", -7 }},
	}
	var want []string
	for _, f := range faults {
		f.set(&rows[f.row-1])
		want = append(want, f.want)
	}
	batches, stats, err := decode(t, writeParquet(t, rows, parquet.MaxRowsPerRowGroup(16)), flowlog.Options{BatchRecords: 10})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range stats.BadLines {
		got = append(got, e.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bad rows (-want +got):\n%s", diff)
	}
	if stats.Bad != int64(len(faults)) || stats.Records != int64(len(rows)-len(faults)) {
		t.Errorf("%d records, %d bad", stats.Records, stats.Bad)
	}
	wantRecord := map[string]string{"srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2", "dstport": "22", "bytes": "40", "packets": "1", "start": "1418530010", "colour": "blue"}
	for _, b := range batches {
		for r := range b.Records() {
			if diff := cmp.Diff(wantRecord, record(r)); diff != "" {
				t.Fatalf("good record (-want +got):\n%s", diff)
			}
		}
	}
}

// TestParquetUnknown checks that columns that the table does not know are kept
// as text, whatever their type.
func TestParquetUnknown(t *testing.T) {
	type row struct {
		SrcAddr string           `parquet:"srcaddr"`
		Colour  string           `parquet:"Colour"`
		Name    *string          `parquet:"full name,optional"`
		Count   int64            `parquet:"count"`
		Share   float64          `parquet:"share"`
		Ok      bool             `parquet:"ok"`
		Digest  [4]byte          `parquet:"digest"`
		Seen    deprecated.Int96 `parquet:"seen"`
	}
	// Julian day 2440588 is 1970-01-01; INT96 holds nanoseconds of the day and
	// the day (as Spark and Impala write times).
	seen := deprecated.Int96{86_000_000, 0, 2440588}
	rows := []row{
		{"10.0.0.1", "blue", new("two words"), 7, 0.25, true, [4]byte{0, 0xff, 1, 2}, seen},
		{"10.0.0.2", "-", nil, 0, math.NaN(), false, [4]byte{}, seen},
	}
	batches, stats, err := decode(t, writeParquet(t, rows), flowlog.Options{})
	if err != nil || stats.Bad > 0 {
		t.Fatalf("bad %v, error %v", stats.BadLines, err)
	}
	want := []map[string]string{
		{"srcaddr": "10.0.0.1", "colour": "blue", "full name": "two words", "count": "7", "share": "0.25", "ok": "true", "digest": "00ff0102", "seen": "1970-01-01T00:00:00.086Z"},
		{"srcaddr": "10.0.0.2", "count": "0", "ok": "false", "digest": "00000000", "seen": "1970-01-01T00:00:00.086Z"},
	}
	var got []map[string]string
	for r := range batches[0].Records() {
		got = append(got, record(r))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	wantNames := []string{"colour", "full name", "count", "share", "ok", "digest", "seen"}
	if diff := cmp.Diff(wantNames, stats.UnknownFields); diff != "" {
		t.Errorf("unknown fields (-want +got):\n%s", diff)
	}
}

// TestParquetRefusals checks that objects whose columns can't be a flow log's are
// refused by name.
func TestParquetRefusals(t *testing.T) {
	type nested struct {
		SrcAddr string `parquet:"srcaddr"`
		Tags    struct {
			Name string `parquet:"name"`
		} `parquet:"tags"`
	}
	type list struct {
		SrcAddr []string `parquet:"srcaddr"`
	}
	type boolean struct {
		SrcAddr string `parquet:"srcaddr"`
		Action  bool   `parquet:"action"`
	}
	type date struct {
		SrcAddr string `parquet:"srcaddr"`
		Start   int32  `parquet:"start,date"`
	}
	type decimal struct {
		Bytes int64 `parquet:"bytes,decimal(2:18)"`
	}
	type noTime struct {
		SrcAddr string `parquet:"srcaddr"`
		Hour    int64  `parquet:"weir_hour"`
	}
	type portTime struct {
		SrcPort time.Time `parquet:"srcport,timestamp"`
	}
	type fixed struct {
		SrcAddr [4]byte `parquet:"srcaddr"`
	}
	type int96 struct {
		Start deprecated.Int96 `parquet:"start"`
	}
	type other struct {
		Name string `parquet:"name"`
		Type string `parquet:"type"`
	}
	type twice struct {
		A string `parquet:"srcaddr"`
		B string `parquet:"SRCADDR"`
	}
	type unknownTwice struct {
		SrcAddr string `parquet:"srcaddr"`
		A       string `parquet:"my col"`
		B       string `parquet:"My Col"`
	}
	type kinds struct {
		A string `parquet:"interface_id"`
		B string `parquet:"tgw_id"`
	}
	type numberMap struct {
		SrcAddr string           `parquet:"srcaddr"`
		Unknown map[string]int64 `parquet:"weir_unknown"`
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"nested", writeParquet(t, make([]nested, 1)), "object can't be read: Parquet column tags is nested, where a flow log has flat columns"},
		{"list", writeParquet(t, make([]list, 1)), "object can't be read: Parquet column srcaddr is nested, where a flow log has flat columns"},
		{"boolean", writeParquet(t, make([]boolean, 1)), "object can't be read: Parquet column action has type BOOLEAN, which can't hold STRING"},
		{"date", writeParquet(t, make([]date, 1)), "object can't be read: Parquet column start has type DATE, which can't hold INT_64"},
		{"decimal", writeParquet(t, make([]decimal, 1)), "object can't be read: Parquet column bytes has type DECIMAL(18,2), which can't hold INT_64"},
		{"hour without unit", writeParquet(t, make([]noTime, 1)), "object can't be read: Parquet column weir_hour has type INT(64,true), which can't hold TIMESTAMP"},
		{"a port's time", writeParquet(t, make([]portTime, 1)), "object can't be read: Parquet column srcport has type TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS), which can't hold INT_32"},
		{"address as bytes", writeParquet(t, make([]fixed, 1)), "object can't be read: Parquet column srcaddr has type FIXED_LEN_BYTE_ARRAY(4), which can't hold STRING"},
		{"INT96", writeParquet(t, make([]int96, 1)), "object can't be read: Parquet column start has type INT96, which can't hold INT_64"},
		{"other data", writeParquet(t, make([]other, 1)), "no flow log: Parquet without columns of a flow log"},
		{"field twice", writeParquet(t, make([]twice, 1)), "object can't be read: Parquet columns: field srcaddr stands there twice"},
		{"unknown field twice", writeParquet(t, make([]unknownTwice, 1)), "no flow log: Parquet columns: field my col stands there twice"},
		{"both kinds", writeParquet(t, make([]kinds, 1)), "object can't be read: Parquet columns: field interface-id is of VPC flow logs only and tgw-id of transit gateway flow logs only"},
		{
			"LZ4", writeParquet(t, make([]placeholders, 100), parquet.Compression(&parquet.Lz4Raw)),
			"object can't be read: Parquet compressed with LZ4_RAW; write it anew with zstd, snappy or gzip",
		},
		{"LZ4 of other data", writeParquet(t, make([]other, 100), parquet.Compression(&parquet.Lz4Raw)), "no flow log: Parquet without columns of a flow log"},
		{"map of numbers", writeParquet(t, make([]numberMap, 1)), "object can't be read: Parquet column weir_unknown is no map of text"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := decode(t, tc.data, flowlog.Options{})
			if !isNamed(err) || err.Error() != tc.want {
				t.Errorf("error %v, want %s", err, tc.want)
			}
		})
	}
}

// TestParquetMap reads the map in which weir keeps unknown fields, with a name
// that the table has learned since.
func TestParquetMap(t *testing.T) {
	type row struct {
		SrcAddr string            `parquet:"srcaddr"`
		Unknown map[string]string `parquet:"weir_unknown"`
		Hour    time.Time         `parquet:"weir_hour,timestamp(microsecond)"`
	}
	hour := time.Unix(1418529600, 0).UTC()
	rows := []row{
		{"10.0.0.1", map[string]string{"colour": "blue", "taste": "sour"}, hour},
		{"10.0.0.2", nil, hour},
		{"10.0.0.3", map[string]string{"vpc_id": "vpc-1"}, hour},
		{"10.0.0.4", map[string]string{"bytes": "many"}, hour},
		{"10.0.0.5", map[string]string{"taste": "sweet"}, hour},
	}
	want := []map[string]string{
		{"srcaddr": "10.0.0.1", "colour": "blue", "taste": "sour", "weir-hour": "1418529600"},
		{"srcaddr": "10.0.0.2", "weir-hour": "1418529600"},
		{"srcaddr": "10.0.0.3", "vpc-id": "vpc-1", "weir-hour": "1418529600"},
		{"srcaddr": "10.0.0.5", "taste": "sweet", "weir-hour": "1418529600"},
	}
	for _, size := range []int{1, 2, 100} {
		t.Run(fmt.Sprintf("batches of %d", size), func(t *testing.T) {
			batches, stats, err := decode(t, writeParquet(t, rows), flowlog.Options{BatchRecords: size})
			if err != nil {
				t.Fatal(err)
			}
			var got []map[string]string
			for _, b := range batches {
				for r := range b.Records() {
					got = append(got, record(r))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if len(stats.BadLines) != 1 || stats.BadLines[0].Error() != `row 4: bytes: "many" is not a number` {
				t.Errorf("bad rows: %v", stats.BadLines)
			}
		})
	}
}

// TestParquetKind checks that columns that both kinds have are told apart by the
// record version, as in text.
func TestParquetKind(t *testing.T) {
	type row struct {
		Version int32  `parquet:"version"`
		SrcAddr string `parquet:"srcaddr"`
	}
	for version, want := range map[int32]flowlog.Kind{2: flowlog.KindVPC, 6: flowlog.KindTGW} {
		batches, _, err := decode(t, writeParquet(t, []row{{version, "10.0.0.1"}}), flowlog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := batches[0].Kind(); got != want {
			t.Errorf("version %d: kind %s, want %s", version, got, want)
		}
	}
}

// TestParquetTruncated cuts an object at every length: each is refused as
// damaged, and none is taken for a whole one.
func TestParquetTruncated(t *testing.T) {
	data := readFile(t, awsParquet)
	for n := 4; n < len(data); n++ {
		if _, _, err := decode(t, data[:n], flowlog.Options{}); !errors.Is(err, flowlog.ErrCorrupt) {
			t.Fatalf("cut at %d of %d: error %v", n, len(data), err)
		}
	}
}

// TestParquetDamaged flips each byte of an object in turn: the result is the
// rows, other rows, or an error, but never a panic.
func TestParquetDamaged(t *testing.T) {
	data := readFile(t, awsParquet)
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 0x5a
		_, stats, err := decode(t, damaged, flowlog.Options{})
		if err == nil && stats.Records+stats.Bad != 7 {
			t.Errorf("byte %d: %d records, %d bad and no error", i, stats.Records, stats.Bad)
		}
	}
}
