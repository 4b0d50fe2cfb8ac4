package ec2

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReferencePage compares the page of the API with the operations that there are, and with the parameters of CreateFlowLogs.
func TestReferencePage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reference/ec2-api.md")
	if err != nil {
		t.Fatal(err)
	}
	operations := (&API{}).operations()
	listed := func(row string) (out []string) {
		for _, m := range regexp.MustCompile(row).FindAllSubmatch(page, -1) {
			out = append(out, string(m[1]))
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(operations)), listed(`(?m)^\| ((?:Create|Delete|Describe|Get)\w+) \|`)); diff != "" {
		t.Error(diff)
	}
	var parameters []string
	for path := range members(operations["CreateFlowLogs"].In, "") {
		if regexp.MustCompile(`^\w+$`).MatchString(path) && path != "DryRun" {
			parameters = append(parameters, path)
		}
	}
	slices.Sort(parameters)
	if diff := cmp.Diff(parameters, listed("(?m)^\\| `(\\w+)` \\|")); diff != "" {
		t.Error(diff)
	}
}
