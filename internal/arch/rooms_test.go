package arch_test

import (
	"flag"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

//go:generate go test -run ^TestArchitectureShowsTheRooms$ -update .

var update = flag.Bool("update", false, "rewrite the room list in ARCHITECTURE.md")

// rooms reads the map: the rooms, and for each the rooms that it may import.
func rooms(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for line := range strings.Lines(string(read(t, "internal/arch/rooms.txt"))) {
		room, may, ok := strings.Cut(strings.TrimSpace(line), ":")
		if _, twice := out[room]; !ok || twice {
			t.Fatalf("rooms.txt: %q is no line of the form \"room: rooms\", or is there twice", line)
		}
		out[room] = strings.Fields(may)
	}
	return out
}

// TestImports checks that rooms import only what their line in rooms.txt allows,
// and that the list holds the rooms that there are, no more and no fewer. Test
// files may import any room.
func TestImports(t *testing.T) {
	allowed := rooms(t)
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		may, ok := allowed[f.room]
		if !ok && !seen[f.room] {
			t.Errorf("room %s is not in internal/arch/rooms.txt", f.room)
		}
		seen[f.room] = true
		for _, im := range f.imports {
			if to, ours := strings.CutPrefix(im, module+"/"); ours && ok && !slices.Contains(may, to) {
				t.Errorf("%s: %s must not import %s", f.name, f.room, to)
			}
		}
	}
	for room, may := range allowed {
		if !seen[room] {
			t.Errorf("rooms.txt names %s, which does not exist", room)
		}
		for _, to := range may {
			if _, ok := allowed[to]; !ok {
				t.Errorf("rooms.txt: %s may import %s, which is no room", room, to)
			}
			if strings.HasSuffix(to, "test") && !strings.HasSuffix(room, "test") {
				t.Errorf("rooms.txt: %s may import %s, which is for tests", room, to)
			}
		}
	}
}

// TestNoRoundTrips checks that no room reaches itself through the rooms that it
// may import.
func TestNoRoundTrips(t *testing.T) {
	allowed := rooms(t)
	const (
		open = iota + 1
		done
	)
	state := map[string]int{}
	var visit func(room string, way []string)
	visit = func(room string, way []string) {
		switch state[room] {
		case open:
			t.Fatalf("rooms.txt: %s", strings.Join(append(way, room), " -> "))
		case done:
			return
		}
		state[room] = open
		for _, to := range allowed[room] {
			visit(to, append(way, room))
		}
		state[room] = done
	}
	for room := range allowed {
		visit(room, nil)
	}
}

// TestArchitectureShowsTheRooms checks that ARCHITECTURE.md prints the list of
// rooms, so that the map that people read can't go stale.
func TestArchitectureShowsTheRooms(t *testing.T) {
	const begin, end = "```rooms\n", "```\n"
	text := string(read(t, "ARCHITECTURE.md"))
	before, rest, ok := strings.Cut(text, begin)
	list, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("ARCHITECTURE.md has no block that begins with %q", begin)
	}
	want := string(read(t, "internal/arch/rooms.txt"))
	if *update {
		if err := os.WriteFile(path.Join(root, "ARCHITECTURE.md"), []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("rooms in ARCHITECTURE.md (-rooms.txt +ARCHITECTURE.md; go generate ./internal/arch rewrites it):\n%s", diff)
	}
}
