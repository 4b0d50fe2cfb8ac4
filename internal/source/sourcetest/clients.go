package sourcetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/sharedtest"
)

// Python returns a Python that has some modules: that of the PATH, or the one into which `make setup` installed them. The
// test is skipped where there is none, and fails in CI.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	for _, p := range []string{"python3", installed(t, "python3")} {
		if exec.CommandContext(t.Context(), p, "-c", "import "+strings.Join(modules, ", ")).Run() == nil {
			return p
		}
	}
	sharedtest.NotRun(t, "%s", "no python3 has "+strings.Join(modules, " and ")+" (make setup)")
	return ""
}

// AWSCLI returns the path of the AWS CLI of a major version, "1" or "2", and the whole version. The test is skipped where it
// is not installed, and fails in CI.
func AWSCLI(t testing.TB, major string) (path, version string) {
	t.Helper()
	var places []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		places = append(places, filepath.Join(dir, "aws"))
	}
	for _, path := range append(places, installed(t, "aws"), "/usr/bin/aws", "/usr/local/bin/aws") {
		out, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput()
		name, _, _ := strings.Cut(string(out), " ")
		version, ok := strings.CutPrefix(name, "aws-cli/")
		if err == nil && ok && strings.HasPrefix(version, major+".") {
			return path, version
		}
	}
	sharedtest.NotRun(t, "%s", "the AWS CLI of version "+major+" is not installed (make setup)")
	return "", ""
}

// Node returns a Node.js, and a folder with modules into which `make setup` installed those of tests, a value of NODE_PATH. The
// test is skipped where there is none of them, and fails in CI.
func Node(t testing.TB, module string) (node, modules string) {
	t.Helper()
	modules = filepath.Join(root(t), "bin", "js", "node_modules")
	const new = `process.exit(process.versions.node.split(".")[0] < 20 ? 1 : require(process.argv[1]) ? 0 : 1)`
	for _, node := range []string{"node", filepath.Join(root(t), "bin", "node", "node_modules", "node", "bin", "node")} {
		cmd := exec.CommandContext(t.Context(), node, "--eval", new, module)
		cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
		if cmd.Run() == nil {
			return node, modules
		}
	}
	sharedtest.NotRun(t, "%s", "there is no Node.js of version 20 with "+module+" (make setup)")
	return "", ""
}

// installed returns where `make setup` puts a program of Python's.
func installed(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(root(t), "bin", "moto", "bin", name)
}

// root returns the folder of the module.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = filepath.Dir(dir)
	}
}
