package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// catText decodes a text from stdin.
func catText(t *testing.T, text string, args ...string) answer {
	t.Helper()
	var out, err bytes.Buffer
	c := &cli{in: strings.NewReader(text), out: &out, err: &err}
	code := c.run(t.Context(), append(append([]string{"cat"}, args...), "-"))
	return answer{out.String(), err.String(), code}
}

// TestParseVectors sends the lines that peers test their parsers with through weir
// cat, under a header and without one.
func TestParseVectors(t *testing.T) {
	for _, v := range sharedtest.ParseVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			headed := catText(t, v.Format+"\n"+v.Line+"\n")
			bare := catText(t, v.Line+"\n", "--log-format", v.Format)
			if diff := cmp.Diff(headed.Out, bare.Out); diff != "" {
				t.Errorf("output (-under a header +with --log-format):\n%s", diff)
			}
			switch v.Outcome {
			case "ok":
				if headed.Code != exitOK || headed.Err != "" {
					t.Fatalf("exit code %d: %s", headed.Code, headed.Err)
				}
				checkRecord(t, headed.Out, v.Expect, v.Format, v.Line)
			case "error", "skip_line":
				if headed.Code != exitPartial || headed.Out != "" || !strings.HasPrefix(headed.Err, "weir: -: line 2") {
					t.Errorf("want %s; got %+v", v.Outcome, headed)
				}
			default:
				t.Errorf("no outcome %q", v.Outcome)
			}
		})
	}
}

// checkRecord compares a line of JSON with what a vector expects, and with the
// tokens of the line: what is not "-" must be there, and nothing else.
func checkRecord(t *testing.T, line string, expect map[string]string, format, text string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var record map[string]any
	if err := d.Decode(&record); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	got := map[string]string{}
	for column, v := range record {
		f, known := flowlog.Lookup(column)
		if _, isNumber := v.(json.Number); known && isNumber != f.Numeric() {
			t.Errorf("%s is %T", column, v)
		}
		switch v := v.(type) {
		case json.Number:
			got[column] = v.String()
		case string:
			got[column] = v
		default:
			t.Errorf("%s is a %T", column, v)
		}
	}
	want := map[string]string{}
	tokens := strings.Fields(text)
	for i, name := range strings.Fields(format) {
		if tokens[i] != "-" {
			want[strings.ReplaceAll(name, "-", "_")] = tokens[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-the line's +weir's):\n%s", diff)
	}
	for name, value := range expect {
		if column := strings.ReplaceAll(name, "-", "_"); got[column] != value {
			t.Errorf("%s is %q, the vector expects %q", column, got[column], value)
		}
	}
}
