package lake

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/pair"
)

// TestDirectionsOfDefinition lets a definition tell what records leave open, before and after
// they are taken, and takes it back.
func TestDirectionsOfDefinition(t *testing.T) {
	var objects []object
	for hour := range 3 {
		for slot := range 12 {
			begin := noon.Add(time.Duration(hour)*time.Hour + time.Duration(slot)*5*time.Minute)
			o := newObject(begin, slot, 0)
			at := begin.Unix()
			for n := range 3 { // interfaces with a single peer each
				o.text += fmt.Sprintf("2 123456789012 eni-%d 10.0.0.%d 10.0.9.%d 1000 443 6 1 40 %d %d ACCEPT OK\n", n, n, n, at+1, at+50)
			}
			if slot == 0 && hour == 0 { // and one whose records tell, in an hour by itself
				o.ref.Size = int64(len(o.text))
				objects, at = append(objects, o), at-7200
				o = newObject(begin.Add(-2*time.Hour), slot, 0)
				for n := range 2 {
					o.text += fmt.Sprintf("2 123456789012 eni-9 10.0.0.9 10.0.8.%d 1000 443 6 1 40 %d %d ACCEPT OK\n", n, at+1, at+50)
				}
			}
			o.ref.Size = int64(len(o.text))
			objects = append(objects, o)
		}
	}
	owns := func(ids ...int) *pair.Owners {
		var list []pair.Own
		for _, n := range ids {
			list = append(list, pair.Own{
				Interface: fmt.Sprintf("eni-%d", n), From: math.MinInt64, To: math.MaxInt64,
				Addresses: []netip.Addr{netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", n))},
			})
		}
		return pair.NewOwners(list)
	}
	var now *pair.Owners
	var broken error
	options := Options{Owners: func(context.Context) (*pair.Owners, error) { return now, broken }}
	dir := t.TempDir()
	l := openLake(t, dir, options)
	unpaired := func(want int) {
		t.Helper()
		if n, err := l.Unpaired(t.Context()); err != nil || n != want {
			t.Fatalf("%d hours are not paired, want %d: %v", n, want, err)
		}
	}
	egress := func(want int) {
		t.Helper()
		mustCompact(t, l)
		if seen := checkDerived(t, l); seen["egress"] != want+2 || seen["egress"]+seen["undecided"] != 110 {
			t.Fatalf("%v, want %d of 110 that are egress", seen, want+2)
		}
		mustCheck(t, l)
	}

	importAll(t, l, ImportOptions{}, objects[:30]...)
	mustCompact(t, l)
	now = owns(0, 7)
	unpaired(3)
	importAll(t, l, ImportOptions{}, objects[30:]...)
	egress(36)
	want := derived(t, l)

	now = owns(0, 8) // of no interface that counts
	unpaired(0)
	now = owns(0, 1, 2)
	unpaired(3)
	l.Close()
	l = openLake(t, dir, options) // kept in the ledger
	unpaired(3)
	egress(108)
	now = owns(0)
	unpaired(3)
	egress(36)
	if diff := cmp.Diff(want, derived(t, l)); diff != "" {
		t.Error(diff)
	}
	now = nil
	egress(0)

	// One of before there were definitions.
	if _, err := l.state.ExecContext(t.Context(), "UPDATE paired SET owners = 0, open = NULL"); err != nil {
		t.Fatal(err)
	}
	unpaired(0)
	now = owns(1)
	unpaired(4)
	egress(36)

	// All at once, in one import that is told from the start.
	now = owns(0)
	l = openLake(t, t.TempDir(), options)
	importAll(t, l, ImportOptions{}, objects...)
	unpaired(0)
	if diff := cmp.Diff(want, derived(t, l)); diff != "" {
		t.Error(diff)
	}

	// A definition that can't be read keeps no record out.
	broken = errors.New("the definition is damaged")
	l = openLake(t, t.TempDir(), options)
	importAll(t, l, ImportOptions{}, objects...)
	if _, err := l.Compact(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("compaction says %v", err)
	}
	if n := len(derived(t, l)); n != 110 {
		t.Errorf("%d records of 110", n)
	}
	if st, err := l.Status(t.Context(), 0); err != nil || st.DefinitionProblem != broken.Error() || st.Tables[0].Records != 110 {
		t.Errorf("the status is %+v: %v", st, err)
	}
	broken = nil
	unpaired(3)
	egress(36)
	if n := slices.IndexFunc(derived(t, l), func(s string) bool { return strings.Contains(s, `"weir-repeat"`) }); n >= 0 {
		t.Error("records repeat others")
	}
}
