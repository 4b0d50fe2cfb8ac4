package lab

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// runLock is the file that a run of scenarios locks. It has the run's process id.
const runLock = "run.lock"

// ErrRunning is of scenarios that can't be run beside others: what they count would be counted twice.
var ErrRunning = errors.New("scenarios are run in this lab already")

// lockRuns has nobody else run scenarios in a lab until unlock is called, or this process ends.
func lockRuns(dir string) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, runLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrRunning
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}

// runner returns the process that runs scenarios in a lab; 0: none does. That it has the file open is looked at, since a process id may be another one's in a container.
func runner(dir string) (pid int, err error) {
	f, err := os.Open(filepath.Join(dir, runLock))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return 0, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return 0, err
	}
	own, err := f.Stat()
	if err != nil {
		return 0, err
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid == os.Getpid() {
		return 0, nil //nolint:nilerr // it is about to say
	}
	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return 0, err
	}
	for _, name := range open {
		if file, err := os.Stat(name); err == nil && os.SameFile(file, own) {
			return pid, nil
		}
	}
	return 0, nil
}
