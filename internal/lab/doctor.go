package lab

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"weir/internal/agent"
	"weir/internal/agent/config"
)

// A Finding is what was found of something that a lab needs; its states are ok, missing, and note: a lab does without.
type Finding = agent.Finding

// tools are what no lab does without, with their packages of Debian.
var tools = []struct{ name, of string }{{"ip", "iproute2"}, {"nft", "nftables"}, {"unshare", "util-linux"}, {"setpriv", "util-linux"}, {"mount", "mount"}}

// Examine says what a lab needs of this machine, and whether one can be built. What the agent needs is tried at the loopback device for a moment, as weir-agent doctor does.
func Examine() (found []Finding, works bool) {
	f := Finding{Name: "root", State: "ok", Found: "it is root"}
	if os.Geteuid() != 0 {
		f = Finding{Name: "root", State: "missing", Found: "it is not root", Do: "run weir lab with sudo"}
	}
	found = append(found, f)
	for _, tool := range tools {
		found = append(found, finding(tool.name, tool.of, lookTool(tool.name), "missing", ""))
	}
	for _, runs := range slices.Sorted(maps.Keys(debians)) {
		p := debians[runs]
		found = append(found, finding(runs, p.pkg, p.installed(), "note", "; hosts that run it get a simple listener, and scenarios that need it are not run"))
	}
	found = append(found, makesNamespaces(), findS3())
	for _, f := range agent.Examine(config.Captures[0]) {
		if f.State != "note" { // a lab's agent does without
			found = append(found, f)
		}
	}
	return found, agent.Works(found)
}

// lookTool returns where a tool lies; "": there is none.
func lookTool(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

// finding is of a program of a package, which lies at a path or is not there.
func finding(name, pkg, path, lacking, without string) Finding {
	if path != "" {
		return Finding{Name: name, State: "ok", Found: path}
	}
	f := Finding{Name: name, State: lacking, Found: "not installed" + without, Do: "sudo weir lab doctor --install; or apt-get install --no-install-recommends " + pkg}
	if len(units[pkg]) > 0 || pkg == debians[runsPostgreSQL].pkg {
		f.Do += ", which may start it"
	}
	return f
}

// makesNamespaces tries to make a network and a mount namespace, which root of a container may not be allowed.
func makesNamespaces() Finding {
	f := Finding{Name: "new namespaces", State: "ok", Found: "network and mount namespaces can be made"}
	said, err := exec.CommandContext(context.Background(), "unshare", "--net", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/mnt").CombinedOutput()
	if err != nil {
		f.State, f.Found = "missing", strings.TrimSpace("namespaces can't be made: "+err.Error()+": "+string(said))
		f.Do = "run as root, which has CAP_SYS_ADMIN and CAP_NET_ADMIN; a container takes --privileged"
	}
	return f
}

// findS3 is of versitygw, which no package of Debian has.
func findS3() Finding {
	if path, err := gateway(); err == nil {
		return Finding{Name: "versitygw", State: "ok", Found: path}
	}
	return Finding{
		Name: "versitygw", State: "note", Found: "not in PATH, and " + envS3 + " names none; the lab has no S3 then, and scenarios that need it are not run",
		Do: "put versitygw (https://github.com/versity/versitygw) into PATH, or name it: sudo " + envS3 + "=FILE weir lab up",
	}
}

// MissingPackages returns the packages of Debian that a lab needs and that are not installed, in order.
func MissingPackages() (out []string) {
	for _, tool := range tools {
		if lookTool(tool.name) == "" {
			out = append(out, tool.of)
		}
	}
	for _, p := range debians {
		if p.installed() == "" {
			out = append(out, p.pkg)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
