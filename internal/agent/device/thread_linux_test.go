package device

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"weir/internal/sharedtest"
)

// TestFirstThread enters another network namespace many times, by few threads: the process's first one, which is there as long as the process and whose namespaces others
// take for the process's, stays where it is.
func TestFirstThread(t *testing.T) {
	sharedtest.NeedRoot(t)
	cmd := exec.CommandContext(t.Context(), "sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		sharedtest.NotRun(t, "network namespaces can't be made here: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	first := fmt.Sprintf("/proc/%d/ns/net", os.Getpid())
	was, err := os.Readlink(first)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 500 {
		if err := In(fmt.Sprintf("/proc/%d/ns/net", cmd.Process.Pid), func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if is, err := os.Readlink(first); err != nil || is != was {
			t.Fatalf("the first thread was in %s, and is in %s: %v", was, is, err)
		}
	}
}
