package command

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weir/internal/agent"
)

// path is a file of the namespace.
func (n *namespace) path() string { return fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), n.id) }

// TestOtherNetns has an agent of the host at the instance's own device, and at the host's end of the pair by what is at the other one. Nobody says which side that is.
func TestOtherNetns(t *testing.T) {
	for name, condition := range map[string]string{"inside": "netns: %s, device: eni*", "the other end": "peer-netns: %s"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, instance := wire(t)
			dir := t.TempDir()
			conf := strings.Replace(configOf("shadow"), "device: eni-*, eni: eni-web, flipped: true", fmt.Sprintf(condition, instance.path()), 1)
			p := start(t, host, dir, conf)
			var out []byte
			var err error
			host.in(func() { out, err = run("status", "--json").Output() })
			var s agent.Status
			if err != nil || json.Unmarshal(out, &s) != nil || len(s.Devices) != 1 || s.Devices[0].Interface != "eni-web" || s.Devices[0].Flipped != (name != "inside") {
				t.Errorf("%v: %s", err, out)
			}
			talk(t, host, instance, 5*time.Second)
			log := p.end(t)
			all := records(t, filepath.Join(dir, "logs"), keysOfAll)
			if len(all) == 0 {
				t.Fatalf("no records: %s", log)
			}
			compare(t, "shadow", instance, all)
		})
	}
}

// TestNetnsEnds has a network namespace that ends while an agent counts inside, and the agent goes on.
func TestNetnsEnds(t *testing.T) {
	t.Parallel()
	host, _ := wire(t)
	inside := exec.CommandContext(t.Context(), "sleep", "1000")
	inside.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := inside.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() { inside.Process.Kill(); inside.Wait() })
	t.Cleanup(end)
	pid := strconv.Itoa(inside.Process.Pid)
	host.ip(t, "link", "add", "v-other", "type", "veth", "peer", "name", "eth7", "netns", pid)
	path := "/proc/" + pid + "/ns/net"
	p := start(t, host, t.TempDir(), strings.Replace(configOf("enforce"), "device: eni-*,", "netns: "+path+", device: eth7,", 1))
	status := func() agent.Match {
		t.Helper()
		var s agent.Status
		out, err, _ := host.call("status", "--json")
		if json.Unmarshal([]byte(out), &s) != nil || len(s.Devices) != 1 {
			t.Fatalf("%s%s", out, err)
		}
		return s.Devices[0]
	}
	if m := status(); m.State() != "recorded" || m.Label() != path+":eth7" {
		t.Errorf("%+v", m)
	}
	end()
	if !p.wait("not counting any more") || !p.wait("there is no network namespace "+path) {
		t.Fatal(p.log)
	}
	if m := status(); m.State() != "refused" || m.Label() != path+":*" {
		t.Errorf("%+v", m)
	}
	if log := p.end(t); strings.Contains(log, "not all devices are as they should be") {
		t.Error(log)
	}
}

// TestStaysEnforced has the instance take its address away, by which the agent knew it: the device stays what it is, also when the definition is read again.
func TestStaysEnforced(t *testing.T) {
	t.Parallel()
	host, instance := wire(t)
	p := start(t, host, t.TempDir(), strings.Replace(configOf("enforce"), "device: eni-*, eni: eni-web, flipped: true", "peer-netns: "+instance.path(), 1))
	instance.ip(t, "addr", "flush", "dev", "eni0")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if !p.wait("another definition is in force") {
		t.Fatal(p.log)
	}
	var s agent.Status
	out, err, _ := host.call("status", "--json")
	if json.Unmarshal([]byte(out), &s) != nil || len(s.Devices) != 1 || s.Devices[0].State() != "recorded" || s.Devices[0].Interface != "eni-web" || !s.Devices[0].Flipped {
		t.Errorf("%s%s", out, err)
	}
	if log := p.end(t); strings.Contains(log, "not counting any more") {
		t.Error(log)
	}
}
