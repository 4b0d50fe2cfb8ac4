package lab

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestRunLock has one process lock runs while another one knows which it is, until it ends.
func TestRunLock(t *testing.T) {
	dir := t.TempDir()
	if pid, err := runner(dir); pid != 0 || err != nil {
		t.Errorf("before there is a lock: %d %v", pid, err)
	}
	changed := func(want bool) {
		t.Helper()
		if is, err := (&state{Dir: dir}).changed(); is != want || err != nil {
			t.Errorf("what a killed run has changed: %v %v, want %v", is, err, want)
		}
	}
	changed(false)
	if err := os.Mkdir(filepath.Join(dir, beforeFolder), 0o750); err != nil {
		t.Fatal(err)
	}
	changed(true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), envLocks+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := lockRuns(dir); !errors.Is(err, ErrRunning) {
		t.Error(err)
	}
	if pid, err := runner(dir); pid != cmd.Process.Pid || err != nil {
		t.Errorf("%d %v, want %d", pid, err, cmd.Process.Pid)
	}
	changed(false)
	if err := os.WriteFile(filepath.Join(dir, runLock), []byte("1\n"), 0o600); err != nil { // which has another file open
		t.Fatal(err)
	}
	if pid, err := runner(dir); pid != 0 || err != nil {
		t.Errorf("of a process that does not lock: %d %v", pid, err)
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	unlock, err := lockRuns(dir)
	if err != nil {
		t.Fatal(err)
	}
	if pid, err := runner(dir); pid != 0 || err != nil {
		t.Errorf("of itself: %d %v", pid, err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if pid, err := runner(dir); pid != 0 || err != nil {
		t.Errorf("after it: %d %v", pid, err)
	}
}
