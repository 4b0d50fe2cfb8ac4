package file

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
	"weir/internal/source"
	"weir/internal/source/sourcetest"
)

// write puts files, by their paths below dir.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// link makes links, by their paths below dir.
func link(t *testing.T, dir string, links map[string]string) {
	t.Helper()
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// open returns the source of paths.
func open(t *testing.T, paths ...string) *Source {
	t.Helper()
	s, err := New(paths...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// list returns all objects of a selection.
func list(t *testing.T, s *Source, sel source.Selection) ([]source.Object, source.Listing) {
	t.Helper()
	var got []source.Object
	l, err := s.List(t.Context(), sel, func(o source.Object) error {
		got = append(got, o)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, l
}

// urls returns the objects' URLs below dir, sorted.
func urls(dir string, objects []source.Object) []string {
	out := []string{}
	for _, o := range objects {
		out = append(out, strings.TrimPrefix(o.URL, dir+"/"))
	}
	slices.Sort(out)
	return out
}

// skipped returns the skipped places below dir with their reasons.
func skipped(dir string, l source.Listing) map[string]string {
	out := map[string]string{}
	for _, s := range l.Skipped {
		out[strings.TrimPrefix(s.URL, dir+"/")] = strings.ReplaceAll(s.Reason, dir, "DIR")
	}
	return out
}

func TestSource(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T, objects map[string]string) source.Source {
		dir := t.TempDir()
		write(t, dir, objects)
		return open(t, dir)
	})
}

func TestListLeavesNothingOutByItsLook(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		".hidden.log": "a", "log~": "b", ".log.swp": "c", "README.md": "d", "empty": "", "a/b/c.log": "e",
		".git/config": "f", "a/.cache/x.log": "g",
	})
	got, l := list(t, open(t, dir), source.Selection{})
	if diff := cmp.Diff([]string{".hidden.log", ".log.swp", "README.md", "a/b/c.log", "empty", "log~"}, urls(dir, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{".git": "a hidden folder", "a/.cache": "a hidden folder"}, skipped(dir, l)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if hidden, _ := list(t, open(t, filepath.Join(dir, ".git")), source.Selection{}); len(hidden) != 1 {
		t.Errorf("a hidden folder that is named: %v; want its file", hidden)
	}
}

// TestListSettle leaves files that may still be written to, unless the clock of
// who wrote them is another.
func TestListSettle(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"fresh.log": "a", "old.log": "b", "early.log": "c"})
	for name, age := range map[string]time.Duration{"fresh.log": 10 * time.Minute, "old.log": 2 * time.Hour, "early.log": -10 * time.Minute} {
		at := time.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := list(t, open(t, dir), source.Selection{Settle: time.Hour})
	if diff := cmp.Diff([]string{"early.log", "old.log"}, urls(dir, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, _ = list(t, open(t, dir), source.Selection{}); len(got) != 3 {
		t.Errorf("%d files without it, want 3", len(got))
	}
}

func TestListLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write(t, dir, map[string]string{"z/real.log": "a", "z/deep/other.log": "b"})
	write(t, outside, map[string]string{"far.log": "c", "sub/farther.log": "d"})
	link(t, dir, map[string]string{
		"a-link.log":   filepath.Join(outside, "far.log"),
		"b-same.log":   filepath.Join(dir, "z", "real.log"),
		"c-folder":     outside,
		"d-self":       ".",
		"e-parent":     filepath.Dir(dir),
		"f-dangling":   filepath.Join(dir, "absent"),
		"g-known":      filepath.Join(dir, "z", "deep"),
		"z/deep/round": filepath.Join(dir, "z"),
	})
	got, l := list(t, open(t, dir), source.Selection{})
	if diff := cmp.Diff([]string{"a-link.log", "c-folder/sub/farther.log", "z/deep/other.log", "z/real.log"}, urls(dir, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := map[string]string{
		"b-same.log":   "a link to DIR/z/real.log, which is listed",
		"d-self":       "a link to DIR, which is listed",
		"e-parent":     "a link to " + filepath.Dir(dir) + ", which holds a listed folder",
		"g-known":      "a link to DIR/z/deep, which is listed",
		"z/deep/round": "a link to DIR/z, which is listed",
	}
	if diff := cmp.Diff(want, skipped(dir, l)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if len(l.Faults) != 1 || l.Faults[0].Code != source.NoSuchKey || l.Faults[0].URL != filepath.Join(dir, "f-dangling") {
		t.Errorf("faults %v; want the dangling link", l.Faults)
	}
}

func TestListSeveral(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a/one.log": "1", "a/b/two.log": "2", "three.log": "3"})
	link(t, dir, map[string]string{"link": filepath.Join(dir, "a")})
	s := open(t, filepath.Join(dir, "three.log"), filepath.Join(dir, "a", "b"), filepath.Join(dir, "link"), filepath.Join(dir, "three.log"))
	got, l := list(t, s, source.Selection{})
	type identity struct{ Source, Key, URL string }
	var ids []identity
	for _, o := range got {
		ids = append(ids, identity{strings.TrimPrefix(o.Source, dir), o.Key, strings.TrimPrefix(o.URL, dir)})
	}
	slices.SortFunc(ids, func(a, b identity) int { return strings.Compare(a.URL, b.URL) })
	want := []identity{{"/a/b", "two.log", "/a/b/two.log"}, {"/link", "one.log", "/link/one.log"}, {"", "three.log", "/three.log"}}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if l.Objects != 3 || strings.Count(s.Name(), dir) != 4 {
		t.Errorf("%d objects, name %q", l.Objects, s.Name())
	}
}

func TestListOtherServices(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"AWSLogs/111122223333/CloudTrail/x.json.gz": "a", "AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/02/x.log": "b",
	})
	got, l := list(t, open(t, dir), source.Selection{})
	if len(got) != 1 || len(l.Skipped) != 1 || l.Skipped[0].Reason != "logs of another service: CloudTrail" {
		t.Errorf("objects %v, skipped %v; want the flow log only", got, l.Skipped)
	}
	for _, named := range []string{"AWSLogs/111122223333/CloudTrail", "AWSLogs/111122223333/CloudTrail/x.json.gz"} {
		if got, _ := list(t, open(t, filepath.Join(dir, named)), source.Selection{}); len(got) != 1 {
			t.Errorf("%s, which is named: %v; want its file", named, got)
		}
	}
}

func TestListPrunes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/01/x.log": "a",
		"AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/02/x.log": "b",
		"AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/02/x.log": "c",
	})
	sel := source.Selection{Regions: []string{"eu-west-1"}, From: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	got, l := list(t, open(t, dir), sel)
	if len(got) != 1 || l.PrunedFolders != 2 || l.Pruned != 0 {
		t.Errorf("%v, %d folders pruned; want one object and 2", got, l.PrunedFolders)
	}
	got, l = list(t, open(t, filepath.Join(dir, "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026")), sel)
	if len(got) != 0 || l.PrunedFolders != 1 {
		t.Errorf("%v, %d folders pruned; want the named folder pruned", got, l.PrunedFolders)
	}
}

func TestNewFaults(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		path, hint string
		want       source.Code
	}{
		{filepath.Join(dir, "absent"), "", source.NoSuchKey},
		{filepath.Join(dir, "*.log"), "the shell", source.NoSuchKey},
		{"/dev/null", "", source.Other},
	}
	for _, tt := range tests {
		_, err := New(tt.path)
		var f *source.Fault
		if !errors.As(err, &f) || f.Code != tt.want || f.URL != tt.path || !strings.Contains(f.Hint, tt.hint) {
			t.Errorf("New(%q): %v; want %q", tt.path, err, tt.want)
		}
	}
}

func TestOpenChanged(t *testing.T) {
	const content = "0123456789"
	tests := []struct {
		name   string
		before bool // changed before Open, else after it
		change func(t *testing.T, path string)
	}{
		{"gone", true, func(t *testing.T, path string) { must(t, os.Remove(path)) }},
		{"longer", true, func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte(content+"x"), 0o644)) }},
		{"same size, written again", true, touch},
		{"replaced", true, func(t *testing.T, path string) {
			must(t, os.WriteFile(path+".new", []byte("9876543210"), 0o644))
			touch(t, path+".new")
			must(t, os.Rename(path+".new", path))
		}},
		{"appended while read", false, func(t *testing.T, path string) { must(t, os.WriteFile(path, []byte(content+"more"), 0o644)) }},
		{"cut off while read", false, func(t *testing.T, path string) { must(t, os.Truncate(path, 3)) }},
		{"written again while read", false, touch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"a.log": content})
			s := open(t, dir)
			objects, _ := list(t, s, source.Selection{})
			path := filepath.Join(dir, "a.log")
			if tt.before {
				tt.change(t, path)
				_, err := s.Open(t.Context(), objects[0])
				wantChanged(t, err)
				return
			}
			c, err := s.Open(t.Context(), objects[0])
			if err != nil {
				t.Fatal(err)
			}
			tt.change(t, path)
			data, err := io.ReadAll(c)
			wantChanged(t, err)
			if !strings.HasPrefix(content, string(data)) {
				t.Errorf("read %q; want a part of %q", data, content)
			}
			wantChanged(t, c.Close())
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// touch gives a file another modification time.
func touch(t *testing.T, path string) {
	t.Helper()
	later := time.Now().Add(time.Hour)
	must(t, os.Chtimes(path, later, later))
}

