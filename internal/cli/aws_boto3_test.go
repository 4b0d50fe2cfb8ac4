package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/app"
	"weir/internal/sharedtest"
	"weir/internal/source/sourcetest"
)

// boto3Script has boto3 ask a server.
const boto3Script = "testdata/clients/boto3_serve.py"

// boto3Asked returns boto3's version and the operations that a run of boto3_serve.py called.
func boto3Asked(t *testing.T, cmd *exec.Cmd) (version string, calls map[string]bool) {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || lines[len(lines)-1] != "ok" {
		t.Fatalf("%v\n%s%s", err, out, &stderr)
	}
	calls = map[string]bool{}
	for _, line := range lines[1 : len(lines)-1] {
		calls[line] = true
	}
	return lines[0], calls
}

// TestServeBoto3 has boto3 put, read and ask events, and ask the records of the lake as events. A live tail is
// started without the prefix that boto3 puts before the host, and with it where that name leads to the server.
func TestServeBoto3(t *testing.T) {
	python := sourcetest.Python(t, "boto3")
	s := serveAWS(t, app.ServeOptions{})
	runWeir(t, "--data", s.data, "-q", "open", writeFiles(t, serveLogs))
	version, calls := boto3Asked(t, exec.CommandContext(t.Context(), python, boto3Script, s.url, s.key.ID, s.key.Secret, "all"))
	skipped := []string{withPrefix}
	t.Run("prefix", func(t *testing.T) {
		cmd := withHosts(t, "weir.test stream-weir.test", python, boto3Script, strings.Replace(s.url, "127.0.0.1", "weir.test", 1), s.key.ID, s.key.Secret, "prefix")
		_, got := boto3Asked(t, cmd)
		calls[withPrefix], skipped = got["StartLiveTail"], nil
	})
	if !t.Failed() {
		documented(t, logsService, version, calls, skipped...)
	}
}

// withHosts returns a command that sees names as those of 127.0.0.1: it runs in a mount namespace of its own, in
// which /etc/hosts is another file. It skips the test where there are no such namespaces, but in CI.
func withHosts(t *testing.T, names string, args ...string) *exec.Cmd {
	t.Helper()
	hosts := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost "+names+"\n"), 0o644); err != nil { //nolint:gosec // as /etc/hosts
		t.Fatal(err)
	}
	unshare := []string{"--mount"}
	if os.Getuid() != 0 {
		unshare = append(unshare, "--map-root-user")
	}
	unshare = append(unshare, "sh", "-euc", `mount --bind "$0" /etc/hosts; exec "$@"`, hosts)
	if out, err := exec.CommandContext(t.Context(), "unshare", append(unshare, "true")...).CombinedOutput(); err != nil {
		sharedtest.NotRun(t, "%s", "no mount namespaces here: "+string(out))
	}
	return exec.CommandContext(t.Context(), "unshare", append(unshare, args...)...)
}
