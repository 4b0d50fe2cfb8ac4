package arch_test

import (
	"regexp"
	"strings"
	"testing"
)

// requirement matches a line of go.mod that requires a module: path, version and
// what stands behind.
var requirement = regexp.MustCompile(`^(?:require )?([a-zA-Z0-9./_~-]+) v\S+(.*)$`)

// direct returns the modules that a go.mod requires for the module itself.
func direct(t *testing.T, name string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(string(read(t, name))) {
		if m := requirement.FindStringSubmatch(strings.TrimSpace(line)); m != nil && !strings.Contains(m[2], "// indirect") {
			out = append(out, m[1])
		}
	}
	return out
}

// entry matches a line of docs/decisions/dependencies.md that says why a module
// is there.
var entry = regexp.MustCompile("(?m)^\\| `([^` ]+)` \\| [^|]{10,} \\|$")

// TestDependencies checks that docs/decisions/dependencies.md says why each
// module that go.mod requires is there, and names no other.
func TestDependencies(t *testing.T) {
	const file = "docs/decisions/dependencies.md"
	said := map[string]bool{}
	for _, m := range entry.FindAllStringSubmatch(string(read(t, file)), -1) {
		if said[m[1]] {
			t.Errorf("%s: %s stands there twice", file, m[1])
		}
		said[m[1]] = true
	}
	required := direct(t, "go.mod")
	if len(required) == 0 {
		t.Fatal("go.mod requires nothing")
	}
	for _, m := range required {
		if !said[m] {
			t.Errorf("%s does not say why %s is there", file, m)
		}
		delete(said, m)
	}
	for m := range said {
		t.Errorf("%s: %s is no direct requirement of go.mod", file, m)
	}
}
