package agent

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/spool"
)

// TestBucket has a service like S3 that is throttled for a while, and then takes an object without an answer: it is there once, and counted once.
func TestBucket(t *testing.T) {
	var mu sync.Mutex
	bytes, turn, puts := map[string]string{}, 0, 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		have, there := bytes[r.URL.Path]
		switch {
		case err != nil || turn == 0 && r.Method == http.MethodPut:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "<Error><Code>SlowDown</Code></Error>")
		case r.Method == http.MethodPut:
			puts++
			bytes[r.URL.Path] = string(body)
			if turn == 1 {
				panic(http.ErrAbortHandler)
			}
		case !there:
			w.WriteHeader(http.StatusNotFound)
		default:
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(have))
		}
	}))
	defer service.Close()
	s, err := spool.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l := &config.FlowLog{
		ID: "fl-1", Resource: "vpc-1", Account: "123456789012", Region: "us-east-1", Traffic: "ALL", Format: flowlog.DefaultFormat(flowlog.KindVPC),
		Delivery: config.Delivery{Type: config.S3, Bucket: "flow-logs", Endpoint: service.URL, NoSignRequest: true},
	}
	b := flowlog.NewBatch(flowlog.KindVPC)
	b.Append()
	items, err := itemsOf(l, time.Date(2023, 11, 14, 22, 20, 0, 0, time.UTC), b)
	if err == nil {
		err = s.Append(t.Context(), &spool.Step{Note: []byte("1"), Items: items})
	}
	if err != nil {
		t.Fatal(err)
	}
	counted := NewCounters()
	d := newDeliverer(s, slog.New(slog.DiscardHandler), counted)
	for i, want := range []string{"Rate limited: ", "Unknown error: ", ""} {
		mu.Lock()
		turn = i
		mu.Unlock()
		_, err := d.some(t.Context(), items[0].Queue, 1)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%d: %v", i, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if n := counted.values[recordsMade]["fl-1"]; len(bytes) != 1 || puts != 1 || len(s.Waiting()) != 0 || n != 1 {
		t.Errorf("%d objects, %d writes, %d wait, %v records are counted", len(bytes), puts, len(s.Waiting()), n)
	}
	for key := range bytes {
		if !strings.HasPrefix(key, "/flow-logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2023/11/14/123456789012_vpcflowlogs_us-east-1_fl-1_20231114T2220Z_") {
			t.Error(key)
		}
	}
}
