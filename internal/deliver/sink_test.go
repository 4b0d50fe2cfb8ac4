package deliver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestParseSink reads what a server is given.
func TestParseSink(t *testing.T) {
	for text, want := range map[string]string{
		"a=/tmp/x":                       "a /tmp/x",
		"hook=http://u:p@127.0.0.1:80/x": "hook http://u:xxxxx@127.0.0.1:80/x",
		"a":                              "",
		"=x":                             "",
		"a=":                             "",
		"a/b=x":                          "",
		"a=ftp://host/x":                 "",
		"a=http://":                      "",
	} {
		name, sink, err := ParseSink(text)
		got := ""
		if err == nil {
			got = name + " " + sink.String()
		}
		if got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

// TestFolder keeps each payload once.
func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	_, sink, err := ParseSink("a=" + dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{"one", "two", "one"} {
		if err := sink.Send(t.Context(), []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	var all []string
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(content))
	}
	if got := strings.Join(all, " "); got != "one two" && got != "two one" {
		t.Errorf("got %s", got)
	}
}

// TestEndpoint posts payloads, and an answer but 2xx is an error.
func TestEndpoint(t *testing.T) {
	status, got := http.StatusAccepted, ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.Header.Get("Content-Encoding") + " " + string(body)
		w.WriteHeader(status)
	}))
	defer srv.Close()
	_, sink, err := ParseSink("a=" + srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Send(t.Context(), []byte("x")); err != nil || got != "POST gzip x" {
		t.Errorf("%s, %v", got, err)
	}
	status = http.StatusBadGateway
	if err := sink.Send(t.Context(), []byte("x")); err == nil {
		t.Error("a refusal is no error")
	}
}
