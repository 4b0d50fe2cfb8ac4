package flowlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// seedLines returns lines of records with the formats they are in: AWS's
// examples and, where the shared data is there, the lines that peers test with.
func seedLines(f *testing.F) [][2]string {
	f.Helper()
	var out [][2]string
	for _, w := range worked {
		out = append(out, [2]string{w.format, w.line})
	}
	path, ok := sharedtest.Find(f, "data", "vectors", "parse.json")
	if !ok {
		return out
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	var vectors []struct{ Format, Line string }
	if err := json.Unmarshal(raw, &vectors); err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		out = append(out, [2]string{v.Format, v.Line})
	}
	return out
}

// FuzzDecode reads any bytes.
func FuzzDecode(f *testing.F) {
	for _, s := range seedLines(f) {
		f.Add([]byte(s[0] + "\n" + s[1] + "\n"))
		f.Add([]byte(s[1] + "\n" + accept))
		f.Add([]byte(`{"message":` + quoted(f, s[1]) + `}`))
	}
	f.Add(gz(f, header+"\n"+accept, "\n"+reject))
	f.Add([]byte("2025-02-25T12:25:04.000Z " + accept))
	f.Add([]byte("\xef\xbb\xbf" + strings.ToUpper(header) + "\r\n" + nodata + "\r\n"))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 4, 0, 0x41, 0, 0, '2', ' ', 'u', 'n', 'k', 'n', 'o', 'w', 'n'})
	f.Add([]byte("2025-02-25T12:25:04.000Z\n" + header + "\n\x00\n" + accept))
	f.Add([]byte(accept + "\n" + tgwLine + "\n" + accept + "\nsrcaddr srcaddr\nnew-id\tdstaddr"))
	f.Add([]byte(`{"message":` + quoted(f, accept) + "\n" + `{"message":` + quoted(f, accept) + "},\n{\n"))
	f.Fuzz(checkDecode)
}

