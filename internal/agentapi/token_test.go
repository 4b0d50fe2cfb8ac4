package agentapi

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

const secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestToken(t *testing.T) {
	made := &Token{Pin: Pin{1, 2, 31: 3}, ID: "0123456789abcdef", Secret: secret}
	got, err := ParseToken("\n " + made.String() + "\n")
	if err != nil || *got != *made {
		t.Fatalf("%+v: %v", got, err)
	}
	text := made.String()
	for _, bad := range []string{
		"", "weir-join", text[:len(text)-1], text + "A", text + ".A", strings.Replace(text, "weir-join", "weir", 1), strings.Replace(text, ".0", ".X", 1),
		strings.Replace(text, ".", "", 1), strings.ToUpper(text), strings.Replace(text, secret, strings.Repeat("+", 43), 1),
	} {
		if _, err := ParseToken(bad); err == nil || len(bad) > 20 && strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestParseServer(t *testing.T) {
	for text, want := range map[string]string{
		"https://weir.example.net:8789": "https://weir.example.net:8789", "https://WEIR:1/": "https://weir:1", "https://[::1]:8789": "https://[::1]:8789", "https://10.0.0.1": "https://10.0.0.1",
		"http://weir:8789": "", "weir:8789": "", "https://": "", "https://u:p@weir": "", "https://weir/x": "", "https://weir?x": "", "https://weir:x": "", "": "",
	} {
		if got, err := ParseServer(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// FuzzParseToken looks for a text that is taken for a token, and is printed otherwise.
func FuzzParseToken(f *testing.F) {
	f.Add((&Token{Pin: Pin{9}, ID: "0123456789abcdef", Secret: secret}).String())
	f.Add("weir-join...")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := ParseToken(text)
		if err == nil && token.String() != strings.TrimSpace(text) {
			t.Errorf("%q is %q", text, token)
		}
	})
}

// FuzzDecode looks for a policy that is taken and is not the same when it is written and read again.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"generation":1,"digest":"a","network":"vpcs: {}","flow_logs":[{"id":"fl-1","interval":60,"tag_fields":[{"resource_type":"instance","keys":["a"]}]}]}`))
	f.Add([]byte(`{"generation":1} {}`))
	f.Add([]byte(`{"other":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Policy
		if err := Decode(data, &p); err != nil {
			return
		}
		text, err := json.Marshal(&p)
		if err != nil {
			t.Fatal(err)
		}
		var again Policy
		if err := Decode(text, &again); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if twice, err := json.Marshal(&again); err != nil || !bytes.Equal(text, twice) {
			t.Errorf("%s becomes %s: %v", text, twice, err)
		}
	})
}

func TestDecode(t *testing.T) {
	var p Policy
	for text, want := range map[string]string{
		`{"generation":1} `:          "",
		`{"generation":1} {}`:        "not what is expected: something follows the value",
		`{"generation":1,"other":2}`: `not what is expected: json: unknown field "other"`,
		``:                           "not what is expected: EOF",
	} {
		if err := Decode([]byte(text), &p); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
