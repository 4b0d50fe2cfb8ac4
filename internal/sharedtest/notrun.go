package sharedtest

import (
	"os"
	"testing"
)

// NotRun skips a test that can't be run here, and says why; in CI that is a failure.
func NotRun(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("WEIR_CI") == "1" {
		t.Fatalf("not run: "+format, args...)
	}
	t.Skipf("not run: "+format, args...)
}

// NeedRoot skips a test that takes root where it has not, as [NotRun] does.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		NotRun(t, "it takes root")
	}
}
