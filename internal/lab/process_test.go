package lab

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLast says why a process has ended: with its last line that is no hint.
func TestLast(t *testing.T) {
	for said, want := range map[string]string{
		"":                                      "it said nothing",
		"\n":                                    "it said nothing",
		"weir: no\n":                            "weir: no",
		"begins\nweir: no":                      "weir: no",
		"weir: no\nhint: do\nhint: or that\n\n": "weir: no",
		"hint: do\n":                            "it said nothing",
	} {
		c := &child{log: filepath.Join(t.TempDir(), "serve.log")}
		if err := os.WriteFile(c.log, []byte(said), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := c.last(); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}
