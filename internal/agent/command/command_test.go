package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"weir/internal/agentapi"
)

// try runs a command, and returns its exit code and what it says.
func try(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e strings.Builder
	code = (&command{out: &o, err: &e}).run(t.Context(), args)
	return code, o.String(), e.String()
}

// TestHelp looks at the help of each command: it says what it does, with examples of it.
func TestHelp(t *testing.T) {
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		if cmd.Name() == "help" || cmd.Name() == "completion" {
			return
		}
		code, out, err := try(t, append(strings.Fields(cmd.CommandPath())[1:], "--help")...)
		if code != exitOK || err != "" || !strings.Contains(out, exitCodes) || !strings.Contains(out, "Examples:\n") || !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("%s: %d, %s%s", cmd.CommandPath(), code, out, err)
		}
		for line := range strings.Lines(out) {
			if len(line) > 125 {
				t.Errorf("%s: a line of %d letters: %s", cmd.CommandPath(), len(line), line)
			}
		}
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look(new(command).root())
}

// TestWrong has calls that are wrong: exit code 2, or 1 where the call is right.
func TestWrong(t *testing.T) {
	dir := t.TempDir()
	files := 0
	file := func(text string) string {
		files++
		name := filepath.Join(dir, fmt.Sprint(files), "agent.yaml")
		if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	token := (&agentapi.Token{ID: "0123456789abcdef", Secret: strings.Repeat("A", 43)}).String()
	joinedConfig := "server: https://weir\ninterfaces: [{device: lo}]\nstate: " + filepath.Join(dir, "state") + "\n"
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"record"}, exitUsage, "there is no command record"},
		{[]string{"run", "x"}, exitUsage, `"x" is too much`},
		{[]string{"run", "--conf", "x"}, exitUsage, "unknown flag: --conf"},
		{[]string{"devices", "-c", filepath.Join(dir, "none")}, exitFailed, "cannot read the config: "},
		{[]string{"devices", "-c", file("mode: shadow\n")}, exitUsage, "agent.yaml:1:1: no network\n"},
		{[]string{"status", "--address", "127.0.0.1:1"}, exitFailed, "no agent answers at 127.0.0.1:1"},
		{[]string{"detach", "eth0", "--socket", filepath.Join(dir, "none")}, exitFailed, "hint: 'weir-agent run' or 'systemctl start weir-agent' starts one"},
		{[]string{"status", "--address", "%"}, exitUsage, "invalid URL escape"},
		{[]string{"join"}, exitUsage, "--server says which server"},
		{[]string{"join", "--server", "https://weir"}, exitUsage, "one of --token and --token-file says the token"},
		{[]string{"join", "--server", "https://weir", "--token", "x", "--token-file", "y"}, exitUsage, "one of --token and --token-file says the token"},
		{[]string{"join", "--server", "https://weir", "--token", "weir-join.x"}, exitUsage, "this is no token"},
		{[]string{"join", "--server", "http://weir", "--token", token}, exitUsage, `"http://weir" is no address of a server`},
		{[]string{"join", "--server", "https://weir", "--token-file", filepath.Join(dir, "none")}, exitFailed, "cannot read the token: "},
		{[]string{"join", "--server", "https://127.0.0.1:1", "--token", token, "--state", dir}, exitFailed, "(the same token does for another try)"},
		{[]string{"devices", "-c", file(joinedConfig)}, exitFailed, "the agent has not joined a server"},
	} {
		if code, out, err := try(t, tc.args...); code != tc.code || out != "" || !strings.Contains(err, tc.want) {
			t.Errorf("%v: %d, want %d: %s%s", tc.args, code, tc.code, out, err)
		}
	}
	// Two configs more that are right for themselves: of a definition that is not there, and of an interface that it has not got.
	name := file("network: net.yaml\ninterfaces:\n  - {device: lo, eni: eni-9}\nflow-logs: {}\n")
	if code, _, err := try(t, "run", "-c", name); code != exitFailed || !strings.Contains(err, "net.yaml") {
		t.Errorf("%d: %s", code, err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(name), "net.yaml"), []byte("vpcs: {vpc-1: {cidrs: [10.0.0.0/16]}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, err := try(t, "run", "-c", name); code != exitUsage || !strings.Contains(err, "agent.yaml:3:5: there is no network interface eni-9 in the definition") {
		t.Errorf("%d: %s", code, err)
	}
}

// TestReadConfig has a config that is named from its folder: the agent that delivers what this one leaves may run in another.
func TestReadConfig(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := os.WriteFile("agent.yaml", []byte("network: net.yaml\ninterfaces: []\nflow-logs: {fl-1: {resource: vpc-1, traffic: ALL, destination: logs}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig("agent.yaml")
	if err != nil || c.FlowLogs[0].Destination != filepath.Join(dir, "logs") || c.Network[0] != filepath.Join(dir, "net.yaml") {
		t.Errorf("%+v: %v", c, err)
	}
}

// TestNoDevice has a config of devices that are not there: a list of JSON without elements.
func TestNoDevice(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"agent.yaml": "network: net.yaml\ninterfaces: [{device: no-such-device}]\nflow-logs: {}\n", "net.yaml": "vpcs: {vpc-1: {cidrs: [10.0.0.0/16]}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, err := try(t, "devices", "-c", filepath.Join(dir, "agent.yaml"), "--json"); code != exitOK || out != "[]\n" {
		t.Errorf("%d: %s%s", code, out, err)
	}
}

// TestNothingLeft has no agent, and none that has left anything: no attachment was taken back, and nothing removed.
func TestNothingLeft(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	if code, out, err := try(t, "detach", "--all", "--socket", none, "--pin", none, "--json"); code != exitOK || out != "{\n  \"detached\": []\n}\n" || !strings.Contains(err, "no agent answers at "+none) {
		t.Errorf("%d: %s%s", code, out, err)
	}
}

// TestVersion has the version of weir.
func TestVersion(t *testing.T) {
	source, err := os.ReadFile("../../cli/cli.go")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^const version = "(.+)"$`).FindSubmatch(source)
	code, out, _ := try(t, "--version")
	if m == nil || code != exitOK || out != "weir-agent "+string(m[1])+"\n" {
		t.Errorf("%d: %q, weir's is %s", code, out, m)
	}
}

// TestEnds has a context that is done before it begins.
func TestEnds(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var o, e strings.Builder
	if code := (&command{out: &o, err: &e}).run(ctx, []string{"status", "--address", "127.0.0.1:1"}); code != exitFailed {
		t.Errorf("%d: %s", code, e.String())
	}
}
