package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignFolder takes no folder for a lab's that has others' files: weir lab down removes all that is in one.
func TestForeignFolder(t *testing.T) {
	lab := &state{Dir: filepath.Join(t.TempDir(), "lab"), Listen: "127.0.0.1:8787"}
	if err := begin(lab); err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(lab.path(stateFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, text, beside, want string }{
		{"what weir lab up --json prints", `{"state": "up", "dir": "/var/lib/weir-lab", "url": "http://127.0.0.1:8787/"}`, "main.go", "its lab.json is of a lab in /var/lib/weir-lab"},
		{"what a shell made for that", "", "main.go", "its lab.json is empty, and main.go is beside it"},
		{"other JSON", "[1]", "main.go", "no lab has written its lab.json"},
		{"a copy of a lab's", string(own), "records", "its lab.json is of a lab in " + lab.Dir},
		{"a lab of which no more was made", "", "lab.json.new", ""},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{tc.beside: "{}", stateFile: tc.text} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := read(dir)
		switch {
		case tc.want == "" && (err != nil || s == nil || s.Dir != dir):
			t.Errorf("%s: %v %v", tc.name, s, err)
		case tc.want != "" && (!errors.Is(err, ErrNoLab) || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(lab.Dir, link); err != nil {
		t.Fatal(err)
	}
	if s, err := read(link); err != nil || s.Listen != lab.Listen {
		t.Errorf("by a symbolic link: %v %v", s, err)
	}
	if _, err := read(filepath.Join(lab.path(stateFile), "below")); !errors.Is(err, ErrFolder) {
		t.Errorf("below a file: %v", err)
	}
}
