package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"weir/internal/app"
)

// linesUntil is a writer that calls do when it has some lines.
type linesUntil struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines int
	do    func()
}

func (l *linesUntil) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if l.lines -= bytes.Count(p, []byte("\n")); l.lines <= 0 {
		l.do()
	}
	return len(p), nil
}

// TestTopLive shows a live list again and again until Ctrl-C, which is how it ends.
func TestTopLive(t *testing.T) {
	data := t.TempDir()
	serveInProcess(t, data)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &linesUntil{lines: 3, do: stop}
	c := &cli{out: out, err: &bytes.Buffer{}}
	code := c.run(ctx, []string{"--data", data, "top", "srcaddr", "--live", "--every", "1ms", "--json"})
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, c.err)
	}
	lines := bytes.Split(bytes.TrimSpace(out.text.Bytes()), []byte("\n"))
	if len(lines) < 3 {
		t.Fatalf("%s", out.text.Bytes())
	}
	for _, line := range lines {
		var got liveTopJSON
		// Nothing was said, so it looks back as far as records of AWS come late besides.
		if err := json.Unmarshal(line, &got); err != nil || got.By != "bytes" || got.To.Sub(got.From) != 5*time.Minute+app.LakeLateness {
			t.Errorf("%v in %s", err, line)
		}
	}
}

// TestLiveScreen draws one picture over the other on a terminal, and nothing that a terminal would obey.
func TestLiveScreen(t *testing.T) {
	var out bytes.Buffer
	c := &cli{out: &out}
	r := &app.LiveTopReport{Of: "the rule \x1b[31m", Keys: []string{"k"}, By: "sum", Rows: []app.LiveTopRow{{Keys: []string{"a\x1b"}, Value: 1.5}}, Contributors: 2, More: true, Total: 3}
	if err := c.printLiveTop(r, false, true, time.UTC); err != nil {
		t.Fatal(err)
	}
	const want = "\x1b[H\x1b[2Jk by sum, of the rule \ufffd[31m\nsince 0001-01-01 00:00:00 UTC, to 00:00:00\n\nK   SUM  SHARE\na\ufffd  1.5  50.0%  ████████████████████\n\n2 contributors and more, 3 in all\n"
	if got := out.String(); got != want {
		t.Errorf("%q", got)
	}
}
