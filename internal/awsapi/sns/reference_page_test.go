package sns

import (
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
	awsapitest.ReferencePage(t, "sns-api.md", newServer(t, awsapitest.Anyone{}).api.operations())
	page, err := os.ReadFile("../../../docs/reference/sns-api.md")
	if err != nil {
		t.Fatal(err)
	}
	var protocols []string
	for _, m := range regexp.MustCompile("(?m)^\\| (`[a-z-]+`(?:, `[a-z-]+`)*) \\|").FindAllSubmatch(page, -1) {
		for name := range strings.SplitSeq(string(m[1]), ", ") {
			protocols = append(protocols, strings.Trim(name, "`"))
		}
	}
	slices.Sort(protocols)
	if diff := cmp.Diff(notify.Protocols(), protocols); diff != "" {
		t.Error(diff)
	}
}
