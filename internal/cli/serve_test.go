package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/app"
)

// The objects of the server's tests: two hours of one flow log, with a bad line and
// a field that weir does not know, and a transit gateway's.
var serveLogs = map[string]string{
	"111122223333_vpcflowlogs_us-east-1_fl-0aaa_20260302T1000Z_00000001.log": `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 111122223333 eni-0a1 10.0.1.5 10.0.2.7 49152 443 6 10 8400 1772445600 1772445659 ACCEPT OK
2 111122223333 eni-0a1 198.51.100.9 10.0.1.5 40000 22 6 3 180 1772445601 1772445660 REJECT OK
2 111122223333 eni-0a1 198.51.100.9 10.0.1.5 99999 22 6 3 180 1772445601 1772445660 REJECT OK
`,
	"111122223333_vpcflowlogs_us-east-1_fl-0aaa_20260302T1100Z_00000002.log": `version srcaddr bytes start new-field
2 10.0.1.6 70 1772449200 blue
2 10.0.1.7 80 1772449201 -
`,
	"tgw.log": `version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr bytes start end log-status
6 TransitGateway 111122223333 tgw-0a tgw-attach-1 10.0.1.5 10.0.2.7 140 1772445600 1772445659 OK
`,
	"notes.txt": "These are my notes.\n",
}

