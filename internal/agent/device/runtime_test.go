package device

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDockerNames has what Docker keeps of containers, shortened.
func TestDockerNames(t *testing.T) {
	dir := t.TempDir()
	web, other := strings.Repeat("0123456789abcdef", 4), strings.Repeat("fedcba9876543210", 4)
	for id, text := range map[string]string{
		web:   `{"StreamConfig":{},"State":{"Running":true,"Pid":4711},"ID":"` + web + `","Created":"2026-11-30T07:00:00Z","Config":{"Hostname":"0123456789ab"},"Name":"/web-1"}`,
		other: `{"ID":"` + web + `","Name":"/web-1"}`,
		"x":   `{`,
	} {
		if err := os.MkdirAll(filepath.Join(dir, id), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, id, "config.v2.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string][]string{web: {"web-1"}, other: nil, "x": nil, "none": nil} {
		if got := docker(dir).Names(id); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
}

// FuzzDockerName looks for a text that makes the reader fail, or gives a name of another container.
func FuzzDockerName(f *testing.F) {
	f.Add([]byte(`{"ID":"a","Name":"/web"}`), "a")
	f.Fuzz(func(t *testing.T, text []byte, id string) {
		if got := dockerName(text, id+"x"); got != "" && !strings.Contains(string(text), "x") && !strings.Contains(string(text), `\u`) {
			t.Errorf("%q of %q", got, id)
		}
	})
}
