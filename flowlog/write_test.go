package flowlog_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"weir/flowlog"
)

// write writes batches through a new writer and returns the bytes.
func write(t testing.TB, newWriter func(io.Writer) flowlog.Writer, batches ...*flowlog.Batch) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := newWriter(&buf)
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func textWriter(f flowlog.Format) func(io.Writer) flowlog.Writer {
	return func(w io.Writer) flowlog.Writer { return flowlog.NewTextWriter(w, f, true) }
}

func csvWriter(f flowlog.Format) func(io.Writer) flowlog.Writer {
	return func(w io.Writer) flowlog.Writer { return flowlog.NewCSVWriter(w, f) }
}

func parquetWriter(f flowlog.Format) func(io.Writer) flowlog.Writer {
	return func(w io.Writer) flowlog.Writer { return flowlog.NewParquetWriter(w, f) }
}

// threeRecords returns two records of traffic and one without, with an unknown
// field.
func threeRecords(t testing.TB) *flowlog.Batch {
	t.Helper()
	data := header + " tcp-flags colour\n" + accept + " 19 blue\n" + nodata + " - -\n" + ipv6 + " - -\n"
	batches, stats, err := decode(t, []byte(data), flowlog.Options{})
	if err != nil || len(batches) != 1 || stats.Bad > 0 {
		t.Fatalf("%d batches, bad %v, error %v", len(batches), stats.BadLines, err)
	}
	return batches[0]
}

