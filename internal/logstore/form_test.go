package logstore

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	peer "github.com/parquet-go/parquet-go"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// alone tells the form of one message by a decoder of its own.
func alone(t testing.TB, m []byte, f flowlog.Format) bool {
	t.Helper()
	if len(m) == 0 || bytes.ContainsRune(m, '\n') {
		return false
	}
	d, err := flowlog.NewDecoder(strings.NewReader(f.Header()+"\n"+string(m)+"\n"), flowlog.Options{Format: &f})
	if err != nil {
		return false
	}
	var printed [][]byte
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return false
		}
		for r := range b.Records() {
			printed = append(printed, flowlog.AppendText(nil, r, f))
		}
	}
	return len(printed) == 1 && bytes.Equal(printed[0], m)
}

// checkForms compares the forms of messages with those that each has alone.
func checkForms(t testing.TB, messages [][]byte, f flowlog.Format) (records int) {
	t.Helper()
	r := &rows{}
	for _, m := range messages {
		r.append(0, 0, 0, formUnknown, nil, m)
	}
	r.fillForms(7, f)
	for i, m := range messages {
		want := alone(t, m, f)
		if got := r.form[i] == 7; got != want {
			t.Errorf("%q is a record: %t, want %t", m, got, want)
		}
		if r.form[i] == 7 {
			records++
		}
	}
	return records
}

// strange are messages that a decoder of many lines could take for something else.
var strange = []string{
	"", " ", "\t", "\r", "hello", "hello world", "version account-id", "srcaddr", "start end", "2026-03-02T12:00:00.000Z ",
	"2026-03-02T12:00:00.000Z 2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1772452800 1772452859 ACCEPT OK",
	"2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1772452800 1772452859 ACCEPT OK",
	"2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1772452800 1772452859 ACCEPT OK\r",
	"2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1772452800 1772452859 ACCEPT OK ",
	" 2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1772452800 1772452859 ACCEPT OK",
	"2 123456789012 eni-1 10.0.0.1 10.0.0.2 01 2 6 1 40 1772452800 1772452859 ACCEPT OK",
	"2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1772452800 1772452859 ACCEPT OK\n2 1 2",
	"2 123456789012 eni-1 - - - - - - - 1772452800 1772452859 - NODATA",
	"3 123456789012 eni-1 - - - - - - - 1772452800 1772452859 - NODATA",
	"2 123456789012 eni-1 2001:DB8::1 10.0.0.2 1 2 6 1 40 1772452800 1772452859 ACCEPT OK",
	"2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1772452800 1772452859 ACCEPT",
	"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
	"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags",
	"version\u0085account-id", "\u00a0", "é 1 2 3", "- - -", "version version", "{}", "[]", `{"message": "2 1 2"}`, "#Version: 2", "\x00",
}

