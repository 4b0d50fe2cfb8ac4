package page

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/lab"
)

//go:generate go test -run ^TestTables$ -update .

var update = flag.Bool("update", false, "rewrite the tables in docs/lab")

// docs is the folder of the pages.
const docs = "../../../docs/lab"

func scenarios(t *testing.T) []lab.Scenario {
	t.Helper()
	all, err := lab.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTables checks that the tables in docs/lab are those of the scenarios; with -update it writes them.
func TestTables(t *testing.T) {
	all := scenarios(t)
	english, err := Document(all, English)
	korean, err2 := Document(all, Korean)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ file, name, table string }{
		{"README.md", "scenarios", Index(all)},
		{"document.md", "statements", english},
		{"document.ko.md", "statements", korean},
	} {
		file := filepath.Join(docs, tc.file)
		old, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		begin, end := "<!-- begin "+tc.name+" -->\n", "<!-- end "+tc.name+" -->\n"
		before, rest, ok := strings.Cut(string(old), begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no %q and %q", file, begin, end)
		}
		text := before + begin + tc.table + end + after
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(text, string(old)); diff != "" {
			t.Errorf("%s is not that of the scenarios (-scenarios +file; go generate ./internal/lab/page rewrites it):\n%s", file, diff)
		}
	}
}

// TestPages checks that each scenario has its page, and each page its scenario.
func TestPages(t *testing.T) {
	want := []string{"README.md", "document.ko.md", "document.md"}
	for _, s := range scenarios(t) {
		want = append(want, s.Name+".md")
	}
	slices.Sort(want)
	files, err := filepath.Glob(docs + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("make lab-pages writes them (-want +files):\n%s", diff)
	}
}

// TestNamedInStatements checks that what the table names is there: files, folders and scenarios.
func TestNamedInStatements(t *testing.T) {
	all := scenarios(t)
	named := 0
	for _, m := range regexp.MustCompile("`([a-z0-9/_.-]+)`").FindAllStringSubmatch(string(statementFile), -1) {
		named++
		if _, err := os.Stat(filepath.Join("../../..", m[1])); err == nil && strings.Contains(m[1], "/") {
			continue
		}
		if !slices.ContainsFunc(all, func(s lab.Scenario) bool { return s.Name == m[1] }) {
			t.Errorf("there is no %s", m[1])
		}
	}
	if named < 10 {
		t.Errorf("%d names", named)
	}
}

func TestNoSuchStatement(t *testing.T) {
	_, err := Document([]lab.Scenario{{Name: "new", Statements: []string{"D24"}}}, English)
	if err == nil || err.Error() != `scenario new: "D24" is no statement of the document` {
		t.Error(err)
	}
	if _, err = Document(nil, English); err == nil || err.Error() != "statement D9 has no text, or nothing that shows it" {
		t.Error(err)
	}
}
