package tablefile

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// kind is a type without parameters.
func kind(k types.Kind) types.Type { return types.Type{Kind: k} }

// layout makes a layout of a text with columns "name type".
func layout(columns ...Column) Layout {
	return Layout{Separator: ' ', Null: `\N`, Columns: columns}
}

// memory is a storage of objects in memory.
type memory struct {
	objects map[string]string
	opened  atomic.Int64
	fail    error
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

func (m *memory) List(_ context.Context, location string, fn func(Object) error) error {
	for url, body := range m.objects {
		if strings.HasPrefix(url, location) {
			if err := fn(Object{URL: url, Size: int64(len(body)), Revision: "1"}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) Open(_ context.Context, o Object) (Content, error) {
	m.opened.Add(1)
	return content{bytes.NewReader([]byte(m.objects[o.URL]))}, m.fail
}

// rowsOf reads a file back, without the column that tells objects apart, by another library than the one that wrote it.
func rowsOf(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, g := range p.RowGroups() {
		rows := g.Rows()
		buf := make([]parquet.Row, 100)
		for {
			n, err := rows.ReadRows(buf)
			for _, r := range buf[:n] {
				var row []string
				for _, v := range r[:len(r)-1] {
					text := v.String()
					if v.IsNull() {
						text = "NULL"
					}
					row = append(row, text)
				}
				out = append(out, row)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// read converts one object and returns its rows.
func read(t *testing.T, l Layout, url, body string) ([][]string, error) {
	t.Helper()
	store := &memory{objects: map[string]string{url: body}}
	c, err := Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	set, err := c.Files(t.Context(), store, l, []Object{{URL: url, Size: int64(len(body))}})
	if err != nil {
		return nil, err
	}
	defer set.Release()
	rows := rowsOf(t, set.Files[0].Path)
	if int64(len(rows)) != set.Files[0].Records {
		t.Errorf("%d rows, said are %d", len(rows), set.Files[0].Records)
	}
	return rows, nil
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

// TestText reads lines by the rules of LazySimpleSerDe.
func TestText(t *testing.T) {
	two := layout(Column{"a", kind(types.Varchar)}, Column{"n", kind(types.BigInt)})
	with := func(change func(*Layout)) Layout {
		l := two
		change(&l)
		return l
	}
	tests := []struct {
		name, body string
		l          Layout
		want       [][]string
	}{
		{"two columns", "x 1\ny 2\n", two, [][]string{{"x", "1"}, {"y", "2"}}},
		{"no line end at the end", "x 1\ny 2", two, [][]string{{"x", "1"}, {"y", "2"}}},
		{"CR and CRLF end lines", "x 1\r\ny 2\rz 3\r", two, [][]string{{"x", "1"}, {"y", "2"}, {"z", "3"}}},
		{"missing columns are NULL", "x\n", two, [][]string{{"x", "NULL"}}},
		{"further fields are left out", "x 1 more fields\n", two, [][]string{{"x", "1"}}},
		{"an empty line is a row", "\nx 1\n", two, [][]string{{"", "NULL"}, {"x", "1"}}},
		{"an empty object has none", "", two, nil},
		{"a dash is text, and no number", "- -\n", two, [][]string{{"-", "NULL"}}},
		{"NULL", `\N \N` + "\n", two, [][]string{{"NULL", "NULL"}}},
		{"another NULL", `- \N` + "\n", with(func(l *Layout) { l.Null = "-" }), [][]string{{"NULL", "NULL"}}},
		{"lines skipped", "h1\nh2\nx 1\n", with(func(l *Layout) { l.SkipLines = 2 }), [][]string{{"x", "1"}}},
		{"more lines skipped than there are", "h1\n", with(func(l *Layout) { l.SkipLines = 2 }), nil},
		{"two separators in a row", "x  1\n", two, [][]string{{"x", "NULL"}}},
		{"tab", "x y\t7\n", with(func(l *Layout) { l.Separator = '\t' }), [][]string{{"x y", "7"}}},
		{"escaped separator", `x\ y 1` + "\n" + `a\\ 2`, with(func(l *Layout) { l.Escaped, l.Escape = true, '\\' }), [][]string{{"x y", "1"}, {`a\`, "2"}}},
		{"numbers with a fraction", "x 1.9\ny 1.x\n", two, [][]string{{"x", "1"}, {"y", "NULL"}}},
		{"a mark of UTF-8", "\ufeffx 1\n", two, [][]string{{"x", "1"}}},
		{
			"a pattern", "x 1\ny 1.9\nz \\N\n3\nlonger 5 \n-\n",
			with(func(l *Layout) { l.Pattern, l.Null = `\A(?:([^ ]+)\s+(\S+)\s?|([0-9]))\z`, "\n" }),
			[][]string{{"x", "1"}, {"y", "NULL"}, {"z", "NULL"}, {"NULL", "NULL"}, {"longer", "5"}, {"NULL", "NULL"}},
		},
		{"a pattern of one group", "x 1\n", with(func(l *Layout) { l.Pattern = `\A(?:(.*))\z` }), [][]string{{"x 1", "NULL"}}},
		{"what is no UTF-8", "\xff 1\n", two, [][]string{{"\uFFFD", "1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for url, body := range map[string]string{"s3://b/x.log": tt.body, "s3://b/x.log.gz": gzipped(tt.body), "s3://b/x": gzipped(tt.body)} {
				got, err := read(t, tt.l, url, body)
				if err != nil && (tt.body != "" || url != "s3://b/x.log") {
					t.Fatal(url, err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", url, diff)
				}
			}
		})
	}
}

// TestLongText has lines beyond what is in memory at once, and one that is longer than that.
func TestLongText(t *testing.T) {
	l := layout(Column{"a", kind(types.Varchar)}, Column{"n", kind(types.Integer)})
	var b strings.Builder
	var want [][]string
	for i := range 60_000 {
		a := fmt.Sprintf("line-%d-with-some-text-to-fill-it", i%1000)
		fmt.Fprintf(&b, "%s %d\r\n", a, i)
		want = append(want, []string{a, fmt.Sprint(i)})
	}
	long := strings.Repeat("x", 3<<20)
	fmt.Fprintf(&b, "%s 1\n", long)
	want = append(want, []string{long, "1"})
	got, err := read(t, l, "s3://b/x.log", b.String())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(want, got, slices.Equal) {
		t.Errorf("%d rows, want %d, or others", len(got), len(want))
	}
}

// TestValues reads a text as each type; the expected values are of Trino's tests of its text reader, which compare it with Hive's.
func TestValues(t *testing.T) {
	dec := types.Type{Kind: types.Decimal, Precision: 5, Scale: 2}
	long := types.Type{Kind: types.Decimal, Precision: 38, Scale: 1}
	tests := []struct {
		typ        types.Type
		text, want string
	}{
		{kind(types.TinyInt), "127", "127"},
		{kind(types.TinyInt), "128", "NULL"},
		{kind(types.SmallInt), "-32768", "-32768"},
		{kind(types.SmallInt), "32768", "NULL"},
		{kind(types.Integer), "2147483647", "2147483647"},
		{kind(types.Integer), "2147483648", "NULL"},
		{kind(types.BigInt), "9223372036854775807", "9223372036854775807"},
		{kind(types.BigInt), "9223372036854775808", "NULL"},
		{kind(types.BigInt), "-9223372036854775808", "-9223372036854775808"},
		{kind(types.BigInt), "-9223372036854775809", "NULL"},
		{kind(types.BigInt), "00000000000000000000042", "42"},
		{kind(types.BigInt), "+7", "7"},
		{kind(types.BigInt), "-", "NULL"},
		{kind(types.BigInt), "", "NULL"},
		{kind(types.BigInt), "1e3", "NULL"},
		{kind(types.BigInt), "12,3", "NULL"},
		{kind(types.Boolean), "TRUE", "true"},
		{kind(types.Boolean), "false", "false"},
		{kind(types.Boolean), "1", "NULL"},
		{kind(types.Double), "1.5e3", "1500"},
		{kind(types.Double), "NaN", "NaN"},
		{kind(types.Double), "-Infinity", "-Inf"},
		{kind(types.Double), "inf", "NULL"},
		{kind(types.Double), "2.5d", "2.5"},
		{kind(types.Double), "1_0", "NULL"},
		{kind(types.Double), "1e400", "+Inf"},
		{kind(types.Real), "0.5", "0.5"},
		{kind(types.Date), "2026-01-31", "20484"},
		{kind(types.Date), "2026-1-31", "20484"},
		{kind(types.Date), "2026-01-31;10:00", "NULL"},
		{kind(types.Date), "2026-02-31", "20515"}, // runs on to 3 March
		{kind(types.Date), "31.01.2026", "NULL"},
		{kind(types.Timestamp), "1970-01-02", "86400000000"},
		{kind(types.Timestamp), "1970-01-01T00:00:01", "1000000"},
		{kind(types.Timestamp), "1970-01-01T00:00", "0"},
		{kind(types.Timestamp), "1970-1-1T0:0", "NULL"},
		{kind(types.Timestamp), "70-1-1", "NULL"},
		{dec, "1.005", "101"},
		{dec, "-1.005", "-101"},
		{dec, "999.999", "NULL"},
		{dec, "1e2", "10000"},
		{dec, "x", "NULL"},
		{dec, ".", "NULL"},
		{types.Type{Kind: types.Varchar, Length: 3}, "añbcd", "añb"},
		{types.Type{Kind: types.Varchar, Length: 3}, "añb", "añb"},
	}
	for _, tt := range tests {
		got, err := read(t, Layout{Separator: ';' + 1, Null: `\N`, Columns: []Column{{"c", tt.typ}}}, "s3://b/o", tt.text+"\n")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{tt.want}}, got); diff != "" {
			t.Errorf("%s as %s (-want +got):\n%s", tt.text, tt.typ, diff)
		}
	}
	if v, ok := parseTimestamp([]byte("1970-01-01 00:00:01.0005")); !ok || v != 1_001_000 {
		t.Errorf("a fraction of a millisecond: %d %v", v, ok)
	}
	if _, err := read(t, layout(Column{"c", long}), "s3://b/o", "-17014118346046923173168730371588410572.5\n"); err != nil {
		t.Error(err)
	}
}

// TestRefused has objects that can't be read as the table says.
func TestRefused(t *testing.T) {
	l := layout(Column{"a", kind(types.Varchar)})
	pq := l
	pq.Parquet = true
	tests := []struct {
		name, url, body, code string
		l                     Layout
	}{
		{"Parquet in a table of text", "s3://b/x.parquet", "PAR1....PAR1", athenasql.CodeBadData, l},
		{"text in a table of Parquet", "s3://b/x.log", "x 1\n", athenasql.CodeBadData, pq},
		{"damaged Parquet", "s3://b/x.parquet", "PAR1....PAR1", athenasql.CodeBadData, pq},
		{"gzip that is none", "s3://b/x.gz", "x 1\n", athenasql.CodeBadData, l},
		{"gzip that is cut", "s3://b/x.gz", gzipped(strings.Repeat("abc def\n", 1000))[:40], athenasql.CodeCursor, l},
		{"snappy", "s3://b/x.snappy", "....", athenasql.CodeNotSupported, l},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(t, tt.l, tt.url, tt.body)
			e, ok := errors.AsType[*athenasql.Error](err)
			if !ok || e.Code != tt.code || !strings.Contains(e.Message, tt.url) {
				t.Errorf("%v; want %s with the object's address", err, tt.code)
			}
		})
	}
}

const header = "version account-id interface-id srcaddr dstaddr\n"

// TestHeader refuses columns in another order than the header's.
func TestHeader(t *testing.T) {
	v := kind(types.Varchar)
	right := layout(Column{"version", kind(types.Integer)}, Column{"account", v}, Column{"interfaceid", v}, Column{"sourceaddress", v}, Column{"destinationaddress", v})
	right.SkipLines = 1
	wrong := right
	wrong.Columns = slices.Clone(right.Columns)
	wrong.Columns[3], wrong.Columns[4] = wrong.Columns[4], wrong.Columns[3]
	unknown := right
	unknown.Columns = slices.Clone(right.Columns)
	unknown.Columns[3].Name = "mine"
	body := header + "2 1 eni-1 10.0.0.1 10.0.0.2\n"
	row := []string{"2", "1", "eni-1", "10.0.0.1", "10.0.0.2"}
	for name, l := range map[string]Layout{"right": right, "an unknown name": unknown} {
		got, err := read(t, l, "s3://b/x", body)
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff([][]string{row}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	_, err := read(t, wrong, "s3://b/x", body)
	e, ok := errors.AsType[*athenasql.Error](err)
	if !ok || e.Code != athenasql.CodeBadData {
		t.Fatalf("%v; want %s", err, athenasql.CodeBadData)
	}
	for _, want := range []string{"version account-id interface-id srcaddr dstaddr", "version account interfaceid destinationaddress sourceaddress"} {
		if !strings.Contains(e.Message, want) {
			t.Errorf("%q does not tell the order %q", e.Message, want)
		}
	}
	if want := "(`version` int, `account` string, `interfaceid` string, `sourceaddress` string, `destinationaddress` string)"; !strings.Contains(e.Hint, want) {
		t.Errorf("hint %q; want %q", e.Hint, want)
	}
}

// TestHeaderAsRow keeps a header that is not skipped as a row, and says so, also of a file that is there already.
func TestHeaderAsRow(t *testing.T) {
	l := layout(Column{"version", kind(types.Integer)}, Column{"account_id", kind(types.Varchar)}, Column{"interface_id", kind(types.Varchar)})
	dir := t.TempDir()
	store := &memory{objects: map[string]string{"s3://b/x": header + "2 1 eni-1 a b\n"}}
	for range 2 {
		c, err := Open(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			set, err := c.Files(t.Context(), store, l, []Object{{URL: "s3://b/x", Size: 1}})
			if err != nil {
				t.Fatal(err)
			}
			if len(set.Notes) != 1 || !strings.Contains(set.Notes[0], "skip.header.line.count") {
				t.Errorf("notes %q", set.Notes)
			}
			if diff := cmp.Diff([][]string{{"NULL", "account-id", "interface-id"}, {"2", "1", "eni-1"}}, rowsOf(t, set.Files[0].Path)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			set.Release()
		}
	}
	if n := store.opened.Load(); n != 1 {
		t.Errorf("the object was read %d times; want once", n)
	}
}

// TestLimit keeps the folder within its limit, without files in use.
func TestLimit(t *testing.T) {
	l := layout(Column{"a", kind(types.Varchar)})
	store := &memory{objects: map[string]string{}}
	var objects []Object
	for i := range 20 {
		url := fmt.Sprintf("s3://b/%d", i)
		store.objects[url] = strings.Repeat(url+"\n", 10)
		objects = append(objects, Object{URL: url, Size: 1})
	}
	dir := t.TempDir()
	c, err := Open(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	set, err := c.Files(t.Context(), store, l, objects)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range set.Files {
		if _, err := os.Stat(f.Path); err != nil {
			t.Error("a file in use is gone:", err)
		}
	}
	set.Release()
	set.Release() // once more changes nothing
	if n := c.Size(); n > 1 {
		t.Errorf("%d bytes are left, of files that nothing uses", n)
	}
	one, err := c.Files(t.Context(), store, l, []Object{{URL: "s3://b/0", Size: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Release()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{one.Files[0].Path}, left); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestFailed leaves nothing of a conversion that failed, and the next query tries again.
func TestFailed(t *testing.T) {
	l := layout(Column{"a", kind(types.Varchar)})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "making-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	store := &memory{objects: map[string]string{"s3://b/x": "x\n"}, fail: context.DeadlineExceeded}
	c, err := Open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Files(t.Context(), store, l, []Object{{URL: "s3://b/x"}}); err != context.DeadlineExceeded {
		t.Errorf("%v; want the storage's error", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
	store.fail = nil
	set, err := c.Files(t.Context(), store, l, []Object{{URL: "s3://b/x"}})
	if err != nil {
		t.Fatal(err)
	}
	set.Release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Files(ctx, store, l, []Object{{URL: "s3://b/x", Revision: "2"}}); err != context.Canceled {
		t.Errorf("%v; want %v", err, context.Canceled)
	}
}

// TestHalf makes a file once more that a crash has left half.
func TestHalf(t *testing.T) {
	l := layout(Column{"a", kind(types.Varchar)})
	dir := t.TempDir()
	store := &memory{objects: map[string]string{"s3://b/x": "x\n"}}
	for i := range 3 {
		c, err := Open(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		set, err := c.Files(t.Context(), store, l, []Object{{URL: "s3://b/x"}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{"x"}}, rowsOf(t, set.Files[0].Path)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		info, err := os.Stat(set.Files[0].Path)
		if err != nil {
			t.Fatal(err)
		}
		if c.Size() != info.Size() {
			t.Errorf("size %d; want %d", c.Size(), info.Size())
		}
		if i == 1 {
			if err := os.Truncate(set.Files[0].Path, info.Size()-1); err != nil {
				t.Fatal(err)
			}
		}
		set.Release()
	}
	if n := store.opened.Load(); n != 2 {
		t.Errorf("the object was read %d times; want twice", n)
	}
}

// FuzzText converts any text: it never fails but for lines that are too long, and has a row for each line.
func FuzzText(f *testing.F) {
	f.Add("a 1 2.5 2026-01-01\nb\\ c - - -\r\n\r", byte(' '), true)
	f.Add("\xff\x00\x01", byte(1), false)
	f.Fuzz(func(t *testing.T, body string, sep byte, escaped bool) {
		if strings.HasPrefix(body, "\x1f\x8b") || strings.HasPrefix(body, "\x28\xb5\x2f\xfd") || strings.HasPrefix(body, "PAR1") || sep == '\n' || sep == '\r' {
			return
		}
		l := Layout{Separator: sep, Escape: '\\', Escaped: escaped, Null: `\N`, Columns: []Column{
			{"a", types.Type{Kind: types.Varchar, Length: 5}},
			{"b", kind(types.TinyInt)},
			{"c", kind(types.Double)},
			{"d", kind(types.Date)},
			{"e", kind(types.Timestamp)},
			{"f", types.Type{Kind: types.Decimal, Precision: 38, Scale: 10}},
		}}
		var out bytes.Buffer
		w, err := newWriter(&out, &l)
		if err != nil {
			t.Fatal(err)
		}
		defer w.release()
		if _, err := convertText(t.Context(), &l, Object{URL: "s3://b/x"}, strings.NewReader(body), w); err != nil {
			t.Fatal(err)
		}
		if err := w.close(); err != nil {
			t.Fatal(err)
		}
		plain := strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
		want := strings.Count(plain, "\n")
		if plain != "" && !strings.HasSuffix(plain, "\n") {
			want++
		}
		if w.rows != int64(want) {
			t.Errorf("%d rows, %d lines", w.rows, want)
		}
	})
}
