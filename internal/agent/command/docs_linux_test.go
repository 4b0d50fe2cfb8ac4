package command

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/agent/config"
	"weir/internal/sharedtest"
)

// walk runs the blocks of a page of docs/howto one after the other, in namespaces of their own, and returns what each shell block prints, and the log.
func walk(t *testing.T, name string) (blocks []string, logged string) {
	t.Helper()
	wire(t) // skips where namespaces can't be made
	page, err := os.ReadFile("../../../docs/howto/" + name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := []string{"set -e", "mount --make-rprivate /", "mkdir -p /run/netns", "mount -t tmpfs tmpfs /run/netns", "cd " + dir}
	for _, m := range regexp.MustCompile("(?ms)^```(sh no-test|yaml file=(\\S+))\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		if m[2] != "" {
			write(t, dir, m[2], m[3])
			continue
		}
		script = append(script, "echo '== block'", m[3])
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "weir-agent"), []byte("#!/bin/sh\nexec "+self+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", strings.Join(script, "\n"))
	cmd.Env = append(os.Environ(), asProgram+"=1", "RUNTIME_DIRECTORY="+bin, "PATH="+bin+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if errors.Is(err, os.ErrPermission) {
		sharedtest.NotRun(t, "mounts of its own can't be made here: %v", err)
	}
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, log.String())
	}
	return strings.Split(string(out), "== block\n")[1:], log.String()
}

// TestWalk runs docs/howto/record-an-interface.md.
func TestWalk(t *testing.T) {
	t.Parallel()
	needNFT(t)
	blocks, log := walk(t, "record-an-interface.md")
	if len(blocks) != 5 {
		t.Fatalf("%d blocks: %q", len(blocks), blocks)
	}
	blocks = append([]string{""}, blocks...)
	for i, want := range map[int][]string{
		2: {`203\.0\.113\.5 10\.0\.1\.10 80 1 2 ACCEPT ACCEPT -`, `10\.0\.1\.10 203\.0\.113\.5 \d+ 1 4 ACCEPT ACCEPT -`, `203\.0\.113\.5 10\.0\.1\.10 23 1 2 ACCEPT REJECT web:ingress:implicit-deny`, `10\.0\.1\.10 203\.0\.113\.5 \d+ 1 4 ACCEPT REJECT web:egress:implicit-deny`},
		4: {`203\.0\.113\.5 10\.0\.1\.10 80 1 2 ACCEPT - -`, `10\.0\.1\.10 203\.0\.113\.5 \d+ 1 4 ACCEPT - -`, `203\.0\.113\.5 10\.0\.1\.10 23 1 2 REJECT host netfilter:output`},
		3: {`eni-web +recorded +eni-web +enforce +true`, `203\.0\.113\.5 10\.0\.1\.10 80 1 2 ACCEPT - -`, `10\.0\.1\.10 203\.0\.113\.5 \d+ 1 4 ACCEPT - -`, `203\.0\.113\.5 10\.0\.1\.10 23 1 2 REJECT - web:ingress:implicit-deny`},
	} {
		records := 0
		for line := range strings.Lines(blocks[i]) {
			if strings.Contains(line, " ACCEPT ") || strings.Contains(line, " REJECT ") {
				records++
			}
		}
		for _, w := range want {
			if !regexp.MustCompile("(?m)^" + w + "$").MatchString(blocks[i]) {
				t.Errorf("block %d has no %s: %s", i, w, blocks[i])
			}
		}
		if all := max(6-i, 3); records != all {
			t.Errorf("block %d has %d records, want %d: %s\n%s", i, records, all, blocks[i], log)
		}
	}
}

// TestWalkTransit runs docs/howto/record-a-transit-gateway.md, whose records are those that it shows, in any order.
func TestWalkTransit(t *testing.T) {
	t.Parallel()
	blocks, log := walk(t, "record-a-transit-gateway.md")
	if len(blocks) != 2 {
		t.Fatalf("%d blocks: %q", len(blocks), blocks)
	}
	page, err := os.ReadFile("../../../docs/howto/record-a-transit-gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	port := regexp.MustCompile(` [0-9]{5} 1 `) // one that the client's kernel has chosen
	sorted := func(text string) []string {
		return slices.Sorted(strings.Lines(port.ReplaceAllString(text, " PORT 1 ")))
	}
	shown := regexp.MustCompile("(?ms)^```\n(tgw-.*?)^```$").FindStringSubmatch(string(page))
	if diff := cmp.Diff(sorted(shown[1]), sorted(blocks[1])); diff != "" {
		t.Errorf("%s\n%s", diff, log)
	}
}

// TestReferenceReads reads the configs of docs/reference/agent-yaml.md, which have all keys: one without a server and one with.
func TestReferenceReads(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reference/agent-yaml.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d configs", len(blocks))
	}
	c, err := config.Read("agent.yaml", []byte(blocks[0][1]))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := config.Read("agent.yaml", []byte(blocks[1][1])); err != nil || c.Server == "" || c.Buckets == "" {
		t.Errorf("%+v: %v", c, err)
	}
	if len(c.Interfaces) != 7 || len(c.FlowLogs) != 8 || c.Connections != 1048576 || !c.FlowLogs[1].Hourly {
		t.Errorf("%+v", c)
	}
	// Each key that a text without it is told of is there.
	for _, text := range []string{"x: y", "interfaces: [{x: y}]", "flow-logs: {fl-1: {x: y}}", "flow-logs: {fl-1: {destination: {folder: x, x: y}}}"} {
		_, err := config.Read("agent.yaml", []byte(text))
		_, keys, ok := strings.Cut(err.Error(), "; there are ")
		if !ok {
			t.Fatal(err)
		}
		for key := range strings.SplitSeq(keys, ", ") {
			if !regexp.MustCompile(`(?m)^[- ]*` + key + `:`).MatchString(blocks[0][1] + blocks[1][1]) {
				t.Errorf("the reference has no key %s", key)
			}
		}
	}
}
