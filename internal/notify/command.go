package notify

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// commandTimeout is how long a command may take; then it is killed.
const commandTimeout = 30 * time.Second

// checkCommands checks that the commands are programs.
func checkCommands(commands map[string]string) error {
	for name, path := range commands {
		info, err := os.Stat(path)
		switch {
		case name == "" || !filepath.IsAbs(path):
			return fmt.Errorf("the command %q is NAME=/PATH of a program, not %q", name, path)
		case err != nil:
			return fmt.Errorf("the command %q: %w", name, err)
		case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
			return fmt.Errorf("the command %q: %s is no program", name, path)
		}
	}
	return nil
}

// sendCommand runs a command with the notice on its standard input, no arguments, and of the server's environment PATH, HOME and LANG alone. It has to exit with 0.
func (s *Store) sendCommand(ctx context.Context, d *delivery) *failure {
	path, ok := s.o.Commands[d.endpoint]
	if !ok {
		return &failure{reason: "the server was started without the command " + d.endpoint}
	}
	input, err := d.notice()
	if err != nil {
		return &failure{reason: err.Error(), permanent: true}
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=" + os.Getenv("LANG")}
	cmd.Dir = os.TempDir()
	cmd.Stdin = bytes.NewReader(input)
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = time.Second // for what it started, which may hold its output open
	if err := cmd.Run(); err != nil {
		reason := "the command failed: " + err.Error()
		if ctx.Err() == context.DeadlineExceeded {
			reason = fmt.Sprintf("the command did not end within %d s", int(commandTimeout/time.Second))
		}
		if text := shown(string(said.last)); text != "" {
			reason += ": " + text
		}
		return &failure{reason: reason}
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ last []byte }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p...)
	if len(t.last) > 1024 {
		t.last = append([]byte(nil), t.last[len(t.last)-1024:]...)
	}
	return len(p), nil
}
