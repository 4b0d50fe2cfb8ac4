package sns

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"weir/internal/awsapi"
	"weir/internal/notify"
)

const (
	testAccount = "123456789012"
	testRegion  = "us-east-1"
	testURL     = "https://weir.example"
)

type object = map[string]any

// testServer answers requests of the test itself.
type testServer struct {
	t      testing.TB
	api    *API
	store  *notify.Store
	router *awsapi.Router
	topics map[string]string // ARNs by name
}

func newServer(t testing.TB, auth awsapi.Authenticator) *testServer {
	t.Helper()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	store, err := notify.Open(t.Context(), t.TempDir(), notify.Options{
		Account: testAccount, Region: testRegion, URL: testURL, Allow: []string{"127.0.0.0/8"}, Now: func() time.Time { return now },
		SMTP: &notify.SMTP{Address: "127.0.0.1:25", From: "weir@weir.example", TLS: "none"}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	s := &testServer{t: t, store: store, api: New(Options{Account: testAccount, Region: testRegion, Store: store}), topics: map[string]string{}}
	s.router = awsapi.NewRouter(auth, slog.New(slog.DiscardHandler), s.api.Service())
	return s
}

// form makes the form of a request: lists and maps below "member" and "entry".
func form(prefix string, v any, out url.Values) {
	at := func(name string) string { return strings.TrimPrefix(prefix+"."+name, ".") }
	switch v := v.(type) {
	case object:
		for k, e := range v {
			form(at(k), e, out)
		}
	case map[string]string: // of attributes
		i := 0
		for k, e := range v {
			i++
			out.Set(at("entry."+itoa(i)+".key"), k)
			out.Set(at("entry."+itoa(i)+".value"), e)
		}
	case map[string]object: // of message attributes
		i := 0
		for k, e := range v {
			i++
			out.Set(at("entry."+itoa(i)+".Name"), k)
			form(at("entry."+itoa(i)+".Value"), e, out)
		}
	case []object:
		for i, e := range v {
			form(at("member."+itoa(i+1)), e, out)
		}
	case []string:
		for i, e := range v {
			out.Set(at("member."+itoa(i+1)), e)
		}
	case string:
		out.Set(prefix, v)
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n) // a number always has a form
	return string(b)
}

// post sends a form, as of a client that may do all.
func post(t testing.TB, router *awsapi.Router, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261130/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	router.ServeHTTP(w, r)
	return w
}

// call asks for an operation and returns the status and the body as XML tells it.
func (s *testServer) call(operation string, in object) (int, any) {
	s.t.Helper()
	values := url.Values{"Action": {operation}, "Version": {"2010-03-31"}}
	form("", in, values)
	w := post(s.t, s.router, values.Encode())
	v, err := read(xml.NewDecoder(w.Body))
	if err != nil {
		s.t.Fatal(err)
	}
	return w.Code, v
}

// read reads an XML document: elements by name, lists of <member>, maps of <entry>, texts.
func read(dec *xml.Decoder) (any, error) {
	var text strings.Builder
	out := object{}
	var list []any
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			v, err := read(dec)
			if err != nil {
				return nil, err
			}
			switch tok.Name.Local {
			case "member":
				list = append(list, v)
			case "entry":
				out[v.(object)["key"].(string)] = v.(object)["value"]
			default:
				out[tok.Name.Local] = v
			}
		case xml.CharData:
			text.Write(tok)
		case xml.EndElement:
			switch {
			case list != nil:
				return list, nil
			case len(out) > 0:
				return out, nil
			}
			return text.String(), nil
		}
	}
}

// ok asks for an operation that must succeed and returns its result.
func (s *testServer) ok(operation string, in object) object {
	s.t.Helper()
	status, v := s.call(operation, in)
	if status != http.StatusOK {
		s.t.Fatalf("%s: %d %v", operation, status, v)
	}
	result, _ := v.(object)[operation+"Response"].(object)[operation+"Result"].(object)
	return result
}

// failure asks for an operation that must fail and returns the error in the form of recordings.
func (s *testServer) failure(operation string, in object) object {
	s.t.Helper()
	status, v := s.call(operation, in)
	e, ok := v.(object)["ErrorResponse"].(object)
	if !ok {
		s.t.Fatalf("%s: %d %v", operation, status, v)
	}
	return object{"Error": e["Error"], "ResponseMetadata": object{"HTTPHeaders": object{}, "HTTPStatusCode": float64(status)}}
}

func (s *testServer) topic(name string) string {
	s.t.Helper()
	if s.topics[name] == "" {
		s.topics[name] = s.ok("CreateTopic", object{"Name": name})["TopicArn"].(string)
	}
	return s.topics[name]
}
