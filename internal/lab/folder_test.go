package lab

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestFolder has one name for a lab's folder, also before it is there.
func TestFolder(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	there := filepath.Join(root, "real")
	if err := os.MkdirAll(filepath.Join(there, "lab"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(there, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		"real":           "real",
		"link":           "real",
		"link/lab":       "real/lab",
		"link/new":       "real/new",
		"link/new/newer": "real/new/newer",
		"link/../other":  "other",
	} {
		if got, err := Folder(root + "/" + dir); err != nil || got != filepath.Join(root, want) {
			t.Errorf("%s: %s %v, want %s", dir, got, err, want)
		}
	}
	if got, err := Folder(""); !errors.Is(err, ErrFolder) {
		t.Errorf("no folder is %s", got)
	}
}
