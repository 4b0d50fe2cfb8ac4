package monitoring

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReferencePage compares the page of the API with the operations that there are.
func TestReferencePage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reference/cloudwatch-api.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z]\w+) \|`).FindAllSubmatch(page, -1) {
		listed = append(listed, string(m[1]))
	}
	want := slices.Sorted(maps.Keys(newServer(t).api.operations()))
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Error(diff)
	}
}
