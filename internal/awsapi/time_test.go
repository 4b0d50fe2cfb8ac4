package awsapi

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dated is a request and an answer with a time.
type dated struct {
	At    Time    `json:"At"`
	Until *Time   `json:"Until,omitempty"`
	Size  *Double `json:"Size,omitempty"`
}

// TestTimesOfProtocols reads and writes times in the form of each protocol.
func TestTimesOfProtocols(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    protocol
		body string
		want Time // -1: refused
	}{
		{"JSON", json10, `{"At":1767225600}`, 1_767_225_600_000},
		{"JSON with milliseconds", json10, `{"At":1767225600.5}`, 1_767_225_600_500},
		{"JSON with an exponent", json10, `{"At":1.7672256E9}`, 1_767_225_600_000},
		{"JSON of a text", json10, `{"At":"2026-01-01T00:00:00Z"}`, -1},
		{"JSON of a list", json10, `{"At":[]}`, -1},
		{"JSON of milliseconds", json10, `{"At":1767225600000}`, -1},
		{"Query", queryProtocol{}, "At=2026-01-01T00%3A00%3A00Z", 1_767_225_600_000},
		{"Query with a zone", queryProtocol{}, "At=2026-01-01T01%3A00%3A00.25%2B01%3A00", 1_767_225_600_250},
		{"Query of seconds", queryProtocol{}, "At=1767225600", -1},
		{"Query of no time", queryProtocol{}, "At=2026-13-01T00%3A00%3A00Z", -1},
		{"CBOR", cborProtocol{}, "\xa1\x62At\xc1\xfb\x41\xda\x55\x6e\x60\x20\x00\x00", 1_767_225_728_500},
		{"CBOR of a whole number", cborProtocol{}, "\xa1\x62At\xc1\x1a\x69\x55\xb9\x80", 1_767_225_728_000},
		{"CBOR of no number", cborProtocol{}, "\xa1\x62At\xc1\xf9\x7e\x00", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree, loose, err := tt.p.tree([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			var got dated
			err = decodeTree(tree, &got, decoder{loose: loose})
			if wrong := new(Error); tt.want < 0 {
				if !errors.As(err, &wrong) || wrong.Code != "SerializationException" {
					t.Errorf("got %v, %v", got.At, err)
				}
				return
			}
			if err != nil || got.At != tt.want {
				t.Errorf("got %d, %v", got.At, err)
			}
		})
	}
	until := Time(1_767_225_600_250)
	raw, err := json.Marshal(dated{1_767_225_600_000, &until, nil})
	if want := `{"At":1767225600,"Until":1767225600.25}`; err != nil || string(raw) != want {
		t.Errorf("in JSON %s, %v", raw, err)
	}
	var again dated
	if err := json.Unmarshal(raw, &again); err != nil || !cmp.Equal(again, dated{1_767_225_600_000, &until, nil}) {
		t.Errorf("read again it is %v, %v", again, err)
	}
	if err := json.Unmarshal([]byte(`{"At":"x"}`), &again); err == nil {
		t.Error("a text is a time")
	}
	if got := until.String(); got != "2026-01-01T00:00:00.25Z" {
		t.Errorf("it is shown as %s", got)
	}
}

// TestDoubles reads numbers that JSON lacks, where an operation asks for them.
func TestDoubles(t *testing.T) {
	for text, want := range map[string]float64{`"NaN"`: math.NaN(), `"Infinity"`: math.Inf(1), `"-Infinity"`: math.Inf(-1), `1e3`: 1000} {
		var got dated
		if err := Decode([]byte(`{"Size":`+text+`}`), &got, nil); err != nil || float64(*got.Size) != want && !math.IsNaN(want) || math.IsNaN(want) != math.IsNaN(float64(*got.Size)) {
			t.Errorf("%s: %v, %v", text, got.Size, err)
		}
		var plain struct {
			Size float64 `json:"Size"`
		}
		if err := Decode([]byte(`{"Size":`+text+`}`), &plain, nil); (err == nil) != (want == 1000) {
			t.Errorf("%s as another number: %v, %v", text, plain.Size, err)
		}
	}
}
