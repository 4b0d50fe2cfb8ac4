package agent

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"weir/internal/sharedtest"
)

// TestFix mounts a BPF file system in a mount namespace of its own, and has it last.
func TestFix(t *testing.T) {
	sharedtest.NeedRoot(t)
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, and its mounts with it
	if err := syscall.Unshare(syscall.CLONE_NEWNS | syscall.CLONE_FS); err != nil {
		sharedtest.NotRun(t, "mounts of its own can't be made here: %v", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	const line = "bpf DIR bpf nosuid,nodev,noexec,mode=700 0 0\n"
	for _, tc := range []struct {
		name, fstab, want, did string
		systemd                bool
	}{
		{"by fstab", "/dev/sda1 / ext4 defaults 0 1", "/dev/sda1 / ext4 defaults 0 1\n" + line, "mounted it at DIR, and added it to FSTAB", false},
		{"an empty fstab", "", line, "mounted it at DIR, and added it to FSTAB", false},
		{"not by what is in a comment", "# bpf DIR bpf defaults 0 0\n", "# bpf DIR bpf defaults 0 0\n" + line, "mounted it at DIR, and added it to FSTAB", false},
		{"it was there", "none DIR bpf defaults 0 0\n", "none DIR bpf defaults 0 0\n", "mounted it at DIR; FSTAB had it already", false},
		{"systemd", "x", "x", "mounted it at DIR; systemd does so at each boot", true},
		{"no fstab", "-", "-", "mounted it at DIR, until a reboot: there is no FSTAB", false},
	} {
		m := mount{dir: t.TempDir(), fstab: filepath.Join(t.TempDir(), "fstab"), booted: filepath.Join(t.TempDir(), "none")}
		named := strings.NewReplacer("DIR", m.dir, "FSTAB", m.fstab)
		if tc.systemd {
			m.booted = t.TempDir()
		}
		if tc.fstab != "-" {
			if err := os.WriteFile(m.fstab, []byte(named.Replace(tc.fstab)), 0o640); err != nil {
				t.Fatal(err)
			}
		}
		if f := m.examine(); f.State != stateNote || f.Do == "" {
			t.Errorf("%s: %+v before", tc.name, f)
		}
		did, err := m.fix()
		if err != nil || did != named.Replace(tc.did) {
			t.Errorf("%s: %v, %q", tc.name, err, did)
		}
		if tc.fstab != "-" {
			text, err := os.ReadFile(m.fstab)
			about, err2 := os.Stat(m.fstab)
			if err != nil || err2 != nil || string(text) != named.Replace(tc.want) || about.Mode() != 0o640 {
				t.Errorf("%s: %v, %v, %q", tc.name, err, err2, text)
			}
		}
		if f := m.examine(); f.State != stateOK {
			t.Errorf("%s: %+v after", tc.name, f)
		}
		if did, err := m.fix(); did != "" || err != nil {
			t.Errorf("%s: again: %v, %q", tc.name, err, did)
		}
		if err := syscall.Unmount(m.dir, 0); err != nil {
			t.Fatal(err)
		}
	}
	none := mount{dir: filepath.Join(t.TempDir(), "none")}
	if did, err := none.fix(); err == nil || did != "" {
		t.Errorf("%v, %q", err, did)
	}
}

// TestStatusExamine names programs that run before weir's.
func TestStatusExamine(t *testing.T) {
	s := Status{Devices: []Match{{}, {Before: []string{"ingress: program 7 (cil_from_netdev)"}}}}
	s.Devices[1].Name, s.Devices[1].Netns = "eth0", "web"
	got := s.Examine()
	if len(got) != 1 || got[0].Name != "web:eth0" || !strings.Contains(got[0].Found, "ingress: program 7 (cil_from_netdev)") || got[0].Do == "" || !Works(got) {
		t.Errorf("%+v", got)
	}
}
