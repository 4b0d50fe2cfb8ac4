package lab

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"

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
	found = append(found, s3Finding())
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
	return Finding{
		Name: name, State: lacking, Found: "not installed" + without,
		Do: fmt.Sprintf("sudo weir lab doctor --install; or apt-get install --no-install-recommends %s, which may start it", pkg),
	}
}

// s3Finding is of the program of S3, which is no package of Debian.
func s3Finding() Finding {
	path, err := gateway()
	if err != nil {
		return Finding{
			Name: "versitygw", State: "note", Found: "not in PATH, and " + envS3 + " names none; a lab has no S3, and scenarios that need it are not run",
			Do: "install it from https://github.com/versity/versitygw/releases, or have " + envS3 + " name it",
		}
	}
	return Finding{Name: "versitygw", State: "ok", Found: path}
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
