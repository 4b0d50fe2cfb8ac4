package awsapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/google/go-cmp/cmp"
)

func TestCBOR(t *testing.T) {
	tests := []struct {
		name, body string
		want       map[string]any // nil: refused
	}{
		{"a map", "\xa2\x61a\x18\x64\x61b\x38\x63", map[string]any{"a": json.Number("100"), "b": json.Number("-100")}},
		{"of indefinite length", "\xbf\x61a\x9f\x01\xf5\xf6\xff\xff", map[string]any{"a": []any{json.Number("1"), true, nil}}},
		{"a time", "\xa1\x61t\xc1\xfb\x41\xda\x00\x00\x00\x00\x00\x00", map[string]any{"t": json.Number("1.744830464e+09")}},
		{"numbers of 16 and 32 bits", "\xa3\x61a\xf9\x3e\x00\x61b\xfa\xbf\xc0\x00\x00\x61c\xf9\x00\x01", map[string]any{"a": json.Number("1.5"), "b": json.Number("-1.5"), "c": json.Number("5.960464477539063e-08")}},
		{"a text", "\xa1\x61a\x62\xc3\xa4", map[string]any{"a": "ä"}},
		{"nothing", "", nil},
		{"a list", "\x80", nil},
		{"more behind it", "\xa0\x00", nil},
		{"not UTF-8", "\xa1\x61a\x61\xff", nil},
		{"bytes", "\xa1\x61a\x41a", nil},
		{"infinite", "\xa3\x61a\xf9\x7c\x00\x61b\xf9\xfc\x00\x61c\xf9\x7e\x00", map[string]any{"a": "Infinity", "b": "-Infinity", "c": "NaN"}},
		{"a key that is no text", "\xa1\x01\x01", nil},
		{"a length that is none", "\xa1\x61a\x7b\xff\xff\xff\xff\xff\xff\xff\xff", nil},
		{"a list that is longer than it", "\xa1\x61a\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01", nil},
		{"too deep", "\xa1\x61a" + string(bytes.Repeat([]byte{0x81}, 100)) + "\x01", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := cborProtocol{}.tree([]byte(tt.body))
			if (err != nil) != (tt.want == nil) && tt.body != "" {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// numbers makes json.Number, as which numbers are read, the numbers that are written.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = numbers(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = numbers(e)
		}
		return out
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64() // it was read
		return f
	}
	return v
}

// FuzzCBOR: what is read is written as what AWS's SDK for Go and we read as the same.
func FuzzCBOR(f *testing.F) {
	f.Add([]byte("\xbf\x61a\x9f\x01\xf5\xf6\xff\x61b\xfb\x41\xda\x00\x00\x00\x00\x00\x00\xff"))
	f.Add(cbor.Encode(cbor.Map{"a": cbor.List{cbor.String("x"), cbor.Uint(300)}, "b": cbor.NegInt(70_000)}))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, _, err := cborProtocol{}.tree(body)
		if err != nil {
			return
		}
		written := appendCBOR(nil, reflect.ValueOf(numbers(got)))
		again, _, err := cborProtocol{}.tree(written)
		if diff := cmp.Diff(got, again); err != nil || got != nil && diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
		if _, err := cbor.Decode(written); err != nil && len(body) > 0 {
			t.Fatalf("the SDK does not read it: %v", err)
		}
	})
}

func TestForms(t *testing.T) {
	const form = "Action=A&Version=1&name=a&list.member.2=b&list.member.1=a&parts.member.1.size=3&count=7&on=true&weight=-1.5&big=10&tags.entry.1.key=k&tags.entry.1.value=v"
	tree, loose, err := queryProtocol{}.tree([]byte(form))
	if err != nil {
		t.Fatal(err)
	}
	var got thing
	err = decodeTree(tree, &got, decoder{shapes: testShapes, loose: loose})
	want := thing{Name: "a", Count: 7, Weight: new(-1.5), Big: 10, On: true, List: []string{"a", "b"}, Tags: map[string]string{"k": "v"}, Parts: []part{{new(int64(3))}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(thing{})); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, bad := range []string{"count=x", "count=", "on=1", "list=a", "name.member.1=a", "parts.member.1=x", "inner=%ff", "%ff=a", "list.member.1=a&list.member.01=b", "tags.entry.1.key=a&tags.entry.1.value=b&tags.entry.2.key=a&tags.entry.2.value=c"} {
		tree, loose, err := queryProtocol{}.tree([]byte("name=a&" + bad))
		if err == nil {
			err = decodeTree(tree, new(thing), decoder{shapes: testShapes, loose: loose})
		}
		if err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// FuzzForm: any form is read or refused, and what is accepted has the shapes.
func FuzzForm(f *testing.F) {
	f.Add([]byte("Action=A&name=a&list.member.2=b&list.member.1=a&parts.member.1.size=3&count=7&on=true"))
	f.Fuzz(func(t *testing.T, body []byte) {
		tree, loose, err := queryProtocol{}.tree(body)
		if err != nil {
			return
		}
		var got thing
		if err := decodeTree(tree, &got, decoder{shapes: testShapes, loose: loose}); err != nil {
			return
		}
		if got.Name == "" || len(got.Name) > 8 || got.Count < 0 || got.Count > 50 || len(got.List) > 2 {
			t.Fatalf("%q is read as %+v", body, got)
		}
	})
}
