package lab

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"weir/internal/sharedtest"
)

// TestHolds says which processes may have files yet: one that runs, and none that has ended, whether somebody has waited for it or not.
func TestHolds(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "read line")
	to, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	from, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if !holds(pid) || !holds(os.Getpid()) {
		t.Error("one that runs has no files")
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := from.Read(make([]byte, 1)); err == nil {
		t.Fatal("it said something")
	}
	for holds(pid) { // it has closed its files before it is done
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it read a line")
	}
	if holds(pid) {
		t.Error("one that was waited for has files")
	}
}

// TestOtherMounts knows a lab's processes that have mounts of their own, and not those of a lab in a container whose folder has the same name.
func TestOtherMounts(t *testing.T) {
	sharedtest.NeedRoot(t)
	dir := t.TempDir()
	for script, want := range map[string]int{
		"echo; exec cat": 1,
		"mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && echo; exec cat":        1,
		"mount --make-rprivate / && mount -t tmpfs tmpfs " + dir + " && echo; exec cat": 0,
	} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Env = append(os.Environ(), envLab+"="+dir, envRole+"=serve")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
		to, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		from, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); errors.Is(err, os.ErrPermission) {
			sharedtest.NotRun(t, "namespaces can't be made here: %v", err)
		} else if err != nil {
			t.Fatal(err)
		}
		if _, err := from.Read(make([]byte, 1)); err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		all, elsewhere, err := processes(dir)
		if err != nil || len(all) != want || want == 1 && all[0] != (Process{cmd.Process.Pid, "serve"}) {
			t.Errorf("%s: %v %q %v, want %d of %d", script, all, elsewhere, err, want, cmd.Process.Pid)
		}
		if err := errors.Join(to.Close(), cmd.Wait()); err != nil {
			t.Error(err)
		}
	}
}
