package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The variables that a lab's processes have in their environment: the lab's folder, and what the process is.
const envLab, envRole = "WEIR_LAB", "WEIR_LAB_ROLE"

// A Program is weir itself: the file, and the name that it is called by.
type Program struct {
	Path, Name string
	lab        string // the folder of the lab whose processes its commands are; "": of none
}

// Self returns the program of this process.
func Self() (Program, error) {
	path, err := os.Executable()
	return Program{Path: path, Name: os.Args[0]}, err
}

// of returns a program whose commands are processes of a lab, so that they end with it where who runs them is killed.
func (p Program) of(dir string) Program {
	p.lab = dir
	return p
}

// command returns a command of weir.
func (p Program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.Path, args...)
	cmd.Args[0] = p.Name
	if p.lab != "" {
		cmd.Env = append(os.Environ(), envLab+"="+p.lab)
	}
	return cmd
}

// A Process is one of a lab's.
type Process struct {
	PID  int    `json:"pid"`
	Role string `json:"role"`
}

// child is a process that was started.
type child struct {
	role, log string
	exited    chan struct{}
}

// start starts weir in a network namespace ("": this one), as a process that outlives this one. What it says goes to a file of the lab's folder.
func start(l *state, role, netns string, args ...string) (*child, error) {
	return launch(l, role, netns, l.program.command(context.Background(), args...))
}

// launch starts a program in a network namespace, as start does weir.
func launch(l *state, role, netns string, cmd *exec.Cmd) (*child, error) {
	c := &child{role, filepath.Join(l.Dir, role+".log"), make(chan struct{})}
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd.Env = append(cmd.Environ(), envLab+"="+l.Dir, envRole+"="+role)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := inside(netns, cmd.Start); err != nil {
		return nil, fmt.Errorf("can't start %s: %w", role, err)
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(c.exited)
	}()
	return c, nil
}

// until waits until a process is ready; of none there is nothing to wait for. It fails where the process ends before, with the last line of its log.
func (c *child) until(ctx context.Context, ready func() bool) error {
	if c == nil {
		return nil
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %s", c.role, context.Cause(ctx), c.last())
		case <-c.exited:
			return fmt.Errorf("%s has ended: %s", c.role, c.last())
		case <-tick.C:
			if ready() {
				return nil
			}
		}
	}
}

// last returns the last line that a process has said, but for hints, which are about its own flags.
func (c *child) last() string {
	data, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	for _, line := range slices.Backward(strings.Split(string(data), "\n")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "hint: ") {
			return line
		}
	}
	return "it said nothing"
}

// processes returns those of a lab's folder, and those in the namespaces of its hosts, since PostgreSQL's write over their environment; and of other labs the folder of one: there is one lab on a
// machine, but who asks may have said another folder. Who has ended and was not waited for has no environment.
func processes(dir string) (out []Process, elsewhere string, err error) {
	of, err := rooms()
	if err != nil {
		return nil, "", err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, "", err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		data, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err != nil {
			continue // it has ended meanwhile
		}
		p, lab := Process{PID: pid}, ""
		for v := range strings.SplitSeq(string(data), "\x00") {
			if text, ok := strings.CutPrefix(v, envLab+"="); ok {
				lab = text
			} else if text, ok := strings.CutPrefix(v, envRole+"="); ok {
				p.Role = text
			}
		}
		switch in := roleIn(of, e.Name()); {
		case lab == "" && in != "":
			p.Role = in
			out = append(out, p)
		case lab == dir && (in != "" || sameFiles(e.Name()) || seesFolder(e.Name(), dir)):
			out = append(out, p)
		case lab != "" && lab != dir && p.Role != "" && sameFiles(e.Name()):
			elsewhere = lab
		}
	}
	return out, elsewhere, nil
}

// sameFiles reports whether a process sees the same files as this one, and so the same namespaces by name: one in a container does not.
func sameFiles(pid string) bool {
	own, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return false
	}
	its, err := os.Readlink(filepath.Join("/proc", pid, "ns/mnt"))
	return err == nil && its == own
}

// seesFolder reports whether a folder is the same one to a process that has mounts of its own: one of a lab in a container may have the name of another there.
func seesFolder(pid, dir string) bool {
	return sameFolder(filepath.Join("/proc", pid, "root", dir), dir)
}

// end kills a lab's processes, and who runs scenarios in it, and waits until there are none. They have nothing to save: the lab's folder goes too.
func end(ctx context.Context, dir string) (ended int, err error) {
	seen := map[int]bool{}
	for {
		all, _, err := processes(dir)
		if err != nil {
			return len(seen), err
		}
		pid, err := runner(dir)
		if pid != 0 {
			all = append(all, Process{PID: pid})
		}
		if err != nil {
			return len(seen), err
		}
		for _, p := range all {
			seen[p.PID] = true
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return len(seen), fmt.Errorf("can't end process %d: %w", p.PID, err)
			}
		}
		if len(all) == 0 && !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), holds) {
			return len(seen), nil
		}
		select {
		case <-ctx.Done():
			return len(seen), fmt.Errorf("processes of the lab do not end: %w", context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// holds reports whether a process that was killed may still have files and ports: its environment is gone before them. One that nobody has waited for has none once its last thread has ended.
func holds(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	state := stat[bytes.LastIndex(stat, []byte(") "))+len(") "):] // a name may have brackets
	if !bytes.HasPrefix(state, []byte("Z")) && !bytes.HasPrefix(state, []byte("X")) {
		return true
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	return err == nil && len(threads) > 1
}
