package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/lab"
	"weir/internal/lab/page"
)

// comparePages holds the pages of a run against those in docs/lab; with -update it writes those that say something else, and removes those of no scenario.
func comparePages(t *testing.T, pages string) {
	t.Helper()
	const docs = "../../docs/lab"
	all, err := lab.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{"README.md": true, "document.md": true, "document.ko.md": true}
	for _, s := range all {
		name := s.Name + ".md"
		names[name] = true
		got, err := os.ReadFile(filepath.Join(pages, name))
		if errors.Is(err, fs.ErrNotExist) && os.Getenv("WEIR_CI") != "1" {
			t.Logf("not compared: %s, whose scenario was not run", name)
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		want, err := os.ReadFile(filepath.Join(docs, name))
		if err == nil && page.Same(string(got), string(want)) {
			continue
		}
		if *update {
			if err := os.WriteFile(filepath.Join(docs, name), got, 0o644); err != nil {
				t.Error(err)
			}
			continue
		}
		t.Errorf("docs/lab/%s is not what a run gives (-page +run; make lab-pages writes it): %v\n%s", name, err, cmp.Diff(string(bytes.TrimSpace(want)), string(bytes.TrimSpace(got))))
	}
	there, err := filepath.Glob(docs + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range there {
		if name := filepath.Base(file); !names[name] {
			if !*update {
				t.Errorf("docs/lab/%s is of no scenario", name)
			} else if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		}
	}
}
