package monitoring

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
)

// object is a JSON object.
type object = map[string]any

// protocols are those of CloudWatch's clients, by the names of LocalStack's snapshots.
var protocols = []string{"query", "json", "smithy-rpc-v2-cbor"}

// answered is what a client gets.
type answered struct {
	status int
	body   []byte
	// code and queryCode are of an error: that of the body, and that of the header.
	code, queryCode, message string
}

// ask sends a request to an API. Times are of [time.Time].
func ask(t *testing.T, api *API, protocol, operation string, in object) answered {
	t.Helper()
	switch protocol {
	case "query":
		form := url.Values{"Action": {operation}, "Version": {"2010-08-01"}}
		flatten(form, "", in)
		return send(t, api, protocol, operation, form.Encode())
	case "json":
		raw, err := json.Marshal(plain(in))
		if err != nil {
			t.Fatal(err)
		}
		return send(t, api, protocol, operation, string(raw))
	}
	return send(t, api, protocol, operation, string(cbor.Encode(cborOf(in))))
}

// send sends the body of a request.
func send(t *testing.T, api *API, protocol, operation, body string) answered {
	t.Helper()
	path := "/"
	if protocol == "smithy-rpc-v2-cbor" {
		path = "/service/GraniteServiceVersion20100801/operation/" + operation
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	switch protocol {
	case "query":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261129/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0")
	case "json":
		r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+operation)
	default:
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	}
	w := httptest.NewRecorder()
	router := awsapi.NewRouter(awsapitest.Anyone{}, api.Log, api.Service())
	router.ServeHTTP(w, r)
	out := answered{status: w.Code, body: w.Body.Bytes()}
	out.queryCode, _, _ = strings.Cut(w.Header().Get("X-Amzn-Query-Error"), ";")
	if w.Code == http.StatusOK {
		return out
	}
	var members object
	switch protocol {
	case "query":
		text := func(name string) string {
			_, behind, _ := strings.Cut(w.Body.String(), "<"+name+">")
			inner, _, _ := strings.Cut(behind, "</"+name+">")
			return inner
		}
		out.code, out.message = text("Code"), text("Message")
		return out
	case "json":
		if err := json.Unmarshal(out.body, &members); err != nil {
			t.Fatal(err)
		}
	default:
		tree, err := cbor.Decode(out.body)
		if err != nil {
			t.Fatal(err)
		}
		members = object{}
		for k, v := range tree.(cbor.Map) {
			members[k] = string(v.(cbor.String))
		}
	}
	kind, _ := members["__type"].(string)
	out.code = kind[strings.LastIndexByte(kind, '#')+1:]
	out.message, _ = members["message"].(string)
	return out
}

// flatten writes members as AWS Query does.
func flatten(form url.Values, path string, v any) {
	switch v := v.(type) {
	case object:
		for k, e := range v {
			flatten(form, strings.TrimPrefix(path+"."+k, "."), e)
		}
	case []any:
		for i, e := range v {
			flatten(form, path+".member."+strconv.Itoa(i+1), e)
		}
	case time.Time:
		form.Set(path, v.UTC().Format("2006-01-02T15:04:05.999Z"))
	default:
		form.Set(path, fmt.Sprint(v))
	}
}

// plain makes times numbers, as AWS JSON has them.
func plain(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case time.Time:
		return float64(v.UnixMilli()) / 1000
	}
	return v
}

func cborOf(v any) cbor.Value {
	switch v := v.(type) {
	case object:
		out := cbor.Map{}
		for k, e := range v {
			out[k] = cborOf(e)
		}
		return out
	case []any:
		out := cbor.List{}
		for _, e := range v {
			out = append(out, cborOf(e))
		}
		return out
	case time.Time:
		return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(v.UnixMilli()) / 1000)}
	case float64:
		return cbor.Float64(v)
	case int:
		if v < 0 {
			return cbor.NegInt(-v)
		}
		return cbor.Uint(v)
	case bool:
		return cbor.Bool(v)
	case string:
		return cbor.String(v)
	}
	panic(fmt.Sprintf("%T", v))
}

// want asks in JSON for what must be answered, and returns it.
func want(t *testing.T, api *API, operation string, in object) object {
	t.Helper()
	got := ask(t, api, "json", operation, in)
	var out object
	if got.status != http.StatusOK || len(got.body) > 0 && json.Unmarshal(got.body, &out) != nil {
		t.Fatalf("%s: %d %s", operation, got.status, got.body)
	}
	return out
}

// list makes a list.
func list(elements ...any) []any { return append([]any{}, elements...) }
