package device

import (
	"bytes"
	"regexp"
	"strings"
)

// containerID is the name of a control group of Docker, Podman, containerd or CRI-O, by systemd or by themselves. That of a container's monitor is none.
var containerID = regexp.MustCompile(`^(?:docker-|libpod-|cri-containerd-|crio-|nerdctl-)?([0-9a-f]{64})(?:\.scope)?$`)

// lxcPayload begins the names of control groups of LXC and Incus.
const lxcPayload = "lxc.payload."

// containerOf returns the id or name of the container that a process is in, by what its /proc/PID/cgroup says; "": none that is known. Of one within another it is the inner one.
func containerOf(cgroup []byte) string {
	out := ""
	for line := range bytes.Lines(cgroup) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), ":")
		_, groups, _ := strings.Cut(rest, ":")
		for part := range strings.SplitSeq(groups, "/") {
			if name, ok := strings.CutPrefix(part, lxcPayload); ok && name != "" {
				out = name
			} else if m := containerID.FindStringSubmatch(part); m != nil {
				out = m[1]
			}
		}
		if out != "" {
			break
		}
	}
	return out
}
