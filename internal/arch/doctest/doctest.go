package doctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience is how long one block or command may take.
const patience = 2 * time.Minute

// Run runs the blocks of README.md and of the Markdown files under docs in the
// folder root, each file in a subtest.
func Run(t *testing.T, root string) {
	t.Helper()
	files := []string{filepath.Join(root, "README.md")}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(name) == ".md" {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		blocks, err := parse(string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(blocks) == 0 {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			for _, err := range run(t.Context(), blocks, t.TempDir()) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// run runs the blocks of one file in the folder dir and returns what was wrong. It
// ends at the first wrong block, since later ones build on it.
func run(ctx context.Context, blocks []block, dir string) []error {
	for _, b := range blocks {
		var errs []error
		switch b.kind {
		case "file":
			if !filepath.IsLocal(b.name) {
				errs = append(errs, fmt.Errorf("line %d: the file %s lies outside", b.line, b.name))
			} else if err := os.WriteFile(filepath.Join(dir, b.name), []byte(b.text), 0o600); err != nil {
				errs = append(errs, err)
			}
		case "sh":
			if out, code, err := shell(ctx, dir, b.text); err != nil || code != 0 {
				errs = append(errs, fmt.Errorf("line %d: the script ends with code %d (%v):\n%s", b.line, code, err, out))
			}
		case "console":
			errs = console(ctx, dir, b)
		}
		if len(errs) > 0 {
			return errs
		}
	}
	return nil
}

// console runs the commands of a console block.
func console(ctx context.Context, dir string, b block) []error {
	list, err := commands(b)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, c := range list {
		out, code, err := shell(ctx, dir, c.text)
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %v", c.line, err))
			continue
		}
		var got []string
		if out = strings.TrimSuffix(out, "\n"); out != "" {
			got = strings.Split(out, "\n")
		}
		if !like(c.want, got) {
			errs = append(errs, fmt.Errorf("line %d: %s prints something else (-text +command):\n%s", c.line, c.text, cmp.Diff(c.want, got)))
		}
		if code != c.exit {
			errs = append(errs, fmt.Errorf("line %d: %s ends with code %d, not %d", c.line, c.text, code, c.exit))
		}
	}
	return errs
}

// shell runs a script in dir and returns what it prints and its exit code. The
// error says that it could not be run to its end.
func shell(ctx context.Context, dir, script string) (string, int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := exec.CommandContext(ctx, "sh", "-eu", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "HOME="+dir, "WEIR_DATA="+filepath.Join(dir, "weir-data"), "TZ=UTC", "NO_COLOR=1")
	c.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return out.String(), exit.ExitCode(), nil
	}
	return out.String(), 0, err
}