func TestTextWriter(t *testing.T) {
	tests := []struct{ name, format, want string }{
		{
			"default", flowlog.DefaultFormat(flowlog.KindVPC).String(),
			header + "\n" + accept + "\n" + nodata + "\n" + ipv6 + "\n",
		},
		{ // the version is the format's: tcp-flags came with version 3
			"custom, with AWS's rule for version", "${tcp-flags} ${version} ${srcaddr} ${bytes}",
			"tcp-flags version srcaddr bytes\n19 3 172.31.16.139 4249\n- 3 - -\n- 3 2001:db8:1234:a100:8d6e:3477:df66:f105 8855\n",
		},
		{ // in a format of version 11 its own records of version 2 have version 11
			"fields that the records lack", "asg-tag-2 version colour action",
			"asg-tag-2 version colour action\n- 11 blue ACCEPT\n- 11 - -\n- 11 - ACCEPT\n",
		},
		{ // fields that the batch never had
			"nothing but absent", "region az-id taste",
			"region az-id taste\n- - -\n- - -\n- - -\n",
		},
	}
	b := threeRecords(t)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			f := mustFormat(t, tc.format)
			if diff := cmp.Diff(tc.want, string(write(t, textWriter(f), b))); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			var without bytes.Buffer
			w := flowlog.NewTextWriter(&without, f, false)
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			_, records, _ := strings.Cut(tc.want, "\n")
			if diff := cmp.Diff(records, without.String()); diff != "" {
				t.Errorf("text without header (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTextWriterRefusals checks that what text can't carry is refused and never
// written in part.
func TestTextWriterRefusals(t *testing.T) {
	for _, value := range []string{"two words", "tab\there", "a\u00a0b", "line\nend", "bell\a"} {
		b := flowlog.NewBatch(flowlog.KindVPC)
		fill(t, b.Append(), map[string]string{"srcaddr": "10.0.0.1"})
		fill(t, b.Append(), map[string]string{"srcaddr": "10.0.0.1", "comment": value})
		var buf bytes.Buffer
		err := flowlog.NewTextWriter(&buf, mustFormat(t, "srcaddr comment"), true).Write(b)
		if err == nil || !strings.Contains(err.Error(), "comment") || buf.Len() > 0 {
			t.Errorf("%q: error %v, written %q", value, err, buf.String())
		}
		if got := string(write(t, textWriter(mustFormat(t, "srcaddr")), b)); got != "srcaddr\n10.0.0.1\n10.0.0.1\n" {
			t.Errorf("without the field: %q", got)
		}
	}
}

// TestEmptyWriters checks what stands in an object without records.
func TestEmptyWriters(t *testing.T) {
	f := mustFormat(t, "${srcaddr} ${log-status}")
	if got := string(write(t, textWriter(f))); got != "srcaddr log-status\n" {
		t.Errorf("text %q", got)
	}
	if got := string(write(t, csvWriter(f))); got != "srcaddr,log_status\n" {
		t.Errorf("CSV %q", got)
	}
	if got := string(write(t, flowlog.NewJSONWriter)); got != "" {
		t.Errorf("JSON %q", got)
	}
	batches, stats, err := decode(t, write(t, parquetWriter(f)), flowlog.Options{})
	if err != nil || len(batches) > 0 || stats.Container != flowlog.ContainerParquet {
		t.Errorf("Parquet: %d batches, container %q, error %v", len(batches), stats.Container, err)
	}
}

func TestJSONWriter(t *testing.T) {
	b := threeRecords(t)
	fill(t, b.At(0), map[string]string{
		"Weir_Hour": "1418529600", "weir-object": `a "quoted" <path>`, "vpc-id": "vpc-é\u2028",
		`odd "name"`: "v",
	})
	want := []map[string]any{
		{
			"version": 2.0, "account_id": "123456789010", "interface_id": "eni-1235b8ca123456789",
			"srcaddr": "172.31.16.139", "dstaddr": "172.31.16.21", "srcport": 20641.0, "dstport": 22.0,
			"protocol": 6.0, "packets": 20.0, "bytes": 4249.0, "start": 1418530010.0, "end": 1418530070.0,
			"action": "ACCEPT", "log_status": "OK", "tcp_flags": 19.0, "colour": "blue",
			"vpc_id": "vpc-é\u2028", "weir_hour": "2014-12-14T04:00:00Z", "weir_object": `a "quoted" <path>`,
			`odd "name"`: "v",
		},
		{
			"version": 2.0, "account_id": "123456789010", "interface_id": "eni-1235b8ca123456789",
			"start": 1431280876.0, "end": 1431280934.0, "log_status": "NODATA",
		},
		{
			"version": 2.0, "account_id": "123456789010", "interface_id": "eni-1235b8ca123456789",
			"srcaddr": "2001:db8:1234:a100:8d6e:3477:df66:f105", "dstaddr": "2001:db8:1234:a102:3304:8879:34cf:4071",
			"srcport": 34892.0, "dstport": 22.0, "protocol": 6.0, "packets": 54.0, "bytes": 8855.0,
			"start": 1477913708.0, "end": 1477913820.0, "action": "ACCEPT", "log_status": "OK",
		},
	}
	var got []map[string]any
	for line := range strings.Lines(string(write(t, flowlog.NewJSONWriter, b))) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got = append(got, m)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestJSONOrder checks that the columns stand in AWS's order.
func TestJSONOrder(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindTGW)
	r := b.Append()
	var want []string
	for _, f := range flowlog.Fields(flowlog.KindTGW) {
		if f.Own() {
			continue
		}
		v := "5"
		switch {
		case f.Addr:
			v = "10.0.0.1"
		case f.Values != nil:
			v = f.Values[0]
		}
		if err := r.SetText(f.ID, v); err != nil {
			t.Fatal(err)
		}
		want = append(want, f.Column)
	}
	dec := json.NewDecoder(bytes.NewReader(flowlog.AppendJSON(nil, r)))
	var got []string
	for i := 0; ; i++ {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if name, ok := tok.(string); ok && i%2 == 1 {
			got = append(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestCSVWriter(t *testing.T) {
	b := threeRecords(t)
	fill(t, b.At(1), map[string]string{"colour": `red, "deep"` + "\nand long"})
	rows, err := csv.NewReader(bytes.NewReader(write(t, csvWriter(mustFormat(t, "log-status bytes colour version")), b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"log_status", "bytes", "colour", "version"},
		{"OK", "4249", "blue", "2"},
		{"NODATA", "", `red, "deep"` + "\nand long", "2"},
		{"OK", "8855", "", "2"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestParquetSchema checks each column that is written against what AWS
// documents: name, order, type, optional, gzip.
func TestParquetSchema(t *testing.T) {
	for _, kind := range []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW} {
		t.Run(kind.String(), func(t *testing.T) {
			format := allFields(t, kind)
			b := flowlog.NewBatch(kind)
			b.Append()
			data := write(t, parquetWriter(format), b)
			f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Schema().Name(); got != "LogFormatSchema.LogFormatInfo" {
				t.Errorf("schema %s", got)
			}
			columns := f.Root().Columns()
			if len(columns) != format.Len() {
				t.Fatalf("%d columns for %d fields", len(columns), format.Len())
			}
			want := map[flowlog.Type]string{flowlog.Int32: "INT(32,true)", flowlog.Int64: "INT(64,true)", flowlog.String: "STRING"}
			for i, c := range columns {
				fd, _ := format.Field(i)
				if c.Name() != fd.Column || !c.Leaf() || !c.Optional() || c.Repeated() || c.Type().String() != want[fd.Type] {
					t.Errorf("column %d: %s, %s, optional %v; want %s, %s", i, c.Name(), c.Type(), c.Optional(), fd.Column, want[fd.Type])
				}
				if got := f.Metadata().RowGroups[0].Columns[i].MetaData.Codec.String(); got != "GZIP" {
					t.Errorf("column %s is compressed with %s", c.Name(), got)
				}
			}
		})
	}
}

// TestParquetMetadata has entries in the footer, which readers of flow logs pass over.
func TestParquetMetadata(t *testing.T) {
	var out bytes.Buffer
	w := flowlog.NewParquetWriter(&out, mustFormat(t, "srcaddr bytes"), flowlog.KeyValue{Key: "a", Value: "1"}, flowlog.KeyValue{Key: "b", Value: "2"})
	b := threeRecords(t)
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a": "1", "b": "2"} {
		if got, ok := f.Lookup(key); got != want || !ok {
			t.Errorf("%s: %q", key, got)
		}
	}
	batches, _, err := decode(t, out.Bytes(), flowlog.Options{})
	if err != nil || len(batches) != 1 || batches[0].Len() != b.Len() {
		t.Errorf("%d batches: %v", len(batches), err)
	}
}

// TestParquetPlaceholders checks what stands for "not there": "-" in text, NULL
// in numbers.
func TestParquetPlaceholders(t *testing.T) {
	data := write(t, parquetWriter(mustFormat(t, "srcaddr bytes dstport colour version")), threeRecords(t))
	type row struct {
		SrcAddr *string `parquet:"srcaddr,optional"`
		Bytes   *int64  `parquet:"bytes,optional"`
		DstPort *int32  `parquet:"dstport,optional"`
		Colour  *string `parquet:"colour,optional"`
		Version *int32  `parquet:"version,optional"`
	}
	rows, err := parquet.Read[row](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	want := []row{
		{new("172.31.16.139"), new(int64(4249)), new(int32(22)), new("blue"), new(int32(2))},
		{new("-"), nil, nil, new("-"), new(int32(2))},
		{new("2001:db8:1234:a100:8d6e:3477:df66:f105"), new(int64(8855)), new(int32(22)), new("-"), new(int32(2))},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestParquetReadBack writes several batches, in which columns come and go, and
// reads them back equal.
func TestParquetReadBack(t *testing.T) {
	format := mustFormat(t, header+" tcp-flags region colour weir-hour weir-object")
	want := []map[string]string{}
	var batches []*flowlog.Batch
	for i := range 3 {
		b := threeRecords(t)
		fill(t, b.At(i), map[string]string{"region": "eu-west-1", "weir-hour": "1418529600", "weir-object": "dir/a file"})
		for r := range b.Records() {
			m := record(r)
			m["version"] = "4" // region came with version 4
			want = append(want, m)
		}
		batches = append(batches, b)
	}
	back, stats, err := decode(t, write(t, parquetWriter(format), batches...), flowlog.Options{BatchRecords: 4})
	if err != nil || stats.Bad > 0 {
		t.Fatalf("bad %v, error %v", stats.BadLines, err)
	}
	got := []map[string]string{}
	for _, b := range back {
		for r := range b.Records() {
			got = append(got, record(r))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"colour"}, stats.UnknownFields); diff != "" {
		t.Errorf("unknown fields (-want +got):\n%s", diff)
	}
}

// TestWritersRefuseOtherKind checks that fields of the one kind are never
// written from records of the other.
func TestWritersRefuseOtherKind(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindTGW)
	b.Append()
	for name, newWriter := range map[string]func(io.Writer) flowlog.Writer{
		"text":    textWriter(flowlog.DefaultFormat(flowlog.KindVPC)),
		"CSV":     csvWriter(flowlog.DefaultFormat(flowlog.KindVPC)),
		"Parquet": parquetWriter(flowlog.DefaultFormat(flowlog.KindVPC)),
	} {
		t.Run(name, func(t *testing.T) {
			err := newWriter(io.Discard).Write(b)
			if err == nil || err.Error() != "flowlog: records of kind tgw do not fit a format of kind vpc" {
				t.Errorf("error %v", err)
			}
		})
	}
	shared := mustFormat(t, "srcaddr bytes")
	if got := string(write(t, textWriter(shared), b)); got != "srcaddr bytes\n- -\n" {
		t.Errorf("a format of fields that both kinds have: %q", got)
	}
}

// TestFormatOf checks which fields a batch is said to have.
func TestFormatOf(t *testing.T) {
	if got := flowlog.FormatOf(threeRecords(t)).Header(); got != header+" tcp-flags colour" {
		t.Errorf("format %q", got)
	}
	b := flowlog.NewBatch(flowlog.KindTGW)
	fill(t, b.Append(), map[string]string{"bytes": "5", "weir-object": "o"})
	if f := flowlog.FormatOf(b); f.Header() != "bytes" || f.Kind() != flowlog.KindTGW {
		t.Errorf("format %q of kind %s", f.Header(), f.Kind())
	}
}

// failingWriter takes n bytes and fails then, as a full disk does.
type failingWriter struct{ n int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(p) > w.n {
		n := w.n
		w.n = 0
		return n, io.ErrShortWrite
	}
	w.n -= len(p)
	return len(p), nil
}

// TestWriteErrors checks that an error of the writer underneath comes back, from
// Write or from Close.
func TestWriteErrors(t *testing.T) {
	b := threeRecords(t)
	for name, newWriter := range map[string]func(io.Writer) flowlog.Writer{
		"text":    textWriter(flowlog.FormatOf(b)),
		"CSV":     csvWriter(flowlog.FormatOf(b)),
		"Parquet": parquetWriter(flowlog.FormatOf(b)),
		"JSON":    flowlog.NewJSONWriter,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(&failingWriter{n: 10})
			err := w.Write(b)
			if err == nil {
				err = w.Close()
			}
			if err == nil {
				t.Error("no error")
			}
		})
	}
}

// TestAppendLine checks that a line keeps its record's version, as no other text of the record does.
func TestAppendLine(t *testing.T) {
	b := flowlog.NewBatch(flowlog.KindVPC)
	for _, v := range []string{"3", "-"} {
		r := b.Append()
		for id, text := range map[flowlog.FieldID]string{flowlog.Version: v, flowlog.SrcAddr: "10.0.0.1", flowlog.Bytes: "40"} {
			if err := r.SetText(id, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := flowlog.ParseLogFormat("${version} ${vpc-id} ${srcaddr} ${bytes} ${flow-direction}")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := range b.Records() {
		got = append(got, string(flowlog.AppendLine(nil, r, f)), string(flowlog.AppendText(nil, r, f)))
	}
	want := []string{"3 - 10.0.0.1 40 -", "5 - 10.0.0.1 40 -", "5 - 10.0.0.1 40 -", "5 - 10.0.0.1 40 -"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestEscapedText writes texts of weir's own that a line can't carry as they are, and reads them again.
func TestEscapedText(t *testing.T) {
	f, err := flowlog.ParseLogFormat("version weir-reject-rule weir-allow-rules weir-object instance-tag")
	if err != nil {
		t.Fatal(err)
	}
	b := flowlog.NewBatch(flowlog.KindVPC)
	r := b.Append()
	for id, v := range map[flowlog.FieldID]string{
		flowlog.WeirRejectRule: "acl-1:ingress:*", flowlog.WeirAllowRules: "sg-1:ingress:sgr-1 acl-1:ingress:100", flowlog.WeirObject: "/logs/100% ours\u00a0.gz", flowlog.InstanceTag: "a%20b",
	} {
		if err := r.SetText(id, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.SetInt(flowlog.Version, 2); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := flowlog.NewTextWriter(&out, f, true)
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		t.Fatal(err)
	}
	want := "version weir-reject-rule weir-allow-rules weir-object instance-tag\n11 acl-1:ingress:* sg-1:ingress:sgr-1%20acl-1:ingress:100 /logs/100%25%20ours%C2%A0.gz a%20b\n"
	if out.String() != want {
		t.Fatalf("%q, want %q", out.String(), want)
	}
	d, err := flowlog.NewDecoder(&out, flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.Next()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []flowlog.FieldID{flowlog.WeirRejectRule, flowlog.WeirAllowRules, flowlog.WeirObject, flowlog.InstanceTag} {
		was, _ := r.Text(id)
		if got, _ := again.At(0).Text(id); got != was {
			t.Errorf("%s: %q, want %q", flowlog.FieldByID(id).Name, got, was)
		}
	}
}
