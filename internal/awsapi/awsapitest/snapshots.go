package awsapitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi"
)

// Requests returns the body of each request of a service, such as "athena", by the name of its operation: as JSON, also where the snapshots of a
// service are in CBOR, or as a form of AWS Query or EC2.
func Requests(t *testing.T, service string) map[string][]byte {
	t.Helper()
	return snapshots(t, service, "request")
}

// Responses reads answers as the snapshots have them into our own and writes them again: what we have has the same names, types and places.
// Operations without members in their answers are passed over; at least so many must be left.
func Responses(t *testing.T, service string, operations map[string]awsapi.Operation, least int) {
	t.Helper()
	compared := 0
	for name, body := range snapshots(t, service, "response") {
		op, ok := operations[name]
		if !ok || op.Out == nil || op.Out.NumField() == 0 {
			continue
		}
		ours := reflect.New(op.Out)
		if err := json.Unmarshal(body, ours.Interface()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := json.Marshal(ours.Interface())
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := errors.Join(json.Unmarshal(body, &want), json.Unmarshal(again, &got)); err != nil {
			t.Fatal(err)
		}
		compared++
		if diff := cmp.Diff(part(want, got), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if compared < least {
		t.Errorf("only %d answers", compared)
	}
}

func snapshots(t *testing.T, service, of string) map[string][]byte {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+service).Output()
	if err != nil {
		t.Fatal(err)
	}
	suffix := "." + of + ".snap"
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), of+"_snapshot", "*"+suffix))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d snapshots: %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := bytes.Cut(raw, []byte("\n\n"))
		name := strings.TrimSuffix(filepath.Base(f), suffix)
		if _, rest, ok := bytes.Cut(raw, []byte("Smithy-Protocol: rpc-v2-cbor\n")); ok {
			_, body, _ = bytes.Cut(rest, []byte("\n\n")) // behind the other headers
			out[name] = FromCBOR(t, name, body)
		} else if _, form, ok := bytes.Cut(raw, []byte("x-www-form-urlencoded\n\n")); ok {
			out[name] = bytes.TrimSpace(form)
		} else if i := bytes.IndexByte(body, '{'); i >= 0 {
			out[name] = body[i:]
		}
	}
	return out
}

// FromCBOR returns a body of CBOR as JSON, times as their numbers of seconds. The name is for errors.
func FromCBOR(t *testing.T, name string, body []byte) []byte {
	t.Helper()
	if len(body) == 0 {
		return []byte("{}")
	}
	tree, err := cbor.Decode(body)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	raw, err := json.Marshal(plain(tree))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return raw
}

// plain returns what encoding/json writes of a value.
func plain(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		out := map[string]any{}
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	case cbor.List:
		out := []any{}
		for _, e := range v {
			out = append(out, plain(e))
		}
		return out
	case *cbor.Tag:
		return plain(v.Value)
	case cbor.NegInt:
		return -int64(v)
	}
	return v
}

// part returns what of whole has the form of like.
func part(whole, like any) any {
	switch l := like.(type) {
	case map[string]any:
		w, ok := whole.(map[string]any)
		if !ok {
			return whole
		}
		out := map[string]any{}
		for k, v := range l {
			if have, ok := w[k]; ok {
				out[k] = part(have, v)
			}
		}
		return out
	case []any:
		w, ok := whole.([]any)
		if !ok || len(w) != len(l) {
			return whole
		}
		var out []any
		for i := range l {
			out = append(out, part(w[i], l[i]))
		}
		return out
	}
	return whole
}
