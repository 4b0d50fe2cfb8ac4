package cli

import (
	"bytes"
	"context"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts of testdata/script")

// TestMain makes this test's program weir itself where it is called by that name,
// so that scripts and tests can start real processes without a build.
//
// By the name of weir-hasty it is weir whose log events go into files at once, so that a kill can meet that.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"weir": Main, "weir-hasty": func() {
		(&cli{in: os.Stdin, out: os.Stdout, err: os.Stderr, flushAge: 20 * time.Millisecond}).main()
	}})
}

// answer is what a command gave.
type answer struct {
	Out, Err string
	Code     int
}

// call runs a command in this process.
func call(ctx context.Context, args ...string) answer {
	var out, err bytes.Buffer
	c := &cli{in: &bytes.Buffer{}, out: &out, err: &err}
	code := c.run(ctx, args)
	return answer{out.String(), err.String(), code}
}

// mustCall runs a command that must end well, and returns what it prints.
func mustCall(t testing.TB, args ...string) string {
	t.Helper()
	a := call(t.Context(), args...)
	if a.Code != exitOK {
		t.Fatalf("weir %q: exit code %d\n%s", args, a.Code, a.Err)
	}
	return a.Out
}
