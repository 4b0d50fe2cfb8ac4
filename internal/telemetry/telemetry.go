package telemetry

import (
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewLog returns a log that writes what has a level, or a higher one, as lines of
// key=value to w, with times in UTC.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
				a.Value = slog.StringValue(a.Value.Time().UTC().Format(time.RFC3339))
			}
			return a
		},
	}))
}

// Metrics are a server's metrics, under names that begin with weir_.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	commits  prometheus.Counter
}

// Gauge is a value that is asked for when the metrics are read.
type Gauge struct {
	Name, Help string
	Value      func() float64
}

// NewMetrics returns metrics with those of the process and the Go runtime.
func NewMetrics(version string, gauges ...Gauge) *Metrics {
	m := &Metrics{
		registry: newRegistry(version),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "weir_http_request_duration_seconds", Help: "How long HTTP requests took.",
			Buckets: []float64{.005, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30},
		}, []string{"path", "code"}),
		commits: prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_lake_commits_total", Help: "Commits to the lake."}),
	}
	m.registry.MustRegister(m.requests, m.commits)
	for _, g := range gauges {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.Name, Help: g.Help}, g.Value))
	}
	return m
}

// newRegistry returns a registry with the metrics of the process and the Go runtime.
func newRegistry(version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "weir_build_info", Help: "1, with the version as label."}, []string{"version"})
	info.WithLabelValues(version).Set(1)
	r.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Handler answers with metrics of others in Prometheus's text form, beside those of the process and the Go runtime.
func Handler(version string, others prometheus.Collector) http.Handler {
	r := newRegistry(version)
	r.MustRegister(others)
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// Committed counts a commit to the lake.
func (m *Metrics) Committed() { m.commits.Inc() }

// Handler answers with the metrics in Prometheus's text form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Measure times the requests that next answers. pathOf returns the label of a
// request's path: one of few, whatever clients ask for.
func (m *Metrics) Measure(next http.Handler, pathOf func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s := &statusWriter{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(s, r)
		m.requests.WithLabelValues(pathOf(r), strconv.Itoa(s.code)).Observe(time.Since(began).Seconds())
	})
}

// statusWriter remembers an answer's status.
type statusWriter struct {
	http.ResponseWriter
	code int
}

// WriteHeader remembers the status.
func (s *statusWriter) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the writer underneath.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
