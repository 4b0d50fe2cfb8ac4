package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal is a pseudo-terminal on which a weir runs, with stdout kept apart.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	out    strings.Builder // stdout

	mu    sync.Mutex
	shown strings.Builder
	more  chan struct{} // gets something when more was shown
	done  chan error
}

// ioctl does what golang.org/x/sys/unix would, for the few requests that a
// terminal needs.
func ioctl[T any](t *testing.T, f *os.File, request uintptr, value *T) {
	t.Helper()
	if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(value))); err != 0 {
		t.Fatal(err)
	}
}

// onTerminal starts weir with stdin and stderr on a new terminal.
func onTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var number, unlock int32
	ioctl(t, master, syscall.TIOCGPTN, &number)
	ioctl(t, master, syscall.TIOCSPTLCK, &unlock)
	ioctl(t, master, syscall.TIOCSWINSZ, &[4]uint16{40, 160}) // rows and columns
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	y := &terminal{t: t, cmd: exec.Command("weir", args...), master: master, more: make(chan struct{}, 1), done: make(chan error, 1)}
	y.cmd.Stdin, y.cmd.Stdout, y.cmd.Stderr = slave, &y.out, slave
	y.cmd.Env = append(os.Environ(), "TZ=UTC", "TERM=xterm")
	y.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := y.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	go y.read()
	t.Cleanup(func() {
		_ = y.cmd.Process.Kill()
		master.Close()
	})
	return y
}

// read collects what is shown until the terminal's last user is gone.
func (y *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := y.master.Read(buf)
		y.mu.Lock()
		y.shown.Write(buf[:n])
		y.mu.Unlock()
		select {
		case y.more <- struct{}{}:
		default:
		}
		if err != nil { // EIO, when nobody has the other side open any more
			break
		}
	}
	y.done <- y.cmd.Wait()
}

// text returns what was shown.
func (y *terminal) text() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.shown.String()
}

// expect waits until something is shown.
func (y *terminal) expect(pattern string) {
	y.t.Helper()
	is := regexp.MustCompile(pattern)
	deadline := time.After(30 * time.Second)
	for !is.MatchString(y.text()) {
		select {
		case <-y.more:
		case <-deadline:
			y.t.Fatalf("%q is not shown, but %q", pattern, y.text())
		}
	}
}

// hidden waits until what is typed is not shown.
func (y *terminal) hidden() {
	y.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		var is syscall.Termios
		ioctl(y.t, y.master, syscall.TCGETS, &is)
		if is.Lflag&syscall.ECHO == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			y.t.Fatal("what is typed is shown")
		}
	}
}

// enter types a line.
func (y *terminal) enter(line string) {
	y.t.Helper()
	if _, err := io.WriteString(y.master, line+"\n"); err != nil {
		y.t.Fatal(err)
	}
}

// exits waits for the end and checks the exit code.
func (y *terminal) exits(code int) {
	y.t.Helper()
	var err error
	select {
	case err = <-y.done:
	case <-time.After(30 * time.Second):
		y.t.Fatalf("it does not end: %q", y.text())
	}
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		y.t.Fatal(err)
	}
	if got != code {
		y.t.Errorf("exit code %d, want %d: %q", got, code, y.text())
	}
}

// TestConfirm checks that much of a bucket is taken only after a yes.
func TestConfirm(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	server := newBrokenS3(t, nil)
	server.set(largeListing)
	for _, tt := range []struct {
		answer, shown string
		code          int
	}{
		{"n", "nobody said yes", exitFailed},
		{"", "nobody said yes", exitFailed},
		{"perhaps", "nobody said yes", exitFailed},
		{"y", `\[y/N\]`, exitPartial}, // the object is not really there
		{"yes", `\[y/N\]`, exitPartial},
	} {
		y := onTerminal(t, "--data", t.TempDir(), "open", "--all", "--endpoint-url", server.url, "s3://flow-logs/AWSLogs/")
		y.expect(`1 object, 6\.0 GB`)
		y.expect(`weir: take 6\.0 GB\? \[y/N\] $`)
		y.enter(tt.answer)
		y.expect(tt.shown)
		y.exits(tt.code)
		if yes := strings.Contains(y.out.String(), "no such object"); yes != (tt.code == exitPartial) {
			t.Errorf("answer %q: %s", tt.answer, y.out.String())
		}
	}
}

