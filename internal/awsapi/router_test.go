package awsapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type key struct{ actions string }

func (key) AccessKeyID() string         { return "WEIRTEST" }
func (k key) Allows(action string) bool { return k.actions == "" || k.actions == action }

// auth accepts requests with an Authorization header, which says what is allowed.
type auth struct{ sawBody *[]byte }

func (auth) Screen(*http.Request, string) error { return nil }

func (a auth) Authenticate(r *http.Request, body []byte, service string) (Identity, error) {
	h, ok := r.Header["Authorization"]
	if !ok {
		return nil, &Error{Code: "MissingAuthenticationTokenException", Status: http.StatusForbidden, Message: "no signature for " + service}
	}
	if a.sawBody != nil {
		*a.sawBody = bytes.Clone(body)
	}
	return key{h[0]}, nil
}

type thing struct {
	Name   string            `json:"name" required:"true" shape:"name"`
	Count  int32             `json:"count" shape:"count"`
	Weight *float64          `json:"weight"`
	Big    int64             `json:"big"`
	On     bool              `json:"on"`
	Colour string            `json:"colour" shape:"colour"`
	List   []string          `json:"list" shape:"list" each:"name"`
	Tags   map[string]string `json:"tags" keys:"name" each:"name"`
	Parts  []part            `json:"parts"`
	embedded
}

type embedded struct {
	Inner string `json:"inner"`
}

type part struct {
	Size *int64 `json:"size" required:"true" shape:"count"`
}

type echo struct {
	Got thing `json:"got"`
}

var testShapes = Shapes{
	"name":   {Min: 1, Max: 8, Pattern: `[a-z]+`},
	"count":  {Min: 1, Max: 50},
	"colour": {Enum: []string{"RED", "BLUE"}},
	"list":   {Max: 2},
}.Compile()

func testRouter(a auth) *Router {
	return NewRouter(a, slog.New(slog.DiscardHandler), &Service{
		Name: "things", Target: "Things_2026", Shapes: testShapes, InvalidCode: "InvalidParameterException", Unavailable: "ServiceUnavailableException",
		Operations: map[string]Operation{
			"Echo":  Handle(func(_ context.Context, _ *Call, in *thing) (*echo, error) { return &echo{*in}, nil }),
			"Small": Handle(func(_ context.Context, _ *Call, in *thing) (*struct{}, error) { return nil, nil }).WithMaxBody(64),
			"Fail": Handle(func(context.Context, *Call, *struct{}) (*struct{}, error) {
				return nil, errors.New("secret of the disk")
			}),
			"Break": Handle(func(context.Context, *Call, *struct{}) (*struct{}, error) { panic("secret") }),
			"Refuse": Handle(func(context.Context, *Call, *struct{}) (*struct{}, error) {
				return nil, &Error{Code: "TooManyThings", Message: "no <more>", Members: map[string]any{"limit": 3}}
			}),
		},
	})
}

