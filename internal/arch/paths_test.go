package arch_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// namedPath matches a path of the repository between backquotes.
var namedPath = regexp.MustCompile("`((?:[A-Za-z0-9_.-]+/)+[A-Za-z0-9_.-]*)`")

// TestNamedPaths checks that the files and folders that the guides name are there.
// A name in capitals (NAME) stands for any.
func TestNamedPaths(t *testing.T) {
	for _, file := range []string{"ARCHITECTURE.md", "CONTRIBUTING.md", "README.ko.md", "README.md"} {
		for _, m := range namedPath.FindAllStringSubmatch(string(read(t, file)), -1) {
			name := m[1]
			top, _, _ := strings.Cut(name, "/")
			if _, err := os.Stat(path.Join(root, top)); err != nil || strings.Contains(name, "NAME") {
				continue // of another repository, a module, a bucket, or of any name
			}
			if _, err := os.Stat(path.Join(root, name)); err != nil {
				t.Errorf("%s names %s, which is not there", file, name)
			}
		}
	}
}
