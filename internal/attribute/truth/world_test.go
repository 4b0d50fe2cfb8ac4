package truth

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWorlds plays worlds: what is to be tested happens in them, and a seed tells all.
func TestWorlds(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(40) {
		w := New(seed)
		seen[fmt.Sprint("fields ", w.Fields)], seen["logs "+w.Logs] = true, true
		for _, r := range w.Records {
			seen[r.Status] = true
			seen["packets of several rules"] = seen["packets of several rules"] || len(r.Truths) > 1
			seen["two of one log"] = seen["two of one log"] || r.Log != "fl-1"
			if r.Status == "OK" && (r.Start > r.End || r.End-r.Start > w.window || r.Packets == 0) {
				t.Fatalf("seed %d: windows are %d s: %+v", seed, w.window, r)
			}
			for _, v := range r.Truths {
				if v.Accept != r.Accept {
					t.Fatalf("seed %d: a packet of the other action: %+v", seed, r)
				}
				for what, is := range map[string]bool{
					"stage " + v.Stage: true, "tracked": v.Tracked, "rule gone": v.Gone, "asked": len(v.Asked) > 0,
					"several allow": len(v.Groups) > 1, "within the subnet": v.Accept && v.Entry == "", "no group": v.Accept && len(v.Groups) == 0,
				} {
					seen[what] = seen[what] || is
				}
			}
		}
		if seed < 3 && !reflect.DeepEqual(w.Records, New(seed).Records) {
			t.Errorf("seed %d is not the same twice", seed)
		}
	}
	want := map[string]bool{}
	for _, what := range []string{
		"fields 2", "fields 3", "fields 5", "logs ALL", "logs ACCEPT", "logs REJECT", "logs SPLIT", "OK", "SKIPDATA", "packets of several rules",
		"two of one log", "stage ", "stage nacl", "stage sg", "stage late", "tracked", "rule gone", "asked", "several allow", "within the subnet", "no group",
	} {
		want[what] = true
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("what happens (-want +got):\n%s", diff)
	}
}
