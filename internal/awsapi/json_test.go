package awsapi

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"testing/quick"

	"github.com/google/go-cmp/cmp"
)

// A JSONPart is exported for package quick, which sets it where it is embedded.
type JSONPart struct {
	Text  string             `json:"Text"`
	Given *float64           `json:"Given"`
	Maybe *float64           `json:"Maybe,omitempty"`
	Many  []float64          `json:"Many"`
	Named map[string]float64 `json:"Named,omitempty"`
}

type jsonWhole struct {
	JSONPart
	At     Time       `json:"At"`
	Count  int32      `json:"Count"`
	Set    bool       `json:"Set"`
	Double float64    `json:"Double"`
	Parts  []JSONPart `json:"Parts"`
	Texts  []string   `json:"Texts,omitempty"`
}

// TestDoubleJSON compares what is written of random answers with what encoding/json writes, as JSON.
func TestDoubleJSON(t *testing.T) {
	same := func(in jsonWhole) bool {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(in); err != nil {
			t.Fatal(err)
		}
		got, err := doubleJSON(&in)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if json.Unmarshal(want.Bytes(), &a) != nil || json.Unmarshal(got, &b) != nil {
			t.Errorf("encoding/json writes %s, and this %s", &want, got)
			return false
		}
		diff := cmp.Diff(a, b)
		return diff == ""
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
}

// TestDoubleJSONText is the text of numbers, and of what is not there.
func TestDoubleJSONText(t *testing.T) {
	one := 1.0
	for _, tt := range []struct {
		in   any
		want string
	}{
		{struct{}{}, `{}`},
		{JSONPart{}, `{"Text":"","Given":null,"Many":null}`},
		{&JSONPart{Text: "<é\n\">", Given: &one, Maybe: &one, Many: []float64{}, Named: map[string]float64{"p99": 2, "a": 0.5}}, `{"Text":"<é\n\">","Given":1.0,"Maybe":1.0,"Many":[],"Named":{"a":0.5,"p99":2.0}}`},
		{struct {
			N int64   `json:"N"`
			F float64 `json:"F"`
		}{30, 30}, `{"N":30,"F":30.0}`},
		{[]float64{0, -3, 0.25, 1e20, 1e21, -1e-7, math.MaxFloat64}, `[0.0,-3.0,0.25,100000000000000000000.0,1e+21,-1e-07,1.7976931348623157e+308]`},
		{[]float64{math.NaN(), math.Inf(1), math.Inf(-1)}, `["NaN","Infinity","-Infinity"]`},
	} {
		if got, err := doubleJSON(tt.in); err != nil || string(got) != tt.want {
			t.Errorf("%+v: %s, %v, want %s", tt.in, got, err, tt.want)
		}
	}
}
