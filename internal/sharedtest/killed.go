package sharedtest

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Killed starts the test's own program with variables beside its environment, gives read each line that it prints, and kills it with SIGKILL some
// time after as many lines as are asked for. The last line may be cut off: read reports whether it is whole, and nothing is read behind
// one that is not. The test fails where the program ends otherwise.
func Killed(t testing.TB, env []string, lines int, after time.Duration, read func(line string) (whole bool)) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for scanner := bufio.NewScanner(out); scanner.Scan() && read(scanner.Text()); {
		if n++; n == lines {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	exit := (*exec.ExitError)(nil)
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended by itself: %v\n%s", err, &stderr)
	}
}
