package sharedtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Path returns the place of a file or folder of the shared data, such as
// "data/flowlogs". Where the data is absent the test is skipped; with
// WEIR_SHARED_REQUIRED=1, as CI sets it, it fails.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	p, ok := Find(t, elem...)
	if !ok {
		t.Skipf("shared test data is absent (set WEIR_SHARED to its folder): no %s", p)
	}
	return p
}

// Find returns the place of a file or folder of the shared data and whether it is
// there, for tests that need it only in part, such as for the seeds of a fuzz
// target. With WEIR_SHARED_REQUIRED=1 the test fails where it is absent.
func Find(t testing.TB, elem ...string) (string, bool) {
	t.Helper()
	root := os.Getenv("WEIR_SHARED")
	if root == "" {
		root = filepath.Join(repository(t), "..", "shared")
	}
	p := filepath.Join(append([]string{root}, elem...)...)
	_, err := os.Stat(p)
	if err != nil && os.Getenv("WEIR_SHARED_REQUIRED") == "1" {
		t.Fatalf("shared test data is absent: %v", err)
	}
	return p, err == nil
}

// A ParseVector is a line that peers test their parsers with: its header, what
// becomes of it, and the values of its fields.
type ParseVector struct {
	ID, Format, Line, Outcome string
	Expect                    map[string]string
}

// ParseVectors reads data/vectors/parse.json.
func ParseVectors(t testing.TB) []ParseVector {
	t.Helper()
	raw, err := os.ReadFile(Path(t, "data", "vectors", "parse.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out []ParseVector
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) < 41 {
		t.Fatalf("only %d vectors", len(out))
	}
	return out
}

// repository returns the folder of go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
