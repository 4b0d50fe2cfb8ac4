package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var at = time.Unix(1772445600, 0)

func newTestStore(t *testing.T) *Store[Dashboard, *Dashboard] {
	t.Helper()
	return NewStore[Dashboard](filepath.Join(t.TempDir(), "boards"), func() time.Time { return at }, Ready()...)
}

// sample returns a dashboard that is right.
func sample(name string) *Dashboard {
	return &Dashboard{
		Head:  Head{Name: name, Description: "what it shows"},
		Range: Range{Last: "24h", Until: "newest"},
		Panels: []Panel{{
			Title: "bytes", Width: 6, Height: 2,
			Query: Query{Language: "sql", Text: "SELECT 1 AS a", Chart: Chart{Kind: "bar", X: "a", Values: []string{"a"}}},
		}},
	}
}

func TestStoreKeepsDocumentsAndTheirVersions(t *testing.T) {
	s := newTestStore(t)
	d := sample("b")
	if err := s.Create(d, "ada"); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(sample("A"), ""); err != nil {
		t.Fatal(err)
	}
	want := sample("b")
	want.Head = Head{Name: "b", Description: "what it shows", ID: d.ID, Version: 1, Updated: at.Unix(), By: "ada"}
	got, err := s.Get(d.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	got.Name = "c"
	if err := s.Replace(got, ""); err != nil || got.Version != 2 {
		t.Fatalf("version %d: %v", got.Version, err)
	}
	stale := sample("of another page")
	stale.ID, stale.Version = d.ID, 1
	if err := s.Replace(stale, ""); !errors.Is(err, ErrConflict) {
		t.Errorf("a change of what was not seen: %v", err)
	}
	if err := s.Remove(d.ID, 1); !errors.Is(err, ErrConflict) {
		t.Errorf("a removal of what was not seen: %v", err)
	}
	if names := namesOf(t, s); !cmp.Equal(names, []string{"Flow logs", "A", "c"}) {
		t.Errorf("listed: %q", names)
	}
	if err := s.Remove(d.ID, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(d.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its removal: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "*")); len(left) != 1 {
		t.Errorf("files: %q", left)
	}
}

func namesOf(t *testing.T, s *Store[Dashboard, *Dashboard]) (names []string) {
	t.Helper()
	docs, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		names = append(names, d.Name)
	}
	return names
}

func TestOfWritersWhoSawTheSameOneWins(t *testing.T) {
	s := newTestStore(t)
	d := sample("at first")
	if err := s.Create(d, ""); err != nil {
		t.Fatal(err)
	}
	const writers = 8
	var wg sync.WaitGroup
	var won [writers]error
	for i := range writers {
		wg.Go(func() {
			mine := sample(fmt.Sprint("by ", i))
			mine.ID, mine.Version = d.ID, 1
			won[i] = s.Replace(mine, "")
		})
	}
	wg.Wait()
	got, err := s.Get(d.ID)
	if err != nil {
		t.Fatal(err)
	}
	wins := 0
	for i, err := range won {
		switch {
		case err == nil:
			wins++
			if want := fmt.Sprint("by ", i); got.Name != want {
				t.Errorf("kept %q, but %q was told that it is kept", got.Name, want)
			}
		case !errors.Is(err, ErrConflict):
			t.Error(err)
		}
	}
	if wins != 1 || got.Version != 2 {
		t.Errorf("%d writers won, version %d", wins, got.Version)
	}
}

