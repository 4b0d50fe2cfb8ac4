package insights_test

import (
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

//go:generate go test -run ^TestCoverage$ -update .

var update = flag.Bool("update", false, "rewrite the tables in docs/reference/insights.md")

// TestCoverage checks that the tables of docs/reference/insights.md are those of the code, and that a test uses
// each command and function; with -update it writes them.
func TestCoverage(t *testing.T) {
	const file = "../../docs/reference/insights.md"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(old)
	tests := readTests(t)
	for name, table := range map[string]string{
		"commands":   commandTable(t, tests),
		"aggregates": aggregateTable(t, tests),
		"functions":  functionTable(t, tests),
	} {
		begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->\n"
		before, rest, ok := strings.Cut(text, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no %q and %q", file, begin, end)
		}
		text = before + begin + table + end + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(text, string(old)); diff != "" {
		t.Errorf("%s is not that of the code (-code +file; go generate ./internal/insights rewrites it):\n%s", file, diff)
	}
}

// packageTests are the texts of the tests of a package.
type packageTests struct{ name, text string }

// readTests reads the tests of this package and of those below it, their scripts too.
func readTests(t *testing.T) []packageTests {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "fuzz") {
			return err
		}
		dir, inData, _ := strings.Cut(filepath.ToSlash(filepath.Dir(path)), "/")
		if !strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(inData, "testdata") || path == "coverage_test.go" {
			return nil
		}
		raw, err := os.ReadFile(path)
		texts[cmp.Or(strings.Trim(dir, "."), "insights")] += string(raw) + "\n"
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []packageTests
	for name, text := range texts {
		out = append(out, packageTests{name, text})
	}
	slices.SortFunc(out, func(a, b packageTests) int { return cmp.Compare(a.name, b.name) })
	return out
}

// users returns the packages whose tests have something that a pattern finds. There must be one.
func users(t *testing.T, tests []packageTests, name, pattern string) string {
	t.Helper()
	re := regexp.MustCompile("(?i)" + pattern)
	var out []string
	for _, p := range tests {
		if re.MatchString(p.text) {
			out = append(out, p.name)
		}
	}
	if out == nil {
		t.Errorf("no test uses %s", name)
	}
	return strings.Join(out, ", ")
}

func state(refused, own string) string {
	switch {
	case refused != "":
		return "refused: " + refused
	case own != "":
		return "own: " + own
	}
	return "exact"
}

// cell makes a text fit a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func names(name string, aliases []string) string {
	var out strings.Builder
	out.WriteString("`" + name + "`")
	for _, a := range aliases {
		out.WriteString(", `" + a + "`")
	}
	return out.String()
}

func commandTable(t *testing.T, tests []packageTests) string {
	var s strings.Builder
	s.WriteString("| command | form | what it does | AWS's page | state | tests |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, f := range insights.Commands() {
		used := users(t, tests, f.Name, "(?m)(^|^eval|[\"'`|(])\\s*"+regexp.QuoteMeta(f.Name)+`\b`)
		fmt.Fprintf(&s, "| %s | `%s` | %s | %s | %s | %s |\n", names(f.Name, f.Aliases), cell(f.Syntax), f.Doc, f.Page, state(f.Refused(), f.Own), used)
	}
	return s.String()
}

func aggregateTable(t *testing.T, tests []packageTests) string {
	var s strings.Builder
	s.WriteString("| aggregate | form | what it does | source | state | tests |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, a := range insights.Aggregates() {
		fmt.Fprintf(&s, "| %s | `%s` | %s | %s | %s | %s |\n", names(a.Name, a.Aliases), cell(a.Signature), a.Doc, a.Source, state("", a.Own),
			users(t, tests, a.Name, calledAs(a.Name, a.Aliases)))
	}
	return s.String()
}

func functionTable(t *testing.T, tests []packageTests) string {
	var s strings.Builder
	s.WriteString("| function | form | what it does | source | tests |\n| --- | --- | --- | --- | --- |\n")
	funcs := slices.Clone(value.Funcs())
	slices.SortStableFunc(funcs, func(a, b *value.Func) int { return cmp.Compare(a.Source, b.Source) })
	for _, f := range funcs {
		fmt.Fprintf(&s, "| %s | `%s` | %s | %s | %s |\n", names(f.Name, f.Aliases), cell(f.Signature), f.Doc, f.Source,
			users(t, tests, f.Name, calledAs(f.Name, f.Aliases)))
	}
	return s.String()
}

// calledAs finds calls of a function by any of its names.
func calledAs(name string, aliases []string) string {
	return `\b(` + strings.Join(append([]string{name}, aliases...), "|") + `)\s*\(`
}
