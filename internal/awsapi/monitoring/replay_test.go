package monitoring

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/internal/awsapi/awsapitest"
)

// replay asks for an operation in a protocol and returns the answer's members. What XML does not tell (numbers, lists) is taken from a recorded
// answer that is like it.
func replay(t *testing.T, api *API, protocol, operation string, in object, like any) any {
	t.Helper()
	got := ask(t, api, protocol, operation, in)
	if got.status != http.StatusOK {
		t.Fatalf("%s, %s: %d %s", operation, protocol, got.status, got.body)
	}
	if protocol == "query" {
		var root element
		if err := xml.Unmarshal(got.body, &root); err != nil {
			t.Fatal(err)
		}
		for _, e := range root.Elements {
			if e.XMLName.Local == operation+"Result" {
				return e.tree(like)
			}
		}
		return object{}
	}
	return answerMembers(t, protocol, got.body)
}

// answerMembers reads the body of an answer, or an error, in JSON or CBOR.
func answerMembers(t *testing.T, protocol string, body []byte) object {
	t.Helper()
	if protocol == "smithy-rpc-v2-cbor" {
		body = awsapitest.FromCBOR(t, protocol, body)
	}
	out := object{}
	if err := json.Unmarshal(body, &out); err != nil && len(body) > 0 {
		t.Fatal(err)
	}
	return out
}

// An element is one of XML.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Elements []element `xml:",any"`
}

func (e element) tree(like any) any {
	switch like := like.(type) {
	case []any:
		out := []any{}
		for i, member := range e.Elements {
			var of any
			if len(like) > 0 {
				of = like[min(i, len(like)-1)]
			}
			out = append(out, member.tree(of))
		}
		return out
	case float64:
		if f, err := strconv.ParseFloat(e.Text, 64); err == nil {
			return f
		}
	case bool:
		return e.Text == "true"
	}
	of, _ := like.(object)
	if len(e.Elements) == 0 && (of == nil || e.Text != "") {
		return e.Text
	}
	out := object{}
	for _, member := range e.Elements {
		out[member.XMLName.Local] = member.tree(of[member.XMLName.Local])
	}
	return out
}

// A record compares answers with recorded ones, in which values are masked: "<alarm-name:1>" stands for the same text wherever it is.
type record struct {
	t    *testing.T
	what string
	of   map[string]string
}

var masked = regexp.MustCompile(`<[a-zA-Z][^<>]*>`)

func (r *record) compare(path string, want, got any) {
	r.t.Helper()
	if text, ok := got.(string); ok { // documents in texts were recorded as what they say
		switch want.(type) {
		case object, []any:
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				r.t.Errorf("%s: %s is no JSON: %q", r.what, path, text)
				return
			}
		}
	}
	switch want := want.(type) {
	case object:
		have, ok := got.(object)
		if !ok {
			r.t.Errorf("%s: %s is %v, not %v", r.what, path, got, want)
			return
		}
		names := maps.Clone(want)
		maps.Copy(names, have)
		delete(names, "ResponseMetadata")
		for _, name := range slices.Sorted(maps.Keys(names)) {
			w, recorded := want[name]
			g, answered := have[name]
			if !recorded || !answered {
				r.t.Errorf("%s: %s.%s: recorded %v (%t), answered %v (%t)", r.what, path, name, w, recorded, g, answered)
				continue
			}
			r.compare(path+"."+name, w, g)
		}
	case []any:
		have, ok := got.([]any)
		if !ok || len(have) != len(want) {
			r.t.Errorf("%s: %s is %v, not %v", r.what, path, got, want)
			return
		}
		for i := range want {
			r.compare(path+"."+strconv.Itoa(i), want[i], have[i])
		}
	case string:
		r.text(path, want, fmt.Sprint(got))
	default:
		if want != got {
			r.t.Errorf("%s: %s is %v, not %v", r.what, path, got, want)
		}
	}
}

func (r *record) text(path, want, got string) {
	r.t.Helper()
	if want == "timestamp" || want == "date" {
		return
	}
	var names []string
	want = strings.ReplaceAll(want, "111111111111", "<account>")
	var pattern strings.Builder
	pattern.WriteString("^")
	for rest := want; ; {
		at := masked.FindStringIndex(rest)
		if at == nil {
			pattern.WriteString(regexp.QuoteMeta(rest) + "$")
			break
		}
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]) + "(.+?)")
		names = append(names, rest[at[0]:at[1]])
		rest = rest[at[1]:]
	}
	found := regexp.MustCompile(pattern.String()).FindStringSubmatch(got)
	if found == nil {
		r.t.Errorf("%s: %s is %q, not %q", r.what, path, got, want)
		return
	}
	for i, name := range names {
		if had, ok := r.of[name]; ok && had != found[i+1] && !strings.HasPrefix(name, "<state-reason") {
			r.t.Errorf("%s: %s is %q for %s, which was %q", r.what, path, found[i+1], name, had)
		}
		r.of[name] = found[i+1]
	}
}

// unescaped returns a text of XML.
func unescaped(text string) string {
	var out string
	if xml.Unmarshal([]byte("<t>"+text+"</t>"), &out) != nil {
		return text
	}
	return out
}
