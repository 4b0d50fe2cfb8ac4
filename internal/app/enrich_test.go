package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weir/internal/query"
)

const someRanges = `{"createDate": "2026-03-02-10-15-03", "prefixes": [{"ip_prefix": "52.94.0.0/22", "region": "us-east-1", "service": "DYNAMODB"}]}`

// TestRanges gets the networks of AWS from a server, and keeps them where one gives something
// else.
func TestRanges(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ip-ranges.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(someRanges)) })
	server := httptest.NewServer(mux)
	defer server.Close()
	data := t.TempDir()
	n := &names{data: data}
	service := func() string {
		t.Helper()
		now, err := n.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := now.Lacks(query.SrcService); err != nil {
			return err.Error()
		}
		return now.OfAddress(query.SrcService, "52.94.1.1")
	}
	if got := service(); got != query.ErrNoRanges.Error() {
		t.Errorf("before: %q", got)
	}
	if _, err := FetchRanges(t.Context(), server.URL+"/other"); err == nil || !strings.Contains(err.Error(), "answers 404") {
		t.Errorf("a page that is not there: %v", err)
	}
	text, err := FetchRanges(t.Context(), server.URL+"/ip-ranges.json")
	if err != nil {
		t.Fatal(err)
	}
	taken, err := TakeRanges(data, text)
	if err != nil || taken != (Enriched{"2026-03-02-10-15-03", 1}) {
		t.Errorf("taken: %+v, %v", taken, err)
	}
	if got := service(); got != "DYNAMODB" {
		t.Errorf("after: %q", got)
	}
	if _, err := TakeRanges(data, []byte("<html>")); err == nil {
		t.Error("HTML was taken")
	}
	if got := service(); got != "DYNAMODB" {
		t.Errorf("after what can't be read: %q", got)
	}
}