// writeFiles writes files into a new folder.
func writeFiles(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serveInProcess serves a data directory until the test ends.
func serveInProcess(t *testing.T, data string) {
	t.Helper()
	serveWith(t, app.ServeOptions{Data: data})
}

// serveWith serves a data directory on this machine, with further options, until the test ends, and returns the console's URL.
func serveWith(t *testing.T, o app.ServeOptions) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	o.Listen, o.Version, o.Log = "127.0.0.1:0", version, slog.New(slog.DiscardHandler)
	o.Ready = func(url string) { ready <- url }
	go func() { done <- app.Serve(ctx, o) }()
	select {
	case url = <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return url
}

// TestBothWays runs the same commands in the same order on two data directories, on
// one directly and on the other through a server, and compares all that a person
// or a program sees of them.
func TestBothWays(t *testing.T) {
	t.Setenv("TZ", "UTC")
	logs := writeFiles(t, serveLogs)
	first := filepath.Join(logs, "111122223333_vpcflowlogs_us-east-1_fl-0aaa_20260302T1000Z_00000001.log")
	direct, served := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "data")
	serveInProcess(t, served)
	if _, err := app.Dial(t.Context(), served, version); err != nil {
		t.Fatalf("no server: %v", err)
	}
	commands := [][]string{
		{"open", logs},
		{"open", "--json", logs},
		{"open", "/no/such/folder"},
		{"open", "--region", "oregon", logs},
		{"top", "srcaddr"},
		{"top", "srcaddr", "--json"},
		{"top", "new-field", "--by", "records"},
		{"top", "tgw-id", "--tgw"},
		{"top", "start", "--where", "start >= '2026-03-02 12:00'", "--tz", "Europe/Berlin"},
		{"top", "srcaddr", "--where", "new-field = blue"},
		{"top", "srcaddr", "--where", "dstprt = 22"},
		{"top", "srcadr"},
		{"top", "srcaddr", "--explain"},
		{"top", "srcaddr", "--max-bytes", "1B"},
		{"query", "SELECT srcaddr, bytes, weir_hour, weir_unknown, 1.50 AS d, [1, NULL] AS l FROM vpc_flow_logs ORDER BY start, srcaddr"},
		{"query", "--json", "SELECT *  FROM vpc_flow_logs ORDER BY start, srcaddr"},
		{"query", "--format", "csv", "SELECT sum(bytes)::HUGEINT * 100000000000000000000 AS h FROM vpc_flow_logs"},
		{"query", "--format", "jsonl", "--from", "2026-03-02T11:00:00Z", "SELECT srcaddr FROM vpc_flow_logs ORDER BY 1"},
		{"query", "SELECT count(*) AS n FROM tgw_flow_logs"},
		{"query", "DESCRIBE tgw_flow_logs"},
		{"query", "SELECT srcaddr FROM flows"},
		{"query", "SELEC 1"},
		{"query", "SELECT 1 / 0 AS x, error('stop') AS y"},
		{"query", "--max-rows", "2", "SELECT * FROM range(10)"},
		{"query", "--timeout", "50ms", "SELECT count(*) FROM range(1000000000) a, range(1000) b"},
		{"query", "--explain", "SELECT bytes FROM vpc_flow_logs WHERE start > 1772449200"},
		{"query", "--explain", "--json", "SELECT bytes FROM vpc_flow_logs"},
		{"why", "any", "10.0.1.5"},
		{"why", "198.51.100.9", "10.0.1.5:22", "--json"},
		{"why", "web", "10.0.1.7"},
		{"lake", "status"},
		{"lake", "status", "--json"},
		{"lake", "status", logs},
		{"lake", "status", "--json", logs},
		{"lake", "status", "/no/such/folder"},
		{"lake", "check"},
		{"lake", "check", "--json"},
		{"lake", "duplicates"},
		{"lake", "duplicates", "--json"},
		{"lake", "compact"},
		{"lake", "expire", "--older-than", "1d", "--dry-run"},
		{"lake", "forget", first},
		{"lake", "forget", first},
		{"top", "srcaddr", "--json"},
		{"open", first},
		{"lake", "expire", "--older-than", "1d"},
		{"top", "srcaddr"},
		{"fields", "--tgw"},
		{"__complete", "top", "new"},
	}
	for _, args := range commands {
		want := call(t.Context(), append([]string{"--data", direct}, args...)...)
		got := call(t.Context(), append([]string{"--data", served}, args...)...)
		for _, a := range []*answer{&want, &got} {
			for _, data := range []string{direct, served} {
				a.Out, a.Err = scrubbed(a.Out, data, "$DATA"), scrubbed(a.Err, data, "$DATA")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("weir %q (-direct +through the server):\n%s", args, diff)
		}
	}
}

// TestOtherVersion checks that a server of another version is refused, with what
// to do.
func TestOtherVersion(t *testing.T) {
	data := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- app.Serve(ctx, app.ServeOptions{
			Data: data, Listen: "127.0.0.1:0", Version: "0.0.1", Log: slog.New(slog.DiscardHandler),
			Ready: func(url string) { ready <- url },
		})
	}()
	<-ready
	want := answer{Code: exitFailed, Err: "weir: the server of this data directory is weir 0.0.1, and this is weir " + version + "\n" +
		"hint: end that 'weir serve' and start it again with this program\n"}
	if diff := cmp.Diff(want, call(t.Context(), "--data", data, "top", "srcaddr")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestLocked checks what a second writer without a server is told.
func TestLocked(t *testing.T) {
	data, logs := t.TempDir(), writeFiles(t, serveLogs)
	holder, err := app.OpenLocal(t.Context(), app.LocalOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	a := call(t.Context(), "--data", data, "open", logs)
	want := fmt.Sprintf("weir: the lake is being written by another process: process %d (", os.Getpid())
	if a.Code != exitFailed || !strings.HasPrefix(a.Err, want) || !strings.Contains(a.Err, "hint: wait until it has ended") {
		t.Errorf("exit code %d, %s", a.Code, a.Err)
	}
	// Readers are not kept out.
	if a := call(t.Context(), "--data", data, "lake", "status"); a.Code != exitOK {
		t.Errorf("lake status: %+v", a)
	}
}

// process is a weir that runs on its own.
type process struct {
	*exec.Cmd
	out  *bufio.Reader
	err  *strings.Builder
	done chan error
}

// start starts weir as a process, which is killed at the end of the test if it
// still runs.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command("weir", args...), err: &strings.Builder{}, done: make(chan error, 1)}
	p.Env = append(os.Environ(), "TZ=UTC")
	p.Stderr = p.err
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

// end sends a signal and returns how the process ended.
func (p *process) end(t *testing.T, s syscall.Signal) error {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	return p.wait(t)
}

// wait returns how the process ended, which must be soon.
func (p *process) wait(t *testing.T) error {
	t.Helper()
	go func() {
		_, _ = io.Copy(io.Discard, p.out)
		p.done <- p.Wait()
	}()
	select {
	case err := <-p.done:
		return err
	case <-time.After(15 * time.Second):
		t.Fatal("the process does not end")
		return nil
	}
}

// TestServeSignals checks that a server ends well by either signal, and what is
// left where it is killed.
func TestServeSignals(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	socket := filepath.Join(data, "weir.sock")
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p := start(t, "--data", data, "serve", "--listen", "127.0.0.1:0")
		line, err := p.out.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "weir is at http://127.0.0.1:") || !strings.HasSuffix(line, "/ (end with Ctrl-C)\n") {
			t.Fatalf("%q, %v\n%s", line, err, p.err)
		}
		began := time.Now()
		if err := p.end(t, s); err != nil {
			t.Errorf("%v: %v\n%s", s, err, p.err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%v: ending took %v", s, took)
		}
		if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: the socket stays: %v", s, err)
		}
	}
	p := start(t, "--data", data, "serve", "--listen", "127.0.0.1:0")
	if _, err := p.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = p.end(t, syscall.SIGKILL)
	if _, err := os.Stat(socket); err != nil {
		t.Errorf("a killed server leaves its socket: %v", err)
	}
	mustCall(t, "--data", data, "lake", "status")
	mustCall(t, "--data", data, "lake", "compact")
	serveInProcess(t, data)
	mustCall(t, "--data", data, "lake", "status")
}

// TestCommandSignals checks that a long query ends by a signal, directly and
// through a server, and that a server that ends tells its clients.
func TestCommandSignals(t *testing.T) {
	const forever = "SELECT count(*) FROM range(1000000000) a, range(100000) b"
	data := t.TempDir()
	mustCall(t, "--data", data, "lake", "compact")
	ask := func() *process { return start(t, "--data", data, "query", forever) }
	check := func(how string, err error, p *process, want string) {
		t.Helper()
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.HasPrefix(p.err.String(), want) {
			t.Errorf("%s: %v, %q; want code %d and %q", how, err, p.err, exitFailed, want)
		}
	}
	direct := ask()
	busy(t, direct, 0)
	check("direct", direct.end(t, syscall.SIGINT), direct, "weir: ended by signal\n")

	server := start(t, "--data", data, "serve", "--listen", "127.0.0.1:0")
	if _, err := server.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	before := cpu(t, server)
	through := ask()
	busy(t, server, before)
	check("through a server", through.end(t, syscall.SIGTERM), through, "weir: ended by signal\n")
	before = cpu(t, server)
	left := ask()
	busy(t, server, before)
	if err := server.end(t, syscall.SIGINT); err != nil {
		t.Errorf("server with a query: %v\n%s", err, server.err)
	}
	check("server gone", left.wait(t), left, "weir: the server of this data directory ended before its answer did")
}

// TestServeEndsDuringImport checks that a server that ends in the middle of an
// import leaves a sound lake, and that the import goes on afterwards.
func TestServeEndsDuringImport(t *testing.T) {
	const records = 3_000_000 // so many take three times as long as busy waits, or more
	data, logs := t.TempDir(), filepath.Join(t.TempDir(), "logs")
	mustCall(t, "synth", "--records", fmt.Sprint(records), "--duration", "4h", logs)
	server := start(t, "--data", data, "serve", "--listen", "127.0.0.1:0")
	if _, err := server.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	before := cpu(t, server)
	client := start(t, "--data", data, "open", logs)
	busy(t, server, before)
	if err := server.end(t, syscall.SIGINT); err != nil {
		t.Errorf("server: %v\n%s", err, server.err)
	}
	exit := (*exec.ExitError)(nil)
	if err := client.wait(t); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("client: %v\n%s", err, client.err)
	}
	mustCall(t, "--data", data, "lake", "check")
	mustCall(t, "--data", data, "open", logs)
	mustCall(t, "--data", data, "lake", "check")
	if n := countRecords(t, data); n != records {
		t.Errorf("%d records, want %d", n, records)
	}
}

// busy waits until a process has computed for half a second more than before: it
// starts in less, so that it is at its query then.
func busy(t *testing.T, p *process, before time.Duration) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for cpu(t, p)-before < 500*time.Millisecond {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the query does not run")
		}
	}
}

// cpu returns how long a process has computed, as Linux counts it.
func cpu(t *testing.T, p *process) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name before may hold spaces
	fields := strings.Fields(rest)
	var ticks int
	for _, f := range fields[11:13] { // utime and stime (proc(5)), in hundredths of a second
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