func TestReadyDocumentsCannotBeChanged(t *testing.T) {
	s := newTestStore(t)
	docs, err := s.List()
	if err != nil || len(docs) == 0 || !docs[0].Ready {
		t.Fatalf("%v, %v", docs, err)
	}
	d, err := s.Get(docs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Replace(d, ""); !errors.Is(err, ErrReady) {
		t.Errorf("replaced: %v", err)
	}
	if err := s.Remove(d.ID, d.Version); !errors.Is(err, ErrReady) {
		t.Errorf("removed: %v", err)
	}
	if err := s.Create(d, ""); err != nil || d.Ready || strings.HasPrefix(d.ID, "ready") {
		t.Errorf("copied: %+v, %v", d.Head, err)
	}
}

func TestNamesOfFilesAreNoWayOut(t *testing.T) {
	s := newTestStore(t)
	if err := s.Create(sample("x"), ""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(s.dir), "secrets1.json"), []byte(`{"name":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "../secrets1", "..%2fsecrets1", "/etc/passwd", "abcdefgh/../../secrets1", ".part-1234567"} {
		if _, err := s.Get(id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestABrokenFileHidesNoOther(t *testing.T) {
	s := newTestStore(t)
	if err := s.Create(sample("good"), ""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("brokenbroken"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	docs, err := s.List()
	if err == nil || !strings.Contains(err.Error(), "brokenbroken.json") {
		t.Errorf("error: %v", err)
	}
	if len(docs) != len(Ready())+1 {
		t.Errorf("%d documents", len(docs))
	}
}

func TestCheck(t *testing.T) {
	one, two := int64(1), int64(2)
	for _, tc := range []struct {
		name   string
		change func(*Dashboard)
		want   string
	}{
		{"right", func(*Dashboard) {}, ""},
		{"two moments", func(d *Dashboard) { d.Range = Range{From: &one, To: &two} }, ""},
		{"no name", func(d *Dashboard) { d.Name = " " }, "name: there is no name"},
		{"long name", func(d *Dashboard) { d.Name = strings.Repeat("ä", 201) }, "name: the text has 201 characters, the most is 200"},
		{"no span", func(d *Dashboard) { d.Range.Last = "2h" }, `range.last: "2h" is no span`},
		{"range turned around", func(d *Dashboard) { d.Range = Range{From: &two, To: &one} }, "range: the range ends before it begins, or lies outside of the years 1970 to 9999"},
		{"half a range", func(d *Dashboard) { d.Range = Range{From: &one} }, "range: two moments are from and to alone"},
		{"end of a span", func(d *Dashboard) { d.Range.Until = "later" }, `range.until: "later" is no end of a span`},
		{"too many panels", func(d *Dashboard) { d.Panels = make([]Panel, 51) }, "panels: there are 51 panels, the most is 50"},
		{"width", func(d *Dashboard) { d.Panels[0].Width = 13 }, "panels[0].width: 13 is no width"},
		{"height", func(d *Dashboard) { d.Panels[0].Height = 0 }, "panels[0].height: 0 is no height"},
		{"no query", func(d *Dashboard) { d.Panels[0].Text = "\n" }, "panels[0].text: there is no query"},
		{"long query", func(d *Dashboard) { d.Panels[0].Text = strings.Repeat("x", MaxText+1) }, "panels[0].text: the query has 65537 bytes, the most is 65536"},
		{"no language", func(d *Dashboard) { d.Panels[0].Language = "" }, `panels[0].language: "" is no language`},
		{"pie", func(d *Dashboard) { d.Panels[0].Chart.Kind = "pie" }, `panels[0].chart.kind: "pie" is none of what there is`},
		{"unit", func(d *Dashboard) { d.Panels[0].Chart.Unit = "furlong" }, `panels[0].chart.unit: "furlong" is none of what there is`},
		{"not UTF-8", func(d *Dashboard) { d.Panels[0].Chart.X = "\xff" }, "panels[0].chart.values: the text is not UTF-8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := sample("x")
			tc.change(d)
			got := ""
			if err := d.Check(); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	text, err := json.Marshal(sample("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"name":"x","range":{"from":1,"to":2},"panels":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d := new(Dashboard)
		if Read(strings.NewReader(text), d) != nil {
			return
		}
		// What is read is written and read as the same.
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		e := new(Dashboard)
		if err := Read(strings.NewReader(string(again)), e); err != nil {
			t.Fatalf("%v: %s", err, again)
		}
		if diff := cmp.Diff(d, e, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