func wantChanged(t *testing.T, err error) {
	t.Helper()
	var f *source.Fault
	if !errors.As(err, &f) || f.Code != source.Changed || f.Hint == "" {
		t.Errorf("error %v; want %q", err, source.Changed)
	}
}

// TestReadShared reads both shared trees with the decoder, as the lake does.
func TestReadShared(t *testing.T) {
	tests := []struct {
		elem             []string
		objects, records int64
	}{
		// The counts stand in the sets' README.md.
		{[]string{"data", "flowlogs", "derived-flowlogs", "AWSLogs"}, 271, 24833},
		{[]string{"data", "flowlogs", "sekoia-automation", "111111111111_vpcflowlogs_eu-west-3_fl-032a163fae170ae52_20220831T1255Z_2ad4bef5.parquet"}, 1, 7},
	}
	for _, tt := range tests {
		s := open(t, sharedtest.Path(t, tt.elem...))
		records := int64(0)
		l, err := s.List(t.Context(), source.Selection{}, func(o source.Object) error {
			if o.Info.Slot.IsZero() || o.Info.Conflict != "" {
				t.Errorf("%s: %+v", o.Key, o.Info)
			}
			n, err := decode(t.Context(), s, o)
			records += n
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if l.Objects != tt.objects || records != tt.records {
			t.Errorf("%s: %d objects, %d records; want %d, %d", s.Name(), l.Objects, records, tt.objects, tt.records)
		}
	}
}

// decode counts the records of an object.
func decode(ctx context.Context, s source.Source, o source.Object) (int64, error) {
	c, err := s.Open(ctx, o)
	if err != nil {
		return 0, err
	}
	d, err := flowlog.NewDecoder(c, flowlog.Options{})
	for err == nil {
		_, err = d.Next()
	}
	if err != io.EOF {
		return 0, errors.Join(err, c.Close())
	}
	return d.Stats().Records, c.Close()
}
