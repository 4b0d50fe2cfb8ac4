package device

import (
	"strings"
	"testing"
)

// TestContainerOf has what /proc/PID/cgroup says in containers of those that run them, with version 2 of control groups and with 1.
func TestContainerOf(t *testing.T) {
	id, other := strings.Repeat("0123456789abcdef", 4), strings.Repeat("fedcba9876543210", 4)
	for _, tc := range []struct{ text, want string }{
		{"0::/system.slice/docker-" + id + ".scope\n", id},
		{"0::/docker/" + id + "\n", id},
		{"12:pids:/docker/" + id + "\n11:memory:/docker/" + id + "\n", id},
		{"0::/machine.slice/libpod-" + id + ".scope/container\n", id},
		{"0::/machine.slice/libpod-conmon-" + id + ".scope\n", ""},
		{"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-" + id + ".scope\n", id},
		{"0::/kubepods/besteffort/pod1/" + id + "\n", id},
		{"0::/kubepods.slice/kubepods-pod1.slice/crio-" + id + ".scope\n", id},
		{"0::/docker/" + other + "/docker/" + id + "\n", id},
		{"0::/lxc.payload.web/init.scope\n", "web"},
		{"0::/lxc.payload.project_web/system.slice/ssh.service", "project_web"},
		{"0::/lxc.monitor.web\n", ""},
		{"0::/lxc.payload./x\n", ""},
		{"0::/user.slice/user-1000.slice/session-1.scope\n", ""},
		{"1:name=systemd:/\n0::/system.slice/docker-" + id + ".scope\n", id},
		{"0::/system.slice/docker-" + id[1:] + ".scope\n", ""},
		{"", ""},
		{"0", ""},
	} {
		if got := containerOf([]byte(tc.text)); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, got, tc.want)
		}
	}
}

// FuzzContainerOf looks for a text that makes it fail, or that it finds something in that does not stand there.
func FuzzContainerOf(f *testing.F) {
	f.Add([]byte("0::/system.slice/docker-" + strings.Repeat("0123456789abcdef", 4) + ".scope\n"))
	f.Add([]byte("1:a:/lxc.payload.web/x\n0::/"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got := containerOf(text); !strings.Contains(string(text), got) || strings.ContainsAny(got, "/\n") {
			t.Errorf("%q", got)
		}
	})
}
