package command

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"weir/internal/agent"
	"weir/internal/capture/ebpf"
	"weir/internal/sharedtest"
)

// TestDoctorFix has the BPF file system mounted, in a mount namespace of its own that looks like that of a host with systemd.
func TestDoctorFix(t *testing.T) {
	t.Parallel()
	sharedtest.NeedRoot(t)
	script := `mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && (umount /sys/fs/bpf 2> /dev/null; true) && "$0" doctor --fix --json; stat -f -c %T /sys/fs/bpf >&2`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script, os.Args[0])
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if errors.Is(err, os.ErrPermission) {
		sharedtest.NotRun(t, "mounts of its own can't be made here: %v", err)
	}
	var found []agent.Finding
	if e := json.Unmarshal(out, &found); e != nil {
		t.Fatalf("%v, %v: %s%s", err, e, out, said.String())
	}
	at := slices.IndexFunc(found, func(f agent.Finding) bool { return f.Name == "bpffs" })
	if at < 0 || found[at].State != "ok" || found[at].Did != "mounted it at /sys/fs/bpf; systemd does so at each boot" || said.String() != "bpf_fs\n" {
		t.Errorf("%+v, %s", found, said.String())
	}
}

// TestBefore has another program come before weir's at a device: status and doctor name it.
func TestBefore(t *testing.T) {
	t.Parallel()
	host, _ := wire(t)
	p := start(t, host, t.TempDir(), configOf("shadow"))
	other, err := ebpf.Load(ebpf.Options{Connections: 16, Asides: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.in(func() { other.Close() }) })
	host.in(func() {
		if err := other.Swap([]ebpf.Interface{{ID: "eni-1", Mode: ebpf.Count}}); err != nil {
			t.Error(err)
		}
	})
	var s agent.Status
	out, _, _ := host.call("status", "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil || len(s.Devices) != 1 || len(s.Devices[0].Before) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	host.in(func() { err = other.Attach(ebpf.Device{Index: s.Devices[0].Index}, "eni-1") })
	if err != nil {
		t.Fatal(err)
	}
	if !p.wait("other BPF programs run before this one") {
		t.Fatal(p.log)
	}
	if out, _, _ := host.call("status"); !strings.Contains(out, "eni-host: another BPF program runs before weir's at ingress: program ") || !strings.Contains(out, "at egress: program ") {
		t.Errorf("%s", out)
	}
	if out, _, _ := host.call("doctor"); !regexp.MustCompile("(?m)^ok +tcx ").MatchString(out) || !regexp.MustCompile("(?m)^note +eni-host ").MatchString(out) || !strings.Contains(out, "another BPF program runs before weir's at egress: program ") {
		t.Errorf("%s", out)
	}
	p.end(t)
}

// TestUnit has the unit of the docs as a file, and systemd read it.
func TestUnit(t *testing.T) {
	unit, err := os.ReadFile("../../../cmd/weir-agent/weir-agent.service")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../../docs/howto/record-an-interface.md")
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile("(?ms)^```ini\n(.*?)^```$").FindSubmatch(page); m == nil || string(m[1]) != string(unit) {
		t.Error("docs/howto/record-an-interface.md has another unit than cmd/weir-agent/weir-agent.service")
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skipf("not read by systemd, which is not installed: %v", err)
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "weir-agent.service")
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(unit), "/usr/local/bin/weir-agent", self)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", "--recursive-errors=no", name).CombinedOutput(); err != nil || strings.Contains(string(out), "weir-agent.service") {
		t.Errorf("%v: %s", err, out)
	}
}
