package monitoring

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
	"weir/internal/metricstore"
)

// BenchmarkPutMetricData answers requests of 1,000 data, in CBOR as the SDK for Go sends them.
func BenchmarkPutMetricData(b *testing.B) {
	store, err := metricstore.Open(b.Context(), b.TempDir(), metricstore.Options{Now: atNoon})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	api := New(Options{Account: "123456789012", Region: "eu-west-1", Metrics: store, Now: atNoon})
	var data []any
	for i := range 1000 {
		data = append(data, object{"MetricName": "bytes", "Value": float64(i), "Unit": "Bytes", "Timestamp": noon, "Dimensions": list(object{"Name": "eni", "Value": fmt.Sprintf("eni-%05d", i)})})
	}
	body := string(cbor.Encode(cborOf(object{"Namespace": "Bench", "MetricData": data})))
	router := awsapi.NewRouter(awsapitest.Anyone{}, api.Log, api.Service())
	n := 0
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/service/GraniteServiceVersion20100801/operation/PutMetricData", strings.NewReader(body))
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
		n++
	}
	b.ReportMetric(float64(1000*n)/b.Elapsed().Seconds(), "data/s")
}
