package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// units are what systemd would start at the next boot, by package. PostgreSQL's starts clusters, of which there are none.
var units = map[string][]string{"haproxy": {"haproxy.service"}, "redis-server": {"redis-server.service"}, "xrdp": {"xrdp.service", "xrdp-sesman.service"}}

// policyFile is what Debian's packages ask before they start a service. Source: invoke-rc.d(8) and /usr/share/doc/init-system-helpers/README.policy-rc.d.gz: 101 is "action forbidden by policy".
const policyFile = "/usr/sbin/policy-rc.d"

// forbidding runs a command in a mount namespace of its own where policy forbids all. The file is on a file system of its own, since one that is mounted noexec would forbid nothing.
const forbidding = `mount -t tmpfs tmpfs /mnt && printf '#!/bin/sh\nexit 101\n' > /mnt/policy && chmod 755 /mnt/policy && mount --bind /mnt/policy ` + policyFile + ` && umount -l /mnt && { ` + policyFile + `; test $? = 101; } && exec "$@"`

// clusters is where PostgreSQL's packages read whether to make a cluster, which takes 40 MB and a port. Source: postgresql-common, createcluster.conf.
const clusters = "/etc/postgresql-common/createcluster.d"

// noCluster has those packages make none.
const noCluster = "# weir lab doctor --install removes it again\ncreate_main_cluster = false\n"

// ErrNoDebian is of a machine without Debian's tools.
var ErrNoDebian = errors.New("packages are installed by apt-get, which is not here")

// InstallSteps says what [Install] does, for who is asked.
func InstallSteps(packages []string) []string {
	out := []string{
		"apt-get update",
		"apt-get install --no-install-recommends " + strings.Join(packages, " "),
		"no service is started: " + policyFile + " forbids it for as long as that takes, to apt-get alone",
	}
	if slices.Contains(packages, "postgresql") {
		out = append(out, "no PostgreSQL cluster is made: "+clusters+"/weir-lab.conf says so for as long as that takes")
	}
	if all := unitsOf(packages); len(all) > 0 {
		out = append(out, "none is started at boot: systemctl disable "+strings.Join(all, " "))
	}
	return out
}

// unitsOf returns the units of packages.
func unitsOf(packages []string) (out []string) {
	for _, p := range packages {
		out = append(out, units[p]...)
	}
	return out
}

// Install installs packages of Debian that are not installed, as root. What apt-get says goes to log. It is not cut short, since half-installed packages are worse than a wait.
func Install(ctx context.Context, packages []string, log io.Writer) (err error) {
	if os.Geteuid() != 0 {
		return fmt.Errorf("to install packages takes root: %w", os.ErrPermission)
	}
	if lookTool("apt-get") == "" {
		return fmt.Errorf("%w: %w; install what is in Debian's %s", ErrNotReady, ErrNoDebian, strings.Join(packages, ", "))
	}
	ctx = context.WithoutCancel(ctx)
	// The mount needs a file to be over. An empty one that is no program forbids nothing, should it stay.
	undo, err := put(policyFile, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, undo()) }()
	if slices.Contains(packages, "postgresql") {
		undo, err := put(filepath.Join(clusters, "weir-lab.conf"), noCluster)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, undo()) }()
	}
	run := func(command ...string) error {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(command, " "), err)
		}
		return nil
	}
	if err := run("apt-get", "update", "-q"); err != nil {
		return err
	}
	confine := []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", forbidding, "sh"}
	if err := run(append(append(confine, "apt-get", "install", "-y", "-q", "--no-install-recommends"), packages...)...); err != nil {
		return err
	}
	if all := unitsOf(packages); len(all) > 0 && lookTool("systemctl") != "" {
		return run(append([]string{"systemctl", "disable"}, all...)...)
	}
	return nil
}

// put writes a file where there is none, with the folders above it. Undo removes what was made: folders only where nothing else is in them.
func put(name, text string) (undo func() error, err error) {
	var made []string
	for dir := filepath.Dir(name); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		made = append(made, dir)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	undo = func() error {
		err := os.Remove(name)
		for _, dir := range made {
			if os.Remove(dir) != nil { // the package has it now, or it is not empty
				break
			}
		}
		return err
	}
	if errors.Is(err, fs.ErrExist) {
		if data, err := os.ReadFile(name); err == nil && string(data) == text { // one that was killed has left it
			return undo, nil
		}
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(f, text)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, undo())
	}
	return undo, nil
}