// FuzzParquet reads objects that begin as Parquet does.
func FuzzParquet(f *testing.F) {
	f.Add(readFile(f, awsParquet))
	f.Add(readFile(f, "testdata/flowlogs-reader/flows.parquet"))
	f.Add(write(f, parquetWriter(mustFormat(f, "srcaddr bytes colour")), threeRecords(f)))
	f.Add(writeParquet(f, []badRow{{SrcAddr: "10.0.0.1", Bytes: 1}, {DstPort: 70000}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.HasPrefix(data, []byte("PAR1")) {
			checkDecode(t, data)
		}
	})
}

// checkDecode reads an object and checks what holds for every one: counts agree
// with what was yielded, failures are named, and records that are written anew
// are read back as they were.
func checkDecode(t *testing.T, data []byte) {
	batches, stats, err := decode(t, data, flowlog.Options{BatchRecords: 7})
	if err != nil && !isNamed(err) {
		t.Fatalf("an error without a name: %v", err)
	}
	n := int64(0)
	for _, b := range batches {
		if b.Len() == 0 || b.Len() > 7 {
			t.Fatalf("a batch of %d records", b.Len())
		}
		n += int64(b.Len())
	}
	if n != stats.Records || int64(len(stats.BadLines)) != min(stats.Bad, 100) {
		t.Fatalf("%d records yielded, %d counted; %d bad lines kept, %d counted", n, stats.Records, len(stats.BadLines), stats.Bad)
	}
	again, statsAgain, errAgain := decode(t, data, flowlog.Options{})
	if n > 256 {
		return // where formats change more often than that, batches order the records
	}
	if err == nil && (errAgain != nil || stats.Bad != statsAgain.Bad || !slices.EqualFunc(records(batches), records(again), sameFields)) {
		t.Fatalf("in batches of another size: %d bad, %d bad, error %v\n%s", stats.Bad, statsAgain.Bad, errAgain, cmp.Diff(records(batches), records(again)))
	}
	checkStream(t, data, again, statsAgain, errAgain)
	if err == nil && stats.Container == flowlog.ContainerText && stats.Compression == "" {
		checkLineCount(t, data, stats)
	}
	for _, b := range batches {
		checkWriteAgain(t, b, stats.Container)
	}
}

// checkStream checks that an object that comes as a stream is read as one that
// lies in memory is.
func checkStream(t *testing.T, data []byte, batches []*flowlog.Batch, stats flowlog.Stats, err error) {
	if bytes.HasPrefix(data, []byte("PAR1")) {
		return // read in place or into memory, and never as a stream
	}
	streamed, statsStreamed, errStreamed := decodeFrom(t, struct{ io.Reader }{bytes.NewReader(data)}, flowlog.Options{})
	if fmt.Sprint(err) != fmt.Sprint(errStreamed) {
		t.Fatalf("in memory: error %v; as a stream: %v", err, errStreamed)
	}
	if diff := cmp.Diff(stats.BadLines, statsStreamed.BadLines); diff != "" || stats.Bad != statsStreamed.Bad {
		t.Fatalf("in memory %d bad, as a stream %d (-memory +stream):\n%s", stats.Bad, statsStreamed.Bad, diff)
	}
	if !slices.EqualFunc(records(batches), records(streamed), sameFields) {
		t.Fatalf("(-memory +stream)\n%s", cmp.Diff(records(batches), records(streamed)))
	}
}

// isNamed reports whether an error is one that the package documents.
func isNamed(err error) bool {
	for _, named := range []error{
		flowlog.ErrNotFlowLog, flowlog.ErrNoFormat, flowlog.ErrTruncated,
		flowlog.ErrCorrupt, flowlog.ErrTooLarge, flowlog.ErrUnreadable,
	} {
		if errors.Is(err, named) {
			return true
		}
	}
	return false
}

// checkLineCount checks that each line that is not blank is a header, a record,
// or counted as bad.
func checkLineCount(t *testing.T, data []byte, stats flowlog.Stats) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	lines, headers := int64(0), int64(0)
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		lines++
		if _, rest, ok := bytes.Cut(line, []byte(" ")); ok && line[0] >= '0' && line[0] <= '9' {
			line = bytes.TrimSpace(rest) // behind a time in front
		}
		if _, ok := flowlog.ParseHeader(string(line)); ok {
			headers++
		}
	}
	if counted := stats.Records + stats.Bad; counted > lines || counted < lines-headers {
		t.Fatalf("%d records and %d bad of %d lines, %d headers", stats.Records, stats.Bad, lines, headers)
	}
}

