package cli

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"weir/internal/app"
	"weir/internal/notify"
	"weir/internal/sharedtest"
)

// TestScript runs the scripts of testdata/script, one for each command and theme.
func TestScript(t *testing.T) {
	large := newBrokenS3(t, nil)
	large.set(largeListing)
	shared, have := sharedtest.Find(t, "data")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "gz": gz, "cut": cut, "bytes": writeBytes, "pcap": pcap, "scrub": scrub, "serve": serveData, "ago": minutesAgo,
		},
		Condition: func(name string) (bool, error) {
			if name == "shared" {
				return have, nil
			}
			return false, errors.New("no condition " + name)
		},
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("WEIR_DATA", filepath.Join(e.WorkDir, "data"))
			e.Setenv("TZ", "UTC")
			e.Setenv("SHARED", shared)
			e.Setenv("LARGE", large.url) // an S3 server with a bucket that is too large to take without a yes
			e.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
			e.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
			e.Setenv("AWS_REGION", "us-east-1")
			return os.Mkdir(home, 0o700)
		},
		UpdateScripts:       *update,
		RequireExplicitExec: true,
	})
}

// exits runs a command that must end with a code: exits 3 weir ...
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// gz compresses files: gz FILE... writes FILE.gz in place of FILE.
func gz(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		path := ts.MkAbs(name)
		text, err := os.ReadFile(path)
		ts.Check(err)
		f, err := os.Create(path + ".gz")
		ts.Check(err)
		z := gzip.NewWriter(f)
		_, err = z.Write(text)
		ts.Check(errors.Join(err, z.Close(), f.Close(), os.Remove(path)))
	}
}

// cut takes bytes off a file's end: cut FILE BYTES.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()-n))
}

// writeBytes writes a file of bytes in hexadecimal: bytes FILE HEX...
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	b, err := hex.DecodeString(strings.Join(args[1:], ""))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// varying are what differs from run to run, and what scrub writes instead.
var varying = []struct {
	is  *regexp.Regexp
	put string
}{
	{regexp.MustCompile(`in [0-9.]+ (ms|s)\b`), "in TIME"},
	{regexp.MustCompile(`, [0-9.]+ days old`), ", AGE old"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`"(seconds|at)": [^,\n]*`), `"$1": TIME`},
	// Sizes of the lake's files follow from what writes them.
	{regexp.MustCompile(`(files?), [0-9.]+ k?B \([0-9.]+ B each\)`), "$1, SIZE"},
	{regexp.MustCompile(`reads at most [0-9.]+ k?B of [0-9.]+ k?B`), "reads at most SIZE of SIZE"},
	{regexp.MustCompile(`(?m)^ *[0-9.]+ k?B +[0-9.]+ k?B +([0-9,]+)  flow/`), "SIZE SIZE $1 flow/"},
	{regexp.MustCompile(`(files of|became [0-9]+ of|files? of) [0-9.]+ k?B`), "$1 SIZE"},
	{regexp.MustCompile(`"(bytes|bytes_total|bytes_before|bytes_after|size)": [0-9]+`), `"$1": SIZE`},
}

// scrub puts words in place of what differs from run to run and from machine to
// machine: times, ages, ids of data files, their sizes, the script's folder.
// scrub stdout FILE writes what the last command printed.
func scrub(ts *testscript.TestScript, _ bool, args []string) {
	text := scrubbed(ts.ReadFile(args[0]), ts.Getenv("WORK"), "$WORK")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// scrubbed returns a text with words in place of what differs, and name in place
// of a folder.
func scrubbed(text, folder, name string) string {
	text = strings.ReplaceAll(text, folder, name)
	for _, v := range varying {
		text = v.is.ReplaceAllString(text, v.put)
	}
	return text
}

// serveData serves the script's data directory until its end: serve [NAME=PROGRAM]... gives the server commands that messages may run.
func serveData(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	commands := map[string]string{}
	for _, arg := range args {
		name, program, _ := strings.Cut(arg, "=")
		commands[name] = ts.MkAbs(program)
	}
	go func() {
		done <- app.Serve(ctx, app.ServeOptions{
			Data: ts.Getenv("WEIR_DATA"), Listen: "127.0.0.1:0", Version: version, Log: slog.New(slog.DiscardHandler), Notify: notify.Options{Commands: commands},
			Ready: func(url string) { ready <- url },
		})
	}()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		ts.Fatalf("the server: %v", err)
	}
	ts.Defer(func() {
		cancel()
		if err := <-done; err != nil {
			ts.Logf("the server: %v", err)
		}
	})
}

// minutesAgo writes times into a file: ago FILE puts the time of n seconds before the current minute, in seconds since the epoch, in place of AGO(n).
func minutesAgo(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	minute := time.Now().Truncate(time.Minute)
	text = regexp.MustCompile(`AGO\((\d+)\)`).ReplaceAllStringFunc(text, func(s string) string {
		n, err := strconv.Atoi(s[len("AGO(") : len(s)-1])
		ts.Check(err)
		return strconv.FormatInt(minute.Add(-time.Duration(n)*time.Second).Unix(), 10)
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
