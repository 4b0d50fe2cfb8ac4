package awsapitest

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/awsapi"
)

// Sent reads what the SDK sends to a service's operations with every member set: its values may be wrong for a member, but each has the type
// that it should have, and a place. It returns the operations that are not among them, of which there must be some.
func Sent(t *testing.T, service string, operations map[string]awsapi.Operation, d Describer) (unknown []string) {
	t.Helper()
	all := Requests(t, service)
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		body, ok := all[name]
		if !ok {
			t.Errorf("no request of %s", name)
			continue
		}
		err := awsapi.Decode(body, reflect.New(operations[name].In).Interface(), d.Shapes)
		if wrong := new(awsapi.Error); errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
		var sent map[string]any
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		known := d.Describe(operations[name].In)
		for member := range sent {
			if _, there := known[member]; !there {
				t.Errorf("%s: no place for %s", name, member)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, ok := operations[name]; !ok {
			unknown = append(unknown, name)
		}
	}
	if unknown == nil {
		t.Error("every operation is known")
	}
	return unknown
}

// ReferencePage compares a page of docs/reference, such as "athena-api.md", with the operations that there are. It is called in a room of
// internal/awsapi.
func ReferencePage(t *testing.T, name string, operations map[string]awsapi.Operation) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "reference", name))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z]\w+) \|`).FindAllSubmatch(page, -1) {
		listed = append(listed, string(m[1]))
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(operations)), listed); diff != "" {
		t.Error(diff)
	}
}