// checkWriteAgain writes a batch as Parquet and as text and reads it back.
func checkWriteAgain(t *testing.T, b *flowlog.Batch, from flowlog.Container) {
	format := flowlog.FormatOf(b)
	if _, ok := flowlog.ParseHeader(format.Header()); !ok || format.Equal(flowlog.DefaultFormat(b.Kind())) {
		return // too little is there to know it again
	}
	want := records([]*flowlog.Batch{b})
	checkSame(t, "Parquet", want, write(t, parquetWriter(format), b), flowlog.Options{Exact: true})
	if from == flowlog.ContainerParquet {
		return // Parquet can hold records without a time, text can't
	}
	var buf bytes.Buffer
	w := flowlog.NewTextWriter(&buf, format, true)
	if err := w.Write(b); err != nil {
		return // a value with white space
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(buf.String(), "\n")
	for line := range strings.Lines(lines) {
		if _, ok := flowlog.ParseHeader(line); ok || strings.Contains(line[:min(len(line), 12)], "T") {
			return // values that look like a header, or like a time in front
		}
	}
	checkSame(t, "text", want, buf.Bytes(), flowlog.Options{})
}

// checkSame reads an object and compares its records.
func checkSame(t *testing.T, how string, want []map[string]string, data []byte, o flowlog.Options) {
	back, stats, err := decode(t, data, o)
	if err != nil || stats.Bad > 0 {
		t.Fatalf("%s: bad %v, error %v", how, stats.BadLines, err)
	}
	if got := records(back); !slices.EqualFunc(want, got, sameFields) {
		t.Fatalf("%s: records (-want +got):\n%s", how, cmp.Diff(want, got))
	}
}

// sameFields compares records without their version, which is the format's, and
// without weir's own fields, which FormatOf leaves out.
func sameFields(a, b map[string]string) bool {
	strip := func(m map[string]string) map[string]string {
		m = maps.Clone(m)
		maps.DeleteFunc(m, func(name, _ string) bool { return name == "version" || strings.HasPrefix(name, "weir-") })
		return m
	}
	return maps.Equal(strip(a), strip(b))
}

// FuzzHeader reads any line as a header.
func FuzzHeader(f *testing.F) {
	for _, s := range seedLines(f) {
		f.Add(s[0])
		f.Add(s[1])
	}
	f.Add("g pkt-dstaddr unknOwn")
	f.Fuzz(func(t *testing.T, line string) {
		if format, ok := flowlog.ParseHeader(line); ok {
			again, ok := flowlog.ParseHeader(format.Header())
			if !ok || !again.Equal(format) {
				t.Fatalf("%q is the header %q, which reads as %q", line, format.Header(), again.Header())
			}
			checkFormat(t, format)
		}
	})
}

// FuzzLogFormat reads any text as a LogFormat.
func FuzzLogFormat(f *testing.F) {
	for _, s := range seedLines(f) {
		format := mustFormat(f, s[0])
		f.Add(format.String())
		f.Add(s[0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		if format, err := flowlog.ParseLogFormat(s); err == nil {
			checkFormat(t, format)
		}
	})
}

// checkFormat checks what holds for every format.
func checkFormat(t *testing.T, f flowlog.Format) {
	checkFormatRoundTrip(t, f)
	if v := f.RecordVersion(); v < 2 || v > flowlog.NewestVersion {
		t.Fatalf("%q: version %d", f, v)
	}
	if f.Len() == 0 || f.Len() != len(f.Names()) {
		t.Fatalf("%q: %d fields", f, f.Len())
	}
}

// FuzzJSONDocuments puts lines into the envelopes of CloudWatch Logs and
// Firehose: all must give the same records.
func FuzzJSONDocuments(f *testing.F) {
	for _, s := range seedLines(f) {
		f.Add(s[0] + "\n" + s[1])
		f.Add(s[1] + "\n" + accept + "\nwords")
	}
	f.Fuzz(func(t *testing.T, text string) {
		var events []string
		for line := range strings.SplitSeq(text, "\n") {
			events = append(events, `{"id":"0","timestamp":1418530010000,"message":`+quoted(t, line)+`}`)
		}
		var want []map[string]string
		var bad int64
		for i, data := range []string{
			strings.Join(events, "\n"),
			strings.Join(events, ""),
			"[" + strings.Join(events, ",") + "]",
			`{"messageType":"DATA_MESSAGE","logEvents":[` + strings.Join(events, ", ") + "]}",
			`{"events":[` + "\n" + strings.Join(events, ",\n") + "\n]}",
		} {
			batches, stats, err := decode(t, []byte(data), flowlog.Options{})
			if err != nil {
				if !isNamed(err) || i > 0 && want != nil {
					t.Fatalf("envelope %d: %v", i, err)
				}
				return // no format: how much is read before that differs
			}
			got := records(batches)
			if i > 0 && (stats.Bad != bad || !slices.EqualFunc(want, got, maps.Equal)) {
				t.Fatalf("envelope %d: %d bad, want %d; records (-want +got):\n%s", i, stats.Bad, bad, cmp.Diff(want, got))
			}
			want, bad = got, stats.Bad
		}
	})
}
