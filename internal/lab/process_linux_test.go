package lab

import (
	"os"
	"os/exec"
	"testing"
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