func post(t *testing.T, target, body string, change func(*http.Request)) (int, string, http.Header) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Authorization", "")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	testRouter(auth{}).ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRouter(t *testing.T) {
	gzipBody := func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }
	tests := []struct {
		name, target, body string
		change             func(*http.Request)
		status             int
		want               string
	}{
		{name: "an answer", target: "Things_2026.Small", body: `{"name":"a"}`, status: 200, want: ""},
		{name: "unknown members", target: "Things_2026.Small", body: `{"name":"a","Name":3,"other":[1]}`, status: 200, want: ""},
		{name: "an unknown operation", target: "Things_2026.Nothing", body: `{}`, status: 404, want: `{"__type":"UnknownOperationException","message":"the operation is not one that this server answers"}`},
		{name: "an unknown service", target: "Others.Echo", body: `{}`, status: 404, want: `{"__type":"UnknownOperationException","message":"the operation is not one that this server answers"}`},
		{name: "not a target", target: "Echo", body: `{}`, status: 404, want: `{"__type":"UnknownOperationException","message":"the operation is not one that this server answers"}`},
		{name: "not a POST", target: "Things_2026.Echo", change: func(r *http.Request) { r.Method = http.MethodGet }, status: 404, want: `{"__type":"UnknownOperationException","message":"the operation is not one that this server answers"}`},
		{name: "no signature", target: "Things_2026.Echo", body: `{}`, change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, want: `{"__type":"MissingAuthenticationTokenException","message":"no signature for things"}`},
		{name: "no signature for what is unknown", target: "Things_2026.Nothing", body: `{}`, change: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, want: `{"__type":"MissingAuthenticationTokenException","message":"no signature for things"}`},
		{name: "not allowed", target: "Things_2026.Echo", body: `{}`, change: func(r *http.Request) { r.Header.Set("Authorization", "things:Small") }, status: 403, want: `{"__type":"AccessDeniedException","message":"the access key WEIRTEST is not authorized to perform: things:Echo"}`},
		{name: "too large", target: "Things_2026.Small", body: `{"name":"` + strings.Repeat("a", 64) + `"}`, status: 413, want: `{"__type":"RequestEntityTooLargeException","message":"the body is larger than the 64 bytes that this operation may have"}`},
		{name: "too large without a length", target: "Things_2026.Small", body: `{"name":"` + strings.Repeat("a", 64) + `"}`, change: func(r *http.Request) { r.ContentLength = -1 }, status: 413, want: `{"__type":"RequestEntityTooLargeException","message":"the body is larger than the 64 bytes that this operation may have"}`},
		{name: "gzip", target: "Things_2026.Small", body: zipped(t, `{"name":"a"}`), change: gzipBody, status: 200, want: ""},
		{name: "gzip that is too large", target: "Things_2026.Small", body: zipped(t, strings.Repeat(" ", 1<<15)), change: gzipBody, status: 413, want: `{"__type":"RequestEntityTooLargeException","message":"the body is larger than the 64 bytes that this operation may have"}`},
		{name: "not gzip", target: "Things_2026.Small", body: `{"name":"a"}`, change: gzipBody, status: 400, want: `{"__type":"MalformedHttpRequestException","message":"the body is not gzip: gzip: invalid header"}`},
		{name: "gzip cut off", target: "Things_2026.Small", body: zipped(t, `{"name":"a"}`)[:20], change: gzipBody, status: 400, want: `{"__type":"MalformedHttpRequestException","message":"the body is not gzip: unexpected EOF"}`},
		{name: "another encoding", target: "Things_2026.Small", body: `{}`, change: func(r *http.Request) { r.Header.Set("Content-Encoding", "br") }, status: 415, want: `{"__type":"UnsupportedMediaTypeException","message":"the content encoding br is not supported; gzip is"}`},
		{name: "an error with members", target: "Things_2026.Refuse", body: ``, status: 400, want: `{"__type":"TooManyThings","limit":3,"message":"no \u003cmore\u003e"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, got, header := post(t, tt.target, tt.body, tt.change)
			if status != tt.status || got != tt.want {
				t.Errorf("got %d %s, want %d %s", status, got, tt.status, tt.want)
			}
			if len(header.Get("X-Amzn-Requestid")) != 36 || header.Get("Content-Type") != "application/x-amz-json-1.1" {
				t.Errorf("headers %v", header)
			}
			var e struct {
				Type string `json:"__type"`
			}
			if tt.status != 200 {
				if err := json.Unmarshal([]byte(got), &e); err != nil || header.Get("X-Amzn-Errortype") != e.Type {
					t.Errorf("error type %q in the header, %q in the body: %v", header.Get("X-Amzn-Errortype"), e.Type, err)
				}
			}
		})
	}
}

// What is no client's fault says nothing of its reason.
func TestRouterHidesFaults(t *testing.T) {
	for _, op := range []string{"Fail", "Break"} {
		status, got, _ := post(t, "Things_2026."+op, `{}`, nil)
		if status != 500 || strings.Contains(got, "secret") || !strings.Contains(got, `"__type":"ServiceUnavailableException"`) {
			t.Errorf("%s: %d %s", op, status, got)
		}
	}
}

// The signature is of the body as it was sent.
func TestRouterAuthenticatesWhatWasSent(t *testing.T) {
	var saw []byte
	sent := zipped(t, `{"name":"a"}`)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(sent))
	r.Header.Set("X-Amz-Target", "Things_2026.Echo")
	r.Header.Set("Authorization", "")
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	testRouter(auth{&saw}).ServeHTTP(w, r)
	if w.Code != 200 || string(saw) != sent {
		t.Errorf("status %d, authenticated %q of %q", w.Code, saw, sent)
	}
}

// TestPackedForms sends forms packed by gzip, as older SDKs do with large requests of PutMetricData, whose operation only the unpacked body tells.
func TestPackedForms(t *testing.T) {
	rt := NewRouter(grants(""), slog.New(slog.DiscardHandler), &Service{Name: "boxes", Version: "1", Operations: map[string]Operation{
		"Echo":  Handle(func(_ context.Context, _ *Call, in *lid) (*lid, error) { return in, nil }),
		"Small": Handle(func(context.Context, *Call, *lid) (*struct{}, error) { return nil, nil }).WithMaxBody(64),
	}})
	for body, want := range map[string]string{
		zipped(t, "Action=Echo&Version=1&Closed=true"):                            "<EchoResult><Closed>true</Closed></EchoResult>",
		zipped(t, "Action=Small&Version=1"):                                       "<SmallResponse",
		zipped(t, "Action=Small&Version=1&A="+strings.Repeat("a", 64)):            "RequestEntityTooLargeException",
		zipped(t, "Action=Echo&Version=1&A="+strings.Repeat("a", DefaultMaxBody)): "RequestEntityTooLargeException",
		zipped(t, "Action=Nothing&Version=1"):                                     "UnknownOperationException",
		"Action=Echo&Version=1":                                                   "MalformedHttpRequestException",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Content-Encoding", "gzip")
		r.Header.Set("Authorization", ec2Scope)
		w := httptest.NewRecorder()
		rt.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d %s\nwant %s", w.Code, w.Body, want)
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name, method, path string
		header             map[string]string
		want               bool
	}{
		{"a page", "GET", "/", nil, false},
		{"a form of the page", "POST", "/login", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, false},
		{"JSON", "POST", "/", map[string]string{"X-Amz-Target": "Logs_20140328.StartQuery"}, true},
		{"a signed GET", "GET", "/", map[string]string{"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, true},
		{"presigned", "GET", "/?X-Amz-Signature=1", nil, true},
		{"AWS Query", "POST", "/", map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, true},
		{"CBOR", "POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, nil)
			for k, v := range tt.header {
				r.Header.Set(k, v)
			}
			if got := testRouter(auth{}).Match(r); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, body string
		want       thing
		err        string
	}{
		{
			name: "all members", body: `{"name":"a","count":7,"weight":1.5,"big":9007199254740993,"on":true,"colour":"RED","list":["b"],"tags":{"k":"v"},"parts":[{"size":3}],"inner":"x"}`,
			want: thing{Name: "a", Count: 7, Weight: new(1.5), Big: 9007199254740993, On: true, Colour: "RED", List: []string{"b"}, Tags: map[string]string{"k": "v"}, Parts: []part{{new(int64(3))}}, embedded: embedded{"x"}},
		},
		{name: "null is absent", body: `{"name":"a","count":null}`, want: thing{Name: "a"}},
		{name: "whole numbers in other forms", body: `{"name":"a","big":1e3,"count":2.0}`, want: thing{Name: "a", Big: 1000, Count: 2}},
		{name: "the last of two", body: `{"name":"b","name":"a"}`, want: thing{Name: "a"}},
		{name: "members are told apart by case", body: `{"Name":"a"}`, err: "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{name: "nothing", body: ` `, err: "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{name: "too short", body: `{"name":""}`, err: "2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		{name: "too long", body: `{"name":"aaaaaaaaa"}`, err: "1 validation error detected: Value 'aaaaaaaaa' at 'name' failed to satisfy constraint: Member must have length less than or equal to 8"},
		{name: "a part that matches", body: `{"name":"a1"}`, err: "1 validation error detected: Value 'a1' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		{name: "a line more", body: `{"name":"a\n"}`, err: "1 validation error detected: Value 'a\n' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		{name: "several", body: `{"name":"a","count":51,"colour":"red"}`, err: "2 validation errors detected: Value '51' at 'count' failed to satisfy constraint: Member must have value less than or equal to 50; Value 'red' at 'colour' failed to satisfy constraint: Member must satisfy enum value set: [RED, BLUE]"},
		{name: "zero", body: `{"name":"a","count":0}`, err: "1 validation error detected: Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{name: "a list", body: `{"name":"a","list":["a","b","C"]}`, err: "2 validation errors detected: Value '[a, b, C]' at 'list' failed to satisfy constraint: Member must have length less than or equal to 2; Value '[a, b, C]' at 'list' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]+]"},
		{name: "keys of a map", body: `{"name":"a","tags":{"K":"v"}}`, err: "1 validation error detected: Value '{K=v}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]+]"},
		{name: "values of a map", body: `{"name":"a","tags":{"k":"V"}}`, err: "1 validation error detected: Value '{k=V}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must satisfy regular expression pattern: [a-z]+]"},
		{name: "a member of an element", body: `{"name":"a","parts":[{"size":1},{}]}`, err: "1 validation error detected: Value null at 'parts.2.member.size' failed to satisfy constraint: Member must not be null"},
		{name: "a null element", body: `{"name":"a","list":[null]}`, err: "2 validation errors detected: Value null at 'list.1.member' failed to satisfy constraint: Member must not be null; Value '[]' at 'list' failed to satisfy constraint: Member must satisfy constraint: [Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-z]+]"},
		{name: "a number for a text", body: `{"name":1}`, err: "SerializationException: NUMBER_VALUE can not be converted to a String, at 'name'"},
		{name: "a text for a number", body: `{"name":"a","count":"1"}`, err: "SerializationException: STRING_VALUE can not be converted to a Integer, at 'count'"},
		{name: "a text for a boolean", body: `{"name":"a","on":"true"}`, err: "SerializationException: STRING_VALUE can not be converted to a Boolean, at 'on'"},
		{name: "a boolean for a number", body: `{"name":"a","weight":true}`, err: "SerializationException: TRUE_VALUE can not be converted to a Double, at 'weight'"},
		{name: "an object for a list", body: `{"name":"a","list":{}}`, err: "SerializationException: START_OBJECT can not be converted to a list, at 'list'"},
		{name: "a list for an object", body: `{"name":"a","parts":[[]]}`, err: "SerializationException: START_ARRAY can not be converted to a structure, at 'parts.1.member'"},
		{name: "a list for a map", body: `{"name":"a","tags":[]}`, err: "SerializationException: START_ARRAY can not be converted to a map, at 'tags'"},
		{name: "a fraction", body: `{"name":"a","count":1.5}`, err: "SerializationException: 1.5 is not a Integer, at 'count'"},
		{name: "too large a number", body: `{"name":"a","count":3000000000}`, err: "SerializationException: 3000000000 is out of the range of a Integer, at 'count'"},
		{name: "not an object", body: `[]`, err: "SerializationException: START_ARRAY can not be converted to a structure"},
		{name: "not JSON", body: `{"name":}`, err: "SerializationException: the body is not JSON: invalid character '}' looking for beginning of value, at byte 9"},
		{name: "cut off", body: `{"name":"a`, err: "SerializationException: the body is not JSON: it ends too early"},
		{name: "more behind it", body: `{"name":"a"} {}`, err: "SerializationException: the body is not JSON: there is more behind the object, at byte 14"},
		{name: "not UTF-8", body: "{\"name\":\"\xff\"}", err: "SerializationException: the body is not UTF-8"},
		{name: "many commas in a text", body: `{"name":"a","other":"\\\"` + strings.Repeat(",", 100_001) + `"}`, want: thing{Name: "a"}},
		{name: "many values", body: `{"name":"a","other":[` + strings.Repeat("{},", 50_000) + `{}]}`, err: "SerializationException: the body has more than 100000 values"},
		{name: "too deep", body: strings.Repeat(`{"a":`, 20_000), err: "SerializationException: the body is not JSON: invalid character '{' exceeded max depth, at byte 50001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got thing
			err := Decode([]byte(tt.body), &got, testShapes)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(tt.err, text); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(thing{})); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzDecode: any body is decoded or refused, and what is accepted has the shapes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"a","count":7,"weight":1.5,"on":true,"list":["b"],"tags":{"k":"v"},"parts":[{"size":3}]}`))
	f.Add([]byte(`{"name":1e400,"count":-0}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var got thing
		if err := Decode(body, &got, testShapes); err != nil {
			if wrong, invalid := new(Error), new(Invalid); !errors.As(err, &wrong) && !errors.As(err, &invalid) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if got.Name == "" || len(got.Name) > 8 || got.Count < 0 || got.Count > 50 || len(got.List) > 2 {
			t.Fatalf("accepted %+v", got)
		}
	})
}
