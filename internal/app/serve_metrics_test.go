package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"weir/internal/telemetry"
)

// TestMetricsOfMessages has a message that waits, and one that nobody got, at /metrics.
func TestMetricsOfMessages(t *testing.T) {
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	a, _ := newAlerted(t, begin)
	v := &server{s: a.s, ctx: t.Context(), api: a.api}
	v.metrics = telemetry.NewMetrics("v1", v.gauges()...)
	check := func(when string, want ...string) {
		t.Helper()
		rec := httptest.NewRecorder()
		v.metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		for _, line := range want {
			if !strings.Contains(rec.Body.String(), "\n"+line+"\n") {
				t.Errorf("%s: metrics have no %q", when, line)
			}
		}
	}
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", http.StatusGone) }))
	t.Cleanup(refuses.Close)
	arn := a.call("sns", "CreateTopic", `{"Name":"woken"}`, "TopicArn")
	a.call("sns", "Subscribe", `{"TopicArn":"`+arn+`","Protocol":"webhook","Endpoint":"`+refuses.URL+`"}`, "")
	check("before", "weir_notify_waiting_deliveries 0", "weir_notify_dead_letters 0")
	a.call("sns", "Publish", `{"TopicArn":"`+arn+`","Message":"m"}`, "")
	check("published", "weir_notify_waiting_deliveries 1", "weir_notify_dead_letters 0")
	a.deliver()
	check("refused for good", "weir_notify_waiting_deliveries 0", "weir_notify_dead_letters 1")
}