// TestBar checks the progress display on a terminal, and that it is not elsewhere.
func TestBar(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	logs, data := filepath.Join(t.TempDir(), "logs"), t.TempDir()
	y := onTerminal(t, "synth", "--records", "500000", "--duration", "4h", logs)
	y.expect(`making .*[0-9,]+ of 500,000 records`)
	y.exits(exitOK)
	// The last object comes once the display has shown that it is not there yet.
	objects := map[string][]byte{}
	var last string
	for minute := 0; minute < 30; minute += 5 {
		key, text := regionLog("us-east-1", minute)
		objects[key], last = text, key
	}
	server, seen := newBrokenS3(t, objects), make(chan struct{})
	server.set(func(r *http.Request) (int, string) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, last) {
			select {
			case <-seen:
			case <-t.Context().Done():
			}
		}
		return 0, ""
	})
	y = onTerminal(t, "--data", data, "open", "--endpoint-url", server.url, "s3://"+testBucket+"/AWSLogs/")
	y.expect(`taking .*[0-9,]+ of 6 objects, [0-9]+ B of [0-9]+ B, [0-9,]+ records \([0-9,]+/s\)`)
	y.expect(`5 of 6 objects, .* about [0-9.]+ (ms|s) left`)
	close(seen)
	y.exits(exitOK)
	if !strings.Contains(y.out.String(), "taken           6 of 6 objects, 6 records in ") || strings.Contains(y.out.String(), "left") {
		t.Errorf("stdout: %s", y.out.String())
	}
	y = onTerminal(t, "--data", data, "--quiet", "lake", "check")
	y.exits(exitOK)
	if y.text() != "" {
		t.Errorf("--quiet shows %q", y.text())
	}
	y = onTerminal(t, "--data", data, "query", "SELECT 1 AS x")
	y.expect(`weir: 1 row in [0-9]+ ms`)
	y.expect(`weir: newest record: [-0-9]+ [:0-9]+ UTC, [0-9.]+ days old`)
	y.exits(exitOK)
	y = onTerminal(t, "--data", data, "top", "srcaddr")
	y.expect(`weir: newest record: [-0-9]+ [:0-9]+ UTC, [0-9.]+ days old`)
	y.exits(exitOK)
	y = onTerminal(t, "--data", data, "top", "srcaddr", "--json")
	y.exits(exitOK)
	if y.text() != "" {
		t.Errorf("--json shows %q", y.text())
	}
}

// TestReadingGroup shows on a terminal how far the reading of a log group is, directly
// and beside a server.
func TestReadingGroup(t *testing.T) {
	awsEnv(t, "AKIDEXAMPLE", "secret")
	for name, served := range map[string]bool{"directly": false, "beside a server": true} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{})
			at := time.Now().Add(-time.Hour).Truncate(time.Second)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var in struct{ NextToken string }
				_ = json.NewDecoder(r.Body).Decode(&in)
				next := `, "nextToken": "2"`
				if in.NextToken != "" {
					next = "" // the last page comes once the display has shown the first
					select {
					case <-seen:
					case <-t.Context().Done():
					}
				}
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				fmt.Fprintf(w, `{"events": [{"eventId": "1%s", "logStreamName": "eni-0a-all", "timestamp": %d, "message": "2 111122223333 eni-0a 10.0.1.5 10.0.2.7 49152 443 6 1 8400 %d %d ACCEPT OK"}]%s}`,
					in.NextToken, at.UnixMilli(), at.Unix(), at.Unix()+59, next)
			}))
			defer server.Close()
			data := filepath.Join(t.TempDir(), "data")
			if served {
				serveInProcess(t, data)
			}
			y := onTerminal(t, "--data", data, "open", "--region", "us-east-1", "--endpoint-url", server.URL, "cwl:/vpc")
			y.expect(`reading cwl:/vpc .*1 event with 1 request, 1 new \([0-9,]+/s\), the newest of ` + at.UTC().Format(time.DateTime) + " UTC")
			close(seen)
			y.exits(exitOK)
			if !strings.Contains(y.out.String(), "2 records in ") || strings.Contains(y.out.String(), "newest of") {
				t.Errorf("stdout: %s", y.out.String())
			}
		})
	}
}

// TestPassword checks that a password is asked for twice and not shown.
func TestPassword(t *testing.T) {
	data := t.TempDir()
	for _, tt := range []struct {
		typed [2]string
		shown string
		code  int
	}{
		{[2]string{"correct horse battery", "correct horse battery"}, "weir: alice can log in", exitOK},
		{[2]string{"correct horse battery", "correct horse batter"}, "weir: the two passwords differ", exitFailed},
	} {
		y := onTerminal(t, "--data", data, "user", "add", "alice")
		y.expect("password: $")
		y.hidden()
		y.enter(tt.typed[0])
		y.expect("again: $")
		y.hidden()
		y.enter(tt.typed[1])
		y.expect(tt.shown)
		y.exits(tt.code)
		if strings.Contains(y.text(), "horse") {
			t.Errorf("the password is shown: %q", y.text())
		}
	}
}
