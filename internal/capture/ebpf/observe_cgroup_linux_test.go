package ebpf

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"weir/internal/sharedtest"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	gocmp "github.com/google/go-cmp/cmp"
)

// newCgroup makes a control group of version 2, which ends with the test.
func newCgroup(t *testing.T) string {
	t.Helper()
	mounts, err := os.Open("/proc/mounts")
	if err != nil {
		t.Fatal(err)
	}
	defer mounts.Close()
	for lines := bufio.NewScanner(mounts); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) > 2 && f[2] == "cgroup2" {
			dir := filepath.Join(f[1], "weir-test-"+strconv.Itoa(os.Getpid()))
			if err := os.Mkdir(dir, 0o700); err != nil {
				sharedtest.NotRun(t, "control groups can't be made here: %v", err)
			}
			t.Cleanup(func() {
				if err := os.Remove(dir); err != nil {
					t.Error(err)
				}
			})
			return dir
		}
	}
	t.Skip("not run: there are no control groups of version 2")
	return ""
}

// TestObserveCgroup has a control group whose program lets nothing out.
func TestObserveCgroup(t *testing.T) {
	t.Parallel()
	f := newFirewalled(t, Options{})
	dir := newCgroup(t)
	nothing, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.CGroupSKB, AttachType: ebpf.AttachCGroupInetEgress, License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}})
	if err != nil {
		t.Fatal(err)
	}
	defer nothing.Close()
	l, err := link.AttachCgroup(link.CgroupOptions{Path: dir, Attach: ebpf.AttachCGroupInetEgress, Program: nothing})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	group, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	c := exec.CommandContext(t.Context(), "bash", "-c", "exec 3<>/dev/udp/"+client4+"/5353; echo -n 0123456789 >&3")
	c.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
	var out []byte
	f.host.in(func() { out, err = c.CombinedOutput() })
	if err == nil {
		t.Errorf("it was sent: %s", out)
	}
	want := map[string]int64{"eni-host out 17:5353 REJECT cgroup:egress": 1}
	if got, refused := f.flows(t, want); gocmp.Diff(want, got) != "" || refused[1] != 38 {
		t.Errorf("%v (-want +got): %s %s", refused, gocmp.Diff(want, got), out)
	}
}
