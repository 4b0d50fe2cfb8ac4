package awsapi

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/google/go-cmp/cmp"
)

// An inner is part of an outer.
type inner struct {
	When Time `json:"When"`
}

// An outer has a member of each kind that answers have.
type outer struct {
	inner
	Name    string             `json:"Name"`
	NotSet  []string           `json:"NotSet,omitzero"`
	Set     []string           `json:"Set,omitzero"`
	Absent  string             `json:"Absent,omitempty"`
	None    []string           `json:"None,omitempty"`
	Empty   []string           `json:"Empty"`
	On      bool               `json:"On"`
	Count   *int32             `json:"Count,omitempty"`
	Less    int64              `json:"Less"`
	Value   float64            `json:"Value"`
	Sums    map[string]float64 `json:"Sums"`
	Parts   []inner            `json:"Parts"`
	Unknown *Time              `json:"Unknown,omitempty"`
}

func example() *outer {
	return &outer{inner: inner{1_764_466_510_986}, Name: "<ä", Empty: []string{}, Set: []string{}, Count: new(int32(7)), Less: -300, Value: 21, Sums: map[string]float64{"p90": 1e7, "b": 0.25}, Parts: []inner{{1000}}}
}

// TestAnswers writes one answer in each protocol.
func TestAnswers(t *testing.T) {
	c := &Call{Service: &Service{Namespace: "urn:n"}, Operation: "Do", RequestID: "ID"}
	body := func(p protocol, out any) (*httptest.ResponseRecorder, string) {
		w := httptest.NewRecorder()
		if err := p.answer(w, c, out); err != nil {
			t.Fatal(err)
		}
		return w, w.Body.String()
	}
	_, got := body(json10, example())
	want := `{"When":1764466510.986,"Name":"<ä","Set":[],"Empty":[],"On":false,"Count":7,"Less":-300,"Value":21,"Sums":{"b":0.25,"p90":10000000},"Parts":[{"When":1}]}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, got = body(queryProtocol{}, example())
	want = `<DoResponse xmlns="urn:n"><DoResult><When>2025-11-30T01:35:10.986Z</When><Name>&lt;ä</Name><Set></Set><Empty></Empty><On>false</On><Count>7</Count><Less>-300</Less><Value>21.0</Value>` +
		`<Sums><entry><key>b</key><value>0.25</value></entry><entry><key>p90</key><value>1.0E7</value></entry></Sums><Parts><member><When>1970-01-01T00:00:01Z</When></member></Parts>` +
		`</DoResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></DoResponse>`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, got = body(cborProtocol{}, example())
	tree, err := cbor.Decode([]byte(got))
	if err != nil {
		t.Fatal(err)
	}
	when := func(seconds float64) cbor.Value { return &cbor.Tag{ID: 1, Value: cbor.Float64(seconds)} }
	wantCBOR := cbor.Map{
		"When": when(1764466510.986), "Name": cbor.String("<ä"), "Empty": cbor.List{}, "Set": cbor.List{}, "On": cbor.Bool(false), "Count": cbor.Uint(7), "Less": cbor.NegInt(300),
		"Value": cbor.Float64(21), "Sums": cbor.Map{"b": cbor.Float64(0.25), "p90": cbor.Float64(1e7)}, "Parts": cbor.List{cbor.Map{"When": when(1)}},
	}
	if diff := cmp.Diff(cbor.Value(wantCBOR), tree); diff != "" {
		t.Error(diff)
	}
	if w, got := body(cborProtocol{}, nil); got != "" || w.Header().Get("Content-Type") != "" || w.Header().Get("Smithy-Protocol") != "rpc-v2-cbor" {
		t.Errorf("an answer without a body: %q %v", got, w.Header())
	}
}

// TestErrorNames answers with an error whose name is not its code.
func TestErrorNames(t *testing.T) {
	c := &Call{Service: &Service{Namespace: "urn:n", QueryCodes: map[string]string{"WrongException": "Wrong"}, ErrorType: func(code string) string {
		if code == "WrongException" {
			return "com.example#" + code
		}
		return code
	}}, RequestID: "ID"}
	for _, tt := range []struct {
		protocol protocol
		e        *Error
		want     string
	}{
		{json10, Errorf("WrongException", "no"), `{"__type":"com.example#WrongException","message":"no"}`},
		{json10, &Error{Code: "Gone"}, `{"__type":"Gone"}`},
		{queryProtocol{}, Errorf("WrongException", "no"), `<ErrorResponse xmlns="urn:n"><Error><Type>Sender</Type><Code>Wrong</Code><Message>no</Message></Error><RequestId>ID</RequestId></ErrorResponse>`},
		{queryProtocol{}, &Error{Code: "Gone"}, `<ErrorResponse xmlns="urn:n"><Error><Type>Sender</Type><Code>Gone</Code></Error><RequestId>ID</RequestId></ErrorResponse>`},
		{cborProtocol{}, &Error{Code: "Gone", Members: map[string]any{"limit": 3}}, fmt.Sprint(cbor.Map{"__type": cbor.String("Gone"), "limit": cbor.Uint(3)})},
		{cborProtocol{}, Errorf("WrongException", "no"), fmt.Sprint(cbor.Map{"__type": cbor.String("com.example#WrongException"), "message": cbor.String("no")})},
	} {
		w := httptest.NewRecorder()
		tt.protocol.fail(w, c, 400, tt.e)
		got := w.Body.String()
		if _, ok := tt.protocol.(cborProtocol); ok { // maps have no order
			tree, err := cbor.Decode([]byte(got))
			if err != nil {
				t.Fatal(err)
			}
			got = fmt.Sprint(tree)
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		if name := w.Header().Get("X-Amzn-Errortype"); strings.Contains(name, "#") || strings.Contains(tt.want, "#Wrong") && tt.protocol == json10 && name != "WrongException" {
			t.Errorf("the header has %q", name)
		}
	}
}

// TestSmallPaths writes members in errors as services of an older kind do, and takes a list that clients of AWS Query write as nothing.
func TestSmallPaths(t *testing.T) {
	type query struct {
		Parts []struct {
			Size string `json:"PartSize" required:"true"`
		} `json:"TheParts"`
	}
	tree, loose, err := queryProtocol{}.tree([]byte("TheParts.member.1.Other=1"))
	if err != nil {
		t.Fatal(err)
	}
	err = decodeTree(tree, new(query), decoder{loose: loose, small: true})
	if err == nil || err.Error() != "1 validation error detected: Value null at 'theParts.1.member.partSize' failed to satisfy constraint: Member must not be null" {
		t.Error(err)
	}
	var got query
	if err := decodeTree(map[string]any{"TheParts": ""}, &got, decoder{loose: true}); err != nil || got.Parts == nil || len(got.Parts) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

// FuzzTime: what is read as a time is written and read as the same.
func FuzzTime(f *testing.F) {
	f.Add("2025-11-30T01:35:10.986Z")
	f.Add("9999-12-31T23:59:59+01:00")
	f.Fuzz(func(t *testing.T, text string) {
		var got, again, read Time
		if err := decodeTime(text, reflect.ValueOf(&got).Elem(), "t", true); err != nil {
			return
		}
		// By its offset a time may be beyond the years that the form has.
		within := got >= -62_167_219_200_000 && got <= maxTime*1000
		if err := decodeTime(got.String(), reflect.ValueOf(&again).Elem(), "t", true); within && (err != nil || again != got) {
			t.Fatalf("%s is %s, which is %s (%v)", text, got, again, err)
		}
		raw, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &read); err != nil || read != got {
			t.Fatalf("%s is %d, not %d (%v)", raw, read, got, err)
		}
	})
}

// TestDecimals writes numbers as Java does.
func TestDecimals(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 1: "1.0", -21.5: "-21.5", 0.001: "0.001", 0.00012: "1.2E-4", 9_999_999: "9999999.0", 1e7: "1.0E7", 123_456_789.5: "1.234567895E8",
		math.MaxFloat64: "1.7976931348623157E308", -1e21: "-1.0E21",
	} {
		if got := Decimal(f); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
