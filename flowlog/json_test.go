package flowlog_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
)

// quoted returns a text as JSON.
func quoted(t testing.TB, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestJSONBad checks that what is no document of records costs nothing but
// itself, and is never passed over in silence.
func TestJSONBad(t *testing.T) {
	good := `{"message":` + quoted(t, accept) + `}`
	const none = "no JSON document with logEvents, events or message"
	tests := []struct {
		name, data string
		records    int64
		bad        []string
	}{
		{"words between", good + "\nwords\n" + good, 2, []string{"line 2: " + none}},
		{"words before a document", good + "\nwords " + good, 2, []string{"line 2: " + none}},
		{"words behind a document", good + " words\n" + good, 2, []string{"line 1: " + none}},
		{"a text between", good + "\n\"{[\"\n" + good, 2, []string{"line 2: " + none}},
		{"a text without end", good + "\n\"words\n" + good, 2, []string{"line 2: " + none}},
		{"a closing brace too many", good + "}\n" + good, 2, []string{"line 1: " + none}},
		{"another document", good + `{"Records":[]}` + good, 2, []string{"line 1: " + none}},
		{"another document first", `{"Records":[]}` + "\n" + good, 1, []string{"line 1: " + none}},
		{"a message that is no text", good + "\n" + `{"message":7}`, 1, []string{"line 2: no JSON document of records: a member is a number"}},
		{"an event without message", `{"logEvents":[{"timestamp":1},{"message":` + quoted(t, accept) + `}]}`, 1, []string{"line 1: event 1 has no message"}},
		{"a bad record", `{"message":"2 1"}` + good, 1, []string{"line 1: 2 fields where the format has 14"}},
		{"a bad record behind a good one", good + `{"message":"2 1"}`, 1, []string{"line 1: 2 fields where the format has 14"}},
		{"line end in a record", good + `{"message":` + quoted(t, strings.Replace(accept, " ", "\n", 1)) + `}`, 1, []string{`line 1: version: "2\n123456789010" is not a number`}},
		{"document breaks off", good + "\n" + `{"message":"2 1",`, 1, []string{"line 2: the JSON document breaks off"}},
		{"text breaks off", good + "\n" + `{"message":"2 1` + "\n" + good, 2, []string{"line 2: the JSON document breaks off within a text"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, stats, err := decode(t, []byte(tc.data), flowlog.Options{})
			if err != nil || stats.Records != tc.records || stats.Bad != int64(len(tc.bad)) {
				t.Errorf("%d records, %d bad, error %v", stats.Records, stats.Bad, err)
			}
			var got []string
			for _, e := range stats.BadLines {
				got = append(got, e.Error())
			}
			if diff := cmp.Diff(tc.bad, got); diff != "" {
				t.Errorf("bad (-want +got):\n%s", diff)
			}
		})
	}
}

// TestJSONForms reads documents that are laid out in other ways.
func TestJSONForms(t *testing.T) {
	one, two := `{"message":`+quoted(t, accept)+`}`, `{"message":`+quoted(t, reject)+`}`
	for name, data := range map[string]string{
		"an array in each line": "[" + one + "]\n[" + two + "]\n",
		"an array over lines":   "[\n" + one + "\n,\n" + two + "\n]\n",
		"commas":                one + ",\n" + two,
		"glued":                 one + two,
		"escapes":               strings.ReplaceAll(one, " ", `\u0020`) + two,
		"other members":         `{"a":{"message":"x"},"b":["{"],` + one[1:] + two,
	} {
		t.Run(name, func(t *testing.T) {
			batches, stats, err := decode(t, []byte(data), flowlog.Options{})
			if err != nil || stats.Bad > 0 {
				t.Fatalf("bad %v, error %v", stats.BadLines, err)
			}
			if diff := cmp.Diff([]string{accept, reject}, texts(batches, flowlog.DefaultFormat(flowlog.KindVPC))); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoJSONDocuments checks that objects without any record are no flow log,
// whatever JSON they are.
func TestNoJSONDocuments(t *testing.T) {
	for name, data := range map[string]string{
		"texts":     `["a","b"]`,
		"numbers":   "[1, 2, 3]",
		"log lines": "[2024-01-01 10:00:00] INFO started\n[2024-01-01 10:00:01] INFO stopped\n",
		"other":     `{"Records":[{"eventVersion":"1.08"}]}`,
		"many":      strings.Repeat(`{"eventVersion":"1.08"}`+"\n", 1000),
		"no JSON":   "{this is not JSON}",
	} {
		t.Run(name, func(t *testing.T) {
			_, stats, err := decode(t, []byte(data), flowlog.Options{})
			if !errors.Is(err, flowlog.ErrNotFlowLog) || stats.Records > 0 || stats.Bad > 0 {
				t.Errorf("%d records, %d bad, error %v", stats.Records, stats.Bad, err)
			}
		})
	}
	// Documents without events are of CloudWatch Logs all the same.
	for _, data := range []string{"[]", `{"events":[]}`, `{"messageType":"DATA_MESSAGE","logEvents":[]}`, `{"messageType":"CONTROL_MESSAGE"}`} {
		if _, stats, err := decode(t, []byte(data), flowlog.Options{}); err != nil || stats.Records+stats.Bad > 0 {
			t.Errorf("%s: %d records, %d bad, error %v", data, stats.Records, stats.Bad, err)
		}
	}
}