func TestForms(t *testing.T) {
	f, err := flowlog.ParseLogFormat(defaultFormat)
	if err != nil {
		t.Fatal(err)
	}
	var messages [][]byte
	for _, m := range strange {
		messages = append(messages, []byte(m))
	}
	if n := checkForms(t, messages, f); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 { // beside each other in any order
		random.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
		checkForms(t, messages[:random.IntN(len(messages))], f)
	}
	r := &rows{}
	for _, m := range []string{`{}`, ` {"a": [1, 2]} `, `{"a": 1`, `[1]`, `{"a": 1} x`, `"{}"`, `{1}`, ``} {
		r.append(0, 0, 0, formUnknown, nil, []byte(m))
	}
	r.fillForms(0, flowlog.Format{})
	if diff := cmp.Diff([]int32{formJSON, formJSON, 0, 0, 0, 0, 0, 0}, r.form); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// TestTailForms finds the forms of events in the tail for the LogFormat that their group has then, and writes them
// into files.
func TestTailForms(t *testing.T) {
	p := newPlace(t, "a")
	p.put("a", noon, "10.0.0.1 1772452800", `{"a": 1}`, "10.0.0.1 9 1772452800")
	for range 3000 {
		p.put("a", noon.Add(time.Hour), "10.0.0.2 1772452800")
	}
	forms := func() map[string]int32 {
		t.Helper()
		snap, err := p.Snapshot(t.Context(), "g", 0, 0)
		p.must(err)
		defer snap.Close()
		out := map[string]int32{}
		for e := range snap.Tail() {
			out[e.Message] = e.Form
		}
		for _, f := range snap.Files {
			r, err := openFile(f.Path)
			p.must(err)
			for i := range r.left {
				part, err := r.read(i)
				p.must(err)
				for k := range part.len() {
					out[string(part.message[k])] = part.form[k]
				}
			}
			_ = r.r.Close()
		}
		return out
	}
	check := func(first, second, third int32) {
		t.Helper()
		want := map[string]int32{"10.0.0.1 1772452800": first, "10.0.0.2 1772452800": first, `{"a": 1}`: second, "10.0.0.1 9 1772452800": third}
		if diff := cmp.Diff(want, forms()); diff != "" {
			t.Errorf("forms (-want +got):\n%s", diff)
		}
	}
	check(0, -1, 0)
	p.must(p.SetFormat(t.Context(), "g", "${srcaddr} ${start}"))
	check(1, -1, 0)
	check(1, -1, 0)
	p.must(p.SetFormat(t.Context(), "g", "${srcaddr} ${srcport} ${start}"))
	check(0, -1, 2)
	p.reopen()
	p.must(p.SetFormat(t.Context(), "g", "${srcaddr} ${start}"))
	check(1, -1, 0)
	p.flush()
	check(1, -1, 0)
}

// TestFormsOfVectors tells the forms of lines that others test their parsers with.
func TestFormsOfVectors(t *testing.T) {
	records := 0
	for _, v := range sharedtest.ParseVectors(t) {
		if f, err := flowlog.ParseLogFormat(v.Format); err == nil {
			records += checkForms(t, [][]byte{[]byte(v.Line), []byte("x"), []byte(v.Line)}, f)
		}
	}
	if records < 20 {
		t.Errorf("only %d records", records)
	}
}

func FuzzForms(f *testing.F) {
	for _, format := range []string{defaultFormat, "${srcaddr} ${start}", "${action} ${new-field} ${dstport}"} {
		for i := range strange {
			f.Add(format, strange[i]+"|"+strange[(i+7)%len(strange)])
		}
		f.Add(format, "10.0.0.1 1772452800|ACCEPT x 443|ACCEPT ACCEPT 443|10.0.0.1 17724528000")
	}
	f.Fuzz(func(t *testing.T, format, messages string) {
		parsed, err := flowlog.ParseLogFormat(format)
		if err != nil || len(format) > 1000 || len(messages) > 10_000 {
			return
		}
		header, ok := flowlog.ParseHeader(parsed.Header())
		if !ok || !header.Equal(parsed) {
			return // its lines can't be told by a header
		}
		checkForms(t, bytes.Split([]byte(messages), []byte("|")), parsed)
	})
}

// fileRow is a row of a file of events as another library reads it.
type fileRow struct {
	TS        int64  `parquet:"ts"`
	Ingestion int64  `parquet:"ingestion"`
	Stream    string `parquet:"stream"`
	Message   string `parquet:"message"`
	Ordinal   int64  `parquet:"ordinal"`
	Form      int32  `parquet:"form"`
}

// TestFileByPeer reads a file of many parts by another library.
func TestFileByPeer(t *testing.T) {
	p := newPlace(t, "a", "b")
	p.must(p.SetFormat(t.Context(), "g", "${srcaddr} ${start}"))
	var want []Event
	for n := range 12 {
		var messages []string
		for i := range 9_000 {
			messages = append(messages, fmt.Sprintf("10.0.%d.%d %d", n, i%7, noon.Unix()+int64(i)))
		}
		messages[3] = strings.Repeat("long ", 20_000)
		p.put([]string{"a", "b"}[n%2], noon.Add(-3*60*60*1e9), messages...)
	}
	want = p.events(ReadRequest{})
	p.flush()
	if diff := cmp.Diff(want, p.events(ReadRequest{})); diff != "" {
		t.Fatalf("events (-tail +file):\n%.2000s", diff)
	}
	files := p.groups["g"].files
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	f, err := os.Open(files[0].Path)
	p.must(err)
	defer f.Close()
	info, err := f.Stat()
	p.must(err)
	got, err := peer.Read[fileRow](f, info.Size())
	p.must(err)
	if len(got) != len(want) || info.Size() != files[0].Size {
		t.Fatalf("%d rows of %d in %d bytes of %d", len(got), len(want), info.Size(), files[0].Size)
	}
	for i, r := range got {
		form := int32(1)
		if len(r.Message) > 100 {
			form = 0
		}
		if r.Form != form {
			t.Fatalf("%.100q has the form %d", r.Message, r.Form)
		}
		e := Event{Group: "g", Stream: r.Stream, Timestamp: r.TS, Ingestion: r.Ingestion, Message: r.Message, Ordinal: int(r.Ordinal)}
		if diff := cmp.Diff(want[i], e); diff != "" {
			t.Fatalf("row %d (-want +got):\n%.2000s", i, diff)
		}
	}
	if n := len(openGroups(t, files[0].Path)); n < 2 {
		t.Errorf("%d groups of rows", n)
	}
}

// openGroups returns how many events each group of rows of a file has.
func openGroups(t *testing.T, path string) (out []int64) {
	t.Helper()
	r, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.left {
		out = append(out, r.r.RowGroup(i).NumRows())
	}
	_ = r.r.Close()
	return out
}
