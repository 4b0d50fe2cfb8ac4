// Package sharedtest finds the test data that lies beside the repository and may
// not be copied into it (its licences differ).
package sharedtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the place of a file or folder of the shared data, such as
// "data/flowlogs". Where the data is absent the test is skipped; with
// WEIR_SHARED_REQUIRED=1, as CI sets it, it fails.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("WEIR_SHARED")
	if root == "" {
		root = filepath.Join(repository(t), "..", "shared")
	}
	p := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		if os.Getenv("WEIR_SHARED_REQUIRED") == "1" {
			t.Fatalf("shared test data is absent: %v", err)
		}
		t.Skipf("shared test data is absent (set WEIR_SHARED to its folder): %v", err)
	}
	return p
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
