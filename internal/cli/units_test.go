package cli

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/app"
	"weir/internal/intake"
	"weir/internal/query"
)

func TestParseTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-03-02T10:00:00Z":        "2026-03-02T10:00:00Z",
		"2026-03-02T10:00Z":           "2026-03-02T10:00:00Z",
		"2026-03-02 10:00:05+02:00":   "2026-03-02T08:00:05Z",
		"2026-03-02T10:00:00.25Z":     "2026-03-02T10:00:00.25Z",
		"2026-03-02":                  "2026-03-01T23:00:00Z",
		"2026-03-02 10:00":            "2026-03-02T09:00:00Z",
		"2026-07-02T10:00":            "2026-07-02T08:00:00Z", // summer time
		"1772445600":                  "2026-03-02T10:00:00Z",
		"2026":                        "",
		"yesterday":                   "",
		"":                            "",
		"2026-02-30":                  "",
		"2026-03-02T25:00":            "",
		"99999999999999999999":        "",
		"9223372036854775807":         "",
		"-9223372036854775808":        "",
		"1772445600000":               "", // milliseconds
		"253402300799":                "9999-12-31T23:59:59Z",
		"253402300800":                "",
		"9999-12-31T23:59:59-01:00":   "",
		"1969-12-31T23:59:59Z":        "",
		"1970-01-01T00:00:00Z":        "1970-01-01T00:00:00Z",
		"2026-03-02T10:00:00 Europe!": "",
	} {
		got, err := parseTime(text, berlin)
		if s := got.UTC().Format(time.RFC3339Nano); (err == nil) != (want != "") || err == nil && s != want {
			t.Errorf("%q: %s, %v; want %s", text, s, err, want)
		}
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30m": 30 * time.Minute, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "2w": 14 * 24 * time.Hour,
		"1.5d": 36 * time.Hour, "1h30m": 90 * time.Minute,
		"": 0, "d": 0, "0d": 0, "-1d": 0, "7": 0, "NaNd": 0, "1e300d": 0, "Infw": 0,
	} {
		got, err := parseAge(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"500": 500, "500B": 500, "1kB": 1000, "1KiB": 1024, "500MB": 500e6, "2GiB": 2 << 30, "1.5 gb": 15e8, "1TB": 1e12,
		"": 0, "MB": 0, "-1MB": 0, "0": 0, "1PB": 0, "1e30": 0, "NaN": 0, "InfGB": 0,
	} {
		got, err := parseSize(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestForPeople(t *testing.T) {
	type pair struct{ want, got string }
	for _, p := range []pair{
		{"0", number(0)},
		{"999", number(999)},
		{"1,000", number(1000)},
		{"-1,234,567", number(-1234567)},
		{"-9,223,372,036,854,775,808", number(math.MinInt64)},
		{"999 B", size(999)},
		{"1.0 kB", size(1000)},
		{"1.0 MB", size(999_950)},
		{"9.2 EB", size(math.MaxInt64)},
		{"250 ms", length(250 * time.Millisecond)},
		{"59.9 s", length(59900 * time.Millisecond)},
		{"1 min", length(time.Minute)},
		{"1 h", length(time.Hour)},
		{"47 h 59 min", length(48*time.Hour - time.Minute)},
		{"2.0 days", length(48 * time.Hour)},
		{"1 object", plural(1, "object")},
		{"0 objects", plural(0, "object")},
		{"1,000 objects", plural(1000, "object")},
		{"", bar(0, 10)},
		{"██████████", bar(5, 10)},
		{"▏", bar(1, 160)},
		{"33.3%", share(1, 3)},
		{"-", share(0, 0)},
	} {
		if p.got != p.want {
			t.Errorf("%q, want %q", p.got, p.want)
		}
	}
}

// TestTable checks widths over blocks, wide characters, empty cells and that
// numbers stand right.
func TestTable(t *testing.T) {
	var out strings.Builder
	tab := newTable(&out, []tableColumn{{"NAME", false}, {"N", true}, {"", false}})
	for _, row := range [][]string{{"a", "1", "x"}, {"語", "12345", ""}, {"", "2", "y"}} {
		if err := tab.add(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := tab.flush(); err != nil {
		t.Fatal(err)
	}
	if err := tab.add([]string{"a longer one", "3", "z"}); err != nil {
		t.Fatal(err)
	}
	if err := tab.flush(); err != nil {
		t.Fatal(err)
	}
	want := "NAME      N\na         1  x\n語    12345\n          2  y\na longer one      3  z\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// listRows are rows of a list.
type listRows struct {
	columns []query.Column
	rows    [][]any
}

func (l *listRows) Columns() []query.Column { return l.columns }
func (l *listRows) Close() error            { return nil }

func (l *listRows) Next() ([]any, error) {
	if len(l.rows) == 0 {
		return nil, io.EOF
	}
	row := l.rows[0]
	l.rows = l.rows[1:]
	return row, nil
}

// TestRowForms prints a value of each type in each form.
func TestRowForms(t *testing.T) {
	huge, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	moment := time.Date(2026, 3, 2, 10, 0, 0, 500_000_000, time.FixedZone("", 3600))
	columns := []query.Column{
		{Name: "b", Type: query.Bool},
		{Name: "i", Type: query.Int},
		{Name: "f", Type: query.Float},
		{Name: "t", Type: query.Text},
		{Name: "at", Type: query.Time},
		{Name: "m", Type: query.TextMap},
		{Name: "o", Type: query.Other},
	}
	rows := [][]any{
		{true, int64(-7), 0.1, "a,\"b\"\n<&>", moment, map[string]string{"z": "1", "a": "2"}, query.Decimal("12.50")},
		{false, huge, math.Inf(1), "", moment, nil, []any{int64(1), nil, map[string]any{"k": "v"}}},
		{nil, nil, nil, nil, nil, nil, nil},
	}
	printed := func(form string, rows [][]any) (string, error) {
		var out bytes.Buffer
		n, err := printRows(&out, &listRows{columns, rows}, form, time.UTC)
		if err == nil && n != int64(len(rows)) {
			t.Errorf("%s: %d rows counted, want %d", form, n, len(rows))
		}
		return out.String(), err
	}
	for form, want := range map[string]string{
		"jsonl": `{"b":true,"i":-7,"f":0.1,"t":"a,\"b\"\n\u003c\u0026\u003e","at":"2026-03-02T09:00:00.5Z","m":{"a":"2","z":"1"},"o":12.50}
{"b":false,"i":170141183460469231731687303715884105727,"f":null,"t":"","at":"2026-03-02T09:00:00.5Z","m":null,"o":[1,null,{"k":"v"}]}
{"b":null,"i":null,"f":null,"t":null,"at":null,"m":null,"o":null}
`,
		"csv": `b,i,f,t,at,m,o
true,-7,0.1,"a,""b""
<&>",2026-03-02T09:00:00.5Z,"{""a"":""2"",""z"":""1""}",12.50
false,170141183460469231731687303715884105727,+Inf,,2026-03-02T09:00:00.5Z,,"[1,null,{""k"":""v""}]"
,,,,,,
`,
		"table": "b      " + strings.Repeat(" ", 38) + "i     f  t          at                       m                  o\n" +
			"true   " + strings.Repeat(" ", 37) + "-7   0.1  a,\"b\"\ufffd<&>  2026-03-02 09:00:00 UTC  {\"a\":\"2\",\"z\":\"1\"}  12.50\n" +
			"false  170141183460469231731687303715884105727  +Inf             2026-03-02 09:00:00 UTC  -                  [1,null,{\"k\":\"v\"}]\n" +
			"-      " + strings.Repeat(" ", 38) + "-     -  -          -                        -                  -\n",
	} {
		got, err := printed(form, rows)
		if err != nil {
			t.Errorf("%s: %v", form, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
	if _, err := printed("parquet", rows); err == nil || err.Error() != "column i: 170141183460469231731687303715884105727 does not fit into 64 bits" {
		t.Errorf("parquet with a huge integer: %v", err)
	}
	if got, err := printed("parquet", [][]any{rows[0], rows[2]}); err != nil || !strings.HasPrefix(got, "PAR1") || !strings.HasSuffix(got, "PAR1") {
		t.Errorf("parquet: %.10q, %v", got, err)
	}
}

// TestPlainProgress checks what is said where no terminal is: a line every few
// seconds, with how far the work is.
func TestPlainProgress(t *testing.T) {
	var err bytes.Buffer
	c := &cli{err: &err}
	p := c.progress("taking")
	some := app.Progress{Progress: intake.Progress{Objects: 1000, ObjectsTotal: 4000, Bytes: 1e6, BytesTotal: 4e6, Records: 50_000, BadLines: 2}}
	p.show(some)
	if err.Len() > 0 {
		t.Errorf("at once: %q", err.String())
	}
	p.began, p.last = time.Now().Add(-10*time.Second), time.Now().Add(-plainEvery)
	p.show(some)
	p.show(some)
	p.last = time.Now().Add(-plainEvery)
	p.show(app.Progress{Done: 3, Total: 24})
	p.end()
	want := "weir: taking: 1,000 of 4,000 objects, 1.0 MB of 4.0 MB, 50,000 records (RATE/s), about 30.0 s left, 2 bad lines\nweir: taking: 3 of 24 hours\n"
	got := err.String()
	if i, j := strings.Index(got, "("), strings.Index(got, "/s)"); i >= 0 && j >= 0 {
		got = got[:i+1] + "RATE" + got[j:]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c.quiet = true
	err.Reset()
	p.last = time.Time{}
	p.show(some)
	if err.Len() > 0 {
		t.Errorf("--quiet: %q", err.String())
	}
}

// TestHints checks that an error has at most three hints, the nearest ones, and
// which exit code it gives.
func TestHints(t *testing.T) {
	var out bytes.Buffer
	c := &cli{err: &out}
	err := hint(&placed{&query.TextError{Message: "no field x", Hint: "did you mean y?"}, "x = 1\n^\n"}, "first\nwith a second line", "second", "second", "third")
	code := c.report(t.Context(), c.root(), fmt.Errorf("asking: %w", err))
	want := "weir: asking: no field x\n  x = 1\n  ^\nhint: first\n      with a second line\nhint: second\nhint: third\n"
	if diff := cmp.Diff(want, out.String()); diff != "" || code != exitUsage {
		t.Errorf("exit code %d (-want +got):\n%s", code, diff)
	}
}

// TestPrintFollowing checks the words for a source that is followed; the page has the
// same.
func TestPrintFollowing(t *testing.T) {
	ago := func(d time.Duration) *time.Time {
		at := time.Now().Add(-d - time.Second/2)
		return &at
	}
	since := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		state app.FollowState
		want  []string
	}{
		"not yet": {
			app.FollowState{Source: "/logs", Running: true, Process: 7, Since: since},
			[]string{"following       /logs since 2026-03-02 10:00:00 UTC, by process 7", "not looked at yet"},
		},
		"with objects, some gone": {
			app.FollowState{
				Source: "s3://logs", Running: true, Process: 7, Since: since, Looked: ago(time.Minute), Good: ago(time.Minute),
				Objects: 2, Records: 3000, BadLines: 1, LastObject: "s3://logs/b", LastTaken: ago(2 * time.Minute),
				Gone: &app.Gone{Objects: 1, From: &since}, GoneLooked: ago(3 * time.Minute),
			},
			[]string{
				"following       s3://logs since 2026-03-02 10:00:00 UTC, by process 7",
				"looked at 1 min ago; took 2 objects, 3,000 records, 1 bad line, the last 2 min ago: s3://logs/b",
				"gone from it: 1 object that had been taken of those since 2026-03-02 10:00:00 UTC; looked for 3 min ago",
			},
		},
		"failing, nothing gone": {
			app.FollowState{
				Source: "/logs", Updated: since, Looked: ago(time.Minute), Error: "away", Failed: 3, FailedSince: &since,
				Gone: &app.Gone{}, GoneLooked: ago(time.Hour),
			},
			[]string{
				"not followed    /logs: no process follows it now; this is as of 2026-03-02 10:00:00 UTC",
				"looked at 1 min ago", "failing since 2026-03-02 10:00:00 UTC, 3 looks; it never worked: away",
			},
		},
	} {
		var out bytes.Buffer
		(&cli{out: &out}).printFollowing(&tt.state, time.UTC)
		var got []string
		for text := range strings.Lines(out.String()) {
			got = append(got, strings.TrimSpace(text))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
