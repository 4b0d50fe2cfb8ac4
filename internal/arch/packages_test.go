package arch_test

import (
	"path"
	"strings"
	"testing"
)

// TestPackageComments checks that each package says what it is for: in doc.go,
// or in its only file.
func TestPackageComments(t *testing.T) {
	files := map[string][]goFile{}
	for _, f := range goFiles(t) {
		if !f.test {
			files[f.room] = append(files[f.room], f)
		}
	}
	for room, fs := range files {
		commented := false
		for _, f := range fs {
			if f.file.Doc == nil {
				continue
			}
			if path.Base(f.name) != "doc.go" && len(fs) > 1 {
				t.Errorf("%s: the package comment belongs into doc.go", f.name)
			}
			want := "Package " + f.file.Name.Name + " "
			if f.file.Name.Name == "main" {
				want = "Command " + path.Base(room) + " "
			}
			if text := f.file.Doc.Text(); !strings.HasPrefix(text, want) {
				t.Errorf("%s: the package comment begins with %.30q, not with %q", f.name, text, want)
			}
			commented = true
		}
		if !commented {
			t.Errorf("%s: no package comment", room)
		}
	}
}
