package arch_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the repository's folder, seen from this package.
const root = "../.."

// module is the path of the product's module.
const module = "weir"

// repository returns the repository's files, without those that git ignores and
// without git's own, as slash-separated paths in order.
func repository(t *testing.T) []string {
	t.Helper()
	ignored := ignoredNames(t)
	var out []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case name == ".git" || ignored(name, d.IsDir()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.IsDir():
			out = append(out, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ignoredNames returns what tells whether git ignores a path. It knows the forms
// that .gitignore uses: "/folder/", "/file", "name/", "*.ext" and "name".
func ignoredNames(t *testing.T) func(name string, dir bool) bool {
	t.Helper()
	var patterns []string
	for line := range strings.Lines(string(read(t, ".gitignore"))) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			patterns = append(patterns, line)
		}
	}
	return func(name string, dir bool) bool {
		for _, p := range patterns {
			p, onlyDir := strings.CutSuffix(p, "/")
			what := path.Base(name)
			if rooted, ok := strings.CutPrefix(p, "/"); ok {
				p, what = rooted, name
			}
			if ok, err := path.Match(p, what); err != nil {
				t.Fatalf(".gitignore: %s: %v", p, err)
			} else if ok && (dir || !onlyDir) {
				return true
			}
		}
		return false
	}
}

// read returns a file of the repository.
func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(path.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// isText reports whether a file holds text.
func isText(b []byte) bool {
	return bytes.IndexByte(b[:min(len(b), 8000)], 0) < 0
}

// goFile is a parsed Go file of the product's module.
type goFile struct {
	name    string // path in the repository
	room    string // its folder
	test    bool
	file    *ast.File
	imports []string
}

// goFiles parses the module's Go files, imports and comments only where imports
// is true.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	names := repository(t)
	var other []string // folders of other modules
	for _, n := range names {
		if path.Base(n) == "go.mod" && n != "go.mod" {
			other = append(other, path.Dir(n)+"/")
		}
	}
	var out []goFile
	for _, n := range names {
		inOther := slices.ContainsFunc(other, func(dir string) bool { return strings.HasPrefix(n, dir) })
		if path.Ext(n) != ".go" || inOther || strings.Contains(n, "/testdata/") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), n, read(t, n), parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		g := goFile{name: n, room: path.Dir(n), test: strings.HasSuffix(n, "_test.go"), file: f}
		for _, im := range f.Imports {
			p, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			g.imports = append(g.imports, p)
		}
		out = append(out, g)
	}
	return out
}

// countLines returns how many lines a file has.
func countLines(b []byte) int {
	n := bytes.Count(b, []byte("\n"))
	if len(b) > 0 && b[len(b)-1] != '\n' {
		n++
	}
	return n
}
