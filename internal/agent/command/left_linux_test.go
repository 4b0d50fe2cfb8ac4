package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLeft has tables of a build with another layout: who runs the agent is told of them.
func TestLeft(t *testing.T) {
	t.Parallel()
	host, _ := wire(t)
	pin := bpffs(t, host)
	left := filepath.Join(pin, "layout-0")
	var err error
	host.in(func() { err = os.MkdirAll(left, 0o700) })
	if err != nil {
		t.Fatal(err)
	}
	// A folder that is in no BPF file system is refused, with what to do.
	dir := t.TempDir()
	write(t, dir, "net.yaml", definition)
	write(t, dir, "agent.yaml", strings.Replace(configOf("count"), "pin: none", "pin: "+dir, 1))
	if code, _, said := try(t, "run", "-c", filepath.Join(dir, "agent.yaml")); code != exitFailed || !strings.Contains(said, "weir-agent doctor --fix mounts it, and pin: none") {
		t.Errorf("%d: %s", code, said)
	}
	p := start(t, host, t.TempDir(), strings.Replace(configOf("count"), "pin: none", "pin: "+pin, 1))
	if log := p.end(t); !strings.Contains(log, "another build of weir-agent has left tables") || !strings.Contains(log, left) {
		t.Error(log)
	}
}
