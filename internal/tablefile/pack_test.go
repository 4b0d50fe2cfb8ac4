package tablefile

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// smallObjects are so many objects of one row in each of some folders.
func smallObjects(folders, each int) ([]Object, *memory) {
	var out []Object
	store := &memory{objects: map[string]string{}}
	for f := range folders {
		for i := range each {
			url := fmt.Sprintf("s3://b/%d/%03d", f, i)
			store.objects[url] = url + "\n"
			out = append(out, Object{URL: url, Size: int64(len(url) + 1), Revision: "1"})
		}
	}
	return out, store
}

// TestPacks cuts objects so that each is in one run, a run is of one folder, in order and of small objects, and ends where its last object says.
func TestPacks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		objects, _ := smallObjects(1+r.IntN(3), r.IntN(200))
		for i := range objects {
			if r.IntN(50) == 0 {
				objects[i].Size = smallObject + 1
			}
		}
		if r.IntN(3) == 0 {
			objects = append(objects, objects...) // two partitions at one place
		}
		var got []Object
		for _, p := range packs(objects) {
			if p.at != len(got) || len(p.objects) == 0 || len(p.objects) > packMost {
				t.Fatalf("a run at %d of %d objects, behind %d", p.at, len(p.objects), len(got))
			}
			for i, o := range p.objects {
				if i > 0 && (o.URL <= p.objects[i-1].URL || parent(o.URL) != parent(p.objects[0].URL)) || len(p.objects) > 1 && o.Size > smallObject {
					t.Fatalf("%v share a file", p.objects)
				}
			}
			got = append(got, p.objects...)
		}
		if !slices.EqualFunc(got, objects, func(a, b Object) bool { return a == b }) {
			t.Fatal("objects are lost, or in another order")
		}
	}
}

// TestSharedFiles reads small objects into few files, each with the rows of its objects; an object that is added leaves most of them as they are, and so does
// one process those of another.
func TestSharedFiles(t *testing.T) {
	l := layout(Column{"a", kind(types.Varchar)})
	objects, store := smallObjects(2, 300)
	dir := t.TempDir()
	files := func(objects []Object) map[string]bool {
		t.Helper()
		c, err := Open(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		set, err := c.Files(t.Context(), store, l, objects)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Release()
		paths := map[string]bool{}
		var got, want [][]string
		for i, f := range set.Files {
			if f.Object == 0 {
				paths[f.Path] = true
				rows := rowsOf(t, f.Path)
				if int64(len(rows)) != f.Records {
					t.Errorf("%d rows, said are %d", len(rows), f.Records)
				}
				got = append(got, rows...)
			} else if f.Path != set.Files[i-1].Path || f.Object != set.Files[i-1].Object+1 {
				t.Errorf("%+v follows %+v", f, set.Files[i-1])
			}
			if f.Bytes != objects[i].Size {
				t.Errorf("%d bytes, the object has %d", f.Bytes, objects[i].Size)
			}
			want = append(want, []string{objects[i].URL})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		return paths
	}
	first := files(objects)
	if len(first) > len(objects)/6 {
		t.Errorf("%d files of %d objects", len(first), len(objects))
	}
	opened := store.opened.Load()
	if files(objects); store.opened.Load() != opened {
		t.Error("the next process reads objects again")
	}
	more := slices.Insert(slices.Clone(objects), 150, Object{URL: "s3://b/0/149a", Size: 1, Revision: "1"})
	store.objects["s3://b/0/149a"] = "s3://b/0/149a\n"
	more[150].Size = int64(len(store.objects["s3://b/0/149a"]))
	again := 0
	for path := range files(more) {
		if first[path] {
			again++
		}
	}
	if n := store.opened.Load() - opened; again < len(first)-1 || n > packMost+1 {
		t.Errorf("%d of %d files are used again, %d objects read", again, len(first), n)
	}
}

// TestSharedFileFails names the object that can't be read, leaves nothing half made, and tells which header became a row.
func TestSharedFileFails(t *testing.T) {
	l := layout(Column{"version", kind(types.Integer)}, Column{"account_id", kind(types.Varchar)}, Column{"interface_id", kind(types.Varchar)})
	objects, store := smallObjects(1, 100)
	dir := t.TempDir()
	c, err := Open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	store.objects[objects[7].URL] = gzipped("1 2 3\n")[:15]
	_, err = c.Files(t.Context(), store, l, objects)
	if e, ok := errors.AsType[*athenasql.Error](err); !ok || !strings.Contains(e.Message, objects[7].URL) {
		t.Errorf("%v, want one that names %s", err, objects[7].URL)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if !fileName.MatchString(f.Name()) {
			t.Errorf("%s is left", f.Name())
		}
	}
	store.objects[objects[7].URL] = header
	for range 2 { // by what was read, and by the name of the file
		if c, err = Open(dir, 0); err != nil {
			t.Fatal(err)
		}
		set, err := c.Files(t.Context(), store, l, objects)
		if err != nil {
			t.Fatal(err)
		}
		if len(set.Notes) != 1 || !strings.Contains(set.Notes[0], objects[7].URL+" ") {
			t.Errorf("notes %q", set.Notes)
		}
		set.Release()
	}
}
