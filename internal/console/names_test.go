package console

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/filter"
)

// TestNamesCanBeTyped puts every name that is shown beside a number into a filter:
// it must mean that number there.
func TestNamesCanBeTyped(t *testing.T) {
	for field, names := range map[string]map[string]string{
		"dstport":  namesOf(flowlog.DstPort),
		"protocol": namesOf(flowlog.Protocol),
	} {
		if len(names) == 0 {
			t.Errorf("no names of %s", field)
		}
		for number, name := range names {
			want, err := filter.Parse(field+" = "+number, filter.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := filter.Parse(field+" = "+name, filter.Options{})
			if err != nil {
				t.Errorf("%s = %s: %v", field, name, err)
				continue
			}
			if diff := cmp.Diff(want.String(), got.String()); diff != "" {
				t.Errorf("%s = %s: -want +got:\n%s", field, name, diff)
			}
		}
	}
}
