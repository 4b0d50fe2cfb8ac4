package app

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"weir/internal/netmodel"
	"weir/internal/synth"
	"weir/internal/versions"
)

// TestMoments compares what is shared with what is loaded for each time alone, in any order of
// times: definitions, and what is not sure about them.
func TestMoments(t *testing.T) {
	made, err := synth.NewNetwork(synth.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "net")
	if err := made.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	at := func(minutes int) time.Time { return made.Changed.Add(time.Duration(minutes) * time.Minute) }
	if _, err := (&moments{ctx: t.Context(), data: data}).at(at(0).Unix()); err == nil {
		t.Fatal("nothing was imported, and there is a definition")
	}
	for _, im := range []struct {
		folder string
		minute int
	}{{dir + "-before", -60}, {dir + "-before", -10}, {dir, 10}, {dir, 60}} {
		docs, err := netmodel.ReadDocuments(im.folder)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ImportNetwork(t.Context(), data, docs, at(im.minute)); err != nil {
			t.Fatal(err)
		}
	}
	doubts := func(d *versions.Definition) []string {
		c := CheckedDefinition{At: d.At, Versions: d.InForce}
		return c.Doubts()
	}
	m := moments{ctx: t.Context(), data: data}
	for _, minute := range []int{0, -90, 90, -30, 30, -10, 10, -60, 60, 1, -80} {
		got, err := m.at(at(minute).Unix())
		if err != nil {
			t.Fatal(err)
		}
		want, err := NetworkAt(t.Context(), data, at(minute))
		if err != nil {
			t.Fatal(err)
		}
		if len(netmodel.Diff(got.Network, want.Network)) > 0 || !slices.Equal(doubts(got), doubts(&want)) || !got.At.Equal(want.At) {
			t.Errorf("%d minutes after the change it is another: %q, want %q", minute, doubts(got), doubts(&want))
		}
	}
	if n := len(m.kept); n < 3 || n > keptMoments {
		t.Errorf("%d definitions are kept", n)
	}
}
