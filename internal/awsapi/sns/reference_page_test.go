package sns

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi/awsapitest"
	"weir/internal/notify"
)

// TestReferencePage compares the page of the API with the operations and protocols that there are.
func TestReferencePage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reference/sns-api.md")
	if err != nil {
		t.Fatal(err)
	}
	names := func(pattern string) (out []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(page, -1) {
			for name := range strings.SplitSeq(string(m[1]), ", ") {
				out = append(out, strings.Trim(name, "`"))
			}
		}
		return out
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(newServer(t, awsapitest.Anyone{}).api.operations())), names(`(?m)^\| ([A-Z]\w+) \|`)); diff != "" {
		t.Error(diff)
	}
	protocols := names("(?m)^\\| (`[a-z-]+`(?:, `[a-z-]+`)*) \\|")
	slices.Sort(protocols)
	if diff := cmp.Diff(notify.Protocols(), protocols); diff != "" {
		t.Error(diff)
	}
}
