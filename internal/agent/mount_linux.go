package agent

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"weir/internal/durable"
)

// mount is where a BPF file system is to be, and what says that it is there after a reboot too.
type mount struct {
	dir   string
	fstab string
	// booted is there where systemd runs the host. Source: sd_booted(3).
	booted string
}

var systemMount = mount{"/sys/fs/bpf", "/etc/fstab", "/run/systemd/system"}

// options are those that systemd mounts it with. Source: systemd, src/shared/mount-setup.c.
const (
	mountOptions = "mode=700"
	mountFlags   = unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV
)

// is reports whether a BPF file system is there.
func (m *mount) is() bool {
	var s unix.Statfs_t
	return unix.Statfs(m.dir, &s) == nil && uint32(s.Type) == unix.BPF_FS_MAGIC
}

// examine looks for it.
func (m *mount) examine() Finding {
	f := Finding{Name: "bpffs", State: stateOK, Found: "mounted at " + m.dir}
	if !m.is() {
		f.State, f.Found, f.Do = stateNote, "not mounted at "+m.dir, "weir-agent doctor --fix mounts it, as root: what is counted and enforced can outlive the agent there alone"
	}
	return f
}

// fix mounts it where it is not, now and after a reboot, and says what it did.
func (m *mount) fix() (did string, err error) {
	if m.is() {
		return "", nil
	}
	err = unix.Mount("bpf", m.dir, "bpf", mountFlags, mountOptions)
	switch {
	case errors.Is(err, unix.EPERM):
		return "", fmt.Errorf("can't mount a BPF file system at %s, which takes root: %w", m.dir, err)
	case errors.Is(err, unix.ENODEV):
		return "", errors.New("the kernel has no BPF file system: it was built without CONFIG_BPF_SYSCALL")
	case err != nil:
		return "", fmt.Errorf("can't mount a BPF file system at %s: %w", m.dir, err)
	}
	did = "mounted it at " + m.dir
	if about, err := os.Stat(m.booted); err == nil && about.IsDir() {
		return did + "; systemd does so at each boot", nil
	}
	added, err := m.last()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return did + ", until a reboot: there is no " + m.fstab, nil
	case err != nil:
		return did, fmt.Errorf("%s, until a reboot: %w", did, err)
	case added:
		return did + ", and added it to " + m.fstab, nil
	}
	return did + "; " + m.fstab + " had it already", nil
}

// last adds it to fstab, where it is not there yet.
func (m *mount) last() (added bool, err error) {
	file, err := filepath.EvalSymlinks(m.fstab)
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 2 && !strings.HasPrefix(fields[0], "#") && fields[1] == m.dir {
			return false, nil
		}
	}
	about, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	text = fmt.Appendf(text, "bpf %s bpf nosuid,nodev,noexec,%s 0 0\n", m.dir, mountOptions)
	return true, durable.WriteFile(file, text, about.Mode().Perm())
}

// Fix mends what is missing and can be mended, as root, and returns what [Examine] finds then. An error says what could not be mended; the findings are there all the same.
func Fix(capture string) ([]Finding, error) {
	did, err := systemMount.fix()
	out := Examine(capture)
	for i := range out {
		if out[i].Name == "bpffs" {
			out[i].Did = did
		}
	}
	return out, err
}
