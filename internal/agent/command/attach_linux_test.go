package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/internal/agent"
)

// empty is a config without devices.
func empty(t *testing.T, mode string) string {
	t.Helper()
	head, rest, ok := strings.Cut(configOf(mode), "interfaces:\n")
	_, rest, ok2 := strings.Cut(rest, "flow-logs:")
	if !ok || !ok2 {
		t.Fatal("the config of the tests has another form")
	}
	return head + "interfaces: []\nflow-logs:" + rest
}

// call runs a command in a namespace, and returns what it says and its exit code.
func (n *namespace) call(args ...string) (out, err string, code int) {
	cmd := run(args...)
	var o, e strings.Builder
	cmd.Stdout, cmd.Stderr = &o, &e
	n.in(func() { _ = cmd.Run() })
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// TestAttachCommand attaches devices at an agent that runs, of its own network namespace and of another, and takes them back; what is attached outlives the agent.
func TestAttachCommand(t *testing.T) {
	t.Parallel()
	host, instance := wire(t)
	dir := t.TempDir()
	socket := filepath.Join(dir, "agent.sock")
	at := func(args ...string) []string { return append(args, "--socket", socket) }
	p := start(t, host, dir, empty(t, "shadow"))
	if about, err := os.Stat(socket); err != nil || about.Mode() != os.ModeSocket|0o600 {
		t.Errorf("%v: %v", about, err)
	}
	for _, tc := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"attach", "none", "--eni", "eni-web"}, "refused: there is no device none", exitFailed},
		{[]string{"attach", "eni-host", "--eni", "eni-9"}, "refused: there is no network interface eni-9 in the definition", exitFailed},
		{[]string{"attach", "eni-host", "--eni", "eni-web"}, "refused: eni-host: it is a veth: say flipped: true", exitFailed},
		{[]string{"attach", "eth0", "--netns", "none"}, "refused: there is no network namespace /run/netns/none", exitFailed},
		{[]string{"attach", "eni*"}, `"eni*" is no name of a device`, exitUsage},
		{[]string{"attach", "eni-host", "--mode", "block"}, `"block" is none of count, shadow, enforce`, exitUsage},
		{[]string{"attach"}, "it takes one DEVICE", exitUsage},
		{[]string{"detach"}, "it takes one DEVICE, or --all", exitUsage},
		{[]string{"detach", "eni-host"}, "refused: eni-host is not attached", exitFailed},
	} {
		if out, err, code := host.call(at(tc.args...)...); code != tc.code || !strings.Contains(err, tc.want) || out != "" {
			t.Errorf("%v: %d, %s%s", tc.args, code, out, err)
		}
	}
	if out, err, code := host.call(at("attach", "eni-host", "--eni", "eni-web", "--flipped", "--mode", "enforce")...); code != 0 || !strings.Contains(out, "eni-host  recorded  eni-web    enforce  true") {
		t.Fatalf("%d, %s%s", code, out, err)
	}
	// Another device can't be the interface that this one is.
	if _, err, code := host.call(at("attach", "eni0", "--netns", instance.path(), "--eni", "eni-web")...); code != exitFailed || !strings.Contains(err, "eni-host is eni-web already") {
		t.Errorf("%d, %s", code, err)
	}
	if out, _, code := host.call("__complete", "detach", "--socket", socket, ""); code != 0 || !strings.HasPrefix(out, "eni-host\n") {
		t.Errorf("%d, %s", code, out)
	}
	p.end(t)
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
	p = start(t, host, dir, empty(t, "shadow"))
	status := func() (all []agent.Match) {
		t.Helper()
		out, err, code := host.call("status", "--json")
		var s agent.Status
		if code != 0 || json.Unmarshal([]byte(out), &s) != nil {
			t.Errorf("%d, %s%s", code, out, err)
		}
		return s.Devices
	}
	if all := status(); len(all) != 1 || all[0].Name != "eni-host" || !all[0].Attached || all[0].Mode != "enforce" || all[0].State() != "recorded" {
		t.Errorf("%+v", all)
	}
	if out, err, code := host.call(at("detach", "eni-host")...); code != 0 || out != "eni-host is not attached any more\n" {
		t.Errorf("%d, %s%s", code, out, err)
	}
	if out, err, code := host.call(at("attach", "eni0", "--netns", instance.path())...); code != 0 || !strings.Contains(out, "eni0  recorded  eni-web    shadow  false") {
		t.Errorf("%d, %s%s", code, out, err)
	}
	if out, err, code := host.call(at("detach", "--all", "--json")...); code != 0 || !strings.Contains(out, `"device": "eni0"`) || len(status()) > 0 {
		t.Errorf("%d, %s%s", code, out, err)
	}
	if out, _, code := host.call(at("detach", "--all")...); code != 0 || !strings.Contains(out, "nothing was attached") {
		t.Errorf("%d, %s", code, out)
	}
	p.end(t)
	if _, err, code := host.call(at("attach", "eni-host")...); code != exitFailed || !strings.Contains(err, "no agent answers at "+socket) {
		t.Errorf("%d, %s", code, err)
	}
	if out, err, code := host.call(at("detach", "--all", "--pin", filepath.Join(dir, "pins"))...); code != 0 || out != "" || !strings.Contains(err, "none has left programs in") {
		t.Errorf("%d, %s%s", code, out, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "pins"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err, code := host.call(at("detach", "--all", "--pin", filepath.Join(dir, "pins"))...); code != exitFailed || !strings.Contains(err, "is in no BPF file system") {
		t.Errorf("%d, %s", code, err)
	}
}

// TestOverConfig attaches a device that the config has too: it goes before that, and taken back it is what the config says.
func TestOverConfig(t *testing.T) {
	t.Parallel()
	host, _ := wire(t)
	dir := t.TempDir()
	socket := filepath.Join(dir, "agent.sock")
	p := start(t, host, dir, configOf("count"))
	for _, tc := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"detach", "eni-host"}, "refused: eni-host was not attached by weir-agent attach: it is one of interfaces in " + filepath.Join(dir, "agent.yaml"), exitFailed},
		{[]string{"attach", "eni-host", "--flipped", "--eni", "eni-web"}, "eni-host  recorded  eni-web    shadow  true\neni-host: by weir-agent attach\n", exitOK},
		{[]string{"detach", "eni-host"}, "eni-host is not attached any more\n", exitOK},
	} {
		if out, err, code := host.call(append(tc.args, "--socket", socket)...); code != tc.code || !strings.Contains(out+err, tc.want) {
			t.Errorf("%v: %d, %s%s", tc.args, code, out, err)
		}
	}
	if out, _, _ := host.call("status"); !strings.Contains(out, "eni-host  recorded  eni-web    count  true") {
		t.Errorf("%s", out)
	}
	// A second agent of the host has no socket, and says so.
	second := t.TempDir()
	conf := strings.Replace(empty(t, "count"), "8788", "8789", 1)
	if err := os.WriteFile(filepath.Join(second, "agent.yaml"), []byte(conf+"socket: "+socket+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, second, "net.yaml", definition)
	if _, err, code := host.call("run", "--config", filepath.Join(second, "agent.yaml")); code != exitFailed || !strings.Contains(err, "another agent listens at "+socket) {
		t.Errorf("%d, %s", code, err)
	}
	p.end(t)
}

// TestCompletion completes devices of this host and of the namespace that is said, and modes.
func TestCompletion(t *testing.T) {
	t.Parallel()
	host, instance := wire(t)
	for _, tc := range []struct {
		args []string
		want []string
	}{
		{[]string{"attach", ""}, []string{"eni-host", "lo"}},
		{[]string{"attach", "--netns", instance.path(), ""}, []string{"eni0", "lo"}},
		{[]string{"attach", "eth0", "--mode", ""}, []string{"count", "shadow", "enforce", "observe"}},
		{[]string{"attach", "eth0", ""}, nil},
		{[]string{"detach", "--socket", "/none", ""}, nil},
	} {
		out, _, code := host.call(append([]string{"__complete"}, tc.args...)...)
		var got []string
		for line := range strings.Lines(out) {
			if !strings.HasPrefix(line, ":") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		if code != 0 || !slices.Equal(got, tc.want) {
			t.Errorf("%v: %d, %q, want %q", tc.args, code, got, tc.want)
		}
	}
}
