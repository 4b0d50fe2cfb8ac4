package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPrintable(t *testing.T) {
	for _, tc := range []struct{ name, text, line, lines string }{
		{"plain", "a/b c.log.gz", "a/b c.log.gz", "a/b c.log.gz"},
		{"letters of the world", "é 語 עברית 🙂", "é 語 עברית 🙂", "é 語 עברית 🙂"},
		{"escape", "a\x1b[31mb", "a\ufffd[31mb", "a\ufffd[31mb"},
		{"carriage return and delete", "a\rb\x7f", "a\ufffdb\ufffd", "a\ufffdb\ufffd"},
		{"C1", "a\u009b31mb\u0080\u009f", "a\ufffd31mb\ufffd\ufffd", "a\ufffd31mb\ufffd\ufffd"},
		{"behind C1", "a\u00a0b", "a\u00a0b", "a\u00a0b"},
		{"bytes that are no UTF-8", "a\x9b31m\xffb", "a\ufffd31m\ufffdb", "a\ufffd31m\ufffdb"},
		{"marks of direction", "a\u202ab\u202eb\u2066b\u2069b", "a\ufffdb\ufffdb\ufffdb\ufffdb", "a\ufffdb\ufffdb\ufffdb\ufffdb"},
		{"beside the marks of direction", "a\u2029b\u202fb\u2065b\u206ab", "a\u2029b\u202fb\u2065b\u206ab", "a\u2029b\u202fb\u2065b\u206ab"},
		{"lines and tabs", "a\n\tb", "a\ufffd\ufffdb", "a\n\tb"},
		{"nothing", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := printable(tc.text); got != tc.line {
				t.Errorf("one line: %q, want %q", got, tc.line)
			}
			if got := printableLines(tc.text); got != tc.lines {
				t.Errorf("lines: %q, want %q", got, tc.lines)
			}
		})
	}
}

// TestTableIsPrintable checks cells of all forms, and heads.
func TestTableIsPrintable(t *testing.T) {
	var row []string
	for _, v := range []any{"a\x1b[2J", []any{"b\u009b", nil}, map[string]any{"k\u202e": "v\u2066"}, map[string]string{"x": "\n"}, nil, int64(1)} {
		row = append(row, cell(v, time.UTC))
	}
	columns := make([]tableColumn, len(row))
	columns[0].head = "h\x1b"
	var out strings.Builder
	if err := printTable(&out, columns, [][]string{row}); err != nil {
		t.Fatal(err)
	}
	want := "h\ufffd\na\ufffd[2J  [\"b\ufffd\",null]  {\"k\ufffd\":\"v\ufffd\"}  {\"x\":\"\\n\"}  -  1\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// brokenWriter takes so many writes.
type brokenWriter struct{ left int }

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, fmt.Errorf("full %d", b.left)
	}
	return len(p), nil
}

func TestOutputKeepsFirstError(t *testing.T) {
	o := &output{w: &brokenWriter{left: 1}}
	for _, want := range []string{"<nil>", "full -1", "full -1"} {
		if _, err := o.Write([]byte("x")); fmt.Sprint(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestLostOutput checks that a command that can't write its answer fails, whatever
// form the answer has.
func TestLostOutput(t *testing.T) {
	t.Setenv("WEIR_DATA", t.TempDir())
	for _, args := range [][]string{{"--help"}, {"--version"}, {"fields"}, {"lake", "--help"}, {"fields", "--json"}} {
		var talk strings.Builder
		c := &cli{in: strings.NewReader(""), out: &brokenWriter{}, err: &talk}
		if code := c.run(t.Context(), args); code != exitFailed || !strings.Contains(talk.String(), "full -1") {
			t.Errorf("%v: exit code %d: %s", args, code, talk.String())
		}
	}
}
