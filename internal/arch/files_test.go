package arch_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// atRoot are the names that may stand at the root of the repository. What tools
// leave there does not belong to it.
var atRoot = []string{
	".ci", ".editorconfig", ".gitattributes", ".gitignore", ".golangci.yml",
	"ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.ko.md", "README.md", "SECURITY.md", "STYLE.md",
	"bench", "cmd", "docs", "flowlog", "go.mod", "go.sum", "internal", "labtest", "scripts", "third_party", "tools", "web",
}

// TestRoot looks for crumbs at the root.
func TestRoot(t *testing.T) {
	for _, name := range repository(t) {
		top, _, _ := strings.Cut(name, "/")
		if !slices.Contains(atRoot, top) {
			t.Errorf("%s does not belong at the root", name)
		}
	}
}

// crumbs are names of files that editors, merges and probes leave behind.
var crumbs = regexp.MustCompile(`(^|/)(zz_[^/]*|\.DS_Store|Thumbs\.db|[^/]*~|[^/]*\.(orig|rej|bak|swp|tmp|pyc|log\.txt)|[^/]*\.tmp\.[a-z]+)$`)

// TestCrumbs looks for crumbs anywhere.
func TestCrumbs(t *testing.T) {
	for _, name := range repository(t) {
		if crumbs.MatchString(name) {
			t.Errorf("%s was left behind", name)
		}
	}
}

// isSource reports whether a file is written by people as source.
func isSource(name string, b []byte) bool {
	switch path.Ext(name) {
	case ".go", ".ts", ".js", ".mjs", ".svelte", ".css", ".sh", ".py", ".sql":
	default:
		return false
	}
	return !strings.HasPrefix(name, "web/dist/") && !strings.Contains(name, "/testdata/") &&
		!bytes.Contains(b[:min(len(b), 1000)], []byte("Code generated "))
}

// TestFileLengths checks that no source is longer than 800 lines.
func TestFileLengths(t *testing.T) {
	const most = 800
	for _, name := range repository(t) {
		if b := read(t, name); isSource(name, b) && countLines(b) > most {
			t.Errorf("%s has %d lines, more than %d", name, countLines(b), most)
		}
	}
}

// TestFileEnds checks that each text file ends with one line end and uses no
// carriage returns. Data of others stays as it came.
func TestFileEnds(t *testing.T) {
	for _, name := range repository(t) {
		b := read(t, name)
		if !isText(b) || len(b) == 0 || strings.Contains(name, "/testdata/") || strings.HasPrefix(name, "web/dist/") {
			continue
		}
		if !bytes.HasSuffix(b, []byte("\n")) || bytes.HasSuffix(b, []byte("\n\n")) {
			t.Errorf("%s does not end with one line end", name)
		}
		if bytes.Contains(b, []byte("\r")) {
			t.Errorf("%s holds carriage returns", name)
		}
	}
}

// machinePath matches places that exist on one machine only. It is put together
// so that it does not match itself.
var machinePath = regexp.MustCompile(`(^|[^A-Za-z0-9_.~$}*-])/(` + "root|work|home/[a-z]+|Users/[A-Za-z]+" + `)/[A-Za-z0-9.]`)

// TestNoMachinePaths checks that no text names a place of the machine that it was
// written on, or the package registry that this machine uses.
func TestNoMachinePaths(t *testing.T) {
	hosts := registryHosts()
	for _, name := range repository(t) {
		b := read(t, name)
		if !isText(b) {
			continue
		}
		if m := machinePath.Find(b); m != nil {
			t.Errorf("%s names the place %q", name, m)
		}
		for _, h := range hosts {
			if bytes.Contains(b, []byte(h)) {
				t.Errorf("%s names a package registry of this machine", name)
			}
		}
		if path.Base(name) == "package-lock.json" && bytes.Contains(b, []byte(`"resolved": "http`)) {
			t.Errorf("%s holds registry URLs: npm install with omit-lockfile-registry-resolved", name)
		}
	}
}

// registryHosts returns the hosts of package registries that this machine is set
// up to use, without the public ones that everybody knows.
func registryHosts() []string {
	public := []string{
		"proxy.golang.org", "sum.golang.org", "registry.npmjs.org", "pypi.org", "files.pythonhosted.org",
		"deb.debian.org", "localhost", "127.0.0.1",
	}
	config, _ := os.UserConfigDir()
	home, _ := os.UserHomeDir()
	var settings []string
	for _, name := range []string{"GOPROXY", "GOSUMDB", "NPM_CONFIG_REGISTRY", "npm_config_registry", "PIP_INDEX_URL"} {
		settings = append(settings, os.Getenv(name))
	}
	for _, name := range []string{filepath.Join(config, "go", "env"), filepath.Join(home, ".npmrc"), "/etc/pip.conf"} {
		if b, err := os.ReadFile(name); err == nil {
			settings = append(settings, string(b))
		}
	}
	var out []string
	for _, m := range regexp.MustCompile(`https?://(?:[^/@\s]*@)?([^/:\s"',|]+)`).FindAllStringSubmatch(strings.Join(settings, "\n"), -1) {
		if !slices.Contains(public, m[1]) && !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}
