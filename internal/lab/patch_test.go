package lab

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// TestPatched has the cases of RFC 7396, Appendix A, whose documents and patches are objects.
func TestPatched(t *testing.T) {
	for _, tc := range []struct{ document, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		var patch, want, got map[string]any
		if err := errors.Join(yaml.Load([]byte(tc.patch), &patch), yaml.Load([]byte(tc.want), &want)); err != nil {
			t.Fatal(err)
		}
		out, err := patched("x", []byte(tc.document), patch)
		if err == nil {
			err = yaml.Load(out, &got)
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s and %s: %v %s", tc.document, tc.patch, err, diff)
		}
	}
}

// FuzzPatched has a patch be in what it patches: to patch it again changes nothing, and what a patch does not name is as it was.
func FuzzPatched(f *testing.F) {
	f.Add([]byte(`{"a":{"b":"c"},"d":[1]}`), []byte(`{"a":{"b":null},"e":{"f":null,"g":"0123"}}`))
	f.Add([]byte(`{"account":"111122223333"}`), []byte(`{"x":{"y":{}}}`))
	f.Fuzz(func(t *testing.T, document, patch []byte) {
		var d, p map[string]any
		if json.Unmarshal(document, &d) != nil || json.Unmarshal(patch, &p) != nil {
			return
		}
		once, err := patched("x", document, p)
		if err != nil {
			return // what is JSON and no YAML, such as a key that is there twice
		}
		twice, err := patched("x", once, p)
		if err != nil || string(once) != string(twice) {
			t.Fatalf("%v: %s, and again %s", err, once, twice)
		}
		var was, is map[string]any
		if err := yaml.Load(document, &was); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Load(once, &is); err != nil {
			t.Fatal(err)
		}
		for key, value := range was {
			if _, ok := p[key]; !ok && !reflect.DeepEqual(value, is[key]) {
				t.Errorf("%s: %v was %v", key, is[key], value)
			}
		}
	})
}
