package labtest

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSkipped has a lab that can't be built, which skips its test.
func TestSkipped(t *testing.T) {
	t.Setenv(required, "")
	skipped := false
	t.Run("without weir", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		Up(t, Options{Program: filepath.Join(t.TempDir(), "none")})
	})
	if !skipped {
		t.Error("it was not skipped")
	}
}

// fake returns a lab whose weir is a script.
func fake(t *testing.T, script string) *Lab {
	t.Helper()
	program := filepath.Join(t.TempDir(), "weir")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return &Lab{Dir: "/lab", Data: "/lab/data", Hosts: []Host{{Name: "web-a", Address: "10.0.1.10"}}, program: program}
}

// TestCommands has a weir that says what it was called with.
func TestCommands(t *testing.T) {
	l := fake(t, `case "$*" in
"query --data /lab/data --format csv SELECT 1") printf 'a,b\n1,\n"x,y",2\n' ;;
"lab --dir /lab run --json --all") echo '[{"name": "one", "ok": true, "became": ["answer"], "rows": [["1"]]}, {"name": "two", "ok": false, "not_run": "no S3"}]' ;;
"lab --dir /lab shell web-a -- false") echo out; echo err >&2; exit 3 ;;
*) echo "$*" >&2; exit 2 ;;
esac
`)
	if rows := l.Query(t, "SELECT 1"); len(rows) != 2 || rows[0][0] != "1" || rows[0][1] != "" || rows[1][0] != "x,y" {
		t.Error(rows)
	}
	if rows := l.QueryUntil(t, "SELECT 1", func(rows [][]string) bool { return len(rows) == 2 }); rows[1][1] != "2" {
		t.Error(rows)
	}
	t.Setenv(required, "")
	if all := l.Run(t); len(all) != 2 || all[1].NotRun != "no S3" || all[0].Name != "one" || all[0].Became[0] != "answer" || all[0].Rows[0][0] != "1" {
		t.Error(all)
	}
	if out, code := l.Exec(t, "web-a", "false"); code != 3 || out != "out\nerr\n" {
		t.Errorf("%d %q", code, out)
	}
	if h := l.Host(t, "web-a"); h.Address != "10.0.1.10" {
		t.Error(h)
	}
}
