package monitoring

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/metricstore"
)

// newAPI makes an API of an empty store that goes with the clock of the test.
func newAPI(t *testing.T, now func() time.Time) *API {
	t.Helper()
	store, err := metricstore.Open(t.Context(), t.TempDir(), metricstore.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return New(Options{Account: "123456789012", Region: "eu-west-1", Metrics: store, Now: now, Log: slog.New(slog.DiscardHandler)})
}

func router(t *testing.T, auth awsapi.Authenticator) *awsapi.Router {
	return awsapi.NewRouter(auth, slog.New(slog.DiscardHandler), newAPI(t, time.Now).Service())
}

// TestListMetrics asks in each protocol, as clients do, and for what is refused.
func TestListMetrics(t *testing.T) {
	const (
		query   = "application/x-www-form-urlencoded; charset=utf-8"
		scope   = "AWS4-HMAC-SHA256 Credential=K/20261129/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0"
		granite = "GraniteServiceVersion20100801"
	)
	text := func(s string) cbor.String { return cbor.String(s) }
	tests := []struct {
		name, path string
		header     map[string]string
		body       string
		status     int
		want       string
	}{
		{
			"JSON", "/",
			map[string]string{"X-Amz-Target": granite + ".ListMetrics", "Content-Type": "application/x-amz-json-1.0"},
			`{"Namespace":"AWS/Billing","MetricName":"EstimatedCharges"}`, 200, `{"Metrics":[]}`,
		},
		{
			"JSON refused", "/",
			map[string]string{"X-Amz-Target": granite + ".ListMetrics"},
			`{"Namespace":":x"}`, 400,
			`{"__type":"com.amazon.coral.validate#ValidationException","message":"1 validation error detected: Value ':x' at 'namespace' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:].*"}`,
		},
		{
			"Query", "/",
			map[string]string{"Content-Type": query, "Authorization": scope},
			"Action=ListMetrics&Version=2010-08-01&Namespace=AWS%2FBilling&Dimensions.member.1.Name=a&IncludeLinkedAccounts=true", 200,
			`<ListMetricsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ListMetricsResult><Metrics></Metrics></ListMetricsResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></ListMetricsResponse>`,
		},
		{
			"Query refused", "/",
			map[string]string{"Content-Type": query, "Authorization": scope},
			"Action=ListMetrics&Version=2010-08-01&Dimensions.member.1.Value=%3C", 400,
			`<ErrorResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><Error><Type>Sender</Type><Code>ValidationError</Code><Message>1 validation error detected: Value null at &#39;dimensions.1.member.name&#39; failed to satisfy constraint: Member must not be null</Message></Error><RequestId>ID</RequestId></ErrorResponse>`,
		},
		{
			"Query of another version", "/",
			map[string]string{"Content-Type": query, "Authorization": scope},
			"Action=ListMetrics&Version=2009-05-15", 404,
			`<ErrorResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><Error><Type>Sender</Type><Code>UnknownOperationException</Code><Message>the operation is not one that this server answers</Message></Error><RequestId>ID</RequestId></ErrorResponse>`,
		},
		{
			"CBOR", "/service/" + granite + "/operation/ListMetrics",
			map[string]string{"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"},
			string(cbor.Encode(cbor.Map{"Namespace": text("AWS/Billing"), "Dimensions": cbor.List{cbor.Map{"Name": text("a")}}, "IncludeLinkedAccounts": cbor.Bool(true)})), 200,
			string(cbor.Encode(cbor.Map{"Metrics": cbor.List{}})),
		},
		{"CBOR of no bytes", "/service/" + granite + "/operation/ListMetrics", map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}, "", 200, string(cbor.Encode(cbor.Map{"Metrics": cbor.List{}}))},
		{"CBOR cut off", "/service/" + granite + "/operation/ListMetrics", map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}, "\xbf\x61", 400, ""},
		{"what is not here", "/", map[string]string{"X-Amz-Target": granite + ".PutDashboard"}, `{}`, 404, `{"__type":"UnknownOperationException","message":"the operation is not one that this server answers"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, tt.path, strings.NewReader(tt.body))
			for k, v := range tt.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			router(t, awsapitest.Anyone{}).ServeHTTP(w, r)
			got := strings.ReplaceAll(w.Body.String(), w.Header().Get("X-Amzn-Requestid"), "ID")
			if w.Code != tt.status || tt.want != "" && got != tt.want {
				t.Errorf("%d %s\nwant %s", w.Code, got, tt.want)
			}
			if strings.Contains(tt.path, "service") {
				if v, err := cbor.Decode(w.Body.Bytes()); err != nil || w.Header().Get("Smithy-Protocol") != "rpc-v2-cbor" {
					t.Errorf("%v %v %v", v, err, w.Header())
				}
			}
			if code := w.Header().Get("X-Amzn-Query-Error"); (code != "") != (tt.status != 200) {
				t.Errorf("the query error is %q", code)
			}
		})
	}
}
