package telemetry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestHandler(t *testing.T) {
	own := prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_agent_reads_total", Help: "Reads."})
	own.Inc()
	w := httptest.NewRecorder()
	Handler("1.2.3", own).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{"\nweir_agent_reads_total 1\n", "\nweir_build_info{version=\"1.2.3\"} 1\n", "\ngo_goroutines "} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %q in %s", want, w.Body)
		}
	}
	if strings.Contains(w.Body.String(), "weir_lake") || strings.Contains(w.Body.String(), "weir_http") {
		t.Error("metrics of a server")
	}
}
