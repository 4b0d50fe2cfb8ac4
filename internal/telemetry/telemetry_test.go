package telemetry

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	var out strings.Builder
	log := NewLog(&out, slog.LevelWarn)
	log.Info("nothing to see")
	log.Warn("look here", "records", 7)
	if !regexp.MustCompile(`^time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ level=WARN msg="look here" records=7\n$`).MatchString(out.String()) {
		t.Errorf("%q", out.String())
	}
}

// scrape returns the metrics as Prometheus reads them.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d", w.Code)
	}
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	value := 3.0
	m := NewMetrics("1.2.3", Gauge{Name: "weir_lake_files", Help: "Files.", Value: func() float64 { return value }})
	m.Committed()
	m.Committed()
	handler := m.Measure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			http.Error(w, "no", http.StatusTeapot)
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("the writer underneath is out of reach: %v", err)
		}
	}), func(r *http.Request) string { return "label" + r.URL.Path })
	for _, path := range []string{"/yes", "/yes", "/no"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	value = 4
	text := scrape(t, m)
	for _, want := range []string{
		`weir_build_info{version="1.2.3"} 1`,
		"weir_lake_commits_total 2",
		"weir_lake_files 4",
		`weir_http_request_duration_seconds_count{code="200",path="label/yes"} 2`,
		`weir_http_request_duration_seconds_count{code="418",path="label/no"} 1`,
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
}
