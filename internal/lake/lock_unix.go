//go:build unix

package lake

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// takeLock takes the writer's lock, which ends with the process at the latest.
// The file holds the process's id and command for the message to the next one.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(f, 200))
		_ = f.Close()
		return nil, fmt.Errorf("%w: process %s", ErrLocked, strings.TrimSpace(string(holder)))
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	note := fmt.Sprintf("%d (%s)\n", os.Getpid(), strings.Join(os.Args, " "))
	if len(note) > 200 {
		note = note[:199] + "\n"
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(note), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cannot write the lock: %w", err)
	}
	return f, nil
}

// isLocked reports whether a writer has the lock.
func isLocked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // gives back what was taken
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
