package synth

import (
	"testing"

	"weir/internal/sharedtest"
)

// wholeDays passes over a test that counts over days of records, with -short: see [sharedtest.Rounds].
func wholeDays(t *testing.T) {
	t.Helper()
	if sharedtest.Rounds(10) < 10 {
		t.Skip("it counts over whole days: run it without -short")
	}
}
