package function_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql/function"
)

//go:generate go test -run ^TestReference$ -update .

var update = flag.Bool("update", false, "rewrite the table in docs/reference/athena-functions.md")

// TestReference checks that the table of docs/reference/athena-functions.md is that of the code; with -update it writes it.
func TestReference(t *testing.T) {
	const file = "../../../docs/reference/athena-functions.md"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- begin functions -->\n", "<!-- end functions -->\n"
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %q and %q", file, begin, end)
	}
	text := before + begin + functionTable() + end + after
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text, string(old)); diff != "" {
		t.Errorf("%s is not that of the code (-code +file; go generate ./internal/athenasql/function rewrites it):\n%s", file, diff)
	}
}

func functionTable() string {
	var b strings.Builder
	b.WriteString("| Function | Page | Forms | How |\n| --- | --- | --- | --- |\n")
	for _, name := range function.Names() {
		f, _ := function.Lookup(name)
		var forms []string
		for _, form := range f.Forms {
			forms = append(forms, "`"+form.Signature+"`")
		}
		how := "exact"
		switch {
		case f.Refused != "":
			how = "refused: " + f.Refused
		case f.Own != "":
			how = "weir's own: " + f.Own
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, f.Page, strings.Join(forms, "<br>"), how)
	}
	return b.String()
}

// TestScripts says that a script calls each function that is taken.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("../*/testdata/*.script")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	called := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?i)\b([a-z_0-9]+)\(`).FindAllStringSubmatch(all.String(), -1) {
		called[strings.ToLower(m[1])] = true
	}
	for _, name := range function.Names() {
		if f, _ := function.Lookup(name); f.Refused == "" && !called[name] {
			t.Errorf("no script calls %s", name)
		}
	}
}
